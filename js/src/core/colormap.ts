/** Colour maps, perceptually even ones first: anchors at equal distances, straight lines between them. */

const ANCHORS: Record<string, string> = {
  viridis:
    '44015446065a470d6047136548186a481d6f482374482878472d7b46327e453681443b844240864045873f49893d4e8a3b528b39568c' +
    '375a8d355e8d33638d31668e2f6a8e2e6e8e2c728e2b768e297a8e287d8e26818e25858e23898e228c8d21908c20948c1f988b1e9b8a' +
    '1f9f8820a38721a68524aa8328ae802cb17e31b57b37b8773ebc7445bf704cc26c54c6675dc96365cc5d6ece5878d15282d34c8cd646' +
    '96d83fa0da39abdc32b5de2bc0df24cbe11fd5e21ae0e318eae51af4e61efde725',
  magma:
    '00000402010903031106051a0a08220e0b2b130d33180f3d1d114622115028115a2f116336106a3d0f71430f764a107950127c57147e' +
    '5d177f631980691c816f1e817621817c23828226818928818f2a81952c809c2e7fa2307ea9327daf347bb63779bc3977c33b75c93e72' +
    'cf4170d6446ddb486ae14c66e65163ea5661ee5c5ef2635df5695cf7715cf9785dfa805efb8761fc8f64fd9668fe9e6cfea571fead76' +
    'feb47bfebb81fec387feca8dfed194fed99bfde0a2fde7a9fceeb0fcf6b8fcfdbf',
  plasma:
    '0d088719068b2206902a05933105963804993f049c46039f4c02a15302a35901a55f01a66600a76c00a87201a87801a87e03a88405a7' +
    '8909a68f0da49511a29a169f9f1a9ca41e99a92396ae2792b22c8eb7308bbb3587bf3983c33e80c7427ccb4778cf4b75d25071d6546d' +
    'd9596adc5e67e06263e36760e66c5ce87059eb7555ee7a52f07f4ff2844bf48a48f68f44f89441f99a3dfb9f3afca537fdab33fdb130' +
    'feb72dfebd2afdc328fdca26fcd025fbd724f9dd25f7e426f5eb27f2f227f0f921',
  inferno:
    '00000402010a04031207051b0b072410092d150b371a0c40210c4a270b532e0a5a3609603c0965430a684a0c6b500e6c57106d5d126e' +
    '63146e6a176e70196e761b6d7d1e6d83206b89226a9024689627669c2964a32b61a92e5faf315cb53458bb3755c13a51c63e4dcc4149' +
    'd14644d64a40db4f3bdf5437e35932e75f2deb6528ee6b23f1711ef47819f67f14f8860ff98d0afa9407fb9c06fca309fcab0ffcb217' +
    'fbba1ffac228f9ca32f7d23df5d949f3e156f2e865f1ef75f3f586f6fa96fcffa4',
  cividis:
    '00224e00255400285b002b62002e6a0030700433711135701a386f213b6e273e6e2d416d32436d36466c3b496c3f4c6c434e6c47516c' +
    '4b546c4f576c52596d565c6d5a5f6e5d626e61656f646770686a716b6d726f70737273747576767978777c7b78807e78848179878478' +
    '8b87788f8a78938d789790779b93769f9676a39a75a79d74aba072afa371b3a670b7aa6ebbad6cbfb06bc3b469c8b766ccba64d0be61' +
    'd4c15fd9c55cddc958e1cc55e6d051ead44cefd748f4db42f8df3cfde334fee838',
  turbo:
    '30123b351e58392a733d358b4040a1424bb54456c74661d6466be34775ee467ff64589fc4293ff3d9dfe37a7fa30b1f429bbec22c4e3' +
    '1dcdd819d5ce18dcc319e3b91ee8b026eda531f2993ef68c4cf97e5cfb716bfd647bfe588aff4d97fe43a3fd3cadfa38b8f735c2f234' +
    'cced34d5e635dee037e6d838edd03af3c83af8c03afbb738fdae35fea331fe982cfd8c27fb8022f9741df56817f15d13ec520fe6490b' +
    'e04009d93807d23105ca2a04c02302b71d02ac1701a11101950d018808027a0403',
  jet:
    '0000800000920000a40000b60000c80000da0000ec0000fe0000ff0010ff0020ff0030ff0040ff0050ff0060ff0070ff0080ff008fff' +
    '009fff00afff00bfff00cfff00dffc08efef15fee221ffd52effc93bffbc48ffaf55ffa262ff956fff887bff7b88ff6f95ff62a2ff55' +
    'afff48bcff3bc9ff2ed5ff21e2ff15effe08fcf000ffe100ffd200ffc300ffb500ffa600ff9700ff8800ff7a00ff6b00ff5c00ff4d00' +
    'ff3f00ff3000ff2100fe1200ec0400da0000c80000b60000a40000920000800000',
  gray: '000000ffffff'
};

export const DEFAULT_COLORMAP = 'viridis';
export const COLORMAPS = Object.keys(ANCHORS);

const cache = new Map<string, Uint32Array>();

/** 256 colours, each 0xAABBGGRR as a little-endian ImageData holds them; unknown names give the default. */
export function lookupTable(name: string): Uint32Array {
  const key = Object.hasOwn(ANCHORS, name) ? name : DEFAULT_COLORMAP;
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

const names = new WeakMap<Uint32Array, string[]>();

/** CSS colour of entry `index` (0 to 255). */
export function cssColor(table: Uint32Array, index: number): string {
  let known = names.get(table);
  if (!known) {
    known = Array.from(table, cssOf);
    names.set(table, known);
  }
  return known[index]!;
}

function cssOf(value: number): string {
  return `rgb(${value & 255},${(value >> 8) & 255},${(value >> 16) & 255})`;
}
