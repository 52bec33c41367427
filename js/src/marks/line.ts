/** Lines, steps and points, from raw samples or from first, min, max, last of pixel columns. */
import type { LineData } from '../core/decode';
import type { Floats } from '../core/numbers';
import { lowerBound } from '../core/range';
import { warp } from '../core/scale';
import { secondsBetween } from '../core/time';
import { timeToX, valueToY } from './frame';
import type { Affine, Frame } from './frame';
import { drawDots, drawMarkers } from './marker';
import type { LineStyle, Marker } from '../protocol';
import type { Surface } from './surface';

/** Pixels outside of the plot at which lines are cut: huge coordinates make strokes slow. */
const BEYOND = 4000;
const DOT = 1.6;
/** Radius of markers that have a shape. */
const MARK = 3.5;
/** Lines up to this many pixels wide may be drawn as bars. */
const MOST_BAR = 1.5;
/** Lone samples with others within this many pixels on both sides are as fine as the line there. */
const CROWDED = 2;
/** Samples further apart than this many pixels are marked one by one. */
const SPARSE = 14;
/** Columns up to this many pixels wide are drawn as bars: 3 to 20 times cheaper than a stroke. */
const BAR = 2.5;
/** With this many points to a pixel a line is one pixel wide, which software rasterisers draw 7 times faster. */
const MANY = 0.5;

/** What the user chose of lines; nothing when left out. */
export interface LineLook {
  /** In pixels; null: thin. */
  width?: number | null;
  marker?: Marker;
}

/** Draw the columns that are not hidden; `halo` makes everything thicker by so many pixels on each side. */
export function drawLine(
  surface: Surface,
  frame: Frame,
  data: LineData,
  colors: readonly string[],
  hidden: ReadonlySet<string>,
  pixelRatio = 1,
  style: LineStyle = 'line',
  halo = 0,
  look: LineLook = {}
): void {
  const x = timeToX(frame, data.t0);
  const y = valueToY(frame);
  const low = frame.rect.y - BEYOND;
  const high = frame.rect.y + frame.rect.height + BEYOND;
  const bottom = frame.rect.y + frame.rect.height;
  const straight = !frame.y.log && frame.y.knee === 0;
  const toY = (value: number): number => {
    // NaN stays NaN, as does what a logarithm cannot take.
    // Differences from the axis' end are exact, also where all values lie far from zero.
    const at = straight ? bottom + y.a * (value - frame.y.lo) : y.a * warp(frame.y, value) + y.b;
    return at < low ? low : at > high ? high : at;
  };
  // One sample on either side of the view, so that lines leave through the border.
  const from = Math.max(0, lowerBound(data.t, secondsBetween(data.t0, frame.view.start)) - 2);
  const to = Math.min(data.n, lowerBound(data.t, secondsBetween(data.t0, frame.view.stop)) + 2);
  const { width = null, marker = 'none' } = look;
  // Of the points' density, not of their number: parts of one line look alike.
  const across = to > from ? (data.t[to - 1]! - data.t[from]!) * x.a : 0;
  const pen = (width ?? (to - from > MANY * across ? 1 : 1.4)) + 2 * halo;
  // Bars are as wide as their columns: a wide line that is steep would look thin.
  const bars = (width ?? 1) <= MOST_BAR;
  surface.lineJoin = 'bevel';
  data.columns.forEach((name, c) => {
    if (hidden.has(name)) {
      return;
    }
    surface.strokeStyle = colors[c] ?? colors[0]!;
    surface.fillStyle = surface.strokeStyle;
    const values = data.y[c]!;
    const steps = style === 'steps';
    surface.lineWidth = pen;
    const points = (shape: Marker): void => {
      const radius = Math.max(shape === 'none' ? DOT : MARK, 0.5 * (width ?? 0) + DOT) + halo;
      drawMarkers(surface, pointsOf(data, values, from, to, x, toY), shape, radius);
    };
    if (style === 'points') {
      points(marker);
      return;
    }
    if (data.mode === 'm4' && data.dt * x.a <= BAR && bars) {
      fillColumns(surface, data, values, from, to, x, toY, pixelRatio, halo + (width ?? 1.1) / 2 - 0.55);
    } else if (data.mode === 'm4') {
      strokeColumns(surface, data, values, from, to, x, toY, steps);
    } else {
      strokeSamples(surface, data, values, from, to, x, toY, steps);
    }
    if (marker !== 'none') {
      points(marker);
    }
  });
}

function strokeSamples(
  surface: Surface,
  { t, n }: LineData,
  values: Floats,
  from: number,
  to: number,
  x: Affine,
  toY: (value: number) => number,
  steps: boolean
): void {
  const sparse = to - from > 1 && ((t[to - 1]! - t[from]!) * x.a) / (to - from - 1) > SPARSE;
  const dots: number[] = [];
  const specks: number[] = [];
  // A lone sample is a dot, unless others are so near that a row of dots would look like a mark.
  const alone = (i: number): void => {
    (isNear(t, values, n, i, -1, x.a) && isNear(t, values, n, i, 1, x.a) ? specks : dots).push(i);
  };
  let length = 0;
  let held = NaN;
  surface.beginPath();
  for (let i = from; i < to; i++) {
    const py = toY(values[i]!);
    if (Number.isNaN(py)) {
      if (length === 1 && !sparse) {
        alone(i - 1);
      }
      length = 0;
      continue;
    }
    const px = x.a * t[i]! + x.b;
    if (length === 0) {
      surface.moveTo(px, py);
    } else {
      if (steps) {
        // A sample holds until the next one.
        surface.lineTo(px, held);
      }
      surface.lineTo(px, py);
    }
    held = py;
    length += 1;
    if (sparse) {
      dots.push(i);
    }
  }
  if (length === 1 && !sparse) {
    alone(to - 1);
  }
  surface.stroke();
  specks.forEach(i => surface.fillRect(x.a * t[i]! + x.b - 0.5, toY(values[i]!) - 0.5, 1, 1));
  drawDots(
    surface,
    dots.map(i => [x.a * t[i]! + x.b, toY(values[i]!)])
  );
}

