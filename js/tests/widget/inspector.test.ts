import { describe, expect, it, vi } from 'vitest';

import type { PlotState } from '../../src/core/plot';
import { moveCommand } from '../../src/widget/inspector';
import { pairField, numberField, parseNumber, textField } from '../../src/widget/inspectorfields';
import { withColor } from '../../src/widget/inspectorforms';
import { InspectorTree } from '../../src/widget/inspectortree';
import type { TreeItem } from '../../src/widget/inspectortree';

const type = (node: HTMLElement, field: string, text: string): void => {
  const input = node.querySelector<HTMLInputElement>(`[data-field="${field}"]`)!;
  input.value = text;
  input.dispatchEvent(new Event('change'));
};
const error = (node: HTMLElement): string => node.querySelector('.sq-field-error')!.textContent!;

describe('numbers as people write them', () => {
  it.each([
    ['1e-3', 0.001], ['−5', -5], ['2,5', 2.5], [' .5 ', 0.5], ['+1E3', 1000], ['', null], ['7.', 7],
    ['1,000,000', NaN], ['0x10', NaN], ['1e999', NaN], ['NaN', NaN], ['Infinity', NaN], ['1 2', NaN], ['<b>', NaN]
  ])('%s', (text, value) => {
    expect(parseNumber(text)).toEqual(value);
  });
});

describe('a field', () => {
  it('says what is wrong beside it, and sends nothing', () => {
    const sent = vi.fn();
    const node = numberField('w', 'Width', null, 'thin', { low: 0.5, high: 20 }, sent);
    type(node, 'w', '50');
    expect(error(node)).toBe('Write a number from 0.5 to 20, or nothing');
    const input = node.querySelector('input')!;
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(input.getAttribute('aria-describedby')).toBe(node.querySelector('.sq-field-error')!.id);
    expect(sent).not.toHaveBeenCalled();
    type(node, 'w', '');
    expect(sent).toHaveBeenLastCalledWith(null);
    expect(error(node)).toBe('');
    expect(input.hasAttribute('aria-invalid')).toBe(false);
  });

  it('of two numbers takes the missing one from what is shown', () => {
    const sent = vi.fn();
    const check = ([a, b]: [number, number]): string | null => (a === b ? 'same' : null);
    const node = pairField('r', 'Limits', null, [-2, 8], check, sent);
    type(node, 'r.0', '0');
    expect(sent).toHaveBeenLastCalledWith([0, 8]);
    type(node, 'r.1', 'x');
    expect(error(node)).toContain('two numbers');
    type(node, 'r.1', '0');
    expect(error(node)).toBe('same');
    type(node, 'r.0', '');
    type(node, 'r.1', '');
    expect(sent).toHaveBeenLastCalledWith(null);
    expect(sent).toHaveBeenCalledTimes(3);
  });

  it('has hostile text as text', () => {
    const node = textField('t', '<img src=x>', '"><script>', '<b>', () => undefined);
    expect(node.querySelector('img, script, b')).toBeNull();
    expect(node.querySelector('input')!.value).toBe('"><script>');
  });
});

describe('colours of components', () => {
  it('are set one by one and given back', () => {
    expect(withColor(null, 1, '#112233')).toEqual([null, '#112233']);
    expect(withColor(['red', '#112233'], 1, null)).toEqual(['red']);
    expect(withColor(['red'], 0, null)).toBeNull();
  });
});

const plot = (id: string, graphs: string[]): PlotState => ({ id, spec: { graphs: graphs.map(one => ({ id: one })) } }) as unknown as PlotState;

describe('a step up or down', () => {
  const [a, b] = [plot('p1', ['g1', 'g2']), plot('p2', ['g3'])];
  const plots = [a, b];
  const item = (of: PlotState, graph?: string, column?: string): TreeItem => ({ key: '', level: 1, label: '', parent: null, plot: of, graph, column });

  it('goes to the next place, over the edge to the next plot, and ends at the ends', () => {
    expect(moveCommand({ plots }, item(a), 1)).toEqual({ op: 'move_plot', plot: 'p1', index: 1 });
    expect(moveCommand({ plots }, item(a), -1)).toBeNull();
    expect(moveCommand({ plots }, item(a, 'g1'), 1)).toEqual({ op: 'move_graph', plot: 'p1', graph: 'g1', to: 'p1', index: 1 });
    expect(moveCommand({ plots }, item(a, 'g2'), 1)).toEqual({ op: 'move_graph', plot: 'p1', graph: 'g2', to: 'p2', index: 0 });
    expect(moveCommand({ plots }, item(b, 'g3'), -1)).toEqual({ op: 'move_graph', plot: 'p2', graph: 'g3', to: 'p1', index: null });
    expect(moveCommand({ plots }, item(b, 'g3'), 1)).toBeNull();
    expect(moveCommand({ plots }, item(b, 'g3', 'x'), -1)).toBeNull();
  });
});

describe('the tree', () => {
  const items = (...keys: [string, number, string | null][]): TreeItem[] => keys.map(([key, level, parent]) => ({ key, level, label: `<b>${key}`, parent }));
  const make = () => {
    const actions = { select: vi.fn(), edit: vi.fn(), remove: vi.fn(), move: vi.fn() };
    const tree = new InspectorTree(actions);
    document.body.replaceChildren(tree.node);
    tree.update(items(['panel', 1, null], ['a', 2, 'panel'], ['a1', 3, 'a'], ['a2', 3, 'a'], ['b', 2, 'panel']));
    const press = (key: string, altKey = false): void => {
      const row = tree.node.querySelector('[aria-selected="true"]')!;
      row.dispatchEvent(new KeyboardEvent('keydown', { key, altKey, bubbles: true, cancelable: true }));
    };
    return { tree, actions, press };
  };
  const rows = (): (string | undefined)[] => [...document.querySelectorAll<HTMLElement>('[role=treeitem]')].map(row => row.dataset.key);

  it('is worked by keys', () => {
    const { tree, actions, press } = make();
    press('ArrowDown');
    press('ArrowDown');
    expect(tree.selected).toBe('a1');
    press('ArrowLeft');
    press('ArrowLeft');
    expect([tree.selected, rows()]).toEqual(['a', ['panel', 'a', 'b']]);
    press('ArrowRight');
    press('ArrowRight');
    expect(tree.selected).toBe('a1');
    press('Delete');
    expect(actions.remove.mock.lastCall![0]).toMatchObject({ key: 'a1' });
    press('ArrowDown', true);
    expect(actions.move.mock.lastCall![1]).toBe(1);
    press('Enter');
    expect(actions.edit).toHaveBeenCalledOnce();
    press('End');
    expect(tree.selected).toBe('b');
    expect(document.querySelectorAll('[role=treeitem][tabindex="0"]')).toHaveLength(1);
    expect(document.querySelector('b')).toBeNull();
  });

  it('selects a neighbour of what is gone, and shows what hides the selected', () => {
    const { tree, press } = make();
    tree.select('a1');
    tree.update(items(['panel', 1, null], ['a', 2, 'panel'], ['a2', 3, 'a'], ['b', 2, 'panel']));
    expect(tree.selected).toBe('a2');
    tree.update(items(['panel', 1, null], ['a', 2, 'panel'], ['b', 2, 'panel']));
    expect(tree.selected).toBe('a');
    tree.update(items(['panel', 1, null]));
    expect(tree.selected).toBe('panel');
    press('ArrowDown');
    expect(tree.selected).toBe('panel');
  });
});
