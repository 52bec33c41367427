import { describe, expect, it } from 'vitest';

import { fromUnit, kneeFor, makeScale, panScale, toUnit, zoomScale } from '../../src/core/scale';
import { axisTicks } from '../../src/core/ticks';

describe('scales', () => {
  it('map forth and back', () => {
    for (const log of [false, true]) {
      const scale = makeScale(2, 5000, log);
      expect(fromUnit(scale, toUnit(scale, 37))).toBeCloseTo(37, 9);
      expect(toUnit(scale, 2)).toBe(0);
      expect(toUnit(scale, 5000)).toBe(1);
    }
    expect(toUnit(makeScale(1, 10, true), -1)).toBeNaN();
  });

  it('can be drawn whatever they are made from', () => {
    for (const [lo, hi] of [[NaN, NaN], [3, 3], [0, 0], [5, -5], [-2, -1], [Infinity, 1], [1e-300, 1e300]]) {
      for (const log of [false, true]) {
        const scale = makeScale(lo!, hi!, log);
        expect(scale.lo).toBeLessThan(scale.hi);
        expect(Number.isFinite(scale.lo) && Number.isFinite(scale.hi)).toBe(true);
        expect(!log || scale.lo > 0).toBe(true);
      }
    }
  });

  it('place the largest numbers that there are, and zoom into them', () => {
    const scale = makeScale(-1.79e308, 1.79e308, false);
    expect(toUnit(scale, 0)).toBeCloseTo(0.5, 12);
    expect(toUnit(scale, 1.79e308)).toBeGreaterThan(1);
    expect(zoomScale(scale, 0.5, 0.5).hi).toBeCloseTo(scale.hi / 2, -300);
    expect(zoomScale(scale, 2, 0.5)).toEqual(scale);
    const { ticks, note } = axisTicks(scale, 5);
    expect(ticks.filter(({ label }) => label !== '').map(({ label }) => label)).toEqual(['−5', '0', '5']);
    expect(note).toBe('×10³⁰⁷');
  });

  it('zoom around the value under the cursor and pan', () => {
    const zoomed = zoomScale(makeScale(0, 10, false), 0.5, 0.2);
    expect(fromUnit(zoomed, 0.2)).toBeCloseTo(2);
    expect(zoomed.hi - zoomed.lo).toBeCloseTo(5);
    const moved = panScale(makeScale(1, 100, true), 0.5);
    expect([moved.lo, moved.hi].map(Math.log10)).toEqual([expect.closeTo(1), expect.closeTo(3)]);
  });

  it('stop zooming before numbers run out', () => {
    let scale = makeScale(1, 10, true);
    for (let i = 0; i < 500; i++) {
      scale = zoomScale(scale, 2, 0.5);
    }
    expect(scale.lo).toBeGreaterThan(0);
    expect(scale.hi).toBeLessThan(Infinity);
  });
});

it('symmetric logarithms take both signs and turn linear around zero', () => {
  const scale = makeScale(-1000, 1000, false, kneeFor(1000));
  expect(scale.knee).toBe(1);
  for (const value of [-1000, -3, -0.01, 0, 0.01, 3, 1000]) {
    expect(fromUnit(scale, toUnit(scale, value))).toBeCloseTo(value, 9);
  }
  expect(toUnit(scale, 0)).toBeCloseTo(0.5, 12);
  expect(toUnit(scale, 100) - toUnit(scale, 10)).toBeCloseTo(toUnit(scale, -10) - toUnit(scale, -100), 12);
  expect(zoomScale(scale, 0.5, 0.5).knee).toBe(1);
  expect(kneeFor(0)).toBeGreaterThan(0);
});
