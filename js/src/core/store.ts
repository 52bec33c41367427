/**
 * What the browser holds of each graph. Of most it holds tiles of the grid, bounded in bytes: each
 * view is drawn from the best that is there. Of what depends on the visible range it holds the
 * newest answer and a few older ones, which fill in until the next comes.
 */
import type { FromKernel, Item, KnobValues, PlotSpec } from '../protocol';
import { DecodeError, decodeCurve, decodeGaps, decodeImage, decodeLine, sentOf, sizeOf } from './decode';
import type { GapRange, GraphData, RawBuffer } from './decode';
import { levelFor } from './grid';
import { Grid } from './tiles';
import type { GridTile, Tile } from './tiles';
import type { TimeView } from './time';

export type { Tile } from './tiles';
export type GraphStatus = 'waiting' | 'ok' | 'empty' | 'error' | 'stopped';

export interface GraphFailure {
  type: string;
  /** For people; without it the type stands in. */
  title?: string;
  message: string;
  hint: string | null;
  traceback: string | null;
}

export interface GraphState {
  id: string;
  plot: string;
  product: string;
  /** What its tiles depend on besides: how it is drawn, as the spec has it. */
  look: string;
  status: GraphStatus;
  label: string;
  /** Generation of the newest view that is drawn as wanted; -1 before the first. */
  gen: number;
  /** What the view is drawn from, best first. */
  tiles: Tile[];
  /** null while the kernel has not said whether the graph has tiles. */
  tiled: boolean | null;
  grid: Grid;
  emptyMessage: string;
  gaps: GapRange[];
  error: GraphFailure | null;
  /** Of a function: how the knobs of the newest answer were turned (null: not said), and of the spec. */
  knobs: string | null;
  wanted: string;
  /** When the knobs were turned away from those of the picture; null while they agree. */
  turnedAt: number | null;
  /** What the function printed. */
  output: string;
}

/** Milliseconds that a picture of other knobs stays as it is: most functions are done sooner. */
export const DIM_AFTER = 300;

/** Whether the picture of a graph is not the one that is asked for, and none other is there. */
export function dimmed(state: GraphState, now: number): boolean {
  return state.status === 'error' || (state.turnedAt !== null && now - state.turnedAt > DIM_AFTER);
}

/** What leads to a picture, if only an empty one. */
type Drawn = Exclude<Item, { status: 'error' | 'stopped' }>;

export type TilesMessage = Extract<FromKernel, { type: 'tiles' }>;

const MAX_TILES = 5;
/** Bytes that the tiles of all graphs of a panel may take, beside those that are in view. */
export const MAX_BYTES = 8 * 2 ** 20;
/** Tiles that a graph may have, on average: some ten views of one that is zoomed or moved. */
export const MAX_KEPT = 40;
/** Milliseconds after which a server that failed may be asked again. */
const RETRY_AFTER = 15_000;

