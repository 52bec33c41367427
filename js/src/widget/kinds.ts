/** What the menu of a plot offers to show its data in another way: as an orbit, a hodogram, counts. */
import type { PlotState } from '../core/plot';
import { SpacePlot } from '../core/space';
import type { Aspect, Command, Plane, SpaceKind } from '../protocol';
import type { MenuEntry } from './menu';
import type { PanelHost } from './part';

const LENGTH = /^(k?m|R_?[ejs]\w*|AU|(earth|planetary) radii)$/i;
const PLANES: readonly Plane[] = ['xy', 'xz', 'yz'];

export function kindEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  return plot instanceof SpacePlot ? spaceEntries(panel, plot) : timeEntries(panel, plot);
}

function turn(panel: PanelHost, plot: PlotState, kind: 'auto' | SpaceKind, options: Record<string, unknown> = {}): () => void {
  return () => panel.command({ op: 'set_kind', plot: plot.id, kind, options });
}

function timeEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const all = plot.newest().map(({ data }) => data);
  const lines = all.flatMap(data => (data.kind === 'line' ? [data] : []));
  if (lines.length === 0 || lines.length < all.length) {
    return [];
  }
  const entries: MenuEntry[] = [];
  if (lines.every(({ unit, columns }) => columns.length >= 3 && LENGTH.test(unit.trim()))) {
    entries.push({ label: 'Show as orbit', run: turn(panel, plot, 'orbit') });
  }
  const [first] = lines;
  if (first && lines.every(({ columns }) => columns.length >= 2 && columns.length <= 8)) {
    entries.push({ label: 'Show as hodogram (XY)', entries: pairs(panel, plot, first.columns, 'xy') });
    entries.push({ label: 'Show as 2-D histogram', entries: pairs(panel, plot, first.columns, 'histogram2d') });
  }
  return entries;
}

/** Each two components; of two there is one choice. */
function pairs(panel: PanelHost, plot: PlotState, columns: readonly string[], kind: SpaceKind): MenuEntry[] {
  const shown = columns.slice(0, 4);
  return shown.flatMap((x, i) =>
    shown.slice(i + 1).map((y, k) => ({
      label: `${y} over ${x}`,
      run: turn(panel, plot, kind, { columns: [i, i + 1 + k] })
    }))
  );
}

function spaceEntries(panel: PanelHost, plot: SpacePlot): MenuEntry[] {
  const entries: MenuEntry[] = [{ label: 'Show as time series', run: turn(panel, plot, 'auto') }];
  const graph = plot.spec.graphs[0];
  const change = (fields: Partial<Omit<Extract<Command, { op: 'set_options' }>, 'op' | 'plot'>>): void =>
    panel.command({ op: 'set_options', plot: plot.id, ...fields });
  if (plot.orbit) {
    entries.push({ label: 'Planes', entries: planeEntries(plot, planes => change({ planes })) });
  } else {
    const { aspect = 'auto' } = plot.spec;
    const named: [Aspect, string][] = [['auto', 'As units say'], ['equal', 'Equal'], ['free', 'Free']];
    entries.push({
      label: 'Aspect',
      entries: named.map(([value, label]) => ({ label, checked: value === aspect, run: () => change({ aspect: value }) }))
    });
  }
  if (graph && graph.kind !== 'histogram2d') {
    const byTime = graph.options?.color === 'time';
    entries.push({ label: 'Colour by time', checked: byTime, run: () => change({ options: { color: byTime ? null : 'time' } }) });
  } else if (graph) {
    const shares = graph.options?.normalise === 'column';
    entries.push({ label: 'Share of each column', checked: shares, run: () => change({ options: { normalise: shares ? null : 'column' } }) });
  }
  return entries;
}

function planeEntries(plot: SpacePlot, choose: (planes: Plane[]) => void): MenuEntry[] {
  const now = plot.planes;
  return PLANES.map(plane => {
    const shown = now.includes(plane);
    const next = PLANES.filter(other => (other === plane ? !shown : now.includes(other)));
    const entry = { label: plane.toUpperCase(), checked: shown };
    return next.length > 0 ? { ...entry, run: () => choose(next) } : entry;
  });
}
