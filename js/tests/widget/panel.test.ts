import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { PanelSpec, ToKernel } from '../../src/protocol';
import widget from '../../src/widget/index';
import type { PanelModel } from '../../src/widget/model';
import { record } from '../marks/recorder';

type Handler = (...args: unknown[]) => void;

class Model {
  sent: ToKernel[] = [];
  handlers = new Map<string, Handler[]>();
  constructor(public spec: PanelSpec) {}
  first: object | undefined;
  get(name: string): unknown {
    return name === 'first' ? this.first : this.spec;
  }
  on(event: string, handler: Handler): void {
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
  }
  off(event: string, handler?: Handler): void {
    this.handlers.set(event, (this.handlers.get(event) ?? []).filter(h => h !== handler));
  }
  send(content: unknown): void {
    this.sent.push(content as ToKernel);
  }
  emit(event: string, ...args: unknown[]): void {
    (this.handlers.get(event) ?? []).forEach(handler => handler(...args));
  }
  /** Answer the newest view request with `item` for graph g1. */
  answer(item: object, buffers: DataView[] = []): void {
    const view = this.sent.filter(m => m.type === 'view').at(-1)!;
    const { gen, start, stop } = view;
    const items = [{ graph: 'g1', plot: 'p1', label: 'B', gaps: [], ...item }];
    this.emit('msg:custom', { v: 3, type: 'tiles', view: view.view, gen, start, stop, items, pending: [] }, buffers);
  }
}

const spec = (start = '1546441200000000000', stop = '1546466400000000000', plots = 1): PanelSpec => ({
  version: 1,
  title: '',
  time_range: { start, stop },
  plots: Array.from({ length: plots }, (_, i) => ({
    id: `p${i + 1}`, height: 1, y: { label: null, log: null, range: null }, z: { label: null, log: null, range: null, colormap: 'viridis' },
    graphs: [{ id: `g${i + 1}`, product: 'cda/a/b', kind: 'auto', label: null, colors: null, hidden: [] }]
  }))
});

