/** What the readout says at an instant. */
import type { ImageData2D, LineData } from './decode';
import { channelEdges, lowerBound } from './range';
import { formatValue } from './text';
import { secondsBetween } from './time';

export interface LineSample {
  column: string;
  text: string;
}

/** Index of the sample nearest to `seconds`, or -1. */
export function nearestIndex(t: Float64Array, seconds: number): number {
  if (t.length === 0) {
    return -1;
  }
  const right = lowerBound(t, seconds);
  if (right === 0) {
    return 0;
  }
  if (right === t.length) {
    return right - 1;
  }
  return seconds - t[right - 1]! <= t[right]! - seconds ? right - 1 : right;
}

/** Values at the sample nearest to `ns`; a pixel column of many samples shows its range. */
export function readLine(data: LineData, ns: bigint, digits = 5): LineSample[] {
  // The entries of m4 are left edges: the nearest centre is the nearest edge half a column earlier.
  const i = nearestIndex(data.t, secondsBetween(data.t0, ns) - data.dt / 2);
  if (i < 0) {
    return [];
  }
  return data.columns.map((column, c) => {
    const y = data.y[c]!;
    if (data.mode === 'raw') {
      return { column, text: formatValue(y[i]!, digits) };
    }
    const low = y[data.n + i]!;
    const high = y[2 * data.n + i]!;
    const range = `${formatValue(low, digits - 1)} … ${formatValue(high, digits - 1)}`;
    const text = low === high ? formatValue(low, digits) : range;
    return { column, text };
  });
}

export interface ImageSample {
  channel: number;
  value: number;
  /** The value to as many digits as it is known, with a sign where these are few. */
  text: string;
}

/** Channel and value under (`ns`, `y`); null where there is no column or channel. */
export function readImage(data: ImageData2D, ns: bigint, y: number, digits = 5): ImageSample | null {
  const seconds = secondsBetween(data.t0, ns);
  const i = lowerBound(data.x1, seconds);
  if (i >= data.n || data.x0[i]! > seconds) {
    return null;
  }
  const row = data.yVarying ? i : 0;
  const centres = data.y.subarray(row * data.m, (row + 1) * data.m);
  const edges = channelEdges(centres, data.yLog);
  const channel = edges?.order.find(k => edges.lower[k]! <= y && y < edges.upper[k]!);
  if (channel === undefined) {
    return null;
  }
  const value = data.z[i * data.m + channel]!;
  const rough = data.rough === true && Number.isFinite(value) && value !== 0;
  return { channel: centres[channel]!, value, text: rough ? `≈ ${formatValue(value, digits - 2)}` : formatValue(value, digits) };
}
