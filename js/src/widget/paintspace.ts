/** Plots whose x axis is not time, cell by cell. */
import type { CurveData } from '../core/decode';
import type { Floats } from '../core/numbers';
import type { Point, Rect } from '../core/layout';
import type { Scale } from '../core/scale';
import { toUnit } from '../core/scale';
import { CELL_SIDE, cellsOf, componentsOf, toPixel } from '../core/space';
import type { Cell, SpacePlot } from '../core/space';
import { dimmed } from '../core/store';
import { axisTicks } from '../core/ticks';
import type { AxisTicks } from '../core/ticks';
import { addSeconds, formatTime, secondsBetween } from '../core/time';
import type { TimeView } from '../core/time';
import { timeTicks } from '../core/timeticks';
import { positionAt } from '../core/trace';
import { drawPlanet, drawShape } from '../marks/around';
import { drawFrame, drawXAxis, drawYAxis, yTicks } from '../marks/axes';
import { clipToRect, drawCurve, drawEnds, drawTimeKey, drawTimeMark } from '../marks/curve';
import { drawHistogram } from '../marks/histogram';
import type { Surface } from '../marks/surface';
import { lineColors } from './theme';
import type { Theme } from './theme';

export interface SpaceScene {
  view: TimeView;
  theme: Theme;
  pixelRatio: number;
  /** Of the colours of a histogram; null where there are none. */
  z: Scale | null;
}

/** As many times are written beside an orbit as below a plot of this width. */
const TIMES = 600;
/** Colours of boundaries, beside those of curves. */
const SHAPES = [3, 4];

export function paintSpace(surface: Surface, scene: SpaceScene, plot: SpacePlot, rect: Rect): void {
  const { theme } = scene;
  const cells = cellsOf(plot, rect);
  cells.forEach((cell, i) => {
    const [x, y] = [xTicks(cell.x, cell.rect.width), yTicks(cell.y, cell.rect.height)];
    const known = plot.hasScale(cell.across) && plot.hasScale(cell.up);
    if (plot.spec.grid !== false && known) {
      drawGrid(surface, cell, x, y, theme);
    }
    clipToRect(surface, cell.rect, () => paintCell(surface, scene, plot, cell, i === cells.length - 1));
    const frame = { rect: cell.rect, view: scene.view, y: cell.y };
    drawFrame(surface, frame, [], theme);
    if (known) {
      drawXAxis(surface, cell.x, x, cell.rect, plot.label(cell.across), theme);
      const side = i === 0 ? theme.fontSize * 1.3 : cell.rect.x - CELL_SIDE + theme.fontSize * 1.1;
      drawYAxis(surface, frame, y, plot.label(cell.up), side, theme);
    }
  });
}

function xTicks(scale: Scale, width: number): AxisTicks {
  return axisTicks(scale, Math.max(2, Math.min(10, Math.floor(width / 60))));
}

function drawGrid(surface: Surface, { rect, x, y }: Cell, across: AxisTicks, up: AxisTicks, theme: Theme): void {
  surface.strokeStyle = theme.grid;
  surface.lineWidth = 1;
  surface.beginPath();
  across.ticks.filter(tick => tick.label !== '').forEach(({ value }) => {
    const at = Math.round(rect.x + rect.width * toUnit(x, value)) + 0.5;
    surface.moveTo(at, rect.y);
    surface.lineTo(at, rect.y + rect.height);
  });
  up.ticks.filter(tick => tick.label !== '').forEach(({ value }) => {
    const at = Math.round(rect.y + rect.height * (1 - toUnit(y, value))) + 0.5;
    surface.moveTo(rect.x, at);
    surface.lineTo(rect.x + rect.width, at);
  });
  surface.stroke();
}

function paintCell(surface: Surface, scene: SpaceScene, plot: SpacePlot, cell: Cell, last: boolean): void {
  const { theme } = scene;
  const image = plot.image();
  const colormap = plot.z.colormap ?? theme.colormap;
  if (image && scene.z) {
    drawHistogram(surface, cell, image, { z: scene.z, colormap }, scene.pixelRatio);
  }
  const curves = plot.curves();
  paintAround(surface, curves.map(({ data }) => data), cell, theme);
  const states = plot.states();
  for (const { state, data } of curves) {
    const parts = componentsOf(cell, data);
    if (!parts) {
      continue;
    }
    const graph = plot.graph(state.id);
    const color = lineColors(theme, [data.label], states.indexOf(state), graph?.colors ?? null)[0]!;
    surface.globalAlpha = dimmed(state, performance.now()) ? 0.35 : 1;
    drawCurve(surface, cell, data.t, parts, {
      color,
      colormap: data.byTime ? colormap : null,
      points: graph?.style === 'points',
      width: graph?.width ?? (data.n > 3000 ? 1 : 1.5)
    });
    paintTimes(surface, scene, cell, data, parts, color, plot.orbit);
    surface.globalAlpha = 1;
    if (data.byTime && last) {
      drawTimeKey(surface, cell.rect, colormap, endsOf(data), theme);
    }
  }
}

/** The planet and the boundaries, each once however many orbits there are. */
function paintAround(surface: Surface, curves: readonly CurveData[], cell: Cell, theme: Theme): void {
  const shapes = new Map(curves.flatMap(data => data.shapes).map(shape => [shape.name, shape]));
  [...shapes.values()].forEach((shape, i) => {
    const color = theme.palette[SHAPES[i % SHAPES.length]!]!;
    drawShape(surface, cell, shape, cell.plane, color, theme);
  });
  const planet = curves.find(data => data.planet)?.planet;
  if (planet) {
    const side = !planet.lit ? 'plain' : cell.plane === 'yz' ? 'lit' : 'half';
    drawPlanet(surface, cell, planet.radius, side, theme);
  }
}

/** Start and stop, and on an orbit some times between them. */
function paintTimes(
  surface: Surface,
  { view, theme }: SpaceScene,
  cell: Cell,
  data: CurveData,
  parts: readonly [Floats, Floats],
  color: string,
  orbit: boolean
): void {
  const place = (seconds: number): Point | null => {
    const found = positionAt(data.t, seconds, parts);
    return found && toPixel(cell, found[0]!, found[1]!);
  };
  const [first, last] = [data.t[0]!, data.t[data.n - 1]!];
  if (orbit) {
    const centre = toPixel(cell, 0, 0);
    const seen: Point[] = [];
    for (const { t, label } of timeTicks(view, TIMES, theme.fontSize)) {
      const seconds = secondsBetween(data.t0, t);
      const at = seconds > first && seconds < last ? place(seconds) : null;
      // Near its farthest point an orbit is slow: times would be written over each other.
      if (at && seen.every(other => Math.hypot((other.x - at.x) / 2, other.y - at.y) > 14)) {
        seen.push(at);
        drawTimeMark(surface, at, label, centre, color, theme);
      }
    }
  }
  drawEnds(surface, place(first), place(last), color, theme.background);
}

function endsOf(data: CurveData): [string, string] {
  const [start, stop] = [addSeconds(data.t0, data.t[0]!), addSeconds(data.t0, data.t[data.n - 1]!)];
  const day = 86_400_000_000_000n;
  const text = (ns: bigint): string => formatTime(ns, (stop - start) / 100n || 1n);
  const [a, b] = [text(start), text(stop)];
  return start / day === stop / day ? [a.slice(11), b.slice(11)] : [a.slice(0, 16), b.slice(0, 16)];
}
