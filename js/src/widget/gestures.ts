/** The verbs of interaction.ts carried out on a panel. */
import { boxIn, hitTest } from '../core/layout';
import type { PanelLayout, Rect } from '../core/layout';
import type { PlotState } from '../core/plot';
import { fromUnit, panScale, zoomScale } from '../core/scale';
import type { Scale } from '../core/scale';
import type { AxisChange, AxisName } from '../protocol';
import { clampView, panView, timeAt, zoomView } from '../core/time';
import type { TimeView } from '../core/time';
import type { Gestures } from './interaction';

export interface PanelActions {
  readonly view: TimeView;
  readonly layout: PanelLayout | null;
  readonly plots: PlotState[];
  /** Index of the plot that keys act on. */
  readonly current: number;
  setView(view: TimeView): void;
  setAxis(plot: PlotState, axis: AxisName, change: AxisChange): void;
  gestureEnded(): void;
  hover(point: { x: number; y: number } | null): void;
  /** Mark a part of the picture, in its pixels; null marks nothing. */
  mark(box: Rect | null): void;
  removePlot(plot: PlotState): void;
  undo(): void;
  redo(): void;
  home(): void;
}

const KEY_PAN = 0.1;
const KEY_ZOOM = 1.4;

export function autoscale(panel: PanelActions, plot: PlotState, axis: AxisName | 'all'): void {
  for (const name of axis === 'all' ? plot.axes() : [axis]) {
    panel.setAxis(plot, name, { range: null });
  }
}

/**
 * Flip the scale of the values: of y, which for a spectrogram means its colours. Values of both
 * signs get a symmetric logarithm: a plain one would leave half of them out.
 */
export function toggleLog(panel: PanelActions, plot: PlotState): void {
  const axis = plot.image() ? 'z' : 'y';
  const { log, knee } = plot.scale(axis);
  const bent = axis === 'y' && plot.hasNegative(axis) ? 'symlog' : true;
  panel.setAxis(plot, axis, { log: log || knee > 0 ? false : bent, range: null });
}

function setScale(panel: PanelActions, plot: PlotState, axis: AxisName, scale: Scale): void {
  panel.setAxis(plot, axis, { range: [scale.lo, scale.hi] });
}

export function makeGestures(panel: PanelActions): Gestures {
  let box: Rect | null = null;
  let drag: { view: TimeView; scales: [AxisName, Scale][] } | null = null;
  const plotAt = (index: number): PlotState | undefined => panel.plots[index];
  return {
    hit: (x, y) => (panel.layout ? hitTest(panel.layout, x, y) : null),
    pan: fraction => panel.setView(panView(panel.view, fraction)),
    zoom: (factor, anchor) => panel.setView(zoomView(panel.view, factor, anchor)),
    panY: (index, fraction) => {
      const plot = plotAt(index);
      heights(plot).forEach(axis => setScale(panel, plot!, axis, panScale(plot!.scale(axis), fraction)));
    },
    zoomY: (index, factor, anchor) => {
      const plot = plotAt(index);
      heights(plot).forEach(axis => setScale(panel, plot!, axis, zoomScale(plot!.scale(axis), factor, anchor)));
    },
    zoomAxis: (index, axis, factor, anchor) => {
      const plot = plotAt(index);
      if (plot?.axes().includes(axis)) {
        setScale(panel, plot, axis, zoomScale(plot.scale(axis), factor, anchor));
      }
    },
    dragStart: index => {
      const plot = plotAt(index);
      // An automatic axis follows the data; only one that the hand has set moves with the hand.
      const moving = heights(plot).filter(axis => plot![axis].range !== null);
      drag = { view: panel.view, scales: moving.map(axis => [axis, plot!.scale(axis)]) };
    },
    dragMove: (index, dx, dy) => {
      const plot = plotAt(index);
      if (!drag) {
        return;
      }
      panel.setView(panView(drag.view, -dx));
      for (const [axis, scale] of plot ? drag.scales : []) {
        setScale(panel, plot!, axis, panScale(scale, dy));
      }
    },
    dragEnd: () => {
      drag = null;
      panel.gestureEnded();
    },
    boxMove: (index, from, to) => {
      const rect = panel.layout?.plots[index];
      box = rect ? boxIn(rect, from, to) : null;
      panel.mark(box);
    },
    boxEnd: (index, taken) => {
      const [plot, rect] = [plotAt(index), panel.layout?.plots[index]];
      if (taken && box && plot && rect) {
        zoomToBox(panel, plot, rect, box);
      }
      box = null;
      panel.mark(null);
      panel.gestureEnded();
    },
    autoscale: (index, axis) => {
      const plots = index === null ? panel.plots : panel.plots.slice(index, index + 1);
      plots.forEach(plot => autoscale(panel, plot, axis));
    },
    hover: point => panel.hover(point),
    key: event => runKey(panel, event),
    plotSize: index => panel.layout?.plots[index] ?? { width: 1, height: 1 }
  };
}

