/** Frames, grids, ticks and labels of plots, and the colour bar. */
import { cssColor, lookupTable } from '../core/colormap';
import { toUnit, valueTicks } from '../core/scale';
import type { Scale, Tick } from '../core/scale';
import { timeTicks } from '../core/timeticks';
import type { TimeTick } from '../core/timeticks';
import type { Frame } from './frame';
import { instantToX } from './frame';
import type { Rect, Surface } from './surface';

export interface AxisStyle {
  foreground: string;
  muted: string;
  grid: string;
  frame: string;
  font: string;
  fontSize: number;
}

const TICK = 4;

/** Ticks that have room at a height of `height` pixels. */
export function yTicks(scale: Scale, height: number): Tick[] {
  return valueTicks(scale, Math.max(2, Math.min(10, Math.floor(height / 32))));
}

/** Widest label, for the layout. */
export function labelWidth(surface: Surface, ticks: readonly Tick[], style: AxisStyle): number {
  surface.font = style.font;
  return ticks.reduce((width, tick) => Math.max(width, surface.measureText(tick.label).width), 0);
}

export function axisTimeTicks(frame: Frame, style: AxisStyle): TimeTick[] {
  return timeTicks(frame.view, frame.rect.width, style.fontSize * 0.6);
}

/** Crisp one-pixel lines lie on pixel centres. */
const crisp = (v: number): number => Math.round(v) + 0.5;

export function drawGrid(
  surface: Surface,
  frame: Frame,
  ticks: readonly Tick[],
  times: readonly TimeTick[],
  style: AxisStyle
): void {
  const { rect } = frame;
  surface.strokeStyle = style.grid;
  surface.lineWidth = 1;
  surface.beginPath();
  for (const tick of ticks) {
    if (tick.label !== '') {
      const y = crisp(rect.y + rect.height * (1 - toUnit(frame.y, tick.value)));
      surface.moveTo(rect.x, y);
      surface.lineTo(rect.x + rect.width, y);
    }
  }
  for (const { t } of times) {
    const x = crisp(instantToX(frame, t));
    surface.moveTo(x, rect.y);
    surface.lineTo(x, rect.y + rect.height);
  }
  surface.stroke();
}

export function drawFrame(surface: Surface, frame: Frame, times: readonly TimeTick[], style: AxisStyle): void {
  const { rect } = frame;
  surface.strokeStyle = style.frame;
  surface.lineWidth = 1;
  surface.strokeRect(Math.round(rect.x) - 0.5, Math.round(rect.y) - 0.5, Math.round(rect.width) + 1, Math.round(rect.height) + 1);
  surface.beginPath();
  for (const { t } of times) {
    const x = crisp(instantToX(frame, t));
    surface.moveTo(x, rect.y + rect.height);
    surface.lineTo(x, rect.y + rect.height + TICK);
  }
  surface.stroke();
}

/** Tick marks and labels beside the edge `x`; `side` -1 left, 1 right. */
function drawValueAxis(
  surface: Surface,
  scale: Scale,
  ticks: readonly Tick[],
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
  surface.lineWidth = 1;
  surface.beginPath();
  const half = style.fontSize / 2;
  let previous = Infinity;
  for (const tick of ticks) {
    const y = rect.y + rect.height * (1 - toUnit(scale, tick.value));
    surface.moveTo(x, crisp(y));
    surface.lineTo(x + side * (tick.label === '' ? TICK / 2 : TICK), crisp(y));
    if (tick.label !== '' && previous - y >= style.fontSize * 1.05) {
      // Labels at the ends stay within the plot's height, or they touch those of the next plot.
      const inside = Math.min(Math.max(y, rect.y + half), rect.y + rect.height - half);
      surface.fillText(tick.label, x + side * (TICK + 3), inside);
      previous = y;
    }
  }
  surface.stroke();
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

export function drawYAxis(
  surface: Surface,
  frame: Frame,
  ticks: readonly Tick[],
  label: string,
  labelX: number,
  style: AxisStyle
): void {
  drawValueAxis(surface, frame.y, ticks, frame.rect, Math.round(frame.rect.x), -1, style);
  if (label !== '') {
    drawVerticalLabel(surface, label, labelX, frame.rect, style);
  }
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

export function drawColorBar(surface: Surface, bar: ColorBar, ticks: readonly Tick[], style: AxisStyle): void {
  const { rect } = bar;
  const table = lookupTable(bar.colormap);
  const bands = Math.max(1, Math.round(rect.height));
  for (let i = 0; i < bands; i++) {
    surface.fillStyle = cssColor(table, Math.round(255 * (1 - (i + 0.5) / bands)));
    const y = rect.y + (i * rect.height) / bands;
    surface.fillRect(rect.x, y, rect.width, rect.height / bands + 0.5);
  }
  surface.strokeStyle = style.frame;
  surface.lineWidth = 1;
  surface.strokeRect(Math.round(rect.x) - 0.5, Math.round(rect.y) - 0.5, Math.round(rect.width) + 1, Math.round(rect.height) + 1);
  drawValueAxis(surface, bar.scale, ticks, rect, Math.round(rect.x + rect.width), 1, style);
  if (bar.label !== '') {
    drawVerticalLabel(surface, bar.label, bar.labelX, rect, style);
  }
}

/** Hatching over ranges that were asked for and not delivered. */
export function drawGap(surface: Surface, frame: Frame, start: bigint, stop: bigint, style: AxisStyle): void {
  const { rect } = frame;
  const left = Math.max(rect.x, instantToX(frame, start));
  const right = Math.min(rect.x + rect.width, instantToX(frame, stop));
  if (right - left < 1) {
    return;
  }
  surface.save();
  surface.beginPath();
  surface.rect(left, rect.y, right - left, rect.height);
  surface.clip();
  surface.globalAlpha = 0.35;
  surface.strokeStyle = style.frame;
  surface.lineWidth = 1;
  surface.beginPath();
  for (let x = left - rect.height; x < right; x += 8) {
    surface.moveTo(x, rect.y + rect.height);
    surface.lineTo(x + rect.height, rect.y);
  }
  surface.stroke();
  surface.restore();
}
