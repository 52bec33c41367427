/**
 * The hand on plots whose x axis is not time: the wheel zooms both axes at the pointer, a drag moves
 * them, neither moves time. A dot marks on each curve the instant that the crosshair is at.
 */
import type { Hit, Point } from '../core/layout';
import { cellAt, cellsOf, panned, SpacePlot, spotsAt, zoomed } from '../core/space';
import type { Cell } from '../core/space';
import type { AxisName } from '../protocol';
import { make } from './dom';
import { wheelNotches } from './interaction';
import type { MakePart, PanelHost } from './part';

const ZOOM_STEP = 1.25;
/** Pixels of movement that make a press a drag. */
const THRESHOLD = 3;

interface Place {
  plot: SpacePlot;
  index: number;
  cells: Cell[];
  cell: Cell;
  at: Point;
}

type Ranges = readonly [AxisName, [number, number]][];

export const makeSpacing: MakePart = panel => {
  const { element, crosshair } = panel.stage;
  const dots = makeDots(panel);
  let drag: { from: Place; id: number; moving: boolean } | null = null;

  const pointOf = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const apply = (plot: SpacePlot, ranges: Ranges): void => {
    ranges.forEach(([axis, range]) => panel.setAxis(plot, axis, { range }));
  };
  const wheel = (event: WheelEvent): void => {
    const at = pointOf(event);
    const over = overControl(event) ? null : spaceAt(panel, at);
    if (!over) {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const factor = Math.pow(ZOOM_STEP, wheelNotches(event));
    const { plot, cells, cell } = over;
    apply(plot, zoomed(plot, cells, cell, factor, over.at));
  };
  const down = (event: PointerEvent): void => {
    const over = event.button === 0 && !overControl(event) ? placeAt(panel, pointOf(event)) : null;
    if (over) {
      drag = { from: over, id: event.pointerId, moving: false };
    }
    // A drag that begins beside the cells of such a plot means nothing.
    if (!overControl(event) && spaceAt(panel, pointOf(event))) {
      event.stopImmediatePropagation();
      panel.root.focus({ preventScroll: true });
    }
  };
  const move = (event: PointerEvent): void => {
    if (!drag || drag.id !== event.pointerId) {
      return;
    }
    const { from } = drag;
    const at = pointOf(event);
    const [dx, dy] = [at.x - from.at.x, at.y - from.at.y];
    event.stopImmediatePropagation();
    if (!drag.moving && Math.hypot(dx, dy) >= THRESHOLD) {
      drag.moving = true;
      element.setPointerCapture(event.pointerId);
    }
    if (drag.moving) {
      apply(from.plot, panned(from.plot, from.cells, from.cell, dx, dy));
      panel.hover(at);
    }
  };
  const up = (event: PointerEvent): void => {
    if (drag?.id === event.pointerId) {
      drag = null;
      panel.gestureEnded();
    }
  };
  const listeners: [string, (event: never) => void][] = [
    ['wheel', wheel],
    ['pointerdown', down],
    ['pointermove', move],
    ['pointerup', up],
    ['pointercancel', up]
  ];
  // Before those of the panel, which would take the same for movements in time.
  listeners.forEach(([type, run]) => element.addEventListener(type, run as EventListener, { capture: true, passive: false }));
  crosshair.watch = instant => dots.show(instant);
  return {
    close: () => {
      crosshair.watch = null;
      listeners.forEach(([type, run]) => element.removeEventListener(type, run as EventListener, { capture: true }));
    }
  };
};

/** Controls over a plot, and what is open over it, keep their own events. */
function overControl(event: Event): boolean {
  const own = 'button, select, input, .sq-error, .sq-legend, .sq-menu, [role="dialog"]';
  return event.target instanceof Element && event.target.closest(own) !== null;
}

function placeAt(panel: PanelHost, at: Point): Place | null {
  const hit = panel.stage.hit(at.x, at.y);
  const plot = hit && panel.plots[hit.index];
  const rect = hit && panel.layout?.plots[hit.index];
  if (!hit || hit.zone !== 'plot' || !(plot instanceof SpacePlot) || !rect) {
    return null;
  }
  const cell = cellAt(plot, rect, at);
  return cell && { plot, index: hit.index, cells: cellsOf(plot, rect), cell, at };
}

/** As `placeAt`, but on the axes beside a cell too: there it is the cell's middle. */
function spaceAt(panel: PanelHost, at: Point): Place | null {
  const hit: Hit | null = panel.stage.hit(at.x, at.y);
  const plot = hit && panel.plots[hit.index];
  const rect = hit && panel.layout?.plots[hit.index];
  if (!hit || hit.zone === 'time' || hit.zone === 'z' || !(plot instanceof SpacePlot) || !rect) {
    return null;
  }
  const cells = cellsOf(plot, rect);
  const near = cells.reduce((a, b) => (away(b, at) < away(a, at) ? b : a));
  const inside = cellAt(plot, rect, at);
  const { x, y, width, height } = near.rect;
  const cell = inside ?? near;
  return { plot, index: hit.index, cells, cell, at: inside ? at : { x: x + width / 2, y: y + height / 2 } };
}

function away({ rect }: Cell, { x }: Point): number {
  return Math.abs(x - rect.x - rect.width / 2);
}

function makeDots(panel: PanelHost): { show(instant: bigint | null): void } {
  const nodes: HTMLElement[] = [];
  return {
    show: instant => {
      const { layout, plots } = panel;
      const places = plots.flatMap((plot, i) => {
        const rect = layout?.plots[i];
        return instant !== null && rect && plot instanceof SpacePlot
          ? cellsOf(plot, rect).flatMap(cell => spotsAt(plot, cell, instant).map(({ at }) => at))
          : [];
      });
      while (nodes.length < places.length) {
        const node = make('div', 'sq-spot');
        nodes.push(node);
        panel.stage.element.append(node);
      }
      nodes.forEach((node, i) => {
        const at = places[i];
        node.hidden = !at;
        if (at) {
          node.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
        }
      });
    }
  };
}
