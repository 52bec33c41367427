/** Spectrograms: one bitmap column per data column, one bitmap row per pixel row, then stretched. */
import { lookupTable } from '../core/colormap';
import type { Floats } from '../core/numbers';
import type { ImageData2D } from '../core/decode';
import { channelEdges } from '../core/range';
import { fromUnit } from '../core/scale';
import type { Scale } from '../core/scale';
import { bitmapOf } from './bitmaps';
import type { Canvas } from './bitmaps';
import { timeToX } from './frame';
import type { Frame } from './frame';
import type { Surface } from './surface';

export interface ImageStyle {
  z: Scale;
  colormap: string;
}

export function drawImageMark(
  surface: Surface,
  frame: Frame,
  data: ImageData2D,
  style: ImageStyle,
  pixelRatio: number
): void {
  if (data.n === 0) {
    return;
  }
  const rows = Math.max(1, Math.round(frame.rect.height * pixelRatio));
  const canvas = bitmap(data, frame.y, style, rows);
  const x = timeToX(frame, data.t0);
  const right = frame.rect.x + frame.rect.width;
  surface.imageSmoothingEnabled = false;
  const snap = (px: number): number => Math.round(px * pixelRatio) / pixelRatio;
  for (const { from, to } of data.runs) {
    const x0 = x.a * data.x0[from]! + x.b;
    const x1 = x.a * data.x1[to - 1]! + x.b;
    if (x1 < frame.rect.x || x0 > right) {
      continue;
    }
    // Only the visible columns: stretching a long run far beyond the plot loses precision.
    const perColumn = (x1 - x0) / (to - from);
    const skip = Math.max(0, Math.floor((frame.rect.x - x0) / perColumn) - 1);
    const drop = Math.max(0, Math.floor((x1 - right) / perColumn) - 1);
    const columns = to - from - skip - drop;
    if (columns <= 0) {
      continue;
    }
    const left = snap(x0 + skip * perColumn);
    // A single short column must not vanish between two pixels.
    const width = Math.max(snap(x0 + (skip + columns) * perColumn) - left, 1 / pixelRatio);
    surface.drawImage(canvas, from + skip, 0, columns, rows, left, frame.rect.y, width, frame.rect.height);
  }
}

function bitmap(data: ImageData2D, y: Scale, style: ImageStyle, rows: number): Canvas {
  const { z } = style;
  const key = [y.lo, y.hi, y.log, z.lo, z.hi, z.log, style.colormap, rows].join();
  return bitmapOf(data, key, data.n, rows, out => paint(out, data, y, style, rows));
}

/** Fill `out` (rows x n, top row first) with colours; what has no value stays transparent. */
export function paint(out: Uint32Array, data: ImageData2D, y: Scale, style: ImageStyle, rows: number): void {
  const color = colorOf(style);
  if (data.yVarying) {
    paintColumns(out, data, rowMaps(data, y, rows), color, rows);
  } else {
    paintRows(out, data, rowMap(data.y, data.yLog || y.log, y, rows), color);
  }
}

/** Row by row: each channel is coloured once, its other rows are copies. */
function paintRows(out: Uint32Array, data: ImageData2D, map: Int32Array, color: (value: number) => number): void {
  const { n, m, z } = data;
  map.forEach((channel, row) => {
    const at = row * n;
    if (channel < 0) {
      return;
    }
    if (row > 0 && map[row - 1] === channel) {
      out.copyWithin(at, at - n, at);
      return;
    }
    for (let i = 0, from = channel; i < n; i++, from += m) {
      out[at + i] = color(z[from]!);
    }
  });
}

/** Column by column, each with its own channels. */
function paintColumns(
  out: Uint32Array,
  data: ImageData2D,
  maps: (column: number) => Int32Array,
  color: (value: number) => number,
  rows: number
): void {
  const { n, m, z } = data;
  for (let i = 0; i < n; i++) {
    const map = maps(i);
    let channel = -1;
    let shade = 0;
    for (let row = 0; row < rows; row++) {
      if (map[row] !== channel) {
        channel = map[row]!;
        shade = channel < 0 ? 0 : color(z[i * m + channel]!);
      }
      out[row * n + i] = shade;
    }
  }
}

/** Value to colour, 0 (transparent) for none. */
export function colorOf({ z, colormap }: ImageStyle): (value: number) => number {
  const index = colorIndexer(z);
  const table = lookupTable(colormap);
  return value => {
    const entry = index(value);
    return entry < 0 ? 0 : table[entry]!;
  };
}

/** Value to entry of the colour table, -1 for none. Zero counts on a log scale take the lowest colour. */
function colorIndexer({ lo, hi, log }: Scale): (value: number) => number {
  const low = log ? Math.log(lo) : lo;
  const factor = 255 / ((log ? Math.log(hi) : hi) - low);
  return value => {
    if (Number.isNaN(value)) {
      return -1;
    }
    const index = ((log ? Math.log(Math.max(value, 0)) : value) - low) * factor;
    return index <= 0 ? 0 : index >= 255 ? 255 : Math.round(index);
  };
}

/** For each column the channel of every pixel row (-1: none); alternating energy tables are mapped once. */
function rowMaps(data: ImageData2D, y: Scale, rows: number): (column: number) => Int32Array {
  const { m } = data;
  const build = (centres: Floats): Int32Array => rowMap(centres, data.yLog || y.log, y, rows);
  const known: { at: number; map: Int32Array }[] = [];
  return column => {
    const centres = data.y.subarray(column * m, (column + 1) * m);
    const found = known.findIndex(({ at }) => equalRows(data.y, at * m, column * m, m));
    if (found >= 0) {
      return known[found]!.map;
    }
    const map = build(centres);
    known.unshift({ at: column, map });
    known.length = Math.min(known.length, 6);
    return map;
  };
}

function equalRows(y: Floats, a: number, b: number, m: number): boolean {
  for (let k = 0; k < m; k++) {
    if (!Object.is(y[a + k], y[b + k])) {
      return false;
    }
  }
  return true;
}

function rowMap(centres: Floats, logEdges: boolean, y: Scale, rows: number): Int32Array {
  const map = new Int32Array(rows).fill(-1);
  const edges = channelEdges(centres, logEdges);
  if (!edges) {
    return map;
  }
  let k = 0;
  for (let row = rows - 1; row >= 0; row--) {
    const value = fromUnit(y, 1 - (row + 0.5) / rows);
    while (k < edges.order.length && edges.upper[edges.order[k]!]! <= value) {
      k += 1;
    }
    const channel = edges.order[k];
    if (channel !== undefined && edges.lower[channel]! <= value) {
      map[row] = channel;
    }
  }
  return map;
}
