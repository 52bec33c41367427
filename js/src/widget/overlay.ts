/** What lies over one plot as real elements: legend, notes, messages, errors, readout. */
import type { Rect } from '../core/layout';
import type { PlotState } from '../core/plot';
import { readImage, readLine } from '../core/nearest';
import { formatValue } from '../core/scale';
import type { GraphState } from '../core/store';
import { make, makeButton, setText } from './dom';
import { columnsOf } from './paint';
import { lineColors } from './theme';
import type { Theme } from './theme';

export interface OverlayActions {
  toggleColumn(plot: PlotState, graph: string, column: string): void;
  toggleLog(plot: PlotState): void;
  autoscale(plot: PlotState): void;
  removePlot(plot: PlotState): void;
  retry(): void;
}

export class PlotOverlay {
  readonly node = make('div', 'sq-plot');
  private readonly legend = make('div', 'sq-legend');
  private readonly notes = make('div', 'sq-notes');
  private readonly message = make('div', 'sq-message');
  private readonly errors = make('div', 'sq-errors');
  private readonly busy = make('div', 'sq-busy');
  private readonly readout = make('div', 'sq-readout');
  private legendKey = '';
  private errorKey = '';

  constructor(
    public plot: PlotState,
    private readonly actions: OverlayActions
  ) {
    const tools = make('div', 'sq-plot-tools');
    tools.append(
      makeButton('sq-tool', 'log', 'Switch this plot between linear and logarithmic', () => actions.toggleLog(this.plot)),
      makeButton('sq-tool', 'auto', 'Fit the values of this plot to the view', () => actions.autoscale(this.plot)),
      makeButton('sq-tool', '✕', 'Remove this plot', () => actions.removePlot(this.plot))
    );
    this.busy.append(make('span', 'sq-spinner'), make('span', '', 'loading…'));
    this.busy.hidden = true;
    this.readout.hidden = true;
    this.readout.setAttribute('aria-hidden', 'true');
    this.node.append(this.notes, this.busy, this.legend, this.message, this.errors, tools, this.readout);
  }

  place(rect: Rect): void {
    const { style } = this.node;
    style.left = `${rect.x}px`;
    style.top = `${rect.y}px`;
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
  }

  setBusy(busy: boolean): void {
    this.busy.hidden = !busy;
  }

  update(theme: Theme): void {
    this.updateLegend(theme);
    setText(this.notes, this.plot.notes().join(' · '));
    this.updateMessage();
    this.updateErrors();
  }

  private updateLegend(theme: Theme): void {
    const states = this.plot.states();
    const key = JSON.stringify([
      theme.dark,
      theme.foreground,
      states.map(s => [s.id, this.plot.name(s), columnsOf(s), [...this.plot.hidden(s.id)], this.plot.graph(s.id)?.colors])
    ]);
    if (key === this.legendKey) {
      return;
    }
    this.legendKey = key;
    const focused = this.legend.ownerDocument.activeElement;
    const held = focused instanceof HTMLElement && this.legend.contains(focused) ? focused.dataset.entry : undefined;
    this.legend.replaceChildren();
    const graphs = states.filter(state => columnsOf(state).length > 0).length;
    let offset = 0;
    for (const state of states) {
      const columns = columnsOf(state);
      const colors = lineColors(theme, columns, offset, this.plot.graph(state.id)?.colors ?? null);
      offset += columns.length;
      columns.forEach((column, i) => {
        this.legend.append(this.legendEntry(state, column, colors[i]!, columns.length, graphs));
      });
    }
    // Who toggled an entry by keyboard stays on it.
    const entries = [...this.legend.querySelectorAll<HTMLElement>('.sq-legend-entry')];
    entries.find(entry => held !== undefined && entry.dataset.entry === held)?.focus();
  }

  private legendEntry(
    state: GraphState,
    column: string,
    color: string,
    columns: number,
    graphs: number
  ): HTMLButtonElement {
    const label = this.plot.name(state);
    const text = columns === 1 ? label || column : graphs > 1 && label !== '' ? `${label} ${column}` : column;
    const hidden = this.plot.hidden(state.id).has(column);
    const entry = makeButton('sq-legend-entry', '', hidden ? `Show ${text}` : `Hide ${text}`, () =>
      this.actions.toggleColumn(this.plot, state.id, column)
    );
    entry.dataset.column = column;
    entry.dataset.entry = `${state.id}/${column}`;
    entry.setAttribute('aria-pressed', String(!hidden));
    const swatch = make('span', 'sq-swatch');
    swatch.style.backgroundColor = color;
    entry.append(swatch, make('span', 'sq-legend-text', text));
    return entry;
  }

