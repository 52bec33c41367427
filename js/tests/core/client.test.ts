import { beforeEach, describe, expect, it } from 'vitest';

import { ViewClient } from '../../src/core/client';
import type { Clock } from '../../src/core/client';
import { Edits } from '../../src/core/edits';
import type { Command, ToKernel } from '../../src/protocol';

class FakeClock implements Clock {
  time = 0;
  private next = 1;
  private timers = new Map<number, { at: number; run: () => void }>();
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
  advance(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
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

describe('the zoom loop', () => {
  let clock: FakeClock;
  let sent: ToKernel[];
  let client: ViewClient;
  const view = (start: bigint) => ({ start, stop: start + 100n, width: 800, plots: { p1: 200 } });
  const views = () => sent.filter(m => m.type === 'view');

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    client = new ViewClient('v', message => sent.push(message), clock);
  });

  it('has one request in flight, and the newest view wins', () => {
    for (let i = 0n; i < 50n; i++) {
      client.request(view(i));
    }
    expect(views().map(m => m.start)).toEqual(['0']);
    client.answered(1, []);
    expect(views().map(m => m.start)).toEqual(['0', '49']);
    client.answered(2, []);
    expect(client.busy).toBe(false);
  });

  it('is released by the first answer, while slow graphs follow', () => {
    client.request(view(0n));
    client.answered(1, ['slow']);
    expect(client.busy).toBe(true);
    client.request(view(1n));
    expect(views()).toHaveLength(2);
    client.answered(1, []);
    expect(client.busy).toBe(true);
    client.answered(2, []);
    expect(client.busy).toBe(false);
  });

  it('asks again when nothing comes, less and less often, with a new generation', () => {
    client.request(view(0n));
    clock.advance(499);
    expect(views()).toHaveLength(1);
    clock.advance(1);
    expect(views().map(m => m.gen)).toEqual([1, 2]);
    clock.advance(60_000);
    expect(views().length).toBeLessThan(22);
    expect(client.silent).toBe(true);
    client.answered(client.gen, []);
    expect(client.silent).toBe(false);
    const count = views().length;
    clock.advance(60_000);
    expect(views()).toHaveLength(count);
  });

  it('asks for the newest view when it asks again', () => {
    client.request(view(0n));
    client.request(view(7n));
    clock.advance(500);
    expect(views().map(m => m.start)).toEqual(['0', '7']);
  });

  it('does not repeat itself unless told to', () => {
    client.request(view(0n));
    client.answered(1, []);
    client.request(view(0n));
    expect(views()).toHaveLength(1);
    client.request(view(0n), true);
    expect(views()).toHaveLength(2);
    client.answered(2, []);
    client.request({ ...view(0n), plots: { p1: 200, p2: 200 } });
    expect(views()).toHaveLength(3);
  });

  it('is quiet after it was closed', () => {
    client.request(view(0n));
    client.close(true);
    client.request(view(1n));
    client.command({ op: 'undo' });
    clock.advance(10_000);
    expect(sent.map(m => m.type)).toEqual(['view', 'cancel']);
  });
});

describe('edits', () => {
  const setup = () => {
    const clock = new FakeClock();
    const sent: Command[] = [];
    return { clock, sent, edits: new Edits(command => sent.push(command), clock) };
  };

  it('send the last range of a gesture once it rests', () => {
    const { clock, sent, edits } = setup();
    for (let i = 0n; i < 20n; i++) {
      edits.moveTime({ start: i, stop: i + 10n });
      clock.advance(50);
    }
    expect(sent).toEqual([]);
    clock.advance(200);
    expect(sent).toEqual([{ op: 'set_time_range', start: '19', stop: '29' }]);
  });

  it('join changes of one axis and keep axes apart', () => {
    const { sent, edits } = setup();
    edits.setAxis('p1', 'y', { log: true });
    edits.setAxis('p1', 'y', { range: [1, 2] });
    edits.setAxis('p1', 'z', { range: null });
    edits.flush();
    expect(sent).toEqual([
      { op: 'set_axis', plot: 'p1', axis: 'y', log: true, range: [1, 2] },
      { op: 'set_axis', plot: 'p1', axis: 'z', range: null }
    ]);
  });

  it('know their own echo from news', () => {
    const { clock, edits } = setup();
    edits.moveTime({ start: 0n, stop: 10n });
    edits.flush();
    edits.moveTime({ start: 1n, stop: 11n });
    clock.advance(300);
    expect(edits.isNews({ start: '1', stop: '11' })).toBe(false);
    expect(edits.isNews({ start: '0', stop: '10' })).toBe(true);
    edits.moveTime({ start: 2n, stop: 12n });
    expect(edits.isNews({ start: '5', stop: '6' })).toBe(false);
  });
});
