/** The inspector's forms: what can be set of a panel, a plot, a graph and a component. */
import { COLORMAPS } from '../core/colormap';
import type { PlotState } from '../core/plot';
import type { GraphState } from '../core/store';
import type { AxisChange, AxisName, GraphChange, GraphSpec, KnobValue, LogSpec } from '../protocol';
import { make } from './dom';
import { checkField, choiceField, componentField, numberField, pairField, textField, toHex } from './inspectorfields';
import type { Choice, Pair } from './inspectorfields';
import type { TreeItem } from './inspectortree';
import { columnsOf } from './paint';
import type { PanelHost } from './part';
import { lineColors, readTheme } from './theme';

/** What can be chosen of an archive's product; see sciqlop_lab/choosing.py. */
export interface ProductInput {
  name: string;
  label: string;
  kind: 'choice' | 'int' | 'float' | 'bool' | 'text';
  default: string;
  choices: [string, string][];
  low: number | null;
  high: number | null;
}

/** What the kernel says of a graph's product; a text is why it says nothing. */
export type InputsOf = (graph: string) => readonly ProductInput[] | string;

const AXIS_NAMES: Record<string, string> = { y: 'Left axis', y2: 'Right axis', z: 'Colours', x: 'Horizontal axis', depth: 'Third axis' };
const LOGS: readonly Choice[] = [['null', 'as the product says'], ['false', 'linear'], ['true', 'logarithmic']];
const STYLES: readonly Choice[] = [['line', 'line'], ['steps', 'steps'], ['points', 'points']];
const MARKERS: readonly Choice[] = ['none', 'circle', 'square', 'diamond', 'triangle', 'cross', 'plus'].map(name => [name, name] as const);
const KINDS: readonly Choice[] = [['auto', 'as the product says'], ['line', 'lines'], ['image', 'spectrogram']];
const MEANS: readonly Choice[] = [['linear', 'linear'], ['log', 'of the logarithms']];
const SIDES: readonly Choice[] = [['null', 'automatic'], ['y', 'left'], ['y2', 'right']];
/** A form with more components is of no use to anybody. */
const MOST_COMPONENTS = 128;

export function formOf(panel: PanelHost, item: TreeItem, inputs: InputsOf): HTMLElement[] {
  const { plot, graph, column } = item;
  if (!plot) {
    return [textField('title', 'Title', panel.spec.title, 'none', title => panel.command({ op: 'set_title', title }))];
  }
  if (graph === undefined) {
    return plotForm(panel, plot);
  }
  const spec = plot.graph(graph);
  if (!spec) {
    return [];
  }
  const state = plot.states().find(one => one.id === graph);
  return column === undefined
    ? graphForm(panel, plot, spec, state, inputs(graph))
    : componentForm(panel, plot, spec, state, [column]);
}

function section(title: string, ...fields: HTMLElement[]): HTMLElement {
  const node = make('fieldset', 'sq-section');
  node.append(make('legend', '', title), ...fields);
  return node;
}

function plotForm(panel: PanelHost, plot: PlotState): HTMLElement[] {
  const { spec, id } = plot;
  const shown = section(
    'Plot',
    numberField('height', 'Height', spec.height, '1', { low: 0.05, high: 100 }, height =>
      panel.command({ op: 'set_heights', heights: { [id]: height ?? 1 } })
    ),
    checkField('grid', 'Grid', spec.grid !== false, grid => panel.command({ op: 'set_plot', plot: id, grid })),
    checkField('legend', 'Legend', spec.legend !== false, legend => panel.command({ op: 'set_plot', plot: id, legend }))
  );
  return [shown, ...plot.axes().map(axis => axisForm(panel, plot, axis))];
}

