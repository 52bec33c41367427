/** Colour maps, perceptually even ones first; 17 anchors each, straight lines between them. */

const ANCHORS: Record<string, string> = {
  viridis:
    '44015448186a472d7b4240863b528b33638d2c728e26828e21918c1fa08828ae803fbc735ec96284d44baddc30d8e219fde725',
  plasma:
    '0d08873105974c02a16600a77e03a89511a1aa2395bc3587cc4778da5a6ae66c5cf0804ef89540fdac33fdc527f8df25f0f921',
  inferno:
    '0000040b0724210c4a3d096557106e71196e8a226aa32c61bc3754d24644e45a31f1731df98e09fcac11f9cb35f2ea69fcffa4',
  cividis:
    '00224e002e6a1a386f32436d434e6c535a6d61656f6f70737d7c788c88789b9476aba072bcae6ccdbb63dec958f0d846fee838',
  turbo:
    '30123b4040a2466be34294ff28bceb18ddc232f2986dfe62a4fc3ccdec34eecf3afdac34fb7e21eb500ed02f05a916017a0403',
  jet: '0000800000c80000ff0040ff0080ff00c0ff16ffe149ffad7dff7ab1ff46e4ff13ffd000ff9400ff5900ff1e00c40000800000',
  gray: '000000101010202020303030404040505050606060707070808080909090a0a0a0b0b0b0c0c0c0d0d0d0e0e0e0f0f0f0ffffff'
};

export const DEFAULT_COLORMAP = 'viridis';
export const COLORMAPS = Object.keys(ANCHORS);

const cache = new Map<string, Uint32Array>();

/** 256 colours, each 0xAABBGGRR as a little-endian ImageData holds them; unknown names give the default. */
export function lookupTable(name: string): Uint32Array {
  const key = name in ANCHORS ? name : DEFAULT_COLORMAP;
  let table = cache.get(key);
  if (!table) {
    table = build(ANCHORS[key]!);
    cache.set(key, table);
  }
  return table;
}

function build(hex: string): Uint32Array {
  const last = hex.length / 6 - 1;
  const channel = (anchor: number, index: number): number =>
    parseInt(hex.slice(anchor * 6 + index * 2, anchor * 6 + index * 2 + 2), 16);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * last;
    const left = Math.min(Math.floor(at), last - 1);
    const mix = (index: number): number =>
      Math.round(channel(left, index) + (at - left) * (channel(left + 1, index) - channel(left, index)));
    return ((255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
  });
}

/** CSS colour of entry `index` (0 to 255). */
export function cssColor(table: Uint32Array, index: number): string {
  const value = table[index]!;
  return `rgb(${value & 255},${(value >> 8) & 255},${(value >> 16) & 255})`;
}
