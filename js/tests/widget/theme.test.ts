import { describe, expect, it } from 'vitest';

import { lineColors, readTheme } from '../../src/widget/theme';

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
