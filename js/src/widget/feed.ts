/** The data of one view: what is held, what is asked for, what takes long. */
import { ViewClient } from '../core/client';
import type { Clock, Wish } from '../core/client';
import type { RawBuffer } from '../core/decode';
import type { Place } from '../core/grid';
import { Motion } from '../core/motion';
import { aheadOf, refOf, wantKey, wantedTiles, wantsOf } from '../core/plan';
import { TileStore } from '../core/store';
import type { GraphState, TilesMessage } from '../core/store';
import type { TimeView } from '../core/time';
import type { PlotSpec, Progress, ToKernel } from '../protocol';

/** Waiting shorter than this, in milliseconds, is not worth a spinner. */
const BUSY_AFTER = 300;
const MAX_COLUMNS = 4096;
/** Columns to choose by before the first layout. */
const COLUMNS = 1000;
const NONE: ReadonlyMap<string, Progress | null> = new Map();

/** Sizes that data is asked for, in device pixels. */
export interface Sizes {
  width: number;
  plots: Record<string, number>;
}

export class Feed {
  readonly store: TileStore;
  readonly client: ViewClient;
  private readonly motion = new Motion();
  private readonly progress = new Map<string, Progress>();
  private readonly asked = new Map<string, number>();
  private view: TimeView = { start: 0n, stop: 1n };
  private busySince: number | null = null;

  /**
   * @param sizes sizes of the plots; null while the kernel cannot be asked
   */
  constructor(
    name: string,
    send: (message: ToKernel) => void,
    private readonly clock: Clock,
    private readonly sizes: () => Sizes | null
  ) {
    this.store = new TileStore(() => clock.now());
    this.client = new ViewClient(name, send, clock, () => this.wish());
  }

  /** Choose what `view` is drawn from. */
  look(view: TimeView): void {
    this.view = view;
    this.client.look(view);
    this.motion.moved(view);
    this.store.look(view, this.columns(this.sizes()));
  }

  /** Hold the graphs of a spec; what knobs were turned of is asked for anew with the next picture. */
  adopt(plots: readonly PlotSpec[]): void {
    if (this.store.sync(plots)) {
      this.client.forget();
    }
  }

  take(message: TilesMessage, buffers: readonly RawBuffer[]): void {
    this.store.apply(message, buffers);
    this.client.answered(message.gen, message.pending);
    message.items.forEach(item => this.progress.delete(item.graph));
  }

  note(items: readonly Progress[]): void {
    items.forEach(item => this.progress.set(item.graph, item));
  }

  /** Ask again, also for what could not be had. */
  retry(): void {
    this.store.expire();
    this.client.renew();
  }

  private columns(sizes: Sizes | null): number {
    return sizes ? Math.min(MAX_COLUMNS, this.steady('', sizes.width)) : (this.asked.get('') ?? COLUMNS);
  }

  /** The size asked for last while it is about right: wider tick labels are no reason to ask again. */
  private steady(key: string, size: number): number {
    const before = this.asked.get(key);
    if (before !== undefined && Math.abs(size - before) < 0.1 * before) {
      return before;
    }
    this.asked.set(key, Math.round(size));
    return Math.round(size);
  }

  /** All that the present view needs of the kernel. */
  private wish(): Wish | null {
    const { view, client, store } = this;
    const sizes = this.sizes();
    if (!sizes) {
      return null;
    }
    this.look(view);
    const states = [...store.all()];
    const tiled = states.filter(state => state.tiled);
    const now = this.clock.now();
    const lacking = (state: GraphState, level: number): Place[] =>
      state.grid.lacking(view, level, now).filter(place => !client.done(wantKey(state.id, refOf(place), view)));
    const wants = wantsOf(wantedTiles(tiled, store.level, lacking));
    states
      .filter(state => !state.tiled && !store.complete(state) && !client.done(wantKey(state.id, null, view)))
      .forEach(state => (wants[state.id] = null));
    states
      .filter(state => !(state.id in wants) && !client.pending.includes(state.id))
      .forEach(state => (state.gen = client.gen));
    const width = this.columns(sizes);
    const plots = Object.entries(sizes.plots).map(([id, height]) => [id, this.steady(id, height)]);
    const ahead = aheadOf(tiled, view, this.motion.expected(width), now);
    return { ...view, width, plots: Object.fromEntries(plots) as Record<string, number>, wants, ahead };
  }

  /** Graphs that take long, with how far they are where the kernel has said so; `later` runs when to look again. */
  slow(live: boolean, later: () => void): ReadonlyMap<string, Progress | null> {
    if (!this.client.busy || !live) {
      this.busySince = null;
      this.progress.clear();
      return NONE;
    }
    const now = this.clock.now();
    if (this.busySince === null) {
      this.busySince = now;
      this.clock.setTimer(later, BUSY_AFTER + 20);
    }
    if (now - this.busySince < BUSY_AFTER) {
      return NONE;
    }
    const waiting = [...this.store.all()].filter(state => state.gen < this.client.gen);
    return new Map(waiting.map(({ id }) => [id, this.progress.get(id) ?? null]));
  }
}
