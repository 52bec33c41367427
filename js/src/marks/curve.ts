/** Curves of two values against each other: joined or as points, in one colour or in those of time. */
import { cssColor, lookupTable } from '../core/colormap';
import type { Floats } from '../core/numbers';
import type { Point } from '../core/layout';
import { toUnit } from '../core/scale';
import type { Scale } from '../core/scale';
import type { AxisStyle } from './axes';
import type { Rect, Surface } from './surface';

/** A plot with two axes of values. */
export interface Place {
  rect: Rect;
  x: Scale;
  y: Scale;
}

export interface CurveStyle {
  color: string;
  /** Of the colours of time; null: one colour. */
  colormap: string | null;
  points: boolean;
  width: number;
}

/** Colours that the eye tells apart along a curve. */
const STEPS = 48;
const DOT = 1.5;
/** Pixels beyond the plot at which points are held: huge coordinates make strokes slow. */
const BEYOND = 4000;
const MARK = 4;

/** Run `draw` with everything outside of a rectangle cut off. */
export function clipToRect(surface: Surface, { x, y, width, height }: Rect, draw: () => void): void {
  surface.save();
  surface.beginPath();
  surface.rect(x, y, width, height);
  surface.clip();
  draw();
  surface.restore();
}

/** The points in pixels; NaN where the pen is lifted. */
function pixels({ rect, x, y }: Place, a: Floats, b: Floats): Float64Array {
  const out = new Float64Array(a.length * 2);
  const hold = (v: number, low: number, size: number): number => Math.min(Math.max(v, low - BEYOND), low + size + BEYOND);
  for (let i = 0; i < a.length; i++) {
    out[2 * i] = hold(rect.x + rect.width * toUnit(x, a[i]!), rect.x, rect.width);
    out[2 * i + 1] = hold(rect.y + rect.height * (1 - toUnit(y, b[i]!)), rect.y, rect.height);
  }
  return out;
}

/** Draw the points in their order; `t` are their times, of which colours may tell. */
export function drawCurve(
  surface: Surface,
  place: Place,
  t: Float64Array,
  parts: readonly [Floats, Floats],
  style: CurveStyle
): void {
  const at = pixels(place, ...parts);
  const n = t.length;
  surface.lineWidth = style.width;
  surface.lineJoin = 'bevel';
  for (const { from, to, color } of bands(t, style)) {
    surface.strokeStyle = color;
    surface.fillStyle = color;
    surface.beginPath();
    if (style.points) {
      dots(surface, at, from, to);
    } else {
      // One point further, so that bands of colours join.
      join(surface, at, from, Math.min(to + 1, n));
    }
  }
}

function join(surface: Surface, at: Float64Array, from: number, to: number): void {
  let down = false;
  for (let i = from; i < to; i++) {
    const [x, y] = [at[2 * i]!, at[2 * i + 1]!];
    if (Number.isNaN(x) || Number.isNaN(y)) {
      down = false;
    } else if (down) {
      surface.lineTo(x, y);
    } else {
      surface.moveTo(x, y);
      down = true;
    }
  }
  surface.stroke();
}

function dots(surface: Surface, at: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const [x, y] = [at[2 * i]!, at[2 * i + 1]!];
    if (!Number.isNaN(x) && !Number.isNaN(y)) {
      surface.rect(x - DOT, y - DOT, 2 * DOT, 2 * DOT);
    }
  }
  surface.fill();
}

/** Stretches of one colour. */
function bands(t: Float64Array, { color, colormap }: CurveStyle): { from: number; to: number; color: string }[] {
  const n = t.length;
  if (colormap === null || n < 2) {
    return [{ from: 0, to: n, color }];
  }
  const span = t[n - 1]! - t[0]! || 1;
  const step = (i: number): number => Math.min(STEPS - 1, Math.floor((STEPS * (t[i]! - t[0]!)) / span));
  const table = lookupTable(colormap);
  const out: { from: number; to: number; color: string }[] = [];
  for (let from = 0; from < n; ) {
    const band = step(from);
    let to = from + 1;
    while (to < n && step(to) === band) {
      to += 1;
    }
    out.push({ from, to, color: cssColor(table, Math.round((255 * band) / (STEPS - 1))) });
    from = to;
  }
  return out;
}

/** Where a curve starts, an open ring, and where it stops, a full square. */
export function drawEnds(surface: Surface, start: Point | null, stop: Point | null, color: string, ground: string): void {
  surface.strokeStyle = color;
  surface.lineWidth = 1.6;
  if (start) {
    surface.beginPath();
    surface.arc(start.x, start.y, MARK, 0, 2 * Math.PI);
    surface.fillStyle = ground;
    surface.fill();
    surface.stroke();
  }
  if (stop) {
    surface.fillStyle = color;
    surface.fillRect(stop.x - MARK, stop.y - MARK, 2 * MARK, 2 * MARK);
  }
}

/** A place on an orbit with its time beside it, on the side that is away from `centre`. */
export function drawTimeMark(surface: Surface, at: Point, label: string, centre: Point, color: string, style: AxisStyle): void {
  surface.fillStyle = color;
  surface.beginPath();
  surface.arc(at.x, at.y, 2.4, 0, 2 * Math.PI);
  surface.fill();
  const right = at.x >= centre.x;
  surface.font = style.smallFont;
  surface.textAlign = right ? 'left' : 'right';
  surface.textBaseline = 'middle';
  surface.strokeStyle = style.background;
  surface.fillStyle = style.foreground;
  surface.fillText(label, at.x + (right ? 6 : -6), at.y + (at.y > centre.y ? 6 : -6));
}

/** The key to the colours of time: a strip with the first and the last instant. */
export function drawTimeKey(surface: Surface, rect: Rect, colormap: string, ends: readonly [string, string], style: AxisStyle): void {
  const [width, height] = [64, 6];
  surface.font = style.smallFont;
  const stop = surface.measureText(ends[1]).width;
  const left = rect.x + rect.width - 8 - stop - 4 - width;
  const top = rect.y + rect.height - 14;
  const table = lookupTable(colormap);
  for (let i = 0; i < 32; i++) {
    surface.fillStyle = cssColor(table, Math.round((255 * i) / 31));
    surface.fillRect(left + (i * width) / 32, top, width / 32 + 0.5, height);
  }
  surface.fillStyle = style.foreground;
  surface.textBaseline = 'middle';
  surface.textAlign = 'right';
  surface.fillText(ends[0], left - 4, top + height / 2);
  surface.textAlign = 'left';
  surface.fillText(ends[1], left + width + 4, top + height / 2);
}
