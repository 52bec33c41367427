/** Time tables and catalogues over a panel: what of them is in sight, and the way to the next one. */
import { AskError } from '../core/questions';
import { clampView, formatTime } from '../core/time';
import type { TimeView } from '../core/time';
import { EventIndex } from '../marks/overlaid';
import type { Overlaid } from '../marks/overlaid';
import { fromUnitX } from '../marks/spans';
import { asked } from './actions';
import { make, setText } from './dom';
import type { MenuEntry } from './menu';
import type { MakePart, PanelHost } from './part';

interface List {
  id: string;
  name: string;
  color: string;
  total: number;
  keys: string[];
  error: string | null;
  spans: [string, string, string | null, string, number][];
}

/** Milliseconds of rest before what is in sight is asked for again. */
const PAUSE = 150;
const MOST_TOLD = 2;
const KEYS: Record<string, boolean> = { n: true, p: false };

const known = new WeakMap<HTMLElement, List[]>();

export function overlayEntries(panel: PanelHost): MenuEntry[] {
  return (panel.spec.overlays ?? []).map(overlay => {
    const list = known.get(panel.root)?.find(({ id }) => id === overlay.id);
    const colored = (key: string | null): MenuEntry => ({
      label: key ?? 'One colour',
      checked: (overlay.color_by ?? null) === key,
      run: () => panel.command({ op: 'set_overlay', overlay: overlay.id, color_by: key })
    });
    return {
      label: `${overlay.name || overlay.product}${list && !list.error ? ` (${list.total.toLocaleString('en')})` : ''}`,
      entries: [
        { label: 'Next event', hint: 'N', run: () => jump(panel, true, overlay.id) },
        { label: 'Previous event', hint: 'P', run: () => jump(panel, false, overlay.id) },
        ...(list && list.keys.length > 0 ? [{ label: 'Colour by', entries: [colored(null), ...list.keys.map(colored)] }] : []),
        { label: 'Remove', run: () => panel.command({ op: 'remove_overlay', overlay: overlay.id }) }
      ]
    };
  });
}

function jump(panel: PanelHost, forward: boolean, overlay: string | null): void {
  const { start, stop } = panel.view;
  const args = { start: start.toString(), stop: stop.toString(), forward, ...(overlay ? { overlay } : {}) };
  asked(panel, 'jump', args, ({ value }) => {
    if (value) {
      const found = value as { start: string; stop: string };
      panel.setView(clampView({ start: BigInt(found.start), stop: BigInt(found.stop) }));
      panel.gestureEnded();
    } else {
      panel.notify('info', forward ? 'There is no later event' : 'There is no earlier event');
    }
  });
}

/** Whether a view needs more than what was asked for, or shows it too coarsely. */
export function needsMore(view: TimeView, have: { view: TimeView; joined: boolean } | null): boolean {
  if (!have) {
    return true;
  }
  const length = have.view.stop - have.view.start;
  const outside = view.start < have.view.start - length || view.stop > have.view.stop + length;
  return outside || (have.joined && (view.stop - view.start) * 2n < length);
}

export const makeOverlays: MakePart = panel => {
  let have: { view: TimeView; joined: boolean } | null = null;
  let shown = '[]';
  let timer: ReturnType<typeof setTimeout> | null = null;
  let asking = false;
  let told = '';
  const tip = make('div', 'sq-event');
  tip.hidden = true;
  panel.stage.element.append(tip);

  const take = (lists: List[], view: TimeView): void => {
    have = { view, joined: lists.some(list => list.spans.some(span => span[4] > 1)) };
    known.set(panel.root, lists);
    panel.stage.overlaid = new EventIndex(lists.flatMap(eventsOf));
    const errors = lists.flatMap(list => (list.error ? [`${list.name}: ${list.error}`] : [])).join('; ');
    if (errors !== '' && errors !== told) {
      panel.notify('warning', errors);
    }
    told = errors;
    panel.root.dataset.overlaid = String(panel.stage.overlaid.length);
    panel.redraw();
  };
  const ask = (): void => {
    timer = null;
    if (asking || (panel.spec.overlays ?? []).length === 0) {
      return;
    }
    asking = true;
    const { view } = panel;
    panel
      .ask('overlays', { start: view.start.toString(), stop: view.stop.toString() })
      .then(({ value }) => take(value as List[], view))
      .catch((error: unknown) => {
        // Of a kernel that is busy or gone the panel says so itself.
        have = { view, joined: false };
        if (error instanceof AskError && error.hint === null && error.message !== told) {
          told = error.message;
          panel.notify('warning', told);
        }
      })
      .finally(() => {
        asking = false;
        follow();
      });
  };
  const follow = (): void => {
    if (timer === null && !asking && (panel.spec.overlays ?? []).length > 0 && needsMore(panel.view, have)) {
      timer = setTimeout(ask, PAUSE);
    }
  };
  return {
    changed: () => {
      const now = JSON.stringify(panel.spec.overlays ?? []);
      if (now !== shown) {
        shown = now;
        have = null;
        if (now === '[]') {
          take([], panel.view);
        }
        follow();
      }
    },
    drawn: (layout, pointer) => {
      follow();
      const rect = layout.plots[0];
      const hit = pointer && rect ? panel.stage.hit(pointer.x, pointer.y) : null;
      const at = hit?.zone === 'plot' && rect && pointer ? fromUnitX(panel.view, rect, pointer.x) : null;
      const found = at === null ? [] : eventsAt(panel.stage.overlaid, at, panel.view, rect!.width);
      tip.hidden = found.length === 0;
      if (found.length > 0 && pointer) {
        setText(tip, describeAll(found));
        const left = pointer.x + 320 > layout.width ? pointer.x - 12 - tip.offsetWidth : pointer.x + 12;
        tip.style.left = `${Math.max(0, left)}px`;
        tip.style.top = `${pointer.y + 14}px`;
      }
    },
    usesKey: event => isKey(panel, event),
    key: event => {
      if (!isKey(panel, event)) {
        return false;
      }
      jump(panel, KEYS[event.key.toLowerCase()]!, null);
      return true;
    },
    close: () => {
      if (timer !== null) {
        clearTimeout(timer);
      }
      tip.remove();
    }
  };
};

function isKey(panel: PanelHost, event: KeyboardEvent): boolean {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && event.key.toLowerCase() in KEYS && (panel.spec.overlays ?? []).length > 0;
}

function eventsOf(list: List): Overlaid[] {
  return list.spans.map(([start, stop, color, text, count]) => ({
    start: BigInt(start),
    stop: BigInt(stop),
    color: color ?? list.color,
    name: list.name,
    text,
    count
  }));
}

/** Events under an instant; short ones a few pixels around it. */
function eventsAt(events: EventIndex, at: bigint, view: TimeView, width: number): Overlaid[] {
  const near = ((view.stop - view.start) * 2n) / BigInt(Math.max(1, Math.round(width)));
  return events.within(at - near, at + near);
}

/** What a pointer is told of the events below it. */
export function describeAll(events: readonly Overlaid[]): string {
  const more = events.length - MOST_TOLD;
  return [...events.slice(0, MOST_TOLD).map(describe), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function describe({ start, stop, name, text }: Overlaid): string {
  const second = 1_000_000_000n;
  const lines = [name, `${formatTime(start, second)} – ${formatTime(stop, second)}`, text];
  return lines.filter(line => line !== '').join('\n');
}
