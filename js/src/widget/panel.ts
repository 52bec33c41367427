/** One view of a panel: wires the model, the zoom loop, the picture and the hand together. */
import { ViewClient } from '../core/client';
import type { Clock } from '../core/client';
import type { RawBuffer } from '../core/decode';
import { Edits } from '../core/edits';
import type { DropTarget, PanelLayout } from '../core/layout';
import { PlotState } from '../core/plot';
import { TileStore } from '../core/store';
import { clampView, sameView } from '../core/time';
import type { TimeView } from '../core/time';
import type { DraggedProduct } from '../mime';
import type { Command, FromKernel, PanelSpec } from '../protocol';
import { make } from './dom';
import { attachDrop } from './drop';
import { autoscale, makeGestures, toggleLog, usesKey } from './gestures';
import type { AxisChange, PanelActions } from './gestures';
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

/** Waiting shorter than this, in milliseconds, is not worth a spinner. */
const BUSY_AFTER = 300;
const MAX_COLUMNS = 4096;
const NONE: ReadonlySet<string> = new Set();

export class PanelView implements PanelActions {
  readonly root = make('div', 'sciqlop-panel');
  view: TimeView;
  plots: PlotState[] = [];
  current = 0;
  private readonly store = new TileStore();
  private readonly client: ViewClient;
  private readonly edits: Edits;
  private readonly stage: Stage;
  private readonly link: Link;
  private readonly gestures = makeGestures(this);
  private readonly cleanups: (() => void)[] = [];
  private readonly start: TimeView;
  private spec: PanelSpec;
  private frame = 0;
  private busySince: number | null = null;

