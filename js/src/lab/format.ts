/** Numbers as people read them. */

const UNITS: ReadonlyArray<readonly [number, string]> = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's']
];

/** `93784` seconds as `1 d`. */
export function formatAge(seconds: number): string {
  for (const [size, unit] of UNITS) {
    if (seconds >= size) {
      return `${Math.floor(seconds / size)} ${unit}`;
    }
  }
  return '0 s';
}

/** Seconds between samples, with a rate where that says more. */
export function formatCadence(seconds: number): string {
  if (!(seconds > 0)) {
    return '';
  }
  if (seconds < 1) {
    const rate = Number((1 / seconds).toPrecision(4));
    return seconds < 0.001 ? `${rate} Hz` : `${Number((seconds * 1000).toPrecision(4))} ms (${rate} Hz)`;
  }
  for (const [size, unit] of UNITS) {
    if (seconds >= size) {
      return `${Number((seconds / size).toPrecision(4))} ${unit}`;
    }
  }
  return '';
}

/** An ISO time without the digits that say nothing. */
export function formatTime(iso: string): string {
  return iso
    .replace('T', ' ')
    .replace(/(\.\d*?)0+(Z?)$/, '$1$2')
    .replace(/\.(Z?)$/, '$1')
    .replace(/Z$/, '');
}

/** A metadata value as one line of text. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(formatValue).join(', ');
  }
  return value === null || value === undefined ? '' : JSON.stringify(value);
}
