/** The legend of one plot as real elements: a button per line hides and shows it. */
import type { PlotState } from '../core/plot';
import type { GraphState } from '../core/store';
import { make, makeButton } from './dom';
import { columnsOf } from './paint';
import { lineColors } from './theme';
import type { Theme } from './theme';

/** A graph with more lines than this has one entry, until that is opened. */
const MOST = 8;

export class Legend {
  readonly node = make('div', 'sq-legend');
  private key = '';
  private readonly open = new Set<string>();

  constructor(private readonly toggle: (graph: string, column: string) => void) {}

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
    const held = focused instanceof HTMLElement && this.node.contains(focused) ? focused.dataset.entry : undefined;
    this.node.replaceChildren();
    const several = states.filter(state => columnsOf(state).length > 0).length > 1;
    let offset = 0;
    for (const state of states) {
      const columns = columnsOf(state);
      const colors = lineColors(theme, columns, offset, plot.graph(state.id)?.colors ?? null);
      offset += columns.length;
      this.node.append(...this.entries(plot, state, columns, colors, several, theme));
    }
    // Who toggled an entry by keyboard stays on it.
    const entries = [...this.node.querySelectorAll<HTMLElement>('.sq-legend-entry')];
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
    const entry = makeButton('sq-legend-entry', '', `${hidden ? 'Show' : 'Hide'} ${named}`, () => this.toggle(state.id, column));
    entry.dataset.column = column;
    entry.dataset.entry = `${state.id}/${column}`;
    entry.setAttribute('aria-pressed', String(!hidden));
    const swatch = make('span', 'sq-swatch');
    swatch.style.backgroundColor = color;
    entry.append(swatch, make('span', 'sq-legend-text', text));
    return entry;
  }
}