function axisForm(panel: PanelHost, plot: PlotState, axis: AxisName): HTMLElement {
  const spec = plot.spec[axis];
  const state = plot[axis];
  const set = (change: AxisChange): void => panel.command({ op: 'set_axis', plot: plot.id, axis, ...change });
  const scale = plot.scale(axis);
  const shown: Pair | null = plot.hasScale(axis) ? [scale.lo, scale.hi] : null;
  const automatic = plot.label(axis);
  const logs: readonly Choice[] = axis === 'z' ? LOGS : [...LOGS, ['symlog', 'logarithmic, both signs']];
  const fields = [
    textField(`${axis}.label`, 'Label', spec?.label ?? null, automatic || 'none', text => set({ label: text === '' ? null : text })),
    choiceField(`${axis}.log`, 'Scale', String(state.log), logs, log => set({ log: log === 'symlog' ? log : (JSON.parse(log) as LogSpec | null) })),
    pairField(`${axis}.range`, 'Limits', state.range, shown, pair => wrongLimits(pair, scale.log), range => set({ range })),
    pairField(`${axis}.percentiles`, 'Autoscale, %', state.percentiles ?? null, axis === 'z' ? [2, 98] : [0, 100], wrongPercentiles, percentiles =>
      set({ percentiles, ...(state.range ? { range: null } : {}) })
    )
  ];
  if (axis === 'z') {
    const theme = readTheme(panel.root);
    const maps: Choice[] = [['', `as the settings say (${theme.colormap})`], ...COLORMAPS.map(name => [name, name] as const)];
    fields.push(choiceField('z.colormap', 'Colour map', state.colormap ?? '', maps, map => set({ colormap: map === '' ? null : map })));
  }
  return section(AXIS_NAMES[axis] ?? axis, ...fields);
}

function wrongLimits([low, high]: Pair, log: boolean): string | null {
  if (low === high) {
    return 'The two limits are the same';
  }
  return log && Math.min(low, high) <= 0 ? 'A logarithmic axis has limits above 0' : null;
}

function wrongPercentiles([low, high]: Pair): string | null {
  return 0 <= low && low < high && high <= 100 ? null : 'Write percentages from 0 to 100, the lower one first';
}

function graphForm(
  panel: PanelHost,
  plot: PlotState,
  spec: GraphSpec,
  state: GraphState | undefined,
  inputs: readonly ProductInput[] | string
): HTMLElement[] {
  const place = { plot: plot.id, graph: spec.id };
  const set = (change: GraphChange): void => panel.command({ op: 'set_graph', ...place, ...change });
  const columns = state ? columnsOf(state) : [];
  const image = columns.length === 0 && plot.newest().some(({ state: { id }, data }) => id === spec.id && data.kind === 'image');
  const name = state ? plot.name(state) : '';
  const plots: Choice[] = panel.plots.map((one, i) => [one.id, `Plot ${i + 1}`]);
  const fields = [
    make('div', 'sq-field-product', spec.product),
    textField('label', 'Label', spec.label, name || 'as the product says', text => set({ label: text === '' ? null : text })),
    choiceField('kind', 'Drawn as', spec.kind, KINDS, kind => set({ kind: kind as GraphSpec['kind'] })),
    choiceField('to', 'In', plot.id, [...plots, ['', 'a new plot']], to =>
      panel.command({ op: 'move_graph', ...place, to: to === '' ? null : to, index: null })
    )
  ];
  if (!image) {
    fields.push(
      choiceField('style', 'Samples are', spec.style ?? 'line', STYLES, style => set({ style: style as GraphSpec['style'] })),
      numberField('width', 'Line width, px', spec.width ?? null, 'thin', { low: 0.5, high: 20 }, width => set({ width })),
      choiceField('marker', 'Marker', spec.marker ?? 'none', MARKERS, marker => set({ marker: marker as GraphSpec['marker'] })),
      choiceField('y_axis', 'Axis', String(spec.y_axis ?? null), SIDES, side => set({ y_axis: side === 'null' ? null : (side as 'y' | 'y2') }))
    );
  } else if (spec.kind !== 'histogram2d') {
    fields.push(choiceField('mean', 'Mean', spec.mean ?? 'linear', MEANS, mean => set({ mean: mean === 'log' ? mean : null })));
  }
  return [
    section('Graph', ...fields),
    ...inputsForm(panel, plot, spec, inputs),
    ...(columns.length > 0 ? componentForm(panel, plot, spec, state, columns.slice(0, MOST_COMPONENTS)) : []),
    ...(image && plot.axes().includes('z') ? [axisForm(panel, plot, 'z')] : [])
  ];
}

