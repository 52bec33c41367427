import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { layoutPanel } from '../../src/core/layout';
import type { DropTarget, Hit, Zone } from '../../src/core/layout';
import { MIME_PRODUCT } from '../../src/mime';
import { attachDrop } from '../../src/widget/drop';
import type { DropHost } from '../../src/widget/drop';
import { usesKey } from '../../src/widget/gestures';
import { attachKeys, attachPointer, wheelNotches } from '../../src/widget/interaction';
import type { Gestures } from '../../src/widget/interaction';

const payload = JSON.stringify({ v: 1, products: [{ id: 'cda/a/b', name: 'b', kind: 'scalar' }] });

function gestures(zone: Zone | null): Gestures {
  const hit: Hit | null = zone && { index: 0, zone, fx: 0.25, fy: 0.5 };
  return {
    hit: () => hit, pan: vi.fn(), zoom: vi.fn(), panY: vi.fn(), zoomY: vi.fn(), zoomAxis: vi.fn(), dragStart: vi.fn(), dragMove: vi.fn(),
    dragEnd: vi.fn(), boxMove: vi.fn(), boxEnd: vi.fn(), autoscale: vi.fn(), hover: vi.fn(), key: vi.fn(() => true), plotSize: () => ({ width: 100, height: 100 })
  };
}

let node: HTMLElement;
let detach: () => void = () => undefined;

beforeEach(() => {
  node = document.createElement('div');
  document.body.append(node);
});
afterEach(() => {
  detach();
  node.remove();
  delete document.documentElement.dataset.sciqlopMouse;
});

describe('the wheel', () => {
  const turn = (zone: Zone | null, init: WheelEventInit): [Gestures, WheelEvent] => {
    const g = gestures(zone);
    detach = attachPointer(node, g);
    const event = new WheelEvent('wheel', { deltaY: 100, bubbles: true, cancelable: true, ...init });
    node.dispatchEvent(event);
    return [g, event];
  };

  it('pans in a plot and keeps the notebook from scrolling', () => {
    const [g, event] = turn('plot', {});
    expect(g.pan).toHaveBeenCalledWith(0.1);
    expect(event.defaultPrevented).toBe(true);
  });

  it('zooms time with Ctrl, values with Shift, pans values with both', () => {
    expect(turn('plot', { ctrlKey: true })[0].zoom).toHaveBeenCalledWith(1.25, 0.25);
    detach();
    expect(turn('plot', { shiftKey: true, deltaY: 0, deltaX: -100 })[0].zoomY).toHaveBeenCalledWith(0, 0.8, 0.5);
    detach();
    expect(turn('plot', { ctrlKey: true, shiftKey: true })[0].panY).toHaveBeenCalledWith(0, -0.1);
  });

  it('zooms the axis or colour bar that it is over', () => {
    expect(turn('time', {})[0].zoom).toHaveBeenCalled();
    detach();
    expect(turn('y', {})[0].zoomAxis).toHaveBeenCalledWith(0, 'y', 1.25, 0.5);
    expect(turn('y2', {})[0].zoomAxis).toHaveBeenCalledWith(0, 'y2', 1.25, 0.5);
    detach();
    expect(turn('z', {})[0].zoomAxis).toHaveBeenCalledWith(0, 'z', 1.25, 0.5);
  });

  it('in the plain mode zooms time at the cursor, and moves with Shift', () => {
    document.documentElement.dataset.sciqlopMouse = 'plain';
    const [g] = turn('plot', {});
    expect(g.zoom).toHaveBeenCalledWith(1.25, 0.25);
    expect(g.pan).not.toHaveBeenCalled();
    detach();
    expect(turn('plot', { ctrlKey: true })[0].zoom).toHaveBeenCalledWith(1.25, 0.25);
    detach();
    expect(turn('plot', { shiftKey: true })[0].pan).toHaveBeenCalledWith(0.1);
    detach();
    expect(turn('y', {})[0].zoomAxis).toHaveBeenCalledWith(0, 'y', 1.25, 0.5);
  });

  it('scrolls the page outside of plots', () => {
    expect(turn(null, {})[1].defaultPrevented).toBe(false);
  });

  it('counts in notches whatever the unit, within bounds', () => {
    expect(wheelNotches({ deltaX: 0, deltaY: 3, deltaMode: 1 })).toBeCloseTo(1, 1);
    expect(wheelNotches({ deltaX: 0, deltaY: -1e6, deltaMode: 0 })).toBe(-4);
  });
});

describe('a drag', () => {
  const pointer = (type: string, x: number, y = 0, init: MouseEventInit = {}): void => {
    const event = new MouseEvent(type, { clientX: x, clientY: y, bubbles: true, button: 0, ...init });
    node.dispatchEvent(Object.assign(event, { pointerId: 1 }));
  };

  it('moves by fractions of the plot once it is more than a click', () => {
    const g = gestures('plot');
    node.setPointerCapture = vi.fn();
    detach = attachPointer(node, g);
    pointer('pointerdown', 10);
    pointer('pointermove', 11);
    expect(g.dragStart).not.toHaveBeenCalled();
    pointer('pointermove', 35, 10);
    expect(g.dragMove).toHaveBeenCalledWith(0, 0.25, 0.1);
    pointer('pointerup', 35);
    expect(g.dragEnd).toHaveBeenCalledTimes(1);
    pointer('pointermove', 90);
    expect(g.dragMove).toHaveBeenCalledTimes(1);
  });

  it('in the plain mode draws a box, and moves with Shift', () => {
    document.documentElement.dataset.sciqlopMouse = 'plain';
    const g = gestures('plot');
    node.setPointerCapture = vi.fn();
    detach = attachPointer(node, g);
    pointer('pointerdown', 10, 5);
    pointer('pointermove', 60, 45);
    expect(g.boxMove).toHaveBeenCalledWith(0, { x: 10, y: 5 }, { x: 60, y: 45 });
    pointer('pointerup', 60, 45);
    expect(g.boxEnd).toHaveBeenCalledWith(0, true);
    pointer('pointerdown', 10);
    pointer('pointermove', 60);
    pointer('pointercancel', 60);
    expect(g.boxEnd).toHaveBeenLastCalledWith(0, false);
    expect(g.dragStart).not.toHaveBeenCalled();
    pointer('pointerdown', 10, 0, { shiftKey: true });
    pointer('pointermove', 60);
    expect(g.dragMove).toHaveBeenCalledWith(0, 0.5, 0);
    pointer('pointerup', 60);
    expect(g.boxEnd).toHaveBeenCalledTimes(2);
  });
});

