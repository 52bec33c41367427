/**
 * The legend of one plot as real elements: a button per line hides and shows it. A double click or
 * Shift leaves one line alone, the right button or Shift+F10 opens a menu with colours.
 */
import type { Rect } from '../core/layout';
import type { PlotState } from '../core/plot';
import type { GraphState } from '../core/store';
import { make, makeButton } from './dom';
import { columnsOf } from './paint';
import { lineColors } from './theme';
import type { Theme } from './theme';

/** A graph with more lines than this has one entry, until that is opened. */
const MOST = 8;
/** Whether a plot, in pixels, is so small that a legend would cover its lines. */
function isSmall({ width, height }: Rect): boolean {
  return width < 320 || height < 44 || (height < 84 && width < 600);
}

/** Milliseconds in which a second click makes a double one. */
const DOUBLE = 250;

export interface LegendActions {
  /** Show a line or hide it, in the picture alone. */
  toggle(graph: string, column: string): void;
  /** Tell the spec what is hidden now. */
  keep(graph: string): void;
  /** Show one line of all in the plot, or all again. */
  alone(graph: string, column: string): void;
  menu(graph: string, column: string, at: { x: number; y: number }): void;
}

export class Legend {
  readonly node = make('div', 'sq-legend');
  private readonly list = make('div', 'sq-legend-list');
  private readonly fold = makeButton('sq-legend-entry sq-legend-fold', '', 'Legend', () => this.unfold(!this.unfolded));
  private key = '';
  private readonly open = new Set<string>();
  private small = false;
  private unfolded = false;
  private pending: { key: string; timer: ReturnType<typeof setTimeout>; send: () => void } | null = null;

  constructor(private readonly actions: LegendActions) {
    this.node.append(this.list);
    this.unfold(false);
  }

  /** Give way in a plot that it would cover. */
  fit(rect: Rect): void {
    const small = isSmall(rect);
    if (small !== this.small) {
      this.small = small;
      this.unfold(false);
    }
  }

  private unfold(unfolded: boolean): void {
    this.unfolded = unfolded;
    const lines = this.list.querySelectorAll('[data-column]').length;
    if (!this.small || this.list.childElementCount === 0) {
      this.fold.remove();
    } else if (!this.fold.isConnected) {
      this.node.prepend(this.fold);
    }
    this.list.hidden = this.small && !unfolded;
    this.fold.setAttribute('aria-expanded', String(unfolded));
    this.fold.textContent = `${unfolded ? '▾' : '▸'} ${lines === 1 ? '1 line' : `${lines} lines`}`;
  }

  update(plot: PlotState, theme: Theme): void {
    const states = plot.states();
    const key = JSON.stringify([
      theme.dark,
      theme.foreground,
      [...this.open],
      states.map(s => [s.id, plot.name(s), columnsOf(s), [...plot.hidden(s.id)], plot.graph(s.id)?.colors, plot.axisOf(s)])
    ]);
    if (key === this.key) {
      return;
    }
    this.key = key;
    const focused = this.node.ownerDocument.activeElement;
    const held = focused instanceof HTMLElement && this.list.contains(focused) ? focused.dataset.entry : undefined;
    this.list.replaceChildren();
    const several = states.filter(state => columnsOf(state).length > 0).length > 1;
    let offset = 0;
    for (const state of states) {
      const columns = columnsOf(state);
      const colors = lineColors(theme, columns, offset, plot.graph(state.id)?.colors ?? null);
      offset += columns.length;
      this.list.append(...this.entries(plot, state, columns, colors, several, theme));
    }
    this.unfold(this.unfolded);
    // Who toggled an entry by keyboard stays on it.
    const entries = [...this.list.querySelectorAll<HTMLElement>('.sq-legend-entry')];
    entries.find(entry => held !== undefined && entry.dataset.entry === held)?.focus();
  }

