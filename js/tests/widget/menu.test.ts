import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { HOSTILE_TEXTS } from '../../src/lab/__tests__/hostile';
import { openMenu, SEPARATOR } from '../../src/widget/menu';
import { chooseMouse, isPlain, MOUSE_EVENT } from '../../src/widget/mousemode';

let root: HTMLElement;
const press = (key: string): void => {
  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
};
const focused = (): string | undefined => document.activeElement?.querySelector('.sq-menu-label')?.textContent;

beforeEach(() => {
  root = document.createElement('div');
  root.tabIndex = 0;
  document.body.append(root);
  root.focus();
});
afterEach(() => document.body.replaceChildren());

describe('a menu', () => {
  it('is worked by keys, submenus too, and gives the focus back', () => {
    const run = vi.fn();
    openMenu(root, { x: 5, y: 5 }, [{ label: 'one', run }, SEPARATOR, { label: 'more', entries: [{ label: 'inner', run }] }]);
    expect(focused()).toBe('one');
    press('ArrowUp');
    expect(focused()).toBe('more');
    press('ArrowRight');
    expect(focused()).toBe('inner');
    press('ArrowLeft');
    expect([focused(), root.querySelectorAll('.sq-menu').length]).toEqual(['more', 1]);
    press('ArrowRight');
    (document.activeElement as HTMLElement).click();
    expect([run.mock.calls.length, root.querySelector('.sq-menu'), document.activeElement]).toEqual([1, null, root]);
  });

  it('follows its entries when it is scrolled', () => {
    openMenu(root, { x: 5, y: 5 }, [{ label: 'more', entries: [{ label: 'inner', run: () => undefined }] }]);
    const [menu, entry] = [root.querySelector<HTMLElement>('.sq-menu')!, root.querySelector<HTMLElement>('.sq-menu-item')!];
    entry.click();
    const sub = root.querySelector<HTMLElement>('.sq-menu .sq-menu')!;
    entry.getBoundingClientRect = () => new DOMRect(0, 100, 80, 20);
    menu.dispatchEvent(new Event('scroll'));
    expect([sub.isConnected, sub.style.top]).toEqual([true, '4px']); // jsdom's window has no height
  });

  it('shows what is hostile as text', () => {
    openMenu(root, { x: 0, y: 0 }, HOSTILE_TEXTS.map(label => ({ label, hint: label, run: () => undefined })));
    expect([...root.querySelectorAll('.sq-menu-label')].map(node => node.textContent)).toEqual([...HOSTILE_TEXTS]);
    expect(root.querySelector('img, script, svg, iframe, a, style, b, math')).toBeNull();
  });
});

describe('the mouse mode', () => {
  afterEach(() => {
    localStorage.clear();
    delete document.documentElement.dataset.sciqlopMouse;
  });

  it('is kept by the browser where no extension takes it', () => {
    expect(isPlain(document)).toBe(false);
    chooseMouse(document, 'plain');
    delete document.documentElement.dataset.sciqlopMouse; // another page
    expect(isPlain(document)).toBe(true);
  });

  it('is a setting where one does', () => {
    const taken: string[] = [];
    const take = (event: Event): void => {
      taken.push((event as CustomEvent<string>).detail);
      event.preventDefault();
    };
    document.addEventListener(MOUSE_EVENT, take);
    chooseMouse(document, 'plain');
    document.removeEventListener(MOUSE_EVENT, take);
    expect([taken, isPlain(document), localStorage.length]).toEqual([['plain'], true, 0]);
    document.documentElement.dataset.sciqlopMouse = 'sciqlop';
    expect(isPlain(document)).toBe(false);
  });
});
