import { Widget } from '@lumino/widgets';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { SearchField, SearchHit } from '../api';
import { complete } from '../completion';
import { filteredTree } from '../filtered';
import { TreeModel } from '../model';
import { SearchBox } from '../search';
import { leaf, smallTree } from './fake';
import { HOSTILE_TEXTS } from './hostile';

const trans = nullTranslator.load('sciqlop_lab');
const values = (...names: string[]): SearchField['values'] =>
  names.map(value => ({ value, title: '' }));
const FIELDS: SearchField[] = [
  { name: 'provider', values: [{ value: 'cda', title: 'CDAWeb' }, ...values('amda')] },
  { name: 'type', values: values('scalar', 'vector') },
  { name: 'unit', values: values('nT', 'km s^-1', ...HOSTILE_TEXTS) },
  { name: 'after', values: [] }
];

describe('complete', () => {
  const labels = (text: string, cursor = text.length, all = false): string[] =>
    complete(text, cursor, FIELDS, all).items.map(item => item.label);

  it('begins with two letters, or when it is asked', () => {
    expect(labels('p')).toEqual([]);
    expect(labels('pr')).toEqual(['provider:']);
    expect(labels('', 0, true)).toEqual(['provider:', 'type:', 'unit:', 'after:']);
    expect(labels('mms ')).toEqual([]);
    expect(labels('mms ', 4, true)).toHaveLength(4);
  });

  it('gives values, those that begin so first', () => {
    expect(labels('type:')).toEqual(['scalar', 'vector']);
    expect(labels('provider:da')).toEqual(['cda', 'amda'].sort((a, b) => a.indexOf('da') - b.indexOf('da')));
    expect(labels('nofield:x')).toEqual([]);
    expect(labels('after:2')).toEqual([]);
  });

  it('replaces the word under the cursor, blanks in quotes', () => {
    const found = complete('mms1 unit:k b', 11, FIELDS);
    expect([found.from, found.to]).toEqual([5, 11]);
    expect(found.items[0]!.insert).toBe('unit:"km s^-1" ');
    const again = complete('unit:"km s" x', 11, FIELDS);
    expect([again.from, again.to]).toEqual([0, 11]);
    expect(again.items.map(item => item.label)).toContain('km s^-1');
  });
});

describe('filteredTree', () => {
  const hit = (id: number, ...path: string[]): SearchHit => ({
    ...leaf(id, path.at(-1)!),
    path,
    score: 1
  });

  it('has each hit once, at its place, open', () => {
    const roots = filteredTree(
      [hit(1, 'cda', 'ACE', 'b'), hit(2, 'amda', 'x'), hit(3, 'cda', 'ACE', 'c')],
      name => name.toUpperCase()
    );
    expect(roots.map(root => [root.node.name, root.node.title])).toEqual([
      ['cda', 'CDA'],
      ['amda', 'AMDA']
    ]);
    const ace = roots[0]!.children![0]!;
    expect(ace.expanded && roots[0]!.expanded).toBe(true);
    expect(ace.children!.map(child => [child.node.name, child.level, child.position])).toEqual([
      ['b', 3, 1],
      ['c', 3, 2]
    ]);
    expect(ace.total).toBe(2);
  });
});

describe('SearchBox', () => {
  let box: SearchBox;
  let input: HTMLInputElement;

  beforeEach(() => {
    vi.useFakeTimers();
    box = new SearchBox(new TreeModel(smallTree()), trans, () => Promise.resolve(FIELDS));
    Widget.attach(box, document.body);
    input = box.node.querySelector('input')!;
    input.focus();
  });

  afterEach(() => {
    box.dispose();
    vi.useRealTimers();
  });

  const options = (): HTMLElement[] =>
    Array.from(box.node.querySelectorAll<HTMLElement>('[role=option]'));
  const press = (key: string, more: KeyboardEventInit = {}): boolean =>
    input.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
    );
  const type = async (text: string): Promise<void> => {
    input.value = text;
    input.setSelectionRange(text.length, text.length);
    input.dispatchEvent(new Event('input'));
    await vi.advanceTimersByTimeAsync(1);
  };

  it('is a combobox that keys drive', async () => {
    press(' ', { ctrlKey: true });
    await vi.advanceTimersByTimeAsync(1);
    expect(options()).toHaveLength(4);
    expect(input.getAttribute('aria-expanded')).toBe('true');
    press('ArrowDown');
    press('ArrowDown');
    expect(input.getAttribute('aria-activedescendant')).toBe(options()[1]!.id);
    press('ArrowUp');
    expect(options()[0]!.getAttribute('aria-selected')).toBe('true');
    expect(press('Enter')).toBe(false);
    expect(input.value).toBe('provider:');
    await vi.advanceTimersByTimeAsync(1);
    expect(options().map(option => option.textContent)).toContain('cdaCDAWeb');
    press('Tab');
    expect(input.value).toBe('provider:cda ');
  });

  it('lets Enter go to the results while nothing is chosen, and Escape close the list alone', async () => {
    await type('pr');
    expect(options()).toHaveLength(1);
    press('Escape');
    expect(options()).toHaveLength(0);
    expect(input.value).toBe('pr');
    press('Escape');
    expect(input.value).toBe('');
  });

  it('shows hostile values as text', async () => {
    await type('unit:');
    const shown = options().map(option => option.querySelector('span')!.textContent);
    for (const text of HOSTILE_TEXTS) {
      expect(shown).toContain(text);
    }
    expect(box.node.querySelector('img, script, svg, iframe, a')).toBeNull();
  });
});
