import { describe, expect, it } from 'vitest';

import { leavingOut } from '../../src/widget/crosshair';

describe('the line of the crosshair', () => {
  it('is whole where all plots have a time', () => {
    expect(leavingOut([], 10)).toBe('');
  });

  it('leaves out a plot without time that stands between two', () => {
    const mask = leavingOut([{ x: 0, y: 110, width: 50, height: 80 }], 10);
    expect(mask).toContain('#000 100px, transparent 100px, transparent 180px, #000 180px');
  });
});
