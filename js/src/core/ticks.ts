/** Ticks of value axes, with what all labels share (a power of ten, an offset) written once. */
import { ticks as niceTicks, tickStep } from 'd3-array';
import { precisionFixed } from 'd3-format';

import { toUnit } from './scale';
import type { Scale } from './scale';
import { powerLabel, trueMinus } from './text';

export interface Tick {
  value: number;
  /** Empty for a minor tick. */
  label: string;
}

export interface AxisTicks {
  ticks: Tick[];
  /** `×10⁷`, `+ 112.2143`: what every label has to be multiplied with, then added to; mostly empty. */
  note: string;
}

/** Labels with more digits than this are counted from an offset. */
const MOST_DIGITS = 7;

const decade = (value: number): number => Math.floor(Math.log10(value) + 1e-9);

/** About `count` labelled ticks, and minor ones without label between them. */
export function axisTicks(scale: Scale, count: number): AxisTicks {
  const wanted = Math.max(2, count);
  if (scale.knee > 0) {
    return symlogTicks(scale, wanted);
  }
  return scale.log ? logTicks(scale, wanted) : linearTicks(scale, wanted);
}

function linearTicks({ lo, hi }: Scale, count: number): AxisTicks {
  const step = tickStep(lo, hi, count);
  const values = niceTicks(lo, hi, count);
  const offset = offsetOf(values, step, hi - lo);
  const rest = values.map(value => value - offset);
  const power = powerOf(rest);
  const unit = Math.pow(10, power);
  const digits = Math.min(20, precisionFixed(step / unit));
  const label = (value: number): string =>
    Math.abs(value) < step * 1e-9 ? '0' : trueMinus((value / unit).toFixed(digits));
  const named = values.map((value, i) => ({ value, label: label(rest[i]!) }));
  return { ticks: withMinor(named, step, lo, hi), note: noteOf(power, offset, hi - lo) };
}

/** What the labels are counted from: 0, unless they would differ in their last digits only. */
function offsetOf(values: readonly number[], step: number, span: number): number {
  const size = Math.max(...values.map(Math.abs), 0);
  if (size === 0 || decade(size) - decade(step) + 1 <= MOST_DIGITS) {
    return 0;
  }
  const unit = Math.pow(10, decade(span) + 1);
  return Math.floor(values[0]! / unit) * unit;
}

function powerOf(values: readonly number[]): number {
  const size = Math.max(...values.map(Math.abs), 0);
  const power = size > 0 ? decade(size) : 0;
  return power > -4 && power < 6 ? 0 : power;
}

function noteOf(power: number, offset: number, span: number): string {
  const factor = power === 0 ? '' : `×${powerLabel('1', power)}`;
  if (offset === 0) {
    return factor;
  }
  const digits = Math.min(20, Math.max(0, -(decade(span) + 1)));
  const shift = `${offset < 0 ? '−' : '+'} ${Math.abs(offset).toFixed(digits)}`;
  return factor === '' ? shift : `${factor} ${shift}`;
}

function withMinor(named: Tick[], step: number, lo: number, hi: number): Tick[] {
  const parts = Math.round(step / Math.pow(10, decade(step))) === 2 ? 4 : 5;
  const out = new Map(named.map(tick => [Math.round((tick.value / step) * parts), tick]));
  const fine = step / parts;
  for (let k = Math.ceil(lo / fine - 1e-6); k * fine <= hi + fine * 1e-6 && out.size < 200; k++) {
    if (k % parts !== 0) {
      out.set(k, { value: k * fine, label: '' });
    }
  }
  return [...out.values()].sort((a, b) => a.value - b.value);
}

function logTicks(scale: Scale, count: number): AxisTicks {
  const low = Math.log10(scale.lo);
  const high = Math.log10(scale.hi);
  const decades = high - low;
  if (decades < 1) {
    return linearTicks(scale, count);
  }
  const every = Math.max(1, Math.ceil(decades / count));
  // With room for it, 2 and 5 are labelled as well: one decade would have two labels otherwise.
  const labelled = (decades < 2 && count >= 4) || decades * 3 <= count ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent++) {
    for (let digit = 1; digit < (every > 1 ? 2 : 10); digit++) {
      const value = digit * Math.pow(10, exponent);
      if (value >= scale.lo * (1 - 1e-9) && value <= scale.hi * (1 + 1e-9)) {
        const named = labelled.includes(digit) && exponent % every === 0;
        ticks.push({ value, label: named ? decadeLabel(digit, exponent) : '' });
      }
    }
  }
  return { ticks, note: '' };
}

/** Zero and the powers of ten of both signs from the knee on. */
function symlogTicks(scale: Scale, count: number): AxisTicks {
  const first = Math.round(Math.log10(scale.knee));
  const last = Math.floor(Math.log10(Math.max(-scale.lo, scale.hi)) + 1e-9);
  const every = Math.max(1, Math.ceil((2 * (last - first + 1)) / Math.max(2, count)));
  const ticks: Tick[] = [{ value: 0, label: '0' }];
  for (let exponent = last; exponent >= first; exponent--) {
    const value = Math.pow(10, exponent);
    // Around zero the powers crowd: zero itself is what has to be read there.
    const clear = toUnit(scale, value) - toUnit(scale, 0) > 0.4 / count;
    const label = clear && (last - exponent) % every === 0 ? decadeLabel(1, exponent) : '';
    ticks.push({ value, label }, { value: -value, label: label === '' ? '' : `−${label}` });
  }
  const inside = ticks.filter(({ value }) => value >= scale.lo && value <= scale.hi);
  inside.sort((a, b) => a.value - b.value);
  return inside.filter(tick => tick.label !== '').length < 2 ? linearTicks(scale, count) : { ticks: inside, note: '' };
}

function decadeLabel(digit: number, exponent: number): string {
  if (exponent >= -2 && exponent <= 3) {
    return (digit * Math.pow(10, exponent)).toFixed(Math.max(0, -exponent));
  }
  return powerLabel(String(digit), exponent);
}
