/** Numbers and units as a physicist writes them: superscripts, a true minus sign. */

const RAISED: Record<string, string> = {
  '-': '⁻', '+': '⁺', '.': '·', '0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷',
  '8': '⁸', '9': '⁹'
};
const LOWERED = '₀₁₂₃₄₅₆₇₈₉';

const raise = (text: string): string => [...text].map(letter => RAISED[letter] ?? letter).join('');
const lower = (text: string): string => text.replace(/\d/g, digit => LOWERED[Number(digit)]!);
export const trueMinus = (text: string): string => text.replace('-', '−');

/** `10⁴`, `2×10⁻⁷`. */
export function powerLabel(mantissa: string, exponent: number): string {
  const power = `10${raise(String(exponent))}`;
  return mantissa === '1' ? power : `${mantissa}×${power}`;
}

/**
 * A unit as archives write it (`cm^-3`, `km**2`, `cm!E-3!N`, `(cm^2 s sr keV)^{-1}`) with
 * superscripts. `cm-3` too: a sign and a digit behind letters is an exponent; `H2` is left alone.
 */
export function prettyUnit(unit: string): string {
  return unit
    .trim()
    .replace(/!(?:E|U)([+-]?[\d.]+)(?:!N|$)?/g, (_, power: string) => raise(power))
    .replace(/!(?:D|I)(\w+?)(?:!N|$)/g, (_, index: string) => lower(index))
    .replace(/!N/g, '')
    .replace(/\s*(?:\^|\*\*)\s*(?:\{\s*([+-]?\d+(?:\.\d+)?)\s*\}|\(\s*([+-]?\d+(?:\.\d+)?)\s*\)|([+-]?\d+(?:\.\d+)?))/g,
      (_, ...found: (string | undefined)[]) => raise((found[0] ?? found[1] ?? found[2])!.replace('+', '')))
    .replace(/(?<!\d)([a-zA-Z)])-(\d)(?![\d.])/g, (_, letter: string, digit: string) => letter + raise(`-${digit}`));
}

/** Significant digits that tell values between `lo` and `hi` apart: `least` where these are far apart. */
export function digitsWithin({ lo, hi }: { lo: number; hi: number }, least = 5): number {
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(lo), Math.abs(hi)) / (hi - lo))) + least - 1;
  return Number.isFinite(digits) ? Math.min(Math.max(digits, least), 17) : least;
}

/** A value for the readout, `digits` significant digits. */
export function formatValue(value: number, digits = 5): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  // Digits behind the point are read more easily than those of a long power.
  const long = size >= 1e6 && size < 1e15 && digits > Math.log10(size) + 1;
  if (size !== 0 && !long && (size >= 1e6 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(digits - 2).split('e');
    return powerLabel(trueMinus(mantissa!), Number(exponent));
  }
  return trueMinus(String(Number(value.toPrecision(digits))));
}
