import { expect, it } from 'vitest';

import { makeScale } from '../../src/core/scale';
import type { AxisStyle } from '../../src/marks/axes';
import type { Frame } from '../../src/marks/frame';
import { drawGap, drawSpan } from '../../src/marks/spans';
import { record } from './recorder';

const style: AxisStyle = {
  background: '#fff', foreground: '#000', muted: '#666', grid: '#eee', frame: '#999', font: '11px sans-serif',
  smallFont: '10px sans-serif', fontSize: 11
};
const frame: Frame = {
  rect: { x: 10, y: 20, width: 100, height: 50 }, view: { start: 0n, stop: 100_000_000_000n }, y: makeScale(0, 1, false)
};
const span = (from: number, to: number, label = '') => ({ start: BigInt(from) * 10n ** 9n, stop: BigInt(to) * 10n ** 9n, label });

it('a span is a band with two borders inside the plot, and its label where that has room', () => {
  const { surface, of, calls } = record();
  drawSpan(surface, frame, span(20, 60, 'cusp'), 'teal', style);
  expect(of('fillRect').slice(0, 3)).toEqual([[30, 20, 40, 50], [29.5, 20, 1, 50], [69.5, 20, 1, 50]]);
  expect(calls.find(([name]) => name === 'fillText')![1]).toBe('cusp');
  const narrow = record();
  drawSpan(narrow.surface, frame, span(20, 22, 'cusp'), 'teal', style);
  expect(narrow.of('fillText')).toEqual([]);
});

it('a short span is still seen, one that reaches beyond is cut, one outside is not drawn', () => {
  const short = record();
  drawSpan(short.surface, frame, { start: 50n * 10n ** 9n, stop: 50n * 10n ** 9n + 1n, label: '' }, 'teal', style);
  expect(short.of('fillRect')[0]![2]).toBeGreaterThanOrEqual(1);
  const wide = record();
  drawSpan(wide.surface, frame, span(-50, 500), 'teal', style);
  expect(wide.of('fillRect')).toEqual([[10, 20, 100, 50]]);
  const outside = record();
  drawSpan(outside.surface, frame, span(200, 300), 'teal', style);
  drawGap(outside.surface, frame, -20n, -10n, style);
  expect(outside.calls).toEqual([]);
});

it('a gap is hatched inside its borders', () => {
  const { surface, of } = record();
  drawGap(surface, frame, 20n * 10n ** 9n, 40n * 10n ** 9n, style);
  expect(of('rect')).toEqual([[30, 20, 20, 50]]);
  expect(of('lineTo').length).toBeGreaterThan(3);
});
