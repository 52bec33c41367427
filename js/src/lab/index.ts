/** The JupyterLab plugin: registers everything, starts nothing. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { SearchField } from './api';
import { addCommands, CommandIDs } from './commands';
import { Downloads } from './downloads';
import { startDrag } from './drag';
import { treeIcon } from './icons';
import { takeDropsOnCells } from './insert';
import { KernelBranches } from './kernels';
import { MOUSE_EVENT } from './livepanel';
import { addContextMenu, addToLauncher, addToPalette } from './menus';
import { addPanelFiles } from './panelfile';
import { SettingsBridge } from './settings';
import { Shelf } from './shelf';
import { Sidebar } from './sidebar';
import { showStills } from './stills';
import { productOfBranch, Workbench } from './workbench';

const PLUGIN_ID = 'sciqlop-lab:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Tree of space physics products, and panels that show them.',
  autoStart: true,
  optional: [
    ICommandPalette,
    ILauncher,
    ILayoutRestorer,
    INotebookTracker,
    IRenderMimeRegistry,
    ISettingRegistry,
    IStateDB,
    IStatusBar,
    ITranslator
  ],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  restorer: ILayoutRestorer | null,
  notebooks: INotebookTracker | null,
  rendermime: IRenderMimeRegistry | null,
  registry: ISettingRegistry | null,
  state: IStateDB | null,
  statusBar: IStatusBar | null,
  translator_: ITranslator | null
): void {
  const translator = translator_ ?? nullTranslator;
  const trans = translator.load('sciqlop_lab');
  const bench = new Workbench({ app, notebooks, rendermime, translator, trans });
  const shelf = new Shelf(bench.model, state, trans);
  const sidebar = makeSidebar(bench, shelf);
  const downloads = new Downloads(bench.server, trans);
  app.shell.add(sidebar, 'left', { rank: 210, type: 'Space Physics Products' });
  void shelf.restore();
  registerCommands(bench, shelf, sidebar, downloads);
  addContextMenu(app, sidebar.tree.node, trans);
  addPanelFiles(bench, restorer);
  if (notebooks) {
    takeDropsOnCells(notebooks, document);
    showStills(notebooks, trans);
    const kernels = new KernelBranches(notebooks, bench.model, bench.book, trans);
    sidebar.seen.connect((_, visible) => {
      kernels.visible = visible;
    });
  }
  if (palette) {
    addToPalette(palette, trans);
  }
  if (launcher) {
    addToLauncher(launcher, trans);
  }
  if (restorer) {
    restorer.add(sidebar, 'sciqlop-lab-tree');
    bench.restore(restorer);
  }
  statusBar?.registerStatusItem('sciqlop-lab:downloads', {
    item: downloads,
    align: 'right',
    rank: 20
  });
  if (registry) {
    followSettings(bench, registry);
  }
}

function makeSidebar(bench: Workbench, shelf: Shelf): Sidebar {
  const { app, trans } = bench.host;
  const run = (command: string) => () => void app.commands.execute(command);
  let fields: Promise<SearchField[]> | null = null;
  const sidebar = new Sidebar({
    model: bench.model,
    book: bench.book,
    previews: bench.server,
    trans,
    icon: treeIcon,
    // Asked once; a failure is asked again at the next word.
    fields: () =>
      (fields ??= bench.server.fields().catch(() => {
        fields = null;
        return [];
      })),
    refresh: provider => refresh(bench, provider),
    actions: [
      {
        label: trans.__('Add'),
        caption: trans.__('Add to the panel used last (Enter)'),
        run: run(CommandIDs.addToPanel)
      },
      {
        label: trans.__('Open'),
        caption: trans.__('Open in a new panel (Shift+Enter)'),
        run: run(CommandIDs.openProduct)
      },
      {
        label: trans.__('Insert code'),
        caption: trans.__('Insert get_data code into the active cell (Ctrl+Enter)'),
        run: run(CommandIDs.insertCode)
      },
      {
        label: trans.__('Copy id'),
        caption: trans.__('Copy the product id (Ctrl+C)'),
        run: run(CommandIDs.copyId)
      },
      {
        label: trans.__('Favourite'),
        caption: trans.__('Add to the favourites, or remove from them (Ctrl+D)'),
        run: run(CommandIDs.toggleFavourite)
      }
    ]
  });
  bench.model.changed.connect((_, change) => {
    if (change === 'status') {
      fields = null; // an inventory may have come
    }
  });
  sidebar.tree.dragStarted.connect((_, { branches, x, y }) => {
    const products = branches.flatMap(productOfBranch);
    void startDrag(products, bench, x, y).then(() => shelf.use(products));
  });
  sidebar.tree.activated.connect(run(CommandIDs.addToPanel));
  sidebar.tree.renewed.connect((_, provider) => refresh(bench, provider));
  return sidebar;
}

function refresh(bench: Workbench, provider: string | null): void {
  bench.book.clear();
  void bench.model.refresh(provider);
}

function registerCommands(
  bench: Workbench,
  shelf: Shelf,
  sidebar: Sidebar,
  downloads: Downloads
): void {
  const { app, notebooks, trans } = bench.host;
  addCommands({
    commands: app.commands,
    trans,
    notebooks,
    selected: () => bench.selected,
    selectedProvider: () => bench.selectedProvider,
    code: products => bench.code(products),
    open: (products, args) => bench.open(products, args),
    showTree: () => {
      app.shell.activateById(sidebar.id);
      sidebar.search.focusInput();
    },
    showInTree: async id => {
      app.shell.activateById(sidebar.id);
      await bench.model.reveal((await bench.book.get(id)).path);
      sidebar.tree.node.focus();
    },
    refresh: provider => refresh(bench, provider),
    used: products => shelf.use(products),
    isFavourite: product => shelf.isFavourite(product),
    toggleFavourite: products => shelf.toggle(products),
    clearRecent: () => shelf.clearRecent(),
    cancelDownloads: () => void downloads.cancel()
  });
}

function followSettings(bench: Workbench, registry: ISettingRegistry): void {
  const bridge = new SettingsBridge(bench.server, bench.host.trans, (level, text) => {
    Notification.emit(text, level, { autoClose: level === 'error' ? false : 3000 });
  });
  const read = (settings: ISettingRegistry.ISettings): void => {
    bench.firstSpan = Number(settings.get('firstSpan').composite) || 0;
    bench.model.searchLimit =
      Number(settings.get('searchLimit').composite) || bench.model.searchLimit;
    bench.model.asTree = settings.get('searchAsTree').composite === true;
    // For panels on this page, which belong to another bundle.
    const { dataset } = document.documentElement;
    dataset.sciqlopColormap = String(settings.get('colormap').composite ?? '');
    dataset.sciqlopMouse = String(settings.get('mouseMode').composite ?? '');
  };
  // A mode chosen in a panel's help is the setting.
  document.addEventListener(MOUSE_EVENT, event => {
    event.preventDefault();
    void registry.set(PLUGIN_ID, 'mouseMode', (event as CustomEvent<string>).detail);
  });
  bridge.connect(registry, PLUGIN_ID, read).catch(() => {
    // Settings that cannot be read are reported by JupyterLab itself; the defaults stand.
  });
}
