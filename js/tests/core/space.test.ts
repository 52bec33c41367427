import { describe, expect, it } from 'vitest';

import { decodeCurve, DecodeError } from '../../src/core/decode';
import type { CurveData, GraphData } from '../../src/core/decode';
import { hitTest, layoutPanel, TIME_AXIS } from '../../src/core/layout';
import { PlotState } from '../../src/core/plot';
import { cellAt, cellsOf, panned, plotFor, readCurve, SpacePlot, spotsAt, toPixel, zoomed } from '../../src/core/space';
import type { GraphState, TileStore } from '../../src/core/store';
import { positionAt } from '../../src/core/trace';
import type { AxisName, CurveItem, GraphSpec, PlotSpec } from '../../src/protocol';

const VIEW = { start: 0n, stop: 10_000_000_000n };
const RECT = { x: 60, y: 10, width: 900, height: 300 };
const base = { gaps: [], notes: [], t0: 0n };

const orbit = (more: Partial<CurveData> = {}): CurveData => ({
  ...base, kind: 'curve', label: 'mms1 GSE', unit: 'R_E', n: 5, rows: 5, columns: ['X', 'Y', 'Z'], byTime: false, pair: null,
  frame: 'GSE', planet: { name: 'earth', radius: 1, lit: true }, shapes: [], t: Float64Array.of(0, 1, 2, 3, 4),
  y: [Float32Array.of(10, 0, -10, 0, 10), Float32Array.of(0, 4, 0, -4, 0), Float32Array.of(1, 1, 1, 2, 2)], ...more
});
const pair = (units: [string, string]): CurveData =>
  orbit({ pair: [['n', units[0]], ['V', units[1]]], planet: null, y: [Float32Array.of(0, 1, 2, 3, 100), Float32Array.of(1, 2, 3, 4, 5)] });

function specOf(kind: GraphSpec['kind'], more: Partial<PlotSpec> = {}): PlotSpec {
  const axis = { label: null, log: null, range: null };
  const graph: GraphSpec = { id: 'g', product: 'a/b', kind, label: null, colors: null, hidden: [] };
  return { id: 'p', height: 2, y: axis, z: { ...axis, colormap: null }, graphs: [graph], ...more };
}

function plotOf(data: GraphData, kind: GraphSpec['kind'], more: Partial<PlotSpec> = {}): SpacePlot {
  const state = { id: 'g', status: 'ok', label: '', gaps: [], tiles: [{ ...VIEW, gen: 0, data }] } as unknown as GraphState;
  const plot = plotFor(undefined, specOf(kind, more), { get: () => state } as unknown as TileStore);
  plot.refit(VIEW);
  return plot as SpacePlot;
}

const apply = (plot: SpacePlot, ranges: [AxisName, [number, number]][]): void =>
  ranges.forEach(([axis, range]) => plot.change(axis, { range }));
const perPixel = ({ x, y, rect }: ReturnType<typeof cellsOf>[number]): number[] => [(x.hi - x.lo) / rect.width, (y.hi - y.lo) / rect.height];

describe('an orbit', () => {
  it('has a cell for each plane, with one unit of the same length in all', () => {
    const cells = cellsOf(plotOf(orbit(), 'orbit'), RECT);
    expect(cells.map(({ plane, across, up }) => [plane, across, up])).toEqual([
      ['xy', 'x', 'y'], ['xz', 'x', 'depth'], ['yz', 'y', 'depth']
    ]);
    const lengths = cells.flatMap(perPixel);
    lengths.forEach(length => expect(length).toBeCloseTo(lengths[0]!, 9));
    expect(cells[0]!.x.lo).toBeLessThan(-10);
    expect(cells[0]!.x.hi).toBeGreaterThan(10);
    const last = cells[2]!.rect;
    expect(last.x + last.width).toBeLessThanOrEqual(RECT.x + RECT.width);
  });

  it('shows the planet, and a boundary that it comes near to', () => {
    const near = { name: 's', title: 'magnetopause', source: '', x: [12], rho: [0], terminator: 16 };
    const far = { ...near, name: 'f', x: [200] };
    const x = (plot: SpacePlot): number => plot.scale('x').hi;
    const small = orbit({ y: [Float32Array.of(2, 3), Float32Array.of(2, 3), Float32Array.of(2, 3)], n: 2 });
    expect(plotOf(small, 'orbit').scale('x').lo).toBeLessThan(-1);
    expect(x(plotOf(orbit({ shapes: [near] }), 'orbit'))).toBeGreaterThan(12);
    expect(x(plotOf(orbit({ shapes: [far] }), 'orbit'))).toBeLessThan(20);
  });

  it('is zoomed around a point in all planes at once', () => {
    const plot = plotOf(orbit(), 'orbit');
    const cells = cellsOf(plot, RECT);
    const at = { x: cells[0]!.rect.x + 50, y: cells[0]!.rect.y + 70 };
    const before = [cells[0]!.x.lo + (cells[0]!.x.hi - cells[0]!.x.lo) * (50 / cells[0]!.rect.width), perPixel(cells[0]!)[0]!] as const;
    apply(plot, zoomed(plot, cells, cells[0]!, 0.5, at));
    const after = cellsOf(plot, RECT);
    after.flatMap(perPixel).forEach(length => expect(length).toBeCloseTo(before[1] / 2, 9));
    const [first] = after;
    expect(first!.x.lo + (first!.x.hi - first!.x.lo) * (50 / first!.rect.width)).toBeCloseTo(before[0], 6);
    expect(zoomed(plot, after, first!, 1e308, at)).toEqual([]);
  });

  it('is moved along two axes, the third stays', () => {
    const plot = plotOf(orbit(), 'orbit');
    const cells = cellsOf(plot, RECT);
    const [cell] = cells;
    const [unit] = perPixel(cell!);
    apply(plot, panned(plot, cells, cell!, 10, 20));
    const [moved, side] = cellsOf(plot, RECT);
    expect(moved!.x.lo).toBeCloseTo(cell!.x.lo - 10 * unit!, 6);
    expect(moved!.y.lo).toBeCloseTo(cell!.y.lo + 20 * unit!, 6);
    expect(side!.y.lo).toBeCloseTo(cells[1]!.y.lo, 6);
  });

  it('knows where it is at an instant, and the instant of a place', () => {
    const plot = plotOf(orbit(), 'orbit');
    const [cell] = cellsOf(plot, RECT);
    const [spot] = spotsAt(plot, cell!, 500_000_000n);
    expect(spot!.at).toEqual(toPixel(cell!, 5, 2));
    const there = toPixel(cell!, -9.8, 0.1);
    expect(cellAt(plot, RECT, there)?.plane).toBe('xy');
    expect(plot.instantAt(VIEW, RECT, there)).toBe(2_000_000_000n);
    expect(plot.instantAt(VIEW, RECT, { x: RECT.x + 2, y: RECT.y + 2 })).toBeNull();
    const [state] = plot.states();
    expect(readCurve(plot, state!, orbit(), 1_000_000_000n)).toEqual([['X', '0 R_E'], ['Y', '4 R_E'], ['Z', '1 R_E']]);
  });

  it('is one plot until it is turned into another kind', () => {
    const plot = plotOf(orbit(), 'orbit');
    const store = {} as TileStore;
    expect(plotFor(plot, specOf('orbit', { planes: ['xz'] }), store)).toBe(plot);
    expect(plotFor(plot, specOf('auto'), store)).not.toBeInstanceOf(SpacePlot);
    expect(plotFor(new PlotState(specOf('line'), store), specOf('histogram2d'), store)).toBeInstanceOf(SpacePlot);
    expect(plotOf(orbit(), 'orbit', { planes: ['xz'] }).axes()).toEqual(['x', 'depth']);
  });
});

