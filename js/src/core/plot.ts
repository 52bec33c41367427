/** One plot while it is shown: its axes' present ranges, its labels, its graphs' data. */
import type { AxisChange, AxisName, GraphSpec, LogSpec, PlotSpec } from '../protocol';
import type { GapRange, GraphData, ImageData2D } from './decode';
import { ALL, channelExtent, lineExtent, lineShares, MOST_PIXELS, percentileExtent, samplesIn, settle, union } from './range';
import type { Extent, Shares } from './range';
import { kneeFor, makeScale } from './scale';
import type { Scale } from './scale';
import { pieces } from './store';
import type { GraphState, TileStore } from './store';
import { prettyUnit } from './text';
import type { Point, Rect } from './layout';
import { MAX_TIME, MIN_TIME, timeAt } from './time';
import type { TimeView } from './time';

/** What the user has set of an axis. */
interface AxisState {
  /** null: automatic. */
  range: Extent | null;
  /** null: as the data says. */
  log: LogSpec | null;
  /** null: as the settings say. */
  colormap?: string | null;
  /** null: all values, but most of the colours. */
  percentiles?: Extent | null;
}

/** What the visible data asks of an axis. */
interface Fit {
  range: Extent | null;
  /** What the range was fitted for: another scale starts anew. */
  scale: string;
  /** See Scale.knee; held while the hand zooms, or the picture would bend. */
  knee: number;
  /** Smallest visible value, zero and below included. */
  least: number;
}

const AXES = ['y', 'y2', 'z', 'x', 'depth'] as const;
const NONE_HIDDEN: ReadonlySet<string> = new Set();
const EVER: TimeView = { start: MIN_TIME, stop: MAX_TIME };
const unfitted = (): Fit => ({ range: null, scale: '', knee: 0, least: Infinity });

export class PlotState {
  y: AxisState;
  y2: AxisState;
  z: AxisState;
  /** Of plots that are not over time, see space.ts. */
  x: AxisState;
  depth: AxisState;
  /** Whether samples are visible, and not one of them has a value. */
  valueless = false;
  /** By graph, whether the kernel's first guess was a logarithm: another range must not change it. */
  private readonly guesses = new Map<string, { log: boolean; yLog: boolean }>();
  protected readonly fits: Record<AxisName, Fit> = {
    y: unfitted(),
    y2: unfitted(),
    z: unfitted(),
    x: unfitted(),
    depth: unfitted()
  };

  constructor(
    public spec: PlotSpec,
    private readonly store: TileStore
  ) {
    this.y = axisState(spec.y);
    this.y2 = axisState(spec.y2);
    this.z = axisState(spec.z);
    this.x = axisState(spec.x);
    this.depth = axisState(spec.depth);
  }

  /** The axis whose numbers stand on the left. */
  get left(): AxisName {
    return 'y';
  }

  /** The instant under a place of the plot, which lies in `rect`; null where there is none. */
  instantAt(view: TimeView, rect: Rect, at: Point): bigint | null {
    return timeAt(view, Math.min(Math.max((at.x - rect.x) / rect.width, 0), 1));
  }

  get id(): string {
    return this.spec.id;
  }

  /** Take over a changed spec; axes only where the spec itself changed, or a gesture would jump back. */
  update(spec: PlotSpec): void {
    for (const axis of AXES) {
      if (!sameAxis(axisState(this.spec[axis]), axisState(spec[axis]))) {
        this[axis] = axisState(spec[axis]);
      }
    }
    this.spec = spec;
  }

  /** Set an axis; returns whether that is a change. */
  change(axis: AxisName, change: AxisChange): boolean {
    const before = this[axis];
    this[axis] = { ...before, ...change };
    return !sameAxis(before, this[axis]);
  }

