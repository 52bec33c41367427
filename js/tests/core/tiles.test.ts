import { describe, expect, it } from 'vitest';

import { levelFor, MOST_LEVEL, placeRange, placesOf } from '../../src/core/grid';
import { Motion } from '../../src/core/motion';
import { aheadOf, BUDGET, wantedTiles } from '../../src/core/plan';
import { MAX_BYTES, MAX_KEPT, TileStore, pieces } from '../../src/core/store';
import type { GraphState, TilesMessage } from '../../src/core/store';
import { MAX_TIME, MIN_TIME, zoomView } from '../../src/core/time';
import type { TimeView } from '../../src/core/time';
import type { Gap, Item, PlotSpec } from '../../src/protocol';

const plots = (count = 1): PlotSpec[] => Array.from({ length: count }, (_, i) => ({
  id: `p${i}`,
  height: 1,
  y: { label: null, log: null, range: null },
  z: { label: null, log: null, range: null, colormap: 'viridis' },
  graphs: [{ id: `g${i}`, product: 'cda/a/b', kind: 'auto', label: null, colors: null, hidden: [] }]
}));

interface Sent {
  graph?: string;
  n?: number;
  columns?: string[];
  status?: 'ok' | 'empty';
  cover?: TimeView;
  gaps?: Gap[];
  ahead?: boolean;
}

/** A message with one tile, whole unless `cover` says less. */
function tile(level: number, index: bigint, options: Sent = {}): [TilesMessage, ArrayBuffer[]] {
  const { graph = 'g0', n = 4, columns = ['x'], status = 'ok', gaps = [], ahead } = options;
  const { start, stop } = options.cover ?? placeRange({ level, index });
  const place = { graph, plot: 'p0', level, index: index.toString(), start: start.toString(), stop: stop.toString(), label: 'B', gaps };
  const drawn = { mode: 'raw', kind: 'line', t0: start.toString(), n, columns, unit: 'nT', log: false, notes: [], t: 0, y: 1 };
  const item = { ...place, ahead, ...(status === 'ok' ? { status, ...drawn } : { status, message: 'it begins later' }) } as Item;
  const message: TilesMessage = { v: 3, type: 'tiles', view: 'v', gen: 1, start: '0', stop: '1', items: [item], pending: [] };
  return [message, [new Float64Array(n).buffer, new Float32Array(n * columns.length).buffer]];
}

function store(count = 1, limit = MAX_BYTES): { made: TileStore; clock: { now: number } } {
  const clock = { now: 0 };
  const made = new TileStore(() => clock.now, limit);
  made.sync(plots(count));
  return { made, clock };
}

const drawnFrom = (state: GraphState, view: TimeView): [number, number, number][] =>
  pieces(state.tiles, view).map(p => [(p.tile as unknown as { level: number }).level, Number(p.start), Number(p.stop)]);

describe('the grid', () => {
  it('has the levels and places of the kernel', () => {
    expect(levelFor({ start: 0n, stop: 1_000_000n }, 1000)).toBe(9);
    expect(levelFor({ start: 0n, stop: 20n }, 1000)).toBe(0);
    expect(placesOf({ start: 1000n, stop: 3000n }, 0).map(p => p.index)).toEqual([0n, 1n, 2n]);
    expect(placesOf({ start: -1n, stop: 1n }, 3).map(p => p.index)).toEqual([-1n, 0n]);
    expect(placeRange({ level: 1, index: -1n })).toEqual({ start: -2048n, stop: 0n });
  });

  it('is exact where floats are not', () => {
    const start = 1546441200000000001n;
    const [first] = placesOf({ start, stop: start + 5n }, 0);
    expect(placeRange(first!).start <= start && start < placeRange(first!).stop).toBe(true);
  });
});

