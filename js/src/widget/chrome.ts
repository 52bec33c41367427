/** The parts of a panel around its plots: header with tools, empty state, notices, disconnection. */
import { formatDuration, formatTime } from '../core/time';
import type { TimeView } from '../core/time';
import { make, makeButton, setText } from './dom';
import type { ExportFormat } from './export';

/** Milliseconds of rest before the picture is described: nobody can listen to a moving one. */
const QUIET = 700;

export interface ToolActions {
  zoom(factor: number): void;
  pan(fraction: number): void;
  undo(): void;
  redo(): void;
  autoscale(): void;
  toggleLog(): void;
  removePlot(): void;
  exportAs(format: ExportFormat): void;
  equalHeights(): void;
}

function makeTool(text: string, label: string): HTMLButtonElement {
  return makeButton('sq-tool', text, label, () => undefined);
}

export class Chrome {
  readonly header = make('div', 'sq-header');
  readonly stage = make('div', 'sq-stage');
  readonly canvas = make('canvas', 'sq-canvas');
  readonly cursor = make('div', 'sq-cursor');
  readonly cursorY = make('div', 'sq-cursor-y');
  readonly placeholder = make('div', 'sq-placeholder');
  readonly box = make('div', 'sq-box');
  readonly empty = make('div', 'sq-empty');
  /** Below the plots, and always in sight where a panel fills a tab. */
  readonly foot = make('div', 'sq-foot');
  /** Buttons whose parts give them their work. */
  readonly add = makeTool('+ add', 'Add a product (A): search and choose');
  readonly crosshair = makeTool('┼', 'Crosshair with values (Ctrl+Shift+H)');
  readonly help = makeTool('?', 'Mouse and keys of a panel (?)');
  private readonly title = make('span', 'sq-title');
  private readonly time = make('span', 'sq-time');
  private readonly notices = make('div', 'sq-notices');
  private readonly banner = make('div', 'sq-banner');
  private readonly spoken = make('div', 'sq-spoken');
  private speaking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    actions: ToolActions
  ) {
    const tools = make('div', 'sq-toolbar');
    tools.setAttribute('role', 'toolbar');
    tools.setAttribute('aria-label', 'Panel tools');
    const tool = (text: string, label: string, run: () => void): HTMLButtonElement =>
      makeButton('sq-tool', text, label, run);
    this.crosshair.setAttribute('aria-pressed', 'true');
    tools.append(
      this.add,
      tool('◀', 'Earlier (Left)', () => actions.pan(-0.5)),
      tool('▶', 'Later (Right)', () => actions.pan(0.5)),
      tool('+', 'Zoom in (+)', () => actions.zoom(0.5)),
      tool('−', 'Zoom out (−)', () => actions.zoom(2)),
      tool('↶', 'Undo (Ctrl+Z)', () => actions.undo()),
      tool('↷', 'Redo (Ctrl+Shift+Z)', () => actions.redo()),
      tool('auto', 'Fit values to the view (M)', () => actions.autoscale()),
      tool('log', 'Linear or logarithmic (L), for the plot under the cursor', () => actions.toggleLog()),
      tool('⇳', 'Equal heights (O)', () => actions.equalHeights()),
      this.crosshair,
      tool('✕', 'Remove the plot under the cursor (Delete)', () => actions.removePlot()),
      tool('SVG', 'Export SVG: save the picture as vectors', () => actions.exportAs('svg')),
      tool('PNG', 'Export PNG: save the picture as pixels', () => actions.exportAs('png')),
      this.help
    );
    this.header.append(this.title, this.time, tools);
    this.canvas.setAttribute('role', 'img');
    // A picture has a name from the start; what it shows is said once it rests.
    this.canvas.setAttribute('aria-label', 'Panel');
    this.cursor.hidden = true;
    this.cursorY.hidden = true;
    this.placeholder.hidden = true;
    this.box.hidden = true;
    this.banner.hidden = true;
    this.banner.setAttribute('role', 'status');
    this.notices.setAttribute('aria-live', 'polite');
    this.stage.append(this.canvas, this.cursor, this.cursorY, this.placeholder, this.box, this.empty);
    this.spoken.setAttribute('role', 'status');
    this.spoken.setAttribute('aria-live', 'polite');
    root.append(this.header, this.stage, this.foot, this.notices, this.banner, this.spoken);
  }

  showTime(title: string, view: TimeView): void {
    setText(this.title, title);
    const span = view.stop - view.start;
    const resolution = span / 1000n || 1n;
    const [start, stop] = [formatTime(view.start, resolution), formatTime(view.stop, resolution)];
    setText(this.time, `${start} – ${stop} UTC · ${formatDuration(span)}`);
  }

  /** Let screen readers say what is shown, once it rests. */
  say(describe: () => string): void {
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      const text = describe();
      setText(this.spoken, text);
      this.root.setAttribute('aria-label', text);
      this.canvas.setAttribute('aria-label', text);
    }, QUIET);
  }

  close(): void {
    clearTimeout(this.speaking);
  }

  showBanner(text: string | null): void {
    this.banner.hidden = text === null;
    setText(this.banner, text ?? '');
  }

  notify(level: 'info' | 'warning' | 'error', message: string, hint: string | null = null): void {
    const notice = make('div', `sq-notice sq-notice-${level}`);
    notice.append(make('span', '', message));
    if (hint) {
      notice.append(make('span', 'sq-notice-hint', hint));
    }
    const remove = (): void => notice.remove();
    notice.append(makeButton('sq-tool', '✕', 'Dismiss', remove));
    this.notices.append(notice);
    while (this.notices.childElementCount > 3) {
      this.notices.firstElementChild?.remove();
    }
    // An error stays until it was read.
    if (level !== 'error') {
      setTimeout(remove, 6000);
    }
  }
}
