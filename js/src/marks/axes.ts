/** Frames, grids, ticks and labels of plots, and the colour bar. */
import { cssColor, lookupTable } from '../core/colormap';
import { toUnit } from '../core/scale';
import type { Scale } from '../core/scale';
import { axisTicks } from '../core/ticks';
import type { AxisTicks, Tick } from '../core/ticks';
import { timeTicks } from '../core/timeticks';
import type { TimeTick } from '../core/timeticks';
import type { Frame } from './frame';
import { instantToX } from './frame';
import type { Rect, Surface } from './surface';

export interface AxisStyle {
  background: string;
  foreground: string;
  muted: string;
  grid: string;
  frame: string;
  font: string;
  smallFont: string;
  fontSize: number;
  /** Device pixels per CSS pixel; 1 when left out. */
  pixelRatio?: number;
}

const TICK = 4;

/** Ticks that have room at a height of `height` pixels. */
export function yTicks(scale: Scale, height: number): AxisTicks {
  return axisTicks(scale, Math.max(2, Math.min(10, Math.floor(height / 32))));
}

/** Widest label, for the layout. */
export function labelWidth(surface: Surface, ticks: readonly Tick[], style: AxisStyle): number {
  surface.font = style.font;
  return ticks.reduce((width, tick) => Math.max(width, surface.measureText(tick.label).width), 0);
}

export function axisTimeTicks(frame: Frame, style: AxisStyle): TimeTick[] {
  return timeTicks(frame.view, frame.rect.width, style.fontSize * 0.6);
}

/** Width of a thin line: a whole number of device pixels. */
const hairline = ({ pixelRatio = 1 }: AxisStyle): number => Math.max(1, Math.round(pixelRatio)) / pixelRatio;

/** Where the middle of a thin line has to lie for it to fill its device pixels. */
function crisp(v: number, style: AxisStyle): number {
  const { pixelRatio = 1 } = style;
  return Math.round(v * pixelRatio) / pixelRatio + hairline(style) / 2;
}

/** A thin frame right around a rectangle. */
function strokeAround(surface: Surface, { x, y, width, height }: Rect, style: AxisStyle): void {
  const line = hairline(style);
  const [left, top] = [crisp(x, style) - line, crisp(y, style) - line];
  surface.lineWidth = line;
  surface.strokeRect(left, top, crisp(x + width, style) - left, crisp(y + height, style) - top);
}

export function drawGrid(
  surface: Surface,
  frame: Frame,
  ticks: readonly Tick[],
  times: readonly TimeTick[],
  style: AxisStyle
): void {
  const { rect } = frame;
  surface.strokeStyle = style.grid;
  surface.lineWidth = hairline(style);
  surface.beginPath();
  for (const tick of ticks) {
    if (tick.label !== '') {
      const y = crisp(rect.y + rect.height * (1 - toUnit(frame.y, tick.value)), style);
      surface.moveTo(rect.x, y);
      surface.lineTo(rect.x + rect.width, y);
    }
  }
  for (const { t } of times) {
    const x = crisp(instantToX(frame, t), style);
    surface.moveTo(x, rect.y);
    surface.lineTo(x, rect.y + rect.height);
  }
  surface.stroke();
}

export function drawFrame(surface: Surface, frame: Frame, times: readonly TimeTick[], style: AxisStyle): void {
  const { rect } = frame;
  surface.strokeStyle = style.frame;
  strokeAround(surface, rect, style);
  surface.beginPath();
  for (const { t } of times) {
    const x = crisp(instantToX(frame, t), style);
    surface.moveTo(x, rect.y + rect.height);
    surface.lineTo(x, rect.y + rect.height + TICK);
  }
  surface.stroke();
}

/** Tick marks and labels beside the edge `x`; `side` -1 left, 1 right. */
function drawValueAxis(
  surface: Surface,
  scale: Scale,
  { ticks, note }: AxisTicks,
  rect: Rect,
  x: number,
  side: -1 | 1,
  style: AxisStyle
): void {
  surface.strokeStyle = style.frame;
  surface.fillStyle = style.foreground;
  surface.font = style.font;
  surface.textAlign = side < 0 ? 'right' : 'left';
  surface.textBaseline = 'middle';
  surface.lineWidth = hairline(style);
  surface.beginPath();
  const half = style.fontSize / 2;
  let previous = Infinity;
  for (const tick of ticks) {
    const y = rect.y + rect.height * (1 - toUnit(scale, tick.value));
    surface.moveTo(x, crisp(y, style));
    surface.lineTo(x + side * (tick.label === '' ? TICK / 2 : TICK), crisp(y, style));
    if (tick.label !== '' && previous - y >= style.fontSize * 1.05) {
      // Labels at the ends stay within the plot's height, or they touch those of the next plot.
      const inside = Math.min(Math.max(y, rect.y + half), rect.y + rect.height - half);
      surface.fillText(tick.label, x + side * (TICK + 3), inside);
      previous = y;
    }
  }
  surface.stroke();
  if (note !== '') {
    // Above the end of the axis, over the plot or the bar that it belongs to.
    surface.font = style.smallFont;
    surface.fillStyle = style.muted;
    surface.textAlign = side < 0 ? 'left' : 'right';
    surface.textBaseline = 'alphabetic';
    surface.fillText(note, x, rect.y - 3);
  }
}

/** Text turned by 90 degrees, centred on the plot's height and shortened to it. */
function drawVerticalLabel(surface: Surface, text: string, x: number, rect: Rect, style: AxisStyle): void {
  surface.save();
  surface.font = style.font;
  surface.fillStyle = style.foreground;
  surface.textAlign = 'center';
  surface.textBaseline = 'middle';
  surface.translate(x, rect.y + rect.height / 2);
  surface.rotate(-Math.PI / 2);
  const lines = fitLabel(surface, text, rect.height);
  lines.forEach((line, i) => {
    surface.fillText(line, 0, (i - (lines.length - 1) / 2) * style.fontSize * 1.15);
  });
  surface.restore();
}

