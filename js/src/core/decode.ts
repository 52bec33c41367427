/** Items of a `tiles` message and their buffers become typed arrays that are checked once. */
import type { CurveItem, Gap, ImageItem, LineItem, NumberForm, Shape } from '../protocol';
import { bytesPer, readNumbers } from './numbers';
import type { Floats } from './numbers';
import { addSeconds } from './time';

export type RawBuffer = ArrayBuffer | ArrayBufferView;

export interface GapRange {
  start: bigint;
  stop: bigint;
  reason: string;
}

interface DataBase {
  label: string;
  unit: string;
  gaps: GapRange[];
  notes: string[];
  /** The instant that the float seconds count from. */
  t0: bigint;
  n: number;
  /** Bytes that the arrays took on the way, where that is not what they take here. */
  sent?: number;
}

export interface LineData extends DataBase {
  kind: 'line';
  mode: 'raw' | 'm4';
  log: boolean;
  columns: string[];
  /** Width of a pixel column in seconds; 0 for raw samples. */
  dt: number;
  t: Float64Array;
  /** One array per column: n samples, or first, min, max, last of n pixel columns. */
  y: Floats[];
}

/** Columns that touch and are equally wide, so that one stretched copy draws them. */
export interface Run {
  from: number;
  to: number;
}

export interface ImageData2D extends DataBase {
  kind: 'image';
  log: boolean;
  m: number;
  yUnit: string;
  yLabel: string;
  yLog: boolean;
  yVarying: boolean;
  x0: Float64Array;
  x1: Float64Array;
  y: Floats;
  z: Floats;
  /** Came as half floats, wrong by up to 0.05 %. */
  rough?: boolean;
  runs: Run[];
  /** Of a histogram: the axis that is not time, along which edges are values. */
  across?: { label: string; unit: string; log: boolean };
}

export interface CurveData extends DataBase {
  kind: 'curve';
  /** Samples that it was made of. */
  rows: number;
  columns: string[];
  t: Float64Array;
  /** One array per component; NaN lifts the pen. */
  y: Floats[];
  byTime: boolean;
  /** Labels and units of two values against each other; null for an orbit. */
  pair: [label: string, unit: string][] | null;
  frame: string;
  planet: { name: string; radius: number; lit: boolean } | null;
  shapes: Shape[];
}

export type GraphData = LineData | ImageData2D | CurveData;

/** A message whose buffers do not fit its description. */
export class DecodeError extends Error {}

/** Copy: widget buffers are views at any offset, which a Float64Array refuses. */
function copyBytes(buffers: readonly RawBuffer[], index: number, bytes: number, what: string): ArrayBuffer {
  const raw = buffers[index];
  if (raw === undefined) {
    throw new DecodeError(`buffer ${index} (${what}) is missing from the kernel's message`);
  }
  if (raw.byteLength !== bytes) {
    throw new DecodeError(`buffer ${index} (${what}) holds ${raw.byteLength} bytes where ${bytes} were announced`);
  }
  const source = ArrayBuffer.isView(raw)
    ? new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)
    : new Uint8Array(raw);
  const copy = new ArrayBuffer(bytes);
  new Uint8Array(copy).set(source);
  return copy;
}

const sentBytes = (buffers: readonly RawBuffer[], ...indices: number[]): number =>
  indices.reduce((sum, index) => sum + (buffers[index]?.byteLength ?? 0), 0);

/** The numbers of a buffer, in parts of one length. */
function copyNumbers(
  buffers: readonly RawBuffer[],
  index: number,
  form: NumberForm | undefined,
  count: number,
  what: string
): Floats {
  return readNumbers(copyBytes(buffers, index, count * bytesPer(form), what), form);
}

/** Parts of one length, without a copy. */
function partsOf(all: Floats, parts: number): Floats[] {
  const length = all.length / parts;
  return Array.from({ length: parts }, (_, k) => all.subarray(k * length, (k + 1) * length));
}

export function decodeGaps(gaps: readonly Gap[] | undefined): GapRange[] {
  return (gaps ?? []).map(gap => ({
    start: BigInt(gap.start),
    stop: BigInt(gap.stop),
    reason: gap.reason
  }));
}

