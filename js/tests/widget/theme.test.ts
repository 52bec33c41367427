import { describe, expect, it } from 'vitest';

import { DARK, LIGHT, lineColors, readTheme } from '../../src/widget/theme';

describe('lineColors', () => {
  const theme = readTheme(document.body);

  it('sets the magnitude of a vector apart', () => {
    const colors = lineColors(theme, ['Bx', 'By', 'Bz', 'Bt'], 0, null);
    expect(colors[3]).toBe(theme.foreground);
    expect(new Set(colors).size).toBe(4);
  });

  it('takes the tangential component of RTN for what it is', () => {
    expect(lineColors(theme, ['BR', 'BT', 'BN'], 0, null)).not.toContain(theme.foreground);
  });

  it("keeps the user's own colours", () => {
    expect(lineColors(theme, ['a', 'b'], 0, ['red', 'blue'])).toEqual(['red', 'blue']);
  });
});

it('has the colour map of the settings, and a known one always', () => {
  const { dataset } = document.documentElement;
  const chosen = (name: string): string => {
    dataset.sciqlopColormap = name;
    return readTheme(document.body).colormap;
  };
  expect(['plasma', 'nonsense', 'toString'].map(chosen)).toEqual(['plasma', 'viridis', 'viridis']);
  delete dataset.sciqlopColormap;
  expect(readTheme(document.body).colormap).toBe('viridis');
});

/** WCAG's contrast of two colours. */
function contrast(a: string, b: string): number {
  const light = [a, b].map(color => {
    const [r, g, b_] = [1, 3, 5].map(i => {
      const v = parseInt(color.slice(i, i + 2), 16) / 255;
      return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b_!;
  });
  return (Math.max(...light) + 0.05) / (Math.min(...light) + 0.05);
}

it.each([
  ['light', LIGHT, ['#ffffff', '#fafafa']],
  ['dark', DARK, ['#111111', '#16181c', '#212121']]
])('line colours stand out on %s grounds', (_, palette, grounds) => {
  for (const color of palette) {
    for (const ground of grounds) {
      expect(contrast(color, ground), `${color} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
  }
});
