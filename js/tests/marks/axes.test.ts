import { expect, it } from 'vitest';

import { dateToNs } from '../../src/core/time';
import { makeScale } from '../../src/core/scale';
import { axisTimeTicks, drawTimeAxis, drawYAxis, yTicks } from '../../src/marks/axes';
import type { AxisStyle } from '../../src/marks/axes';
import type { Frame } from '../../src/marks/frame';
import { record } from './recorder';

const style: AxisStyle = { background: '#fff', foreground: '#000', muted: '#666', grid: '#eee', frame: '#999', font: '11px sans-serif', smallFont: '10px sans-serif', fontSize: 11 };
const day = dateToNs(2019, 1, 2);
const frame: Frame = {
  rect: { x: 60, y: 10, width: 800, height: 160 },
  view: { start: day, stop: dateToNs(2019, 1, 3) },
  y: makeScale(-20, 40, false)
};

it('time labels and dates stay inside the picture', () => {
  const { surface, calls } = record();
  drawTimeAxis(surface, frame, axisTimeTicks(frame, style), 880, style);
  const texts = calls.filter(call => call[0] === 'fillText') as unknown as [string, string, number, number][];
  expect(texts.map(call => call[1])).toContain('2019-01-03');
  for (const [, text, x] of texts) {
    const half = (text.length * 6) / 2;
    expect(x - half).toBeGreaterThanOrEqual(0);
    expect(x + half).toBeLessThanOrEqual(880);
  }
});

it('a label that is too long gives its unit a line and is cut, not squeezed', () => {
  const { surface, calls } = record();
  drawYAxis(surface, frame, yTicks(frame.y, 160), `mms1_dis_numberdensity_fast_of_a_long_product [cm⁻³]`, 14, style);
  const texts = calls.filter(call => call[0] === 'fillText').map(call => String(call[1]));
  expect(texts).toContain('[cm⁻³]');
  expect(texts.some(text => text.endsWith('…') && text.length * 6 <= 166)).toBe(true);
  expect(texts).toContain('−20');
});

it('time labels and dates never touch each other, from 50 years to 1 microsecond', () => {
  const start = dateToNs(2015, 12, 31) + 86_399_000_000_000n;
  for (const width of [260, 500, 800, 1400]) {
    for (let span = 50n * 366n * 86_400_000_000_000n; span >= 1000n; span = (span * 10n) / 17n) {
      const here: Frame = { ...frame, rect: { ...frame.rect, width }, view: { start, stop: start + span } };
      const { surface, calls } = record();
      drawTimeAxis(surface, here, axisTimeTicks(here, style), width + 80, style);
      const texts = calls.filter(call => call[0] === 'fillText') as unknown as [string, string, number, number][];
      const lines = new Map<number, [string, string, number, number][]>();
      texts.forEach(text => lines.set(text[3], [...(lines.get(text[3]) ?? []), text]));
      for (const line of lines.values()) {
        for (let i = 1; i < line.length; i++) {
          const [a, b] = [line[i - 1]!, line[i]!];
          const air = b[2] - (b[1].length * 6) / 2 - (a[2] + (a[1].length * 6) / 2);
          expect(air, `${a[1]} and ${b[1]}, span ${span}, width ${width}`).toBeGreaterThan(3);
        }
      }
      expect(lines.size, `span ${span}, width ${width}`).toBeGreaterThan(0);
    }
  }
});