/** Show what lies in a part of a plot; a direction that the box spans stays as it is. */
function zoomToBox(panel: PanelActions, plot: PlotState, rect: Rect, box: Rect): void {
  if (box.height < rect.height) {
    const low = (rect.y + rect.height - box.y - box.height) / rect.height;
    const high = low + box.height / rect.height;
    for (const axis of heights(plot)) {
      const scale = plot.scale(axis);
      panel.setAxis(plot, axis, { range: [fromUnit(scale, low), fromUnit(scale, high)] });
    }
  }
  if (box.width < rect.width) {
    const from = (box.x - rect.x) / rect.width;
    const [start, stop] = [timeAt(panel.view, from), timeAt(panel.view, from + box.width / rect.width)];
    panel.setView(clampView({ start, stop }));
  }
}

/** The axes along which a plot can be moved up and down. */
function heights(plot: PlotState | undefined): AxisName[] {
  return plot?.axes().filter(axis => axis !== 'z') ?? [];
}

type KeyAction = (panel: PanelActions, plot: PlotState | undefined) => void;

const PLAIN: Record<string, KeyAction> = {
  ArrowLeft: panel => panel.setView(panView(panel.view, -KEY_PAN)),
  ArrowRight: panel => panel.setView(panView(panel.view, KEY_PAN)),
  ArrowUp: (panel, plot) => plot && setScale(panel, plot, 'y', panScale(plot.scale('y'), KEY_PAN)),
  ArrowDown: (panel, plot) => plot && setScale(panel, plot, 'y', panScale(plot.scale('y'), -KEY_PAN)),
  PageUp: panel => panel.setView(panView(panel.view, -1)),
  PageDown: panel => panel.setView(panView(panel.view, 1)),
  Home: panel => panel.home(),
  '+': panel => panel.setView(zoomView(panel.view, 1 / KEY_ZOOM)),
  '=': panel => panel.setView(zoomView(panel.view, 1 / KEY_ZOOM)),
  '-': panel => panel.setView(zoomView(panel.view, KEY_ZOOM)),
  m: panel => panel.plots.forEach(plot => autoscale(panel, plot, 'all')),
  l: (panel, plot) => plot && toggleLog(panel, plot),
  Delete: (panel, plot) => plot && panel.removePlot(plot),
  Escape: panel => panel.hover(null)
};

const WITH_CTRL: Record<string, KeyAction> = {
  z: panel => panel.undo(),
  Z: panel => panel.redo(),
  y: panel => panel.redo()
};

function actionOf(event: KeyboardEvent): KeyAction | undefined {
  if (event.altKey) {
    return undefined;
  }
  if (event.ctrlKey || event.metaKey) {
    return WITH_CTRL[event.key];
  }
  return PLAIN[event.key] ?? PLAIN[event.key.toLowerCase()];
}

/** True for keys that a panel acts on. */
export function usesKey(event: KeyboardEvent): boolean {
  return actionOf(event) !== undefined;
}

function runKey(panel: PanelActions, event: KeyboardEvent): boolean {
  const action = actionOf(event);
  action?.(panel, panel.plots[panel.current]);
  return action !== undefined;
}
