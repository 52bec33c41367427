import { describe, expect, it } from 'vitest';

import { lookupTable } from '../../src/core/colormap';
import { findRuns } from '../../src/core/decode';
import type { ImageData2D, LineData } from '../../src/core/decode';
import { makeScale } from '../../src/core/scale';
import type { Frame } from '../../src/marks/frame';
import { clipTo, instantToX } from '../../src/marks/frame';
import { paint } from '../../src/marks/image';
import { drawLine } from '../../src/marks/line';
import { record } from './recorder';

const T0 = 1546441200000000000n;
const frame = (seconds: number, log = false): Frame => ({
  rect: { x: 0, y: 0, width: 100, height: 100 },
  view: { start: T0, stop: T0 + BigInt(seconds * 1e9) },
  y: log ? makeScale(1, 100, true) : makeScale(0, 10, false)
});
const line = (over: Partial<LineData>): LineData => ({
  kind: 'line', mode: 'raw', label: '', unit: '', log: false, gaps: [], notes: [], t0: T0, n: 0, dt: 0, columns: ['x'],
  t: new Float64Array(0), y: [], ...over
});
const raw = (values: number[]): LineData =>
  line({ n: values.length, t: Float64Array.from(values, (_, i) => i + 0.5), y: [Float32Array.from(values)] });
const draw = (data: LineData, f: Frame, hidden: string[] = []) => {
  const recorder = record();
  drawLine(recorder.surface, f, data, ['red'], new Set(hidden));
  return recorder;
};

describe('lines of samples', () => {
  it('lift the pen at NaN and mark what stands alone', () => {
    const r = draw(raw([1, 2, NaN, 5, NaN, 7, 8, ...Array<number>(93).fill(NaN)]), frame(100));
    const dots = r.of('arc');
    expect(r.of('moveTo').length - dots.length).toBe(3);
    expect(dots.map(([x, y]) => [x, y])).toEqual([[3.5, 50]]);
  });

  it('are not dotted where one sample in many lies between two short gaps', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 500 || i === 502 ? NaN : 5));
    const r = draw(raw(values), frame(1000));
    expect(r.of('arc')).toEqual([]);
    expect(r.of('fillRect')).toHaveLength(1);
  });

  it('mark every sample when these are far apart', () => {
    expect(draw(raw([1, 2, 3]), frame(3)).of('arc')).toHaveLength(3);
  });

  it('do not draw zero and below on a log axis', () => {
    const r = draw(raw([10, 0, -5, 10]), frame(100, true));
    expect(r.calls.flat().some(value => Number.isNaN(value))).toBe(false);
    expect(r.of('arc')).toHaveLength(2);
  });

  it('are not drawn when hidden, and never as huge coordinates', () => {
    expect(draw(raw([1, 2]), frame(2), ['x']).calls).toEqual([]);
    const r = draw(raw([1, 1e30, -1e30, 1]), frame(4));
    expect(Math.max(...r.of('lineTo').flat().map(Math.abs))).toBeLessThan(1e5);
  });
});

