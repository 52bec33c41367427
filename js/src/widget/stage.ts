/** The visible half of a panel: canvas, overlays, cursor, and what tests and screen readers see. */
import type { DropTarget, Hit, PanelLayout, Rect } from '../core/layout';
import { hitTest, placeholderFor } from '../core/layout';
import type { PlotState } from '../core/plot';
import type { TileStore } from '../core/store';
import type { TimeView } from '../core/time';
import type { Progress, SpanSpec } from '../protocol';
import { Chrome } from './chrome';
import type { ToolActions } from './chrome';
import { Crosshair } from './crosshair';
import { place, setData } from './dom';
import { toBlob } from './export';
import type { ExportFormat } from './export';
import type { Sizes } from './feed';
import { PlotOverlay } from './overlay';
import type { OverlayActions } from './overlay';
import { arrange, paintPanel } from './paint';
import type { Scene } from './paint';
import { describePanel, graphsJson } from './summary';
import { EventIndex } from '../marks/overlaid';
import { readTheme } from './theme';

export type PanelStatus = 'idle' | 'pending' | 'error' | 'disconnected';

/** Everything that a picture shows. */
export interface Picture {
  title: string;
  view: TimeView;
  plots: PlotState[];
  spans: readonly SpanSpec[];
  store: TileStore;
  pending: readonly string[];
  /** Graphs to mark as loading, with how far they are. */
  slow: ReadonlyMap<string, Progress | null>;
  gen: number;
  status: PanelStatus;
  /** Plot that keys and tools act on. */
  current: number;
}

/** Room, in pixels, that the page's own padding takes below a panel that fills a tab. */
const BELOW = 14;

export class Stage {
  readonly chrome: Chrome;
  readonly crosshair: Crosshair;
  layout: PanelLayout | null = null;
  pointer: { x: number; y: number } | null = null;
  /** Events of time tables and catalogues, see overlays.ts. */
  overlaid = new EventIndex([]);
  private readonly overlays = new Map<string, PlotOverlay>();
  private readonly scene: Scene;

  constructor(
    private readonly root: HTMLElement,
    tools: ToolActions,
    private readonly actions: OverlayActions
  ) {
    this.chrome = new Chrome(root, tools);
    this.crosshair = new Crosshair(this.chrome);
    this.scene = {
      plots: [],
      view: { start: 0n, stop: 1n },
      width: 0,
      height: null,
      theme: readTheme(root),
      pixelRatio: 1,
      margins: { left: 64, right: 24 },
      spans: [],
      overlaid: this.overlaid
    };
  }

  get element(): HTMLElement {
    return this.chrome.stage;
  }

  retheme(): void {
    this.scene.theme = readTheme(this.root);
  }

  /** Take the size over from the page; false while there is none, as in a tab that opens. */
  resize(fill: HTMLElement | null): boolean {
    const width = this.element.clientWidth;
    if (this.scene.width === 0 && width > 0) {
      // Made before it was in the page, where no style applies: only now the theme can be read.
      this.retheme();
    }
    this.scene.width = width;
    this.scene.height = null;
    if (fill) {
      const above = this.element.getBoundingClientRect().top - fill.getBoundingClientRect().top + fill.scrollTop;
      this.scene.height = Math.max(120, fill.clientHeight - above - this.chrome.foot.offsetHeight - BELOW);
    }
    return width > 0;
  }

  hit(x: number, y: number): Hit | null {
    return this.layout ? hitTest(this.layout, x, y) : null;
  }

  /** Sizes of the plots in device pixels; null before there is a picture of them. */
  sizes(plots: readonly PlotState[]): Sizes | null {
    const { layout } = this;
    if (!layout || layout.plots.length !== plots.length || plots.length === 0) {
      return null;
    }
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const heights = plots.map((plot, i) => [plot.id, layout.plots[i]!.height * ratio]);
    return { width: layout.plots[0]!.width * ratio, plots: Object.fromEntries(heights) as Record<string, number> };
  }