describe('keys', () => {
  it('are held off from JupyterLab exactly when the panel uses them', () => {
    const g = gestures('plot');
    node.tabIndex = 0;
    detach = attachKeys(node, g, usesKey);
    let seen: boolean[] = [];
    const lab = (): void => {
      seen.push(node.hasAttribute('data-lm-suppress-shortcuts'));
    };
    document.addEventListener('keydown', lab, true);
    const press = (key: string, init: KeyboardEventInit = {}): void => {
      node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
    };
    press('m');
    press('s', { ctrlKey: true });
    press('ArrowLeft');
    press('z', { ctrlKey: true });
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true }));
    document.removeEventListener('keydown', lab, true);
    expect(seen).toEqual([true, false, true, true, false]);
    seen = [];
  });

  it('are held off in what stands in the panel by the element that has the focus, but for Ctrl+S and the like', () => {
    detach = attachKeys(node, gestures('plot'), usesKey);
    const [menu, button, field] = [document.createElement('div'), document.createElement('button'), document.createElement('select')];
    menu.append(button, field);
    node.append(menu);
    const held = (target: HTMLElement, key: string, init: KeyboardEventInit = {}): boolean => {
      target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
      return target.hasAttribute('data-lm-suppress-shortcuts');
    };
    expect([held(button, 'd'), held(field, 'ArrowDown'), held(button, 'ArrowUp', { altKey: true })]).toEqual([true, true, true]);
    expect([held(button, 's', { ctrlKey: true }), held(field, 's', { metaKey: true })]).toEqual([false, false]);
    expect(node.hasAttribute('data-lm-suppress-shortcuts')).toBe(false);
    expect(held(button, 'z', { ctrlKey: true }), 'undo is the panel\'s').toBe(true);
    menu.remove();
  });
});

describe('a drop', () => {
  let host: DropHost & { drops: [string[], DropTarget][]; refused: string[]; moved: [string, number][]; target: DropTarget | null };

  beforeEach(() => {
    host = {
      drops: [],
      refused: [],
      moved: [],
      target: null,
      current: () => 0,
      layout: () => layoutPanel(800, 600, [1, 1], { left: 60, right: 20 }),
      showTarget(target) {
        this.target = target;
      },
      drop(products, target) {
        this.drops.push([products.map(p => p.id), target]);
      },
      refuse(reason) {
        this.refused.push(reason);
      },
      owns: types => types.includes('application/vnd.sciqlop.panel.me'),
      move(payload, index) {
        this.moved.push([payload.plot.id, index]);
      }
    };
    detach = attachDrop(node, node, host);
  });

  const lumino = (type: string, text: unknown, clientY: number, mime = MIME_PRODUCT) => {
    const event = Object.assign(new MouseEvent(type, { bubbles: true, cancelable: true, clientY }), {
      mimeData: { hasData: (m: string) => m === mime, getData: (m: string) => (m === mime ? text : undefined) },
      proposedAction: 'copy',
      dropAction: 'none'
    });
    node.dispatchEvent(event);
    return event;
  };

  it('from JupyterLab is accepted, shown and carried out', () => {
    expect(lumino('lm-dragenter', payload, 150).defaultPrevented).toBe(true);
    expect(lumino('lm-dragover', payload, 150).dropAction).toBe('copy');
    expect(host.target).toEqual({ kind: 'into', index: 0 });
    lumino('lm-drop', payload, 150);
    expect(host.drops).toEqual([[['cda/a/b'], { kind: 'into', index: 0 }]]);
    expect(host.target).toBeNull();
  });

  it('of anything else is left to others', () => {
    expect(lumino('lm-dragenter', 'x', 150, 'application/vnd.jupyter.cells').defaultPrevented).toBe(false);
  });

  it('of a damaged payload is refused in words', () => {
    lumino('lm-drop', '{"v":2}', 150);
    expect(host.drops).toEqual([]);
    expect(host.refused).toHaveLength(1);
  });

  it('may come from another page', () => {
    const transfer = { types: [MIME_PRODUCT], getData: () => payload, dropEffect: 'none' };
    const event = new MouseEvent('drop', { bubbles: true, cancelable: true, clientY: 5000 });
    node.dispatchEvent(Object.assign(event, { dataTransfer: transfer }));
    expect(host.drops).toEqual([[['cda/a/b'], { kind: 'new', index: 2 }]]);
  });

  it('has a twin for keyboard and menu, which adds at the end', () => {
    node.dispatchEvent(new CustomEvent('sciqlop:add-product', { detail: payload }));
    expect(host.drops).toEqual([[['cda/a/b'], { kind: 'new', index: 2 }]]);
  });
});
