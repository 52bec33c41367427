import { describe, expect, it } from 'vitest';
import { drawLegend, drawNotes, shortened } from '../../src/marks/legend';
import type { AxisStyle } from '../../src/marks/axes';
import type { Surface } from '../../src/marks/surface';

const STYLE = { font: '11px x', smallFont: '10px x', fontSize: 11, foreground: '#000', muted: '#777' } as unknown as AxisStyle;

/** A surface whose letters are ten wide each, and which keeps what is written on it. */
function paper(): { surface: Surface; texts: [string, number][] } {
  const texts: [string, number][] = [];
  const surface = {
    measureText: (text: string) => ({ width: 10 * [...text].length }),
    fillText: (text: string, x: number) => texts.push([text, x]),
    fillRect: () => undefined
  } as unknown as Surface;
  return { surface, texts };
}

describe('texts over a plot', () => {
  it('are cut to their room, letter by letter', () => {
    const { surface } = paper();
    expect(shortened(surface, 'short', 50)).toBe('short');
    expect(shortened(surface, 'longer text', 70)).toBe('longer…');
    expect(shortened(surface, '𝛽𝛽𝛽𝛽', 30)).toBe('𝛽𝛽…');
    expect(shortened(surface, 'x', 1)).toBe('x');
  });

  it('stay within a narrow plot', () => {
    const { surface, texts } = paper();
    const rect = { x: 40, y: 0, width: 100, height: 50 };
    drawLegend(surface, rect, [{ label: 'a very long name of a line', color: '#f00' }], '#fff', STYLE);
    drawNotes(surface, rect, 'a very long remark on the data', '#fff', STYLE);
    expect(texts).toHaveLength(2);
    for (const [text, x] of texts) {
      expect(x).toBeGreaterThanOrEqual(rect.x);
      expect(x + 10 * [...text].length).toBeLessThanOrEqual(rect.x + rect.width);
    }
  });
});
