/** Mouse, touch and keys become a few verbs; SciQLop's mouse model, or a plain one. */
import type { Hit, Point } from '../core/layout';
import type { AxisName } from '../protocol';
import { HELD_OFF } from './dom';
import { isPlain } from './mousemode';

export interface Gestures {
  hit(x: number, y: number): Hit | null;
  /** Fraction of the span; positive is later. */
  pan(fraction: number): void;
  zoom(factor: number, anchor: number): void;
  /** Up or down, of all value axes of a plot. */
  panY(index: number, fraction: number): void;
  zoomAxis(index: number, axis: AxisName, factor: number, anchor: number): void;
  /** All value axes of a plot. */
  zoomY(index: number, factor: number, anchor: number): void;
  /** Start, moves (in fractions of the plot, from the start) and end of a drag. */
  dragStart(index: number): void;
  dragMove(index: number, dx: number, dy: number): void;
  dragEnd(): void;
  /** A box is drawn over a plot, between two points of the picture, and then zoomed to or not. */
  boxMove(index: number, from: Point, to: Point): void;
  boxEnd(index: number, taken: boolean): void;
  autoscale(index: number | null, axis: AxisName | 'all'): void;
  hover(point: Point | null): void;
  key(event: KeyboardEvent): boolean;
  plotSize(index: number): { width: number; height: number };
}

/** Wheel travel in notches: browsers report pixels, lines or pages. */
export function wheelNotches(event: Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode'>): number {
  // With Shift some systems report vertical wheels as horizontal ones.
  const delta = event.deltaY || event.deltaX;
  const pixels = event.deltaMode === 1 ? delta * 33 : event.deltaMode === 2 ? delta * 400 : delta;
  return Math.max(-4, Math.min(4, pixels / 100));
}

const PAN_STEP = 0.1;
const ZOOM_STEP = 1.25;

export function attachPointer(stage: HTMLElement, g: Gestures): () => void {
  const cleanups: (() => void)[] = [];
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions
  ): void => {
    stage.addEventListener(type, handler, options);
    cleanups.push(() => stage.removeEventListener(type, handler, options));
  };
  const local = (event: MouseEvent): Point => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const hitOf = (event: MouseEvent): Hit | null => {
    const { x, y } = local(event);
    return g.hit(x, y);
  };
  const overControl = (event: Event): boolean =>
    event.target instanceof Element && event.target.closest('button, select, input, .sq-error, .sq-legend, .sq-handle, .sq-border, .sq-finder') !== null;

  on(
    'wheel',
    event => {
      // A long traceback or legend scrolls on its own.
      const hit = overControl(event) ? null : hitOf(event);
      if (!hit) {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      wheel(g, hit, event, isPlain(stage.ownerDocument));
    },
    { passive: false }
  );
  attachDrag(on, local, hitOf, overControl, stage, g);
  on('dblclick', event => {
    const hit = overControl(event) ? null : hitOf(event);
    if (hit && hit.zone !== 'time') {
      g.autoscale(hit.index, hit.zone === 'plot' ? 'all' : hit.zone);
    }
  });
  on('pointerleave', () => g.hover(null));
  return () => cleanups.forEach(cleanup => cleanup());
}

function wheel(g: Gestures, hit: Hit, event: WheelEvent, plain: boolean): void {
  const notches = wheelNotches(event);
  const factor = Math.pow(ZOOM_STEP, notches);
  if (hit.zone === 'time') {
    g.zoom(factor, hit.fx);
  } else if (hit.zone !== 'plot') {
    g.zoomAxis(hit.index, hit.zone, factor, hit.fy);
  } else if (plain) {
    if (event.shiftKey) {
      g.pan(notches * PAN_STEP);
    } else {
      g.zoom(factor, hit.fx);
    }
  } else if (event.ctrlKey || event.metaKey) {
    if (event.shiftKey) {
      g.panY(hit.index, -notches * PAN_STEP);
    } else {
      g.zoom(factor, hit.fx);
    }
  } else if (event.shiftKey) {
    g.zoomY(hit.index, factor, hit.fy);
  } else {
    g.pan(notches * PAN_STEP);
  }
}

