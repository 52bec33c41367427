import { describe, expect, it } from 'vitest';

import { DAY, HOUR, MICROSECOND, MINUTE, SECOND, dateToNs } from '../../src/core/time';
import { timeTicks } from '../../src/core/timeticks';

const T = dateToNs(2019, 1, 2) + 15n * HOUR;
const labels = (span: bigint, start = T, width = 800): string[] =>
  timeTicks({ start, stop: start + span }, width).map(tick => tick.label);
const contexts = (span: bigint, start = T, width = 800): (string | null)[] =>
  timeTicks({ start, stop: start + span }, width).map(tick => tick.context);

describe('time ticks', () => {
  it('have a readable number at every span from 300 ns to 200 years', () => {
    for (let span = 300n; span < 200n * 366n * DAY; span = (span * 13n) / 10n) {
      const ticks = timeTicks({ start: T, stop: T + span }, 800);
      expect(ticks.length, `span ${span}`).toBeGreaterThanOrEqual(2);
      expect(ticks.length, `span ${span}`).toBeLessThanOrEqual(18);
      const texts = new Set(ticks.map((tick, i) => `${tick.label} ${ticks.slice(0, i + 1).findLast(t => t.context)?.context}`));
      expect(texts.size, `span ${span}: two ticks read the same`).toBe(ticks.length);
    }
  });

  it('never overlap', () => {
    for (const width of [150, 300, 800, 2000]) {
      for (let span = 300n; span < 200n * 366n * DAY; span = (span * 17n) / 10n) {
        const view = { start: T, stop: T + span };
        const ticks = timeTicks(view, width);
        for (let i = 1; i < ticks.length; i++) {
          const gap = (Number(ticks[i]!.t - ticks[i - 1]!.t) / Number(span)) * width;
          // Uneven steps (months, ends of months) get a little less room than even ones.
          expect(gap, `${width} px, span ${span}`).toBeGreaterThan(ticks[i]!.label.length * 7 * 0.8);
        }
      }
    }
  });

  it('show clock times with the date on the second line', () => {
    expect(labels(7n * HOUR)).toContain('15:30');
    expect(contexts(7n * HOUR)[0]).toBe('2019-01-02');
    expect(contexts(24n * HOUR).filter(c => c !== null)).toEqual(['2019-01-02', '2019-01-03']);
  });

  it('show years alone, and months and days with the year below', () => {
    expect(labels(50n * 365n * DAY, dateToNs(1970, 1, 1))).toContain('1985');
    expect(labels(365n * DAY)).toContain('Apr');
    expect(labels(20n * DAY)).toContain('Jan 11');
    expect(contexts(20n * DAY)[0]).toBe('2019');
  });

  it('tell microseconds and nanoseconds apart', () => {
    expect(labels(10_000n)).toContain('00.000002 s');
    expect(labels(100n)).toContain('00.00000002 s');
    expect(contexts(10_000n)[0]).toBe('2019-01-02 15:00');
  });
});

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The instant that a label and the second line in force say, digit by digit. */
function read(label: string, context: string): bigint {
  const seconds = (text: string): bigint => {
    const [whole, fraction = ''] = text.split('.');
    return BigInt(whole!) * SECOND + BigInt(fraction.padEnd(9, '0'));
  };
  const clock = (text: string): bigint => {
    const [hour, minute, second = '0'] = text.split(':');
    return BigInt(hour!) * HOUR + BigInt(minute!) * MINUTE + seconds(second);
  };
  const date = (text: string): bigint => {
    const [year, month, day] = text.split('-').map(Number);
    return dateToNs(year!, month!, day!);
  };
  if (/^\d+$/.test(label)) {
    return dateToNs(Number(label), 1, 1);
  }
  if (label.endsWith(' s')) {
    const [day, time] = context.split(' ');
    return date(day!) + clock(time!) + seconds(label.slice(0, -2));
  }
  if (label.includes(':')) {
    return date(context) + clock(label);
  }
  const [month, day = '1'] = label.split(' ');
  return dateToNs(Number(context), MONTHS.indexOf(month!) + 1, Number(day));
}

it.each([
  ['1970', 0n],
  ['before 1970', dateToNs(1957, 10, 4) + 19n * HOUR + 123_456_789n],
  ['a leap day', dateToNs(2016, 2, 29) + 23n * HOUR + 59n * MINUTE + 59_999_999_991n],
  ['2024', dateToNs(2024, 12, 31) + 23n * HOUR + 1n]
])('labels say their instant to the nanosecond, from 50 years to 1 microsecond, at %s', (_, start) => {
  for (let span = 50n * 366n * DAY; span >= MICROSECOND; span = (span * 10n) / 13n) {
    let context = '';
    const ticks = timeTicks({ start, stop: start + span }, 800);
    expect(ticks.length, `span ${span}`).toBeGreaterThanOrEqual(2);
    for (const tick of ticks) {
      context = tick.context ?? context;
      expect(read(tick.label, context), `${tick.label} | ${context}, span ${span}`).toBe(tick.t);
    }
  }
});
