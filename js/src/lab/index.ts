/** The JupyterLab plugin: registers everything, starts nothing. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker, type MainAreaWidget } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { DraggedProduct } from '../mime';
import { ServerInventory } from './api';
import type { Branch } from './branch';
import { getDataCode, suggestRange, type SuggestedRange } from './code';
import { addCommands, addToPalette, CommandIDs } from './commands';
import { startDrag, type DragSource } from './drag';
import { panelIcon, treeIcon } from './icons';
import { takeDropsOnCells } from './insert';
import { TreeModel } from './model';
import { createPanelTab, type PanelTab } from './paneltab';
import { ProductBook } from './products';
import { Sidebar } from './sidebar';

const PLUGIN_ID = 'sciqlop-lab:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Tree of space physics products, and panels that show them.',
  autoStart: true,
  optional: [
    ICommandPalette,
    ILayoutRestorer,
    INotebookTracker,
    IRenderMimeRegistry,
    ISettingRegistry,
    ITranslator
  ],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  notebooks: INotebookTracker | null,
  rendermime: IRenderMimeRegistry | null,
  settings: ISettingRegistry | null,
  translator_: ITranslator | null
): void {
  const translator = translator_ ?? nullTranslator;
  const trans = translator.load('sciqlop_lab');
  const { commands, shell } = app;
  const inventory = new ServerInventory(app.serviceManager.serverSettings);
  const model = new TreeModel(inventory);
  const book = new ProductBook(inventory);
  const tracker = new WidgetTracker<MainAreaWidget<PanelTab>>({ namespace: 'sciqlop-lab-panel' });
  let firstSpan = 0;

  const range = async (id: string): Promise<SuggestedRange> => {
    const details = await book.get(id).catch(() => null);
    return suggestRange(details, firstSpan, Date.now());
  };
  const tab = (
    product: DraggedProduct,
    args: ReadonlyPartialJSONObject = {}
  ): MainAreaWidget<PanelTab> => {
    const notebook =
      typeof args.notebook === 'string' || args.notebook === null
        ? args.notebook
        : (notebooks?.currentWidget?.context.path ?? null);
    const made = createPanelTab({
      product,
      range: () => range(product.id),
      notebook,
      key: typeof args.key === 'string' && /^[0-9a-f]{8}$/.test(args.key) ? args.key : undefined,
      icon: panelIcon,
      services: app.serviceManager,
      notebooks,
      rendermime,
      translator,
      trans
    });
    void tracker.add(made);
    return made;
  };
  const source: DragSource = {
    codeNow: product =>
      getDataCode(product.id, suggestRange(book.peek(product.id), firstSpan, Date.now())),
    code: async product => getDataCode(product.id, await range(product.id)),
    tab
  };
  const run = (command: string) => () => void commands.execute(command);

  const sidebar = new Sidebar({
    model,
    book,
    trans,
    icon: treeIcon,
    actions: [
      {
        label: trans.__('Add'),
        caption: trans.__('Add to the panel used last (Enter)'),
        run: run(CommandIDs.addToPanel)
      },
      {
        label: trans.__('Open'),
        caption: trans.__('Open in a new tab'),
        run: run(CommandIDs.openProduct)
      },
      {
        label: trans.__('Insert code'),
        caption: trans.__('Insert get_data code into the active cell'),
        run: run(CommandIDs.insertCode)
      },
      { label: trans.__('Copy id'), caption: trans.__('Copy the product id'), run: run(CommandIDs.copyId) }
    ]
  });
  sidebar.tree.dragStarted.connect((_, { branch, x, y }) => {
    const product = productOfBranch(branch);
    if (product) {
      void startDrag(product, source, x, y);
    }
  });
  if (notebooks) {
    takeDropsOnCells(notebooks, document);
  }
  sidebar.tree.activated.connect(run(CommandIDs.addToPanel));
  shell.add(sidebar, 'left', { rank: 210, type: 'Space Physics Products' });

  addCommands({
    commands,
    trans,
    notebooks,
    selected: () => (model.selected ? productOfBranch(model.selected) : null),
    code: source.code,
    open: (product, args) => {
      const made = tab(product, args);
      shell.add(made, 'main');
      shell.activateById(made.id);
    },
    showTree: () => {
      shell.activateById(sidebar.id);
      sidebar.search.focusInput();
    },
    showInTree: async id => {
      shell.activateById(sidebar.id);
      await model.reveal((await book.get(id)).path);
      sidebar.tree.node.focus();
    },
    refresh: provider => {
      book.clear();
      void model.refresh(provider);
    }
  });
  [
    CommandIDs.addToPanel,
    CommandIDs.openProduct,
    CommandIDs.insertCode,
    CommandIDs.copyCode,
    CommandIDs.copyId
  ].forEach((command, rank) => {
    app.contextMenu.addItem({ command, selector: '.sqlab-row[data-plottable="true"]', rank });
  });
  app.contextMenu.addItem({
    command: CommandIDs.showInTree,
    selector: '.sqlab-mod-hits .sqlab-row[data-plottable="true"]',
    rank: 10
  });
  if (palette) {
    addToPalette(palette, trans);
  }
  if (restorer) {
    restorer.add(sidebar, 'sciqlop-lab-tree');
    void restorer.restore(tracker, {
      command: CommandIDs.openProduct,
      args: ({ content }) => ({ ...content.product, notebook: content.notebook, key: content.key }),
      name: ({ content }) => content.key
    });
  }
  if (settings) {
    const read = (loaded: ISettingRegistry.ISettings): void => {
      firstSpan = Number(loaded.get('firstSpan').composite) || 0;
      model.searchLimit = Number(loaded.get('searchLimit').composite) || model.searchLimit;
    };
    void settings.load(PLUGIN_ID).then(
      loaded => {
        read(loaded);
        loaded.changed.connect(read);
      },
      () => {
        // Settings that cannot be read are reported by JupyterLab itself; the defaults stand.
      }
    );
  }
}

function productOfBranch(branch: Branch): DraggedProduct | null {
  const { ref, name, kind } = branch.node;
  return ref !== null && branch.plottable ? { id: ref, name, kind } : null;
}
