import { describe, expect, it } from 'vitest';

import type { ImageData2D } from '../../src/core/decode';
import { makeScale } from '../../src/core/scale';
import { drawPlanet, drawShape } from '../../src/marks/around';
import type { AxisStyle } from '../../src/marks/axes';
import { drawCurve } from '../../src/marks/curve';
import { binsAt, paintBins } from '../../src/marks/histogram';
import { record } from './recorder';

const place = { rect: { x: 0, y: 0, width: 100, height: 100 }, x: makeScale(-10, 10, false), y: makeScale(-10, 10, false) };
const style: AxisStyle = {
  background: '#fff', foreground: '#000', muted: '#888', grid: '#eee', frame: '#999', font: '11px a', smallFont: '10px a', fontSize: 11
};
const plain = { color: 'red', colormap: null, points: false, width: 1 };

describe('a curve', () => {
  it('is joined, but not over a hole', () => {
    const { surface, of } = record();
    const x = Float32Array.of(-10, 0, NaN, 10);
    drawCurve(surface, place, Float64Array.of(0, 1, 1, 2), [x, Float32Array.of(0, 10, NaN, -10)], plain);
    expect(of('moveTo')).toEqual([[0, 50], [100, 100]]);
    expect(of('lineTo')).toEqual([[50, 0]]);
  });

  it('has the colours of time in bands that join', () => {
    const n = 200;
    const t = Float64Array.from({ length: n }, (_, i) => i);
    const { surface, of } = record();
    drawCurve(surface, place, t, [Float32Array.from(t), Float32Array.from(t)], { ...plain, colormap: 'viridis' });
    expect(of('stroke').length).toBe(48);
    expect(of('lineTo').length).toBe(n - 1);
  });

  it('is points alone when so wanted, and survives huge values', () => {
    const { surface, of } = record();
    drawCurve(surface, place, Float64Array.of(0, 1), [Float32Array.of(0, 1e30), Float32Array.of(0, -1e30)], { ...plain, points: true });
    expect(of('rect').length).toBe(2);
    of('rect').flat().forEach(v => expect(Math.abs(v)).toBeLessThan(5000));
  });
});

describe('what is around an orbit', () => {
  const shape = { name: 'm', title: 'magnetopause', source: '', x: [8, 0, -5], rho: [0, 6, 9], terminator: 6 };

  it('is a boundary on both sides of the x axis, and a circle in yz', () => {
    const { surface, of } = record();
    drawShape(surface, place, shape, 'xy', 'blue', style);
    const points = [...of('moveTo'), ...of('lineTo')].map(point => point.map(v => Math.round(v)));
    expect(points).toContainEqual([90, 50]);
    expect(points).toContainEqual([50, 20]);
    expect(points).toContainEqual([50, 80]);
    const round = record();
    drawShape(round.surface, place, shape, 'yz', 'blue', style);
    round.of('lineTo').forEach(([x, y]) => expect(Math.hypot(x! - 50, y! - 50)).toBeCloseTo(30, 6));
  });

  it('is a planet whose night side is away from the Sun', () => {
    const { surface, of } = record();
    drawPlanet(surface, place, 2, 'half', style);
    expect(of('arc')[0]!.slice(0, 3)).toEqual([50, 50, 10]);
    of('lineTo').forEach(([x]) => expect(x).toBeLessThanOrEqual(50 + 1e-9));
  });
});

describe('a histogram', () => {
  it('puts pixels into bins, also on a bent axis', () => {
    expect([...binsAt(Float64Array.of(0, 1, 2), makeScale(-1, 3, false), 8)]).toEqual([-1, -1, 0, 0, 1, 1, -1, -1]);
    expect([...binsAt(Float64Array.of(1, 10, 100), makeScale(1, 100, true), 4)]).toEqual([0, 0, 1, 1]);
  });

  it('leaves empty bins clear, and counts rows from below', () => {
    const data = { m: 2, z: Float32Array.of(1, NaN, NaN, 5) } as unknown as ImageData2D;
    const out = new Uint32Array(4);
    paintBins(out, data, Int32Array.of(0, 1), Int32Array.of(0, 1), { z: makeScale(0, 5, false), colormap: 'gray' });
    expect([out[0], out[3]]).toEqual([0, 0]);
    expect(out[1]).toBe(0xffffffff);
    expect(out[2]).not.toBe(0);
  });
});