describe('a view', () => {
  const view = { start: 0n, stop: 2048n };

  it('is drawn from the wanted level, else from the nearest that is there', () => {
    const { made } = store();
    const state = made.get('g0')!;
    made.look(view, 1024);
    expect(made.level).toBe(1);
    made.apply(...tile(5, 0n));
    expect(drawnFrom(state, view)).toEqual([[5, 0, 2048]]);
    expect(made.complete(state)).toBe(false);
    made.apply(...tile(0, 0n));
    expect(drawnFrom(state, view)).toEqual([[0, 0, 1024], [5, 1024, 2048]]);
    made.apply(...tile(1, 0n));
    expect(drawnFrom(state, view)).toEqual([[1, 0, 2048]]);
    expect([made.complete(state), state.status]).toEqual([true, 'ok']);
  });

  it('is never blank where something is known, at whatever level', () => {
    const { made } = store();
    made.apply(...tile(0, 0n));
    made.look({ start: -(10n ** 12n), stop: 10n ** 12n }, 1000);
    expect(drawnFrom(made.get('g0')!, { start: 0n, stop: 1024n })).toEqual([[0, 0, 1024]]);
  });

  it('lacks the part that a tile does not cover', () => {
    const { made } = store();
    const state = made.get('g0')!;
    made.apply(...tile(1, 0n, { cover: { start: 0n, stop: 1000n } }));
    made.look({ start: 0n, stop: 1000n }, 500);
    expect(made.complete(state)).toBe(true);
    made.look({ start: 0n, stop: 1001n }, 500);
    expect(made.complete(state)).toBe(false);
    expect(state.grid.lacking(view, 1, 0).map(p => p.index)).toEqual([0n]);
  });

  it('is empty only where all that it shows is, and says why', () => {
    const { made } = store();
    const state = made.get('g0')!;
    made.look({ start: 0n, stop: 4096n }, 2048);
    made.apply(...tile(1, 0n, { status: 'empty' }));
    expect(state.status).not.toBe('ok');
    made.apply(...tile(1, 1n));
    expect(state.status).toBe('ok');
    made.look({ start: 0n, stop: 2048n }, 1024);
    expect([state.status, state.emptyMessage]).toEqual(['empty', 'it begins later']);
    expect(state.tiles.some(t => t.data !== null)).toBe(true);
  });

  it('is asked for again where a server failed, after a while or when told to', () => {
    const { made, clock } = store();
    const state = made.get('g0')!;
    const gap = { start: '0', stop: '9', reason: 'down', retryable: true };
    made.look(view, 1024);
    made.apply(...tile(1, 0n, { gaps: [gap] }));
    expect(made.complete(state)).toBe(true);
    expect(state.gaps).toHaveLength(1);
    clock.now = 20_000;
    expect(made.complete(state)).toBe(false);
    made.apply(...tile(1, 0n, { gaps: [gap] }));
    expect(made.complete(state)).toBe(true);
    made.expire();
    expect(made.complete(state)).toBe(false);
  });

  it('keeps an error until what it hides has come', () => {
    const { made } = store();
    const state = made.get('g0')!;
    made.look(view, 1024);
    const error = { type: 'E', message: 'm', hint: null, traceback: null };
    made.apply({ v: 3, type: 'tiles', view: 'v', gen: 1, start: '0', stop: '1', pending: [], items: [{ graph: 'g0', plot: 'p0', label: '', status: 'error', error }] }, []);
    made.apply(...tile(3, 0n, { ahead: true }));
    expect(state.status).toBe('error');
    made.apply(...tile(1, 0n, { ahead: true }));
    expect([state.status, state.error]).toEqual(['ok', null]);
  });
});

it('what is in view stays, however large', () => {
  const { made } = store(1, 10_000);
  made.look({ start: 0n, stop: 3n * 2048n }, 3072);
  for (let i = 0n; i < 3n; i++) {
    made.apply(...tile(1, i, { n: 1000 }));
  }
  expect(made.complete(made.get('g0')!)).toBe(true);
  expect(made.get('g0')!.grid.size).toBe(3);
});

it('tiles are bounded in bytes, those of the view and the coarsest stay', () => {
  const { made } = store(1, 200_000);
  made.apply(...tile(40, 0n));
  for (let i = 0n; i < 100n; i++) {
    made.look({ start: i * 2048n, stop: i * 2048n + 2048n }, 1024);
    made.apply(...tile(1, i, { n: 1000, columns: ['x', 'y'] }));
    expect(made.complete(made.get('g0')!)).toBe(true);
  }
  expect(made.bytes).toBeLessThanOrEqual(200_000);
  expect(made.bytes).toBeGreaterThan(100_000);
  const held = [...made.get('g0')!.grid.values()];
  expect(held.reduce((sum, t) => sum + t.bytes, 0)).toBe(made.bytes);
  expect(held.some(t => t.level === 40)).toBe(true);
  made.sync([]);
  expect(made.bytes).toBe(0);
});

it('tiles are bounded in number for each graph', () => {
  const { made } = store(2);
  for (let i = 0n; i < 200n; i++) {
    made.look({ start: i * 2048n, stop: i * 2048n + 2048n }, 1024);
    made.apply(...tile(1, i));
    expect(made.complete(made.get('g0')!)).toBe(true);
  }
  expect(made.get('g0')!.grid.size).toBeLessThanOrEqual(2 * MAX_KEPT);
  expect(made.get('g0')!.grid.size).toBeGreaterThan(MAX_KEPT);
});

