/** What to ask the kernel for next: what the view lacks, and what its movement will need. */
import type { Ahead, TileRef, Wants } from '../protocol';
import { MOST_LEVEL } from './grid';
import type { Place } from './grid';
import type { Expected } from './motion';
import type { GraphState } from './store';
import type { TimeView } from './time';

/** Bytes that the answer to one request may take, about. */
export const BUDGET = 2 ** 20;
/** Bytes of a tile of a graph of which none has come yet. */
const UNKNOWN = 64 * 2 ** 10;
/** Levels that a first, coarser answer may be above the wanted one. */
const COARSER = 2;
const MOST_TILES = 64;

export interface Lacks {
  state: GraphState;
  places: Place[];
}

/** Name of a want, to tell which were asked for. */
export function wantKey(graph: string, ref: TileRef | null, view: TimeView): string {
  return ref ? `${graph} ${ref[0]} ${ref[1]}` : `${graph} ${view.start} ${view.stop}`;
}

export function refOf({ level, index }: Place): TileRef {
  return [level, index.toString()];
}

/** The largest tile of a graph so far. */
function tileBytes(state: GraphState): number {
  let most = 0;
  for (const tile of state.grid.values()) {
    most = Math.max(most, tile.sent);
  }
  return most || UNKNOWN;
}

/** Cut the lists so that the answer stays within the budget; at least one tile is asked for. */
function affordable(lacks: Lacks[], budget: number): Lacks[] {
  let left = budget;
  let first = true;
  return lacks.flatMap(({ state, places }) => {
    const each = tileBytes(state);
    const taken = places.filter(() => {
      const fits = first || left >= each;
      if (fits) {
        first = false;
        left -= each;
      }
      return fits;
    });
    return taken.length > 0 ? [{ state, places: taken.slice(0, MOST_TILES) }] : [];
  });
}

function bytesOf(lacks: Lacks[]): number {
  return lacks.reduce((sum, { state, places }) => sum + places.length * tileBytes(state), 0);
}

/**
 * Tiles to ask for now. What would take more than the budget is asked for at a coarser level first
 * and then piece by piece, so that no refresh is large and none is long in coming.
 */
export function wantedTiles(
  states: readonly GraphState[],
  level: number,
  lacking: (state: GraphState, level: number) => Place[]
): Lacks[] {
  const at = (which: number): Lacks[] =>
    states.map(state => ({ state, places: lacking(state, which) })).filter(({ places }) => places.length > 0);
  const exact = at(level);
  if (bytesOf(exact) <= BUDGET) {
    return exact;
  }
  // Only where nothing near is held: a second refresh for what is nearly as sharp helps nobody.
  const bare = exact.filter(({ state }) => !covered(state, level, lacking));
  if (bare.length > 0) {
    const coarsest = coarserThan(level).at(-1);
    for (const coarser of coarserThan(level)) {
      const rough = at(coarser).filter(({ state }) => bare.some(lack => lack.state === state));
      if (rough.length > 0 && (bytesOf(rough) <= BUDGET || coarser === coarsest)) {
        return affordable(rough, BUDGET);
      }
    }
  }
  return affordable(exact, BUDGET);
}

/** Whether a level that is nearly as sharp is there for the whole view. */
function covered(
  state: GraphState,
  level: number,
  lacking: (state: GraphState, level: number) => Place[]
): boolean {
  return coarserThan(level).some(coarser => lacking(state, coarser).length === 0);
}

/** Levels above one that are nearly as sharp; the kernel has none above the most. */
function coarserThan(level: number): number[] {
  return Array.from({ length: COARSER }, (_, i) => level + 1 + i).filter(coarser => coarser <= MOST_LEVEL);
}

export function wantsOf(lacks: readonly Lacks[]): Wants {
  return Object.fromEntries(lacks.map(({ state, places }) => [state.id, places.map(refOf)]));
}

/** What to fetch ahead for the graphs that have tiles; null when everything is there. */
export function aheadOf(
  states: readonly GraphState[],
  view: TimeView,
  expected: readonly Expected[],
  now: number
): Ahead | null {
  const lacks: Lacks[] = [];
  let { start, stop } = view;
  for (const { range, level } of expected) {
    let lacked = false;
    for (const state of states) {
      const places = state.grid.lacking(range, level, now);
      if (places.length > 0) {
        lacked = true;
        lacks.push({ state, places });
      }
    }
    if (lacked) {
      start = range.start < start ? range.start : start;
      stop = range.stop > stop ? range.stop : stop;
    }
  }
  if (lacks.length === 0) {
    return null;
  }
  const wants: Wants = {};
  for (const { state, places } of affordable(lacks, BUDGET)) {
    const list = (wants[state.id] ??= []);
    const known = new Set(list.map(ref => ref.join()));
    list.push(...places.map(refOf).filter(ref => !known.has(ref.join())));
  }
  return { start: start.toString(), stop: stop.toString(), wants };
}
