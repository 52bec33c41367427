/**
 * Ranges of time as people write them: `2015-10-22T06:04/PT90S`, `2015-10-22 06:04 2h30`, `2h30`,
 * `2015-295`, `now-1d/now`. All times are UTC. See `HELP` for what is read.
 */
import { DAY, HOUR, MAX_TIME, MILLISECOND, MIN_SPAN, MIN_TIME, MINUTE, MICROSECOND, SECOND } from './time';
import { dateToNs, formatTime, timeParts } from './time';
import type { TimeView } from './time';

/** What is wrong with a text, fit to be shown beside it. */
export class TimeTextError extends Error {}

export const HELP =
  'A start and a stop or a duration: 2015-10-22T06:04/PT90S, 2015-10-22/2015-10-23, 2015-10-22 06:04 2h30, ' +
  '2015-295T06:04/1h, now-1d/now. A duration alone (2h30) keeps the middle, a date alone (2015-10-22) is shown ' +
  'whole, an instant alone (2015-10-22T06:04) becomes the middle. UTC.';

/** Longer ones are no times. */
const MOST_TEXT = 200;

/** A length of time; months have no fixed one. */
interface Duration {
  months: number;
  ns: bigint;
}

/** What a date or a date with a time names: `2015-10` a month, `06:04` an instant. */
interface Period {
  start: bigint;
  stop: bigint;
}

const WEEK = 7n * DAY;
const MEAN_MONTH = (DAY * 3652425n) / 120000n;

const UNITS: Record<string, Duration> = {};
const name = (names: string, months: number, ns: bigint): void =>
  names.split(' ').forEach(one => (UNITS[one] = { months, ns }));
name('y yr yrs year years a', 12, 0n);
name('mo mon month months', 1, 0n);
name('w week weeks', 0, WEEK);
name('d day days', 0, DAY);
name('h hr hrs hour hours', 0, HOUR);
name('m min mins minute minutes', 0, MINUTE);
name('s sec secs second seconds', 0, SECOND);
name('ms', 0, MILLISECOND);
name('us µs μs', 0, MICROSECOND);
name('ns', 0, 1n);

/** The unit of a number that follows a unit without one of its own: 2h30 is 2 h 30 min. */
const NEXT = new Map<bigint, bigint>([
  [DAY, HOUR],
  [HOUR, MINUTE],
  [MINUTE, SECOND]
]);

/** Read a range; `view` is what a duration or an instant alone refers to. */
export function parseTimeText(text: string, view: TimeView, now: bigint): TimeView {
  const clean = normalize(text);
  const parts = split(clean);
  if (parts.length > 2) {
    throw new TimeTextError('That is more than a start and a stop');
  }
  const range = parts.length === 1 ? alone(parts[0]!, view, now) : pair(parts[0]!, parts[1]!, now);
  return checked(range);
}

function normalize(text: string): string {
  const clean = text
    .replace(/[−‐‑]/g, '-')
    .replace(/\s*\bUTC\b\s*$/i, '')
    .replace(/\s+/g, ' ')
    .replace(/\b(now|today|yesterday|tomorrow) ?([+-]) ?(?=P|\d+(?:[.,]\d+)? ?[a-zµμ])/gi, '$1$2')
    .replace(/\b(\d{4})\/(\d{1,2})\/(\d{1,2})\b/g, '$1-$2-$3')
    .trim();
  if (clean === '') {
    throw new TimeTextError('Type a range of time, such as 2015-10-22T06:04/PT90S');
  }
  if (clean.length > MOST_TEXT) {
    throw new TimeTextError('That is too long for a range of time');
  }
  return clean;
}

/** Cut at `/`, a dash between blanks, `to`, `..` or an arrow; else where a second time begins. */
function split(text: string): string[] {
  const parts = text.split(/\s*(?:\/|\s[-–—]\s|–|—|→|\.\.|\sto\s)\s*/i);
  if (parts.length > 1) {
    if (parts.some(part => part === '')) {
      throw new TimeTextError('A start and a stop are written as start/stop');
    }
    return parts;
  }
  if (isDuration(text)) {
    return [text];
  }
  // A blank may also stand between a date and its clock: the longest start that is a time wins.
  const words = text.split(' ');
  for (let cut = words.length; cut >= 1; cut--) {
    const head = words.slice(0, cut).join(' ');
    if (looksLikeTime(head)) {
      const tail = words.slice(cut).join(' ');
      return tail === '' ? [head] : [head, tail];
    }
  }
  return [text];
}

