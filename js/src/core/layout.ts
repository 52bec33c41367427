/** Where everything lies in a panel: plots stacked with shared margins. All numbers are CSS pixels. */

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Margins {
  left: number;
  /** The column of second value axes; 0 when there are none. */
  y2?: number;
  /** Includes the colour bars' column. */
  right: number;
}

export interface PanelLayout {
  width: number;
  height: number;
  plots: Rect[];
  y2Width: number;
  /** Left edge and width of the column of colour bars. */
  barX: number;
  barWidth: number;
  /** The plot that the axis of time is below. */
  timed: number;
}

/** Room above plots, for what the labels of an axis share. */
export const TOP = 14;
export const GAP = 14;
export const TIME_AXIS = 42;
export const BAR_OFFSET = 10;
export const BAR_WIDTH = 14;
const MIN_PLOT = 60;
/** A plot is not pulled smaller than this, in pixels. */
const LEAST = 30;

/** Height of a panel that may choose: few plots are tall, many stay on a screen. */
export function naturalHeight(count: number): number {
  const each = count <= 1 ? 260 : count === 2 ? 200 : count === 3 ? 165 : 140;
  return Math.max(count, 1) * (each + GAP) + TOP + TIME_AXIS;
}

/** Split `height` among plots in proportion to `weights`. */
export function layoutPanel(
  width: number,
  height: number,
  weights: readonly number[],
  margins: Margins,
  timed = weights.length - 1
): PanelLayout {
  const count = weights.length;
  const y2Width = margins.y2 ?? 0;
  const usable = (w: number): number => (Number.isFinite(w) && w > 0 ? w : 1);
  const total = weights.reduce((sum, w) => sum + usable(w), 0);
  const room = Math.max(height - TOP - TIME_AXIS - GAP * Math.max(count - 1, 0), MIN_PLOT * count);
  const plotWidth = Math.max(20, Math.round(width - margins.left - y2Width - margins.right));
  const x = Math.round(margins.left);
  let y = TOP;
  const plots = weights.map((weight, i) => {
    const share = Math.round((room * usable(weight)) / total);
    const rect = { x, y, width: plotWidth, height: share };
    y += share + GAP + (i === timed ? TIME_AXIS : 0);
    return rect;
  });
  return {
    width,
    height: count === 0 ? height : y - GAP,
    plots,
    y2Width,
    barX: x + plotWidth + y2Width + BAR_OFFSET,
    barWidth: BAR_WIDTH,
    timed
  };
}

/** Margins grow at once and shrink only for more than a few pixels, so that plots do not jitter. */
export function steadyMargin(current: number, needed: number): number {
  const rounded = Math.ceil(needed / 4) * 4;
  return rounded > current || current - rounded > 16 ? rounded : current;
}

export type Zone = 'plot' | 'y' | 'y2' | 'z' | 'time';

export interface Hit {
  index: number;
  zone: Zone;
  /** 0 left to 1 right, 0 bottom to 1 top, of the plot. */
  fx: number;
  fy: number;
}

/** What lies under a point; null outside of everything. */
export function hitTest(layout: PanelLayout, x: number, y: number): Hit | null {
  const last = layout.plots.length - 1;
  for (let index = 0; index <= last; index++) {
    const rect = layout.plots[index]!;
    const fx = (x - rect.x) / rect.width;
    const fy = 1 - (y - rect.y) / rect.height;
    const below = y - rect.y - rect.height;
    if (index === layout.timed && below > 0 && below <= TIME_AXIS) {
      return { index, zone: 'time', fx: Math.min(Math.max(fx, 0), 1), fy: 0 };
    }
    if (y >= rect.y - GAP / 2 && y <= rect.y + rect.height + GAP / 2) {
      const beyond = x < rect.x + rect.width + layout.y2Width ? 'y2' : 'z';
      const zone = fx < 0 ? 'y' : fx > 1 ? beyond : 'plot';
      return { index, zone, fx: Math.min(Math.max(fx, 0), 1), fy: Math.min(Math.max(fy, 0), 1) };
    }
  }
  return null;
}

