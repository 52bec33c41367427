/** What the buttons of a panel and of its plots do. */
import type { PlotState } from '../core/plot';
import type { ToolActions } from './chrome';
import { autoscale, toggleLog } from './gestures';
import { equalHeights } from './heights';
import type { Gestures } from './interaction';
import { legendActions } from './lines';
import type { OverlayActions } from './overlay';
import type { PanelHost } from './part';

export function toolActions(panel: PanelHost, gestures: Gestures): ToolActions {
  const onCurrent = (run: (plot: PlotState) => void): void => {
    const plot = panel.plots[panel.current] ?? panel.plots[0];
    if (plot) {
      run(plot);
    }
  };
  return {
    zoom: factor => gestures.zoom(factor, 0.5),
    pan: fraction => gestures.pan(fraction),
    undo: () => panel.undo(),
    redo: () => panel.redo(),
    autoscale: () => gestures.autoscale(null, 'all'),
    toggleLog: () => onCurrent(plot => toggleLog(panel, plot)),
    removePlot: () => onCurrent(plot => panel.removePlot(plot)),
    exportAs: format => panel.exportAs(format),
    equalHeights: () => equalHeights(panel)
  };
}

export function plotActions(panel: PanelHost, wait: Pick<OverlayActions, 'retry' | 'stop'>): OverlayActions {
  return {
    legend: plotOf => legendActions(panel, plotOf),
    toggleLog: plot => toggleLog(panel, plot),
    setColormap: (plot, colormap) => panel.setAxis(plot, 'z', { colormap }),
    autoscale: plot => autoscale(panel, plot, 'all'),
    removePlot: plot => panel.removePlot(plot),
    ...wait
  };
}