function alone(text: string, view: TimeView, now: bigint): TimeView {
  const span = view.stop - view.start;
  const middle = view.start + span / 2n;
  if (isDuration(text)) {
    return around(middle, lengthOf(parseDuration(text)));
  }
  const { start, stop } = parsePeriod(text, now);
  return stop > start ? { start, stop } : around(start, span);
}

function around(middle: bigint, span: bigint): TimeView {
  const start = middle - span / 2n;
  return { start, stop: start + span };
}

function pair(first: string, second: string, now: bigint): TimeView {
  if (isDuration(first)) {
    if (isDuration(second)) {
      throw new TimeTextError('Two durations: one of them has to be a time');
    }
    const stop = parsePeriod(second, now).start;
    return { start: add(stop, parseDuration(first), -1), stop };
  }
  const { start } = parsePeriod(first, now);
  if (isDuration(second)) {
    return { start, stop: add(start, parseDuration(second), 1) };
  }
  const clock = /^T?(\d{1,2}:.*)$/i.exec(second);
  if (clock) {
    // As ISO 8601 has it: what both share need not be written twice.
    return { start, stop: start - mod(start, DAY) + parseClock(clock[1]!) };
  }
  return { start, stop: parsePeriod(second, now).start };
}

function checked({ start, stop }: TimeView): TimeView {
  if (stop < start) {
    throw new TimeTextError('The range stops before it starts');
  }
  if (stop === start) {
    throw new TimeTextError('The range starts and stops at the same time');
  }
  if (stop - start < MIN_SPAN) {
    throw new TimeTextError(`The shortest range is ${MIN_SPAN} ns`);
  }
  if (start < MIN_TIME || stop > MAX_TIME) {
    throw new TimeTextError(`Times go from ${timeParts(MIN_TIME).year} to ${timeParts(MAX_TIME).year}`);
  }
  return { start, stop };
}

// ---- durations

const ISO = /^([+-]?)P(?:(\d[\d.,]*)Y)?(?:(\d[\d.,]*)M)?(?:(\d[\d.,]*)W)?(?:(\d[\d.,]*)D)?(?:T(?:(\d[\d.,]*)H)?(?:(\d[\d.,]*)M)?(?:(\d[\d.,]*)S)?)?$/i;
const SHORT = /^[+-]?\s*\d+(?:[.,]\d+)?\s*[a-zµμ]+(?:\s*\d+(?:[.,]\d+)?\s*[a-zµμ]+)*(?:\s*\d+)?$/i;
const ONE = /(\d+(?:[.,]\d+)?)\s*([a-zµμ]*)/gi;

function isDuration(text: string): boolean {
  return /^[+-]?P/i.test(text) || (SHORT.test(text) && !looksLikeTime(text));
}

export function parseDuration(text: string): Duration {
  const parts = /^[+-]?P/i.test(text) ? isoParts(text) : shortParts(text);
  const sum = parts.reduce((all, { months, ns }) => ({ months: all.months + months, ns: all.ns + ns }), { months: 0, ns: 0n });
  if (/^-/.test(text)) {
    throw new TimeTextError(`A duration is above zero: ${quote(text)}`);
  }
  if (sum.ns === 0n && sum.months === 0) {
    throw new TimeTextError(`A duration of zero shows nothing: ${quote(text)}`);
  }
  return sum;
}

function isoParts(text: string): Duration[] {
  const found = ISO.exec(text);
  const values = found?.slice(2) ?? [];
  if (!found || /T$/i.test(text) || values.every(value => value === undefined)) {
    throw new TimeTextError(`${quote(text)} is not a duration such as PT1H30M or P2D`);
  }
  const units: Duration[] = ['y', 'mo', 'w', 'd', 'h', 'm', 's'].map(unit => UNITS[unit]!);
  return values.flatMap((value, i) => (value === undefined ? [] : [times(value, units[i]!, text)]));
}

