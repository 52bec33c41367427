import { describe, expect, it } from 'vitest';

import { rowWindow, scrollToShow, scrollToShowBelow } from '../windowing';

describe('rowWindow', () => {
  it('draws a screen of rows whatever the length of the list', () => {
    const { first, last } = rowWindow(1_200_000, 600, 24, 100_000);
    expect(first).toBe(50_000 - 6);
    expect(last).toBe(50_025 + 6);
  });

  it('stays inside the list', () => {
    expect(rowWindow(0, 600, 24, 3)).toEqual({ first: 0, last: 3 });
    expect(rowWindow(0, 600, 24, 0)).toEqual({ first: 0, last: 0 });
    expect(rowWindow(1e9, 600, 24, 1000).last).toBe(1000);
    expect(rowWindow(-50, 600, 24, 1000).first).toBe(0);
  });

  it('covers the view at every scroll position', () => {
    for (let top = 0; top < 24_000 - 600; top += 7) {
      const { first, last } = rowWindow(top, 600, 24, 1000, 0);
      expect(first * 24).toBeLessThanOrEqual(top);
      expect(last * 24).toBeGreaterThanOrEqual(top + 600);
    }
  });
});

describe('scrollToShow', () => {
  it('moves no more than it must', () => {
    expect(scrollToShow(10, 0, 600, 24)).toBe(0);
    expect(scrollToShow(25, 0, 600, 24)).toBe(26 * 24 - 600);
    expect(scrollToShow(2, 100, 600, 24)).toBe(48);
  });
});

describe('scrollToShowBelow', () => {
  it('shows the rows that appeared', () => {
    expect(scrollToShowBelow(3, 2, 0, 600, 24)).toBe(0);
    expect(scrollToShowBelow(20, 10, 0, 600, 24)).toBe(31 * 24 - 600);
  });

  it('keeps the row above them in view when they are many', () => {
    expect(scrollToShowBelow(20, 1000, 0, 600, 24)).toBe(20 * 24);
  });
});
