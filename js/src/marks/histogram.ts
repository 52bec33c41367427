/** Two-dimensional histograms: a bitmap as fine as the screen, so that axes may be bent. */
import type { ImageData2D } from '../core/decode';
import { channelEdges } from '../core/range';
import { fromUnit } from '../core/scale';
import type { Scale } from '../core/scale';
import type { Place } from './curve';
import { colorOf } from './image';
import type { ImageStyle } from './image';
import type { Surface } from './surface';

const bitmaps = new WeakMap<ImageData2D, { key: string; canvas: HTMLCanvasElement }>();

export function drawHistogram(surface: Surface, place: Place, data: ImageData2D, style: ImageStyle, pixelRatio: number): void {
  const { rect } = place;
  const width = Math.max(1, Math.round(rect.width * pixelRatio));
  const height = Math.max(1, Math.round(rect.height * pixelRatio));
  const canvas = bitmap(data, place, style, width, height);
  surface.imageSmoothingEnabled = false;
  surface.drawImage(canvas, 0, 0, width, height, rect.x, rect.y, rect.width, rect.height);
}

function bitmap(data: ImageData2D, { x, y }: Place, style: ImageStyle, width: number, height: number): HTMLCanvasElement {
  const axis = ({ lo, hi, log, knee }: Scale): string => [lo, hi, log, knee].join();
  const key = [axis(x), axis(y), axis(style.z), style.colormap, width, height].join('|');
  const held = bitmaps.get(data);
  if (held?.key === key) {
    return held.canvas;
  }
  const canvas = held?.canvas ?? document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  paintBins(new Uint32Array(pixels.data.buffer), data, binsAt(edgesX(data), x, width), binsAt(edgesY(data), y, height), style);
  context.putImageData(pixels, 0, 0);
  bitmaps.set(data, { key, canvas });
  return canvas;
}

/** Fill `out` (top row first) with the colours of bins; empty ones and what lies beyond stay clear. */
export function paintBins(out: Uint32Array, data: ImageData2D, columns: Int32Array, rows: Int32Array, style: ImageStyle): void {
  const color = colorOf(style);
  const shades = Uint32Array.from(data.z, value => color(value));
  const [width, height] = [columns.length, rows.length];
  for (let row = 0; row < height; row++) {
    // Rows are counted from above, bins from below.
    const bin = rows[height - 1 - row]!;
    for (let i = 0; bin >= 0 && i < width; i++) {
      const column = columns[i]!;
      if (column >= 0) {
        out[row * width + i] = shades[column * data.m + bin]!;
      }
    }
  }
}

function edgesX({ x0, x1, n }: ImageData2D): Float64Array {
  const out = new Float64Array(n + 1);
  out.set(x0);
  out[n] = x1[n - 1]!;
  return out;
}

function edgesY(data: ImageData2D): Float64Array {
  const edges = channelEdges(data.y, data.yLog);
  const out = new Float64Array(data.m + 1);
  out.set(edges?.lower ?? []);
  out[data.m] = edges?.upper[data.m - 1] ?? NaN;
  return out;
}

/** For each pixel along an axis the bin that its middle lies in; -1 outside of all. */
export function binsAt(edges: Float64Array, scale: Scale, pixels: number): Int32Array {
  const out = new Int32Array(pixels).fill(-1);
  const last = edges.length - 1;
  let bin = 0;
  for (let i = 0; i < pixels; i++) {
    const value = fromUnit(scale, (i + 0.5) / pixels);
    while (bin < last - 1 && edges[bin + 1]! <= value) {
      bin += 1;
    }
    if (value >= edges[0]! && value <= edges[last]!) {
      out[i] = bin;
    }
  }
  return out;
}
