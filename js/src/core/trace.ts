/** Places on a curve at instants. */
import { lowerBound } from './range';
import type { Floats } from './numbers';

/** Values at an instant, between the points on either side; null outside of them and in holes. */
export function positionAt(t: Float64Array, seconds: number, parts: readonly Floats[]): number[] | null {
  const n = t.length;
  const slack = n > 1 ? ((t[n - 1]! - t[0]!) / (n - 1)) * 1.5 : Infinity;
  if (n === 0 || seconds < t[0]! - slack || seconds > t[n - 1]! + slack) {
    return null;
  }
  const right = Math.min(lowerBound(t, seconds), n - 1);
  const left = Math.max(0, right - 1);
  const length = t[right]! - t[left]!;
  const share = length > 0 ? Math.min(Math.max((seconds - t[left]!) / length, 0), 1) : 0;
  // An end of the curve has a neighbour on one side alone.
  const out = parts.map(part => (share === 1 ? part[right]! : part[left]! + (length > 0 ? share * (part[right]! - part[left]!) : 0)));
  return out.every(Number.isFinite) ? out : null;
}
