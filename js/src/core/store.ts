/**
 * What the browser holds of each graph: the newest tile, and a few older ones that fill the parts
 * of a moved view which the newest does not reach, until the kernel's answer covers them.
 */
import type { FromKernel, Item, PlotSpec } from '../protocol';
import { DecodeError, decodeImage, decodeLine } from './decode';
import type { GapRange, GraphData, RawBuffer } from './decode';
import type { TimeView } from './time';

export type GraphStatus = 'waiting' | 'ok' | 'empty' | 'error';

export interface Tile extends TimeView {
  gen: number;
  /** null: the kernel said that this range is empty. */
  data: GraphData | null;
}

export interface GraphFailure {
  type: string;
  message: string;
  hint: string | null;
  traceback: string | null;
}

export interface GraphState {
  id: string;
  plot: string;
  product: string;
  status: GraphStatus;
  label: string;
  /** Generation of the newest answer; -1 before the first. */
  gen: number;
  /** Newest first. */
  tiles: Tile[];
  emptyMessage: string;
  gaps: GapRange[];
  error: GraphFailure | null;
}

export type TilesMessage = Extract<FromKernel, { type: 'tiles' }>;

const MAX_TILES = 5;

export class TileStore {
  private readonly states = new Map<string, GraphState>();

  get(graph: string): GraphState | undefined {
    return this.states.get(graph);
  }

  all(): Iterable<GraphState> {
    return this.states.values();
  }

  /** Make the held graphs those of the spec. */
  sync(plots: readonly PlotSpec[]): void {
    const before = new Map(this.states);
    this.states.clear();
    for (const plot of plots) {
      for (const { id, product } of plot.graphs) {
        const old = before.get(id);
        // Ids are used again: what another product left behind must not be shown for this one.
        const state = old?.product === product ? old : freshState(id, plot.id, product);
        state.plot = plot.id;
        this.states.set(id, state);
      }
    }
  }

  /** Take a message in; returns the ids of the graphs that changed. */
  apply(message: TilesMessage, buffers: readonly RawBuffer[]): string[] {
    const range = { start: BigInt(message.start), stop: BigInt(message.stop) };
    const changed: string[] = [];
    for (const item of message.items) {
      const state = this.states.get(item.graph);
      // A late answer to an older view would move the picture back.
      if (state && message.gen >= state.gen) {
        this.take(state, item, buffers, message.gen, range);
        changed.push(item.graph);
      }
    }
    return changed;
  }

  private take(
    state: GraphState,
    item: Item,
    buffers: readonly RawBuffer[],
    gen: number,
    range: TimeView
  ): void {
    state.gen = gen;
    state.label = item.label ?? state.label;
    if (item.status === 'error') {
      // The tiles stay: a failing function keeps its last good picture, dimmed.
      state.status = 'error';
      state.error = item.error;
      return;
    }
    state.error = null;
    if (item.status === 'empty') {
      state.status = 'empty';
      state.emptyMessage = item.message;
      state.gaps = item.gaps.map(g => ({ start: BigInt(g.start), stop: BigInt(g.stop), reason: g.reason }));
      state.tiles = remember(state.tiles, { ...range, gen, data: null });
      return;
    }
    try {
      const data = item.kind === 'line' ? decodeLine(item, buffers) : decodeImage(item, buffers);
      state.status = 'ok';
      state.gaps = data.gaps;
      state.tiles = remember(state.tiles, { ...range, gen, data });
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      state.status = 'error';
      state.error = { type: 'DecodeError', message: error.message, hint: null, traceback: null };
    }
  }
}

function freshState(id: string, plot: string, product: string): GraphState {
  return {
    id,
    plot,
    product,
    status: 'waiting',
    label: '',
    gen: -1,
    tiles: [],
    emptyMessage: '',
    gaps: [],
    error: null
  };
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

/** Which part of `view` each tile draws, newest first, none drawn twice. */
export function pieces(tiles: readonly Tile[], view: TimeView): Piece[] {
  const out: Piece[] = [];
  let open: TimeView[] = [view];
  for (const tile of tiles) {
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
