import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { AskError } from '../../src/core/questions';
import { MIME_PLOT, panelMime, parsePlot } from '../../src/mime';
import type { Command, PlotSpec } from '../../src/protocol';
import { fitting } from '../../src/widget/dropping';
import { Finder } from '../../src/widget/finder';
import { Legend } from '../../src/widget/legend';
import type { LegendActions } from '../../src/widget/legend';
import type { PlotState } from '../../src/core/plot';
import type { PanelHost } from '../../src/widget/part';
import { Adoption, makeReorder, movePlot, nameOf } from '../../src/widget/reorder';
import { readTheme } from '../../src/widget/theme';
import { makeTimeBar } from '../../src/widget/timebar';

const axis = { label: null, log: null, range: null };
const plotSpec = (id: string, ...products: string[]): PlotSpec => ({
  id, height: 1, y: axis, z: { ...axis, colormap: null },
  graphs: products.map((product, i) => ({ id: `${id}g${i}`, product, kind: 'auto', label: null, colors: null, hidden: [] }))
});
const HOUR = 3_600_000_000_000n;

class Host {
  readonly root = document.createElement('div');
  readonly commands: Command[] = [];
  readonly notes: string[] = [];
  current = 0;
  view = { start: 0n, stop: 2n * HOUR };
  foot = document.createElement('div');
  element = document.createElement('div');
  stage = { element: this.element, chrome: { foot: this.foot } };
  plots: { id: string; spec: PlotSpec; y: object; z: object; y2: object }[] = [];
  constructor(specs: PlotSpec[] = []) {
    this.root.tabIndex = 0;
    this.root.append(this.element, this.foot);
    document.body.append(this.root);
    this.show(specs);
  }
  show(specs: PlotSpec[]): void {
    this.plots = specs.map(spec => ({ id: spec.id, spec, y: {}, z: {}, y2: {} }));
  }
  get spec(): object {
    return { plots: this.plots.map(plot => plot.spec) };
  }
  command = (command: Command): void => void this.commands.push(command);
  notify = (_: string, text: string): void => void this.notes.push(text);
  setView = vi.fn((view: { start: bigint; stop: bigint }) => {
    this.view = view;
  });
  gestureEnded = vi.fn();
  redraw = vi.fn();
}
const host = (specs: PlotSpec[] = []): Host & PanelHost => new Host(specs) as unknown as Host & PanelHost;
const press = (node: EventTarget, key: string, init: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
  node.dispatchEvent(event);
  return event;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe('products that share a plot', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(id => ({ id, name: id, kind: id === 'a' ? 'vector' : 'spectrogram' })) as [never, never, never];
  it('hold one spectrogram at most', () => {
    expect(fitting([a, b, c], false)).toEqual({ taken: [a, b], refused: [c] });
    expect(fitting([b, a], true)).toEqual({ taken: [a], refused: [b] });
  });
});

describe('the search box', () => {
  const hit = (id: string): object => ({ id, name: `<b>${id}</b>`, kind: 'vector', unit: 'nT', title: '<img src=x>', path: ['cda', 'x'] });
  let ask: ReturnType<typeof vi.fn>;
  let chosen: string[];
  let left: number;
  let finder: Finder;
  const type = async (text: string): Promise<void> => {
    finder.field.value = text;
    finder.field.dispatchEvent(new Event('input'));
    await vi.advanceTimersByTimeAsync(160);
  };
  beforeEach(() => {
    ask = vi.fn().mockResolvedValue({ value: { hits: [hit('cda/a'), hit('cda/b'), { no: 'id' }], more: true }, buffers: [] });
    [chosen, left] = [[], 0];
    finder = new Finder({ ask: ask as never }, product => chosen.push(product.id), () => (left += 1));
    document.body.append(finder.node);
  });

  it('asks after a rest, for two letters or more, and shows names as text', async () => {
    await type('m');
    expect(ask).not.toHaveBeenCalled();
    finder.field.value = 'mm';
    finder.field.dispatchEvent(new Event('input'));
    await vi.advanceTimersByTimeAsync(100);
    await type('mms ');
    expect(ask.mock.calls).toEqual([['search', { query: 'mms' }]]);
    const rows = [...finder.node.querySelectorAll('[role=option]')];
    expect(rows.map(row => row.querySelector('.sq-finder-name')!.textContent)).toEqual(['<b>cda/a</b>', '<b>cda/b</b>']);
    expect(finder.node.querySelector('b, img')).toBeNull();
    expect(finder.field.getAttribute('aria-activedescendant')).toBe(rows[0]!.id);
  });

  it('is worked by arrows, Enter and Escape', async () => {
    await type('mms');
    expect(press(finder.field, 'ArrowDown').defaultPrevented).toBe(true);
    press(finder.field, 'ArrowDown');
    press(finder.field, 'Enter', { ctrlKey: true });
    expect([chosen, left]).toEqual([['cda/b'], 0]);
    press(finder.field, 'ArrowUp');
    press(finder.field, 'Enter');
    expect([chosen, left, finder.field.value]).toEqual([['cda/b', 'cda/a'], 1, '']);
    await type('mms');
    press(finder.field, 'Escape');
    expect([left, finder.node.querySelectorAll('[role=option]').length]).toEqual([2, 0]);
  });

  it('lets a late answer to an older question go, and says errors', async () => {
    let late: (value: object) => void = () => undefined;
    ask.mockReturnValueOnce(new Promise(resolve => (late = resolve)));
    await type('old');
    await type('new');
    late({ value: { hits: [hit('cda/old')], more: false }, buffers: [] });
    await vi.advanceTimersByTimeAsync(1);
    expect(finder.node.textContent).not.toContain('cda/old');
    ask.mockRejectedValueOnce(new AskError('There is no filter x:', 'provider, type'));
    await type('x:y');
    expect(finder.node.querySelector('[role=status]')!.textContent).toBe('There is no filter x:. provider, type');
  });
});

