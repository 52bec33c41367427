import { expect, it } from 'vitest';
import { decodeImage, fromHalf } from '../../src/core/decode';
import type { ImageItem } from '../../src/protocol';

const item: ImageItem = {
  graph: 'g', plot: 'p', status: 'ok', kind: 'image', start: '0', stop: '1', t0: '0', n: 1, m: 2, unit: '', label: '', log: false,
  y_unit: '', y_label: '', y_log: false, y_varying: false, gaps: [], notes: [], x0: 0, x1: 1, y: 2, z: 3
};
const edges = [Float64Array.of(0).buffer, Float64Array.of(1).buffer, Float32Array.of(1, 2).buffer];

it('half floats have their values, times the scale', () => {
  const codes = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x7c00, 0xfc00, 0x7e00);
  const values = [0, 1, -2, 1365 / 4096, 65504, 2 ** -14, 2 ** -24, Infinity, -Infinity, NaN];
  expect([...fromHalf(codes, 1)]).toEqual(values);
  expect([...fromHalf(codes, 0.25)]).toEqual(values.map(value => value / 4));
});

it('images come as single or as half floats', () => {
  const single = decodeImage(item, [...edges, Float32Array.of(1.1, NaN).buffer]);
  expect([...single.z]).toEqual([Math.fround(1.1), NaN]);
  const half = decodeImage({ ...item, z_scale: 8 }, [...edges, Uint16Array.of(0x3c00, 0x7e00).buffer]);
  expect([...half.z]).toEqual([8, NaN]);
  expect(() => decodeImage({ ...item, z_scale: 8 }, [...edges, Float32Array.of(1, 2).buffer])).toThrow('8 bytes where 4');
});