export class TileStore {
  private readonly states = new Map<string, GraphState>();
  private view: TimeView = { start: 0n, stop: 1n };
  private width = 1;
  private uses = 0;
  private held = 0;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly limit = MAX_BYTES
  ) {}

  /** Bytes that tiles take. */
  get bytes(): number {
    return this.held;
  }

  get level(): number {
    return levelFor(this.view, this.width);
  }

  get(graph: string): GraphState | undefined {
    return this.states.get(graph);
  }

  all(): Iterable<GraphState> {
    return this.states.values();
  }

  /** Make the held graphs those of the spec; returns whether any knob was turned. */
  sync(plots: readonly PlotSpec[]): boolean {
    const before = new Map(this.states);
    let turned = false;
    this.states.clear();
    for (const plot of plots) {
      for (const { id, product, knobs, kind, mean } of plot.graphs) {
        const old = before.get(id);
        // Ids are used again: what another product left behind must not be shown for this one.
        const wanted = knobsKey(knobs);
        const look = `${kind} ${mean ?? 'linear'}`;
        // Nor the tiles of other choices: they would be taken for those that are wanted.
        const same = old?.product === product && old.look === look && (!old.tiled || old.wanted === wanted);
        const state = same ? old : { ...freshState(id, plot.id, product), wanted };
        state.plot = plot.id;
        state.look = look;
        turned ||= wanted !== state.wanted;
        state.wanted = wanted;
        this.compareKnobs(state);
        this.states.set(id, state);
      }
    }
    this.held = this.everyTile().reduce((sum, tile) => sum + tile.bytes, 0);
    return turned;
  }

  private compareKnobs(state: GraphState): void {
    const agree = state.knobs === null || state.knobs === state.wanted;
    state.turnedAt = agree ? null : (state.turnedAt ?? this.now());
  }

  /** Choose what each graph is drawn from in this view. */
  look(view: TimeView, width: number): void {
    this.view = view;
    this.width = width;
    this.states.forEach(state => this.choose(state));
  }

  /** Whether the view is drawn as it is wanted, as far as this graph goes. */
  complete(state: GraphState): boolean {
    if (state.tiled) {
      return state.grid.lacking(this.view, this.level, this.now()).length === 0;
    }
    const newest = state.tiles[0];
    const failed = state.status === 'error' || state.status === 'stopped';
    const good = state.tiled === false && !failed && state.turnedAt === null;
    return good && newest?.start === this.view.start && newest.stop === this.view.stop;
  }

  /** Ask again for what servers did not deliver, without waiting. */
  expire(): void {
    for (const tile of this.everyTile()) {
      tile.staleAt = tile.staleAt === Infinity ? Infinity : 0;
    }
  }

  /** Take a message in; returns the ids of the graphs that changed. */
  apply(message: TilesMessage, buffers: readonly RawBuffer[]): string[] {
    const changed = new Set<string>();
    for (const item of message.items) {
      const state = this.states.get(item.graph);
      if (state && this.take(state, item, buffers, message)) {
        changed.add(item.graph);
      }
    }
    changed.forEach(id => this.choose(this.states.get(id)!));
    this.evict();
    return [...changed];
  }

  private take(state: GraphState, item: Item, buffers: readonly RawBuffer[], message: TilesMessage): boolean {
    const range = { start: BigInt(item.start ?? message.start), stop: BigInt(item.stop ?? message.stop) };
    const onGrid = item.level !== undefined && item.index !== undefined;
    // A late answer to an older view would move the picture back; a tile lies where it lies.
    if (!onGrid && message.gen < state.gen) {
      return false;
    }
    try {
      const data = decode(item, buffers);
      if (item.ahead !== true && item.draft !== true) {
        this.note(state, item, message.gen);
      }
      if (item.status !== 'error' && item.status !== 'stopped') {
        if (onGrid) {
          this.keep(state, item, { ...range, gen: message.gen, data });
        } else {
          state.tiled = false;
          state.gaps = decodeGaps(item.gaps);
          state.tiles = remember(state.tiles, { ...range, gen: message.gen, data });
        }
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      state.gen = message.gen;
      state.status = 'error';
      state.error = {
        type: 'DecodeError',
        title: 'The answer cannot be drawn',
        message: error.message,
        hint: null,
        traceback: null
      };
    }
    return true;
  }

  /** What the item says of the graph as a whole. */
  private note(state: GraphState, item: Item, gen: number): void {
    state.label = item.label ?? state.label;
    if (item.knobs !== undefined) {
      state.knobs = knobsKey(item.knobs);
      this.compareKnobs(state);
    }
    if (gen < state.gen) {
      return;
    }
    state.output = item.output ?? '';
    state.gen = gen;
    // After an error the tiles stay: a failing function keeps its last good picture, dimmed.
    state.status = item.status;
    state.error = item.status === 'error' ? item.error : null;
    if (item.status === 'empty') {
      state.emptyMessage = item.message;
    }
  }

  private keep(state: GraphState, item: Drawn, tile: Tile): void {
    state.tiled = true;
    if (item.draft && state.grid.get({ level: item.level!, index: BigInt(item.index!) })) {
      return;
    }
    const { gaps } = item;
    const kept: GridTile = {
      ...tile,
      level: item.level!,
      index: BigInt(item.index!),
      gaps: decodeGaps(gaps),
      message: item.status === 'empty' ? item.message : '',
      bytes: 300 + (tile.data ? sizeOf(tile.data) : 0),
      sent: 300 + (tile.data ? sentOf(tile.data) : 0),
      staleAt: item.draft ? 0 : gaps.some(gap => gap.retryable) ? this.now() + RETRY_AFTER : Infinity,
      used: ++this.uses
    };
    this.held += kept.bytes - (state.grid.put(kept)?.bytes ?? 0);
  }

  private choose(state: GraphState): void {
    if (!state.tiled) {
      return;
    }
    const { view, level } = this;
    const shown = state.grid.shown(view, level);
    this.uses += 1;
    shown.forEach(tile => {
      tile.used = this.uses;
    });
    // At the end one with data, wherever it lies: names and units outlast an empty view.
    const last = state.tiles.find(tile => tile.data !== null);
    state.tiles = last && !shown.some(tile => tile.data !== null) ? [...shown, last] : shown;
    state.gaps = gapsOf(shown.filter(tile => tile.level === level));
    const complete = this.complete(state);
    if (complete) {
      state.error = null;
    }
    if (state.error === null && (complete || state.status !== 'stopped')) {
      const empty = complete && shown.every(tile => tile.level !== level || tile.data === null);
      state.status = empty ? 'empty' : complete || shown.some(tile => tile.data !== null) ? 'ok' : state.status;
      state.emptyMessage = shown.find(tile => tile.message !== '')?.message ?? '';
    }
  }

  private everyTile(): GridTile[] {
    return [...this.states.values()].flatMap(state => [...state.grid.values()]);
  }

  /** Let go of what was not used for longest; the coarsest tile of each graph and what is in view stay. */
  private evict(): void {
    const most = MAX_KEPT * this.states.size;
    let count = [...this.states.values()].reduce((sum, state) => sum + state.grid.size, 0);
    if (this.held <= this.limit && count <= most) {
      return;
    }
    const all = [...this.states.values()].flatMap(state => {
      const last = state.grid.coarsest();
      const kept = new Set<Tile | null>([last, ...state.tiles]);
      return [...state.grid.values()].filter(tile => !kept.has(tile)).map(tile => ({ state, tile }));
    });
    all.sort((a, b) => a.tile.used - b.tile.used);
    for (const { state, tile } of all) {
      if (this.held <= 0.9 * this.limit && count <= 0.9 * most) {
        return;
      }
      state.grid.delete(tile);
      this.held -= tile.bytes;
      count -= 1;
    }
  }
}

