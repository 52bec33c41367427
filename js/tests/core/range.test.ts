import { describe, expect, it } from 'vitest';

import { findRuns } from '../../src/core/decode';
import type { ImageData2D, LineData } from '../../src/core/decode';
import { nearestIndex, readImage, readLine } from '../../src/core/nearest';
import { channelEdges, channelExtent, lineExtent, lineShares, lowerBound, padExtent, percentileExtent, settle } from '../../src/core/range';

const T0 = 1546441200000000000n;
const at = (seconds: number): bigint => T0 + BigInt(Math.round(seconds * 1e9));
const NOTHING: ReadonlySet<string> = new Set();

export function line(over: Partial<LineData> = {}): LineData {
  return {
    kind: 'line', mode: 'raw', label: 'B', unit: 'nT', log: false, gaps: [], notes: [], t0: T0, n: 4, dt: 0,
    columns: ['x', 'y'], t: Float64Array.of(0, 1, 2, 3),
    y: [Float32Array.of(1, 5, NaN, 100), Float32Array.of(-2, 0, 3, 4)], ...over
  };
}

export function image(over: Partial<ImageData2D> = {}): ImageData2D {
  const x0 = Float64Array.of(0, 1, 4);
  const x1 = Float64Array.of(1, 2, 5);
  return {
    kind: 'image', label: 'flux', unit: 'eV', log: true, gaps: [], notes: [], t0: T0, n: 3, m: 2, yUnit: 'eV', yLabel: 'Energy',
    yLog: true, yVarying: false, x0, x1, y: Float32Array.of(10, 100), z: Float32Array.of(1, 2, 3, 4, 5, NaN), runs: findRuns(x0, x1), ...over
  };
}

describe('automatic ranges', () => {
  it('look only at what is visible and shown', () => {
    const view = { start: at(0), stop: at(2.5) };
    expect(lineExtent(line(), view, NOTHING, false)).toEqual([-2, 5]);
    expect(lineExtent(line(), view, new Set(['y']), false)).toEqual([1, 5]);
    expect(lineExtent(line(), view, NOTHING, true)).toEqual([1, 5]);
    expect(lineExtent(line(), { start: at(50), stop: at(60) }, NOTHING, false)).toBeNull();
    const late = { start: at(0) + 100n, stop: at(4) };
    expect(lineExtent(line(), late, NOTHING, false), 'a time rounded down counts').toEqual(
      lineExtent(line(), { start: at(0), stop: at(4) }, NOTHING, false)
    );
  });

  it('take minima and maxima of pixel columns, and infinities for what they are not: values', () => {
    const data = line({
      mode: 'm4', n: 2, dt: 1, columns: ['x'], t: Float64Array.of(0, 1), y: [Float32Array.of(1, 1, -7, 1, 9, Infinity, 1, 1)]
    });
    expect(lineExtent(data, { start: at(0), stop: at(2) }, NOTHING, false)).toEqual([-7, 9]);
  });

  it('leave out what lies outside of the shares that are asked for', () => {
    const n = 1001;
    const y = Float32Array.from({ length: n }, (_, i) => (i === 500 ? 1e6 : i % 100));
    const data = line({ n, columns: ['x'], t: Float64Array.from(y, (_, i) => i), y: [y] });
    const view = { start: at(0), stop: at(n) };
    expect(lineShares(data, view, NOTHING, false, [0, 1])).toEqual([0, 1e6]);
    const [lo, hi] = lineShares(data, view, NOTHING, false, [0.05, 0.95])!;
    expect([Math.abs(lo - 5) < 2, Math.abs(hi - 95) < 2]).toEqual([true, true]);
    expect(lineShares(data, view, new Set(['x']), false, [0.05, 0.95])).toBeNull();
    expect(lineShares(data, view, NOTHING, true, [0.005, 0.99])![0]).toBeGreaterThan(0);
    expect(lineShares(data, { start: at(5000), stop: at(6000) }, NOTHING, false, [0.05, 0.95])).toBeNull();
    const m4 = line({ mode: 'm4', n: 2, dt: 1, columns: ['x'], t: Float64Array.of(0, 1), y: [Float32Array.of(1, 1, -7, 1, 9, 3, 1, 1)] });
    expect(lineShares(m4, { start: at(0), stop: at(2) }, NOTHING, false, [0, 0.99])).toEqual([-7, 9]);
  });

  it('give lines air and spectrograms the edges of their channels', () => {
    expect(padExtent([0, 100], false)[0]).toBeLessThan(0);
    expect(padExtent([5, 5], false)).toEqual([4.5, 5.5]);
    expect(padExtent([1, 100], true)[0]).toBeGreaterThan(0);
    const [lo, hi] = channelExtent(image(), true)!;
    expect(lo).toBeCloseTo(10 / Math.sqrt(10), 4);
    expect(hi).toBeCloseTo(100 * Math.sqrt(10), 3);
  });

  it('keep still while the data fits and fills them', () => {
    const shown = padExtent([0, 10], false);
    expect(settle(shown, [0.5, 9.8], false)).toBe(shown);
    expect(settle(shown, [0, 12], false)[1]).toBeGreaterThan(12);
    expect(settle(shown, [4, 5], false)[0]).toBeGreaterThan(3);
  });

  it('colours leave outliers out', () => {
    const n = 100;
    const z = Float32Array.from({ length: 2 * n }, (_, i) => (i === 7 ? 1e9 : 1 + (i % 50)));
    const x0 = Float64Array.from({ length: n }, (_, i) => i);
    const data = image({ n, z, x0, x1: x0.map(v => v + 1) });
    const [lo, hi] = percentileExtent(data, { start: at(0), stop: at(n) }, false)!;
    expect(lo).toBeGreaterThanOrEqual(1);
    expect(hi).toBeLessThanOrEqual(50);
    expect(percentileExtent(image({ z: new Float32Array(6) }), { start: at(0), stop: at(9) }, true)).toBeNull();
  });
});

