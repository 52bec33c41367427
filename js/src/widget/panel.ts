/** One view of a panel: wires the model, the zoom loop, the picture and the hand together. */
import type { Clock } from '../core/client';
import type { RawBuffer } from '../core/decode';
import { Edits } from '../core/edits';
import type { DropTarget, PanelLayout, Rect } from '../core/layout';
import { PlotState } from '../core/plot';
import { clampView, sameView } from '../core/time';
import type { TimeView } from '../core/time';
import type { DraggedProduct } from '../mime';
import { PROTOCOL_VERSION } from '../protocol';
import type { AxisChange, AxisName, Command, FromKernel, PanelSpec, ToKernel } from '../protocol';
import { make } from './dom';
import { attachDrop } from './drop';
import { download, fileName } from './export';
import type { ExportFormat } from './export';
import { Feed } from './feed';
import type { Sizes } from './feed';
import { Membership } from './group';
import { autoscale, makeGestures, toggleLog, usesKey } from './gestures';
import type { PanelActions } from './gestures';
import { attachKeys, attachPointer } from './interaction';
import { Link } from './link';
import type { PanelModel } from './model';
import { Stage } from './stage';
import type { PanelStatus } from './stage';
import { watchTheme } from './theme';

const clock: Clock = {
  now: () => performance.now(),
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: timer => clearTimeout(timer as ReturnType<typeof setTimeout>)
};

/** Colours are fitted to a moving spectrogram this often, in milliseconds: it takes some. */
const REFIT_EVERY = 120;

export class PanelView implements PanelActions {
  readonly root = make('div', 'sciqlop-panel');
  view: TimeView;
  plots: PlotState[] = [];
  current = 0;
  private readonly feed: Feed;
  private fitted: { view: TimeView; at: number } | null = null;
  private readonly edits: Edits;
  private readonly stage: Stage;
  private readonly link: Link;
  private readonly gestures = makeGestures(this);
  private readonly cleanups: (() => void)[] = [];
  private readonly group: Membership;
  private readonly start: TimeView;
  private spec: PanelSpec;
  private frame = 0;

  constructor(
    private readonly model: PanelModel,
    private readonly host: HTMLElement
  ) {
    this.spec = model.get('spec');
    this.view = viewOf(this.spec);
    this.start = this.view;
    this.feed = new Feed(newId(), message => this.send(message), clock, () => this.sizes());
    this.edits = new Edits(command => this.command(command), clock);
    this.group = this.makeMembership();
    this.root.tabIndex = 0;
    this.root.setAttribute('role', 'application');
    host.append(this.root);
    this.stage = this.makeStage();
    this.link = new Link(model, this.feed.client, {
      message: (content, buffers) => this.receive(content, buffers),
      banner: text => this.stage.chrome.showBanner(text),
      changed: () => this.redraw(),
      back: () => {
        this.feed.client.renew();
        this.redraw();
      }
    });
    this.listen();
    this.group.join(model.get('group'));
    this.adoptSpec();
    this.adoptFirst();
    this.feed.client.hello();
  }

  get layout(): PanelLayout | null {
    return this.stage.layout;
  }

  private makeStage(): Stage {
    const onCurrent = (run: (plot: PlotState) => void): void => {
      const plot = this.plots[this.current] ?? this.plots[0];
      if (plot) {
        run(plot);
      }
    };
    const tools = {
      zoom: (factor: number) => this.gestures.zoom(factor, 0.5),
      pan: (fraction: number) => this.gestures.pan(fraction),
      undo: () => this.undo(),
      redo: () => this.redo(),
      autoscale: () => this.gestures.autoscale(null, 'all'),
      toggleLog: () => onCurrent(plot => toggleLog(this, plot)),
      removePlot: () => onCurrent(plot => this.removePlot(plot)),
      exportAs: (format: ExportFormat) => void this.save(format)
    };
    return new Stage(this.root, tools, {
      toggleColumn: (plot, graph, column) => this.toggleColumn(plot, graph, column),
      toggleLog: plot => toggleLog(this, plot),
      setColormap: (plot, colormap) => this.setAxis(plot, 'z', { colormap }),
      autoscale: plot => autoscale(this, plot, 'all'),
      removePlot: plot => this.removePlot(plot),
      retry: () => this.feed.retry(),
      stop: graph => this.feed.client.stop(graph)
    });
  }

  private makeMembership(): Membership {
    const { edits } = this;
    return new Membership({
      get moving() {
        return edits.active;
      },
      follow: view => this.show(view),
      expect: (start, stop) => edits.expect(start, stop)
    });
  }

  private send(message: ToKernel): void {
    this.group.send(message, all => this.link.send(all));
  }

