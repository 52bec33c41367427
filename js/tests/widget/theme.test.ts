import { describe, expect, it } from 'vitest';

import { DARK, LIGHT, lineColors, readTheme, watchTheme } from '../../src/widget/theme';

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

describe('watching the theme', () => {
  const told = async (change: () => void): Promise<number> => {
    let times = 0;
    const stop = watchTheme(document, () => {
      times += 1;
    });
    change();
    await Promise.resolve();
    stop();
    return times;
  };
  const link = (rel: string): HTMLLinkElement => Object.assign(document.createElement('link'), { rel });

  it('hears of another style sheet', async () => {
    expect(await told(() => document.head.append(link('stylesheet')))).toBe(1);
    expect(await told(() => document.head.append(document.createElement('style')))).toBe(1);
  });

  it('does not take the icon of a busy kernel for a theme', async () => {
    expect(await told(() => document.head.append(link('busy favicon'), link('icon')))).toBe(0);
  });
});

it('tells of pixels of another size, whatever the browser tells', () => {
  const was = window.devicePixelRatio;
  const told: number[] = [];
  const stop = watchTheme(document, () => told.push(window.devicePixelRatio));
  const ratio = (value: number): unknown => Object.defineProperty(window, 'devicePixelRatio', { value, configurable: true });
  const point = (): boolean => document.body.dispatchEvent(new Event('pointerover', { bubbles: true }));
  point();
  ratio(2);
  point();
  point();
  ratio(1.5);
  window.dispatchEvent(new Event('resize'));
  stop();
  ratio(3);
  point();
  window.dispatchEvent(new Event('resize'));
  expect(told).toEqual([2, 1.5]);
  ratio(was);
});
