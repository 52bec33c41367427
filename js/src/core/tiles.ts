/** The tiles of one graph on the grid: which there are, which a view lacks, which draw it. */
import type { GapRange, GraphData } from './decode';
import { placeKey, placeRange, placesOf } from './grid';
import type { Place } from './grid';
import type { TimeView } from './time';

export interface Tile extends TimeView {
  gen: number;
  /** null: the kernel said that this range is empty. */
  data: GraphData | null;
}

export interface GridTile extends Tile, Place {
  gaps: GapRange[];
  message: string;
  /** That it takes, and that it took on the way. */
  bytes: number;
  sent: number;
  /** When to ask again, for what a server did not deliver; Infinity for never. */
  staleAt: number;
  /** Counts up with each use. */
  used: number;
}

/** Levels finer than wanted that still draw quickly. */
const FINER = 3;
/** Pieces of other levels that stand in at most. */
const STAND_INS = 24;

/** The lower the better a tile of `level` shows what one of `wanted` would. */
function rank(level: number, wanted: number): number {
  const finer = wanted - level;
  return finer > FINER ? 1000 + finer : finer > 0 ? 2 * finer - 1 : -2 * finer;
}

export class Grid {
  private readonly tiles = new Map<string, GridTile>();

  get size(): number {
    return this.tiles.size;
  }

  values(): Iterable<GridTile> {
    return this.tiles.values();
  }

  get(place: Place): GridTile | undefined {
    return this.tiles.get(placeKey(place));
  }

  /** Keep a tile; returns the one that it replaces. */
  put(tile: GridTile): GridTile | undefined {
    const key = placeKey(tile);
    const before = this.tiles.get(key);
    this.tiles.set(key, tile);
    return before;
  }

  delete(tile: GridTile): void {
    this.tiles.delete(placeKey(tile));
  }

  /** Tiles of a level that `range` needs and that are not there, or not for all of it. */
  lacking(range: TimeView, level: number, now: number): Place[] {
    return placesOf(range, level).filter(place => {
      const tile = this.get(place);
      if (!tile || tile.staleAt <= now) {
        return true;
      }
      const all = placeRange(place);
      const start = all.start > range.start ? all.start : range.start;
      const stop = all.stop < range.stop ? all.stop : range.stop;
      return tile.start > start || tile.stop < stop;
    });
  }

  /** What draws `view`, best first: the wanted level, then the nearest ones. */
  shown(view: TimeView, level: number): GridTile[] {
    const seen = [...this.tiles.values()].filter(tile => tile.start < view.stop && tile.stop > view.start);
    seen.sort((a, b) => rank(a.level, level) - rank(b.level, level) || (a.start < b.start ? -1 : 1));
    const wanted = seen.filter(tile => tile.level === level).length;
    return seen.slice(0, wanted + STAND_INS);
  }

  /** The coarsest tile: the last resort of every view. */
  coarsest(): GridTile | null {
    let found: GridTile | null = null;
    for (const tile of this.tiles.values()) {
      found = !found || tile.level > found.level ? tile : found;
    }
    return found;
  }
}