  private updateMessage(): void {
    const states = this.plot.states();
    const empty = states.filter(state => state.status === 'empty');
    const shown = empty.length > 0 && empty.length === states.length;
    const reasons = [...new Set(empty.map(state => state.emptyMessage).filter(text => text !== ''))];
    const text =
      states.length === 0
        ? 'Nothing in this plot: drop a product here'
        : shown
          ? `No data in this range${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`
          : '';
    setText(this.message, text);
  }

  private updateErrors(): void {
    const failed = this.plot.states().filter(state => state.status === 'error' && state.error);
    const key = JSON.stringify(failed.map(state => [state.id, this.plot.name(state), state.error]));
    if (key === this.errorKey) {
      return;
    }
    this.errorKey = key;
    this.errors.replaceChildren(...failed.map(state => this.errorCard(state)));
  }

  private errorCard(state: GraphState): HTMLElement {
    const { type, message, hint, traceback } = state.error!;
    const card = make('div', 'sq-error');
    card.setAttribute('role', 'alert');
    const line = make('div', 'sq-error-line');
    const name = this.plot.name(state);
    line.append(
      make('strong', '', name === '' ? type : `${name}: ${type}`),
      make('span', 'sq-error-text', message),
      makeButton('sq-tool', 'retry', 'Ask for this data again', () => this.actions.retry())
    );
    card.append(line);
    if (hint) {
      card.append(make('div', 'sq-error-hint', hint));
    }
    if (traceback) {
      const details = make('details', 'sq-traceback');
      details.open = true;
      details.append(make('summary', '', 'Traceback'), make('pre', '', traceback));
      card.append(details);
    }
    return card;
  }

  hideReadout(): void {
    this.readout.hidden = true;
  }

  /** Values at `ns`; `header` is the time, on the plot under the cursor; `y` the value there. */
  showReadout(ns: bigint, x: number, theme: Theme, header: string | null, y: number | null): void {
    const rows: Node[] = [];
    if (header !== null) {
      rows.push(make('div', 'sq-readout-time', header));
    }
    let offset = 0;
    for (const state of this.plot.states()) {
      const columns = columnsOf(state);
      const colors = lineColors(theme, columns, offset, this.plot.graph(state.id)?.colors ?? null);
      offset += columns.length;
      rows.push(...this.readGraph(state, ns, y, colors));
    }
    const gap = this.plot.gaps().find(g => g.start <= ns && ns < g.stop);
    if (gap) {
      rows.push(make('div', 'sq-readout-gap', `not delivered: ${gap.reason}`));
    }
    this.readout.replaceChildren(...rows);
    this.readout.hidden = rows.length === 0;
    // On the other side of the cursor where the box would leave the plot.
    const width = this.node.clientWidth;
    const flip = x > width * 0.6;
    this.readout.style.left = flip ? 'auto' : `${x + 10}px`;
    this.readout.style.right = flip ? `${width - x + 10}px` : 'auto';
  }

  private readGraph(state: GraphState, ns: bigint, y: number | null, colors: readonly string[]): Node[] {
    const data = state.tiles.find(tile => tile.data !== null && tile.start <= ns && ns < tile.stop)?.data;
    if (!data) {
      return [];
    }
    if (data.kind === 'image') {
      const sample = y === null ? null : readImage(data, ns, y);
      if (!sample) {
        return [];
      }
      const at = `${data.yLabel === '' ? 'y' : data.yLabel} ${formatValue(sample.channel, 4)} ${data.yUnit}`.trim();
      return [readoutRow(null, at, `${formatValue(sample.value, 4)} ${data.unit}`.trim())];
    }
    const hidden = this.plot.hidden(state.id);
    const single = data.columns.length === 1;
    return readLine(data, ns).flatMap((sample, i) =>
      hidden.has(sample.column)
        ? []
        : [readoutRow(colors[i]!, single ? this.plot.name(state, data) || sample.column : sample.column, sample.text)]
    );
  }
}

function readoutRow(color: string | null, name: string, value: string): HTMLElement {
  const row = make('div', 'sq-readout-row');
  if (color !== null) {
    const swatch = make('span', 'sq-swatch');
    swatch.style.backgroundColor = color;
    row.append(swatch);
  }
  row.append(make('span', 'sq-readout-name', name), make('span', 'sq-readout-value', value));
  return row;
}
