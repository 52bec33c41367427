/** A small picture of a product among its details, drawn from numbers that the server sends. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { cssColor, lookupTable } from '../core/colormap';
import type { Preview } from './api';
import { formatTime } from './format';

export interface PreviewSource {
  /** What the cache holds, or, with `fetch`, what the archive has. */
  preview(ref: string, fetch: boolean): Promise<Preview>;
}

const [WIDTH, HEIGHT] = [240, 60];
const KEPT = 50;
/** Told apart on light and on dark ground. */
const COLOURS = ['#3b82c4', '#c9662b', '#2f9461', '#a259b5', '#b08a1e', '#5d7f8a'];

export class Previews {
  constructor(
    private readonly _source: PreviewSource,
    private readonly _trans: TranslationBundle
  ) {}

  /** An element that fills itself: with what is cached, else with a button that asks. */
  show(ref: string): HTMLElement {
    const box = document.createElement('div');
    box.className = 'sqlab-preview';
    const known = this._known.get(ref);
    if (known) {
      this._fill(box, ref, known);
    } else {
      void this._ask(box, ref, false);
    }
    return box;
  }

  private async _ask(box: HTMLElement, ref: string, fetch: boolean): Promise<void> {
    try {
      const answer = await this._source.preview(ref, fetch);
      if (answer.state === 'shown') {
        this._known.set(ref, answer);
        if (this._known.size > KEPT) {
          this._known.delete(this._known.keys().next().value!);
        }
      }
      this._fill(box, ref, answer);
    } catch (error) {
      // Nobody asked for it: a server that cannot is not worth a word.
      const message = error instanceof Error ? error.message : String(error);
      box.replaceChildren(...(fetch ? [text('p', 'sqlab-details-error', message)] : []));
      this._offer(box, ref);
    }
  }

  private _fill(box: HTMLElement, ref: string, answer: Preview): void {
    const trans = this._trans;
    if (answer.state === 'shown') {
      box.replaceChildren(...picture(answer, trans));
      return;
    }
    box.replaceChildren();
    if (answer.state === 'empty') {
      box.append(text('p', 'sqlab-preview-note', trans.__('No samples in the range looked at.')));
    } else {
      this._offer(box, ref);
    }
  }

  private _offer(box: HTMLElement, ref: string): void {
    const button = text('button', 'jp-Button jp-mod-styled jp-mod-minimal', this._trans.__('Preview'));
    (button as HTMLButtonElement).type = 'button';
    button.title = this._trans.__('Fetch a few samples from the archive and draw them here');
    button.addEventListener('click', () => {
      (button as HTMLButtonElement).disabled = true;
      button.textContent = this._trans.__('Fetching…');
      void this._ask(box, ref, true);
    });
    const bar = document.createElement('div');
    bar.className = 'sqlab-details-actions';
    bar.append(button);
    box.append(bar);
  }

  private readonly _known = new Map<string, Preview>();
}

function picture(shown: Preview, trans: TranslationBundle): HTMLElement[] {
  const range = trans.__('%1 to %2', formatTime(shown.start!), formatTime(shown.stop!));
  const values = [`${shorten(shown.low!)} … ${shorten(shown.high!)}`, shown.unit ?? ''].join(' ').trim();
  const canvas = document.createElement('canvas');
  canvas.className = 'sqlab-preview-picture';
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', trans.__('Preview from %1: %2', range, values));
  canvas.title = (shown.names ?? []).join(', ');
  const scale = window.devicePixelRatio || 1;
  canvas.width = WIDTH * scale;
  canvas.height = HEIGHT * scale;
  const context = canvas.getContext('2d');
  if (context) {
    context.scale(scale, scale);
    if (shown.image) {
      drawImage(context, shown.image);
    } else {
      drawLines(context, shown.lines ?? [], shown.low!, shown.high!);
    }
  }
  return [canvas, text('p', 'sqlab-preview-note', `${values} · ${range}`)];
}

function drawLines(
  context: CanvasRenderingContext2D,
  lines: readonly (readonly (number | null)[])[][],
  low: number,
  high: number
): void {
  const room = HEIGHT - 4;
  const y = (value: number): number => 2 + room * (high > low ? (high - value) / (high - low) : 0.5);
  lines.forEach(([least = [], most = []], i) => {
    context.strokeStyle = context.fillStyle = COLOURS[i % COLOURS.length]!;
    context.lineWidth = 1;
    context.beginPath();
    let drawing = false;
    least.forEach((bottom, column) => {
      const top = most[column];
      if (bottom === null || top === null || top === undefined) {
        drawing = false;
        return;
      }
      const x = ((column + 0.5) / least.length) * WIDTH;
      if (drawing) {
        context.lineTo(x, y(bottom));
      } else {
        context.moveTo(x - 0.5, y(bottom));
      }
      // one sample in a column has no height of its own
      context.lineTo(x + 0.5, y(top));
      drawing = true;
    });
    context.stroke();
  });
}

function drawImage(
  context: CanvasRenderingContext2D,
  columns: readonly (readonly (number | null)[])[]
): void {
  const table = lookupTable('viridis');
  const width = WIDTH / columns.length;
  columns.forEach((channels, column) => {
    const height = HEIGHT / channels.length;
    channels.forEach((share, row) => {
      if (share !== null) {
        context.fillStyle = cssColor(table, Math.round(Math.min(Math.max(share, 0), 1) * 255));
        context.fillRect(column * width, HEIGHT - (row + 1) * height, width + 0.5, height + 0.5);
      }
    });
  });
}

function shorten(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function text(tag: string, className: string, content: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = content;
  return made;
}