function shortParts(text: string): Duration[] {
  const out: Duration[] = [];
  let before: Duration | null = null;
  for (const [, value, unit] of text.matchAll(ONE)) {
    const key = unit!.toLowerCase();
    const following: bigint | undefined = before ? NEXT.get(before.ns) : undefined;
    const known: Duration | undefined = key !== '' ? UNITS[key] : following ? { months: 0, ns: following } : undefined;
    if (!known) {
      const what = key === '' ? `the unit of ${value} is missing` : `${quote(unit!)} is not a unit; there are d, h, m, s, ms`;
      throw new TimeTextError(`In ${quote(text)} ${what}`);
    }
    out.push(times(value!, known, text));
    before = known;
  }
  return out;
}

/** A decimal number of units, without going through floats. */
function times(value: string, unit: Duration, text: string): Duration {
  const [whole = '', fraction = '', more] = value.replaceAll(',', '.').split('.');
  if (more !== undefined || whole === '' || (value.match(/[.,]/) && fraction === '')) {
    throw new TimeTextError(`${quote(value)} in ${quote(text)} is not a number`);
  }
  if (whole.length > 12) {
    throw new TimeTextError(`${quote(text)} is longer than all that can be shown`);
  }
  if (unit.months > 0) {
    if (fraction !== '' && Number(fraction) !== 0) {
      throw new TimeTextError('Months and years are whole numbers');
    }
    return { months: unit.months * Number(whole), ns: 0n };
  }
  const scale = 10n ** BigInt(fraction.length);
  return { months: 0, ns: (BigInt(whole + fraction) * unit.ns) / scale };
}

function lengthOf({ months, ns }: Duration): bigint {
  return BigInt(months) * MEAN_MONTH + ns;
}

/** `instant` and a duration; the last day of a month stays inside of the month that it leads to. */
function add(instant: bigint, { months, ns }: Duration, sign: 1 | -1): bigint {
  return addMonths(instant, sign * months) + BigInt(sign) * ns;
}

function addMonths(instant: bigint, months: number): bigint {
  if (months === 0) {
    return instant;
  }
  const { year, month, day } = timeParts(instant);
  const total = year * 12 + (month - 1) + months;
  const target = { year: Math.floor(total / 12), month: (((total % 12) + 12) % 12) + 1 };
  checkYear(target.year);
  const date = dateToNs(target.year, target.month, Math.min(day, daysIn(target.year, target.month)));
  return date + mod(instant, DAY);
}

// ---- times

