import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { AskError } from '../../src/core/questions';
import { HOSTILE_TEXTS } from '../../src/lab/__tests__/hostile';
import { EventIndex } from '../../src/marks/overlaid';
import type { Command } from '../../src/protocol';
import { describeAll, makeOverlays, needsMore, overlayEntries } from '../../src/widget/overlays';
import type { Part, PanelHost } from '../../src/widget/part';

const HOUR = 3_600_000_000_000n;
const span = (start: bigint, stop: bigint, text = '', count = 1): unknown[] => [String(start), String(stop), null, text, count];

class Host {
  readonly root = document.createElement('div');
  readonly stage = {
    element: document.createElement('div'),
    overlaid: new EventIndex([]),
    hit: () => ({ zone: 'plot' })
  };
  readonly commands: Command[] = [];
  readonly notes: string[] = [];
  spec = { overlays: [{ id: 'o1', product: 'amda/x', name: 'storms', color: null, color_by: null, events: [] }] };
  view = { start: 0n, stop: 10n * HOUR };
  ask = vi.fn();
  redraw = vi.fn();
  setView = vi.fn();
  gestureEnded = vi.fn();
  command = (command: Command): void => void this.commands.push(command);
  notify = (_: string, text: string): void => void this.notes.push(text);
}

let panel: Host & PanelHost;
let part: Part;
const answer = (spans: unknown[], more: object = {}): object => ({
  value: [{ id: 'o1', name: 'storms', color: '#123456', total: 4100, keys: ['kind'], error: null, spans, ...more }],
  buffers: []
});
const layout = { width: 1000, plots: [{ x: 0, y: 0, width: 1000, height: 100 }] } as never;

beforeEach(() => {
  vi.useFakeTimers();
  panel = new Host() as never;
  panel.root.append(panel.stage.element);
  panel.ask = vi.fn().mockResolvedValue(answer([span(HOUR, 2n * HOUR, 'kind: CME'), span(3n * HOUR, 3n * HOUR)])) as never;
  part = makeOverlays(panel);
});
afterEach(() => {
  part.close!();
  vi.useRealTimers();
});

describe('lists of events over a panel', () => {
  it('are asked for once for a view, and again where it leaves what is there', async () => {
    part.changed!();
    part.drawn!(layout, null);
    await vi.advanceTimersByTimeAsync(200);
    expect(vi.mocked(panel.ask).mock.calls).toEqual([['overlays', { start: '0', stop: String(10n * HOUR) }]]);
    expect([panel.stage.overlaid.length, panel.root.dataset.overlaid]).toEqual([2, '2']);
    panel.view = { start: 9n * HOUR, stop: 19n * HOUR };
    part.drawn!(layout, null);
    await vi.advanceTimersByTimeAsync(200);
    expect(panel.ask, 'a view on either side is there').toHaveBeenCalledTimes(1);
    panel.view = { start: 11n * HOUR, stop: 21n * HOUR };
    part.drawn!(layout, null);
    await vi.advanceTimersByTimeAsync(200);
    expect(panel.ask).toHaveBeenCalledTimes(2);
  });

  it('are asked for again by a closer view only where some were joined', () => {
    const view = { start: 0n, stop: 10n * HOUR };
    const closer = { start: HOUR, stop: 2n * HOUR };
    expect([needsMore(view, null), needsMore(closer, { view, joined: false }), needsMore(closer, { view, joined: true })]).toEqual([
      true, false, true
    ]);
  });

  it('say below the pointer what they are, as text, and how many more there are', async () => {
    vi.mocked(panel.ask).mockResolvedValue(
      answer(HOSTILE_TEXTS.map(text => span(0n, HOUR, text)), { name: HOSTILE_TEXTS[0] }) as never
    );
    part.changed!();
    await vi.advanceTimersByTimeAsync(200);
    part.drawn!(layout, { x: 50, y: 50 });
    const tip = panel.stage.element.querySelector<HTMLElement>('.sq-event')!;
    expect([tip.hidden, tip.children.length]).toEqual([false, 0]);
    for (const text of [HOSTILE_TEXTS[0]!, HOSTILE_TEXTS[1]!, `and ${HOSTILE_TEXTS.length - 2} more`]) {
      expect(tip.textContent).toContain(text);
    }
    part.drawn!(layout, { x: 700, y: 50 });
    expect(tip.hidden).toBe(true);
    expect(describeAll([])).toBe('');
  });

  it('are in the menu with their number and what may colour them', async () => {
    part.changed!();
    await vi.advanceTimersByTimeAsync(200);
    const [entry] = overlayEntries(panel);
    expect(entry!.label).toBe('storms (4,100)');
    entry!.entries!.find(({ label }) => label === 'Colour by')!.entries!.find(({ label }) => label === 'kind')!.run!();
    entry!.entries!.find(({ label }) => label === 'Remove')!.run!();
    expect(panel.commands).toEqual([
      { op: 'set_overlay', overlay: 'o1', color_by: 'kind' }, { op: 'remove_overlay', overlay: 'o1' }
    ]);
  });

  it('say once what is wrong with one, and go with the spec', async () => {
    vi.mocked(panel.ask).mockResolvedValue(answer([], { error: 'amda/x is no time table' }) as never);
    part.changed!();
    await vi.advanceTimersByTimeAsync(200);
    panel.view = { start: 50n * HOUR, stop: 60n * HOUR };
    part.drawn!(layout, null);
    await vi.advanceTimersByTimeAsync(200);
    expect(panel.notes).toEqual(['storms: amda/x is no time table']);
    panel.spec = { overlays: [] } as never;
    part.changed!();
    expect(panel.stage.overlaid.length).toBe(0);
  });

  it('lead to the next event by N and P, and say where there is none', async () => {
    const key = (name: string): KeyboardEvent => new KeyboardEvent('keydown', { key: name });
    expect([part.usesKey!(key('n')), part.usesKey!(key('x'))]).toEqual([true, false]);
    vi.mocked(panel.ask).mockResolvedValueOnce({ value: { start: String(HOUR), stop: String(2n * HOUR) }, buffers: [] } as never);
    part.key!(key('n'));
    await vi.advanceTimersByTimeAsync(1);
    expect(panel.setView).toHaveBeenCalledWith({ start: HOUR, stop: 2n * HOUR });
    vi.mocked(panel.ask).mockResolvedValueOnce({ value: null, buffers: [] } as never);
    part.key!(key('p'));
    await vi.advanceTimersByTimeAsync(1);
    vi.mocked(panel.ask).mockRejectedValueOnce(new AskError('a list of an earlier kernel', null));
    part.key!(key('p'));
    await vi.advanceTimersByTimeAsync(1);
    expect(panel.notes[0]).toBe('There is no earlier event');
    expect(panel.notes[1]).toContain('earlier kernel');
  });
});
