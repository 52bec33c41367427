/** Linear, logarithmic and symmetric logarithmic value axes: mapping and limits. */

export interface Scale {
  readonly lo: number;
  readonly hi: number;
  readonly log: boolean;
  /**
   * Where a symmetric logarithmic axis (values of both signs) turns from linear, around zero, to
   * logarithmic; 0 on every other axis.
   */
  readonly knee: number;
}

/** A scale that can be drawn: finite, increasing, and above zero when logarithmic. */
export function makeScale(lo: number, hi: number, log: boolean, knee = 0): Scale {
  const [a, b] = log ? logLimits(Math.min(lo, hi), Math.max(lo, hi)) : limits(Math.min(lo, hi), Math.max(lo, hi));
  return { lo: a, hi: b, log, knee: log ? 0 : knee };
}

/** Beyond it the difference of two limits would be infinite, and nothing could be placed between. */
const LARGEST = 8e307;

const within = (value: number): number => Math.max(-LARGEST, Math.min(LARGEST, value));

function limits(low: number, high: number): [number, number] {
  if (Number.isNaN(low) || Number.isNaN(high)) {
    return [-1, 1];
  }
  const [a, b] = [within(low), within(high)];
  // Some fifty steps of double precision: closer values differ by rounding errors.
  if (b - a <= Math.max(Math.abs(a), Math.abs(b)) * 1e-14) {
    const half = a === 0 ? 1 : Math.abs(a) * 0.1;
    return [a - half, b + half];
  }
  return [a, b];
}

function logLimits(a: number, b: number): [number, number] {
  if (!Number.isFinite(a) || !Number.isFinite(b) || b <= 0) {
    return [0.1, 10];
  }
  const low = a <= 0 ? b / 1e3 : a;
  return b / low < 1 + 1e-9 ? [low / 1.5, b * 1.5] : [low, b];
}

/** The knee for values up to `size`: three decades below, so that noise around zero stays flat. */
export function kneeFor(size: number): number {
  return size > 0 && Number.isFinite(size) ? Math.pow(10, Math.ceil(Math.log10(size)) - 3) : 1;
}

/** The value as the axis sees it: what lies evenly on the axis has even differences. */
export function warp({ log, knee }: Scale, value: number): number {
  if (log) {
    return value > 0 ? Math.log(value) : NaN;
  }
  return knee > 0 ? Math.sign(value) * Math.log1p(Math.abs(value) / knee) : value;
}

function unwarp({ log, knee }: Scale, at: number): number {
  if (log) {
    return Math.exp(at);
  }
  return knee > 0 ? Math.sign(at) * Math.expm1(Math.abs(at)) * knee : at;
}

/** 0 at the low end, 1 at the high end; NaN for what a logarithm cannot take. */
export function toUnit(scale: Scale, value: number): number {
  const low = warp(scale, scale.lo);
  return (warp(scale, value) - low) / (warp(scale, scale.hi) - low);
}

export function fromUnit(scale: Scale, unit: number): number {
  const low = warp(scale, scale.lo);
  return unwarp(scale, low + unit * (warp(scale, scale.hi) - low));
}

/** Scale the extent by `factor` around the value at `anchor` (0 low end, 1 high end). */
export function zoomScale(scale: Scale, factor: number, anchor: number): Scale {
  const zoomed = makeScale(
    fromUnit(scale, anchor - anchor * factor),
    fromUnit(scale, anchor + (1 - anchor) * factor),
    scale.log,
    scale.knee
  );
  return usable(zoomed) ? zoomed : scale;
}

/** Move by a fraction of the extent. */
export function panScale(scale: Scale, fraction: number): Scale {
  const moved = makeScale(fromUnit(scale, fraction), fromUnit(scale, 1 + fraction), scale.log, scale.knee);
  return usable(moved) ? moved : scale;
}

function usable({ lo, hi, log }: Scale): boolean {
  return log ? lo > 1e-200 && hi < 1e200 && hi / lo < 1e100 : Math.max(-lo, hi) < LARGEST;
}
