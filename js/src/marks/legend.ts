/** Legends, notes and messages as parts of the picture; on the screen they are elements of the page. */
import type { AxisStyle } from './axes';
import type { Rect, Surface } from './surface';

export interface LegendEntry {
  label: string;
  color: string;
}

const PAD = 5;
const SWATCH = 12;

function ground(surface: Surface, rect: Rect, background: string): void {
  surface.globalAlpha = 0.8;
  surface.fillStyle = background;
  surface.fillRect(rect.x, rect.y, rect.width, rect.height);
  surface.globalAlpha = 1;
}

/** A text that is no wider than `room`: what is too long ends in an ellipsis. */
export function shortened(surface: Surface, text: string, room: number): string {
  const letters = [...text];
  let shown = text;
  while (letters.length > 1 && surface.measureText(shown).width > room) {
    letters.pop();
    shown = `${letters.join('').trimEnd()}…`;
  }
  return shown;
}

/** Entries from the right upper corner of a plot, in as many rows as they need. */
export function drawLegend(
  surface: Surface,
  rect: Rect,
  entries: readonly LegendEntry[],
  background: string,
  style: AxisStyle
): void {
  surface.font = style.font;
  surface.textAlign = 'left';
  surface.textBaseline = 'middle';
  const line = style.fontSize * 1.4;
  const around = SWATCH + 4 + 10;
  const labels = entries.map(({ label }) => shortened(surface, label, rect.width - 2 * PAD - around));
  const widths = labels.map(label => around + surface.measureText(label).width);
  let y = rect.y + 4;
  for (let from = 0; from < entries.length; ) {
    let width = widths[from]!;
    let to = from + 1;
    while (to < entries.length && width + widths[to]! < rect.width * 0.7) {
      width += widths[to]!;
      to += 1;
    }
    let x = rect.x + rect.width - PAD - width;
    ground(surface, { x, y, width, height: line }, background);
    for (; from < to; from++) {
      surface.fillStyle = entries[from]!.color;
      surface.fillRect(x + 4, y + line / 2 - 1.5, SWATCH, 3);
      surface.fillStyle = style.foreground;
      surface.fillText(labels[from]!, x + 8 + SWATCH, y + line / 2);
      x += widths[from]!;
    }
    y += line;
  }
}

/** Short remarks in the left upper corner of a plot. */
export function drawNotes(surface: Surface, rect: Rect, notes: string, background: string, style: AxisStyle): void {
  surface.font = `italic ${style.smallFont}`;
  surface.textAlign = 'left';
  surface.textBaseline = 'top';
  const shown = shortened(surface, notes, rect.width - 14);
  ground(surface, { x: rect.x + 4, y: rect.y + 3, width: surface.measureText(shown).width + 6, height: style.fontSize * 1.3 }, background);
  surface.fillStyle = style.muted;
  surface.fillText(shown, rect.x + 7, rect.y + 5);
}

/** Why a plot shows less than was asked for, in its middle; cut to its width. */
export function drawChip(surface: Surface, rect: Rect, text: string, color: string, background: string, style: AxisStyle): void {
  surface.font = style.font;
  surface.textAlign = 'center';
  surface.textBaseline = 'middle';
  const shown = shortened(surface, text, rect.width - 24);
  const width = surface.measureText(shown).width + 16;
  const box = { x: rect.x + (rect.width - width) / 2, y: rect.y + rect.height / 2 - 11, width, height: 22 };
  surface.fillStyle = background;
  surface.fillRect(box.x, box.y, box.width, box.height);
  surface.strokeStyle = color;
  surface.lineWidth = 1;
  surface.strokeRect(box.x, box.y, box.width, box.height);
  surface.fillStyle = style.foreground;
  surface.fillText(shown, rect.x + rect.width / 2, rect.y + rect.height / 2);
}
