import { expect, it } from 'vitest';

import { makeScale } from '../../src/core/scale';
import type { AxisStyle } from '../../src/marks/axes';
import type { Frame } from '../../src/marks/frame';
import { drawItems } from '../../src/marks/items';
import type { PlotItem } from '../../src/protocol';
import { record } from './recorder';

const style: AxisStyle = {
  background: '#fff', foreground: '#000', muted: '#666', grid: '#eee', frame: '#999', font: '11px sans-serif',
  smallFont: '10px sans-serif', fontSize: 11
};
const frame: Frame = {
  rect: { x: 10, y: 20, width: 100, height: 50 }, view: { start: 0n, stop: 100_000_000_000n }, y: makeScale(0, 1, false)
};
const item = (more: Partial<PlotItem>): PlotItem => ({ id: 'i', kind: 'hline', text: '', layer: '', dashed: false, in: 'data', ...more });

it('lines, bands and texts stand at their times and values', () => {
  const { surface, of } = record();
  drawItems(surface, frame, [
    item({ y: 0.5 }),
    item({ kind: 'vline', x: 30 }),
    item({ kind: 'band', x: 20, x1: 60 }),
    item({ kind: 'text', x: 40, y: 1, text: 'here' }),
    item({ kind: 'text', x: 4, y: 6, text: 'corner', in: 'pixels' })
  ], style);
  expect(of('moveTo').slice(0, 2)).toEqual([[10, 45], [40, 20]]);
  expect(of('lineTo').slice(0, 2)).toEqual([[110, 45], [40, 70]]);
  expect(of('fillRect')).toEqual([[30, 20, 40, 50]]);
  expect(of('fillText')).toEqual([['here', 50, 20], ['corner', 14, 26]]);
});

it('an ellipse is closed, and none where the axis has no such values', () => {
  const { surface, of } = record();
  drawItems(surface, frame, [item({ kind: 'ellipse', x: 50, y: 0.5, width: 20, height: 0.4, fill: 'teal' })], style);
  const corners = [...of('moveTo'), ...of('lineTo')] as [number, number][];
  expect(Math.max(...corners.map(([x]) => x))).toBeCloseTo(70);
  expect(Math.min(...corners.map(([, y]) => y))).toBeCloseTo(35);
  expect(corners[0]![0]).toBeCloseTo(corners.at(-1)![0]);
  const log = record();
  drawItems(log.surface, { ...frame, y: makeScale(1, 10, true) }, [item({ kind: 'hline', y: -1 })], style);
  expect(log.of('stroke').length).toBe(0);
});
