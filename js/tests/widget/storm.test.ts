import { describe, expect, it } from 'vitest';

import type { Clock } from '../../src/core/client';
import { placeRange } from '../../src/core/grid';
import type { TilesMessage } from '../../src/core/store';
import { panView, zoomView } from '../../src/core/time';
import type { TimeView } from '../../src/core/time';
import type { Item, PlotSpec, TileRef, ToKernel } from '../../src/protocol';
import { Feed } from '../../src/widget/feed';

const COLUMNS = ['x', 'y', 'z'];

/** A clock and a line to a kernel with a delay; both run as the test lets time pass. */
class World implements Clock {
  time = 0;
  private next = 1;
  private readonly timers = new Map<number, { at: number; run: () => void }>();
  now(): number {
    return this.time;
  }
  setTimer(run: () => void, ms: number): number {
    this.timers.set(this.next, { at: this.time + ms, run });
    return this.next++;
  }
  clearTimer(timer: unknown): void {
    this.timers.delete(timer as number);
  }
  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      let due: [number, { at: number; run: () => void }] | null = null;
      for (const entry of this.timers) {
        due = entry[1].at <= until && (!due || entry[1].at < due[1].at) ? entry : due;
      }
      if (!due) {
        break;
      }
      this.timers.delete(due[0]);
      this.time = due[1].at;
      due[1].run();
    }
    this.time = until;
  }
}

const plots: PlotSpec[] = Array.from({ length: 4 }, (_, i) => ({
  id: `p${i}`, height: 1, y: { label: null, log: null, range: null }, z: { label: null, log: null, range: null, colormap: 'viridis' },
  graphs: [{ id: `g${i}`, product: i === 3 ? 'vp/f' : 'cda/a/b', kind: 'auto', label: null, colors: null, hidden: [] }]
}));

type View = Extract<ToKernel, { type: 'view' }>;

/** Answers as the kernel does: tiles for the first three graphs, the exact range for the last. */
function answerTo(message: View): [TilesMessage, ArrayBuffer[]] {
  const buffers: ArrayBuffer[] = [];
  const line = (graph: string, range: TimeView, place: object, n: number): Item => {
    buffers.push(new Float64Array(n).buffer, new Float32Array(4 * n * COLUMNS.length).buffer);
    return {
      graph, plot: '', status: 'ok', kind: 'line', mode: 'm4', t0: '0', n, dt: 1, columns: COLUMNS, unit: '', label: 'B', log: false, gaps: [],
      notes: [], t: buffers.length - 2, y: buffers.length - 1, start: range.start.toString(), stop: range.stop.toString(), ...place
    };
  };
  const tilesOf = (graph: string, refs: TileRef[], more: object): Item[] =>
    refs.map(([level, index]) => line(graph, placeRange({ level, index: BigInt(index) }), { level, index, ...more }, 1024));
  const visible = { start: BigInt(message.start), stop: BigInt(message.stop) };
  const items = [
    ...Object.entries(message.wants).flatMap(([graph, refs]) =>
      refs !== null ? tilesOf(graph, refs, {}) : graph === 'g3' ? [line(graph, visible, {}, 500)] : tilesOf(graph, [[40, '0']], {})
    ),
    ...Object.entries(message.ahead?.wants ?? {}).flatMap(([graph, refs]) => tilesOf(graph, refs ?? [], { ahead: true }))
  ];
  const { gen, start, stop, view } = message;
  return [{ v: 3, type: 'tiles', view, gen, start, stop, items, pending: [] }, buffers];
}

describe('10,000 movements in 10 s', () => {
  it('cost few messages, little memory, and end with the last view', () => {
    const world = new World();
    const sent: View[] = [];
    const open = new Set<number>();
    let most = 0;
    let largest = 0;
    const deliver = (message: ToKernel): void => {
      if (message.type !== 'view') {
        return;
      }
      sent.push(message);
      open.add(message.gen);
      most = Math.max(most, open.size);
      world.setTimer(() => {
        open.delete(message.gen);
        const [answer, buffers] = answerTo(message);
        const now = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
        largest = Math.max(largest, answer.items.some(item => item.ahead) ? 0 : now);
        feed.take(answer, buffers);
      }, 20);
    };
    const feed = new Feed('v', deliver, world, () => ({ width: 1057, plots: { p0: 200, p1: 200, p2: 200, p3: 200 } }));
    feed.store.sync(plots);
    let view: TimeView = { start: 1546441200000000000n, stop: 1546466400000000000n };
    for (let i = 0; i < 10_000; i++) {
      const turn = (i * 7919) % 13;
      view = i % 3 > 0 ? zoomView(view, turn < 6 ? 0.9 : 1.09, (i % 100) / 100) : panView(view, turn < 6 ? 0.1 : -0.09);
      feed.look(view);
      feed.client.pump();
      world.pass(1);
    }
    world.pass(200);
    expect(most).toBe(1);
    expect(sent.length).toBeLessThan(600);
    expect(largest).toBeLessThan(2 ** 20);
    expect(feed.store.bytes).toBeLessThan(25 * 2 ** 20);
    expect(feed.client.busy).toBe(false);
    for (const state of feed.store.all()) {
      expect(feed.store.complete(state)).toBe(true);
      expect(state.gen).toBe(feed.client.gen);
    }
    const exact = feed.store.get('g3')!;
    expect([exact.tiles[0]!.start, exact.tiles[0]!.stop]).toEqual([view.start, view.stop]);
    // A function is asked for what is visible, never for anything ahead of it.
    expect(sent.every(message => !('g3' in (message.ahead?.wants ?? {})))).toBe(true);
  }, 60_000);
});
