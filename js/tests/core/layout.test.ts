import { describe, expect, it } from 'vitest';

import {
  TIME_AXIS, boxIn, dropTarget, hitTest, layoutPanel, moveBorder, moveTarget, placeholderFor, steadyMargin
} from '../../src/core/layout';
import type { DropTarget, Rect } from '../../src/core/layout';
import { joinLabels } from '../../src/core/plot';

const layout = layoutPanel(1000, 600, [1, 2, 1], { left: 70, right: 80 });

describe('a box that is drawn over a plot', () => {
  const plot = { x: 70, y: 14, width: 800, height: 200 };

  it('is cut to the plot, whichever way it is drawn', () => {
    expect(boxIn(plot, { x: 170, y: 150 }, { x: 120, y: 50 })).toEqual({ x: 120, y: 50, width: 50, height: 100 });
    expect(boxIn(plot, { x: 770, y: 114 }, { x: 999, y: 999 })).toEqual({ x: 770, y: 114, width: 100, height: 100 });
  });

  it('that is flat chooses one direction alone, and nothing when it is a dot', () => {
    expect(boxIn(plot, { x: 100, y: 50 }, { x: 200, y: 55 })).toEqual({ ...plot, x: 100, width: 100 });
    expect(boxIn(plot, { x: 100, y: 50 }, { x: 104, y: 150 })).toEqual({ ...plot, y: 50, height: 100 });
    expect(boxIn(plot, { x: 100, y: 50 }, { x: 104, y: 52 })).toBeNull();
  });
});

describe('the stack', () => {
  it('shares margins and splits the height by weight', () => {
    expect(new Set(layout.plots.map(r => r.x)).size).toBe(1);
    expect(new Set(layout.plots.map(r => r.width)).size).toBe(1);
    expect(layout.plots[1]!.height / layout.plots[0]!.height).toBeCloseTo(2, 1);
    const last = layout.plots[2]!;
    expect(last.y + last.height + TIME_AXIS).toBe(layout.height);
    for (let i = 1; i < 3; i++) {
      expect(layout.plots[i]!.y).toBeGreaterThan(layout.plots[i - 1]!.y + layout.plots[i - 1]!.height);
    }
  });

  it('stays usable when it is too small or a weight is nonsense', () => {
    const small = layoutPanel(50, 10, [1, NaN, -3], { left: 70, right: 80 });
    small.plots.forEach(rect => expect(Math.min(rect.width, rect.height)).toBeGreaterThanOrEqual(20));
  });

  it('keeps margins steady', () => {
    expect(steadyMargin(64, 60)).toBe(64);
    expect(steadyMargin(64, 65)).toBe(68);
    expect(steadyMargin(64, 40)).toBe(40);
  });
});

describe('what lies under the pointer', () => {
  const middle = layout.plots[1]!;
  it('is a plot, its axes or the time axis', () => {
    expect(hitTest(layout, middle.x + middle.width / 2, middle.y + middle.height / 4)).toMatchObject({ index: 1, zone: 'plot', fx: 0.5, fy: 0.75 });
    expect(hitTest(layout, 20, middle.y + 50)?.zone).toBe('y');
    expect(hitTest(layout, 980, middle.y + 50)?.zone).toBe('z');
    expect(hitTest(layout, 500, layout.height - 10)).toMatchObject({ index: 2, zone: 'time' });
    expect(hitTest(layout, 500, layout.height + 10)).toBeNull();
  });
});

describe('what is dropped or moved', () => {
  const [first, second, third] = layout.plots as [Rect, Rect, Rect];
  const all = third.y + third.height - first.y;

  it('is shown as high as the new plot will be, at the border that it goes to', () => {
    const at = (kind: DropTarget['kind'], index: number): Rect => placeholderFor(layout, { kind, index })!;
    expect(at('into', 1)).toEqual(second);
    expect(at('new', 0)).toEqual({ ...first, height: (0.9 * all) / 4 });
    const between = at('new', 1);
    expect(between.y + between.height / 2).toBeCloseTo(second.y - 7, 5);
    expect(at('move', 3).y + at('move', 3).height).toBeCloseTo(third.y + third.height, 5);
    expect(placeholderFor(layoutPanel(800, 300, [], { left: 60, right: 20 }), { kind: 'new', index: 0 })).toBeNull();
  });

  it('goes between the plots whose middles are around it', () => {
    expect(moveTarget(layout, first.y + 2)).toBe(0);
    expect(moveTarget(layout, first.y + first.height * 0.6)).toBe(1);
    expect(moveTarget(layout, second.y + second.height * 0.4)).toBe(1);
    expect(moveTarget(layout, 5000)).toBe(3);
  });

  it('leaves two plots the height that they had together', () => {
    const [a, b] = moveBorder(layout, [1, 2, 1], 0, 20)!;
    expect(a + b).toBeCloseTo(3, 9);
    expect(a / (a + b)).toBeCloseTo((first.height + 20) / (first.height + second.height), 9);
    const [least] = moveBorder(layout, [1, 2, 1], 0, -5000)!;
    expect(least).toBeGreaterThan(0);
    expect(moveBorder(layout, [1, 2, 1], 2, 5)).toBeNull();
  });
});

describe('a drop', () => {
  const { y, height } = layout.plots[1]!;
  it('adds in the middle and inserts at the edges', () => {
    expect(dropTarget(layout, y + height / 2)).toEqual({ kind: 'into', index: 1 });
    expect(dropTarget(layout, y + height * 0.1)).toEqual({ kind: 'new', index: 1 });
    expect(dropTarget(layout, y + height * 0.9)).toEqual({ kind: 'new', index: 2 });
    expect(dropTarget(layout, y - 4)).toEqual({ kind: 'new', index: 1 });
    expect(dropTarget(layout, 5000)).toEqual({ kind: 'new', index: 3 });
    expect(dropTarget(layoutPanel(1000, 300, [], { left: 70, right: 20 }), 150)).toEqual({ kind: 'new', index: 0 });
  });
});

it('labels are joined once each, a shared unit is written once', () => {
  expect(joinLabels([['n', 'cm^-3'], ['n', 'cm^-3'], ['m', 'cm^-3']])).toBe('n, m [cm⁻³]');
  expect(joinLabels([['B', 'nT'], ['V', 'km/s']])).toBe('B [nT], V [km/s]');
  expect(joinLabels([['', 'nT']])).toBe('[nT]');
  expect(joinLabels([])).toBe('');
});