const DATE = /^(\d{4})(?:-(\d{1,2})-(\d{1,2})|-(\d{3})|-(\d{1,2})|(\d{2})(\d{2}))?$/;
const LONG_YEAR = /^[+-]?\d{5,}-|^-\d/;
const CLOCK = /^(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?$|^(\d{2})(\d{2})(\d{2})?(?:[.,](\d+))?$/;
const RELATIVE = /^(now|today|yesterday|tomorrow)\s*(?:([+-])\s*(.+))?$/i;
const ZONE = /(?:\s*Z|([+-])(\d{2}):?(\d{2}))$/i;

function looksLikeTime(text: string): boolean {
  if (RELATIVE.test(text)) {
    return true;
  }
  const { date, clock } = cut(text);
  return DATE.test(date) && (clock === null || CLOCK.test(clock));
}

/** Date and clock of a text; without a zone, whose offset is told in nanoseconds. */
function cut(text: string): { date: string; clock: string | null; offset: bigint } {
  const found = /^(\S+?)(?:[T_]|\s)(.+)$/i.exec(text);
  if (!found) {
    return { date: text.replace(/Z$/i, ''), clock: null, offset: 0n };
  }
  const zone = ZONE.exec(found[2]!);
  const clock = zone ? found[2]!.slice(0, zone.index) : found[2]!;
  const offset = zone?.[1] ? BigInt(zone[2]!) * HOUR + BigInt(zone[3]!) * MINUTE : 0n;
  return { date: found[1]!, clock, offset: zone?.[1] === '-' ? -offset : offset };
}

function parsePeriod(text: string, now: bigint): Period {
  const relative = RELATIVE.exec(text);
  if (relative) {
    return parseRelative(relative, now);
  }
  const { date, clock, offset } = cut(text);
  if (LONG_YEAR.test(date)) {
    throw new TimeTextError(`Times go from ${timeParts(MIN_TIME).year} to ${timeParts(MAX_TIME).year}`);
  }
  const found = DATE.exec(date);
  if (!found || (clock !== null && !CLOCK.test(clock))) {
    throw new TimeTextError(`${quote(text)} is not a time; write it as 2015-10-22T06:04`);
  }
  const day = parseDate(found, date);
  if (clock === null) {
    return day;
  }
  if (day.stop - day.start !== DAY) {
    throw new TimeTextError(`${quote(date)} is no day: ${quote(text)} needs one before the clock`);
  }
  const at = day.start + parseClock(clock) - offset;
  return { start: at, stop: at };
}

function parseRelative([, word, sign, distance]: RegExpExecArray, now: bigint): Period {
  const today = now - mod(now, DAY);
  const days: Record<string, bigint> = { today, yesterday: today - DAY, tomorrow: today + DAY };
  const start = days[word!.toLowerCase()];
  const from = start ?? now;
  if (distance !== undefined) {
    if (!isDuration(distance)) {
      throw new TimeTextError(`${quote(distance)} is not a duration such as 1d or PT12H`);
    }
    const at = add(from, parseDuration(distance), sign === '-' ? -1 : 1);
    return { start: at, stop: at };
  }
  return { start: from, stop: start === undefined ? from : from + DAY };
}

function parseDate(found: RegExpExecArray, text: string): Period {
  const [, y, m1, d1, doy, m2, m3, d3] = found;
  const year = Number(y);
  checkYear(year);
  if (doy !== undefined) {
    const most = daysIn(year, 2) === 29 ? 366 : 365;
    if (Number(doy) < 1 || Number(doy) > most) {
      throw new TimeTextError(`${year} has days 1 to ${most}: ${quote(text)}`);
    }
    const start = dateToNs(year, 1, 1) + BigInt(Number(doy) - 1) * DAY;
    return { start, stop: start + DAY };
  }
  const month = m1 ?? m2 ?? m3;
  if (month === undefined) {
    return { start: dateToNs(year, 1, 1), stop: dateToNs(year + 1, 1, 1) };
  }
  if (Number(month) < 1 || Number(month) > 12) {
    throw new TimeTextError(`There is no month ${month}: ${quote(text)}`);
  }
  const day = d1 ?? d3;
  if (day === undefined) {
    return { start: dateToNs(year, Number(month), 1), stop: dateToNs(year, Number(month) + 1, 1) };
  }
  const most = daysIn(year, Number(month));
  if (Number(day) < 1 || Number(day) > most) {
    throw new TimeTextError(`${y}-${month.padStart(2, '0')} has days 1 to ${most}: ${quote(text)}`);
  }
  const start = dateToNs(year, Number(month), Number(day));
  return { start, stop: start + DAY };
}

function parseClock(text: string): bigint {
  const found = CLOCK.exec(text);
  if (!found) {
    throw new TimeTextError(`${quote(text)} is not a time of day`);
  }
  const [hour, minute, second, fraction] = [1, 2, 3, 4].map(i => found[i] ?? found[i + 4] ?? '0');
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const nanos = BigInt(fraction!.slice(0, 9).padEnd(9, '0'));
  // Midnight may be written as the end of a day.
  const end = h === 24 && m === 0 && s === 0 && nanos === 0n;
  if ((h > 23 && !end) || m > 59 || s > 59) {
    const why = s === 60 ? 'leap seconds are not counted' : 'clocks go from 00:00:00 to 23:59:59';
    throw new TimeTextError(`${quote(text)} is not a time of day: ${why}`);
  }
  return BigInt(h) * HOUR + BigInt(m) * MINUTE + BigInt(s) * SECOND + nanos;
}

function checkYear(year: number): void {
  const [first, last] = [timeParts(MIN_TIME).year, timeParts(MAX_TIME).year];
  if (year < first || year > last) {
    throw new TimeTextError(`Times go from ${first} to ${last}`);
  }
}

function daysIn(year: number, month: number): number {
  return Number((dateToNs(year, month + 1, 1) - dateToNs(year, month, 1)) / DAY);
}

/** The rest that is not negative, also before 1970. */
function mod(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

function quote(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}

/** A range as `parseTimeText` reads it, with the digits that tell its ends apart. */
export function formatTimeText({ start, stop }: TimeView): string {
  const resolution = (stop - start) / 1000n || 1n;
  const iso = (ns: bigint): string => formatTime(ns, resolution).replace(' ', 'T');
  return `${iso(start)} / ${iso(stop)}`;
}
