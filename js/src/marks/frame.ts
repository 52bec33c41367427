/** The mapping from data to pixels that all marks of one plot share. */
import { warp } from '../core/scale';
import type { Scale } from '../core/scale';
import { secondsBetween } from '../core/time';
import type { TimeView } from '../core/time';
import type { Rect, Surface } from './surface';

export interface Frame {
  rect: Rect;
  view: TimeView;
  y: Scale;
}

export interface Affine {
  a: number;
  b: number;
}

/** x = a * seconds + b, for seconds counted from `t0`. */
export function timeToX(frame: Frame, t0: bigint): Affine {
  const a = frame.rect.width / secondsBetween(frame.view.start, frame.view.stop);
  return { a, b: frame.rect.x + a * secondsBetween(frame.view.start, t0) };
}

/** y = a * value + b, for values as `warp` bends them. */
export function valueToY({ rect, y }: Frame): Affine {
  const lo = warp(y, y.lo);
  const a = -rect.height / (warp(y, y.hi) - lo);
  return { a, b: rect.y + rect.height - a * lo };
}

/** Instant to pixel. */
export function instantToX(frame: Frame, ns: bigint): number {
  return timeToX(frame, ns).b;
}

/**
 * Run `draw` with everything outside [start, stop) of the plot cut off. Cuts lie on whole device
 * pixels: where two parts share a pixel the ground would shine through both.
 */
export function clipTo(surface: Surface, frame: Frame, part: TimeView, draw: () => void, pixelRatio = 1): void {
  const { rect } = frame;
  const snap = (px: number): number => Math.round(px * pixelRatio) / pixelRatio;
  const left = Math.max(rect.x, snap(instantToX(frame, part.start)));
  const right = Math.min(rect.x + rect.width, snap(instantToX(frame, part.stop)));
  if (right <= left) {
    return;
  }
  surface.save();
  surface.beginPath();
  surface.rect(left, rect.y, right - left, rect.height);
  surface.clip();
  draw();
  surface.restore();
}
