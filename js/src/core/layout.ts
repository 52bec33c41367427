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
}

/** Room above plots, for what the labels of an axis share. */
export const TOP = 14;
export const GAP = 14;
export const TIME_AXIS = 42;
export const BAR_OFFSET = 10;
export const BAR_WIDTH = 14;
const MIN_PLOT = 60;

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
  margins: Margins
): PanelLayout {
  const count = weights.length;
  const y2Width = margins.y2 ?? 0;
  const usable = (w: number): number => (Number.isFinite(w) && w > 0 ? w : 1);
  const total = weights.reduce((sum, w) => sum + usable(w), 0);
  const room = Math.max(height - TOP - TIME_AXIS - GAP * Math.max(count - 1, 0), MIN_PLOT * count);
  const plotWidth = Math.max(20, Math.round(width - margins.left - y2Width - margins.right));
  const x = Math.round(margins.left);
  let y = TOP;
  const plots = weights.map(weight => {
    const share = Math.round((room * usable(weight)) / total);
    const rect = { x, y, width: plotWidth, height: share };
    y += share + GAP;
    return rect;
  });
  return {
    width,
    height: count === 0 ? height : y - GAP + TIME_AXIS,
    plots,
    y2Width,
    barX: x + plotWidth + y2Width + BAR_OFFSET,
    barWidth: BAR_WIDTH
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
    if (index === last && y > rect.y + rect.height) {
      return y <= layout.height ? { index, zone: 'time', fx: Math.min(Math.max(fx, 0), 1), fy: 0 } : null;
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

export type DropTarget = { kind: 'new'; index: number } | { kind: 'into'; index: number };

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
