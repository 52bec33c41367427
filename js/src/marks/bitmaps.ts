/** Bitmaps of spectrogram tiles: those in view are kept, and of the others as much as is no burden. */
import type { ImageData2D } from '../core/decode';

export type Canvas = OffscreenCanvas | HTMLCanvasElement;

/** Bytes that bitmaps may take beside those that were drawn a moment ago. */
export const LIMIT = 8 * 2 ** 20;
/** Milliseconds without use after which a bitmap may go. */
const IDLE = 1000;

interface Bitmap {
  key: string;
  canvas: Canvas;
  used: number;
}

const bitmaps = new WeakMap<ImageData2D, Bitmap>();
/** The same, to be counted; a bitmap goes with the data that it shows. */
const all = new Set<WeakRef<Bitmap>>();
/** Pixels on the way into a bitmap: a megabyte for each would keep the garbage collector busy. */
let scratch: ImageData | null = null;

/**
 * The bitmap of `data`, painted anew where `key` says that it would look otherwise.
 *
 * @param paint fills transparent pixels, row by row
 */
export function bitmapOf(
  data: ImageData2D,
  key: string,
  width: number,
  height: number,
  paint: (out: Uint32Array) => void,
  now = performance.now()
): Canvas {
  let held = bitmaps.get(data);
  if (held?.key === key) {
    held.used = now;
    return held.canvas;
  }
  if (!held) {
    held = { key, canvas: makeCanvas(), used: now };
    bitmaps.set(data, held);
    all.add(new WeakRef(held));
  }
  held.key = key;
  held.used = now;
  fill(held.canvas, width, height, paint);
  letGo(now);
  return held.canvas;
}

function fill(canvas: Canvas, width: number, height: number, paint: (out: Uint32Array) => void): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  if (scratch?.width !== width || scratch.height !== height) {
    scratch = context.createImageData(width, height);
  }
  const pixels = new Uint32Array(scratch.data.buffer);
  pixels.fill(0);
  paint(pixels);
  context.putImageData(scratch, 0, 0);
}

/** Bytes of all bitmaps. */
export function bitmapBytes(): number {
  return held().reduce((sum, bitmap) => sum + sizeOf(bitmap), 0);
}

function letGo(now: number): void {
  let bytes = bitmapBytes();
  const idle = held().filter(bitmap => now - bitmap.used > IDLE);
  idle.sort((a, b) => a.used - b.used);
  for (const bitmap of idle) {
    if (bytes <= LIMIT) {
      return;
    }
    bytes -= sizeOf(bitmap);
    bitmap.key = '';
    bitmap.canvas.width = bitmap.canvas.height = 0;
  }
}

function held(): Bitmap[] {
  const found: Bitmap[] = [];
  for (const ref of all) {
    const bitmap = ref.deref();
    if (bitmap) {
      found.push(bitmap);
    } else {
      all.delete(ref);
    }
  }
  return found;
}

function sizeOf({ canvas }: Bitmap): number {
  return 4 * canvas.width * canvas.height;
}

function makeCanvas(): Canvas {
  return typeof OffscreenCanvas === 'undefined' ? document.createElement('canvas') : new OffscreenCanvas(1, 1);
}
