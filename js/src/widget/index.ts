/** Entry point of the anywidget bundle. */
import type { PanelModel } from './model';
import { PanelView } from './panel';

interface Context {
  model: PanelModel;
  el: HTMLElement;
}

function initialize(): void {
  // All state belongs to the model (spec) or to one view; the hook exists for anywidget's contract.
}

function render({ model, el }: Context): () => void {
  const panel = new PanelView(model, el);
  return () => panel.dispose();
}

export default { initialize, render };
