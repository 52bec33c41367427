import { describe, expect, it } from 'vitest';

import { makeScale } from '../../src/core/scale';
import type { Scale } from '../../src/core/scale';
import { axisTicks } from '../../src/core/ticks';

const labelled = (scale: Scale, count = 5) => axisTicks(scale, count).ticks.filter(tick => tick.label !== '');
const text = (lo: number, hi: number, log: boolean, count = 5): string[] =>
  labelled(makeScale(lo, hi, log), count).map(tick => tick.label);
const note = (lo: number, hi: number): string => axisTicks(makeScale(lo, hi, false), 5).note;

/** What a label says, together with the note of its axis. */
function read(label: string, axisNote: string): number {
  const found = /^(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?\s*(?:([+−]) ([\d.]+))?$/.exec(axisNote)!;
  const power = Number([...(found[1] ?? '⁰')].map(c => (c === '⁻' ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c))).join(''));
  const offset = Number(`${found[2] === '−' ? '-' : ''}${found[3] ?? 0}`);
  return Number(label.replace('−', '-')) * Math.pow(10, power) + offset;
}

describe('linear ticks', () => {
  it('are round numbers with a true minus sign', () => {
    expect(text(-22, 41, false)).toEqual(['−20', '−10', '0', '10', '20', '30', '40']);
    expect(text(0, 1, false)).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    expect(text(0.1, 0.5, false)).toEqual(['0.1', '0.2', '0.3', '0.4', '0.5']);
  });

  it('write a shared power of ten and a shared offset once', () => {
    expect(text(0, 3e7, false, 3)).toEqual(['0', '1', '2', '3']);
    expect(note(0, 3e7)).toBe('×10⁷');
    expect(note(1e-7, 4e-7)).toBe('×10⁻⁷');
    expect(note(0, 5000)).toBe('');
    expect(note(112.214371, 112.214379)).toBe('×10⁻⁶ + 112.21437');
    expect(note(-2459000.00002, -2459000.00001)).toMatch(/^×10⁻\S+ − 2459000\.\d+$/);
  });

  it('say their value at every size and offset, none twice', () => {
    for (const offset of [0, 1, -1, 37.5, 1e5, -2.4e6, 1.6e9]) {
      for (let span = 1e-9; span < 1e13; span *= 7.3) {
        if (Math.abs(offset) / span > 1e12) {
          continue;
        }
        const scale = makeScale(offset, offset + span, false);
        const ticks = labelled(scale);
        const shared = axisTicks(scale, 5).note;
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(new Set(ticks.map(tick => tick.label)).size).toBe(ticks.length);
        ticks.forEach(tick => {
          expect(Math.abs(read(tick.label, shared) - tick.value), `${tick.label} ${shared}`).toBeLessThan(span * 1e-3);
          expect(tick.label.length, tick.label).toBeLessThanOrEqual(11);
        });
      }
    }
  });

  it('have minor ticks at round parts of a step', () => {
    const { ticks } = axisTicks(makeScale(0, 40, false), 5);
    expect(ticks.filter(tick => tick.value > 0 && tick.value < 10).map(tick => tick.value)).toEqual([2, 4, 6, 8]);
    expect(ticks.map(tick => tick.value)).toEqual([...ticks.map(tick => tick.value)].sort((a, b) => a - b));
  });
});

describe('logarithmic ticks', () => {
  it('are decades, fewer where these are many, more where few', () => {
    expect(text(8, 3e4, true)).toEqual(['10', '100', '1000', '10⁴']);
    expect(text(1e-10, 1e10, true).length).toBeLessThan(8);
    expect(text(3, 80, true)).toEqual(['5', '10', '20', '50']);
    expect(axisTicks(makeScale(8, 3e4, true), 5).ticks.some(tick => tick.label === '')).toBe(true);
  });

  it('are powers of both signs around zero on a symmetric scale', () => {
    const labels = labelled(makeScale(-1500, 1500, false, 1), 10).map(tick => tick.label);
    expect(labels).toEqual(['−1000', '−100', '−10', '−1', '0', '1', '10', '100', '1000']);
    const crowded = labelled(makeScale(-3000, 3000, false, 10), 4).map(tick => tick.label);
    expect(crowded).toContain('0');
    expect(crowded).not.toContain('10');
    expect(labelled(makeScale(-1e6, 1e6, false, 1), 5).length).toBeLessThanOrEqual(7);
    expect(labelled(makeScale(200, 700, false, 1)).length).toBeGreaterThanOrEqual(3);
  });

  it('never repeat a label', () => {
    for (let size = 1e-12; size < 1e13; size *= 7) {
      const labels = text(size * 0.9, size * 13.7, true, 6);
      expect(labels.length).toBeGreaterThan(0);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });
});
