import { afterEach, describe, expect, it, vi } from 'vitest';

import { TreeModel, type TreeChange } from '../model';
import { FakeInventory, leaf, record, smallTree } from './fake';

const models: TreeModel[] = [];

async function started(inventory: FakeInventory): Promise<TreeModel> {
  const model = new TreeModel(inventory);
  models.push(model);
  await model.start();
  return model;
}

const names = (model: TreeModel): string[] =>
  model.rows.map(row => '.'.repeat(row.level - 1) + row.node.name);

afterEach(() => {
  for (const model of models.splice(0)) {
    model.dispose();
  }
});

describe('TreeModel', () => {
  it('shows the providers before anything is opened', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    expect(names(model)).toEqual(['cda']);
    expect(inventory.asked).toEqual([[null, 0]]);
  });

  it('asks for children once and keeps them over a collapse', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    await model.expand(model.rows[0]!);
    await model.expand(model.rows[1]!);
    expect(names(model)).toEqual(['cda', '.ACE', '..BGSEc', '..Magnitude', '.WIND']);
    model.collapse(model.rows[0]!);
    expect(names(model)).toEqual(['cda']);
    await model.expand(model.rows[0]!);
    expect(names(model)).toEqual(['cda', '.ACE', '..BGSEc', '..Magnitude', '.WIND']);
    expect(inventory.asked).toEqual([
      [null, 0],
      [1, 0],
      [2, 0]
    ]);
  });

  it('moves the selection to the branch that hides it', async () => {
    const model = await started(smallTree());
    await model.expand(model.rows[0]!);
    await model.expand(model.rows[1]!);
    model.select(3);
    expect(model.selected?.node.name).toBe('Magnitude');
    model.collapse(model.rows[1]!);
    expect(model.selected?.node.name).toBe('ACE');
    expect(model.selectedIndex).toBe(1);
  });

  it('says why a branch failed and tries again when asked', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    inventory.fail = 'HTTP 503';
    await model.expand(model.rows[0]!);
    expect(model.rows[0]).toMatchObject({ state: 'error', error: 'HTTP 503', expanded: false });
    inventory.fail = null;
    await model.expand(model.rows[0]!);
    expect(model.rows[0]).toMatchObject({ state: 'idle', expanded: true });
  });

  it('reads a branch of 100,000 children in pages', async () => {
    const children = Array.from({ length: 100_000 }, (_, i) => leaf(i + 10, `p${i}`));
    const inventory = new FakeInventory(
      new Map([
        [null, [record(1, 'cda')]],
        [1, children]
      ])
    );
    const model = await started(inventory);
    const begin = performance.now();
    await model.expand(model.rows[0]!);
    expect(model.rows).toHaveLength(100_001);
    expect(model.rows.at(-1)!.node.name).toBe('p99999');
    expect(inventory.asked).toHaveLength(21);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it('does not ask forever when the count is wrong', async () => {
    const inventory = smallTree();
    inventory.nodes = (parent, offset) =>
      Promise.resolve({
        nodes: parent === null ? [record(1, 'cda')] : offset ? [] : [leaf(2, 'only')],
        total: 7
      });
    const model = await started(inventory);
    await model.expand(model.rows[0]!);
    expect(names(model)).toEqual(['cda', '.only']);
  });

  it('opens again what was open when the inventory changed', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    await model.expand(model.rows[0]!);
    await model.expand(model.rows[1]!);
    model.select(2);
    inventory.tree.set(1, [record(7, 'AAA'), record(8, 'ACE')]);
    inventory.tree.set(8, [leaf(9, 'BGSEc')]);
    await model.refresh('cda');
    expect(names(model)).toEqual(['cda', '.AAA', '.ACE', '..BGSEc']);
    expect(model.selected?.node.id).toBe(9);
  });

  it('leaves the tree alone when nothing changed', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    await model.start();
    expect(inventory.asked).toHaveLength(1);
  });

  it('asks once when it is shown while it starts', async () => {
    const inventory = smallTree();
    const model = new TreeModel(inventory);
    models.push(model);
    await Promise.all([model.start(), model.start()]);
    expect(inventory.asked).toEqual([[null, 0]]);
  });

  it('looks again soon while a provider loads, and not at all when nobody looks', async () => {
    vi.useFakeTimers();
    try {
      const inventory = smallTree();
      inventory.refreshing = true;
      const asked = vi.spyOn(inventory, 'status');
      await started(inventory);
      await vi.advanceTimersByTimeAsync(1600);
      expect(asked).toHaveBeenCalledTimes(2);
      inventory.refreshing = false;
      await vi.advanceTimersByTimeAsync(1600);
      expect(asked).toHaveBeenCalledTimes(3);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(asked).toHaveBeenCalledTimes(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says that the server is away and keeps what it shows', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    const changes: TreeChange[] = [];
    model.changed.connect((_, change) => changes.push(change));
    inventory.status = () => Promise.reject(new Error('Failed to fetch'));
    await model.start();
    expect(model.statusError).toBe('Failed to fetch');
    expect(changes).toEqual(['status']);
    expect(names(model)).toEqual(['cda']);
  });
});

describe('search', () => {
  const hit = (name: string) => ({
    ...leaf(40, name),
    path: ['cda', 'ACE', name],
    score: 1
  });

  it('shows ranked results and goes back to the tree', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    const done = model.setQuery('  bgse ');
    expect(model.search).toMatchObject({ query: 'bgse', busy: true });
    inventory.pendingSearches[0]!.resolve({ hits: [hit('BGSEc')], took_ms: 3 });
    await done;
    expect(model.searching).toBe(true);
    expect(model.rows.map(row => row.node.name)).toEqual(['BGSEc']);
    expect(model.rows[0]!.plottable).toBe(true);
    await model.setQuery('');
    expect(model.searching).toBe(false);
    expect(names(model)).toEqual(['cda']);
  });

  it('drops an answer that a newer query has overtaken', async () => {
    const inventory = smallTree();
    const model = await started(inventory);
    const first = model.setQuery('b');
    const second = model.setQuery('bg');
    inventory.pendingSearches[1]!.resolve({ hits: [hit('new')], took_ms: 1 });
    await second;
    inventory.pendingSearches[0]!.resolve({ hits: [hit('old')], took_ms: 1 });
    await first;
    expect(model.rows.map(row => row.node.name)).toEqual(['new']);
  });

  it('shows where a found node lies in the tree', async () => {
    const model = await started(smallTree());
    await model.reveal(['cda', 'ACE', 'Magnitude']);
    expect(names(model)).toEqual(['cda', '.ACE', '..BGSEc', '..Magnitude', '.WIND']);
    expect(model.selected?.node.name).toBe('Magnitude');
  });
});
