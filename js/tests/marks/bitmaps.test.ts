import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ImageData2D } from '../../src/core/decode';
import { bitmapBytes, bitmapOf, LIMIT } from '../../src/marks/bitmaps';

class FakeCanvas {
  put: number[] = [];

  constructor(
    public width: number,
    public height: number
  ) {}

  getContext(): object {
    return {
      createImageData: (width: number, height: number) => ({
        width,
        height,
        data: new Uint8ClampedArray(4 * width * height)
      }),
      putImageData: (pixels: ImageData) => {
        this.put = [...new Uint32Array(pixels.data.buffer).slice(0, 4)];
      }
    };
  }
}

const tile = (): ImageData2D => ({}) as ImageData2D;
const [WIDTH, HEIGHT] = [1024, 256];
const SIZE = 4 * WIDTH * HEIGHT;

function draw(data: ImageData2D, key: string, now: number, paint: (out: Uint32Array) => void = () => undefined): FakeCanvas {
  return bitmapOf(data, key, WIDTH, HEIGHT, paint, now) as unknown as FakeCanvas;
}

describe('bitmaps of tiles', () => {
  beforeEach(() => {
    vi.stubGlobal('OffscreenCanvas', FakeCanvas);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('are painted once for each look', () => {
    const data = tile();
    const paint = vi.fn();
    draw(data, 'a', 0, paint);
    draw(data, 'a', 1, paint);
    expect(paint).toHaveBeenCalledTimes(1);
    draw(data, 'b', 2, paint);
    expect(paint).toHaveBeenCalledTimes(2);
  });

  it('have nothing of the one that was painted before', () => {
    draw(tile(), 'a', 0, out => out.fill(7));
    const next = draw(tile(), 'a', 1, out => {
      out[1] = 9;
    });
    expect(next.put).toEqual([0, 9, 0, 0]);
  });

  it('are bounded: what was not drawn for longest goes, and comes back when it is drawn', () => {
    const tiles = Array.from({ length: 30 }, tile);
    tiles.forEach((data, i) => draw(data, 'a', 10_000 * (i + 1)));
    expect(bitmapBytes()).toBeLessThanOrEqual(LIMIT + SIZE);
    const paint = vi.fn();
    draw(tiles[29]!, 'a', 300_001, paint);
    expect(paint).not.toHaveBeenCalled();
    expect(draw(tiles[0]!, 'a', 300_002, paint).width).toBe(WIDTH);
    expect(paint).toHaveBeenCalledTimes(1);
  });

  it('stay while they are drawn, however many they are', () => {
    const tiles = Array.from({ length: 30 }, tile);
    const paint = vi.fn();
    for (const now of [1_000_000, 1_000_016, 1_000_033]) {
      tiles.forEach(data => draw(data, 'a', now, paint));
    }
    expect(paint).toHaveBeenCalledTimes(30);
  });
});