  /** The axes that this plot shows. */
  axes(): AxisName[] {
    return ['y', ...(this.hasY2 ? ['y2' as const] : []), ...(this.image() ? ['z' as const] : [])];
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

  /** The axis that a graph's values belong to; lines over a spectrogram have an axis of their own. */
  axisOf(state: GraphState): 'y' | 'y2' {
    const chosen = this.graph(state.id)?.y_axis;
    if (chosen) {
      return chosen;
    }
    const data = state.tiles.find(tile => tile.data !== null)?.data;
    const image = data?.kind === 'line' ? this.image() : null;
    return image && image.yUnit !== data?.unit ? 'y2' : 'y';
  }

  get hasY2(): boolean {
    return this.states().some(state => this.axisOf(state) === 'y2');
  }

  protected logOf(axis: AxisName): LogSpec {
    const { log } = this[axis];
    if (log !== null) {
      return log;
    }
    if (axis === 'z') {
      const image = this.newest().find(({ data }) => data.kind === 'image');
      return image ? this.guess(image.state, image.data).log : false;
    }
    const here = this.newest().filter(({ state }) => this.axisOf(state) === axis);
    return here.some(({ state, data }) => (data.kind === 'image' ? this.guess(state, data).yLog : this.guess(state, data).log));
  }

  private guess(state: GraphState, data: GraphData): { log: boolean; yLog: boolean } {
    const key = `${state.id} ${state.product}`;
    const before = this.guesses.get(key);
    if (before) {
      return before;
    }
    const now = { log: data.kind !== 'curve' && data.log, yLog: data.kind === 'image' && data.yLog };
    // Data without a value says nothing of the rest.
    if (hasValues(data, EVER)) {
      this.guesses.set(key, now);
    }
    return now;
  }

  /** The shares of the values that an automatic range shows. */
  private shares(axis: AxisName): Shares {
    const [low, high] = this[axis].percentiles ?? [NaN, NaN];
    return low < high ? [low / 100, high / 100] : axis === 'z' ? MOST_PIXELS : ALL;
  }

  /** Fit the automatic ranges to what is visible; `tight` also lets them shrink to it. */
  refit(view: TimeView, tight = false): void {
    const found: Record<AxisName, Extent | null> = { y: null, y2: null, z: null, x: null, depth: null };
    AXES.forEach(axis => {
      this.fits[axis].least = Infinity;
    });
    for (const state of this.states()) {
      const axis = this.axisOf(state);
      const log = this.logOf(axis) === true;
      for (const part of pieces(state.tiles, view)) {
        const { data } = part.tile;
        if (data?.kind === 'line') {
          const all = lineExtent(data, part, this.hidden(state.id), false);
          this.fits[axis].least = Math.min(this.fits[axis].least, all?.[0] ?? Infinity);
          found[axis] = union(found[axis], lineShares(data, part, this.hidden(state.id), log, this.shares(axis)));
        } else if (data?.kind === 'image' && data.n > 0) {
          found[axis] = union(found[axis], channelExtent(data, log));
          found.z = union(found.z, percentileExtent(data, part, this.logOf('z') === true, this.shares('z')));
        }
      }
    }
    const lines = found.y2 ?? (this.image() ? null : found.y);
    this.valueless = !lines && !found.z && this.lacksValues(view);
    AXES.forEach(axis => this.fit(axis, found[axis], tight));
  }

  /** Whether samples are visible, hidden lines and values below a log axis included, but no value. */
  private lacksValues(view: TimeView): boolean {
    const drawn = this.states().flatMap(state => pieces(state.tiles, view));
    const seen = drawn.flatMap(part => (part.tile.data && samplesIn(part.tile.data, part) > 0 ? [part] : []));
    return seen.length > 0 && !seen.some(part => hasValues(part.tile.data!, part));
  }

  protected fit(axis: AxisName, found: Extent | null, tight: boolean): void {
    const log = this.logOf(axis);
    const fit = this.fits[axis];
    const fresh = tight || String(log) !== fit.scale;
    fit.scale = String(log);
    const before = fresh ? null : fit.range;
    if (found && axis === 'z') {
      fit.range = settleColors(before, found, log === true);
    } else if (found) {
      // Channels fill the plot's height; lines get some air.
      fit.range = (axis === 'y' || axis === 'x') && this.image() ? found : settle(before, found, log === true);
    } else if (fresh) {
      fit.range = null;
    }
    if (log !== 'symlog') {
      fit.knee = 0;
    } else if (fit.knee === 0 || this[axis].range === null) {
      const [lo, hi] = this[axis].range ?? found ?? [-1, 1];
      fit.knee = kneeFor(Math.max(-lo, hi));
    }
  }

  /** Whether values below zero are visible on an axis. */
  hasNegative(axis: AxisName): boolean {
    return this.fits[axis].least < 0;
  }

  /** False while nothing says what the values are: numbers on the axis would be invented. */
  hasScale(axis: AxisName): boolean {
    return (this[axis].range ?? this.fits[axis].range) !== null;
  }

  scale(axis: AxisName): Scale {
    const [lo, hi] = this[axis].range ?? this.fits[axis].range ?? [NaN, NaN];
    return makeScale(lo, hi, this.logOf(axis) === true, this.fits[axis].knee);
  }

  label(axis: AxisName): string {
    return this.spec[axis]?.label ?? (axis === 'z' ? this.zLabel() : this.valueLabel(axis));
  }

  protected valueLabel(axis: Exclude<AxisName, 'z'>): string {
    const image = axis === 'y' ? this.image() : null;
    if (image) {
      return withUnit(image.yLabel, image.yUnit);
    }
    const here = (state: GraphState): boolean => this.axisOf(state) === axis;
    const shown = this.newest().filter(({ state }) => here(state));
    return shown.length > 0
      ? joinLabels(shown.map(({ state, data }) => [this.name(state, data), data.unit]))
      : joinLabels(this.states().filter(here).map(state => [this.name(state), '']));
  }

  private zLabel(): string {
    const image = this.image();
    return image ? withUnit(image.label, image.unit) : '';
  }

  /** Label of a graph: the user's, else the product's. */
  name(state: GraphState, data?: GraphData): string {
    return this.graph(state.id)?.label ?? data?.label ?? state.label;
  }

  notes(): string[] {
    const notes = this.newest().flatMap(({ data }) => data.notes);
    if ((['y', 'y2'] as const).some(axis => this.logOf(axis) === true && this.fits[axis].least <= 0)) {
      notes.push('values of 0 and below are not on the log axis');
    }
    return [...new Set(notes)];
  }

  gaps(): GapRange[] {
    return this.states().flatMap(state => state.gaps);
  }
}

function hasValues(data: GraphData, part: TimeView): boolean {
  if (data.kind === 'curve') {
    return data.n > 0;
  }
  return (data.kind === 'line' ? lineExtent(data, part, NONE_HIDDEN, false) : percentileExtent(data, part, false)) !== null;
}

/** Specs that were saved before an axis existed lack it. */
function axisState({ range, log, colormap, percentiles = null }: AxisState = { range: null, log: null }): AxisState {
  return colormap === undefined ? { range, log, percentiles } : { range, log, colormap, percentiles };
}

function sameAxis(a: AxisState, b: AxisState): boolean {
  const same = (p: Extent | null | undefined, q: Extent | null | undefined): boolean => p?.[0] === q?.[0] && p?.[1] === q?.[1];
  return same(a.range, b.range) && same(a.percentiles, b.percentiles) && a.log === b.log && a.colormap === b.colormap;
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
  const pretty = prettyUnit(unit);
  return pretty === '' ? label : label === '' ? `[${pretty}]` : `${label} [${pretty}]`;
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
