/** Numbers of a message's buffers; twin of sciqlop_lab/packing.py, where forms are explained. */
import type { NumberForm } from '../protocol';

/** Single floats where these hold all digits that came. */
export type Floats = Float32Array | Float64Array;

const BYTES = { f2: 2, f4: 4, f8: 8 } as const;
/** A half float times a factor between these is a single float. */
const [LEAST, MOST] = [2 ** -100, 2 ** 100];

/** What a number takes in a buffer; without a form numbers are single floats. */
export function bytesPer(form: NumberForm | undefined): number {
  return BYTES[form?.type ?? 'f4'];
}

/** The numbers in a buffer: as many parts behind each other as the form has offsets and scales. */
export function readNumbers(bytes: ArrayBuffer, form: NumberForm | undefined): Floats {
  if (!form) {
    return new Float32Array(bytes);
  }
  const { type, offset, scale } = form;
  const sent = type === 'f8' ? new Float64Array(bytes) : type === 'f4' ? new Float32Array(bytes) : fromHalf(new Uint16Array(bytes));
  const short = type === 'f2' && offset.every(value => value === 0) && scale.every(value => value > LEAST && value < MOST);
  const out = short || type === 'f8' ? sent : new Float64Array(sent);
  const length = out.length / scale.length;
  scale.forEach((factor, part) => {
    const shift = offset[part] ?? 0;
    if (factor !== 1 || shift !== 0) {
      for (let i = part * length; i < (part + 1) * length; i++) {
        out[i] = shift + factor * out[i]!;
      }
    }
  });
  return out;
}

let halves: Float32Array | null = null;

export function fromHalf(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, code) => halfValue(code));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = halves[bits[i]!]!;
  }
  return out;
}

/** Value of a half float: a sign, five bits of exponent, ten of fraction. */
function halfValue(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = code & 1023;
  if (exponent === 31) {
    return fraction ? NaN : sign * Infinity;
  }
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
