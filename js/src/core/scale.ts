/** Linear and logarithmic value axes: mapping, ticks, labels. */
import { ticks as niceTicks, tickStep } from 'd3-array';
import { precisionFixed } from 'd3-format';

export interface Scale {
  readonly lo: number;
  readonly hi: number;
  readonly log: boolean;
}

export interface Tick {
  value: number;
  /** Empty for a minor tick. */
  label: string;
}

/** A scale that can be drawn: finite, increasing, and above zero when logarithmic. */
export function makeScale(lo: number, hi: number, log: boolean): Scale {
  let a = Math.min(lo, hi);
  let b = Math.max(lo, hi);
  if (!Number.isFinite(a) || !Number.isFinite(b)) {
    return log ? { lo: 0.1, hi: 10, log } : { lo: -1, hi: 1, log };
  }
  if (log) {
    if (b <= 0) {
      return { lo: 0.1, hi: 10, log };
    }
    if (a <= 0) {
      a = b / 1e3;
    }
    if (b / a < 1 + 1e-9) {
      a /= 1.5;
      b *= 1.5;
    }
    return { lo: a, hi: b, log };
  }
  if (b - a <= Math.max(Math.abs(a), Math.abs(b)) * 1e-12) {
    const half = a === 0 ? 1 : Math.abs(a) * 0.1;
    a -= half;
    b += half;
  }
  return { lo: a, hi: b, log };
}

/** 0 at the low end, 1 at the high end; NaN for what a logarithm cannot take. */
export function toUnit(scale: Scale, value: number): number {
  if (!scale.log) {
    return (value - scale.lo) / (scale.hi - scale.lo);
  }
  return value > 0 ? Math.log(value / scale.lo) / Math.log(scale.hi / scale.lo) : NaN;
}

export function fromUnit(scale: Scale, unit: number): number {
  return scale.log
    ? scale.lo * Math.pow(scale.hi / scale.lo, unit)
    : scale.lo + unit * (scale.hi - scale.lo);
}

/** Scale the extent by `factor` around the value at `anchor` (0 low end, 1 high end). */
export function zoomScale(scale: Scale, factor: number, anchor: number): Scale {
  const zoomed = makeScale(
    fromUnit(scale, anchor - anchor * factor),
    fromUnit(scale, anchor + (1 - anchor) * factor),
    scale.log
  );
  return usable(zoomed) ? zoomed : scale;
}

/** Move by a fraction of the extent. */
export function panScale(scale: Scale, fraction: number): Scale {
  const moved = makeScale(fromUnit(scale, fraction), fromUnit(scale, 1 + fraction), scale.log);
  return usable(moved) ? moved : scale;
}

function usable({ lo, hi, log }: Scale): boolean {
  return log ? lo > 1e-200 && hi < 1e200 && hi / lo < 1e100 : Math.max(-lo, hi) < 1e200;
}

const SUPERSCRIPT: Record<string, string> = {
  '-': '⁻', '0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷', '8': '⁸', '9': '⁹'
};

/** `10⁴`, `2×10⁻⁷`. */
export function powerLabel(mantissa: string, exponent: number): string {
  const power = `10${[...String(exponent)].map(digit => SUPERSCRIPT[digit]).join('')}`;
  return mantissa === '1' ? power : `${mantissa}×${power}`;
}

const minus = (text: string): string => text.replace('-', '−');

/** Label of a value on an axis whose ticks lie `step` apart and reach up to `size`. */
export function formatTick(value: number, step: number, size = Math.abs(value)): string {
  if (value === 0 || Math.abs(value) < step * 1e-9) {
    return '0';
  }
  const exponent = Math.floor(Math.log10(size) + 1e-12);
  if (exponent > -4 && exponent < 6) {
    return minus(value.toFixed(precisionFixed(step)));
  }
  // One power for the whole axis, so that its labels compare at a glance.
  const digits = Math.min(15, Math.max(0, exponent - Math.floor(Math.log10(step) + 1e-9)));
  return powerLabel(minus((value / Math.pow(10, exponent)).toFixed(digits)), exponent);
}

/** A value for the readout, `digits` significant digits. */
export function formatValue(value: number, digits = 5): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(digits - 2).split('e');
    return powerLabel(minus(mantissa!), Number(exponent));
  }
  return minus(String(Number(value.toPrecision(digits))));
}

function linearTicks(scale: Scale, count: number): Tick[] {
  const step = tickStep(scale.lo, scale.hi, count);
  const values = niceTicks(scale.lo, scale.hi, count);
  const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.map(value => ({ value, label: formatTick(value, step, size) }));
}

function logTicks(scale: Scale, count: number): Tick[] {
  const low = Math.log10(scale.lo);
  const high = Math.log10(scale.hi);
  const decades = high - low;
  if (decades < 1) {
    return linearTicks(scale, count);
  }
  const every = Math.max(1, Math.ceil(decades / count));
  // With room for it, 2 and 5 are labelled as well: one decade would have two labels otherwise.
  const labelled = (decades < 2 && count >= 4) || decades * 3 <= count ? [1, 2, 5] : [1];
  const out: Tick[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent++) {
    const power = Math.pow(10, exponent);
    for (let digit = 1; digit < 10; digit++) {
      const value = digit * power;
      if (value < scale.lo * (1 - 1e-9) || value > scale.hi * (1 + 1e-9)) {
        continue;
      }
      if (digit > 1 && every > 1) {
        break;
      }
      const named = labelled.includes(digit) && exponent % every === 0;
      out.push({ value, label: named ? logLabel(digit, exponent) : '' });
    }
  }
  return out;
}

function logLabel(digit: number, exponent: number): string {
  if (exponent >= -2 && exponent <= 3) {
    return (digit * Math.pow(10, exponent)).toFixed(Math.max(0, -exponent));
  }
  return powerLabel(String(digit), exponent);
}

/** About `count` ticks with labels, and minor ones without on a logarithmic scale. */
export function valueTicks(scale: Scale, count: number): Tick[] {
  return scale.log ? logTicks(scale, Math.max(2, count)) : linearTicks(scale, Math.max(2, count));
}
