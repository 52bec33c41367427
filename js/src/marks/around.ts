/** What is around an orbit: the planet with its day side, and model boundaries. */
import type { Shape } from '../protocol';
import { toUnit } from '../core/scale';
import type { AxisStyle } from './axes';
import type { Place } from './curve';
import type { Surface } from './surface';

/** The same on light and on dark ground: the day is light. */
const DAY = '#f4f1e6';
const NIGHT = '#2b2b33';

const at = ({ rect, x, y }: Place, a: number, b: number): [number, number] => [
  rect.x + rect.width * toUnit(x, a),
  rect.y + rect.height * (1 - toUnit(y, b))
];

/**
 * The planet as a disc, dark where the Sun (in the direction of +x) does not shine; seen from the
 * Sun, in the plane yz, it is lit as a whole.
 */
export function drawPlanet(
  surface: Surface,
  place: Place,
  radius: number,
  side: 'lit' | 'half' | 'plain',
  style: AxisStyle
): void {
  const [x, y] = at(place, 0, 0);
  const size = Math.max(2, at(place, radius, 0)[0] - x);
  surface.fillStyle = side === 'plain' ? style.frame : DAY;
  surface.beginPath();
  surface.arc(x, y, size, 0, 2 * Math.PI);
  surface.fill();
  if (side === 'half') {
    surface.fillStyle = NIGHT;
    surface.beginPath();
    // Of corners: a vector file has whole circles alone.
    for (let i = 0; i <= 48; i++) {
      const angle = Math.PI / 2 + (i * Math.PI) / 48;
      const [px, py] = [x + size * Math.cos(angle), y + size * Math.sin(angle)];
      if (i === 0) {
        surface.moveTo(px, py);
      } else {
        surface.lineTo(px, py);
      }
    }
    surface.fill();
  }
  surface.strokeStyle = style.foreground;
  surface.lineWidth = 1.2;
  surface.beginPath();
  surface.arc(x, y, size, 0, 2 * Math.PI);
  surface.stroke();
}

/** A boundary in a plane that has the x axis in it, or else the circle at x = 0. */
export function drawShape(surface: Surface, place: Place, shape: Shape, plane: string, color: string, style: AxisStyle): void {
  surface.strokeStyle = color;
  surface.lineWidth = 1.4;
  surface.beginPath();
  const point = (a: number, b: number, first: boolean): void => {
    const [x, y] = at(place, a, b);
    if (first) {
      surface.moveTo(x, y);
    } else {
      surface.lineTo(x, y);
    }
  };
  if (plane === 'yz') {
    for (let i = 0; i <= 72; i++) {
      const angle = (i * Math.PI) / 36;
      point(shape.terminator * Math.cos(angle), shape.terminator * Math.sin(angle), i === 0);
    }
  } else {
    // From the tail over the nose to the tail.
    for (let i = shape.x.length - 1; i >= 0; i--) {
      point(shape.x[i]!, -shape.rho[i]!, i === shape.x.length - 1);
    }
    for (let i = 0; i < shape.x.length; i++) {
      point(shape.x[i]!, shape.rho[i]!, false);
    }
  }
  surface.stroke();
  name(surface, place, shape, plane, color, style);
}

/** The name along the upper dusk side, at the first of some places that lie well inside the plot. */
function name(surface: Surface, place: Place, shape: Shape, plane: string, color: string, style: AxisStyle): void {
  const { rect } = place;
  const angles = [60, 75, 45, 100, 30, 120, 20, 330, 300, 285, 340, 12, 348, 6, 354, 0];
  surface.font = style.smallFont;
  const width = surface.measureText(shape.title).width;
  for (const angle of angles) {
    const [a, b] = placeAt(shape, plane, (angle * Math.PI) / 180);
    const [x, y] = at(place, a, b);
    const across = y > rect.y + 34 && y < rect.y + rect.height - 10 && x > rect.x + 4 && x < rect.x + rect.width - 4;
    const right = x + width + 8 < rect.x + rect.width;
    const left = x - width - 8 > rect.x;
    if (across && (right || left)) {
      surface.fillStyle = color;
      surface.textAlign = right ? 'left' : 'right';
      surface.textBaseline = 'middle';
      surface.fillText(shape.title, x + (right ? 5 : -5), y - 4);
      return;
    }
  }
}

function placeAt(shape: Shape, plane: string, angle: number): [number, number] {
  if (plane === 'yz') {
    return [shape.terminator * Math.cos(angle), shape.terminator * Math.sin(angle)];
  }
  const wanted = Math.min(angle, 2 * Math.PI - angle);
  const best = shape.x.reduce((found, x, i) => {
    const off = Math.abs(Math.atan2(shape.rho[i]!, x) - wanted);
    return off < found.off ? { off, i } : found;
  }, { off: Infinity, i: 0 }).i;
  return [shape.x[best]!, angle <= Math.PI ? shape.rho[best]! : -shape.rho[best]!];
}
