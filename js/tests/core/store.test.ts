import { describe, expect, it } from 'vitest';

import { dataExtent, findRuns } from '../../src/core/decode';
import { TileStore, pieces, remember } from '../../src/core/store';
import type { Tile, TilesMessage } from '../../src/core/store';
import type { Item, PlotSpec } from '../../src/protocol';

/** A view at an odd offset, as widget buffers are. */
function unaligned(array: Float64Array | Float32Array): DataView {
  const block = new Uint8Array(array.byteLength + 5);
  block.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 5);
  return new DataView(block.buffer, 5, array.byteLength);
}

const plot = (product = 'cda/a/b'): PlotSpec => ({
  id: 'p1',
  height: 1,
  y: { label: null, log: null, range: null },
  z: { label: null, log: null, range: null, colormap: 'viridis' },
  graphs: [{ id: 'g1', product, kind: 'auto', label: null, colors: null, hidden: [] }]
});

const message = (gen: number, item: object, start = '0', stop = '100'): TilesMessage => ({
  v: 3, type: 'tiles', view: 'v', gen, start, stop, pending: [], items: [{ graph: 'g1', plot: 'p1', label: 'B', ...item } as Item]
});

const line = {
  status: 'ok', kind: 'line', mode: 'raw', t0: '1546441200000000001', n: 2, columns: ['x', 'y'], unit: 'nT', log: false, gaps: [], notes: [], t: 0, y: 1
};
const buffers = () => [unaligned(Float64Array.of(0, 1)), unaligned(Float32Array.of(1, 2, 3, NaN))];

function store(): TileStore {
  const made = new TileStore();
  made.sync([plot()]);
  return made;
}

describe('the store', () => {
  it('reads unaligned buffers and keeps nanoseconds', () => {
    const s = store();
    expect(s.apply(message(1, line), buffers())).toEqual(['g1']);
    const data = s.get('g1')!.tiles[0]!.data!;
    expect(data.kind).toBe('line');
    expect(data.t0).toBe(1546441200000000001n);
    if (data.kind === 'line') {
      expect([...data.y[1]!]).toEqual([3, NaN]);
      expect(dataExtent(data)!.start).toBe(data.t0);
    }
  });

  it('lets go of what was averaged in another way', () => {
    const s = store();
    s.apply(message(1, line), buffers());
    const averaged = (mean: 'linear' | 'log' | null): PlotSpec => ({ ...plot(), graphs: [{ ...plot().graphs[0]!, mean }] });
    const held = (mean: 'linear' | 'log' | null): number => {
      s.sync([averaged(mean)]);
      return s.get('g1')!.tiles.length;
    };
    expect([held(null), held('linear'), held('log'), held(null)]).toEqual([1, 1, 0, 0]);
  });

  it('takes a draft for what stands in, never for the answer', () => {
    const s = store();
    s.look({ start: 0n, stop: 1024n }, 1024);
    const place = { level: 0, index: '0' };
    const apply = (item: object): unknown => s.apply(message(1, item, '0', '1024'), buffers());
    apply({ ...line, ...place, draft: true });
    const state = s.get('g1')!;
    expect([state.status, state.gen, s.complete(state)]).toEqual(['ok', -1, false]);
    apply({ ...line, ...place, label: 'exact' });
    expect([state.gen, s.complete(state)]).toEqual([1, true]);
    apply({ ...line, ...place, draft: true, label: 'late' });
    expect([state.label, s.complete(state)]).toEqual(['exact', true]);
  });

  it('drops answers that are older than what it shows', () => {
    const s = store();
    s.apply(message(5, line), buffers());
    expect(s.apply(message(4, { status: 'empty', message: 'late', gaps: [] }), [])).toEqual([]);
    expect(s.get('g1')!.status).toBe('ok');
    expect(s.apply(message(5, { status: 'empty', message: 'same', gaps: [] }), [])).toEqual(['g1']);
  });

  it('keeps the last good picture when a function fails, and forgets the failure after', () => {
    const s = store();
    s.apply(message(1, line), buffers());
    s.apply(message(2, { status: 'error', error: { type: 'E', message: 'm', hint: null, traceback: null } }), []);
    expect(s.get('g1')!.status).toBe('error');
    expect(s.get('g1')!.tiles).toHaveLength(1);
    s.apply(message(3, line), buffers());
    expect(s.get('g1')!.error).toBeNull();
  });

  it('shows a message that lacks bytes as an error of that graph', () => {
    const s = store();
    s.apply(message(1, { ...line, n: 3 }), buffers());
    expect(s.get('g1')!.error?.message).toMatch(/bytes/);
    s.apply(message(1, { ...line, y: 9 }), buffers());
    expect(s.get('g1')!.error?.message).toMatch(/missing/);
  });

  it('ignores graphs it does not know, and forgets a graph whose product changed', () => {
    const s = store();
    s.apply(message(1, { ...line, graph: 'g9' }), buffers());
    s.apply(message(1, line), buffers());
    s.sync([plot('cda/a/b')]);
    expect(s.get('g1')!.tiles).toHaveLength(1);
    s.sync([plot('cda/other/thing')]);
    expect(s.get('g1')!.tiles).toHaveLength(0);
    s.sync([]);
    expect([...s.all()]).toEqual([]);
  });
});

describe('tiles', () => {
  const tile = (start: bigint, stop: bigint, gen = 0): Tile => ({ start, stop, gen, data: null });

  it('cover a view once, newest first', () => {
    const tiles = [tile(10n, 20n, 3), tile(0n, 15n, 2), tile(0n, 100n, 1)];
    const parts = pieces(tiles, { start: 5n, stop: 40n }).map(p => [p.tile.gen, Number(p.start), Number(p.stop)]);
    expect(parts).toEqual([[3, 10, 20], [2, 5, 10], [1, 20, 40]]);
  });

  it('are bounded, drop what is hidden and keep the widest', () => {
    let tiles: Tile[] = [tile(0n, 1000n)];
    for (let i = 1n; i < 40n; i++) {
      tiles = remember(tiles, tile(i * 10n, i * 10n + 15n, Number(i)));
    }
    expect(tiles.length).toBeLessThanOrEqual(5);
    expect(tiles[0]!.gen).toBe(39);
    expect(tiles.some(t => t.stop - t.start === 1000n)).toBe(true);
    expect(remember(tiles, tile(0n, 2000n, 99))).toHaveLength(1);
  });
});

it('touching columns of one width form runs; gaps and other widths end them', () => {
  const x0 = Float64Array.of(0, 1, 2, 5, 6, 8);
  const x1 = Float64Array.of(1, 2, 3, 6, 8, 10);
  expect(findRuns(x0, x1)).toEqual([{ from: 0, to: 3 }, { from: 3, to: 4 }, { from: 4, to: 6 }]);
  expect(findRuns(new Float64Array(0), new Float64Array(0))).toEqual([]);
});