type On = <K extends keyof HTMLElementEventMap>(
  type: K,
  handler: (event: HTMLElementEventMap[K]) => void,
  options?: AddEventListenerOptions
) => void;

/** Pixels of movement that make a press a drag: a click must not shift the picture. */
const THRESHOLD = 3;

function attachDrag(
  on: On,
  local: (event: MouseEvent) => Point,
  hitOf: (event: MouseEvent) => Hit | null,
  overControl: (event: Event) => boolean,
  stage: HTMLElement,
  g: Gestures
): void {
  let drag: { id: number; from: Point; index: number; moving: boolean; box: boolean } | null = null;
  on('pointerdown', event => {
    const hit = overControl(event) ? null : hitOf(event);
    if (event.button !== 0 || !hit || hit.zone !== 'plot') {
      return;
    }
    const box = isPlain(stage.ownerDocument) && !event.shiftKey;
    drag = { id: event.pointerId, from: local(event), index: hit.index, moving: false, box };
  });
  on('pointermove', event => {
    const point = local(event);
    if (!drag || drag.id !== event.pointerId) {
      g.hover(overControl(event) ? null : point);
      return;
    }
    const [dx, dy] = [point.x - drag.from.x, point.y - drag.from.y];
    if (!drag.moving) {
      if (Math.hypot(dx, dy) < THRESHOLD) {
        return;
      }
      drag.moving = true;
      stage.setPointerCapture(event.pointerId);
      if (!drag.box) {
        stage.classList.add('sq-dragging');
        g.dragStart(drag.index);
      }
    }
    if (drag.box) {
      g.boxMove(drag.index, drag.from, point);
    } else {
      const size = g.plotSize(drag.index);
      g.dragMove(drag.index, dx / size.width, dy / size.height);
    }
    g.hover(point);
  });
  const end = (event: PointerEvent): void => {
    if (!drag || drag.id !== event.pointerId) {
      return;
    }
    if (drag.moving && drag.box) {
      g.boxEnd(drag.index, event.type === 'pointerup');
    } else if (drag.moving) {
      g.dragEnd();
    }
    drag = null;
    stage.classList.remove('sq-dragging');
  };
  on('pointerup', end);
  on('pointercancel', end);
}

/**
 * Keys of the focused panel. JupyterLab's shortcuts would take M, L and the arrows in a notebook
 * (M turns the cell into Markdown), so they are held off for exactly the keys that a panel uses, and
 * for all but Ctrl+S and the like in what stands in it: menus, dialogs, buttons. Notebooks bind keys
 * to whatever has the focus, so that element itself has to say so.
 */
export function attachKeys(root: HTMLElement, g: Gestures, used: (event: KeyboardEvent) => boolean): () => void {
  const inText = (event: Event): boolean =>
    event.target instanceof Element && event.target.closest('input, select, textarea, [contenteditable]') !== null;
  const before = (event: KeyboardEvent): void => {
    const { target } = event;
    const inside = target instanceof Element && root.contains(target);
    const ours = inside && !inText(event) && used(event);
    root.toggleAttribute(HELD_OFF, ours);
    if (inside && target !== root) {
      target.toggleAttribute(HELD_OFF, ours || (!event.ctrlKey && !event.metaKey));
    }
  };
  const down = (event: KeyboardEvent): void => {
    const onButton = event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ');
    if (!inText(event) && !onButton && g.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const view = root.ownerDocument.defaultView ?? window;
  // The window's capture phase comes before the document's, where JupyterLab listens.
  view.addEventListener('keydown', before, true);
  root.addEventListener('keydown', down);
  return () => {
    view.removeEventListener('keydown', before, true);
    root.removeEventListener('keydown', down);
  };
}
