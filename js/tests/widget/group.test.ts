import { afterEach, describe, expect, it } from 'vitest';

import type { TimeView } from '../../src/core/time';
import type { ToKernel, ViewMessage } from '../../src/protocol';
import { Membership } from '../../src/widget/group';
import type { Member } from '../../src/widget/group';

class Panel implements Member {
  moving = false;
  seen: TimeView[] = [];
  expected: string[] = [];
  sent: ToKernel[] = [];
  readonly group = new Membership(this);
  follow(view: TimeView): void {
    this.seen.push(view);
  }
  expect(start: string, stop: string): void {
    this.expected.push(`${start} ${stop}`);
  }
  ask(name: string): void {
    const view: ViewMessage = { v: 3, type: 'view', view: name, gen: 1, start: '0', stop: '1', width: 1, plots: {}, wants: {}, ahead: null };
    this.group.send(view, message => this.sent.push(message));
  }
}

const view = { start: 1n, stop: 2n };
let panels: Panel[] = [];
const make = (...groups: string[]): Panel[] =>
  (panels = groups.map(name => {
    const panel = new Panel();
    panel.group.join(name);
    return panel;
  }));
afterEach(() => panels.forEach(panel => panel.group.leave()));

describe('linked panels', () => {
  it('move together, and no one else with them', () => {
    const [a, b, c, alone] = make('x', 'x', 'y', '');
    a!.group.move(view);
    expect([a, b, c, alone].map(panel => panel!.seen.length)).toEqual([0, 1, 0, 0]);
    b!.group.leave();
    a!.group.move(view);
    expect(b!.seen.length).toBe(1);
  });

  it('know whose hand moves and what will come back', () => {
    const [a, b] = make('x', 'x');
    a!.moving = true;
    expect([a!.group.led, b!.group.led]).toEqual([false, true]);
    a!.group.sent({ op: 'set_time_range', start: '1', stop: '2' });
    a!.group.sent({ op: 'remove_plot', plot: 'p' });
    expect([a!.expected, b!.expected]).toEqual([[], ['1 2']]);
  });

  it('show what is pointed at in another', () => {
    const [a, b, c] = make('x', 'x', 'y');
    const seen: (bigint | null)[] = [];
    b!.group.onPointed(instant => seen.push(instant));
    c!.group.onPointed(instant => seen.push(instant));
    a!.group.point(5n);
    a!.group.point(null);
    expect(seen).toEqual([5n, null]);
  });

  it('know of a range inside of several commands', () => {
    const [a, b] = make('x', 'x');
    a!.group.sent({ op: 'several', commands: [{ op: 'remove_plot', plot: 'p' }, { op: 'set_time_range', start: '1', stop: '2' }] });
    expect(b!.expected).toEqual(['1 2']);
  });

  it('ask in one message for what one movement needs', async () => {
    const [a, b] = make('x', 'x');
    a!.ask('a');
    b!.ask('b');
    await Promise.resolve();
    expect(b!.sent).toEqual([]);
    const [message] = a!.sent;
    expect(message!.type === 'views' && message!.views.map(one => one.view)).toEqual(['a', 'b']);
    b!.ask('b');
    await Promise.resolve();
    expect(b!.sent.map(one => one.type)).toEqual(['view']);
  });

  it('ask at once when alone', () => {
    const [a] = make('x');
    a!.ask('a');
    expect(a!.sent.length).toBe(1);
  });
});