/** Whether a sample before (`step` -1) or after (1) the one at `i` lies close to it. */
function isNear(t: Float64Array, values: Floats, n: number, i: number, step: -1 | 1, perSecond: number): boolean {
  for (let j = i + step; j >= 0 && j < n && Math.abs(t[j]! - t[i]!) * perSecond < CROWDED; j += step) {
    if (!Number.isNaN(values[j]!)) {
      return true;
    }
  }
  return false;
}

/** One bar per pixel column, from its minimum to its maximum and to where the column before ended. */
function fillColumns(
  surface: Surface,
  { t, n, dt }: LineData,
  values: Floats,
  from: number,
  to: number,
  x: Affine,
  toY: (value: number) => number,
  pixelRatio: number,
  halo: number
): void {
  // Borders on whole device pixels: blurred ones make a line paler while it moves.
  const snap = (px: number): number => Math.round(px * pixelRatio) / pixelRatio;
  const half = 0.55 + halo;
  const thin = Math.round(pixelRatio) / pixelRatio;
  const dots: [number, number][] = [];
  // Columns that begin in one device pixel make one bar: drawn twice, its soft ends would darken.
  let [barLeft, barRight, barTop, barBottom] = [NaN, NaN, NaN, NaN];
  const flush = (): void => {
    if (!Number.isNaN(barLeft)) {
      surface.fillRect(barLeft, barTop - half, Math.max(barRight - barLeft, thin), barBottom - barTop + 2 * half);
    }
  };
  let before = NaN;
  let alone: [number, number] | null = null;
  for (let i = from; i < to; i++) {
    const high = toY(values[2 * n + i]!);
    const lowest = toY(values[n + i]!);
    const low = Number.isNaN(lowest) ? high : lowest;
    if (Number.isNaN(high)) {
      if (alone) {
        dots.push(alone);
      }
      alone = null;
      before = NaN;
      continue;
    }
    const joined = !Number.isNaN(before);
    // Pixels count downwards: the highest value has the smallest y.
    const top = joined ? Math.min(high, before) : high;
    const bottom = joined ? Math.max(low, before) : low;
    const left = snap(x.a * t[i]! + x.b);
    const right = snap(x.a * (t[i]! + dt) + x.b);
    if (left === barLeft) {
      barRight = Math.max(right, barRight);
      barTop = Math.min(top, barTop);
      barBottom = Math.max(bottom, barBottom);
    } else {
      flush();
      barLeft = left;
      barRight = right;
      barTop = top;
      barBottom = bottom;
    }
    alone = !joined && low - high < 1 ? [(left + Math.max(right, left + thin)) / 2, high] : null;
    const last = toY(values[3 * n + i]!);
    before = Number.isNaN(last) ? low : last;
  }
  flush();
  if (alone) {
    dots.push(alone);
  }
  drawDots(surface, dots);
}

function strokeColumns(
  surface: Surface,
  { t, n, dt }: LineData,
  values: Floats,
  from: number,
  to: number,
  x: Affine,
  toY: (value: number) => number,
  steps: boolean
): void {
  let held = NaN;
  const dots: [number, number][] = [];
  let down = false;
  let alone: [number, number] | null = null;
  surface.beginPath();
  for (let i = from; i < to; i++) {
    const first = toY(values[i]!);
    const px = x.a * (t[i]! + dt / 2) + x.b;
    const low = toY(values[n + i]!);
    const high = toY(values[2 * n + i]!);
    const last = toY(values[3 * n + i]!);
    // A column with some samples may still have a first or last that a log axis cannot show.
    if (Number.isNaN(high)) {
      if (alone) {
        dots.push(alone);
      }
      alone = null;
      down = false;
      continue;
    }
    const bottom = Number.isNaN(low) ? high : low;
    const entry = Number.isNaN(first) ? bottom : first;
    const exit = Number.isNaN(last) ? bottom : last;
    if (down) {
      if (steps) {
        surface.lineTo(px, held);
      }
      surface.lineTo(px, entry);
      alone = null;
    } else {
      surface.moveTo(px, entry);
      alone = bottom === high ? [px, entry] : null;
      down = true;
    }
    if (bottom !== high) {
      surface.lineTo(px, bottom);
      surface.lineTo(px, high);
      surface.lineTo(px, exit);
    }
    held = bottom !== high ? exit : entry;
  }
  if (alone) {
    dots.push(alone);
  }
  surface.stroke();
  drawDots(surface, dots);
}

/** Every sample, or the extremes of every column: what lies between these two cannot be told apart. */
function pointsOf(
  { mode, t, n, dt }: LineData,
  values: Floats,
  from: number,
  to: number,
  x: Affine,
  toY: (value: number) => number
): [number, number][] {
  const dots: [number, number][] = [];
  for (const part of mode === 'm4' ? [1, 2] : [0]) {
    for (let i = from; i < to; i++) {
      const py = toY(values[part * n + i]!);
      if (!Number.isNaN(py)) {
        dots.push([x.a * (t[i]! + dt / 2) + x.b, py]);
      }
    }
  }
  return dots;
}
