/**
 * Messages between a panel in the browser and its kernel object; twin of sciqlop_lab/protocol.py,
 * where the meaning of each field is written down.
 */

export const PROTOCOL_VERSION = 2;

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
}

export interface GraphSpec {
  id: string;
  product: string;
  kind: 'auto' | 'line' | 'image';
  label: string | null;
  colors: string[] | null;
  hidden: string[];
  /** How samples are joined. */
  style?: LineStyle;
  /** null: the right axis for lines over a spectrogram, else the left one. */
  y_axis?: 'y' | 'y2' | null;
  /** How the knobs of a virtual product are turned. */
  knobs?: Record<string, number | string | boolean>;
}

export type LineStyle = 'line' | 'steps' | 'points';

/** A range of time marked in all plots. */
export interface SpanSpec {
  id: string;
  start: Ns;
  stop: Ns;
  label: string;
  color: string | null;
}

export interface PlotSpec {
  id: string;
  height: number;
  y: AxisSpec;
  y2?: AxisSpec;
  /** A colour map of null is the one of the settings. */
  z: AxisSpec & { colormap: string | null };
  graphs: GraphSpec[];
}

export interface PanelSpec {
  version: 1;
  title: string;
  time_range: { start: Ns; stop: Ns };
  plots: PlotSpec[];
  spans?: SpanSpec[];
}

export type AxisName = 'y' | 'y2' | 'z';

/** Fields left out stay as they are. */
export interface AxisChange {
  log?: LogSpec | null;
  range?: [number, number] | null;
  colormap?: string | null;
}

export type Command =
  | { op: 'add_product'; product: string; plot: string | null; index: number | null }
  | { op: 'remove_plot'; plot: string }
  | { op: 'remove_graph'; plot: string; graph: string }
  | { op: 'move_plot'; plot: string; index: number }
  | { op: 'set_time_range'; start: Ns; stop: Ns }
  | ({ op: 'set_axis'; plot: string; axis: AxisName } & AxisChange)
  | { op: 'set_hidden'; plot: string; graph: string; hidden: string[] }
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
  /** Set on what only stands in: the exact tile follows. */
  draft?: boolean;
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
  /** Values are half floats, to be multiplied by this; null or missing: float32 as they are. */
  z_scale?: number | null;
  gaps: Gap[];
  notes: string[];
  x0: number;
  x1: number;
  y: number;
  z: number;
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

export type Item = LineItem | ImageItem | EmptyItem | ErrorItem | StoppedItem;

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