function decode(item: Item, buffers: readonly RawBuffer[]): GraphData | null {
  if (item.status !== 'ok') {
    return null;
  }
  const { kind } = item;
  return kind === 'line' ? decodeLine(item, buffers) : kind === 'curve' ? decodeCurve(item, buffers) : decodeImage(item, buffers);
}

function gapsOf(tiles: readonly GridTile[]): GapRange[] {
  const all = tiles.flatMap(tile => tile.gaps);
  return [...new Map(all.map(gap => [`${gap.start} ${gap.stop}`, gap])).values()];
}

function freshState(id: string, plot: string, product: string): GraphState {
  return {
    id,
    plot,
    product,
    look: '',
    status: 'waiting',
    label: '',
    gen: -1,
    tiles: [],
    tiled: null,
    grid: new Grid(),
    emptyMessage: '',
    gaps: [],
    error: null,
    knobs: null,
    wanted: '{}',
    turnedAt: null,
    output: ''
  };
}

/** Knobs as text that is the same for equal ones. */
export function knobsKey(knobs: KnobValues = {}): string {
  return JSON.stringify(Object.fromEntries(Object.entries(knobs).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Put `tile` first, drop what it hides, and stay within the bound: the widest is kept longest. */
export function remember(tiles: readonly Tile[], tile: Tile): Tile[] {
  const visible = tiles.filter(old => old.start < tile.start || old.stop > tile.stop);
  const kept = [tile, ...visible];
  if (kept.length > MAX_TILES) {
    const widest = kept.reduce((a, b) => (b.stop - b.start > a.stop - a.start ? b : a));
    const oldest = kept[kept.length - 1] === widest ? kept.length - 2 : kept.length - 1;
    kept.splice(oldest, 1);
  }
  return kept;
}

export interface Piece extends TimeView {
  tile: Tile;
}

/** Which part of `view` each tile draws, best first, none drawn twice. */
export function pieces(tiles: readonly Tile[], view: TimeView): Piece[] {
  const out: Piece[] = [];
  let open: TimeView[] = [view];
  for (const tile of tiles) {
    if (open.length === 0) {
      break;
    }
    const rest: TimeView[] = [];
    for (const part of open) {
      const start = part.start > tile.start ? part.start : tile.start;
      const stop = part.stop < tile.stop ? part.stop : tile.stop;
      if (start >= stop) {
        rest.push(part);
        continue;
      }
      out.push({ tile, start, stop });
      if (part.start < start) {
        rest.push({ start: part.start, stop: start });
      }
      if (stop < part.stop) {
        rest.push({ start: stop, stop: part.stop });
      }
    }
    open = rest;
  }
  return out;
}
