import { beforeEach, describe, expect, it } from 'vitest';

import { ViewClient } from '../../src/core/client';
import type { Clock, Wish } from '../../src/core/client';
import { wantKey } from '../../src/core/plan';
import { Edits } from '../../src/core/edits';
import type { Command, ToKernel, Wants } from '../../src/protocol';

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
  let wish: Wish;
  const at = (start: bigint, wants: Wants = { g: null }): Wish => ({
    start, stop: start + 100n, width: 800, plots: { p1: 200 }, wants, ahead: null
  });
  const move = (next: Wish): void => {
    wish = next;
    client.look(next);
    client.pump();
  };
  /** The wish without what was answered. */
  const lacking = (whole: Wish): Wish => {
    const open = Object.entries(whole.wants).filter(([g, refs]) => (refs ?? [null]).some(ref => !client.done(wantKey(g, ref, whole))));
    return { ...whole, wants: Object.fromEntries(open) };
  };
  /** An answer that leaves nothing to wish for. */
  const answer = (gen: number, pending: string[] = []): void => {
    if (gen === client.gen && pending.length === 0) {
      wish = { ...wish, wants: {} };
    }
    client.answered(gen, pending);
  };
  const views = () => sent.filter(m => m.type === 'view');

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    wish = at(0n, {});
    client = new ViewClient('v', message => sent.push(message), clock, () => lacking(wish));
  });

  it('has one request in flight, and the newest view wins', () => {
    for (let i = 0n; i < 50n; i++) {
      move(at(i));
    }
    expect(views().map(m => m.start)).toEqual(['0']);
    answer(1);
    expect(views().map(m => m.start)).toEqual(['0', '49']);
    answer(client.gen);
    expect(client.busy).toBe(false);
    expect(views()).toHaveLength(2);
  });

  it('is released by the first answer, while slow graphs follow', () => {
    move(at(0n));
    client.answered(1, ['g']);
    expect(client.busy).toBe(true);
    expect(views()).toHaveLength(1);
    move(at(1n));
    expect(views()).toHaveLength(2);
    client.answered(1, []);
    expect(client.busy).toBe(true);
    answer(client.gen);
    expect(client.busy).toBe(false);
  });

  it('asks again when nothing comes, less and less often, with a new generation', () => {
    move(at(0n));
    clock.advance(299);
    expect(views()).toHaveLength(1);
    clock.advance(1);
    expect(views().map(m => m.gen)).toEqual([1, 2]);
    clock.advance(599);
    expect(views()).toHaveLength(2);
    clock.advance(1);
    expect(views()).toHaveLength(3);
    clock.advance(60_000);
    expect(views().length).toBeLessThan(20);
    expect(client.silent).toBe(true);
    answer(client.gen);
    expect(client.silent).toBe(false);
    const count = views().length;
    clock.advance(60_000);
    expect(views()).toHaveLength(count);
  });

  it('gives a far kernel more time', () => {
    move(at(0n));
    clock.advance(290);
    answer(1);
    move(at(1n));
    clock.advance(570);
    expect(views()).toHaveLength(2);
    clock.advance(20);
    expect(views()).toHaveLength(3);
  });

  it('asks for the newest view when it asks again', () => {
    move(at(0n));
    move(at(7n));
    clock.advance(300);
    expect(views().map(m => m.start)).toEqual(['0', '7']);
  });

  it('does not repeat what was answered, whatever the answer was, until it is told to', () => {
    move(at(0n, { g: [[3, '7']] }));
    client.answered(1, []);
    expect(client.done('g 3 7')).toBe(true);
    client.pump();
    expect(views()).toHaveLength(1);
    client.renew();
    expect(client.done('g 3 7')).toBe(false);
    expect(views()).toHaveLength(2);
  });

  it('does not repeat what is announced, but adds to it', () => {
    move(at(0n, { a: [[3, '7']], b: [[3, '7']] }));
    client.answered(1, ['a']);
    client.pump();
    expect(views()).toHaveLength(1);
    wish = at(0n, { a: [[3, '7']], c: null });
    client.pump();
    expect(views().map(m => Object.keys(m.wants))).toEqual([['a', 'b'], ['a', 'c']]);
  });

  it('fetches ahead in requests of their own when the view lacks nothing', () => {
    const ahead = (index: string) => ({ start: '100', stop: '150', wants: { g: [[3, index]] as [number, string][] } });
    wish = { ...at(0n, {}), ahead: ahead('8') };
    client.look(wish);
    client.pump();
    expect(views()).toHaveLength(1);
    expect(client.busy).toBe(false);
    client.answered(1, []);
    expect(views()).toHaveLength(1);
    wish = { ...at(0n, {}), ahead: ahead('9') };
    client.pump();
    expect(views()).toHaveLength(2);
  });

  it('is quiet after it was closed', () => {
    move(at(0n));
    client.close(true);
    move(at(1n));
    client.command({ op: 'undo' });
    client.stop('g');
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
    // One step to undo, whatever a gesture has moved.
    const commands = [
      { op: 'set_axis', plot: 'p1', axis: 'y', log: true, range: [1, 2] },
      { op: 'set_axis', plot: 'p1', axis: 'z', range: null }
    ];
    expect(sent).toEqual([{ op: 'several', commands }]);
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
