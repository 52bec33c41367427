import { expect, it } from 'vitest';
import { decodeCurve, decodeImage, decodeLine, sentOf } from '../../src/core/decode';
import { fromHalf, readNumbers } from '../../src/core/numbers';
import type { CurveItem, ImageItem, LineItem, NumberForm } from '../../src/protocol';

const item: ImageItem = {
  graph: 'g', plot: 'p', status: 'ok', kind: 'image', start: '0', stop: '1', t0: '0', n: 1, m: 2, unit: '', label: '', log: false,
  y_unit: '', y_label: '', y_log: false, y_varying: false, gaps: [], notes: [], x0: 0, x1: 1, y: 2, z: 3
};
const edges = [Float64Array.of(0).buffer, Float64Array.of(1).buffer, Float32Array.of(1, 2).buffer];

it('half floats have their values', () => {
  const codes = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x7c00, 0xfc00, 0x7e00);
  const values = [0, 1, -2, 1365 / 4096, 65504, 2 ** -14, 2 ** -24, Infinity, -Infinity, NaN];
  expect([...fromHalf(codes)]).toEqual(values);
});

const halves: NumberForm = { type: 'f2', offset: [0], scale: [8] };

it('images come as single or as half floats', () => {
  const single = decodeImage(item, [...edges, Float32Array.of(1.1, NaN).buffer]);
  expect([...single.z]).toEqual([Math.fround(1.1), NaN]);
  const half = decodeImage({ ...item, z_form: halves }, [...edges, Uint16Array.of(0x3c00, 0x7e00).buffer]);
  expect([...half.z]).toEqual([8, NaN]);
  expect(half.z).toBeInstanceOf(Float32Array);
  expect([half.rough, single.rough, sentOf(half), sentOf(single)]).toEqual([true, false, 28, 32]);
  expect(() => decodeImage({ ...item, z_form: halves }, [...edges, Float32Array.of(1, 2).buffer])).toThrow('8 bytes where 4');
});

it('numbers are counted from an offset in double precision, each component from its own', () => {
  const form: NumberForm = { type: 'f4', offset: [1e9, 0], scale: [2 ** -10, 2 ** 900] };
  const found = readNumbers(Float32Array.of(1, NaN, -1, 3).buffer, form);
  expect([...found]).toEqual([1e9 + 2 ** -10, NaN, -(2 ** 900), 3 * 2 ** 900]);
  const double: NumberForm = { type: 'f8', offset: [0], scale: [1] };
  expect([...readNumbers(Float64Array.of(1e9 + 1e-3, -Infinity).buffer, double)]).toEqual([1e9 + 1e-3, -Infinity]);
  const shifted: NumberForm = { type: 'f2', offset: [5e7], scale: [0.5] };
  expect([...readNumbers(Uint16Array.of(0x3c00, 0x7e00).buffer, shifted)]).toEqual([5e7 + 0.5, NaN]);
  const tiny: NumberForm = { type: 'f2', offset: [0], scale: [2 ** -900] };
  expect([...readNumbers(Uint16Array.of(0x3c00).buffer, tiny)]).toEqual([2 ** -900]);
});

it('lines and curves have the digits that their form gives them', () => {
  const base = { graph: 'g', plot: 'p', status: 'ok', t0: '0', n: 2, unit: '', label: '', t: 0, y: 1 } as const;
  const y_form: NumberForm = { type: 'f4', offset: [1.5e8, 0], scale: [1, 1] };
  const buffers = [Float64Array.of(0, 1).buffer, Float32Array.of(-1, 1, 0.5, NaN).buffer];
  const line: LineItem = { ...base, gaps: [], notes: [], kind: 'line', mode: 'raw', columns: ['r', 'v'], log: false, y_form };
  const curve: CurveItem = { ...base, gaps: [], notes: [], kind: 'curve', columns: ['x', 'y'], color: 'plain', rows: 2, y_form };
  for (const data of [decodeLine(line, buffers), decodeCurve(curve, buffers)]) {
    expect(data.y.map(part => [...part])).toEqual([[149999999, 150000001], [0.5, NaN]]);
    expect(sentOf(data)).toBe(32);
  }
  const short = { ...line, y_form: { ...y_form, type: 'f8' as const } };
  expect(() => decodeLine(short, buffers)).toThrow('16 bytes where 32');
});
