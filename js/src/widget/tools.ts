/** What the buttons of a panel and of its plots do. */
import type { PlotState } from '../core/plot';
import type { ToolActions } from './chrome';
import { autoscale, toggleLog } from './gestures';
import type { Gestures } from './interaction';
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
    exportAs: format => panel.exportAs(format)
  };
}

export function plotActions(panel: PanelHost, wait: Pick<OverlayActions, 'retry' | 'stop'>): OverlayActions {
  return {
    toggleColumn: (plot, graph, column) => toggleColumn(panel, plot, graph, column),
    toggleLog: plot => toggleLog(panel, plot),
    setColormap: (plot, colormap) => panel.setAxis(plot, 'z', { colormap }),
    autoscale: plot => autoscale(panel, plot, 'all'),
    removePlot: plot => panel.removePlot(plot),
    ...wait
  };
}

function toggleColumn(panel: PanelHost, plot: PlotState, graph: string, column: string): void {
  const hidden = new Set(plot.hidden(graph));
  if (!hidden.delete(column)) {
    hidden.add(column);
  }
  // Shown at once; the spec's answer confirms it.
  plot.hide(graph, [...hidden]);
  plot.refit(panel.view);
  panel.command({ op: 'set_hidden', plot: plot.id, graph, hidden: [...hidden] });
  panel.redraw();
}
