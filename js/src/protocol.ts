/**
 * Messages between a panel in the browser and its kernel object; twin of sciqlop_lab/protocol.py,
 * where the meaning of each field is written down.
 */

export const PROTOCOL_VERSION = 3;

/** Integer nanoseconds since 1970 UTC as text: a JSON number would lose digits. */
export type Ns = string;

/** Logarithmic or not; `symlog` is logarithmic in both directions from a linear middle. */
export type LogSpec = boolean | 'symlog';

export interface AxisSpec {
  label: string | null;
  /** null: as the product's metadata says. */
  log: LogSpec | null;
  /** null: automatic. */
  range: [number, number] | null;
  /** What an automatic range spans of the values, in percent; null: all, of colours 2 to 98. */
  percentiles?: [number, number] | null;
}

export interface GraphSpec {
  id: string;
  product: string;
  kind: 'auto' | 'line' | 'image' | SpaceKind;
  label: string | null;
  /** null: all of the palette; a component of null has the palette's. */
  colors: (string | null)[] | null;
  hidden: string[];
  /** How samples are joined. */
  style?: LineStyle;
  /** Of lines, in pixels; null: thin. */
  width?: number | null;
  /** At each sample; none when left out. */
  marker?: Marker;
  /** Of the samples that share a cell of a spectrogram; null: linear. */
  mean?: MeanSpec | null;
  /** null: the right axis for lines over a spectrogram, else the left one. */
  y_axis?: 'y' | 'y2' | null;
  /** How the knobs of a virtual product are turned. */
  knobs?: KnobValues;
  /** Of its kind, see plotkinds.py. */
  options?: Record<string, unknown>;
}

export type MeanSpec = 'linear' | 'log';

/** Kinds of graphs whose x axis is not time. */
export type SpaceKind = 'orbit' | 'xy' | 'histogram2d';
export type Plane = 'xy' | 'xz' | 'yz';
export type Aspect = 'auto' | 'equal' | 'free';

export type KnobValue = number | string | boolean;
export type KnobValues = Record<string, KnobValue>;

/** A parameter of a function that may be turned; twin of KnobSpec in virtual/knobs.py. */
export interface KnobSpec {
  name: string;
  type: 'int' | 'float' | 'bool' | 'str' | 'choice';
  default: KnobValue;
  min: number | null;
  max: number | null;
  step: number | null;
  label: string;
  unit: string;
  description: string;
  apply: 'live' | 'manual';
  choices: KnobValue[] | null;
  pattern: string | null;
  widget: string | null;
  color: string | null;
}

export type LineStyle = 'line' | 'steps' | 'points';
export type Marker = 'none' | 'circle' | 'square' | 'diamond' | 'triangle' | 'cross' | 'plus';

/** A range of time marked in all plots. */
export interface SpanSpec {
  id: string;
  start: Ns;
  stop: Ns;
  label: string;
  color: string | null;
}

/** Drawn in a plot: x in seconds since 1970 and y in values, or both in pixels. */
export interface PlotItem {
  id: string;
  kind: 'hline' | 'vline' | 'band' | 'text' | 'ellipse';
  x?: number;
  x1?: number;
  y?: number;
  width?: number;
  height?: number;
  text: string;
  layer: string;
  color?: string;
  fill?: string;
  line_width?: number;
  font_size?: number;
  dashed: boolean;
  in: 'data' | 'pixels';
}

/** A time table or catalogue over a panel; its events come by the question `overlays`. */
export interface OverlaySpec {
  id: string;
  product: string;
  name: string;
  color: string | null;
  color_by: string | null;
}

export interface PlotSpec {
  items?: PlotItem[];
  id: string;
  height: number;
  y: AxisSpec;
  y2?: AxisSpec;
  /** A colour map of null is the one of the settings. */
  z: AxisSpec & { colormap: string | null };
  /** Shown, when left out. */
  grid?: boolean;
  legend?: boolean;
  graphs: GraphSpec[];
  /** Of graphs whose x axis is not time; `depth` is the third coordinate of an orbit. */
  x?: AxisSpec;
  depth?: AxisSpec;
  planes?: Plane[];
  aspect?: Aspect;
}

