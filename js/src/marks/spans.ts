/** Ranges of time marked in a plot: what was not delivered, and what somebody wants to point at. */
import type { TimeView } from '../core/time';
import type { AxisStyle } from './axes';
import { instantToX } from './frame';
import type { Frame } from './frame';
import type { Rect, Surface } from './surface';

function inside({ rect }: Frame, left: number, right: number): Rect | null {
  const from = Math.max(rect.x, left);
  const to = Math.min(rect.x + rect.width, right);
  return to > from ? { x: from, y: rect.y, width: to - from, height: rect.height } : null;
}

/** A translucent band with firm borders; never thinner than a pixel, so that short events are found. */
export function drawSpan(
  surface: Surface,
  frame: Frame,
  { start, stop, label }: { start: bigint; stop: bigint; label: string },
  color: string,
  style: AxisStyle
): void {
  const [left, right] = [instantToX(frame, start), instantToX(frame, stop)];
  const band = inside(frame, left, Math.max(right, left + 1));
  if (!band) {
    return;
  }
  surface.save();
  surface.fillStyle = color;
  surface.globalAlpha = 0.16;
  surface.fillRect(band.x, band.y, band.width, band.height);
  surface.globalAlpha = 0.8;
  for (const edge of [left, right]) {
    if (edge >= band.x && edge <= band.x + band.width) {
      surface.fillRect(Math.round(edge) - 0.5, band.y, 1, band.height);
    }
  }
  surface.font = style.smallFont;
  const width = surface.measureText(label).width + 8;
  if (label !== '' && width <= band.width) {
    const bottom = band.y + band.height;
    surface.globalAlpha = 0.75;
    surface.fillStyle = style.background;
    surface.fillRect(band.x + 1, bottom - 15, width - 2, 14);
    surface.globalAlpha = 1;
    surface.fillStyle = style.foreground;
    surface.textAlign = 'left';
    surface.textBaseline = 'bottom';
    surface.fillText(label, band.x + 4, bottom - 3);
  }
  surface.restore();
}

/** The instant at a pixel. */
export function fromUnitX(view: TimeView, rect: Rect, x: number): bigint {
  return view.start + BigInt(Math.round(((x - rect.x) / rect.width) * Number(view.stop - view.start)));
}

/** Hatching over ranges that were asked for and not delivered. */
export function drawGap(surface: Surface, frame: Frame, start: bigint, stop: bigint, style: AxisStyle): void {
  const band = inside(frame, instantToX(frame, start), instantToX(frame, stop));
  if (!band || band.width < 1) {
    return;
  }
  surface.save();
  surface.beginPath();
  surface.rect(band.x, band.y, band.width, band.height);
  surface.clip();
  surface.globalAlpha = 0.35;
  surface.strokeStyle = style.frame;
  surface.lineWidth = 1;
  surface.beginPath();
  for (let x = band.x - band.height; x < band.x + band.width; x += 8) {
    surface.moveTo(x, band.y + band.height);
    surface.lineTo(x + band.height, band.y);
  }
  surface.stroke();
  surface.restore();
}
