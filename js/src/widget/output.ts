/** What functions printed: a button on their plot that opens it. */
import type { PanelLayout } from '../core/layout';
import type { PlotState } from '../core/plot';
import { make, setText } from './dom';
import type { PanelHost, Part } from './part';

interface Box {
  node: HTMLDetailsElement;
  text: HTMLElement;
}

export function makeOutput(panel: PanelHost): Part {
  const boxes = new Map<string, Box>();

  const box = (plot: PlotState): Box => {
    let found = boxes.get(plot.id);
    if (!found) {
      const node = make('details', 'sq-output');
      const text = make('pre', 'sq-output-text');
      text.tabIndex = 0;
      const summary = make('summary', '', 'output');
      summary.title = 'What the function printed';
      node.append(summary, text);
      // Turning the wheel over the text moves the text.
      node.addEventListener('wheel', event => node.open && event.stopPropagation());
      node.addEventListener('pointerdown', event => event.stopPropagation());
      node.addEventListener('dblclick', event => event.stopPropagation());
      panel.stage.element.append(node);
      found = { node, text };
      boxes.set(plot.id, found);
    }
    return found;
  };

  const printed = (plot: PlotState): string => {
    const spoken = plot.states().filter(state => state.output !== '');
    return spoken
      .map(state => (spoken.length > 1 ? `${plot.name(state)}:\n${state.output}` : state.output))
      .join('\n\n');
  };

  return {
    drawn: (layout: PanelLayout) => {
      const shown = new Set<string>();
      panel.plots.forEach((plot, i) => {
        const text = printed(plot);
        const rect = layout.plots[i];
        if (text === '' || !rect) {
          return;
        }
        shown.add(plot.id);
        const { node, text: pre } = box(plot);
        setText(pre, text);
        node.style.left = `${rect.x + 6}px`;
        node.style.bottom = `${layout.height - rect.y - rect.height + 4}px`;
        node.style.maxWidth = `${rect.width - 12}px`;
        pre.style.maxHeight = `${Math.max(40, rect.height - 50)}px`;
      });
      for (const [id, { node }] of boxes) {
        if (!shown.has(id)) {
          node.remove();
          boxes.delete(id);
        }
      }
    },
    close: () => boxes.forEach(({ node }) => node.remove())
  };
}
