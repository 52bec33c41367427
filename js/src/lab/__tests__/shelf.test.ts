import type { IStateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { WrittenSettings } from '../api';
import { localNode, type LocalNode } from '../branch';
import { getDataCode } from '../code';
import { coverageShare } from '../coverage';
import { DetailsView } from '../details';
import { readListing } from '../kernels';
import { TreeModel } from '../model';
import { firstProduct, keyOf, readFile, writeFile } from '../panelformat';
import { ProductBook } from '../products';
import { fromFile, SettingsBridge, toFile } from '../settings';
import { Shelf } from '../shelf';
import { TreeView } from '../tree';
import { leaf, smallTree } from './fake';
import { HOSTILE_TEXTS } from './hostile';

const trans = nullTranslator.load('sciqlop_lab');
const product = (name: string): { id: string; name: string; kind: string } => ({
  id: `cda/A/${name}`,
  name,
  kind: 'scalar'
});

class FakeState {
  value: unknown;
  fetch = (): Promise<unknown> => Promise.resolve(this.value);
  save = (_: string, value: unknown): Promise<void> => {
    this.value = JSON.parse(JSON.stringify(value));
    return Promise.resolve();
  };
}

const shelfOf = (state: FakeState): { shelf: Shelf; model: TreeModel } => {
  const model = new TreeModel(smallTree());
  return { shelf: new Shelf(model, state as unknown as IStateDB, trans), model };
};

describe('Shelf', () => {
  it('keeps favourites and what was used last, over sessions', async () => {
    const state = new FakeState();
    const { shelf } = shelfOf(state);
    shelf.toggle([product('x'), product('y')]);
    shelf.use([product('z'), { id: 'kernel/b', name: 'b', kind: 'scalar' }]);
    const { shelf: later, model } = shelfOf(state);
    await later.restore();
    expect(model.rows.map(row => row.node.name)).toEqual(['Favourites', 'x', 'y', 'Recent']);
    expect(later.recent).toEqual([product('z')]);
    later.toggle([product('x')]);
    expect(later.favourites).toEqual([product('y')]);
    later.clearRecent();
    expect(model.rows.map(row => row.node.name)).toEqual(['Favourites', 'y']);
  });

  it('takes from a damaged state what has the right shape', async () => {
    const state = new FakeState();
    state.value = { favourites: [1, null, { id: 'no-slash', name: 'n' }, product('x')], recent: 'no' };
    const { shelf } = shelfOf(state);
    await shelf.restore();
    expect(shelf.favourites).toEqual([product('x')]);
  });

  it('has the newest first, each once, and not too many', () => {
    const { shelf } = shelfOf(new FakeState());
    for (let i = 0; i < 30; i++) {
      shelf.use([product(`p${i % 25}`)]);
    }
    expect(shelf.recent).toHaveLength(20);
    expect(shelf.recent[0]!.name).toBe('p4');
    expect(new Set(shelf.recent.map(p => p.id)).size).toBe(20);
  });
});

describe('selection', () => {
  it('marks single rows and ranges', async () => {
    const model = new TreeModel(smallTree());
    await model.start();
    await model.expand(model.rows[0]!);
    await model.expand(model.rows[1]!);
    const names = (): string[] => model.selectedProducts.map(branch => branch.node.name);
    model.select(2);
    model.toggleMark(3);
    expect(names()).toEqual(['BGSEc', 'Magnitude']);
    model.toggleMark(2);
    expect(names()).toEqual(['Magnitude']);
    model.select(0);
    model.extendTo(3);
    expect(names()).toEqual(['BGSEc', 'Magnitude']);
    model.collapse(model.rows[1]!);
    expect([names(), model.selected!.node.name]).toEqual([[], 'ACE']);
    model.dispose();
  });

  it('stays open where it was when a section is replaced', () => {
    const model = new TreeModel(smallTree());
    const nodes = (...names: string[]): LocalNode[] => [
      localNode('a.ipynb', { kind: 'kernel', children: names.map(name => localNode(name)) })
    ];
    model.setSection('kernels', nodes(), 'after', () => true);
    model.setSection('kernels', nodes('x'), 'after', () => true);
    expect(model.rows).toHaveLength(2);
    model.collapse(model.rows[0]!);
    model.setSection('kernels', nodes('x', 'y'), 'after', () => true);
    expect(model.rows).toHaveLength(1);
    model.dispose();
  });
});

describe('hostile names', () => {
  const widgets: Widget[] = [];
  afterEach(() => {
    widgets.splice(0).forEach(widget => widget.dispose());
    vi.unstubAllGlobals();
  });

  it.each(HOSTILE_TEXTS)('shows %s as text', async text => {
    vi.stubGlobal('ResizeObserver', class { observe(): void {} disconnect(): void {} });
    const inventory = smallTree();
    const hit = leaf(9, text, { ref: `cda/${text}`, title: text, unit: text });
    inventory.tree.set(1, [hit]);
    inventory.product = ref =>
      Promise.resolve({
        ref, name: text, kind: 'vector', title: text, unit: text, path: [text], coverage: null,
        cadence: null, meta: { [text]: text },
        about: { citation: text, rules_of_use: text, links: [text, 'javascript:fired=1'] }
      });
    const model = new TreeModel(inventory);
    const view = new TreeView(model, trans);
    const details = new DetailsView(model, new ProductBook(inventory), trans, []);
    Object.defineProperty(view.node, 'clientHeight', { value: 480 });
    for (const widget of [view, details]) {
      Widget.attach(widget, document.body);
      widgets.push(widget);
    }
    await model.start();
    await model.expand(model.rows[0]!);
    model.select(1);
    await new Promise(resolve => setTimeout(resolve, 120));
    expect(view.node.textContent).toContain(text);
    expect(details.node.textContent).toContain(text);
    void model.setQuery('x');
    inventory.pendingSearches[0]!.resolve({ hits: [{ ...hit, path: ['cda', text], score: 1 }], took_ms: 1 });
    await new Promise(resolve => setTimeout(resolve, 40));
    MessageLoop.flush();
    expect(view.node.textContent).toContain(text);
    for (const node of [view.node, details.node]) {
      expect(node.querySelector('img, script, svg, iframe, style, math, b')).toBeNull();
      expect([...node.querySelectorAll('a')].every(a => /^https?:/.test(a.href))).toBe(true);
    }
    expect((window as unknown as { fired?: number }).fired).toBeUndefined();
    const range = { start: 'a', stop: 'b' };
    expect(getDataCode([`cda/${text}`], [range]).split('\n')).toHaveLength(3);
    model.dispose();
  });
});

describe('settings', () => {
  const written: WrittenSettings = {
    values: { cache_size: 5e9, offline: false, timeout: 60, disabled_providers: [] },
    sources: { cache_size: 'file', offline: 'environment', timeout: 'default', disabled_providers: 'default' },
    file: '/home/me/settings.toml'
  };
  const chosen = { cacheSize: 8, offline: true, timeout: 60, disabledProviders: ['csa'] };

  it('sends what differs from the file, and nothing that the environment decides', () => {
    expect(fromFile(written).cacheSize).toBe(5);
    expect(toFile(key => chosen[key as keyof typeof chosen], written)).toEqual({
      cache_size: 8e9,
      disabled_providers: ['csa']
    });
    expect(toFile(() => undefined, written)).toEqual({});
  });

  it('shows in the editor what the environment decides', async () => {
    const plugin = {
      schema: { properties: { offline: { description: 'No network.' }, cacheSize: {} } }
    } as unknown as ISettingRegistry.IPlugin;
    const settings = { user: { offline: true }, remove: vi.fn(), changed: { connect: vi.fn() } };
    const registry = {
      transform: (_: string, { fetch }: { fetch: (p: unknown) => unknown }) => fetch(plugin),
      load: () => Promise.resolve(settings)
    } as unknown as ISettingRegistry;
    const server = { settings: () => Promise.resolve(written), change: vi.fn() };
    await new SettingsBridge(server, trans, () => {}).connect(registry, 'p', () => {});
    const { offline, cacheSize } = plugin.schema.properties!;
    expect(offline!.readOnly).toBe(true);
    expect(offline!.description).toContain('SPZ_OFFLINE');
    expect(cacheSize!.default).toBe(5);
    expect(settings.remove).toHaveBeenCalledWith('offline');
  });
});

describe('panel files', () => {
  const spec = '{"plots":[{"graphs":[{"product":"cda/A/b"}]}]}';

  it('are read as they were written', () => {
    expect(readFile(writeFile(spec), trans)).toBe(spec);
    expect(readFile('  \n', trans)).toBeNull();
    expect(() => readFile('{', trans)).toThrow('not JSON');
    expect(() => readFile('[1]', trans)).toThrow('not a SciQLop panel');
    expect(() => readFile('{"sciqlop_panel": 2, "spec": {}}', trans)).toThrow();
    expect([firstProduct(spec), firstProduct('{}')]).toEqual(['cda/A/b', null]);
  });

  it('have names that a kernel takes', () => {
    expect(keyOf('a/ü.sciqlop.json')).toMatch(/^[0-9a-f]{8}$/);
    expect(keyOf('a')).not.toBe(keyOf('b'));
  });
});

describe('coverage', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  it('has a place on the bar, however short', () => {
    const share = coverageShare({ start: '2015-01-01T00:00:00Z', stop: '2015-01-02T00:00:00Z' }, now)!;
    expect([share.from, share.to]).toEqual([1990, 2027]);
    expect(share.width).toBeGreaterThan(1);
    expect(share.left + share.width).toBeLessThanOrEqual(100);
    const old = coverageShare({ start: '1964-01-01', stop: '2100-01-01' }, now)!;
    expect([old.from, old.to]).toEqual([1960, 2047]);
    expect(coverageShare({ start: 'x', stop: 'y' }, now)).toBeNull();
  });
});

describe('listing of a kernel', () => {
  it('takes what has the right shape', () => {
    const entry = { ref: 'kernel/b', name: 'b', kind: 'vector', title: '', unit: 'nT' };
    const text = JSON.stringify({ variables: [entry, 3, { name: 'x' }], products: 'no' });
    expect(readListing(text)).toEqual({ variables: [entry], products: [] });
  });
});
