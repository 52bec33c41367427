/** What lies over one plot as real elements: legend, notes, messages, errors, readout. */
import { COLORMAPS } from '../core/colormap';
import type { Rect } from '../core/layout';
import type { PlotState } from '../core/plot';
import type { GraphState } from '../core/store';
import type { Progress } from '../protocol';
import { make, makeButton, place, setText } from './dom';
import { Legend } from './legend';
import type { LegendActions } from './legend';
import { Readout } from './readout';
import type { Theme } from './theme';

export interface OverlayActions {
  /** What the legend of a plot does; the plot may be another object after each change of the spec. */
  legend(plotOf: () => PlotState): LegendActions;
  toggleLog(plot: PlotState): void;
  setColormap(plot: PlotState, name: string): void;
  autoscale(plot: PlotState): void;
  removePlot(plot: PlotState): void;
  retry(): void;
  stop(graph: string): void;
}

export class PlotOverlay {
  readonly node = make('div', 'sq-plot');
  private readonly legend: Legend;
  private readonly notes = make('div', 'sq-notes');
  private readonly message = make('div', 'sq-message');
  private readonly errors = make('div', 'sq-errors');
  private readonly busy = make('div', 'sq-busy');
  private readonly busyText = make('span', '');
  private readonly cancel = makeButton('sq-tool', 'cancel', 'Stop loading and keep the last picture', () =>
    this.loading.forEach(graph => this.actions.stop(graph))
  );
  private readonly maps = makeMapChoice(name => this.actions.setColormap(this.plot, name));
  private loading: string[] = [];
  readonly readout = new Readout();
  private readonly handle = make('div', 'sq-handle', '⠿');
  private readonly menu = makeButton('sq-tool', '⋯', 'Menu of this plot (Shift+F10)', () => this.askMenu());
  private errorKey = '';

  constructor(
    public plot: PlotState,
    private readonly actions: OverlayActions
  ) {
    this.legend = new Legend(actions.legend(() => this.plot));
    const tools = make('div', 'sq-plot-tools');
    tools.append(
      this.maps,
      makeButton('sq-tool', 'log', 'Switch this plot between linear and logarithmic', () => actions.toggleLog(this.plot)),
      makeButton('sq-tool', 'auto', 'Fit the values of this plot to the view', () => actions.autoscale(this.plot)),
      makeButton('sq-tool', '✕', 'Remove this plot', () => actions.removePlot(this.plot)),
      this.menu
    );
    this.node.dataset.plot = plot.id;
    this.handle.draggable = true;
    this.handle.title = 'Drag to move this plot, also to another panel (Alt+Up, Alt+Down)';
    this.handle.setAttribute('aria-hidden', 'true');
    this.busy.append(make('span', 'sq-spinner'), this.busyText, this.cancel);
    this.busy.hidden = true;
    this.node.append(this.notes, this.busy, this.legend.node, this.message, this.errors, tools, this.handle, this.readout.node);
  }

  /** Let the part that keeps the menu open it at its button. */
  private askMenu(): void {
    const { left, bottom } = this.menu.getBoundingClientRect();
    const detail = { plot: this.plot.id, x: left, y: bottom };
    this.node.dispatchEvent(new CustomEvent('sq-plot-menu', { bubbles: true, detail }));
  }

  place(rect: Rect): void {
    place(this.node, rect);
    // In the corner of the panel beside the plot, where no label comes.
    this.handle.style.left = `${2 - rect.x}px`;
    this.legend.fit(rect);
    // The name of the axis takes all the room beside a low plot.
    this.node.classList.toggle('sq-plot-low', rect.height < 100);
  }

  /** Say what of this plot takes long; it can be given up once the kernel has said so too. */
  setBusy(slow: ReadonlyMap<string, Progress | null>): void {
    this.loading = this.plot.states().map(state => state.id).filter(id => slow.has(id));
    const told = this.loading.flatMap(id => slow.get(id) ?? []);
    this.busy.hidden = this.loading.length === 0;
    this.cancel.hidden = told.length === 0;
    setText(this.busyText, describeProgress(told));
  }

  update(theme: Theme): void {
    this.legend.update(this.plot, theme);
    this.legend.node.hidden = this.plot.spec.legend === false;
    setText(this.notes, this.plot.notes().join(' · '));
    this.maps.hidden = this.plot.image() === null;
    this.maps.value = this.plot.z.colormap ?? theme.colormap;
    this.updateMessage();
    this.updateErrors();
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
          : this.plot.valueless
            ? 'No values in this range'
            : '';
    setText(this.message, text);
  }

  private updateErrors(): void {
    const failed = this.plot.states().filter(state => state.status === 'error' && state.error);
    const stopped = this.plot.states().filter(state => state.status === 'stopped');
    const key = JSON.stringify([
      failed.map(state => [state.id, this.plot.name(state), state.error]),
      stopped.map(state => [state.id, this.plot.name(state), state.tiles.length])
    ]);
    if (key === this.errorKey) {
      return;
    }
    this.errorKey = key;
    this.errors.replaceChildren(
      ...failed.map(state => this.errorCard(state)),
      ...stopped.map(state => this.stoppedCard(state))
    );
  }

  private stoppedCard(state: GraphState): HTMLElement {
    const card = make('div', 'sq-stopped');
    card.setAttribute('role', 'status');
    const name = this.plot.name(state);
    const text = state.tiles.length > 0 ? 'stopped; this is the last picture' : 'stopped before anything came';
    card.append(
      make('span', '', name === '' ? text : `${name}: ${text}`),
      makeButton('sq-tool', 'retry', 'Ask for this data again', () => this.actions.retry())
    );
    return card;
  }

  private errorCard(state: GraphState): HTMLElement {
    const { type, title = type, message, hint, traceback } = state.error!;
    const card = make('div', 'sq-error');
    card.setAttribute('role', 'alert');
    const line = make('div', 'sq-error-line');
    const name = this.plot.name(state);
    line.append(
      make('strong', '', name === '' ? title : `${name}: ${title}`),
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
}

/** The colour maps to choose from. */
function makeMapChoice(choose: (name: string) => void): HTMLSelectElement {
  const select = make('select', 'sq-tool');
  select.title = 'Colour map';
  select.setAttribute('aria-label', select.title);
  select.append(...COLORMAPS.map(name => make('option', '', name)));
  select.addEventListener('change', () => choose(select.value));
  return select;
}

/** `loading… 3.2 MB, 1.1 MB/s, 4 s`, as far as it is known. */
function describeProgress(told: readonly Progress[]): string {
  if (told.length === 0) {
    return 'loading…';
  }
  const sum = (of: (p: Progress) => number): number => told.reduce((all, p) => all + of(p), 0);
  const [bytes, rate] = [sum(p => p.bytes), sum(p => p.rate)];
  const traffic = bytes > 0 ? [formatBytes(bytes), `${formatBytes(rate)}/s`] : [];
  const seconds = Math.max(...told.map(p => p.seconds));
  return `loading… ${[...traffic, `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`].join(', ')}`;
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