describe('two values against each other', () => {
  it('have equal axes where their units are the same, or as the user wants', () => {
    expect(plotOf(pair(['nT', 'nT']), 'xy').equal).toBe(true);
    expect(plotOf(pair(['cm^-3', 'km/s']), 'xy').equal).toBe(false);
    expect(plotOf(pair(['nT', 'nT']), 'xy', { aspect: 'free' }).equal).toBe(false);
    const [cell] = cellsOf(plotOf(pair(['a', 'b']), 'xy', { aspect: 'equal' }), RECT);
    expect(perPixel(cell!)[0]).toBeCloseTo(perPixel(cell!)[1]!, 9);
    expect(plotOf(pair(['nT', 'V']), 'xy').label('x')).toBe('n [nT]');
  });

  it('move each on its own where they are free', () => {
    const plot = plotOf(pair(['cm^-3', 'km/s']), 'xy');
    const cells = cellsOf(plot, RECT);
    const ranges = zoomed(plot, cells, cells[0]!, 0.5, { x: RECT.x, y: RECT.y });
    expect(ranges.map(([axis]) => axis)).toEqual(['x', 'y']);
  });
});

describe('places on a curve', () => {
  it('lie between its points, and nowhere in holes or beyond', () => {
    const t = Float64Array.of(0, 1, 2, 2, 3, 4);
    const part = Float32Array.of(0, 10, 20, NaN, 40, 50);
    expect(positionAt(t, 0.5, [part])).toEqual([5]);
    expect(positionAt(t, 4, [part])).toEqual([50]);
    expect(positionAt(t, 2.5, [part])).toBeNull();
    expect(positionAt(t, 99, [part])).toBeNull();
    expect(positionAt(new Float64Array(0), 0, [part])).toBeNull();
    expect(positionAt(Float64Array.of(3), 3, [Float32Array.of(7)])).toEqual([7]);
  });
});

describe('a curve that comes in', () => {
  it('is checked against its buffers', () => {
    const item: CurveItem = {
      graph: 'g', plot: 'p', status: 'ok', kind: 'curve', t0: '0', n: 2, rows: 2, columns: ['a', 'b'], unit: '', label: '',
      color: 'plain', gaps: [], notes: [], t: 0, y: 1
    };
    const good = [new Float64Array([0, 1]).buffer, new Float32Array([1, 2, 3, 4]).buffer];
    expect(decodeCurve(item, good).y.map(part => [...part])).toEqual([[1, 2], [3, 4]]);
    expect(() => decodeCurve({ ...item, n: 3 }, good)).toThrow(DecodeError);
  });
});

describe('the axis of time', () => {
  it('is below the last plot that has one', () => {
    const layout = layoutPanel(1000, 700, [1, 1, 2], { left: 60, right: 20 }, 1);
    const [, second, third] = layout.plots;
    const below = second!.y + second!.height;
    expect(third!.y).toBeGreaterThan(below + TIME_AXIS);
    expect(hitTest(layout, 500, below + 20)).toMatchObject({ zone: 'time', index: 1 });
    expect(hitTest(layout, 500, third!.y + 5)).toMatchObject({ zone: 'plot', index: 2 });
    expect(third!.y + third!.height).toBe(layout.height);
  });
});
