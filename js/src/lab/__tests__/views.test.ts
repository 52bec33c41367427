import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { parsePayload, MIME_FACTORY, MIME_PRODUCT, MIME_TEXT } from '../../mime';
import { dragData } from '../drag';
import { ADD_PRODUCT_EVENT, addToPanel, focusedPanel } from '../livepanel';
import { TreeModel } from '../model';
import { TreeView } from '../tree';
import { FakeInventory, leaf, record } from './fake';

const trans = nullTranslator.load('sciqlop_lab');
const HOSTILE = '<img src=x onerror="window.fired=1">';
const frame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => resolve()));

class NoObserver {
  observe(): void {}
  disconnect(): void {}
}

describe('TreeView', () => {
  let model: TreeModel;
  let view: TreeView;

  beforeEach(async () => {
    vi.stubGlobal('ResizeObserver', NoObserver);
    const many = Array.from({ length: 100_000 }, (_, i) => leaf(i + 10, `p${i}`));
    many[1] = leaf(11, HOSTILE, { unit: HOSTILE, title: HOSTILE });
    model = new TreeModel(
      new FakeInventory(
        new Map([
          [null, [record(1, 'cda', { title: 'CDAWeb' })]],
          [1, many]
        ])
      )
    );
    view = new TreeView(model, trans);
    Object.defineProperty(view.node, 'clientHeight', { value: 480 });
    Widget.attach(view, document.body);
    await model.start();
    await model.expand(model.rows[0]!);
    await frame();
  });

  afterEach(() => {
    view.dispose();
    model.dispose();
    vi.unstubAllGlobals();
  });

  const shown = (): HTMLElement[] =>
    Array.from(view.node.querySelectorAll<HTMLElement>('.sqlab-row')).filter(row => !row.hidden);
  const press = (key: string): boolean =>
    view.node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));

  it('keeps a screen of rows in the page', () => {
    expect(shown().length).toBe(26);
    expect((view.node.firstElementChild as HTMLElement).style.height).toBe('2400024px');
  });

  it('reuses its elements when scrolled', async () => {
    view.node.scrollTop = 1_200_000;
    view.node.dispatchEvent(new Event('scroll'));
    await frame();
    expect(view.node.querySelectorAll('.sqlab-row').length).toBeLessThan(40);
    expect(shown().some(row => row.textContent!.includes('p50000'))).toBe(true);
  });

  it('shows hostile names as text', () => {
    expect(view.node.querySelector('img')).toBeNull();
    expect(shown()[2]!.textContent).toContain(HOSTILE);
    expect((window as unknown as { fired?: number }).fired).toBeUndefined();
  });

  it('tells assistive technology where things are', async () => {
    model.select(1);
    await frame();
    const row = shown()[1]!;
    expect(view.node.getAttribute('role')).toBe('tree');
    expect(row.getAttribute('role')).toBe('treeitem');
    expect(row.getAttribute('aria-level')).toBe('2');
    expect(row.getAttribute('aria-posinset')).toBe('1');
    expect(row.getAttribute('aria-setsize')).toBe('100000');
    expect(row.getAttribute('aria-selected')).toBe('true');
    expect(shown()[0]!.getAttribute('aria-expanded')).toBe('true');
    expect(view.node.getAttribute('aria-activedescendant')).toBe(row.id);
  });

  it('is driven by keys, which stop here', () => {
    expect(press('End')).toBe(false);
    expect(model.selectedIndex).toBe(100_000);
    press('ArrowUp');
    expect(model.selectedIndex).toBe(99_999);
    press('ArrowLeft');
    expect(model.selectedIndex).toBe(0);
    press('ArrowLeft');
    expect(model.rows).toHaveLength(1);
    expect(press('F5')).toBe(true);
  });

  it('announces Enter on a product', () => {
    const seen: string[] = [];
    view.activated.connect((_, branch) => seen.push(branch.node.name));
    model.select(1);
    press('Enter');
    expect(seen).toEqual(['p0']);
  });

  it('begins a drag after five pixels, not before', () => {
    const seen: string[] = [];
    view.dragStarted.connect((_, { branches }) => seen.push(...branches.map(b => b.node.name)));
    const fire = (target: EventTarget, type: string, x: number): boolean =>
      target.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: 50, bubbles: true }));
    fire(shown()[1]!, 'pointerdown', 100);
    fire(document, 'pointermove', 104);
    expect(seen).toEqual([]);
    fire(document, 'pointermove', 106);
    expect(seen).toEqual(['p0']);
    fire(document, 'pointermove', 120);
    expect(seen).toEqual(['p0']);
  });

  it('goes quietly', () => {
    const frameLater = vi.spyOn(globalThis, 'requestAnimationFrame');
    view.dispose();
    MessageLoop.flush();
    model.select(2);
    expect(frameLater).not.toHaveBeenCalled();
  });
});

describe('drag', () => {
  const product = { id: 'cda/A/b', name: 'b', kind: 'scalar' };

  it('carries one entry for each kind of target', async () => {
    const tab = new Widget();
    const data = dragData([product], {
      codeNow: () => 'now',
      code: () => Promise.resolve('better'),
      tab: () => tab
    });
    expect(data.types().sort()).toEqual([MIME_PRODUCT, MIME_FACTORY, MIME_TEXT].sort());
    expect(parsePayload(data.getData(MIME_PRODUCT))).toEqual({ v: 1, products: [product] });
    expect(data.getData(MIME_TEXT)).toBe('now');
    await Promise.resolve();
    expect(data.getData(MIME_TEXT)).toBe('better');
    expect((data.getData(MIME_FACTORY) as () => Widget)()).toBe(tab);
  });

  it('reaches the panel that was used last', () => {
    const rects = [{}] as unknown as DOMRectList;
    const panels = [1, 2, 3].map(() => {
      const panel = document.createElement('div');
      panel.className = 'sciqlop-panel';
      panel.getClientRects = () => rects;
      document.body.append(panel);
      return panel;
    });
    expect(focusedPanel()).toBe(panels[2]);
    panels[0]!.setAttribute('data-sciqlop-active', '');
    expect(focusedPanel()).toBe(panels[0]);
    panels[0]!.getClientRects = () => [] as unknown as DOMRectList;
    expect(focusedPanel()).toBe(panels[2]);
    const seen: unknown[] = [];
    panels[2]!.addEventListener(ADD_PRODUCT_EVENT, event =>
      seen.push((event as CustomEvent).detail)
    );
    addToPanel(panels[2]!, [product], 'above', 1);
    const { payload, ...where } = seen[0] as { payload: string };
    expect(parsePayload(payload)).toEqual({ v: 1, products: [product] });
    expect(where).toEqual({ place: 'above', plot: 1 });
  });
});
