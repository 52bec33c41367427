/** A panel in words (screen readers) and in data attributes (tests wait for these). */
import type { PlotState } from '../core/plot';
import { lineExtent, union } from '../core/range';
import type { Extent } from '../core/range';
import { SpacePlot } from '../core/space';
import { pieces } from '../core/store';
import type { GraphState, Tile, TileStore } from '../core/store';
import { digitsWithin, formatValue, prettyUnit } from '../core/text';
import { formatDuration, formatTime } from '../core/time';
import type { TimeView } from '../core/time';
import type { AxisName } from '../protocol';
import { columnsOf } from './paint';

export function describePanel(title: string, plots: readonly PlotState[], view: TimeView): string {
  const span = view.stop - view.start;
  const resolution = span / 1000n || 1n;
  const time = `${formatTime(view.start, resolution)} to ${formatTime(view.stop, resolution)} UTC, ${formatDuration(span)}`;
  const name = title === '' ? 'Panel' : `Panel ${title}`;
  if (plots.length === 0) {
    return `${name}, empty, ${time}`;
  }
  const each = plots.map((plot, i) => `plot ${i + 1}: ${describePlot(plot, view)}`);
  return `${name}, ${plots.length} plot${plots.length === 1 ? '' : 's'}, ${time}. ${each.join('. ')}`;
}

function describePlot(plot: PlotState, view: TimeView): string {
  const states = plot.states();
  const image = plot.image();
  const apart = plot instanceof SpacePlot;
  const what = image ? `spectrogram, ${plot.label('z')} over ${plot.label('y')}` : plot.label('y');
  const parts = [(apart ? plot.subject : what) || 'no data yet'];
  if (image && plot.hasScale('z')) {
    parts.push(`colours from ${describeRange(plot, 'z')}`);
  }
  for (const axis of plot.axes()) {
    if (axis !== 'z' && plot.hasScale(axis)) {
      const name = apart ? plot.label(axis) : axis === 'y' ? 'axis' : `right axis, ${plot.label('y2')},`;
      parts.push(`${name} from ${describeRange(plot, axis)}`);
    }
  }
  parts.push(...states.flatMap(state => describeLines(plot, state, view)));
  for (const state of states) {
    if (state.status === 'error' && state.error) {
      parts.push(`failed: ${state.error.message}`);
    } else if (state.status === 'stopped') {
      parts.push('stopped');
    } else if (state.status === 'empty') {
      parts.push('no data in this range');
    }
  }
  return parts.join(', ');
}

function describeRange(plot: PlotState, axis: AxisName): string {
  const { lo, hi, log, knee } = plot.scale(axis);
  const kind = log ? ', logarithmic' : knee > 0 ? ', symmetric logarithmic' : '';
  const digits = digitsWithin({ lo, hi }, 4);
  return `${formatValue(lo, digits)} to ${formatValue(hi, digits)}${kind}`;
}

/** `Bx from −3 to 5 nT` for every line that is shown. */
function describeLines(plot: PlotState, state: GraphState, view: TimeView): string[] {
  const hidden = plot.hidden(state.id);
  const unit = plot.newest().find(({ state: { id } }) => id === state.id)?.data.unit ?? '';
  const drawn = pieces(state.tiles, view);
  return columnsOf(state).flatMap(column => {
    if (hidden.has(column)) {
      return [];
    }
    const others = new Set(columnsOf(state).filter(other => other !== column));
    const extent = drawn.reduce<Extent | null>((all, part) => {
      const { data } = part.tile;
      return data?.kind === 'line' ? union(all, lineExtent(data, part, others, false)) : all;
    }, null);
    if (!extent) {
      return [];
    }
    const [lo, hi] = extent;
    const digits = digitsWithin({ lo, hi }, 4);
    return [`${column} from ${formatValue(lo, digits)} to ${formatValue(hi, digits)} ${prettyUnit(unit)}`.trim()];
  });
}

/** State of each graph as JSON, keyed by graph id. */
export function graphsJson(store: TileStore, pending: readonly string[], view: TimeView): string {
  const out: Record<string, unknown> = {};
  for (const state of store.all()) {
    // The pieces of the picture: the newest answer, or the tiles that the view meets.
    const used = state.tiled ? shownTiles(state, view) : state.tiles.slice(0, 1);
    const data = used.find(tile => tile.data !== null)?.data;
    out[state.id] = {
      plot: state.plot,
      status: state.status,
      pending: pending.includes(state.id),
      gen: state.gen,
      label: state.label,
      kind: data?.kind ?? null,
      mode: data?.kind === 'line' ? data.mode : null,
      n: used.reduce((sum, tile) => sum + (tile.data?.n ?? 0), 0),
      m: data?.kind === 'image' ? data.m : null,
      columns: data?.kind === 'line' ? data.columns : [],
      start: used[0] ? least(used.map(tile => tile.start)).toString() : null,
      stop: used[0] ? (-least(used.map(tile => -tile.stop))).toString() : null
    };
  }
  return JSON.stringify(out);
}

function shownTiles(state: GraphState, view: TimeView): Tile[] {
  return [...new Set(pieces(state.tiles, view).map(piece => piece.tile))];
}

function least(values: bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}
