/**
 * The crosshair: a line through all plots at the time that is pointed at, one across the plot under
 * the pointer, and what each plot has there. Linked panels show each other's.
 */
import type { PanelLayout, Point } from '../core/layout';
import { hitTest } from '../core/layout';
import type { PlotState } from '../core/plot';
import { fromUnit } from '../core/scale';
import { formatTime, timeAt } from '../core/time';
import type { TimeView } from '../core/time';
import type { Chrome } from './chrome';
import type { PlotOverlay } from './overlay';
import type { MakePart } from './part';
import type { Theme } from './theme';

export interface Pointed {
  layout: PanelLayout;
  view: TimeView;
  plots: readonly PlotState[];
  theme: Theme;
  overlay(plot: PlotState): PlotOverlay;
}

export class Crosshair {
  on = true;
  /** What is pointed at in a linked panel. */
  remote: bigint | null = null;
  /** What is pointed at here. */
  instant: bigint | null = null;
  private shown: Pointed | null = null;
  private pointer: Point | null = null;

  constructor(private readonly chrome: Chrome) {}

  /** Show it over a picture that was drawn. */
  update(shown: Pointed, pointer: Point | null): void {
    this.shown = shown;
    this.pointer = pointer;
    this.show();
  }

  show(): void {
    if (!this.shown) {
      return;
    }
    const { layout, view, plots } = this.shown;
    const { pointer } = this;
    const hit = pointer && hitTest(layout, pointer.x, pointer.y);
    const here = hit?.zone === 'plot' && pointer ? { index: hit.index, fy: hit.fy, fx: hit.fx, pointer } : null;
    this.instant = here ? timeAt(view, here.fx) : null;
    const instant = this.instant ?? (this.remote !== null && inside(view, this.remote) ? this.remote : null);
    const first = layout.plots[0];
    if (!this.on || instant === null || !first || layout.plots.length !== plots.length) {
      this.hide();
      return;
    }
    const share = Number(instant - view.start) / Number(view.stop - view.start);
    const x = here ? here.pointer.x : first.x + share * first.width;
    this.line(layout, x, here?.pointer.y ?? null, here?.index ?? null);
    const resolution = (view.stop - view.start) / BigInt(Math.max(first.width, 1)) || 1n;
    const header = `${formatTime(instant, resolution)} UTC`;
    plots.forEach((plot, i) => {
      const y = here && i === here.index ? fromUnit(plot.scale('y'), here.fy) : null;
      this.shown!.overlay(plot).readout.show(plot, { instant, header, y, x: x - first.x }, this.shown!.theme);
    });
  }

  private line(layout: PanelLayout, x: number, y: number | null, index: number | null): void {
    const { cursor, cursorY } = this.chrome;
    const first = layout.plots[0]!;
    const last = layout.plots[layout.plots.length - 1]!;
    cursor.hidden = false;
    cursor.style.transform = `translateX(${Math.round(x)}px)`;
    cursor.style.top = `${first.y}px`;
    cursor.style.height = `${last.y + last.height - first.y}px`;
    const rect = index === null ? undefined : layout.plots[index];
    const across = rect !== undefined && y !== null && y >= rect.y && y <= rect.y + rect.height;
    cursorY.hidden = !across;
    if (across) {
      cursorY.style.transform = `translateY(${Math.round(y)}px)`;
      cursorY.style.left = `${rect.x}px`;
      cursorY.style.width = `${rect.width}px`;
    }
  }

  private hide(): void {
    this.chrome.cursor.hidden = true;
    this.chrome.cursorY.hidden = true;
    this.shown?.plots.forEach(plot => this.shown!.overlay(plot).readout.hide());
  }
}

function inside(view: TimeView, instant: bigint): boolean {
  return view.start <= instant && instant < view.stop;
}

function isKey(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey && event.key.toLowerCase() === 'h';
}

/** The switch, and the tie between linked panels. */
export const makeCrosshair: MakePart = panel => {
  const { crosshair, chrome } = panel.stage;
  let told: bigint | null = null;
  const tell = (instant: bigint | null): void => {
    if (instant !== told) {
      told = instant;
      panel.group.point(instant);
    }
  };
  const toggle = (): void => {
    crosshair.on = !crosshair.on;
    chrome.crosshair.setAttribute('aria-pressed', String(crosshair.on));
    crosshair.show();
  };
  panel.group.onPointed(instant => {
    crosshair.remote = instant;
    crosshair.show();
  });
  chrome.crosshair.addEventListener('click', toggle);
  return {
    drawn: () => tell(crosshair.on ? crosshair.instant : null),
    usesKey: isKey,
    key: event => {
      if (isKey(event)) {
        toggle();
      }
      return isKey(event);
    },
    close: () => tell(null)
  };
};