describe('what is asked for', () => {
  const lacking = (view: TimeView) => (state: GraphState, level: number) => state.grid.lacking(view, level, 0);
  const bytes = (lacks: ReturnType<typeof wantedTiles>, each: number): number =>
    lacks.reduce((sum, lack) => sum + lack.places.length * each, 0);

  it('stays below one megabyte a refresh, sharper ones following', () => {
    const { made } = store(4);
    const states = [...made.all()];
    // Spectrograms: tiles of a third of a megabyte.
    for (const { id } of states) {
      made.apply(...tile(1, -50n, { graph: id, n: 1024, columns: Array.from({ length: 75 }, (_, i) => String(i)) }));
    }
    const each = 1024 * 4 * 75;
    const view = { start: 100n, stop: 8200n };
    made.look(view, 4000);
    const seen: number[] = [];
    for (let round = 0; round < 30 && states.some(state => !made.complete(state)); round++) {
      const lacks = wantedTiles(states, made.level, lacking(view));
      expect(bytes(lacks, each)).toBeLessThanOrEqual(BUDGET);
      expect(lacks.length).toBeGreaterThan(0);
      for (const { state, places } of lacks) {
        for (const { level, index } of places) {
          seen.push(level);
          made.apply(...tile(level, index, { graph: state.id, n: 1024, columns: Array.from({ length: 75 }, (_, i) => String(i)) }));
        }
      }
    }
    expect(states.every(state => made.complete(state))).toBe(true);
    expect(seen[0]).toBe(made.level + 2);
    expect(seen.at(-1)).toBe(made.level);
  });

  it('of four plots of lines is the wanted level at once', () => {
    const { made } = store(4);
    const view = { start: 0n, stop: 2100n };
    made.look(view, 1057);
    const lacks = wantedTiles([...made.all()], made.level, lacking(view));
    expect(lacks.map(l => l.places.length)).toEqual([3, 3, 3, 3]);
    expect(lacks.every(l => l.places.every(p => p.level === 0))).toBe(true);
  });

  it('has no level that the kernel has not, however far a zoom goes out', () => {
    const all = { start: MIN_TIME, stop: MAX_TIME };
    const out = new Motion();
    [zoomView(all, 0.9), all].forEach(view => out.moved(view));
    expect(levelFor(all, 1000)).toBe(MOST_LEVEL);
    expect(out.expected(1000)).toEqual([]);
    const { made } = store(4);
    for (const { id } of made.all()) {
      // so large that a coarser level would be asked for first
      made.apply(...tile(30, 0n, { graph: id, n: 65_536, columns: ['x', 'y'] }));
    }
    made.look(all, 1000);
    const lacks = wantedTiles([...made.all()], made.level, lacking(all));
    expect(lacks.length).toBeGreaterThan(0);
    expect(lacks.every(lack => lack.places.every(place => place.level <= MOST_LEVEL))).toBe(true);
  });

  const motion = (...views: TimeView[]) => {
    const made = new Motion();
    views.forEach(view => made.moved(view));
    return made.expected(1000).map(e => [e.level, Number(e.range.start), Number(e.range.stop)]);
  };
  const first = { start: 0n, stop: 1_024_000n };

  it('ahead of a pan is half a view where it goes; of a zoom the next level there', () => {
    expect(motion(first)).toEqual([[10, 1_024_000, 1_536_000], [10, -512_000, 0]]);
    expect(motion(first, { start: 1000n, stop: 1_025_000n })).toEqual([[10, 1_025_000, 1_537_000]]);
    expect(motion(first, { start: -1000n, stop: 1_023_000n })).toEqual([[10, -513_000, -1000]]);
    const [into] = motion(first, { start: 0n, stop: 600_000n });
    expect(into).toEqual([8, 0, 512_000]);
    const [out] = motion(first, { start: -1_024_000n, stop: 1_024_000n });
    expect(out).toEqual([12, -3_072_000, 1_024_000]);
    expect(motion(first, { start: 10n ** 9n, stop: 10n ** 9n + 1_024_000n })).toHaveLength(2);
  });

  it('ahead names only what is not held, and the range that it serves', () => {
    const { made } = store();
    const states = [...made.all()];
    const expected = [{ range: { start: 2048n, stop: 4000n }, level: 1 }];
    expect(aheadOf(states, { start: 0n, stop: 2048n }, expected, 0)).toEqual({ start: '0', stop: '4000', wants: { g0: [[1, '1']] } });
    made.apply(...tile(1, 1n, { ahead: true }));
    expect(aheadOf(states, { start: 0n, stop: 2048n }, expected, 0)).toBeNull();
  });
});
