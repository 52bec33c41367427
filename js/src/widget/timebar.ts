/** The row under a panel: the range as text that can be typed over, steps in time, presets. */
import { panView, clampView, sameView, DAY, HOUR, MILLISECOND, MINUTE } from '../core/time';
import type { TimeView } from '../core/time';
import { formatTimeText, HELP, parseTimeText, TimeTextError } from '../core/timetext';
import { make, makeButton, setText } from './dom';
import type { MakePart, PanelHost } from './part';

const PRESETS: readonly (readonly [string, bigint])[] = [
  ['1m', MINUTE],
  ['10m', 10n * MINUTE],
  ['1h', HOUR],
  ['12h', 12n * HOUR],
  ['1d', DAY],
  ['7d', 7n * DAY],
  ['30d', 30n * DAY]
];

let count = 0;

class TimeBar {
  readonly node = make('div', 'sq-timebar');
  private readonly field = make('input', 'sq-timebar-field');
  private readonly error = make('span', 'sq-timebar-error');
  private readonly presets: [HTMLButtonElement, bigint][] = [];
  /** The range that the field shows, and how. */
  private shown: TimeView | null = null;
  private text = '';

  constructor(private readonly panel: PanelHost) {
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', 'Time range');
    this.makeField();
    const step = (text: string, label: string, fraction: number): HTMLButtonElement =>
      makeButton('sq-tool', text, label, () => this.go(panView(panel.view, fraction)));
    const durations = make('span', 'sq-timebar-presets');
    for (const [text, span] of PRESETS) {
      const button = makeButton('sq-tool', text, `Show ${text} around the middle`, () => this.go(around(panel.view, span)));
      this.presets.push([button, span]);
      durations.append(button);
    }
    this.node.append(
      step('|◀', 'Back by five times what is shown', -5),
      step('◀', 'Back by what is shown (PageUp)', -1),
      this.field,
      durations,
      step('▶', 'Forward by what is shown (PageDown)', 1),
      step('▶|', 'Forward by five times what is shown', 5),
      this.error
    );
  }

  private makeField(): void {
    const { field, error } = this;
    count += 1;
    error.id = `sq-timebar-error-${count}`;
    error.setAttribute('role', 'alert');
    field.type = 'text';
    field.spellcheck = false;
    field.autocomplete = 'off';
    field.setAttribute('aria-label', 'Time range, UTC (G)');
    field.title = `${HELP} Enter applies, Escape gives up.`;
    field.setAttribute('aria-describedby', error.id);
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter' && !event.isComposing) {
        this.apply();
      } else if (event.key === 'Escape') {
        this.reset();
        this.panel.root.focus({ preventScroll: true });
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    field.addEventListener('input', () => this.complain(null));
  }

  /** Ready to be typed over. */
  edit(): void {
    this.field.focus();
    this.field.select();
  }

  private apply(): void {
    const { field, panel } = this;
    if (field.value !== this.text) {
      try {
        const now = BigInt(Date.now()) * MILLISECOND;
        this.go(parseTimeText(field.value, panel.view, now));
      } catch (error) {
        if (!(error instanceof TimeTextError)) {
          throw error;
        }
        this.complain(error.message);
        return;
      }
    }
    this.reset();
    panel.root.focus({ preventScroll: true });
  }

  /** One step of undo, even where another is on its way. */
  private go(view: TimeView): void {
    this.panel.gestureEnded();
    this.panel.setView(clampView(view));
    this.panel.gestureEnded();
  }

  private complain(text: string | null): void {
    setText(this.error, text ?? '');
    this.field.toggleAttribute('aria-invalid', text !== null);
    if (text !== null) {
      this.field.setAttribute('aria-invalid', 'true');
    }
  }

  private reset(): void {
    this.complain(null);
    this.shown = this.panel.view;
    this.text = formatTimeText(this.panel.view);
    this.field.value = this.text;
  }

  /** Follow the view; what somebody types meanwhile stays. */
  update(): void {
    const { view } = this.panel;
    if (this.shown && sameView(this.shown, view)) {
      return;
    }
    const typing = this.field.ownerDocument.activeElement === this.field && this.field.value !== this.text;
    if (!typing) {
      this.reset();
    }
    const span = view.stop - view.start;
    for (const [button, preset] of this.presets) {
      button.setAttribute('aria-pressed', String(preset === span));
    }
  }
}

function around({ start, stop }: TimeView, span: bigint): TimeView {
  const from = start + (stop - start) / 2n - span / 2n;
  return { start: from, stop: from + span };
}

function isGoKey(event: KeyboardEvent): boolean {
  return event.key.toLowerCase() === 'g' && !event.ctrlKey && !event.metaKey && !event.altKey;
}

export const makeTimeBar: MakePart = panel => {
  const bar = new TimeBar(panel);
  panel.stage.chrome.foot.append(bar.node);
  bar.update();
  return {
    drawn: () => bar.update(),
    usesKey: isGoKey,
    key: event => {
      if (isGoKey(event)) {
        bar.edit();
      }
      return isGoKey(event);
    }
  };
};
