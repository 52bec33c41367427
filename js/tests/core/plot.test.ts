import { describe, expect, it } from 'vitest';

import { findRuns } from '../../src/core/decode';
import type { GraphData, ImageData2D, LineData } from '../../src/core/decode';
import { PlotState } from '../../src/core/plot';
import type { GraphState, TileStore } from '../../src/core/store';
import type { GraphSpec, PlotSpec } from '../../src/protocol';

const VIEW = { start: 0n, stop: 10_000_000_000n };
const base = { gaps: [], notes: [], t0: 0n };
const line = (values: number[], unit = 'nT', log = false): LineData => ({
  ...base, kind: 'line', mode: 'raw', label: 'B', unit, log, columns: ['x'], dt: 0, n: values.length,
  t: Float64Array.from(values, (_, i) => i), y: [Float32Array.from(values)]
});
const image = (): ImageData2D => {
  const [x0, x1] = [Float64Array.of(0, 5), Float64Array.of(5, 10)];
  return {
    ...base, kind: 'image', label: 'flux', unit: 'cm^-2', log: true, n: 2, m: 2, yUnit: 'eV', yLabel: 'Energy', yLog: true,
    yVarying: false, x0, x1, y: Float32Array.of(10, 100), z: Float32Array.of(1, 2, 3, 4), runs: findRuns(x0, x1)
  };
};

function plotOf(data: GraphData[], graphs: Partial<GraphSpec>[] = []): PlotState {
  const specs = data.map((_, i): GraphSpec => ({
    id: `g${i}`, product: 'a/b', kind: 'auto', label: null, colors: null, hidden: [], ...graphs[i]
  }));
  const axis = { label: null, log: null, range: null };
  const spec: PlotSpec = { id: 'p', height: 1, y: axis, z: { ...axis, colormap: 'viridis' }, graphs: specs };
  const states = new Map(data.map((held, i) => {
    const state = { id: `g${i}`, status: 'ok', label: '', gaps: [], tiles: [{ ...VIEW, gen: 0, data: held }] };
    return [`g${i}`, state as unknown as GraphState];
  }));
  const plot = new PlotState(spec, { get: (id: string) => states.get(id) } as unknown as TileStore);
  plot.refit(VIEW);
  return plot;
}

describe('a scale that the kernel guessed', () => {
  it('stays when another range looks otherwise, and starts with data that has values', () => {
    const held: GraphData[] = [{ ...image(), log: false, z: new Float32Array(4).fill(NaN) }];
    const plot = plotOf(held);
    Object.assign(held[0]!, { log: true, z: Float32Array.of(1, 2, 3, 4) });
    plot.refit(VIEW);
    expect(plot.scale('z').log).toBe(true);
    Object.assign(held[0]!, { log: false, yLog: false });
    plot.refit(VIEW);
    expect([plot.scale('z').log, plot.scale('y').log]).toEqual([true, true]);
    plot.change('z', { log: false });
    expect(plot.scale('z').log).toBe(false);
  });
});

describe('percentiles', () => {
  it('set automatic ranges of lines and of colours', () => {
    const spiky = Array.from({ length: 400 }, (_, i) => (i === 3 ? 1e5 : Math.sin(i)));
    const plot = plotOf([{ ...line(spiky), t: Float64Array.from(spiky, (_, i) => i / 50) }]);
    expect(plot.scale('y').hi).toBeGreaterThan(9e4);
    expect(plot.change('y', { percentiles: [1, 99] })).toBe(true);
    plot.refit(VIEW, true);
    expect(plot.scale('y').hi).toBeLessThan(2);
    expect(plot.change('y', { percentiles: [1, 99] })).toBe(false);
  });
});

describe('axes of a plot', () => {
  it('are one for lines, unless the user chose the right one', () => {
    expect(plotOf([line([1, 2]), line([3, 400])]).axes()).toEqual(['y']);
    const plot = plotOf([line([1, 2]), line([300, 400], 'km/s')], [{}, { y_axis: 'y2' }]);
    expect(plot.axes()).toEqual(['y', 'y2']);
    expect(plot.scale('y').hi).toBeLessThan(3);
    expect(plot.scale('y2').lo).toBeGreaterThan(200);
    expect([plot.label('y'), plot.label('y2')]).toEqual(['B [nT]', 'B [km/s]']);
  });

  it('are one more for lines over a spectrogram, but for lines in its own unit', () => {
    const over = plotOf([image(), line([1, 2])]);
    expect(over.axes()).toEqual(['y', 'y2', 'z']);
    expect([over.label('y'), over.label('y2'), over.label('z')]).toEqual(['Energy [eV]', 'B [nT]', 'flux [cm⁻²]']);
    expect(plotOf([image(), line([20, 30], 'eV')]).axes()).toEqual(['y', 'z']);
  });

  it('say when samples are visible and not one has a value, whatever is hidden or below a log axis', () => {
    const blank = image();
    expect(plotOf([{ ...blank, z: new Float32Array(4).fill(NaN) }]).valueless).toBe(true);
    expect(plotOf([line([NaN, Infinity, NaN])]).valueless).toBe(true);
    expect(plotOf([blank]).valueless).toBe(false);
    expect(plotOf([line([-1, -2], 'nT', true)]).valueless).toBe(false);
    expect(plotOf([line([1, 2])], [{ hidden: ['x'] }]).valueless).toBe(false);
    expect(plotOf([line([])]).valueless).toBe(false);
  });

  it('show values of both signs on a symmetric logarithm and say what a plain one leaves out', () => {
    const plot = plotOf([line([-900, 0.5, 900])]);
    expect(plot.hasNegative('y')).toBe(true);
    plot.change('y', { log: 'symlog' });
    plot.refit(VIEW);
    expect(plot.scale('y')).toMatchObject({ log: false, knee: 1 });
    expect(plot.notes()).toEqual([]);
    plot.change('y', { log: true });
    plot.refit(VIEW);
    expect(plot.scale('y').lo).toBeGreaterThan(0);
    expect(plot.notes()).toEqual(['values of 0 and below are not on the log axis']);
  });

  it('keep a gesture when a spec comes back that did not change them', () => {
    const plot = plotOf([line([1, 2])]);
    expect(plot.change('y', { range: [0, 5] })).toBe(true);
    expect(plot.change('y', { range: [0, 5] })).toBe(false);
    plot.update({ ...plot.spec, height: 2 });
    expect(plot.y.range).toEqual([0, 5]);
    plot.update({ ...plot.spec, y: { ...plot.spec.y, range: [1, 2] } });
    expect(plot.y.range).toEqual([1, 2]);
  });
});