describe('the time bar', () => {
  it('applies what is typed as one step, says mistakes and gives up on Escape', () => {
    const panel = host();
    const part = makeTimeBar(panel);
    const field = panel.foot.querySelector('input')!;
    expect(field.value).toBe('1970-01-01T00:00:00 / 1970-01-01T02:00:00');
    expect(part.usesKey!(new KeyboardEvent('keydown', { key: 'g' }))).toBe(true);
    part.key!(new KeyboardEvent('keydown', { key: 'g' }));
    expect(document.activeElement).toBe(field);
    field.value = '2015-02-30';
    press(field, 'Enter');
    const error = panel.foot.querySelector('[role=alert]')!;
    expect(error.textContent).toContain('days 1 to 28');
    expect([field.value, field.getAttribute('aria-invalid')]).toEqual(['2015-02-30', 'true']);
    expect(panel.setView).not.toHaveBeenCalled();
    panel.view = { start: HOUR, stop: 3n * HOUR };
    part.drawn!(null as never, null);
    expect(field.value, 'what is typed stays').toBe('2015-02-30');
    field.value = '1970-01-01T01:00 30m';
    press(field, 'Enter');
    expect(panel.view).toEqual({ start: HOUR, stop: HOUR + HOUR / 2n });
    expect([document.activeElement, error.textContent]).toEqual([panel.root, '']);
    field.focus();
    field.value = 'nonsense';
    press(field, 'Escape');
    expect(field.value).toBe('1970-01-01T01:00:00 / 1970-01-01T01:30:00');
    press(field, 'Enter');
    expect(panel.setView).toHaveBeenCalledTimes(1);
  });

  it('has steps and presets', () => {
    const panel = host();
    makeTimeBar(panel);
    const click = (text: string): void => [...panel.foot.querySelectorAll('button')].find(b => b.textContent === text)!.click();
    click('▶');
    expect(panel.view.start).toBe(2n * HOUR);
    click('|◀');
    expect(panel.view.start).toBe(-8n * HOUR);
    click('1h');
    expect(panel.view).toEqual({ start: -7n * HOUR - HOUR / 2n, stop: -6n * HOUR - HOUR / 2n });
  });
});