/** A coordinate system, or the arguments of a product. */
function inputsForm(panel: PanelHost, plot: PlotState, spec: GraphSpec, inputs: readonly ProductInput[] | string): HTMLElement[] {
  if (typeof inputs === 'string') {
    return inputs === '' ? [] : [section('Product', make('div', 'sq-field-note', inputs))];
  }
  const set = (name: string, value: KnobValue | null): void =>
    panel.command({ op: 'set_knobs', plot: plot.id, graph: spec.id, knobs: { [name]: value } });
  const fields = inputs.map(one => inputField(one, spec.knobs?.[one.name], value => set(one.name, value)));
  return fields.length > 0 ? [section('Product', ...fields)] : [];
}

function inputField(one: ProductInput, given: KnobValue | undefined, set: (value: KnobValue | null) => void): HTMLElement {
  const key = `input ${one.name}`;
  if (one.kind === 'choice') {
    const value = one.choices.find(([name]) => name.toLowerCase() === String(given ?? one.default).toLowerCase())?.[0];
    return choiceField(key, one.label, value ?? String(given ?? one.default), one.choices, text => set(text === one.default ? null : text));
  }
  if (one.kind === 'bool') {
    return checkField(key, one.label, isTrue(given ?? one.default), on => set(on === isTrue(one.default) ? null : on));
  }
  if (one.kind === 'text') {
    return textField(key, one.label, given === undefined ? null : String(given), one.default || 'none', text => set(text === '' ? null : text));
  }
  const limits = { low: one.low ?? -Infinity, high: one.high ?? Infinity, whole: one.kind === 'int' };
  return numberField(key, one.label, given === undefined ? null : Number(given), one.default || 'none', limits, set);
}

function isTrue(value: KnobValue): boolean {
  return ['1', 'true', 'yes'].includes(String(value).toLowerCase());
}

/** Components of a graph: which are drawn, and in which colour. */
function componentForm(
  panel: PanelHost,
  plot: PlotState,
  spec: GraphSpec,
  state: GraphState | undefined,
  columns: readonly string[]
): HTMLElement[] {
  const all = state ? columnsOf(state) : columns;
  const hidden = plot.hidden(spec.id);
  const drawn = lineColors(readTheme(panel.root), all, linesBefore(plot, spec.id), spec.colors);
  const show = (names: ReadonlySet<string>): void => {
    // Shown at once; the spec's answer confirms it.
    plot.hide(spec.id, [...names]);
    plot.refit(panel.view);
    panel.command({ op: 'set_hidden', plot: plot.id, graph: spec.id, hidden: [...names] });
    panel.redraw();
  };
  const fields = columns.map(name => {
    const at = all.indexOf(name);
    return componentField(`c ${name}`, name, !hidden.has(name), toHex(drawn[at] ?? '#888888', panel.root), (spec.colors?.[at] ?? null) !== null, {
      show: on => show(new Set(on ? [...hidden].filter(one => one !== name) : [...hidden, name])),
      color: value => panel.command({ op: 'set_graph', plot: plot.id, graph: spec.id, colors: withColor(spec.colors, at, value) })
    });
  });
  if (columns.length > 1) {
    const choices: Choice[] = [['', hidden.size === 0 ? 'all' : 'some'], ...(hidden.size > 0 ? [['*', 'all'] as const] : []), ...columns.map((name, i) => [String(i), `only ${name}`] as const)];
    const only = (value: string): void => show(new Set(value === '*' ? [] : columns.filter((_, i) => String(i) !== value)));
    fields.unshift(choiceField('shown', 'Drawn', '', choices, value => value !== '' && only(value)));
  }
  return [section(columns.length > 1 ? 'Components' : 'Component', ...fields)];
}

/** How many lines of other graphs of the plot come before, which take colours of the palette. */
function linesBefore(plot: PlotState, graph: string): number {
  const states = plot.states();
  const at = states.findIndex(({ id }) => id === graph);
  return states.slice(0, Math.max(at, 0)).reduce((sum, state) => sum + columnsOf(state).length, 0);
}

/** Colours with one changed; null when all are the palette's. */
export function withColor(colors: readonly (string | null)[] | null, at: number, value: string | null): (string | null)[] | null {
  const length = Math.max(colors?.length ?? 0, at + 1);
  const next = Array.from({ length }, (_, i) => (i === at ? value : (colors?.[i] ?? null)));
  while (next.length > 0 && next.at(-1) === null) {
    next.pop();
  }
  return next.length > 0 ? next : null;
}