/** One line, or two with the unit on its own, the name cut when it is still too long. */
function fitLabel(surface: Surface, text: string, room: number): string[] {
  const fits = (t: string): boolean => surface.measureText(t).width <= room;
  if (fits(text)) {
    return [text];
  }
  const bracket = text.lastIndexOf(' [');
  const parts = bracket > 0 ? [text.slice(0, bracket), text.slice(bracket + 1)] : [text];
  return parts.map(part => {
    let cut = part;
    while (cut.length > 1 && !fits(cut === part ? cut : `${cut}…`)) {
      cut = cut.slice(0, -1);
    }
    return cut === part ? part : `${cut}…`;
  });
}

/** Axis on the left (`side` -1) or right (1) border of a plot. */
export function drawYAxis(
  surface: Surface,
  frame: Frame,
  ticks: AxisTicks,
  label: string,
  labelX: number,
  style: AxisStyle,
  side: -1 | 1 = -1
): void {
  const { rect } = frame;
  const x = side < 0 ? Math.round(rect.x) : Math.round(rect.x + rect.width);
  drawValueAxis(surface, frame.y, ticks, rect, x, side, style);
  if (label !== '') {
    drawVerticalLabel(surface, label, labelX, frame.rect, style);
  }
}

/** Tick marks, labels and the name of an axis of values below a plot. */
export function drawXAxis(surface: Surface, scale: Scale, { ticks, note }: AxisTicks, rect: Rect, label: string, style: AxisStyle): void {
  const y = Math.round(rect.y + rect.height);
  surface.strokeStyle = style.frame;
  surface.fillStyle = style.foreground;
  surface.font = style.font;
  surface.textAlign = 'center';
  surface.textBaseline = 'top';
  surface.lineWidth = hairline(style);
  surface.beginPath();
  let free = -Infinity;
  for (const tick of ticks) {
    const x = crisp(rect.x + rect.width * toUnit(scale, tick.value), style);
    surface.moveTo(x, y);
    surface.lineTo(x, y + (tick.label === '' ? TICK / 2 : TICK));
    const half = surface.measureText(tick.label).width / 2;
    if (tick.label !== '' && x - half > free) {
      surface.fillText(tick.label, x, y + TICK + 2);
      free = x + half + 4;
    }
  }
  surface.stroke();
  const text = fitLabel(surface, note === '' ? label : `${label} ${note}`, rect.width).join(' ');
  surface.fillText(text, rect.x + rect.width / 2, y + TICK + 3 + style.fontSize * 1.2);
}

/** The line of an axis of time that stands below plots which have none themselves. */
export function drawTimeLine(surface: Surface, { rect, ...frame }: Frame, times: readonly TimeTick[], style: AxisStyle): void {
  const y = crisp(rect.y + rect.height, style);
  surface.strokeStyle = style.frame;
  surface.lineWidth = hairline(style);
  surface.beginPath();
  surface.moveTo(rect.x, y);
  surface.lineTo(rect.x + rect.width, y);
  for (const { t } of times) {
    const x = crisp(instantToX({ rect, ...frame }, t), style);
    surface.moveTo(x, y);
    surface.lineTo(x, y + TICK);
  }
  surface.stroke();
}

/** Time labels under the last plot, in two lines; none leaves the picture, which is `width` wide. */
export function drawTimeAxis(
  surface: Surface,
  frame: Frame,
  times: readonly TimeTick[],
  width: number,
  style: AxisStyle
): void {
  const { rect } = frame;
  const first = rect.y + rect.height + TICK + 3;
  const second = first + style.fontSize * 1.25;
  surface.font = style.font;
  surface.textBaseline = 'top';
  surface.textAlign = 'center';
  const inside = (text: string, x: number): number => {
    const half = surface.measureText(text).width / 2 + 1;
    return Math.max(half, Math.min(x, width - half));
  };
  const labelled = times.filter(tick => tick.context !== null);
  for (const tick of times) {
    const x = instantToX(frame, tick.t);
    surface.fillStyle = style.foreground;
    surface.fillText(tick.label, inside(tick.label, x), first);
    if (tick.context === null) {
      continue;
    }
    // The first date gives way when the next one follows too closely.
    const at = inside(tick.context, x);
    const next = labelled[labelled.indexOf(tick) + 1];
    const room = next ? inside(next.context!, instantToX(frame, next.t)) - at : Infinity;
    if (room > surface.measureText(tick.context).width + 12) {
      surface.fillStyle = style.muted;
      surface.fillText(tick.context, at, second);
    }
  }
}

export interface ColorBar {
  rect: Rect;
  scale: Scale;
  colormap: string;
  label: string;
  labelX: number;
}

export function drawColorBar(surface: Surface, bar: ColorBar, ticks: AxisTicks, style: AxisStyle): void {
  const { rect } = bar;
  const table = lookupTable(bar.colormap);
  const bands = Math.max(1, Math.round(rect.height));
  for (let i = 0; i < bands; i++) {
    surface.fillStyle = cssColor(table, Math.round(255 * (1 - (i + 0.5) / bands)));
    const y = rect.y + (i * rect.height) / bands;
    surface.fillRect(rect.x, y, rect.width, rect.height / bands + 0.5);
  }
  surface.strokeStyle = style.frame;
  strokeAround(surface, rect, style);
  drawValueAxis(surface, bar.scale, ticks, rect, Math.round(rect.x + rect.width), 1, style);
  if (bar.label !== '') {
    drawVerticalLabel(surface, bar.label, bar.labelX, rect, style);
  }
}