export interface PanelSpec {
  version: 1;
  title: string;
  time_range: { start: Ns; stop: Ns };
  plots: PlotSpec[];
  spans?: SpanSpec[];
  overlays?: OverlaySpec[];
  /** Python of functions by product; nothing runs it by itself. */
  functions?: Record<string, string>;
}

export type AxisName = 'y' | 'y2' | 'z' | 'x' | 'depth';

/** Fields left out stay as they are. */
export interface AxisChange {
  label?: string | null;
  log?: LogSpec | null;
  range?: [number, number] | null;
  colormap?: string | null;
  percentiles?: [number, number] | null;
}

/** Fields left out stay as they are. */
export type GraphChange = Partial<Pick<GraphSpec, 'kind' | 'label' | 'style' | 'width' | 'marker' | 'mean' | 'colors' | 'y_axis'>>;

export type Command =
  | { op: 'set_title'; title: string }
  | { op: 'set_plot'; plot: string; grid?: boolean; legend?: boolean }
  | ({ op: 'set_graph'; plot: string; graph: string } & GraphChange)
  /** To a place in the plot `to`; null: to a new plot, at `index` of the stack. */
  | { op: 'move_graph'; plot: string; graph: string; to: string | null; index: number | null }
  | { op: 'add_product'; product: string; plot: string | null; index: number | null }
  /** All graphs of a plot over time ("auto") or in another way. */
  | { op: 'set_kind'; plot: string; kind: 'auto' | SpaceKind; options?: Record<string, unknown> }
  /** Fields left out stay as they are; an option of null is its default. */
  | { op: 'set_options'; plot: string; graph?: string; options?: Record<string, unknown>; planes?: Plane[]; aspect?: Aspect }
  | { op: 'remove_plot'; plot: string }
  | { op: 'remove_graph'; plot: string; graph: string }
  | { op: 'move_plot'; plot: string; index: number }
  /** A plot of another panel; it gets names of this one. */
  | { op: 'add_plot'; plot: PlotSpec; index: number | null }
  | { op: 'set_heights'; heights: Record<string, number> }
  /** All or none of them, as one step to undo. */
  | { op: 'several'; commands: Command[] }
  | { op: 'set_time_range'; start: Ns; stop: Ns }
  | ({ op: 'set_axis'; plot: string; axis: AxisName } & AxisChange)
  | { op: 'set_hidden'; plot: string; graph: string; hidden: string[] }
  /** null is the default; commands of one gesture are one step of undo. */
  | { op: 'set_knobs'; plot: string; graph: string; knobs: Record<string, KnobValue | null>; gesture?: string }
  /** A time table or catalogue whose ranges are marked in all plots. */
  | { op: 'add_overlay'; product: string; name: string }
  | { op: 'remove_overlay'; overlay: string }
  | { op: 'set_overlay'; overlay: string; color?: string | null; color_by?: string | null }
  | { op: 'undo' }
  | { op: 'redo' };

/** Level and index of a tile; the index as text, like everything counted in nanoseconds. */
export type TileRef = [number, string];

/** By graph, the tiles that the page lacks; null where it does not know of tiles. */
export type Wants = Record<string, TileRef[] | null>;

export interface Ahead {
  start: Ns;
  stop: Ns;
  wants: Wants;
}

export interface ViewMessage {
  v: number;
  type: 'view';
  view: string;
  gen: number;
  start: Ns;
  stop: Ns;
  width: number;
  plots: Record<string, number>;
  wants: Wants;
  ahead: Ahead | null;
}

export type ToKernel =
  | { v: number; type: 'hello'; view: string }
  | ViewMessage
  /** Requests of linked panels, as one. */
  | { v: number; type: 'views'; views: ViewMessage[] }
  | { v: number; type: 'stop'; view: string; graph: string }
  | { v: number; type: 'cancel'; view: string }
  | { v: number; type: 'exported'; view: string; id: string }
  | { v: number; type: 'ask'; view: string; id: string; what: string; args: Record<string, unknown> }
  | { v: number; type: 'command'; id: string; command: Command };

export interface Gap {
  start: Ns;
  stop: Ns;
  reason: string;
  retryable: boolean;
}

