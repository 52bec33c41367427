import { expect, it } from 'vitest';

import { dateToNs } from '../../src/core/time';
import { makeScale } from '../../src/core/scale';
import { axisTimeTicks, drawTimeAxis, drawYAxis, yTicks } from '../../src/marks/axes';
import type { AxisStyle } from '../../src/marks/axes';
import type { Frame } from '../../src/marks/frame';
import { record } from './recorder';

const style: AxisStyle = { foreground: '#000', muted: '#666', grid: '#eee', frame: '#999', font: '11px sans-serif', fontSize: 11 };
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
  drawYAxis(surface, frame, yTicks(frame.y, 160), `mms1_dis_numberdensity_fast_of_a_long_product [cm^-3]`, 14, style);
  const texts = calls.filter(call => call[0] === 'fillText').map(call => String(call[1]));
  expect(texts).toContain('[cm^-3]');
  expect(texts.some(text => text.endsWith('…') && text.length * 6 <= 166)).toBe(true);
  expect(texts).toContain('−20');
});
