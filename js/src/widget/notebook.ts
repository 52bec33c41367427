/** A graph's visible data as a variable of the kernel. */
import type { PlotState } from '../core/plot';
import { asked, eachGraph } from './actions';
import type { MenuEntry } from './menu';
import type { PanelHost } from './part';

const PATIENCE = 600_000;

export function notebookEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  return [
    eachGraph(plot, 'To notebook', graph => {
      // What is on the screen, not what the last rest of the hand told the kernel.
      panel.gestureEnded();
      asked(
        panel,
        'to_notebook',
        { plot: plot.id, graph: graph.id },
        ({ value }) => panel.notify('info', (value as { text: string }).text),
        PATIENCE
      );
    })
  ];
}