let resize: () => void = () => undefined;
let model: Model;
let dispose: () => void;
let width = 0;
const root = (): HTMLElement => document.querySelector<HTMLElement>('.sciqlop-panel')!;
const frame = (): void => {
  vi.advanceTimersByTime(20);
};
const open = (s: PanelSpec): void => {
  model = new Model(s);
  const el = document.createElement('div');
  document.body.append(el);
  dispose = widget.render({ model: model as unknown as PanelModel, el });
  resize();
  frame();
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'requestAnimationFrame', 'cancelAnimationFrame', 'performance'] });
  width = 800;
  vi.stubGlobal('ResizeObserver', class {
    constructor(run: () => void) {
      resize = run;
    }
    observe(): void {
      // Sizes are reported by the test.
    }
    disconnect(): void {
      // As above.
    }
  });
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockImplementation(() => width);
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockImplementation((() => record().surface) as never);
});
afterEach(() => {
  dispose();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a panel', () => {
  it('says hello and asks for its view once it has a size', () => {
    width = 0;
    open(spec());
    expect(model.sent.map(m => m.type)).toEqual(['hello']);
    width = 800;
    resize();
    expect(model.sent.at(-1)).toMatchObject({ type: 'view', gen: 1, start: '1546441200000000000' });
    expect(root().dataset.state).toBe('pending');
  });

  it('zooms to the box that the plain mouse mode draws', () => {
    document.documentElement.dataset.sciqlopMouse = 'plain';
    open(spec());
    model.answer({ status: 'empty', message: '' });
    frame();
    const stage = root().querySelector<HTMLElement>('.sq-stage')!;
    const box = root().querySelector<HTMLElement>('.sq-box')!;
    stage.setPointerCapture = vi.fn();
    const pointer = (type: string, x: number, y: number): void => {
      const event = new MouseEvent(type, { clientX: x, clientY: y, bubbles: true, button: 0 });
      stage.dispatchEvent(Object.assign(event, { pointerId: 1 }));
    };
    const [start, stop] = [BigInt(root().dataset.start!), BigInt(root().dataset.stop!)];
    pointer('pointerdown', 300, 60);
    pointer('pointermove', 500, 160);
    expect(box.hidden).toBe(false);
    expect(box.style.width).toBe('200px');
    pointer('pointerup', 500, 160);
    frame();
    delete document.documentElement.dataset.sciqlopMouse;
    expect(box.hidden).toBe(true);
    expect(BigInt(root().dataset.start!) > start && BigInt(root().dataset.stop!) < stop).toBe(true);
    const sent = model.sent.flatMap(m => (m.type === 'command' ? [m.command] : []));
    // One step to undo.
    const commands = sent.flatMap(c => (c.op === 'several' ? c.commands : []));
    expect([sent.length, ...commands.map(c => c.op)]).toEqual([1, 'set_axis', 'set_time_range']);
    const { range } = commands[0] as unknown as { range: [number, number] };
    expect(range[0]).toBeGreaterThan(-1);
    expect(range[1]).toBeLessThan(1);
  });

  it('shows an empty range in words', () => {
    open(spec());
    model.answer({ status: 'empty', message: 'covers 2015 to 2018' });
    frame();
    expect(root().dataset.state).toBe('idle');
    expect(root().textContent).toContain('No data in this range: covers 2015 to 2018');
    // In words once the picture rests.
    vi.advanceTimersByTime(1000);
    expect(root().getAttribute('aria-label')).toContain('no data in this range');
    expect(root().querySelector('[aria-live=polite][role=status]')!.textContent).toContain('no data in this range');
  });

  it('shows a traceback as text, never as markup', () => {
    open(spec());
    const text = '<img src=x onerror=alert(1)>';
    model.answer({ status: 'error', error: { type: 'ValueError', message: text, hint: text, traceback: text } });
    frame();
    expect(root().dataset.state).toBe('error');
    expect(root().querySelector('img')).toBeNull();
    expect(root().querySelector('.sq-traceback pre')!.textContent).toBe(text);
    expect(JSON.parse(root().dataset.graphs!)).toMatchObject({ g1: { status: 'error' } });
  });

  it('follows the range of the spec, but not its own echo', () => {
    open(spec());
    model.answer({ status: 'empty', message: '' });
    root().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    frame();
    const moved = root().dataset.start!;
    vi.advanceTimersByTime(300);
    const command = model.sent.find(m => m.type === 'command');
    expect(command).toMatchObject({ command: { op: 'set_time_range', start: moved } });
    root().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    const newer = spec(moved, String(BigInt(moved) + 25200000000000n));
    model.spec = newer;
    model.emit('change:spec');
    frame();
    expect(BigInt(root().dataset.start!)).toBeGreaterThan(BigInt(moved));
    vi.advanceTimersByTime(300);
    model.spec = spec('0', '1000000000');
    model.emit('change:spec');
    frame();
    expect([root().dataset.start, root().dataset.stop]).toEqual(['0', '1000000000']);
  });

  it('asks for data of a plot that was added', () => {
    open(spec());
    model.answer({ status: 'empty', message: '' });
    frame();
    const before = model.sent.length;
    model.spec = spec(undefined, undefined, 2);
    model.emit('change:spec');
    frame();
    const request = model.sent.slice(before).find(m => m.type === 'view');
    expect(Object.keys((request as { plots: object }).plots)).toEqual(['p1', 'p2']);
  });

  it('says so when the kernel is gone, and comes back when it answers', () => {
    open(spec());
    model.answer({ status: 'empty', message: '' });
    model.emit('comm_live_update');
    vi.advanceTimersByTime(3100);
    frame();
    expect(root().dataset.state).toBe('disconnected');
    expect(root().textContent).toContain('Disconnected');
    model.emit('msg:custom', { v: 3, type: 'welcome', view: 'x', version: '1' }, []);
    frame();
    expect(root().dataset.state).toBe('idle');
    expect(root().querySelector<HTMLElement>('.sq-banner')!.hidden).toBe(true);
  });

  it('says so when page and kernel speak different versions, and survives nonsense', () => {
    open(spec());
    model.emit('msg:custom', null, []);
    model.emit('msg:custom', { v: 1, type: 'tiles' }, []);
    expect(root().textContent).toContain('different versions');
  });

  it('shows refusals with their hint', () => {
    open(spec());
    model.emit('msg:custom', { v: 3, type: 'refused', id: 'a', message: 'Unknown product x/y', hint: 'look in the tree' }, []);
    expect(root().textContent).toContain('Unknown product x/y');
    expect(root().textContent).toContain('look in the tree');
  });

  it('leaves nothing behind', () => {
    open(spec());
    dispose();
    expect(document.querySelector('.sciqlop-panel')).toBeNull();
    expect([...model.handlers.values()].flat()).toEqual([]);
    expect(model.sent.at(-1)).toMatchObject({ type: 'cancel' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