describe('lines of pixel columns', () => {
  const m4 = (columns: [number, number, number, number][], dt: number): LineData =>
    line({
      mode: 'm4', n: columns.length, dt, t: Float64Array.from(columns, (_, i) => i * dt),
      y: [Float32Array.from([0, 1, 2, 3].flatMap(part => columns.map(c => c[part]!)))]
    });
  const three: [number, number, number, number][] = [[5, 4, 6, 5], [7, 7, 9, 8], [2, 1, 2, 1]];

  it('reach from minimum to maximum and join the column before', () => {
    const bars = draw(m4(three, 1), frame(100)).of('fillRect').map(([, y, , h]) => [10 - (y! + h!) / 10, 10 - y! / 10]);
    expect(bars[0]![0]).toBeCloseTo(4, 0);
    expect(bars[0]![1]).toBeCloseTo(6, 0);
    // The second begins at 7 but the first ended at 5.
    expect(bars[1]![0]).toBeCloseTo(5, 0);
    expect(bars[1]![1]).toBeCloseTo(9, 0);
    expect(bars[2]![1]).toBeCloseTo(8, 0);
  });

  it('lift the pen at empty columns, and mark a column that stands alone', () => {
    const gap: [number, number, number, number] = [NaN, NaN, NaN, NaN];
    const r = draw(m4([[5, 5, 5, 5], gap, [9, 9, 9, 9], [1, 1, 1, 1]], 1), frame(100));
    expect(r.of('fillRect')).toHaveLength(3);
    expect(r.of('arc')).toHaveLength(1);
    expect(r.of('fillRect')[1]![3]).toBeLessThan(2);
  });

  it('share a bar where several begin in one device pixel', () => {
    const six = [...three, ...three];
    const bars = draw(m4(six, 0.5), frame(100)).of('fillRect');
    expect(bars.map(([x]) => x)).toEqual([...new Set(bars.map(([x]) => x))]);
    const reach = bars.map(([, y, , h]) => [10 - (y! + h!) / 10, 10 - y! / 10]);
    expect(Math.max(...reach.map(([, top]) => top!))).toBeCloseTo(9, 0);
    expect(Math.min(...reach.map(([low]) => low!))).toBeCloseTo(1, 0);
  });

  it('step from one value to the next, and are points without a join', () => {
    const recorder = record();
    drawLine(recorder.surface, frame(3), raw([1, 5, 3]), ['red'], new Set(), 1, 'steps');
    const path = recorder.calls.filter(([name]) => name === 'moveTo' || name === 'lineTo').slice(0, 5);
    expect(path.map(call => Number(call[2]))).toEqual([90, 90, 50, 50, 70]);
    const points = record();
    drawLine(points.surface, frame(100), m4(three, 1), ['red'], new Set(), 1, 'points');
    expect(points.of('lineTo')).toEqual([]);
    expect(points.of('arc')).toHaveLength(6);
  });

  it('are drawn on both sides of zero on a symmetric logarithmic axis', () => {
    const both: Frame = { ...frame(100), y: makeScale(-1000, 1000, false, 1) };
    const path = draw(raw([1000, 0, -1000]), both).of('lineTo');
    expect(path.map(([, y]) => Math.round(y!))).toEqual([50, 100]);
  });

  it('are stroked when the picture is stretched', () => {
    const r = draw(m4(three, 1), frame(3));
    expect(r.of('fillRect')).toEqual([]);
    expect(r.of('lineTo').length).toBeGreaterThan(8);
  });
});

it('instants map to pixels to the nanosecond', () => {
  const f: Frame = { ...frame(1), view: { start: T0, stop: T0 + 100n } };
  expect(instantToX(f, T0 + 37n)).toBeCloseTo(37, 9);
  const { surface, of } = record();
  clipTo(surface, f, { start: T0 + 20n, stop: T0 + 4000n }, () => undefined);
  expect(of('rect')[0]).toEqual([expect.closeTo(20), 0, expect.closeTo(80), 100]);
});

describe('spectrograms', () => {
  const image = (over: Partial<ImageData2D>): ImageData2D => {
    const x0 = Float64Array.of(0, 1);
    const x1 = Float64Array.of(1, 2);
    return {
      kind: 'image', label: '', unit: '', log: true, gaps: [], notes: [], t0: T0, n: 2, m: 2, yUnit: '', yLabel: '', yLog: true,
      yVarying: false, x0, x1, y: Float32Array.of(10, 100), z: Float32Array.of(1, 100, NaN, 10), runs: findRuns(x0, x1), ...over
    };
  };
  const style = { z: makeScale(1, 100, true), colormap: 'viridis' };
  const y = makeScale(10 / Math.sqrt(10), 100 * Math.sqrt(10), true);
  const table = lookupTable('viridis');
  const painted = (data: ImageData2D): number[] => {
    const out = new Uint32Array(8);
    paint(out, data, y, style, 4);
    return [...out];
  };

  it('put low channels at the bottom and leave NaN blank', () => {
    // Rows from the top, two columns each.
    expect(painted(image({}))).toEqual([
      table[255], table[128], table[255], table[128], table[0], 0, table[0], 0
    ]);
  });

  it('take channels in either order', () => {
    const turned = image({ y: Float32Array.of(100, 10), z: Float32Array.of(100, 1, 10, NaN) });
    expect(painted(turned)).toEqual(painted(image({})));
  });

  it('take channels that change with time', () => {
    const varying = image({ yVarying: true, y: Float32Array.of(10, 100, 100, 10), z: Float32Array.of(1, 100, 10, NaN) });
    expect(painted(varying)).toEqual(painted(image({})));
  });

  it('give zero the lowest colour on a log scale', () => {
    expect(painted(image({ z: Float32Array.of(0, -1, 1e9, 1) }))).toEqual([
      table[0], table[0], table[0], table[0], table[0], table[255], table[0], table[255]
    ]);
  });
});

it('colour maps run from their first to their last anchor', () => {
  expect(lookupTable('viridis')[0]).toBe(0xff540144);
  expect(lookupTable('no such map')).toBe(lookupTable('viridis'));
});
