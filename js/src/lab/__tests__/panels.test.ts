import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ProductDetails, Status } from '../api';
import { DetailsView } from '../details';
import { formatAge, formatCadence, formatTime } from '../format';
import { pythonSpec } from '../kernelspec';
import { TreeModel } from '../model';
import { Notices } from '../notices';
import { ProductBook } from '../products';
import { SearchBox } from '../search';
import { smallTree, type FakeInventory } from './fake';

const trans = nullTranslator.load('sciqlop_lab');
const HOSTILE = '<img src=x onerror="window.fired=1"><script>window.fired=1</script>';

let inventory: FakeInventory;
let model: TreeModel;
const attached: Widget[] = [];

function show<T extends Widget>(widget: T): T {
  Widget.attach(widget, document.body);
  attached.push(widget);
  return widget;
}

beforeEach(async () => {
  inventory = smallTree();
  model = new TreeModel(inventory);
  await model.start();
  await model.expand(model.rows[0]!);
  await model.expand(model.rows[1]!);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  for (const widget of attached.splice(0)) {
    widget.dispose();
  }
  model.dispose();
});

describe('DetailsView', () => {
  const details: ProductDetails = {
    ref: 'cda/DATASET/BGSEc',
    name: 'BGSEc',
    kind: 'vector',
    title: HOSTILE,
    unit: 'nT',
    path: ['cda', 'ACE', 'BGSEc'],
    coverage: { start: '2023-01-02T00:00:00.000000000Z', stop: '2023-01-03T00:00:00.500000000Z' },
    cadence: 16,
    about: {}, meta: { CATDESC: HOSTILE, [HOSTILE]: [1, 2], EMPTY: null }
  };

  it('says what a product is, as text', async () => {
    inventory.product = () => Promise.resolve(details);
    const run = vi.fn();
    const view = show(
      new DetailsView(model, new ProductBook(inventory), trans, [
        { label: 'Add', caption: 'add', run }
      ])
    );
    model.select(2);
    await vi.advanceTimersByTimeAsync(200);
    const text = view.node.textContent!;
    expect(text).toContain(HOSTILE);
    expect(text).toContain('2023-01-03 00:00:00.5');
    expect(text).toContain('16 s');
    expect(text).toContain('cda/DATASET/BGSEc');
    expect(view.node.querySelector('img, script')).toBeNull();
    expect((window as unknown as { fired?: number }).fired).toBeUndefined();
    view.node.querySelector('button')!.click();
    expect(run).toHaveBeenCalledOnce();
  });

  it('asks for nothing while the selection runs past', async () => {
    const asked = vi.spyOn(inventory, 'product');
    show(new DetailsView(model, new ProductBook(inventory), trans, []));
    for (const row of [2, 3, 2, 3]) {
      model.select(row);
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(asked.mock.calls).toEqual([['cda/DATASET/Magnitude']]);
  });

  it("says how a provider's inventory stands, and follows it", async () => {
    const view = show(new DetailsView(model, new ProductBook(inventory), trans, []));
    model.select(0);
    expect(view.node.textContent).toContain('Products3');
    expect(view.node.textContent).toContain('10 s ago');
    inventory.status = async () => {
      const status = await smallTree().status();
      status.providers.cda!.error = 'no route';
      return status;
    };
    await model.start();
    expect(view.node.textContent).toContain('no route');
  });

  it('says why it knows nothing', async () => {
    const view = show(new DetailsView(model, new ProductBook(inventory), trans, []));
    model.select(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(view.node.querySelector('.sqlab-details-error')!.textContent).toContain('nothing is known');
  });
});

describe('SearchBox', () => {
  const type = (box: SearchBox, text: string): void => {
    const input = box.node.querySelector('input')!;
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };

  it('asks when the typing pauses', async () => {
    const box = show(new SearchBox(model, trans));
    for (const text of ['b', 'bg', 'bgs']) {
      type(box, text);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(inventory.pendingSearches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(150);
    expect(inventory.pendingSearches.map(s => s.query)).toEqual(['bgs']);
    inventory.pendingSearches[0]!.resolve({ hits: [], took_ms: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(box.node.querySelector('.sqlab-search-count')!.textContent).toBe('0 results');
  });

  it('is left by Escape', async () => {
    const box = show(new SearchBox(model, trans));
    type(box, 'b');
    await vi.advanceTimersByTimeAsync(200);
    inventory.pendingSearches[0]!.resolve({ hits: [], took_ms: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(model.searching).toBe(true);
    const input = box.node.querySelector('input')!;
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(input.value).toBe('');
    expect(model.searching).toBe(false);
  });
});

describe('Notices', () => {
  const broken = async (): Promise<Status> => {
    const status = await smallTree().status();
    status.providers.cda = {
      ...status.providers.cda!,
      age: 7300,
      error: `no route ${HOSTILE}`
    };
    return status;
  };

  it('says what is wrong and how old the tree is, and tries again', async () => {
    const notices = show(new Notices(model, trans));
    expect(notices.isHidden).toBe(true);
    inventory.status = broken;
    await model.start();
    expect(notices.isHidden).toBe(false);
    expect(notices.node.textContent).toContain('showing what was known 2 h ago');
    expect(notices.node.textContent).toContain(HOSTILE);
    expect(notices.node.querySelector('img')).toBeNull();
    const refresh = vi.spyOn(inventory, 'refresh').mockImplementation(() => smallTree().status());
    notices.node.querySelector('button')!.click();
    await vi.advanceTimersByTimeAsync(0);
    expect(refresh).toHaveBeenCalledWith('cda');
    expect(notices.isHidden).toBe(true);
  });
});

describe('pythonSpec', () => {
  const spec = (name: string, language: string) => ({
    name,
    language,
    display_name: name,
    argv: [],
    resources: {}
  });

  it("takes the server's default when it is Python, else the first Python", () => {
    const kernelspecs = { r: spec('r', 'R'), a: spec('a', 'python'), b: spec('b', 'python') };
    expect(pythonSpec({ default: 'b', kernelspecs })).toBe('b');
    expect(pythonSpec({ default: 'r', kernelspecs })).toBe('a');
    expect(pythonSpec({ default: 'r', kernelspecs: { r: kernelspecs.r } })).toBeNull();
    expect(pythonSpec(null)).toBeNull();
  });
});

describe('formats', () => {
  it('writes what people read', () => {
    expect(formatAge(93_784)).toBe('1 d');
    expect(formatAge(0.2)).toBe('0 s');
    expect(formatCadence(4.5)).toBe('4.5 s');
    expect(formatCadence(1 / 128)).toBe('7.813 ms (128 Hz)');
    expect(formatCadence(3600)).toBe('1 h');
    expect(formatTime('2023-01-02T00:00:00.000000000Z')).toBe('2023-01-02 00:00:00');
  });
});