describe('channels', () => {
  it('may descend, and those without a place are left out', () => {
    const edges = channelEdges(Float32Array.of(100, NaN, 10, -1), true)!;
    expect(edges.order).toEqual([2, 0]);
    expect(edges.upper[2]).toBeCloseTo(edges.lower[0]!, 6);
    expect(channelEdges(Float32Array.of(NaN, 0), true)).toBeNull();
    expect(channelEdges(Float32Array.of(5), false)!.upper[0]).toBeGreaterThan(5);
  });
});

describe('the readout', () => {
  it('finds the nearest sample', () => {
    const t = Float64Array.of(0, 10, 11);
    expect([-5, 4, 6, 10.4, 99].map(x => nearestIndex(t, x))).toEqual([0, 0, 1, 1, 2]);
    expect(nearestIndex(new Float64Array(0), 1)).toBe(-1);
    expect(lowerBound(t, 10)).toBe(1);
  });

  it('gives values, ranges of pixel columns, and a dash for nothing', () => {
    expect(readLine(line(), at(1.2)).map(s => s.text)).toEqual(['5', '0']);
    expect(readLine(line(), at(2))[0]!.text).toBe('–');
    const m4 = line({ mode: 'm4', n: 1, dt: 1, columns: ['x'], t: Float64Array.of(0), y: [Float32Array.of(1, -7, 9, 2)] });
    expect(readLine(m4, at(0.5))[0]!.text).toBe('−7 … 9');
  });

  it('names the channel and value under the cursor, and nothing in a gap', () => {
    expect(readImage(image(), at(1.5), 80)).toEqual({ channel: 100, value: 4, text: '4' });
    expect(readImage(image({ rough: true, z: image().z.map(z => z * 1.23456) }), at(1.5), 80)!.text).toBe('≈ 4.94');
    expect(readImage(image(), at(3), 80)).toBeNull();
    expect(readImage(image(), at(1.5), 1e6)).toBeNull();
  });
});