describe('plots that are moved', () => {
  it('within a panel by index or keys', () => {
    const panel = host([plotSpec('p1', 'a/b'), plotSpec('p2', 'a/c'), plotSpec('p3', 'a/d')]);
    movePlot(panel, 'p1', 3);
    movePlot(panel, 'p1', 1);
    movePlot(panel, 'p3', 0);
    expect(panel.commands).toEqual([{ op: 'move_plot', plot: 'p1', index: 2 }, { op: 'move_plot', plot: 'p3', index: 0 }]);
    expect(panel.current).toBe(0);
    const part = makeReorder(panel);
    const key = (name: string, init: KeyboardEventInit): boolean => part.key!(new KeyboardEvent('keydown', { key: name, ...init }));
    key('ArrowDown', { ctrlKey: true });
    expect(panel.current).toBe(1);
    key('ArrowUp', { altKey: true });
    key('ArrowUp', { altKey: true });
    expect(panel.commands.slice(2)).toEqual([{ op: 'move_plot', plot: 'p2', index: 0 }]);
    expect(key('ArrowUp', {})).toBe(false);
    part.close!();
  });

  it('to another panel, and leave the first once the other has them', () => {
    const [from, to] = [host([plotSpec('p1', 'cda/a/b')]), host([plotSpec('p1', 'cda/x/y')])];
    const part = makeReorder(from);
    const plot = plotSpec('p1', 'cda/a/b');
    const adoption = new Adoption(to);
    adoption.take({ v: 1, panel: nameOf(from), plot }, 1);
    expect(to.commands).toEqual([{ op: 'add_plot', plot, index: 1 }]);
    adoption.check();
    expect(from.commands).toEqual([]);
    to.show([plotSpec('p1', 'cda/x/y'), plotSpec('p2', 'cda/a/b')]);
    adoption.check();
    adoption.check();
    expect(from.commands).toEqual([{ op: 'remove_plot', plot: 'p1' }]);
    part.close!();
  });

  it('not when they show a variable that only their panel holds', () => {
    const [from, to] = [host(), host()];
    new Adoption(to).take({ v: 1, panel: nameOf(from), plot: plotSpec('p1', 'cda/a/b', 'data/1') }, 0);
    expect([to.commands, to.notes.length]).toEqual([[], 1]);
    expect(to.notes[0]).toContain('data/1');
  });

  it('carry all that their plot is', () => {
    const panel = host([plotSpec('p1', 'cda/a/b')]);
    panel.plots[0]!.y = { range: [1, 2] } as never;
    const part = makeReorder(panel);
    const [overlay, handle] = [document.createElement('div'), document.createElement('i')];
    overlay.className = 'sq-plot';
    overlay.dataset.plot = 'p1';
    handle.className = 'sq-handle';
    overlay.append(handle);
    panel.element.append(overlay);
    const data = new Map<string, string>();
    const event = Object.assign(new Event('dragstart', { bubbles: true }), { dataTransfer: { setData: (k: string, v: string) => data.set(k, v), effectAllowed: '' } });
    handle.dispatchEvent(event);
    const payload = parsePlot(data.get(MIME_PLOT)!)!;
    expect(payload).toMatchObject({ panel: nameOf(panel), plot: { id: 'p1', y: { range: [1, 2] } } });
    expect([data.has(panelMime(nameOf(panel))), data.get('text/plain')]).toEqual([true, 'cda/a/b']);
    expect(parsePlot('{"v":1,"panel":"x","plot":{"id":"p","graphs":[3]}}')).toBeNull();
    expect(parsePlot('[')).toBeNull();
    part.close!();
  });
});

describe('the legend', () => {
  const states = [{ id: 'g', label: 'B', tiles: [{ data: { kind: 'line', columns: ['x', 'y'] } }] }];
  const plot = {
    states: () => states, name: () => 'B', hidden: () => new Set<string>(), graph: () => undefined, axisOf: () => 'y'
  } as unknown as PlotState;
  let log: string[];
  let legend: Legend;
  beforeEach(() => {
    log = [];
    const note = (name: string) => (_: string, column = '') => void log.push(`${name} ${column}`.trim());
    const actions: LegendActions = { toggle: note('toggle'), keep: () => note('keep')(''), alone: note('alone'), menu: note('menu') };
    legend = new Legend(actions);
    document.body.append(legend.node);
    legend.update(plot, readTheme(document.body));
  });
  const click = (column: string, init: MouseEventInit = {}): void => {
    legend.node.querySelector(`[data-column=${column}]`)!.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1, ...init }));
  };

  it('hides at once, and tells the spec when no second click comes', () => {
    click('x');
    expect(log).toEqual(['toggle x']);
    vi.advanceTimersByTime(300);
    expect(log).toEqual(['toggle x', 'keep']);
    click('x', { detail: 0 });
    expect(log.slice(2)).toEqual(['toggle x', 'keep']);
  });

  it('leaves one line alone by a double click or Shift', () => {
    click('y');
    click('y', { detail: 2 });
    vi.advanceTimersByTime(300);
    expect(log).toEqual(['toggle y', 'toggle y', 'alone y']);
    click('x', { shiftKey: true });
    expect(log.slice(3)).toEqual(['alone x']);
    click('x');
    click('y');
    expect(log.slice(4)).toEqual(['toggle x', 'keep', 'toggle y']);
  });

  it('gives way in a small plot', () => {
    const list = legend.node.querySelector<HTMLElement>('.sq-legend-list')!;
    const fold = (): HTMLElement | null => legend.node.querySelector('.sq-legend-fold');
    expect([fold(), list.hidden]).toEqual([null, false]);
    legend.fit({ x: 0, y: 0, width: 200, height: 200 });
    expect([list.hidden, fold()!.textContent]).toEqual([true, '▸ 2 lines']);
    fold()!.click();
    expect([list.hidden, fold()!.getAttribute('aria-expanded')]).toEqual([false, 'true']);
    legend.fit({ x: 0, y: 0, width: 800, height: 200 });
    expect([fold(), list.hidden]).toEqual([null, false]);
  });
});