interface ItemBase {
  graph: string;
  plot: string;
  /** What the item covers; when left out, the range of the message. */
  start?: Ns;
  stop?: Ns;
  /** Its place on the grid; none for what belongs to the range that was asked for. */
  level?: number;
  index?: string;
  /** Set on what was fetched ahead. */
  ahead?: boolean;
  /** Of a function: how its knobs were turned, and what it printed. */
  knobs?: KnobValues;
  output?: string;
  /** Set on what only stands in: the exact tile follows. */
  draft?: boolean;
}

/** How numbers came: `offset + scale * number`, for each component; without one they are float32. */
export interface NumberForm {
  type: 'f2' | 'f4' | 'f8';
  offset: number[];
  scale: number[];
}

export interface LineItem extends ItemBase {
  status: 'ok';
  kind: 'line';
  mode: 'raw' | 'm4';
  t0: Ns;
  n: number;
  /** Width of one pixel column in seconds; only with mode m4. */
  dt?: number;
  columns: string[];
  unit: string;
  label: string;
  log: boolean;
  gaps: Gap[];
  /** Short remarks shown on the plot, such as "synthetic data". */
  notes: string[];
  t: number;
  y: number;
  y_form?: NumberForm;
}

export interface ImageItem extends ItemBase {
  status: 'ok';
  kind: 'image';
  t0: Ns;
  n: number;
  m: number;
  unit: string;
  label: string;
  log: boolean;
  y_unit: string;
  y_label: string;
  y_log: boolean;
  y_varying: boolean;
  /** Of a histogram: the axis that is not time. Edges are values then, and `t0` is 0. */
  x_label?: string;
  x_unit?: string;
  x_log?: boolean;
  gaps: Gap[];
  notes: string[];
  x0: number;
  x1: number;
  y: number;
  z: number;
  y_form?: NumberForm;
  z_form?: NumberForm;
}

/** A boundary that is symmetric around the x axis: from its nose to the tail, and at x = 0. */
export interface Shape {
  name: string;
  title: string;
  source: string;
  x: number[];
  rho: number[];
  terminator: number;
}

/** Components against each other, in the order of time. */
export interface CurveItem extends ItemBase {
  status: 'ok';
  kind: 'curve';
  t0: Ns;
  n: number;
  /** How many samples it was made of. */
  rows: number;
  columns: string[];
  unit: string;
  label: string;
  color: 'plain' | 'time';
  gaps: Gap[];
  notes: string[];
  /** Of two values against each other. */
  x_label?: string;
  x_unit?: string;
  y_label?: string;
  y_unit?: string;
  /** Of an orbit: the coordinate system, the body in the middle, what is around it. */
  frame?: string;
  planet?: { name: string; radius: number; lit: boolean } | null;
  shapes?: Shape[];
  t: number;
  y: number;
  y_form?: NumberForm;
}

export interface EmptyItem extends ItemBase {
  status: 'empty';
  label: string;
  message: string;
  gaps: Gap[];
}

export interface ErrorItem extends ItemBase {
  status: 'error';
  label: string;
  error: { type: string; title?: string; message: string; hint: string | null; traceback: string | null };
}

/** The user did not want to wait. */
export interface StoppedItem extends ItemBase {
  status: 'stopped';
  label: string;
}

export type Item = LineItem | ImageItem | CurveItem | EmptyItem | ErrorItem | StoppedItem;

/** How far a graph is that takes longer than half a second. */
export interface Progress {
  graph: string;
  seconds: number;
  /** Bytes that came from servers; 0 when none or not known. */
  bytes: number;
  /** Bytes a second. */
  rate: number;
}

export interface AnswerMessage {
  v: number;
  type: 'answer';
  view: string;
  id: string;
  value?: unknown;
  error?: { message: string; hint: string | null };
}

export type FromKernel =
  | { v: number; type: 'welcome'; view: string; version: string }
  | {
      v: number;
      type: 'tiles';
      view: string;
      gen: number;
      start: Ns;
      stop: Ns;
      items: Item[];
      pending: string[];
    }
  | { v: number; type: 'progress'; view: string; gen: number; items: Progress[] }
  | AnswerMessage
  | { v: number; type: 'refused'; id: string; message: string; hint: string | null }
  | { v: number; type: 'export'; id: string; format: 'svg' | 'png' }
  | { v: number; type: 'notice'; level: 'info' | 'warning' | 'error'; message: string };