  private listen(): void {
    const adopt = (): void => this.adoptSpec();
    const first = (): void => this.adoptFirst();
    const regroup = (): void => this.group.join(this.model.get('group'));
    this.model.on('change:spec', adopt);
    this.model.on('change:first', first);
    this.model.on('change:group', regroup);
    const { element } = this.stage;
    const activate = (): void => markActive(this.root);
    this.root.addEventListener('pointerenter', activate);
    this.root.addEventListener('focusin', activate);
    // JupyterLab's status bar: give up what is waited for.
    this.root.addEventListener('sciqlop:stop', () => {
      this.plots.flatMap(plot => plot.states()).forEach(state => this.feed.client.stop(state.id));
    });
    const sizes = new ResizeObserver(() => this.resized());
    sizes.observe(this.root);
    const filled = this.filled();
    if (filled) {
      sizes.observe(filled);
    }
    this.cleanups.push(
      () => this.model.off('change:spec', adopt),
      () => this.model.off('change:first', first),
      () => this.model.off('change:group', regroup),
      () => this.group.leave(),
      attachPointer(element, this.gestures),
      attachKeys(this.root, this.gestures, usesKey),
      attachDrop(this.root, element, {
        layout: () => this.layout,
        current: () => this.current,
        showTarget: target => this.stage.showDropTarget(target),
        drop: (products, target) => this.dropProducts(products, target),
        refuse: reason => this.stage.chrome.notify('warning', reason)
      }),
      watchTheme(document, () => {
        this.stage.retheme();
        this.redraw();
      }),
      () => sizes.disconnect()
    );
  }

  // ---- the model

  private adoptSpec(): void {
    const before = this.spec.time_range;
    this.spec = this.model.get('spec');
    this.feed.store.sync(this.spec.plots);
    const old = new Map(this.plots.map(plot => [plot.id, plot]));
    this.plots = this.spec.plots.map(spec => {
      const plot = old.get(spec.id) ?? new PlotState(spec, this.feed.store);
      plot.update(spec);
      return plot;
    });
    this.current = Math.min(this.current, Math.max(0, this.plots.length - 1));
    const range = this.spec.time_range;
    const changed = range.start !== before.start || range.stop !== before.stop;
    if (changed && this.edits.isNews(range) && !this.group.led) {
      this.view = viewOf(this.spec);
    }
    this.refit();
    // The next picture has the new layout, whose sizes belong into the request.
    this.redraw();
  }

  /** Show the picture that the kernel made before this view could ask for one. */
  private adoptFirst(): void {
    const { items, start, stop, buffers } = this.model.get('first') ?? {};
    if (items && start !== undefined && stop !== undefined) {
      const message = { v: PROTOCOL_VERSION, type: 'tiles' as const, view: '', gen: -1, start, stop, items, pending: [] };
      this.feed.store.apply(message, buffers ?? []);
      this.refit();
      this.redraw();
    }
  }

  private receive(message: FromKernel, buffers: readonly RawBuffer[]): void {
    if (message.type === 'tiles' && message.view === this.feed.client.name) {
      const waited = this.feed.client.busy;
      this.feed.take(message, buffers);
      this.refit();
      this.arrived(waited);
    } else if (message.type === 'progress' && message.view === this.feed.client.name) {
      this.feed.note(message.items);
      this.redraw();
    } else if (message.type === 'refused') {
      this.edits.forget();
      this.stage.chrome.notify('error', message.message, message.hint);
    } else if (message.type === 'export') {
      this.deliver(message.id, message.format).catch((error: unknown) => {
        this.stage.chrome.notify('error', `The picture could not be exported: ${String(error)}`);
      });
    } else if (message.type === 'notice') {
      this.stage.chrome.notify(message.level, message.message);
    }
  }

  private command(command: Command): void {
    if (this.link.live) {
      this.feed.client.command(command);
      this.group.sent(command);
    } else {
      this.stage.chrome.notify('warning', 'Disconnected: the edit was not sent to the kernel');
    }
  }

  /** Sizes of the plots in device pixels; null while there are none, or nobody to ask. */
  private sizes(): Sizes | null {
    const { layout } = this;
    if (!this.link.live || !layout || layout.plots.length !== this.plots.length || this.plots.length === 0) {
      return null;
    }
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const heights = this.plots.map((plot, i) => [plot.id, layout.plots[i]!.height * ratio]);
    const plots = Object.fromEntries(heights) as Record<string, number>;
    return { width: layout.plots[0]!.width * ratio, plots };
  }

  /** Fit the automatic ranges to what is known of this view. */
  private refit(): void {
    this.feed.look(this.view);
    this.fitted = { view: this.view, at: clock.now() };
    this.plots.forEach(plot => plot.refit(this.view));
  }

  // ---- the hand (PanelActions)

  setView(view: TimeView): void {
    if (sameView(view, this.view)) {
      return;
    }
    this.edits.moveTime(view);
    this.show(view);
    this.group.move(view);
  }

  private show(view: TimeView): void {
    if (!sameView(view, this.view)) {
      this.view = view;
      this.feed.look(view);
      this.feed.client.pump();
      this.redraw();
    }
  }

  gestureEnded(): void {
    this.edits.flush();
  }

  setAxis(plot: PlotState, axis: AxisName, change: AxisChange): void {
    if (plot.change(axis, change)) {
      plot.refit(this.view, change.range === null);
      this.edits.setAxis(plot.id, axis, change);
    }
    this.redraw();
  }

