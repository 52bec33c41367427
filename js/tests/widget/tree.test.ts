import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { HOSTILE_TEXTS } from '../../src/lab/__tests__/hostile';
import { MIME_PRODUCT } from '../../src/mime';
import widget from '../../src/widget/tree';
import type { TreeNode } from '../../src/widget/treedata';

const node = (name: string, more: Partial<TreeNode> = {}): TreeNode => ({
  id: 1, name, kind: 'vector', ref: `cda/${name}`, title: name, unit: name, has_children: false, ...more
});

class Kernel {
  asked: Record<string, unknown>[] = [];
  answers: (question: Record<string, unknown>) => Record<string, unknown> = () => ({});
  private handler: ((content: unknown) => void) | null = null;

  get(): boolean {
    return false;
  }

  on(_: string, handler: (content: unknown) => void): void {
    this.handler = handler;
  }

  off(): void {
    this.handler = null;
  }

  send(question: Record<string, unknown>): void {
    this.asked.push(question);
    void Promise.resolve().then(() => this.handler?.({ type: 'answer', token: question.token, ...this.answers(question) }));
  }
}

let kernel: Kernel;
let host: HTMLElement;
let close: () => void;

const settle = (ms = 400): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const rows = (): HTMLElement[] => [...host.querySelectorAll<HTMLElement>('.sq-tree-row')];
const key = (name: string): boolean =>
  host.querySelector('.sq-tree-list')!.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));

beforeEach(() => {
  vi.useFakeTimers();
  Element.prototype.scrollIntoView = () => {};
  kernel = new Kernel();
  kernel.answers = ({ type, parent }) =>
    type === 'nodes'
      ? parent === null
        ? { nodes: [node('cda', { id: 5, kind: 'folder', ref: null, has_children: true })], total: 1 }
        : { nodes: HOSTILE_TEXTS.map((text, i) => node(text, { id: 10 + i })), total: HOSTILE_TEXTS.length }
      : type === 'search'
        ? { hits: HOSTILE_TEXTS.map(text => node(text, { path: ['cda', text, text] })) }
        : type === 'status'
          ? { providers: { cda: { count: 1, refreshing: false, error: null } } }
          : { title: HOSTILE_TEXTS[0], unit: HOSTILE_TEXTS[1] };
  host = document.createElement('div');
  document.body.append(host);
  close = widget.render({ model: kernel as never, el: host });
});

afterEach(() => {
  close();
  host.remove();
  vi.useRealTimers();
});

describe('the tree of an output', () => {
  it('opens, walks and closes by keys, and shows hostile names as text', async () => {
    await settle();
    expect(rows()).toHaveLength(1);
    key('ArrowRight');
    await settle();
    expect(rows().map(row => row.querySelector('.sq-tree-name')!.textContent)).toEqual(['cda', ...HOSTILE_TEXTS]);
    for (let i = 0; i < HOSTILE_TEXTS.length; i++) {
      key('ArrowDown');
      await settle();
    }
    expect(rows().at(-1)!.getAttribute('aria-selected')).toBe('true');
    key('ArrowLeft');
    key('ArrowLeft');
    await settle();
    expect(rows()).toHaveLength(1);
    expect(host.querySelector('img, script, svg, iframe, a, style, math, b')).toBeNull();
    expect((window as unknown as { fired?: number }).fired).toBeUndefined();
  });

  it('adds a result to the panel of the page, or says that there is none', async () => {
    const input = host.querySelector('input')!;
    input.value = 'words';
    input.dispatchEvent(new Event('input'));
    await settle();
    expect(rows()).toHaveLength(HOSTILE_TEXTS.length);
    key('Enter');
    await settle();
    expect(host.querySelector('.sq-tree-count')!.textContent).toContain('no panel');
    const panel = document.createElement('div');
    panel.className = 'sciqlop-panel';
    panel.getClientRects = () => [{}] as unknown as DOMRectList;
    document.body.append(panel);
    const added = vi.fn();
    panel.addEventListener('sciqlop:add-product', event => added((event as CustomEvent).detail));
    key('Enter');
    await settle();
    panel.remove();
    const { payload } = added.mock.calls[0]![0] as { payload: string };
    expect(JSON.parse(payload)).toMatchObject({ products: [{ id: `cda/${HOSTILE_TEXTS[0]}` }] });
    expect(MIME_PRODUCT).toContain('product');
    expect(host.querySelector('img, script, svg, iframe')).toBeNull();
  });

  it('says what the kernel refuses, and that it is gone', async () => {
    kernel.answers = () => ({ error: HOSTILE_TEXTS[0] });
    const input = host.querySelector('input')!;
    input.value = 'type:';
    input.dispatchEvent(new Event('input'));
    await settle();
    expect(host.querySelector('.sq-tree-count')!.textContent).toBe(HOSTILE_TEXTS[0]);
    kernel.send = () => {
      throw new Error('closed');
    };
    input.dispatchEvent(new Event('input'));
    await settle();
    expect(host.querySelector('.sq-tree-count')!.textContent).toContain('gone');
  });
});
