/** What one plot has at the crosshair: the time, and a line for each visible component. */
import type { PlotState } from '../core/plot';
import type { Rect } from '../core/layout';
import { readImage, readLine } from '../core/nearest';
import { readCurve } from '../core/space';
import type { GraphState } from '../core/store';
import { digitsWithin, formatValue, prettyUnit } from '../core/text';
import { make } from './dom';
import { columnsOf } from './paint';
import { lineColors } from './theme';
import type { Theme } from './theme';

export interface Place {
  instant: bigint;
  header: string;
  /** The value that is pointed at; null in plots that are not. */
  y: number | null;
  /** Pixels from the left edge of the plot. */
  x: number;
}

/** Height of a row, and what the box and its place above take, in pixels. */
const ROW = 15;
const AROUND = 48;
/** Between the line and the box. */
const AWAY = 10;

export class Readout {
  readonly node = make('div', 'sq-readout');
  private where = { x: 0, width: 0 };
  /** Width of the box: told by the browser, because asking for it lays the whole page out again. */
  private own = 0;

  constructor() {
    this.node.hidden = true;
    this.node.setAttribute('aria-hidden', 'true');
    if (typeof ResizeObserver !== 'undefined') {
      new ResizeObserver(entries => this.measured(entries)).observe(this.node);
    }
  }

  hide(): void {
    this.node.hidden = true;
  }

  /** Show what `plot` has there; `rect` is where it lies. */
  show(plot: PlotState, { instant, header, y, x }: Place, rect: Rect, theme: Theme): void {
    const rows: HTMLElement[] = [];
    let offset = 0;
    for (const state of plot.states()) {
      const columns = columnsOf(state);
      const colors = lineColors(theme, columns, offset, plot.graph(state.id)?.colors ?? null);
      offset += columns.length;
      rows.push(...readGraph(plot, state, instant, y, colors));
    }
    const gap = plot.gaps().find(g => g.start <= instant && instant < g.stop);
    if (gap) {
      rows.push(make('div', 'sq-readout-gap', `not delivered: ${gap.reason}`));
    }
    this.node.hidden = rows.length === 0;
    if (rows.length > 0) {
      const room = Math.max(1, Math.floor((rect.height - AROUND) / ROW));
      this.node.replaceChildren(make('div', 'sq-readout-time', header), ...cut(rows, room));
      this.where = { x, width: rect.width };
      this.put();
    }
  }

  private measured(entries: readonly ResizeObserverEntry[]): void {
    const width = entries.at(-1)?.borderBoxSize?.[0]?.inlineSize ?? 0;
    if (width > 0 && width !== this.own) {
      this.own = width;
      this.put();
    }
  }

  /** On the other side of the line where the box would leave the plot. */
  private put(): void {
    const { own, where: { x, width } } = this;
    const flip = own > 0 ? x + AWAY + own > width && x > width - x : x > width * 0.6;
    this.node.style.left = flip ? 'auto' : `${x + AWAY}px`;
    this.node.style.right = flip ? `${width - x + AWAY}px` : 'auto';
  }
}

/** The rows that have room; the last says how many have not. */
function cut(rows: readonly HTMLElement[], room: number): HTMLElement[] {
  if (rows.length <= room) {
    return [...rows];
  }
  const shown = rows.slice(0, Math.max(room - 1, 0));
  return [...shown, make('div', 'sq-readout-time', `… ${rows.length - shown.length} more`)];
}

function readGraph(
  plot: PlotState,
  state: GraphState,
  instant: bigint,
  y: number | null,
  colors: readonly string[]
): HTMLElement[] {
  const data = state.tiles.find(tile => tile.data !== null && tile.start <= instant && instant < tile.stop)?.data;
  if (!data) {
    return [];
  }
  if (data.kind === 'image') {
    const sample = y === null ? null : readImage(data, instant, y, digitsWithin(plot.scale('z')));
    if (!sample) {
      return [];
    }
    const at = `${data.yLabel === '' ? 'y' : data.yLabel} ${formatValue(sample.channel, digitsWithin(plot.scale('y'), 4))} ${prettyUnit(data.yUnit)}`.trim();
    return [row(null, at, `${sample.text} ${prettyUnit(data.unit)}`.trim())];
  }
  if (data.kind === 'curve') {
    return readCurve(plot, state, data, instant).map(([name, value]) => row(colors[0] ?? null, name, value));
  }
  if (data.kind !== 'line') {
    return [];
  }
  const hidden = plot.hidden(state.id);
  const single = data.columns.length === 1;
  return readLine(data, instant, digitsWithin(plot.scale(plot.axisOf(state)))).flatMap((sample, i) =>
    hidden.has(sample.column)
      ? []
      : [row(colors[i]!, single ? plot.name(state, data) || sample.column : sample.column, sample.text)]
  );
}

function row(color: string | null, name: string, value: string): HTMLElement {
  const node = make('div', 'sq-readout-row');
  if (color !== null) {
    const swatch = make('span', 'sq-swatch');
    swatch.style.backgroundColor = color;
    node.append(swatch);
  }
  node.append(make('span', 'sq-readout-name', name), make('span', 'sq-readout-value', value));
  return node;
}
