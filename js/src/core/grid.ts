/**
 * The absolute grid of tiles; twin of speasy_core/lod/tile.py. A tile of level L has 1,024 columns
 * of 2^L nanoseconds; its index counts from 1970.
 */
import { floorDiv } from './time';
import type { TimeView } from './time';

export const TILE_COLUMNS = 1024n;
export const MOST_LEVEL = 51;

export interface Place {
  level: number;
  index: bigint;
}

export function placeKey({ level, index }: Place): string {
  return `${level}:${index}`;
}

/** The coarsest level that has a column for each of `pixels`. */
export function levelFor(view: TimeView, pixels: number): number {
  const column = (view.stop - view.start) / BigInt(Math.max(1, Math.round(pixels)));
  const bits = column > 0n ? column.toString(2).length : 1;
  return Math.min(MOST_LEVEL, bits - 1);
}

export function placeRange({ level, index }: Place): TimeView {
  const length = TILE_COLUMNS << BigInt(level);
  return { start: index * length, stop: (index + 1n) * length };
}

/** The tiles of a level that meet a range, from left to right. */
export function placesOf(view: TimeView, level: number): Place[] {
  const length = TILE_COLUMNS << BigInt(level);
  const places: Place[] = [];
  for (let index = floorDiv(view.start, length); index * length < view.stop; index += 1n) {
    places.push({ level, index });
  }
  return places;
}