  draw(picture: Picture): void {
    const { scene, chrome } = this;
    if (scene.width <= 0) {
      return;
    }
    const context = chrome.canvas.getContext('2d', { alpha: false });
    if (!context) {
      chrome.showBanner('This browser gave no canvas to draw on');
      return;
    }
    scene.plots = picture.plots;
    scene.view = picture.view;
    scene.spans = picture.spans;
    scene.overlaid = this.overlaid;
    scene.pixelRatio = window.devicePixelRatio || 1;
    const { layout, prepared } = arrange(context, scene);
    this.layout = layout;
    this.sizeCanvas(layout);
    context.setTransform(scene.pixelRatio, 0, 0, scene.pixelRatio, 0, 0);
    paintPanel(context, scene, layout, prepared);
    this.updateElements(layout, picture);
    const { view, plots } = picture;
    this.crosshair.update({ layout, view, plots, theme: scene.theme, overlay: plot => this.overlay(plot) }, this.pointer);
    this.publish(picture);
  }

  /** The present picture as a file. */
  file(format: ExportFormat, title: string): Promise<Blob> {
    // With margins of its own: what an export measures must not move the picture on the screen.
    const scene = { ...this.scene, margins: { ...this.scene.margins } };
    return toBlob(format, scene, title, describePanel(title, scene.plots, scene.view));
  }

  private sizeCanvas(layout: PanelLayout): void {
    const { canvas, stage } = this.chrome;
    const ratio = this.scene.pixelRatio;
    const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      // Not the layout's size: one pixel of the canvas is to be exactly one of the screen.
      canvas.style.width = `${width / ratio}px`;
      canvas.style.height = `${height / ratio}px`;
      stage.style.height = `${layout.height}px`;
    }
  }

  private updateElements(layout: PanelLayout, { title, view, plots, slow, current }: Picture): void {
    this.chrome.showTime(title, view);
    this.chrome.empty.hidden = plots.length > 0;
    const ids = new Set(plots.map(plot => plot.id));
    for (const [id, overlay] of this.overlays) {
      if (!ids.has(id)) {
        overlay.node.remove();
        this.overlays.delete(id);
      }
    }
    this.sortOverlays(plots);
    const focused = this.root.contains(this.root.ownerDocument.activeElement);
    plots.forEach((plot, i) => {
      const overlay = this.overlay(plot);
      overlay.place(layout.plots[i]!);
      overlay.update(this.scene.theme);
      overlay.setBusy(slow);
      overlay.node.classList.toggle('sq-current', i === current && (this.pointer !== null || focused));
    });
  }

  /** Tab visits plots from top to bottom, also after they were moved. */
  private sortOverlays(plots: readonly PlotState[]): void {
    const wanted = plots.map(plot => this.overlay(plot).node);
    const now = this.element.querySelectorAll(':scope > .sq-plot');
    if (wanted.some((node, i) => node !== now[i])) {
      const held = this.root.ownerDocument.activeElement;
      this.element.append(...wanted);
      if (held instanceof HTMLElement && this.element.contains(held)) {
        held.focus({ preventScroll: true });
      }
    }
  }

  private overlay(plot: PlotState): PlotOverlay {
    let overlay = this.overlays.get(plot.id);
    if (!overlay) {
      overlay = new PlotOverlay(plot, this.actions);
      this.overlays.set(plot.id, overlay);
      this.element.append(overlay.node);
    }
    overlay.plot = plot;
    return overlay;
  }

  private publish({ title, view, plots, store, pending, gen, status }: Picture): void {
    const { root } = this;
    setData(root, 'start', view.start.toString());
    setData(root, 'stop', view.stop.toString());
    setData(root, 'graphs', graphsJson(store, pending, view));
    setData(root, 'plots', plots.map(plot => plot.id).join(' '));
    setData(root, 'gen', String(Math.min(gen, ...[...store.all()].map(state => state.gen))));
    setData(root, 'state', status);
    if (status !== 'pending') {
      this.chrome.say(() => describePanel(title, plots, view));
    }
  }

  /** Mark a part of the picture. */
  mark(box: Rect | null): void {
    const { chrome } = this;
    chrome.box.hidden = box === null;
    if (box) {
      place(chrome.box, box);
    }
  }

  /** Where a drop would go; null when nothing is dragged over the panel. */
  showDropTarget(target: DropTarget | null): void {
    const { placeholder, stage } = this.chrome;
    stage.classList.toggle('sq-drop', target !== null);
    const rect = target && this.layout && placeholderFor(this.layout, target);
    placeholder.hidden = !rect;
    if (target && rect) {
      const text = { new: 'New plot here', into: 'Add to this plot', move: 'Move here' };
      placeholder.textContent = text[target.kind];
      placeholder.classList.toggle('sq-placeholder-new', target.kind !== 'into');
      place(placeholder, rect);
    }
  }
}
