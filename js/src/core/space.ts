/**
 * Plots whose x axis is not time: orbits in planes side by side, one value against another. They
 * have cells, each with two axes of its own; the cells of an orbit share their coordinates.
 */
import type { AxisName, LogSpec, Plane, PlotSpec, SpaceKind } from '../protocol';
import type { Floats } from './numbers';
import type { CurveData, GapRange } from './decode';
import type { Point, Rect } from './layout';
import { PlotState, withUnit } from './plot';
import { channelExtent, union } from './range';
import type { Extent } from './range';
import { makeScale, panScale, toUnit, zoomScale } from './scale';
import type { Scale } from './scale';
import type { GraphState, TileStore } from './store';
import { digitsWithin, formatValue, prettyUnit } from './text';
import { addSeconds, secondsBetween } from './time';
import type { TimeView } from './time';
import { positionAt } from './trace';

const KINDS: readonly string[] = ['orbit', 'xy', 'histogram2d'] satisfies SpaceKind[];
const PLANES: readonly Plane[] = ['xy', 'xz', 'yz'];
const AXIS_OF = { x: 'x', y: 'y', z: 'depth' } as const;
const COMPONENT = { x: 0, y: 1, depth: 2 } as const;
const LETTER = { x: 'X', y: 'Y', depth: 'Z' } as const;
export type Coordinate = keyof typeof COMPONENT;
const COORDINATES: readonly Coordinate[] = ['x', 'y', 'depth'];

/** Below a cell, for the numbers and the name of its x axis; and left of all but the first. */
export const CELL_FOOT = 36;
export const CELL_SIDE = 54;
/** Pixels within which a curve is pointed at. */
const NEAR = 40;

export interface Cell {
  plane: Plane;
  across: Coordinate;
  up: Coordinate;
  rect: Rect;
  x: Scale;
  y: Scale;
}

/** The plot of a spec; the one that was there stays while its axes mean the same. */
export function plotFor(old: PlotState | undefined, spec: PlotSpec, store: TileStore): PlotState {
  const kind = familyOf(spec);
  if (old && familyOf(old.spec) === kind) {
    return old;
  }
  return kind === 'time' ? new PlotState(spec, store) : new SpacePlot(spec, store);
}

function familyOf({ graphs }: PlotSpec): 'time' | 'xy' | 'orbit' {
  const kind = graphs[0]?.kind ?? 'auto';
  return kind === 'orbit' ? 'orbit' : KINDS.includes(kind) ? 'xy' : 'time';
}

export class SpacePlot extends PlotState {
  get orbit(): boolean {
    return familyOf(this.spec) === 'orbit';
  }

  get planes(): readonly Plane[] {
    const { planes } = this.spec;
    return this.orbit ? (planes && planes.length > 0 ? planes : PLANES) : ['xy'];
  }

  override get left(): AxisName {
    return AXIS_OF[this.planes[0]![1] as 'x' | 'y' | 'z'];
  }

  override axes(): AxisName[] {
    const used = new Set(this.planes.flatMap(plane => [...plane].map(letter => AXIS_OF[letter as 'x' | 'y' | 'z'])));
    return [...COORDINATES.filter(axis => used.has(axis)), ...(this.image() ? ['z' as const] : [])];
  }

  override gaps(): GapRange[] {
    return [];
  }

  override axisOf(): 'y' {
    return 'y';
  }

  /** Curves that are shown, with the number of their colour. */
  curves(): { state: GraphState; data: CurveData }[] {
    return this.newest().flatMap(({ state, data }) =>
      data.kind === 'curve' && !this.hidden(state.id).has(data.label) ? [{ state, data }] : []
    );
  }

  protected override logOf(axis: AxisName): LogSpec {
    if (axis === 'z') {
      return super.logOf(axis);
    }
    const chosen = this.orbit ? false : this[axis].log;
    const image = this.image();
    const said = axis === 'x' ? image?.across?.log : image?.yLog;
    return chosen ?? said ?? false;
  }

  /** Whether a unit is as long on all axes. */
  get equal(): boolean {
    const { aspect = 'auto' } = this.spec;
    if (this.orbit || aspect !== 'auto') {
      return this.orbit || (aspect === 'equal' && this.straight);
    }
    const pairs = this.newest().map(({ data }) => (data.kind === 'curve' ? data.pair : null));
    const alike = pairs.length > 0 && pairs.every(pair => pair !== null && pair[0]![1] === pair[1]![1]);
    return alike && this.straight;
  }

  private get straight(): boolean {
    return this.logOf('x') === false && this.logOf('y') === false;
  }

