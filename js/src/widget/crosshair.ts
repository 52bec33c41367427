/**
 * The crosshair: a line through all plots at the time that is pointed at, one across the plot under
 * the pointer, and what each plot has there. Linked panels show each other's.
 */
import type { PanelLayout, Point, Rect } from '../core/layout';
import { hitTest } from '../core/layout';
import type { PlotState } from '../core/plot';
import { fromUnit } from '../core/scale';
import { SpacePlot } from '../core/space';
import { formatTime } from '../core/time';
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
  /** Told of the instant that is marked, here or from a linked panel; null for none. */
  watch: ((instant: bigint | null) => void) | null = null;
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
    const under = here && plots[here.index];
    this.instant = here && under ? under.instantAt(view, layout.plots[here.index]!, here.pointer) : null;
    const instant = this.instant ?? (this.remote !== null && inside(view, this.remote) ? this.remote : null);
    const first = layout.plots[0];
    this.watch?.(this.on ? instant : null);
    if (!this.on || instant === null || !first || layout.plots.length !== plots.length) {
      this.hide();
      return;
    }
    const share = Number(instant - view.start) / Number(view.stop - view.start);
    const x = first.x + share * first.width;
    const timed = layout.plots.filter((_, i) => !(plots[i] instanceof SpacePlot));
    const across = here && !(under instanceof SpacePlot) ? { y: here.pointer.y, rect: layout.plots[here.index]! } : null;
    const others = layout.plots.filter((_, i) => plots[i] instanceof SpacePlot);
    this.line(timed, others, x, across);
    const resolution = (view.stop - view.start) / BigInt(Math.max(first.width, 1)) || 1n;
    const header = `${formatTime(instant, resolution)} UTC`;
    plots.forEach((plot, i) => {
      const y = here && i === here.index ? fromUnit(plot.scale('y'), here.fy) : null;
      const { readout } = this.shown!.overlay(plot);
      if (plot instanceof SpacePlot && plot !== under) {
        readout.hide(); // a dot says where it is
      } else {
        const at = plot instanceof SpacePlot && here ? here.pointer.x : x;
        const rect = layout.plots[i]!;
        readout.show(plot, { instant, header, y, x: at - first.x }, rect, this.shown!.theme);
      }
    });
  }

  /** Through the plots over time, and across the one that is pointed at. */
  private line(
    timed: readonly Rect[],
    others: readonly Rect[],
    x: number,
    across: { y: number; rect: Rect } | null
  ): void {
    const { cursor, cursorY } = this.chrome;
    const first = timed[0];
    const last = timed[timed.length - 1];
    const over = across && across.y >= across.rect.y && across.y <= across.rect.y + across.rect.height;
    cursor.hidden = !first;
    cursorY.hidden = !over;
    if (!first || !last) {
      return;
    }
    cursor.style.transform = `translateX(${Math.round(x)}px)`;
    cursor.style.top = `${first.y}px`;
    cursor.style.height = `${last.y + last.height - first.y}px`;
    cursor.style.maskImage = leavingOut(others, first.y);
    if (across && over) {
      cursorY.style.transform = `translateY(${Math.round(across.y)}px)`;
      cursorY.style.left = `${across.rect.x}px`;
      cursorY.style.width = `${across.rect.width}px`;
    }
  }

  private hide(): void {
    this.chrome.cursor.hidden = true;
    this.chrome.cursorY.hidden = true;
    this.shown?.plots.forEach(plot => this.shown!.overlay(plot).readout.hide());
  }
}

/** A mask of a line that starts at `top`: nothing is drawn over these plots, which have no time. */
export function leavingOut(plots: readonly Rect[], top: number): string {
  const holes = plots.map(plot => [plot.y - top, plot.y + plot.height - top] as const);
  const stops = holes.flatMap(([from, to]) => [
    `#000 ${from}px`, `transparent ${from}px`, `transparent ${to}px`, `#000 ${to}px`
  ]);
  return stops.length ? `linear-gradient(to bottom, #000 0px, ${stops.join(', ')})` : '';
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
