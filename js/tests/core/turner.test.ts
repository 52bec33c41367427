import { describe, expect, it } from 'vitest';
import { LONGEST, SHORTEST, Turner } from '../../src/core/turner';
import type { Turned } from '../../src/core/turner';

class FakeClock {
  time = 1000;
  private timers: { at: number; run: () => void }[] = [];
  now = (): number => this.time;
  setTimer = (run: () => void, ms: number): unknown => {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return timer;
  };
  clearTimer = (timer: unknown): void => {
    this.timers = this.timers.filter(other => other !== timer);
  };
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) {
        break;
      }
      this.time = next.at;
      this.clearTimer(next);
      next.run();
    }
    this.time = end;
  }
}

function setUp(): { clock: FakeClock; sent: [Turned, string][]; turner: Turner; answer: (yes: boolean) => void } {
  const clock = new FakeClock();
  const sent: [Turned, string][] = [];
  let answered = true;
  const turner = new Turner('t', (values, gesture) => sent.push([values, gesture]), () => answered, clock);
  return { clock, sent, turner, answer: yes => (answered = yes) };
}

describe('Turner', () => {
  it('sends the first movement at once and the last always', () => {
    const { clock, sent, turner } = setUp();
    [1, 2, 3].forEach(k => turner.move({ k }));
    expect(sent.map(([v]) => v)).toEqual([{ k: 1 }]);
    clock.advance(SHORTEST);
    expect(sent.map(([v]) => v)).toEqual([{ k: 1 }, { k: 3 }]);
    turner.move({ k: 4 });
    turner.release();
    expect(sent.map(([v]) => v)).toEqual([{ k: 1 }, { k: 3 }, { k: 4 }]);
    expect(new Set(sent.map(([, gesture]) => gesture)).size).toBe(1);
  });

  it('names each gesture anew', () => {
    const { sent, turner } = setUp();
    for (const k of [1, 2]) {
      turner.move({ k });
      turner.release();
    }
    expect(new Set(sent.map(([, gesture]) => gesture)).size).toBe(2);
    expect(turner.active).toBe(false);
  });

  it('waits for the picture of the last position, but not for ever', () => {
    const { clock, sent, turner, answer } = setUp();
    turner.move({ k: 1 });
    answer(false);
    for (let k = 2; k < 12; k++) {
      turner.move({ k });
      clock.advance(50);
    }
    expect(sent).toHaveLength(1);
    answer(true);
    turner.pump();
    expect(sent.at(-1)![0]).toEqual({ k: 11 });
    answer(false);
    turner.move({ k: 12 });
    clock.advance(LONGEST);
    expect(sent.at(-1)![0]).toEqual({ k: 12 });
  });

  it('keeps what several knobs were turned to', () => {
    const { clock, sent, turner } = setUp();
    turner.move({ a: 1 });
    turner.move({ a: 2 });
    turner.move({ b: null });
    clock.advance(SHORTEST);
    expect(sent.at(-1)![0]).toEqual({ a: 2, b: null });
  });
});
