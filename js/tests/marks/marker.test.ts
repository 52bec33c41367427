import { describe, expect, it } from 'vitest';

import type { LineData } from '../../src/core/decode';
import { makeScale } from '../../src/core/scale';
import type { Frame } from '../../src/marks/frame';
import { drawLine } from '../../src/marks/line';
import type { LineLook } from '../../src/marks/line';
import { drawMarkers } from '../../src/marks/marker';
import { SvgSurface } from '../../src/marks/svg';
import type { LineStyle, Marker } from '../../src/protocol';
import { record } from './recorder';

const T0 = 1546441200000000000n;
const frame = (seconds: number): Frame => ({
  rect: { x: 0, y: 0, width: 100, height: 100 },
  view: { start: T0, stop: T0 + BigInt(seconds * 1e9) },
  y: makeScale(0, 10, false)
});
const raw = (count: number): LineData => ({
  kind: 'line', mode: 'raw', label: '', unit: '', log: false, gaps: [], notes: [], t0: T0, n: count, dt: 0, columns: ['x'],
  t: Float64Array.from({ length: count }, (_, i) => i + 0.5), y: [new Float32Array(count).fill(5)]
});
const draw = (data: LineData, look: LineLook, style: LineStyle = 'line', seconds = data.n) => {
  const recorder = record();
  drawLine(recorder.surface, frame(seconds), data, ['red'], new Set(), 1, style, 0, look);
  return recorder;
};

describe('markers', () => {
  it.each(['square', 'diamond', 'triangle', 'cross', 'plus'] as Marker[])('%s lie around each sample', marker => {
    const r = record();
    drawMarkers(r.surface, [[10, 20], [30, 40]], marker, 4);
    const points = [...r.of('moveTo'), ...r.of('lineTo')];
    expect(points.length).toBeGreaterThan(4);
    for (const [x, y] of points) {
      expect(Math.min(Math.hypot(x! - 10, y! - 20), Math.hypot(x! - 30, y! - 40))).toBeLessThan(5);
    }
    const ends = ['cross', 'plus'].includes(marker) ? 'stroke' : 'fill';
    expect(r.of(ends)).toHaveLength(1);
  });

  it('are cheap squares where they crowd', () => {
    const r = draw(raw(3000), { marker: 'diamond' });
    expect(r.of('fillRect').length).toBeGreaterThanOrEqual(3000);
  });

  it('take the place of dots, and go with a line', () => {
    expect(draw(raw(40), { marker: 'square' }, 'points').of('arc')).toEqual([]);
    expect(draw(raw(40), {}, 'points').of('arc')).toHaveLength(40);
    const both = draw(raw(40), { marker: 'square' });
    expect(both.of('stroke')).toHaveLength(1);
    expect(both.of('fill')).toHaveLength(1);
  });
});

describe('widths', () => {
  it('are those of the pen, also of columns that would be bars', () => {
    const widths: number[] = [];
    const spy = record();
    const surface = new Proxy(spy.surface, {
      set: (target, name, value) => {
        if (name === 'lineWidth') {
          widths.push(value as number);
        }
        return Reflect.set(target, name, value);
      }
    });
    const columns: LineData = { ...raw(200), mode: 'm4', dt: 1, y: [new Float32Array(800).fill(5)] };
    drawLine(surface, frame(200), columns, ['red'], new Set(), 1, 'line', 0, { width: 6 });
    expect(widths).toContain(6);
    expect(spy.of('stroke')).toHaveLength(1);
    expect(draw(columns, {}).of('stroke')).toHaveLength(0);
  });

  it('are written into a file', () => {
    const svg = new SvgSurface({ measure: text => text.length * 6, png: () => '' });
    drawLine(svg, frame(5), raw(5), ['red'], new Set(), 1, 'line', 0, { width: 7, marker: 'diamond' });
    const file = svg.toString(100, 100, '', '');
    expect(file).toContain('stroke-width="7"');
    expect(file.match(/<path/g)!.length).toBeGreaterThanOrEqual(2);
  });
});
