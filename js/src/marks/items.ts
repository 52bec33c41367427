/** Lines, texts and ellipses that somebody put into a plot; see sciqlop_lab/items.py. */
import { warp } from '../core/scale';
import type { PlotItem } from '../protocol';
import type { AxisStyle } from './axes';
import { instantToX, valueToY } from './frame';
import type { Frame } from './frame';
import type { Surface } from './surface';

const DASH = 6;

/** Seconds since 1970 as nanoseconds; a double has no more digits than microseconds. */
function toNs(seconds: number): bigint {
  const whole = Math.floor(seconds);
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e6)) * 1000n;
}

export function drawItems(surface: Surface, frame: Frame, items: readonly PlotItem[], style: AxisStyle): void {
  if (items.length === 0) {
    return;
  }
  const { rect } = frame;
  surface.save();
  surface.beginPath();
  surface.rect(rect.x, rect.y, rect.width, rect.height);
  surface.clip();
  items.forEach(item => {
    surface.save();
    drawItem(surface, frame, item, style);
    surface.restore();
  });
  surface.restore();
}

function drawItem(surface: Surface, frame: Frame, item: PlotItem, style: AxisStyle): void {
  const { rect } = frame;
  const pixels = item.in === 'pixels';
  const { a, b } = valueToY(frame);
  // Far outside a number of pixels means nothing to a canvas any more.
  const near = (px: number): number => Math.min(Math.max(px, -1e5), 1e5);
  const x = (value: number): number => near(pixels ? rect.x + value : instantToX(frame, toNs(value)));
  const y = (value: number): number => near(pixels ? rect.y + value : a * warp(frame.y, value) + b);
  const color = item.color ?? style.foreground;
  surface.strokeStyle = color;
  surface.fillStyle = color;
  surface.lineWidth = item.line_width ?? 1.2;
  const from = x(item.x ?? 0);
  switch (item.kind) {
    case 'hline':
      line(surface, [rect.x, y(item.y ?? 0)], [rect.x + rect.width, y(item.y ?? 0)], item.dashed);
      write(surface, item, rect.x + rect.width - 4, y(item.y ?? 0) - 3, 'right', style);
      break;
    case 'vline':
      line(surface, [from, rect.y], [from, rect.y + rect.height], item.dashed);
      write(surface, item, from + 3, rect.y + rect.height - 4, 'left', style);
      break;
    case 'band':
      surface.globalAlpha = 0.24;
      surface.fillRect(from, rect.y, Math.max(1, x(item.x1 ?? 0) - from), rect.height);
      surface.globalAlpha = 1;
      write(surface, item, from + 3, rect.y + rect.height - 4, 'left', style);
      break;
    case 'ellipse':
      ellipse(surface, item, [x, y]);
      break;
    default:
      write(surface, item, from, y(item.y ?? 0), 'left', style);
  }
}

type Place = readonly [number, number];

function line(surface: Surface, [x0, y0]: Place, [x1, y1]: Place, dashed: boolean): void {
  if (!Number.isFinite(x0 + y0 + x1 + y1)) {
    return;
  }
  const length = Math.hypot(x1 - x0, y1 - y0);
  const steps = dashed ? Math.max(1, Math.ceil(length / (2 * DASH))) : 1;
  surface.beginPath();
  for (let i = 0; i < steps; i++) {
    const [from, to] = dashed ? [i / steps, (i + 0.5) / steps] : [0, 1];
    surface.moveTo(x0 + (x1 - x0) * from, y0 + (y1 - y0) * from);
    surface.lineTo(x0 + (x1 - x0) * to, y0 + (y1 - y0) * to);
  }
  surface.stroke();
}

function write(surface: Surface, item: PlotItem, x: number, y: number, align: CanvasTextAlign, style: AxisStyle): void {
  if (item.text === '' || !Number.isFinite(x + y)) {
    return;
  }
  surface.font = item.font_size ? style.smallFont.replace(/[\d.]+px/, `${item.font_size}px`) : style.smallFont;
  surface.textAlign = align;
  surface.textBaseline = 'bottom';
  surface.fillText(item.text, x, y);
}

const CORNERS = 72;

function ellipse(surface: Surface, item: PlotItem, [x, y]: [(v: number) => number, (v: number) => number]): void {
  const { x: cx = 0, y: cy = 0, width = 0, height = 0 } = item;
  surface.beginPath();
  for (let i = 0; i <= CORNERS; i++) {
    const angle = (2 * Math.PI * i) / CORNERS;
    const [px, py] = [x(cx + (width / 2) * Math.cos(angle)), y(cy + (height / 2) * Math.sin(angle))];
    if (!Number.isFinite(px + py)) {
      return;
    }
    if (i === 0) {
      surface.moveTo(px, py);
    } else {
      surface.lineTo(px, py);
    }
  }
  if (item.fill) {
    surface.fillStyle = item.fill;
    surface.globalAlpha = 0.35;
    surface.fill();
    surface.globalAlpha = 1;
  }
  surface.stroke();
}