  override refit(_view: TimeView, tight = false): void {
    const found: Record<Coordinate, Extent | null> = { x: null, y: null, depth: null };
    const take = (axis: Coordinate, extent: Extent | null): void => {
      found[axis] = union(found[axis], extent);
    };
    for (const { data } of this.curves()) {
      COORDINATES.slice(0, data.y.length).forEach((axis, c) => take(axis, extentOf(data.y[c]!, this.logOf(axis) === true)));
      if (data.planet) {
        COORDINATES.forEach(axis => take(axis, [-data.planet!.radius, data.planet!.radius]));
      }
      // A boundary is of interest to whom comes near it.
      const reach = Math.max(...(found.x ?? [0]).map(Math.abs), ...(found.y ?? [0]).map(Math.abs));
      data.shapes.filter(({ x }) => (x[0] ?? Infinity) < 1.5 * reach).forEach(({ x }) => take('x', [0, x[0]!]));
    }
    const image = this.image();
    if (image && image.n > 0) {
      take('x', [image.x0[0]!, image.x1[image.n - 1]!]);
      take('y', channelExtent(image, image.yLog));
      this.fit('z', extentOf(image.z, this.logOf('z') === true), tight);
    }
    this.valueless = false;
    COORDINATES.forEach(axis => this.fit(axis, found[axis], tight));
  }

  protected override valueLabel(axis: Exclude<AxisName, 'z'>): string {
    const image = this.image();
    if (image) {
      const { label, unit } = axis === 'x' ? image.across! : { label: image.yLabel, unit: image.yUnit };
      return withUnit(label, unit);
    }
    const { data } = this.curves()[0] ?? this.newest()[0] ?? {};
    if (data?.kind !== 'curve' || axis === 'y2') {
      return '';
    }
    if (data.pair) {
      const [label, unit] = data.pair[axis === 'x' ? 0 : 1]!;
      return withUnit(label, unit);
    }
    return withUnit([LETTER[axis], data.frame].filter(text => text !== '').join(' '), data.unit);
  }

  override instantAt(_view: TimeView, rect: Rect, at: Point): bigint | null {
    const cell = cellAt(this, rect, at);
    return cell && nearestInstant(this, cell, at);
  }

  /** What it shows in words, without its ranges. */
  get subject(): string {
    const names = this.newest().map(({ state, data }) => this.name(state, data)).join(', ');
    return this.orbit ? `orbit of ${names} in ${this.planes.join(', ')}` : this.image() ? '2-D histogram' : names;
  }

  /** A remark on what the automatic axis cannot show is of plots over time. */
  override notes(): string[] {
    return [...new Set(this.newest().flatMap(({ data }) => data.notes))];
  }
}

/** Smallest and largest finite value; above zero for a log axis. */
function extentOf(values: Floats, log: boolean): Extent | null {
  let [lo, hi] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isFinite(value) && (!log || value > 0)) {
      lo = Math.min(lo, value);
      hi = Math.max(hi, value);
    }
  }
  return lo <= hi ? [lo, hi] : null;
}

/** The cells of a plot that lies in `rect`, from left to right. */
export function cellsOf(plot: SpacePlot, rect: Rect): Cell[] {
  const { planes } = plot;
  const room = rect.width - CELL_SIDE * (planes.length - 1);
  const width = Math.max(20, Math.floor(room / planes.length));
  const height = Math.max(20, rect.height - CELL_FOOT);
  const pairs = planes.map(plane => [AXIS_OF[plane[0] as 'x' | 'y'], AXIS_OF[plane[1] as 'y' | 'z']] as const);
  const per = plot.equal ? perPixel(plot, pairs, width, height) : null;
  const scale = (axis: Coordinate, pixels: number): Scale => {
    const own = plot.scale(axis);
    const middle = (own.lo + own.hi) / 2;
    return per === null ? own : makeScale(middle - (per * pixels) / 2, middle + (per * pixels) / 2, false);
  };
  return planes.map((plane, i) => {
    const [across, up] = pairs[i]!;
    const cell = { x: rect.x + i * (width + CELL_SIDE), y: rect.y, width, height };
    return { plane, across, up, rect: cell, x: scale(across, width), y: scale(up, height) };
  });
}

/** How long a pixel is for all that is wanted to be seen in each cell. */
function perPixel(plot: SpacePlot, pairs: readonly (readonly [Coordinate, Coordinate])[], width: number, height: number): number {
  const span = (axis: Coordinate): number => plot.scale(axis).hi - plot.scale(axis).lo;
  return Math.max(...pairs.flatMap(([across, up]) => [span(across) / width, span(up) / height]));
}

