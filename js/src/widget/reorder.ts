/**
 * The order of plots: by keys, and by dragging the handle of a plot, which may also be dropped on
 * another panel. That one adds the plot, and once it has it this one lets it go.
 */
import type { PlotState } from '../core/plot';
import { MIME_PLOT, MIME_TEXT, panelMime } from '../mime';
import type { PlotPayload } from '../mime';
import { newId } from './identity';
import type { MenuEntry } from './menu';
import type { MakePart, PanelHost } from './part';

/** On the page, when a panel has taken a plot over from another. */
const TAKEN = 'sciqlop:plot-taken';
/** Milliseconds after which a plot that was asked for does not come any more. */
const PATIENCE = 10_000;

const names = new WeakMap<PanelHost, string>();

/** A name by which panels of a page know each other. */
export function nameOf(panel: PanelHost): string {
  const known = names.get(panel) ?? newId();
  names.set(panel, known);
  return known;
}

/** Move a plot so that it comes before the one that now has the index `before`. */
export function movePlot(panel: PanelHost, id: string, before: number): void {
  const from = panel.plots.findIndex(plot => plot.id === id);
  const to = before > from ? before - 1 : before;
  if (from >= 0 && to !== from && to >= 0 && to < panel.plots.length) {
    panel.gestureEnded();
    panel.command({ op: 'move_plot', plot: id, index: to });
    panel.current = to;
  }
}

/** What `Move up` and `Move down` of a plot's menu do. */
export function moveEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const index = panel.plots.indexOf(plot);
  const entry = (label: string, hint: string, possible: boolean, before: number): MenuEntry =>
    possible ? { label, hint, run: () => movePlot(panel, plot.id, before) } : { label, hint };
  return [
    entry('Move up', 'Alt+Up', index > 0, index - 1),
    entry('Move down', 'Alt+Down', index < panel.plots.length - 1, index + 2)
  ];
}

const REASON = 'shows a variable of Python, which only its own panel holds: plot it here with panel.plot(variable)';

/** Take a plot of another panel. */
export class Adoption {
  private wanted: { payload: PlotPayload; before: Set<string>; until: number } | null = null;

  constructor(private readonly panel: PanelHost) {}

  take(payload: PlotPayload, index: number): void {
    const { panel } = this;
    if (payload.panel === nameOf(panel)) {
      movePlot(panel, payload.plot.id, index);
      return;
    }
    const local = payload.plot.graphs.find(graph => graph.product.startsWith('data/'));
    if (local) {
      panel.notify('warning', `The plot was not moved: ${local.label ?? local.product} ${REASON}`);
      return;
    }
    this.wanted = { payload, before: this.ids(), until: performance.now() + PATIENCE };
    panel.command({ op: 'add_plot', plot: payload.plot, index });
  }

  private ids(): Set<string> {
    return new Set(this.panel.spec.plots.map(plot => plot.id));
  }

  /** The spec has changed: tell the panel that the plot came from once it is here. */
  check(): void {
    const { wanted } = this;
    if (!wanted) {
      return;
    }
    const products = wanted.payload.plot.graphs.map(graph => graph.product).join('\n');
    const here = this.panel.spec.plots.some(
      plot => !wanted.before.has(plot.id) && plot.graphs.map(graph => graph.product).join('\n') === products
    );
    if (here || performance.now() > wanted.until) {
      this.wanted = null;
    }
    if (here) {
      const { panel, plot } = wanted.payload;
      document.dispatchEvent(new CustomEvent(TAKEN, { detail: { panel, plot: plot.id } }));
    }
  }
}

const KEYS: Record<string, -1 | 1> = { ArrowUp: -1, ArrowDown: 1 };

function stepOf(event: KeyboardEvent): { step: -1 | 1; move: boolean } | null {
  const step = KEYS[event.key];
  const plain = !event.shiftKey && !event.metaKey;
  return step && plain && event.altKey !== event.ctrlKey ? { step, move: event.altKey } : null;
}

function pressed(panel: PanelHost, { step, move }: { step: -1 | 1; move: boolean }): void {
  const next = panel.current + step;
  const plot = panel.plots[panel.current];
  if (!plot || next < 0 || next >= panel.plots.length) {
    return;
  }
  if (move) {
    movePlot(panel, plot.id, step < 0 ? next : next + 1);
  } else {
    panel.current = next;
  }
  panel.redraw();
}

function carry(panel: PanelHost, transfer: DataTransfer, plot: PlotState): void {
  panel.gestureEnded();
  // Axes as they are set now, of which the spec may not know yet.
  const { y, y2, z } = plot;
  const spec = { ...plot.spec, y: { ...plot.spec.y, ...y }, z: { ...plot.spec.z, ...z } };
  const full = plot.spec.y2 ? { ...spec, y2: { ...plot.spec.y2, ...y2 } } : spec;
  const payload = { v: 1, panel: nameOf(panel), plot: full };
  transfer.setData(MIME_PLOT, JSON.stringify(payload));
  transfer.setData(panelMime(nameOf(panel)), '');
  transfer.setData(MIME_TEXT, spec.graphs.map(graph => graph.product).join('\n'));
  transfer.effectAllowed = 'copyMove';
}

export const makeReorder: MakePart = panel => {
  const { element } = panel.stage;
  const plotOf = (target: EventTarget | null): number => {
    const node = target instanceof Element ? target.closest<HTMLElement>('.sq-plot') : null;
    return panel.plots.findIndex(plot => plot.id === node?.dataset.plot);
  };
  const start = (event: DragEvent): void => {
    const plot = panel.plots[plotOf(event.target)];
    const onHandle = event.target instanceof Element && event.target.closest('.sq-handle') !== null;
    if (plot && onHandle && event.dataTransfer) {
      event.stopPropagation();
      carry(panel, event.dataTransfer, plot);
    }
  };
  // Who tabs into the tools of a plot means that plot by the keys that follow.
  const focus = (event: FocusEvent): void => {
    const index = plotOf(event.target);
    if (index >= 0 && index !== panel.current) {
      panel.current = index;
      panel.redraw();
    }
  };
  const taken = (event: Event): void => {
    const { panel: name, plot } = (event as CustomEvent<{ panel: string; plot: string }>).detail;
    if (name === nameOf(panel) && panel.plots.some(({ id }) => id === plot)) {
      panel.command({ op: 'remove_plot', plot });
    }
  };
  element.addEventListener('dragstart', start);
  element.addEventListener('focusin', focus);
  document.addEventListener(TAKEN, taken);
  return {
    usesKey: event => stepOf(event) !== null,
    key: event => {
      const step = stepOf(event);
      if (step) {
        pressed(panel, step);
      }
      return step !== null;
    },
    close: () => {
      element.removeEventListener('dragstart', start);
      element.removeEventListener('focusin', focus);
      document.removeEventListener(TAKEN, taken);
    }
  };
};
