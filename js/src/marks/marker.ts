/** Shapes at samples: dots, and what else a graph's points may be marked with. */
import type { Marker } from '../protocol';
import type { Surface } from './surface';

/** From this many on they are drawn as small squares: they crowd, and shapes cost many times more. */
const MOST_SHAPES = 1500;
const DOT = 1.6;
/** Half the side of an equilateral triangle in a circle of radius 1. */
const HALF_SIDE = Math.sqrt(3) / 2;

/** Shapes that are filled, as corners on a circle of radius 1; y counts downwards. */
const FILLED: Partial<Record<Marker, readonly (readonly [number, number])[]>> = {
  square: [[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]],
  diamond: [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]],
  triangle: [[0, -1], [HALF_SIDE, 0.5], [-HALF_SIDE, 0.5]]
};

/** Shapes that are lines, from corner to corner. */
const STROKED: Partial<Record<Marker, readonly (readonly [number, number, number, number])[]>> = {
  cross: [[-0.8, -0.8, 0.8, 0.8], [-0.8, 0.8, 0.8, -0.8]],
  plus: [[-1, 0, 1, 0], [0, -1, 0, 1]]
};

export function drawDots(surface: Surface, points: readonly (readonly number[])[], radius = DOT): void {
  if (points.length === 0) {
    return;
  }
  surface.beginPath();
  for (const [x, y] of points) {
    surface.moveTo(x! + radius, y!);
    surface.arc(x!, y!, radius, 0, 2 * Math.PI);
  }
  surface.fill();
}

/** Mark points in the surface's fill and stroke colour. */
export function drawMarkers(
  surface: Surface,
  points: readonly (readonly number[])[],
  marker: Marker = 'none',
  radius = DOT
): void {
  if (points.length > MOST_SHAPES) {
    points.forEach(([x, y]) => surface.fillRect(x! - 1, y! - 1, 2, 2));
    return;
  }
  const lines = STROKED[marker];
  const corners = FILLED[marker];
  if (!lines && !corners) {
    drawDots(surface, points, radius);
    return;
  }
  surface.beginPath();
  for (const [x, y] of points as readonly (readonly [number, number])[]) {
    if (lines) {
      lines.forEach(([x0, y0, x1, y1]) => {
        surface.moveTo(x + radius * x0, y + radius * y0);
        surface.lineTo(x + radius * x1, y + radius * y1);
      });
    } else {
      const ring = [...corners!, corners![0]!];
      surface.moveTo(x + radius * ring[0]![0], y + radius * ring[0]![1]);
      ring.slice(1).forEach(([dx, dy]) => surface.lineTo(x + radius * dx, y + radius * dy));
    }
  }
  if (lines) {
    surface.lineWidth = Math.max(1.2, radius / 3);
    surface.stroke();
  } else {
    surface.fill();
  }
}