  constructor(
    private readonly model: PanelModel,
    private readonly host: HTMLElement
  ) {
    this.spec = model.get('spec');
    this.view = viewOf(this.spec);
    this.start = this.view;
    this.client = new ViewClient(newId(), message => this.link.send(message), clock);
    this.edits = new Edits(command => this.command(command), clock);
    this.root.tabIndex = 0;
    this.root.setAttribute('role', 'application');
    host.append(this.root);
    this.stage = this.makeStage();
    this.link = new Link(model, this.client, {
      message: (content, buffers) => this.receive(content, buffers),
      banner: text => this.stage.chrome.showBanner(text),
      changed: () => this.redraw(),
      back: () => {
        this.ask(true);
        this.redraw();
      }
    });
    this.listen();
    this.adoptSpec();
    this.client.hello();
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
      autoscale: () => this.gestures.autoscale(null, 'both'),
      toggleLog: () => onCurrent(plot => toggleLog(this, plot)),
      removePlot: () => onCurrent(plot => this.removePlot(plot))
    };
    return new Stage(this.root, tools, {
      toggleColumn: (plot, graph, column) => this.toggleColumn(plot, graph, column),
      toggleLog: plot => toggleLog(this, plot),
      autoscale: plot => autoscale(this, plot, 'both'),
      removePlot: plot => this.removePlot(plot),
      retry: () => this.ask(true)
    });
  }

  private listen(): void {
    const adopt = (): void => this.adoptSpec();
    this.model.on('change:spec', adopt);
    const { element } = this.stage;
    const activate = (): void => markActive(this.root);
    this.root.addEventListener('pointerenter', activate);
    this.root.addEventListener('focusin', activate);
    const sizes = new ResizeObserver(() => this.resized());
    sizes.observe(this.root);
    const filled = this.filled();
    if (filled) {
      sizes.observe(filled);
    }
    this.cleanups.push(
      () => this.model.off('change:spec', adopt),
      attachPointer(element, this.gestures),
      attachKeys(this.root, this.gestures, usesKey),
      attachDrop(this.root, element, {
        layout: () => this.layout,
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
    this.store.sync(this.spec.plots);
    const old = new Map(this.plots.map(plot => [plot.id, plot]));
    this.plots = this.spec.plots.map(spec => {
      const plot = old.get(spec.id) ?? new PlotState(spec, this.store);
      plot.update(spec);
      return plot;
    });
    this.current = Math.min(this.current, Math.max(0, this.plots.length - 1));
    const range = this.spec.time_range;
    const changed = range.start !== before.start || range.stop !== before.stop;
    if (changed && this.edits.isNews(range)) {
      this.view = viewOf(this.spec);
    }
    this.plots.forEach(plot => plot.refit(this.view));
    // The next picture has the new layout, whose sizes belong into the request.
    this.redraw();
  }

  private receive(message: FromKernel, buffers: readonly RawBuffer[]): void {
    if (message.type === 'tiles' && (message.view === this.client.view || message.view === '')) {
      this.client.answered(message.gen, message.pending);
      this.store.apply(message, buffers);
      this.plots.forEach(plot => plot.refit(this.view));
      this.redraw();
    } else if (message.type === 'refused') {
      this.edits.forget();
      this.stage.chrome.notify('error', message.message, message.hint);
    } else if (message.type === 'notice') {
      this.stage.chrome.notify(message.level, message.message);
    }
  }

  private command(command: Command): void {
    if (this.link.live) {
      this.client.command(command);
    } else {
      this.stage.chrome.notify('warning', 'Disconnected: the edit was not sent to the kernel');
    }
  }

  /** Ask the kernel for the present view; the client sees to it that only what matters is sent. */
  private ask(force = false): void {
    const { layout } = this;
    if (!this.link.live || !layout || layout.plots.length !== this.plots.length || this.plots.length === 0) {
      return;
    }
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const heights = this.plots.map((plot, i) => [plot.id, this.steady(plot.id, layout.plots[i]!.height * ratio)]);
    const width = Math.min(MAX_COLUMNS, this.steady('', layout.plots[0]!.width * ratio));
    const graphs = this.plots.flatMap(plot => plot.spec.graphs.map(graph => graph.id + graph.product));
    this.client.request(
      { ...this.view, width, plots: Object.fromEntries(heights) as Record<string, number> },
      force || this.graphsChanged(graphs.join('\n'))
    );
  }

  private readonly askedSizes = new Map<string, number>();

  /** The size asked for last while it is about right: wider tick labels are no reason to ask again. */
  private steady(key: string, size: number): number {
    const before = this.askedSizes.get(key);
    if (before !== undefined && Math.abs(size - before) < 0.1 * before) {
      return before;
    }
    this.askedSizes.set(key, Math.round(size));
    return Math.round(size);
  }

  private askedGraphs = '';

  /** A new graph needs data even where view and plots are those of the last request. */
  private graphsChanged(graphs: string): boolean {
    const changed = graphs !== this.askedGraphs;
    this.askedGraphs = graphs;
    return changed;
  }

  // ---- the hand (PanelActions)

  setView(view: TimeView): void {
    if (sameView(view, this.view)) {
      return;
    }
    this.view = view;
    this.edits.moveTime(view);
    this.ask();
    this.redraw();
  }

  gestureEnded(): void {
    this.edits.flush();
  }

  setAxis(plot: PlotState, axis: 'y' | 'z', change: AxisChange): void {
    const before = { ...plot[axis] };
    Object.assign(plot[axis], change);
    plot.refit(this.view, change.range === null);
    if (before.log !== plot[axis].log || before.range !== plot[axis].range) {
      this.edits.setAxis(plot.id, axis, change);
    }
    this.redraw();
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

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.stage.draw({
      title: this.spec.title,
      view: this.view,
      plots: this.plots,
      store: this.store,
      pending: this.client.pending,
      slow: this.slowGraphs(),
      gen: this.client.gen,
      status: this.status(),
      current: this.current
    });
    this.ask();
  }

  private status(): PanelStatus {
    if (!this.link.live) {
      return 'disconnected';
    }
    if (this.client.busy) {
      return 'pending';
    }
    const states = [...this.store.all()];
    if (states.some(state => state.status === 'waiting')) {
      return 'pending';
    }
    return states.some(state => state.status === 'error') ? 'error' : 'idle';
  }

  private slowGraphs(): ReadonlySet<string> {
    if (!this.client.busy || !this.link.live) {
      this.busySince = null;
      return NONE;
    }
    const now = clock.now();
    if (this.busySince === null) {
      this.busySince = now;
      setTimeout(() => this.redraw(), BUSY_AFTER + 20);
    }
    if (now - this.busySince < BUSY_AFTER) {
      return NONE;
    }
    const { gen, pending } = this.client;
    const waiting = [...this.store.all()].filter(state => state.gen < gen || pending.includes(state.id));
    return new Set(waiting.map(state => state.id));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.edits.flush();
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
