import { describe, expect, it } from 'vitest';

import { formatTick, formatValue, fromUnit, makeScale, panScale, toUnit, valueTicks, zoomScale } from '../../src/core/scale';

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

describe('ticks', () => {
  const text = (lo: number, hi: number, log: boolean, count = 5): string[] =>
    valueTicks(makeScale(lo, hi, log), count).map(tick => tick.label).filter(label => label !== '');

  it('are round numbers with a true minus sign', () => {
    expect(text(-22, 41, false)).toEqual(['−20', '−10', '0', '10', '20', '30', '40']);
    expect(text(0, 1, false)).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  });

  it('share one power of ten when numbers are large or small', () => {
    expect(text(0, 3e7, false, 3)).toEqual(['0', '10⁷', '2×10⁷', '3×10⁷']);
    expect(text(1e-7, 4e-7, false, 3).every(label => label.endsWith('10⁻⁷'))).toBe(true);
  });

  it('tell values apart that differ far behind the point', () => {
    const labels = text(112.21437, 112.21441, false);
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels[0]).toMatch(/^112\.214/);
  });

  it('are decades on a log axis, fewer where these are many, more where few', () => {
    expect(text(8, 3e4, true)).toEqual(['10', '100', '1000', '10⁴']);
    expect(text(1e-10, 1e10, true).length).toBeLessThan(8);
    expect(text(3, 80, true)).toEqual(['5', '10', '20', '50']);
    expect(valueTicks(makeScale(8, 3e4, true), 5).some(tick => tick.label === '')).toBe(true);
  });

  it('never repeat a label', () => {
    for (let size = 1e-12; size < 1e13; size *= 7) {
      for (const log of [false, true]) {
        const labels = text(size * 0.9, size * 13.7, log, 6);
        expect(labels.length).toBeGreaterThan(0);
        expect(new Set(labels).size).toBe(labels.length);
      }
    }
  });
});

it('values read well', () => {
  expect(formatValue(NaN)).toBe('–');
  expect(formatValue(-3.14159265)).toBe('−3.1416');
  expect(formatValue(4.2e7)).toBe('4.200×10⁷');
  expect(formatTick(0, 1)).toBe('0');
});
