/** A saved notebook's panels where their kernel is gone: a still picture, or words, and no error. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';

const WIDGET = 'application/vnd.jupyter.widget-view+json';
/** Of ipywidgets' own renderer. */
const RANK = -10;
/** The text of our panels begins with one of these. */
const OURS = /^<(Panel|ProductTree)\b/;

/** What ipywidgets' renderer has of its manager; absent in versions that keep it elsewhere. */
interface WidgetRenderer extends IRenderMime.IRenderer {
  _manager?: { promise: Promise<WidgetManager> };
}

interface WidgetManager {
  restoredStatus: boolean;
  restored: ISignal<unknown, void>;
  has_model(id: string): boolean;
}

/** Show panels without a kernel in every notebook that is opened. */
export function showStills(notebooks: INotebookTracker, trans: TranslationBundle): void {
  const follow = (_: unknown, panel: NotebookPanel): void => {
    wrapFactories(panel.content.rendermime, trans);
    // ipywidgets does not tell its views.
    panel.sessionContext.kernelChanged.connect(() => {
      for (const live of panel.node.querySelectorAll('.sciqlop-panel')) {
        live.dispatchEvent(new CustomEvent('sciqlop:lost'));
      }
    });
  };
  notebooks.forEach(panel => follow(null, panel));
  notebooks.widgetAdded.connect(follow);
}

/** ipywidgets replaces its factory when a kernel is there: each of them is wrapped. */
function wrapFactories(rendermime: IRenderMimeRegistry, trans: TranslationBundle): void {
  const add = rendermime.addFactory.bind(rendermime);
  rendermime.addFactory = (factory, rank) =>
    add(factory.mimeTypes.includes(WIDGET) ? wrapped(factory, trans) : factory, rank);
  const present = rendermime.getFactory(WIDGET);
  if (present) {
    rendermime.addFactory(present, RANK);
  }
}

function wrapped(
  factory: IRenderMime.IRendererFactory,
  trans: TranslationBundle
): IRenderMime.IRendererFactory {
  const createRenderer = (options: IRenderMime.IRendererOptions): IRenderMime.IRenderer => {
    const renderer: WidgetRenderer = factory.createRenderer(options);
    const render = renderer.renderModel.bind(renderer);
    renderer.renderModel = async model => {
      const still = renderer._manager ? stillOf(model.data, trans) : null;
      if (!still) {
        return render(model);
      }
      renderer.node.replaceChildren(still);
      const manager = await renderer._manager!.promise;
      const id = (model.data[WIDGET] as { model_id?: unknown } | undefined)?.model_id;
      if (await knows(manager, id)) {
        await render(model);
      }
    };
    return renderer;
  };
  return { ...factory, createRenderer };
}

/** Whether a kernel has a widget, which may show only when its widgets were read. */
async function knows(manager: WidgetManager, id: unknown): Promise<boolean> {
  if (typeof id !== 'string' || id === '') {
    return true; // nothing to look for: ipywidgets hides such a view
  }
  if (!manager.has_model(id) && !manager.restoredStatus) {
    await new Promise<void>(resolve => {
      const slot = (): void => {
        manager.restored.disconnect(slot);
        resolve();
      };
      manager.restored.connect(slot);
    });
  }
  return manager.has_model(id);
}

/** The picture that was saved, with a word on it; null for other people's widgets. */
function stillOf(data: IRenderMime.IMimeModel['data'], trans: TranslationBundle): HTMLElement | null {
  const words = data['text/plain'];
  if (typeof words !== 'string' || !OURS.test(words)) {
    return null;
  }
  const still = document.createElement('figure');
  still.className = 'sqlab-still';
  const png = data['image/png'];
  if (typeof png === 'string' && /^[A-Za-z0-9+/=\s]+$/.test(png)) {
    const picture = document.createElement('img');
    picture.src = `data:image/png;base64,${png.replace(/\s/g, '')}`;
    picture.alt = words;
    still.append(picture);
  } else {
    const text = document.createElement('pre');
    text.textContent = words;
    still.append(text);
  }
  const caption = document.createElement('figcaption');
  caption.textContent = trans.__('As it was saved. Run the cell to have it live again.');
  still.append(caption);
  return still;
}
