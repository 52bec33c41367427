/**
 * Messages between a panel in the browser and its kernel object; twin of sciqlop_lab/protocol.py,
 * where the meaning of each field is written down.
 */

export const PROTOCOL_VERSION = 1;

/** Integer nanoseconds since 1970 UTC as text: a JSON number would lose digits. */
export type Ns = string;

export interface AxisSpec {
  label: string | null;
  /** null: as the product's metadata says. */
  log: boolean | null;
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
}

export interface PlotSpec {
  id: string;
  height: number;
  y: AxisSpec;
  z: AxisSpec & { colormap: string };
  graphs: GraphSpec[];
}

export interface PanelSpec {
  version: 1;
  title: string;
  time_range: { start: Ns; stop: Ns };
  plots: PlotSpec[];
}

export type Command =
  | { op: 'add_product'; product: string; plot: string | null; index: number | null }
  | { op: 'remove_plot'; plot: string }
  | { op: 'remove_graph'; plot: string; graph: string }
  | { op: 'move_plot'; plot: string; index: number }
  | { op: 'set_time_range'; start: Ns; stop: Ns }
  | { op: 'set_axis'; plot: string; axis: 'y' | 'z'; log?: boolean | null; range?: [number, number] | null }
  | { op: 'set_hidden'; plot: string; graph: string; hidden: string[] }
  | { op: 'undo' }
  | { op: 'redo' };

export type ToKernel =
  | { v: number; type: 'hello'; view: string }
  | {
      v: number;
      type: 'view';
      view: string;
      gen: number;
      start: Ns;
      stop: Ns;
      width: number;
      plots: Record<string, number>;
    }
  | { v: number; type: 'cancel'; view: string }
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
  error: { type: string; message: string; hint: string | null; traceback: string | null };
}

export type Item = LineItem | ImageItem | EmptyItem | ErrorItem;

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
  | { v: number; type: 'refused'; id: string; message: string; hint: string | null }
  | { v: number; type: 'notice'; level: 'info' | 'warning' | 'error'; message: string };