export function cellAt(plot: SpacePlot, rect: Rect, { x, y }: Point): Cell | null {
  const inside = ({ rect: r }: Cell): boolean => x >= r.x && x <= r.x + r.width && y >= r.y && y <= r.y + r.height;
  return cellsOf(plot, rect).find(inside) ?? null;
}

export function toPixel({ rect, x, y }: Cell, a: number, b: number): Point {
  return { x: rect.x + rect.width * toUnit(x, a), y: rect.y + rect.height * (1 - toUnit(y, b)) };
}

/** The ranges that axes have after a cell was zoomed by a factor around a point. */
export function zoomed(plot: SpacePlot, cells: readonly Cell[], cell: Cell, factor: number, at: Point): [AxisName, Extent][] {
  const fx = (at.x - cell.rect.x) / cell.rect.width;
  const fy = 1 - (at.y - cell.rect.y) / cell.rect.height;
  const [x, y] = [zoomScale(cell.x, factor, fx), zoomScale(cell.y, factor, fy)];
  // A scale that cannot be zoomed further stays as it is: so must the other, to keep the aspect.
  if (plot.equal && (x === cell.x || y === cell.y)) {
    return [];
  }
  return moved(plot, cells, cell, x, y);
}

/** The ranges that axes have after a cell was moved by so many pixels. */
export function panned(plot: SpacePlot, cells: readonly Cell[], cell: Cell, dx: number, dy: number): [AxisName, Extent][] {
  return moved(plot, cells, cell, panScale(cell.x, -dx / cell.rect.width), panScale(cell.y, dy / cell.rect.height));
}

function moved(plot: SpacePlot, cells: readonly Cell[], cell: Cell, x: Scale, y: Scale): [AxisName, Extent][] {
  if (!plot.equal) {
    return [[cell.across, [x.lo, x.hi]], [cell.up, [y.lo, y.hi]]];
  }
  // All coordinates get ranges of one length: that of the shorter side of a cell.
  const half = (((x.hi - x.lo) / cell.rect.width) * Math.min(cell.rect.width, cell.rect.height)) / 2;
  const middles = new Map<AxisName, number>();
  cells.forEach(one => {
    middles.set(one.across, (one.x.lo + one.x.hi) / 2);
    middles.set(one.up, (one.y.lo + one.y.hi) / 2);
  });
  middles.set(cell.across, (x.lo + x.hi) / 2).set(cell.up, (y.lo + y.hi) / 2);
  return [...middles].map(([axis, middle]) => [axis, [middle - half, middle + half]]);
}

/** Components of a curve that a cell shows. */
export function componentsOf({ across, up }: Cell, data: CurveData): [Floats, Floats] | null {
  const [a, b] = [data.y[COMPONENT[across]], data.y[COMPONENT[up]]];
  return a && b ? [a, b] : null;
}

/** The instant of the point of a curve that is nearest to a place; null where none is near. */
function nearestInstant(plot: SpacePlot, cell: Cell, at: Point): bigint | null {
  let best = NEAR * NEAR;
  let found: bigint | null = null;
  for (const { data } of plot.curves()) {
    const parts = componentsOf(cell, data);
    for (let i = 0; parts && i < data.n; i++) {
      const { x, y } = toPixel(cell, parts[0][i]!, parts[1][i]!);
      const away = (x - at.x) ** 2 + (y - at.y) ** 2;
      if (away < best) {
        best = away;
        found = addSeconds(data.t0, data.t[i]!);
      }
    }
  }
  return found;
}

/** Where the curves of a cell are at an instant, in pixels. */
export function spotsAt(plot: SpacePlot, cell: Cell, instant: bigint): { id: string; at: Point }[] {
  return plot.curves().flatMap(({ state, data }) => {
    const parts = componentsOf(cell, data);
    const place = parts && positionAt(data.t, secondsBetween(data.t0, instant), parts);
    if (!place) {
      return [];
    }
    const at = toPixel(cell, place[0]!, place[1]!);
    const { rect } = cell;
    const seen = at.x >= rect.x && at.x <= rect.x + rect.width && at.y >= rect.y && at.y <= rect.y + rect.height;
    return seen ? [{ id: state.id, at }] : [];
  });
}

/** Name and value of each component at an instant. */
export function readCurve(plot: PlotState, state: GraphState, data: CurveData, instant: bigint): [string, string][] {
  const place = positionAt(data.t, secondsBetween(data.t0, instant), data.y);
  if (!place || plot.hidden(state.id).has(data.label)) {
    return [];
  }
  return place.map((value, c) => {
    const [label, unit] = data.pair?.[c] ?? [data.columns[c]!, data.unit];
    return [label, `${formatValue(value, digitsWithin(plot.scale(COORDINATES[c] ?? 'y')))} ${prettyUnit(unit)}`.trim()];
  });
}