  private entries(
    plot: PlotState,
    state: GraphState,
    columns: readonly string[],
    colors: readonly string[],
    several: boolean,
    theme: Theme
  ): HTMLElement[] {
    if (columns.length <= MOST) {
      return columns.map((column, i) => this.entry(plot, state, column, colors[i]!, several));
    }
    const group = this.group(plot, state, columns, theme);
    return this.open.has(state.id)
      ? [group, ...columns.map((column, i) => this.entry(plot, state, column, colors[i]!, several))]
      : [group];
  }

  /** `▸ first … last`, which opens to all lines of its graph. */
  private group(plot: PlotState, state: GraphState, columns: readonly string[], theme: Theme): HTMLElement {
    const open = this.open.has(state.id);
    const name = plot.name(state);
    const label = `${open ? 'Close' : 'Open'} the list of the ${columns.length} lines of ${name || state.product}`;
    const button = makeButton('sq-legend-entry', '', label, () => {
      if (!this.open.delete(state.id)) {
        this.open.add(state.id);
      }
      this.update(plot, theme);
    });
    button.dataset.entry = state.id;
    button.setAttribute('aria-expanded', String(open));
    button.append(make('span', 'sq-legend-text', `${open ? '▾' : '▸'} ${columns[0]} … ${columns[columns.length - 1]}`));
    return button;
  }

  private entry(plot: PlotState, state: GraphState, column: string, color: string, several: boolean): HTMLButtonElement {
    const label = plot.name(state);
    const alone = columnsOf(state).length === 1;
    const named = alone ? label || column : several && label !== '' ? `${label} ${column}` : column;
    const text = plot.axisOf(state) === 'y2' ? `${named} →` : named;
    const hidden = plot.hidden(state.id).has(column);
    const entry = makeButton('sq-legend-entry', '', `${hidden ? 'Show' : 'Hide'} ${named}`, () => undefined);
    entry.title += '; double click or Shift+Enter: it alone; right click or Shift+F10: colour';
    entry.dataset.column = column;
    entry.dataset.entry = `${state.id}/${column}`;
    entry.setAttribute('aria-pressed', String(!hidden));
    const swatch = make('span', 'sq-swatch');
    swatch.style.backgroundColor = color;
    entry.append(swatch, make('span', 'sq-legend-text', text));
    this.listen(entry, state.id, column);
    return entry;
  }

  private listen(entry: HTMLElement, graph: string, column: string): void {
    const menu = (at: { x: number; y: number }, event: Event): void => {
      event.preventDefault();
      event.stopPropagation();
      this.actions.menu(graph, column, at);
    };
    entry.addEventListener('click', event => {
      if (event.shiftKey) {
        this.actions.alone(graph, column);
      } else {
        this.clicked(graph, column, event.detail === 0);
      }
    });
    entry.addEventListener('contextmenu', event => menu({ x: event.clientX, y: event.clientY }, event));
    entry.addEventListener('keydown', event => {
      const { left, bottom } = entry.getBoundingClientRect();
      if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) {
        menu({ x: left, y: bottom }, event);
      } else if (event.shiftKey && event.key === 'Enter') {
        event.preventDefault();
        event.stopPropagation();
        this.actions.alone(graph, column);
      }
    });
  }

  /**
   * Shown at once, but told to the spec only when no second click comes: a double click is one step
   * to undo. That second click may meet another element, as the first drew the legend anew.
   */
  private clicked(graph: string, column: string, keyboard: boolean): void {
    const key = `${graph}/${column}`;
    const before = this.pending;
    this.pending = null;
    if (before) {
      clearTimeout(before.timer);
      if (before.key === key && !keyboard) {
        this.actions.toggle(graph, column);
        this.actions.alone(graph, column);
        return;
      }
      before.send();
    }
    this.actions.toggle(graph, column);
    const send = (): void => {
      this.pending = null;
      this.actions.keep(graph);
    };
    if (keyboard) {
      send();
    } else {
      this.pending = { key, timer: setTimeout(send, DOUBLE), send };
    }
  }
}
