/** A panel in words (screen readers) and in data attributes (tests wait for these). */
import type { PlotState } from '../core/plot';
import type { TileStore } from '../core/store';
import { formatDuration, formatTime } from '../core/time';
import type { TimeView } from '../core/time';
import { columnsOf } from './paint';

export function describePanel(title: string, plots: readonly PlotState[], view: TimeView): string {
  const span = view.stop - view.start;
  const resolution = span / 1000n || 1n;
  const time = `${formatTime(view.start, resolution)} to ${formatTime(view.stop, resolution)} UTC, ${formatDuration(span)}`;
  const name = title === '' ? 'Panel' : `Panel ${title}`;
  if (plots.length === 0) {
    return `${name}, empty, ${time}`;
  }
  const each = plots.map((plot, i) => `plot ${i + 1}: ${describePlot(plot)}`);
  return `${name}, ${plots.length} plot${plots.length === 1 ? '' : 's'}, ${time}. ${each.join('. ')}`;
}

function describePlot(plot: PlotState): string {
  const states = plot.states();
  const parts = [plot.image() ? `spectrogram, ${plot.zLabel()} over ${plot.yLabel()}` : plot.yLabel() || 'no data yet'];
  const columns = states.flatMap(columnsOf);
  if (columns.length > 1) {
    parts.push(`lines ${columns.join(', ')}`);
  }
  for (const state of states) {
    if (state.status === 'error' && state.error) {
      parts.push(`failed: ${state.error.message}`);
    } else if (state.status === 'empty') {
      parts.push('no data in this range');
    }
  }
  return parts.join(', ');
}

/** State of each graph as JSON, keyed by graph id. */
export function graphsJson(store: TileStore, pending: readonly string[]): string {
  const out: Record<string, unknown> = {};
  for (const state of store.all()) {
    const tile = state.tiles[0];
    const data = tile?.data;
    out[state.id] = {
      plot: state.plot,
      status: state.status,
      pending: pending.includes(state.id),
      gen: state.gen,
      label: state.label,
      kind: data?.kind ?? null,
      mode: data?.kind === 'line' ? data.mode : null,
      n: data?.n ?? 0,
      m: data?.kind === 'image' ? data.m : null,
      columns: data?.kind === 'line' ? data.columns : [],
      start: tile?.start.toString() ?? null,
      stop: tile?.stop.toString() ?? null
    };
  }
  return JSON.stringify(out);
}
