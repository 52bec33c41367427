/** Automatic ranges of value axes, from what is visible. */
import type { GraphData, ImageData2D, LineData } from './decode';
import type { Floats } from './numbers';
import { secondsBetween } from './time';
import type { TimeView } from './time';

export type Extent = [number, number];

/** First index whose value is >= x. */
export function lowerBound(sorted: Float64Array, x: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (sorted[mid]! < x) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

export function union(a: Extent | null, b: Extent | null): Extent | null {
  if (!a || !b) {
    return a ?? b;
  }
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** How many samples, or columns of them, lie in `view`. */
export function samplesIn(data: GraphData, view: TimeView): number {
  const start = secondsBetween(data.t0, view.start);
  const stop = secondsBetween(data.t0, view.stop);
  const [first, last] = data.kind !== 'image' ? [data.t, data.t] : [data.x1, data.x0];
  return Math.max(0, lowerBound(last, stop) - lowerBound(first, start));
}

/** Smallest and largest visible value of the columns that are shown; above zero for a log axis. */
export function lineExtent(
  data: LineData,
  view: TimeView,
  hidden: ReadonlySet<string>,
  log: boolean
): Extent | null {
  // A function may give its first time a rounding error before the range it was asked for.
  const slack = Math.max(data.dt, secondsBetween(view.start, view.stop) * 1e-4);
  const from = lowerBound(data.t, secondsBetween(data.t0, view.start) - slack);
  const to = lowerBound(data.t, secondsBetween(data.t0, view.stop));
  let lo = Infinity;
  let hi = -Infinity;
  data.columns.forEach((name, c) => {
    if (hidden.has(name)) {
      return;
    }
    const y = data.y[c]!;
    // In m4 the second and third quarter of a column's values are its minima and maxima.
    const starts = data.mode === 'm4' ? [data.n, 2 * data.n] : [0];
    for (const start of starts) {
      for (let i = start + from; i < start + to; i++) {
        const value = y[i]!;
        if (log && !(value > 0)) {
          continue;
        }
        if (value < lo && value > -Infinity) {
          lo = value;
        }
        if (value > hi && value < Infinity) {
          hi = value;
        }
      }
    }
  });
  return lo <= hi ? [lo, hi] : null;
}

/** Shares of values, 0 to 1, that an automatic range goes from and to. */
export type Shares = readonly [number, number];

export const ALL: Shares = [0, 1];
/** Of colours: a few odd pixels would take the contrast from all others. */
export const MOST_PIXELS: Shares = [0.02, 0.98];

/**
 * The values below which the given shares of the visible ones lie. Of lines that were thinned the
 * first, smallest, largest and last of each pixel column count, which is all that is drawn.
 */
export function lineShares(
  data: LineData,
  view: TimeView,
  hidden: ReadonlySet<string>,
  log: boolean,
  [low, high]: Shares
): Extent | null {
  if (low <= 0 && high >= 1) {
    return lineExtent(data, view, hidden, log);
  }
  const from = lowerBound(data.t, secondsBetween(data.t0, view.start) - data.dt);
  const to = lowerBound(data.t, secondsBetween(data.t0, view.stop));
  const quarters = data.mode === 'm4' ? [0, 1, 2, 3] : [0];
  const shown = data.y.filter((_, c) => !hidden.has(data.columns[c]!));
  const parts = shown.flatMap(y => quarters.map(q => y.subarray(q * data.n + from, q * data.n + Math.max(from, to))));
  const stride = Math.max(1, Math.floor(parts.reduce((sum, part) => sum + part.length, 0) / (4 * SAMPLES)));
  const picked: number[] = [];
  for (const part of parts) {
    for (let i = 0; i < part.length; i += stride) {
      const value = part[i]!;
      if (Number.isFinite(value) && (!log || value > 0)) {
        picked.push(value);
      }
    }
  }
  const sorted = Float64Array.from(picked).sort();
  const last = sorted.length - 1;
  return last < 0 ? null : [sorted[Math.floor(low * last)]!, sorted[Math.ceil(high * last)]!];
}

/** Lower and upper edge of all channels. */
export function channelExtent(data: ImageData2D, log: boolean): Extent | null {
  let out: Extent | null = null;
  const rows = data.yVarying ? data.n : 1;
  for (let row = 0; row < rows; row++) {
    const edges = channelEdges(data.y.subarray(row * data.m, (row + 1) * data.m), log);
    if (edges) {
      out = union(out, [edges.lower[edges.order[0]!]!, edges.upper[edges.order[edges.order.length - 1]!]!]);
    }
  }
  return out;
}

export interface ChannelEdges {
  lower: Float64Array;
  upper: Float64Array;
  /** Channels that can be drawn, from low to high. */
  order: number[];
}

/** Borders half way (by ratio on a log axis) between neighbouring centres, in whichever order these come. */
export function channelEdges(centres: Floats, log: boolean): ChannelEdges | null {
  const order: number[] = [];
  centres.forEach((value, i) => {
    if (Number.isFinite(value) && (!log || value > 0)) {
      order.push(i);
    }
  });
  order.sort((a, b) => centres[a]! - centres[b]!);
  if (order.length === 0) {
    return null;
  }
  const forth = (v: number): number => (log ? Math.log(v) : v);
  const back = (v: number): number => (log ? Math.exp(v) : v);
  const at = (k: number): number => forth(centres[order[k]!]!);
  const lower = new Float64Array(centres.length).fill(NaN);
  const upper = new Float64Array(centres.length).fill(NaN);
  const last = order.length - 1;
  const alone = log ? 0.1 : Math.abs(at(0)) * 0.05 || 0.5;
  order.forEach((channel, k) => {
    const below = k > 0 ? at(k) - at(k - 1) : last > 0 ? at(1) - at(0) : 2 * alone;
    const above = k < last ? at(k + 1) - at(k) : last > 0 ? at(last) - at(last - 1) : 2 * alone;
    lower[channel] = back(at(k) - below / 2);
    upper[channel] = back(at(k) + above / 2);
  });
  return { lower, upper, order };
}

/** Enough for percentiles that nobody can tell from the exact ones, and sorted in no time. */
const SAMPLES = 5000;

/** Values below which `low` and `high` (0 to 1) of the visible pixels lie: outliers do not set the colours. */
export function percentileExtent(
  data: ImageData2D,
  view: TimeView,
  log: boolean,
  [low, high]: Shares = MOST_PIXELS
): Extent | null {
  const from = lowerBound(data.x1, secondsBetween(data.t0, view.start));
  const to = lowerBound(data.x0, secondsBetween(data.t0, view.stop));
  const begin = from * data.m;
  const count = (to - from) * data.m;
  // A stride that shares no factor with the channel number visits all channels alike.
  let stride = Math.max(1, Math.floor(count / SAMPLES));
  while (stride > 1 && gcd(stride, data.m) > 1) {
    stride += 1;
  }
  const picked = new Float64Array(Math.ceil(Math.max(count, 0) / stride));
  let n = 0;
  for (let i = 0; i < count; i += stride) {
    const value = data.z[begin + i]!;
    if (Number.isFinite(value) && (!log || value > 0)) {
      picked[n++] = value;
    }
  }
  if (n === 0) {
    return null;
  }
  const sorted = picked.subarray(0, n).sort();
  return [sorted[Math.floor(low * (n - 1))]!, sorted[Math.ceil(high * (n - 1))]!];
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A little air above and below, so that a line does not run along the frame. */
export function padExtent([lo, hi]: Extent, log: boolean, share = 0.06): Extent {
  if (log) {
    const factor = Math.pow(hi / lo, share) || 1;
    return hi > lo ? [lo / factor, hi * factor] : [lo / 2, hi * 2];
  }
  const air = (hi - lo) * share || Math.abs(hi) * 0.1 || 1;
  return [lo - air, hi + air];
}

/**
 * The range to show when data asks for `next` and `current` is shown: the old one while it fits,
 * so that an axis does not tremble with every answer.
 */
export function settle(current: Extent | null, next: Extent, log: boolean): Extent {
  if (!current || (log && current[0] <= 0)) {
    return padExtent(next, log);
  }
  const size = ([a, b]: Extent): number => (log ? Math.log(b / a) : b - a);
  const fits = next[0] >= current[0] && next[1] <= current[1];
  return fits && size(next) > 0.6 * size(current) ? current : padExtent(next, log);
}