/** Boxes thinner than this, in pixels, are meant to span the whole plot in that direction. */
const THIN = 12;

/** The part of a plot between two points; null when they are too close to mean any. */
export function boxIn(plot: Rect, a: Point, b: Point): Rect | null {
  const across = between(a.x, b.x, plot.x, plot.width);
  const along = between(a.y, b.y, plot.y, plot.height);
  if (across === null && along === null) {
    return null;
  }
  const [x, width] = across ?? [plot.x, plot.width];
  const [y, height] = along ?? [plot.y, plot.height];
  return { x, y, width, height };
}

function between(a: number, b: number, from: number, size: number): [number, number] | null {
  const low = Math.max(Math.min(a, b), from);
  const high = Math.min(Math.max(a, b), from + size);
  return high - low < THIN ? null : [low, high - low];
}

/** A new plot, one more product in a plot, or a plot of this panel that is moved. */
export interface DropTarget {
  kind: 'new' | 'into' | 'move';
  index: number;
}

const EDGE = 0.15;

/** Upper and lower 15 % of a plot insert a new plot there, the rest adds to it. */
export function dropTarget(layout: PanelLayout, y: number): DropTarget {
  const count = layout.plots.length;
  for (let index = 0; index < count; index++) {
    const rect = layout.plots[index]!;
    const fraction = (y - rect.y) / rect.height;
    if (fraction < EDGE) {
      return { kind: 'new', index };
    }
    if (fraction <= 1 - EDGE) {
      return { kind: 'into', index };
    }
    if (fraction <= 1) {
      return { kind: 'new', index: index + 1 };
    }
  }
  return { kind: 'new', index: count };
}

/** Where a plot would come that is moved to `y`: before the one that has the given index. */
export function moveTarget(layout: PanelLayout, y: number): number {
  const after = layout.plots.filter(({ y: top, height }) => y > top + height / 2);
  return after.length;
}

/** Where what is dropped would appear, over the plots as they are now. */
export function placeholderFor(layout: PanelLayout, target: DropTarget): Rect | null {
  const { plots } = layout;
  const first = plots[0];
  const last = plots[plots.length - 1];
  if (!first || !last) {
    return null;
  }
  if (target.kind === 'into') {
    return plots[Math.min(target.index, plots.length - 1)]!;
  }
  const all = last.y + last.height - first.y;
  // As high as the new plot will be: one more shares the room.
  const height = Math.min((0.9 * all) / (plots.length + 1), all);
  const below = plots[target.index];
  const border = below ? below.y - GAP / 2 : last.y + last.height;
  const top = Math.min(Math.max(border - height / 2, first.y), first.y + all - height);
  return { x: first.x, y: target.index === 0 ? first.y : top, width: first.width, height };
}

/** The border between two plots under a point, as the index of the upper one; null for none. */
export function borderAt(layout: PanelLayout, y: number): number | null {
  const index = layout.plots.findIndex((rect, i) => {
    const below = layout.plots[i + 1];
    return below !== undefined && y >= rect.y + rect.height - 2 && y <= below.y + 2;
  });
  return index < 0 ? null : index;
}

/** Weights after the border below plot `index` was moved by `dy` pixels: two plots share what they had. */
export function moveBorder(
  layout: PanelLayout,
  weights: readonly number[],
  index: number,
  dy: number
): [number, number] | null {
  const [upper, lower] = [layout.plots[index], layout.plots[index + 1]];
  if (!upper || !lower) {
    return null;
  }
  const room = upper.height + lower.height;
  const least = Math.min(LEAST, room / 2);
  const height = Math.min(Math.max(upper.height + dy, least), room - least);
  const weight = weights[index]! + weights[index + 1]!;
  return [(weight * height) / room, (weight * (room - height)) / room];
}
