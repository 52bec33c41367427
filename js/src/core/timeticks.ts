/** UTC ticks from centuries down to nanoseconds, with what the label leaves out on a second line. */
import {
  DAY,
  HOUR,
  MILLISECOND,
  MINUTE,
  SECOND,
  dateToNs,
  floorDiv,
  formatClock,
  formatDate,
  fractionDigits,
  pad,
  timeParts
} from './time';
import type { TimeView } from './time';

export interface TimeTick {
  t: bigint;
  label: string;
  /** Second line; only where it differs from the tick before. */
  context: string | null;
}

type Level = 'year' | 'month' | 'day' | 'minute' | 'second' | 'fine';

interface Step {
  level: Level;
  /** Years, months, days or nanoseconds, as the level says. */
  count: bigint;
  /** Length in ns, rough for months and years. */
  ns: bigint;
  /** Characters of a label, from which the room per tick follows. */
  chars: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const YEAR = 365n * DAY + 6n * HOUR;

function ladder(): Step[] {
  const steps: Step[] = [];
  for (let decade = 1n; decade < SECOND; decade *= 10n) {
    for (const factor of [1n, 2n, 5n]) {
      const ns = decade * factor;
      const digits = fractionDigits(ns);
      steps.push(
        ns < MILLISECOND
          ? { level: 'fine', count: ns, ns, chars: 5 + digits }
          : { level: 'second', count: ns, ns, chars: 9 + digits }
      );
    }
  }
  const add = (level: Level, unit: bigint, counts: bigint[], chars: number, clock: boolean): void => {
    for (const count of counts) {
      steps.push({ level, count: clock ? count * unit : count, ns: count * unit, chars });
    }
  };
  add('second', SECOND, [1n, 2n, 5n, 10n, 15n, 30n], 8, true);
  add('minute', MINUTE, [1n, 2n, 5n, 10n, 15n, 30n], 5, true);
  add('minute', HOUR, [1n, 2n, 3n, 6n, 12n], 5, true);
  add('day', DAY, [1n, 2n, 5n, 10n], 6, false);
  add('month', 30n * DAY, [1n, 2n, 3n, 6n], 4, false);
  add('year', YEAR, [1n, 2n, 5n, 10n, 20n, 50n, 100n, 200n], 4, false);
  return steps;
}

const STEPS = ladder();

function pickStep(view: TimeView, width: number, charWidth: number): Step {
  const span = Number(view.stop - view.start);
  for (const step of STEPS) {
    const room = step.chars * charWidth + 3 * charWidth;
    if ((Number(step.ns) / span) * width >= room) {
      return step;
    }
  }
  return STEPS[STEPS.length - 1]!;
}

/** Days of a month that carry a tick: counted from the 1st, none right before the next 1st. */
function daysOfMonth(year: number, month: number, step: number): bigint[] {
  const first = dateToNs(year, month, 1);
  const days = Number((dateToNs(year, month + 1, 1) - first) / DAY);
  const ticks: bigint[] = [];
  for (let day = 0; day < days; day += step) {
    if (day === 0 || days - day >= step * 0.75) {
      ticks.push(first + BigInt(day) * DAY);
    }
  }
  return ticks;
}

function instants(view: TimeView, step: Step): bigint[] {
  const out: bigint[] = [];
  const keep = (t: bigint): void => {
    if (t >= view.start && t <= view.stop) {
      out.push(t);
    }
  };
  if (step.level === 'fine' || step.level === 'second' || step.level === 'minute') {
    let t = floorDiv(view.start + step.count - 1n, step.count) * step.count;
    for (; t <= view.stop; t += step.count) {
      out.push(t);
    }
    return out;
  }
  const from = timeParts(view.start);
  const to = timeParts(view.stop);
  const count = Number(step.count);
  if (step.level === 'year') {
    for (let year = Math.floor(from.year / count) * count; year <= to.year; year += count) {
      keep(dateToNs(year, 1, 1));
    }
    return out;
  }
  const months = step.level === 'month' ? count : 1;
  const first = Math.floor((from.year * 12 + from.month - 1) / months) * months;
  for (let index = first; index <= to.year * 12 + to.month - 1; index += months) {
    const year = Math.floor(index / 12);
    const month = (index % 12) + 1;
    if (step.level === 'month') {
      keep(dateToNs(year, month, 1));
    } else {
      daysOfMonth(year, month, count).forEach(keep);
    }
  }
  return out;
}

function describe(t: bigint, step: Step): [string, string | null] {
  const parts = timeParts(t);
  switch (step.level) {
    case 'year':
      return [String(parts.year), null];
    case 'month':
      return [MONTHS[parts.month - 1]!, String(parts.year)];
    case 'day':
      return [`${MONTHS[parts.month - 1]!} ${pad(parts.day)}`, String(parts.year)];
    case 'minute':
      return [`${pad(parts.hour)}:${pad(parts.minute)}`, formatDate(parts)];
    case 'second':
      return [formatClock(parts, fractionDigits(step.ns)), formatDate(parts)];
    case 'fine':
      return [
        `${formatClock(parts, fractionDigits(step.ns)).slice(6)} s`,
        `${formatDate(parts)} ${pad(parts.hour)}:${pad(parts.minute)}`
      ];
  }
}

/** Ticks of a view that is `width` pixels wide in a font whose digits are `charWidth` wide. */
export function timeTicks(view: TimeView, width: number, charWidth = 7): TimeTick[] {
  const step = pickStep(view, width, charWidth);
  let last: string | null = null;
  return instants(view, step).map(t => {
    const [label, context] = describe(t, step);
    const changed = context !== last;
    last = context;
    return { t, label, context: changed ? context : null };
  });
}
