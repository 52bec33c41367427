/** The menu of a plot: by its button, the right mouse button, or Shift+F10. */
import type { PlotState } from '../core/plot';
import { exportEntries } from './dataexport';
import { deriveEntries } from './derive';
import { autoscale, toggleLog } from './gestures';
import { inspectEntries } from './inspector';
import { kindEntries } from './kinds';
import { openMenu, SEPARATOR } from './menu';
import type { MenuEntry } from './menu';
import { notebookEntries } from './notebook';
import { overlayEntries } from './overlays';
import type { MakePart, PanelHost } from './part';
import { moveEntries } from './reorder';
import { templateEntries } from './templates';

/** What a part of a panel adds to the menu of a plot; groups are kept apart by rules. */
export type PlotEntries = (panel: PanelHost, plot: PlotState) => MenuEntry[];

/** In the order in which they are shown. */
export const PLOT_ENTRIES: PlotEntries[] = [
  scaleEntries,
  kindEntries,
  inspectEntries,
  deriveEntries,
  overlayEntries,
  notebookEntries,
  exportEntries,
  templateEntries,
  placeEntries
];

function scaleEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const axis = plot.image() ? 'z' : 'y';
  const { log, knee } = plot.scale(axis);
  return [
    { label: 'Fit values to the view', hint: 'M', run: () => autoscale(panel, plot, 'all') },
    { label: 'Fit to a share of the values', entries: shareEntries(panel, plot, axis) },
    { label: 'Logarithmic', hint: 'L', checked: log || knee > 0, run: () => toggleLog(panel, plot) }
  ];
}

/** Percentiles of the visible values; the first is the default of lines, the third of colours. */
const SHARES: readonly [number, number][] = [
  [0, 100],
  [1, 99],
  [2, 98],
  [5, 95],
  [10, 90]
];

function shareEntries(panel: PanelHost, plot: PlotState, axis: 'y' | 'z'): MenuEntry[] {
  const usual: [number, number] = axis === 'z' ? [2, 98] : [0, 100];
  const now = plot[axis].percentiles ?? usual;
  return SHARES.map(percentiles => ({
    label: percentiles[0] === 0 ? 'All of them' : `${percentiles[0]} % to ${percentiles[1]} %`,
    checked: percentiles[0] === now[0] && percentiles[1] === now[1],
    run: () => panel.setAxis(plot, axis, { percentiles, range: null })
  }));
}

function placeEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  return [...moveEntries(panel, plot), { label: 'Remove plot', hint: 'Delete', run: () => panel.removePlot(plot) }];
}

function entriesOf(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const groups = PLOT_ENTRIES.map(make => make(panel, plot)).filter(group => group.length > 0);
  return groups.flatMap((group, i) => (i === 0 ? group : [SEPARATOR, ...group]));
}

function isMenuKey(event: KeyboardEvent): boolean {
  return event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10');
}

export const makePlotMenu: MakePart = panel => {
  const { element } = panel.stage;
  const show = (index: number, at: { x: number; y: number }): void => {
    const plot = panel.plots[index];
    if (plot) {
      openMenu(panel.root, at, entriesOf(panel, plot));
    }
  };
  const byMouse = (event: MouseEvent): void => {
    // With Shift the page's own menu comes, as everywhere in JupyterLab.
    if (event.shiftKey || (event.target instanceof Element && event.target.closest('.sq-menu'))) {
      return;
    }
    const box = element.getBoundingClientRect();
    const hit = panel.stage.hit(event.clientX - box.left, event.clientY - box.top);
    if (hit) {
      event.preventDefault();
      event.stopPropagation();
      show(hit.index, { x: event.clientX, y: event.clientY });
    }
  };
  const byButton = (event: Event): void => {
    const { plot, x, y } = (event as CustomEvent<{ plot: string; x: number; y: number }>).detail;
    show(
      panel.plots.findIndex(({ id }) => id === plot),
      { x, y }
    );
  };
  element.addEventListener('contextmenu', byMouse);
  element.addEventListener('sq-plot-menu', byButton);
  return {
    usesKey: isMenuKey,
    key: event => {
      const rect = isMenuKey(event) ? panel.layout?.plots[panel.current] : undefined;
      if (rect) {
        const box = element.getBoundingClientRect();
        show(panel.current, { x: box.left + rect.x + 12, y: box.top + rect.y + 12 });
      }
      return rect !== undefined;
    },
    close: () => {
      element.removeEventListener('contextmenu', byMouse);
      element.removeEventListener('sq-plot-menu', byButton);
    }
  };
};
