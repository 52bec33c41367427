import { describe, expect, it } from 'vitest';

import { makeScale } from '../../src/core/scale';
import type { Frame } from '../../src/marks/frame';
import { drawOverlaid, EventIndex } from '../../src/marks/overlaid';
import type { Overlaid } from '../../src/marks/overlaid';
import { record } from './recorder';

const SECOND = 10n ** 9n;
const event = (from: number, to: number, color = 'red', name = `${from}-${to}`): Overlaid => ({
  start: BigInt(Math.round(from * 1e3)) * 1_000_000n,
  stop: BigInt(Math.round(to * 1e3)) * 1_000_000n,
  color,
  name,
  text: '',
  count: 1
});
// a second a pixel
const frame: Frame = {
  rect: { x: 10, y: 20, width: 100, height: 50 },
  view: { start: 0n, stop: 100n * SECOND },
  y: makeScale(0, 1, false)
};

/** How many bands lie over each column of the plot. */
function layers(events: readonly Overlaid[]): number[] {
  const counts = new Array<number>(100).fill(0);
  for (const { from, to } of new EventIndex(events).bands(frame.view, 100).fills) {
    for (let x = from; x < to; x += 1) {
      counts[x]! += 1;
    }
  }
  return counts;
}

describe('events found by time', () => {
  const events = [event(50, 51), event(0, 90, 'red', 'long'), event(10, 12), event(60, 60)];
  it('are those that touch a range, long ones that began far before it too', () => {
    const index = new EventIndex(events);
    const names = (from: number, to: number): string[] =>
      index.within(BigInt(from) * SECOND, BigInt(to) * SECOND).map(({ name }) => name);
    expect(names(11, 11)).toEqual(['long', '10-12']);
    expect(names(12, 50)).toEqual(['long', '10-12', '50-51']);
    expect(names(60, 70)).toEqual(['long', '60-60']);
    expect(names(91, 99)).toEqual([]);
    expect(names(-9, -1)).toEqual([]);
    expect(new EventIndex([]).within(0n, SECOND)).toEqual([]);
  });

  it('are the same as by looking at all of many', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const many = Array.from({ length: 500 }, () => {
      const start = Math.floor(random() * 1000);
      return event(start, start + Math.floor(random() ** 4 * 300));
    });
    const index = new EventIndex(many);
    for (let k = 0; k < 100; k += 1) {
      const from = BigInt(Math.floor(random() * 1200) - 50) * SECOND;
      const to = from + BigInt(Math.floor(random() * 100)) * SECOND;
      const wanted = many.filter(({ start, stop }) => start <= to && stop >= from).map(({ name }) => name);
      expect(index.within(from, to).map(({ name }) => name).sort()).toEqual(wanted.sort());
    }
  });
});

describe('events over a plot', () => {
  it('are bands with borders; a short one is a pixel wide, one beyond the view is cut', () => {
    const { surface, of } = record();
    drawOverlaid(surface, frame, new EventIndex([event(20, 60), event(70, 70), event(-500, 5), event(95, 500), event(300, 400)]));
    expect(of('fillRect')).toEqual([
      [10, 20, 5, 50], [30, 20, 40, 50], [80, 20, 1, 50], [105, 20, 5, 50],
      [14.5, 20, 1, 50], [29.5, 20, 1, 50], [69.5, 20, 1, 50], [104.5, 20, 1, 50]
    ]);
  });

  it('count once where those of one colour overlap, and never hide the data', () => {
    expect(layers([event(10, 30), event(20, 40), event(25, 26)]).slice(9, 41)).toEqual([0, ...new Array<number>(30).fill(1), 0]);
    const colors = Array.from({ length: 200 }, (_, i) => event(i % 50, 40 + (i % 60), `#0000${i.toString(16).padStart(2, '0')}`));
    expect(Math.max(...layers(colors))).toBe(3);
    const [a, b] = [event(0, 50, 'red'), event(30, 80, 'blue')];
    expect(layers([a, b])).toEqual(Array.from({ length: 100 }, (_, x) => Number(x < 50) + Number(x >= 30 && x < 80)));
  });

  it('have no borders where those would be a ground of their own', () => {
    const dense = Array.from({ length: 1000 }, (_, i) => event(i / 10, i / 10 + 20));
    const { borders } = new EventIndex(dense).bands(frame.view, 100);
    expect(borders.length).toBeGreaterThan(5);
    expect(borders.length).toBeLessThanOrEqual(26);
  });

  it('cost what their pixels cost', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => event(i / 1000, i / 1000 + (i % 7), ['red', 'blue'][i % 2]));
    const { fills } = new EventIndex(many).bands(frame.view, 100);
    expect(fills.length).toBeLessThanOrEqual(4);
    const far = Array.from({ length: 100_000 }, (_, i) => event(1000 + i, 1001 + i));
    expect(new EventIndex(far).bands(frame.view, 100)).toEqual({ fills: [], borders: [] });
  });
});