  mark(box: Rect | null): void {
    this.stage.mark(box);
  }

  removePlot(plot: PlotState): void {
    this.command({ op: 'remove_plot', plot: plot.id });
  }

  undo(): void {
    this.edits.flush();
    this.command({ op: 'undo' });
  }

  redo(): void {
    this.edits.flush();
    this.command({ op: 'redo' });
  }

  home(): void {
    this.setView(this.start);
  }

  hover(point: { x: number; y: number } | null): void {
    this.stage.pointer = point;
    const hit = point && this.stage.hit(point.x, point.y);
    if (hit) {
      this.current = hit.index;
    }
    this.redraw();
  }

  /** Save the picture as a file of the user's. */
  private async save(format: ExportFormat): Promise<void> {
    try {
      download(await this.stage.file(format, this.spec.title), fileName(this.spec.title, this.view.start, format));
    } catch (error) {
      this.stage.chrome.notify('error', `The picture could not be saved: ${String(error)}`);
    }
  }

  /** Send the picture to the kernel, which asked for it. */
  private async deliver(id: string, format: ExportFormat): Promise<void> {
    const blob = await this.stage.file(format, this.spec.title);
    const answer = { v: PROTOCOL_VERSION, type: 'exported', id, view: this.feed.client.name } as const;
    this.model.send(answer, undefined, [await blob.arrayBuffer()]);
  }

  private toggleColumn(plot: PlotState, graph: string, column: string): void {
    const hidden = new Set(plot.hidden(graph));
    if (!hidden.delete(column)) {
      hidden.add(column);
    }
    // Shown at once; the spec's answer confirms it.
    plot.hide(graph, [...hidden]);
    plot.refit(this.view);
    this.command({ op: 'set_hidden', plot: plot.id, graph, hidden: [...hidden] });
    this.redraw();
  }

  private dropProducts(products: DraggedProduct[], target: DropTarget): void {
    const into = target.kind === 'into' ? (this.plots[target.index]?.id ?? null) : null;
    products.forEach((product, i) => {
      const index = into === null ? target.index + i : null;
      this.command({ op: 'add_product', product: product.id, plot: into, index });
    });
    markActive(this.root);
  }

  // ---- the picture

  /** The tab of the main area that this panel has for itself; null in a notebook. */
  private filled(): HTMLElement | null {
    return this.host.closest<HTMLElement>('[data-sciqlop-fill], .sqlab-panel-tab');
  }

  private resized(): void {
    // A new tab has no size yet: a request for 0 pixels would be answered with nothing.
    if (this.stage.resize(this.filled())) {
      this.paint();
    }
  }

  redraw(): void {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.paint());
    }
  }

  /** Show what came: at once when it was the last that the view waited for, not a frame later. */
  private arrived(waited: boolean): void {
    if (waited && !this.feed.client.busy) {
      this.paint();
    } else {
      this.redraw();
    }
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.follow();
    this.stage.draw({
      title: this.spec.title,
      view: this.view,
      plots: this.plots,
      spans: this.spec.spans ?? [],
      store: this.feed.store,
      pending: this.feed.client.pending,
      slow: this.feed.slow(this.link.live, () => this.redraw()),
      gen: this.feed.client.gen,
      status: this.status(),
      current: this.current
    });
    this.feed.client.pump();
  }

  /** Let automatic ranges follow the view, which may show what has been here for long. */
  private follow(): void {
    this.feed.look(this.view);
    if (this.fitted && sameView(this.fitted.view, this.view)) {
      return;
    }
    const wait = this.plots.some(plot => plot.image()) ? REFIT_EVERY - (clock.now() - (this.fitted?.at ?? 0)) : 0;
    if (wait <= 0) {
      this.refit();
    } else {
      setTimeout(() => this.redraw(), wait);
    }
  }

  private status(): PanelStatus {
    if (!this.link.live) {
      return 'disconnected';
    }
    if (this.feed.client.busy) {
      return 'pending';
    }
    const states = [...this.feed.store.all()];
    if (states.some(state => state.status === 'waiting')) {
      return 'pending';
    }
    return states.some(state => state.status === 'error') ? 'error' : 'idle';
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.edits.flush();
    this.stage.chrome.close();
    this.link.close();
    this.cleanups.forEach(cleanup => cleanup());
    this.root.remove();
  }
}

function newId(): string {
  // randomUUID exists on secure pages only; a JupyterLab on plain http over a network is none.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function viewOf(spec: PanelSpec): TimeView {
  return clampView({ start: BigInt(spec.time_range.start), stop: BigInt(spec.time_range.stop) });
}

/** The panel that the product tree's menu and keyboard add to. */
function markActive(root: HTMLElement): void {
  root.ownerDocument.querySelectorAll('.sciqlop-panel[data-sciqlop-active]').forEach(other => {
    if (other !== root) {
      other.removeAttribute('data-sciqlop-active');
    }
  });
  root.dataset.sciqlopActive = 'true';
}
