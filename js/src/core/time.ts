/**
 * Instants are BigInt nanoseconds since 1970 UTC: a float of seconds since 1970 resolves only
 * 0.2 microseconds. Floats appear as offsets from such an instant only.
 */

export const MICROSECOND = 1_000n;
export const MILLISECOND = 1_000_000n;
export const SECOND = 1_000_000_000n;
export const MINUTE = 60n * SECOND;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;

/** Half-open range of instants. */
export interface TimeView {
  readonly start: bigint;
  readonly stop: bigint;
}

export interface TimeParts {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Nanoseconds within the second. */
  nanos: number;
}

/** Division that rounds down, also before 1970 (BigInt's rounds towards zero). */
export function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

/** Seconds from `from` to `to`; exact as long as the two are within 104 days of each other. */
export function secondsBetween(from: bigint, to: bigint): number {
  return Number(to - from) * 1e-9;
}

/** The instant `seconds` after `t0`. */
export function addSeconds(t0: bigint, seconds: number): bigint {
  return t0 + BigInt(Math.round(seconds * 1e9));
}

export function timeParts(ns: bigint): TimeParts {
  const ms = floorDiv(ns, MILLISECOND);
  const date = new Date(Number(ms));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanos: Number(ns - floorDiv(ns, SECOND) * SECOND)
  };
}

/** Midnight UTC of a date; months outside 1 to 12 roll over into other years. */
export function dateToNs(year: number, month: number, day: number): bigint {
  const date = new Date(0);
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  return BigInt(date.getTime()) * MILLISECOND;
}

export function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}

/** Decimal places of a second that tell instants `resolution` ns apart from each other. */
export function fractionDigits(resolution: bigint): number {
  let digits = 0;
  for (let step = SECOND; step > resolution && digits < 9; step /= 10n) {
    digits += 1;
  }
  return digits;
}

export function formatDate(parts: TimeParts): string {
  return `${parts.year}-${pad(parts.month)}-${pad(parts.day)}`;
}

export function formatClock(parts: TimeParts, digits: number): string {
  const clock = `${pad(parts.hour)}:${pad(parts.minute)}:${pad(parts.second)}`;
  return digits > 0 ? `${clock}.${pad(parts.nanos, 9).slice(0, digits)}` : clock;
}

/** `2019-01-02 15:00:00.123`, cut to what `resolution` ns needs. */
export function formatTime(ns: bigint, resolution: bigint = SECOND): string {
  const parts = timeParts(ns);
  return `${formatDate(parts)} ${formatClock(parts, fractionDigits(resolution))}`;
}

/** A span in the largest unit that reads well: `7 h`, `1.5 d`, `250 ms`. */
export function formatDuration(span: bigint): string {
  const ns = Number(span);
  const year = 365.25 * Number(DAY);
  const units: [number, string][] = [
    [year, 'yr'],
    [Number(DAY), 'd'],
    [Number(HOUR), 'h'],
    [Number(MINUTE), 'min'],
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs']
  ];
  for (const [size, name] of units) {
    if (ns >= size * 0.9995) {
      return `${Number((ns / size).toPrecision(3))} ${name}`;
    }
  }
  return `${ns} ns`;
}

// What int64 nanoseconds hold (September 1677 to April 2262), but for some days at either end.
export const MIN_TIME = dateToNs(1677, 10, 1);
export const MAX_TIME = dateToNs(2262, 4, 1);
export const MIN_SPAN = 20n;

/** The nearest view that an int64 holds and that still has a width. */
export function clampView(view: TimeView): TimeView {
  const limit = MAX_TIME - MIN_TIME;
  let span = view.stop - view.start;
  let start = view.start;
  if (span < MIN_SPAN) {
    start -= (MIN_SPAN - span) / 2n;
    span = MIN_SPAN;
  }
  if (span > limit) {
    span = limit;
  }
  if (start < MIN_TIME) {
    start = MIN_TIME;
  }
  if (start + span > MAX_TIME) {
    start = MAX_TIME - span;
  }
  return { start, stop: start + span };
}

/** Move by a fraction of the span; positive is later. */
export function panView(view: TimeView, fraction: number): TimeView {
  const shift = BigInt(Math.round(Number(view.stop - view.start) * fraction));
  return clampView({ start: view.start + shift, stop: view.stop + shift });
}

/** Scale the span by `factor`, keeping the instant at `anchor` (0 left, 1 right) where it is. */
export function zoomView(view: TimeView, factor: number, anchor = 0.5): TimeView {
  const span = Number(view.stop - view.start);
  const limit = Number(MAX_TIME - MIN_TIME);
  const wanted = Math.min(Math.max(span * factor, Number(MIN_SPAN)), limit);
  const start = view.start + BigInt(Math.round((span - wanted) * anchor));
  return clampView({ start, stop: start + BigInt(Math.round(wanted)) });
}

export function sameView(a: TimeView, b: TimeView): boolean {
  return a.start === b.start && a.stop === b.stop;
}

/** The instant at a fraction (0 left, 1 right) of the view. */
export function timeAt(view: TimeView, fraction: number): bigint {
  return view.start + BigInt(Math.round(Number(view.stop - view.start) * fraction));
}