export function decodeLine(item: LineItem, buffers: readonly RawBuffer[]): LineData {
  const { n, columns } = item;
  const perColumn = item.mode === 'm4' ? 4 * n : n;
  const t = new Float64Array(copyBytes(buffers, item.t, n * 8, 'times'));
  const all = copyNumbers(buffers, item.y, item.y_form, columns.length * perColumn, 'values');
  const dt = item.mode === 'm4' ? item.dt : 0;
  if (dt === undefined || !(dt >= 0)) {
    throw new DecodeError('the width of the pixel columns is missing from the kernel\'s message');
  }
  return {
    kind: 'line',
    mode: item.mode,
    label: item.label,
    unit: item.unit,
    log: item.log,
    gaps: decodeGaps(item.gaps),
    notes: item.notes ?? [],
    t0: BigInt(item.t0),
    n,
    dt,
    columns,
    t,
    y: partsOf(all, columns.length),
    sent: sentBytes(buffers, item.t, item.y)
  };
}

export function decodeImage(item: ImageItem, buffers: readonly RawBuffer[]): ImageData2D {
  const { n, m } = item;
  const x0 = new Float64Array(copyBytes(buffers, item.x0, n * 8, 'left edges'));
  const x1 = new Float64Array(copyBytes(buffers, item.x1, n * 8, 'right edges'));
  const channels = item.y_varying ? n * m : m;
  return {
    kind: 'image',
    label: item.label,
    unit: item.unit,
    log: item.log,
    gaps: decodeGaps(item.gaps),
    notes: item.notes ?? [],
    t0: BigInt(item.t0),
    n,
    m,
    yUnit: item.y_unit,
    yLabel: item.y_label,
    yLog: item.y_log,
    yVarying: item.y_varying,
    x0,
    x1,
    y: copyNumbers(buffers, item.y, item.y_form, channels, 'channels'),
    z: copyNumbers(buffers, item.z, item.z_form, n * m, 'values'),
    rough: item.z_form?.type === 'f2',
    sent: sentBytes(buffers, item.x0, item.x1, item.y, item.z),
    runs: findRuns(x0, x1),
    across: item.x_label === undefined ? undefined : { label: item.x_label, unit: item.x_unit ?? '', log: item.x_log === true }
  };
}

export function decodeCurve(item: CurveItem, buffers: readonly RawBuffer[]): CurveData {
  const { n, columns } = item;
  const all = copyNumbers(buffers, item.y, item.y_form, columns.length * n, 'values');
  const pair: [string, string][] = [
    [item.x_label ?? '', item.x_unit ?? ''],
    [item.y_label ?? '', item.y_unit ?? '']
  ];
  return {
    kind: 'curve',
    label: item.label,
    unit: item.unit,
    gaps: decodeGaps(item.gaps),
    notes: item.notes ?? [],
    t0: BigInt(item.t0),
    n,
    rows: item.rows,
    columns,
    t: new Float64Array(copyBytes(buffers, item.t, n * 8, 'times')),
    y: partsOf(all, columns.length),
    sent: sentBytes(buffers, item.t, item.y),
    byTime: item.color === 'time',
    pair: item.x_label === undefined ? null : pair,
    frame: item.frame ?? '',
    planet: item.planet ?? null,
    shapes: item.shapes ?? []
  };
}

export function findRuns(x0: Float64Array, x1: Float64Array): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let i = 1; i <= x0.length; i++) {
    const width = x1[from]! - x0[from]!;
    const tolerance = width * 0.02;
    // Measured from the run's start, so that small deviations cannot add up to a shift.
    const fits =
      i < x0.length &&
      Math.abs(x0[i]! - x1[i - 1]!) <= tolerance &&
      Math.abs(x1[i]! - (x0[from]! + (i + 1 - from) * width)) <= width * 0.25;
    if (!fits) {
      runs.push({ from, to: i });
      from = i;
    }
  }
  return x0.length === 0 ? [] : runs;
}

/** Bytes that the arrays of `data` take. */
export function sizeOf(data: GraphData): number {
  return data.kind !== 'image'
    ? data.t.byteLength + data.y.reduce((sum, column) => sum + column.byteLength, 0)
    : data.x0.byteLength + data.x1.byteLength + data.y.byteLength + data.z.byteLength;
}

/** Bytes that the data took on the way. */
export function sentOf(data: GraphData): number {
  return data.sent ?? sizeOf(data);
}

/** First and last instant that the data reaches; null when there is none. */
export function dataExtent(data: GraphData): { start: bigint; stop: bigint } | null {
  if (data.n === 0) {
    return null;
  }
  if (data.kind !== 'image') {
    const width = data.kind === 'line' ? data.dt : 0;
    return {
      start: addSeconds(data.t0, data.t[0]!),
      stop: addSeconds(data.t0, data.t[data.n - 1]! + width)
    };
  }
  return { start: addSeconds(data.t0, data.x0[0]!), stop: addSeconds(data.t0, data.x1[data.n - 1]!) };
}
