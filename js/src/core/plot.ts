/** One plot while it is shown: its axes' present ranges, its labels, its graphs' data. */
import type { GraphSpec, PlotSpec } from '../protocol';
import type { GapRange, GraphData, ImageData2D } from './decode';
import { channelExtent, lineExtent, percentileExtent, settle, union } from './range';
import type { Extent } from './range';
import { makeScale } from './scale';
import type { Scale } from './scale';
import { pieces } from './store';
import type { GraphState, TileStore } from './store';
import type { TimeView } from './time';

export interface AxisState {
  /** null: automatic. */
  range: Extent | null;
  /** null: as the data says. */
  log: boolean | null;
}

export class PlotState {
  y: AxisState;
  z: AxisState;
  private autoY: Extent | null = null;
  private autoZ: Extent | null = null;
  private autoLogs = '';

  constructor(
    public spec: PlotSpec,
    private readonly store: TileStore
  ) {
    this.y = axisOf(spec.y);
    this.z = axisOf(spec.z);
  }

  get id(): string {
    return this.spec.id;
  }

  /** Take over a changed spec; axes only where the spec itself changed, or a gesture would jump back. */
  update(spec: PlotSpec): void {
    if (!sameAxis(this.spec.y, spec.y)) {
      this.y = axisOf(spec.y);
    }
    if (!sameAxis(this.spec.z, spec.z)) {
      this.z = axisOf(spec.z);
    }
    this.spec = spec;
  }

  states(): GraphState[] {
    return this.spec.graphs.flatMap(graph => this.store.get(graph.id) ?? []);
  }

  graph(id: string): GraphSpec | undefined {
    return this.spec.graphs.find(graph => graph.id === id);
  }

  hidden(id: string): ReadonlySet<string> {
    return new Set(this.graph(id)?.hidden ?? []);
  }

  /** Hide columns of a graph before the changed spec arrives. */
  hide(id: string, hidden: string[]): void {
    const graphs = this.spec.graphs.map(graph => (graph.id === id ? { ...graph, hidden } : graph));
    this.spec = { ...this.spec, graphs };
  }

  /** Newest data of each graph, whether visible or not. */
  newest(): { state: GraphState; data: GraphData }[] {
    return this.states().flatMap(state => {
      const data = state.tiles.find(tile => tile.data !== null)?.data;
      return data ? [{ state, data }] : [];
    });
  }

  image(): ImageData2D | null {
    for (const { data } of this.newest()) {
      if (data.kind === 'image') {
        return data;
      }
    }
    return null;
  }

  get yLog(): boolean {
    const { log } = this.y;
    return log ?? this.newest().some(({ data }) => (data.kind === 'image' ? data.yLog : data.log));
  }

  get zLog(): boolean {
    return this.z.log ?? this.image()?.log ?? false;
  }

  /** Fit the automatic ranges to what is visible; `tight` also lets them shrink to it. */
  refit(view: TimeView, tight = false): void {
    const [yLog, zLog] = [this.yLog, this.zLog];
    const logs = `${yLog}${zLog}`;
    let y: Extent | null = null;
    let z: Extent | null = null;
    for (const state of this.states()) {
      for (const part of pieces(state.tiles, view)) {
        const { data } = part.tile;
        if (data?.kind === 'line') {
          y = union(y, lineExtent(data, part, this.hidden(state.id), yLog));
        } else if (data?.kind === 'image' && data.n > 0) {
          y = union(y, channelExtent(data, yLog));
          z = union(z, percentileExtent(data, part, zLog));
        }
      }
    }
    const fresh = tight || logs !== this.autoLogs;
    this.autoLogs = logs;
    if (y) {
      // Channels fill the plot's height; lines get some air.
      this.autoY = this.image() ? y : settle(fresh ? null : this.autoY, y, yLog);
    } else if (fresh) {
      this.autoY = null;
    }
    if (z) {
      this.autoZ = settleColors(fresh ? null : this.autoZ, z, zLog);
    }
  }

  /** False while nothing says what the values are: numbers on the axis would be invented. */
  get hasY(): boolean {
    return (this.y.range ?? this.autoY) !== null;
  }

  yScale(): Scale {
    const [lo, hi] = this.y.range ?? this.autoY ?? [NaN, NaN];
    return makeScale(lo, hi, this.yLog);
  }

  zScale(): Scale {
    const [lo, hi] = this.z.range ?? this.autoZ ?? [NaN, NaN];
    return makeScale(lo, hi, this.zLog);
  }

  yLabel(): string {
    if (this.spec.y.label !== null) {
      return this.spec.y.label;
    }
    const image = this.image();
    if (image) {
      return withUnit(image.yLabel, image.yUnit);
    }
    const shown = this.newest();
    return shown.length > 0
      ? joinLabels(shown.map(({ state, data }) => [this.name(state, data), data.unit]))
      : joinLabels(this.states().map(state => [this.name(state), '']));
  }

  zLabel(): string {
    const image = this.image();
    if (!image) {
      return '';
    }
    return this.spec.z.label ?? withUnit(image.label, image.unit);
  }

  /** Label of a graph: the user's, else the product's. */
  name(state: GraphState, data?: GraphData): string {
    return this.graph(state.id)?.label ?? data?.label ?? state.label;
  }

  notes(): string[] {
    return [...new Set(this.newest().flatMap(({ data }) => data.notes))];
  }

  gaps(): GapRange[] {
    return this.states().flatMap(state => state.gaps);
  }
}

function axisOf(spec: { range: Extent | null; log: boolean | null }): AxisState {
  return { range: spec.range, log: spec.log };
}

function sameAxis(a: AxisState, b: AxisState): boolean {
  return a.log === b.log && a.range?.[0] === b.range?.[0] && a.range?.[1] === b.range?.[1];
}

/** Colours follow the data, but not every tremble of it: a recoloured picture is hard to read. */
function settleColors(current: Extent | null, next: Extent, log: boolean): Extent {
  if (!current || (log && !(current[0] > 0 && next[0] > 0))) {
    return next;
  }
  const at = (v: number): number => (log ? Math.log(v) : v);
  const size = at(current[1]) - at(current[0]);
  const moved = Math.max(Math.abs(at(next[0]) - at(current[0])), Math.abs(at(next[1]) - at(current[1])));
  return moved < 0.05 * size ? current : next;
}

export function withUnit(label: string, unit: string): string {
  return unit === '' ? label : label === '' ? `[${unit}]` : `${label} [${unit}]`;
}

/** Unique labels joined by commas; a unit that all share is written once. */
export function joinLabels(pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) {
    return '';
  }
  const unique = [...new Map(pairs.map(pair => [pair.join('\n'), pair])).values()];
  const units = new Set(unique.map(([, unit]) => unit));
  if (units.size === 1) {
    const names = unique.map(([label]) => label).filter(label => label !== '');
    return withUnit(names.join(', '), unique[0]![1]);
  }
  return unique.map(([label, unit]) => withUnit(label, unit)).join(', ');
}
