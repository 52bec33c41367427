/** Where commands are found: palette, launcher, context menu of the tree. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from './commands';
import { focusedPanel, plotsOf } from './livepanel';

const PRODUCT = '.sqlab-row[data-products="true"]';
const PROVIDER = '.sqlab-row:not([data-provider=""])';
/** Longer labels of plots make a menu that hides the page. */
const LONG = 60;

export function addToPalette(palette: ICommandPalette, trans: TranslationBundle): void {
  for (const command of Object.values(CommandIDs)) {
    palette.addItem({ command, category: trans.__('Space Physics') });
  }
  for (const place of ['above', 'below', 'into']) {
    palette.addItem({
      command: CommandIDs.addToPanel,
      args: { place },
      category: trans.__('Space Physics')
    });
  }
}

export function addToLauncher(launcher: ILauncher, trans: TranslationBundle): void {
  launcher.add({ command: CommandIDs.newPanel, category: trans.__('Other'), rank: 2 });
}

/** The menu of the tree's rows; which plots there are is looked up when it opens. */
export function addContextMenu(
  app: JupyterFrontEnd,
  tree: HTMLElement,
  trans: TranslationBundle
): void {
  const plots = new Menu({ commands: app.commands });
  plots.title.label = trans.__('Add to Plot');
  plots.id = 'sqlab-plots-menu';
  const fill = (): void => {
    plots.clearItems();
    const panel = focusedPanel();
    const found = panel ? plotsOf(panel) : [];
    for (const { index, label } of found) {
      const short = label.length > LONG ? `${label.slice(0, LONG)}…` : label;
      const text = trans.__('Onto %1: %2', index + 1, short || trans.__('empty plot'));
      const args = { place: 'into', plot: index, label: text };
      plots.addItem({ command: CommandIDs.addToPanel, args });
    }
    if (found.length) {
      plots.addItem({ type: 'separator' });
    }
    for (const place of ['above', 'below']) {
      plots.addItem({ command: CommandIDs.addToPanel, args: { place } });
    }
  };
  tree.addEventListener('contextmenu', fill, true);

  const { contextMenu } = app;
  contextMenu.addItem({ command: CommandIDs.addToPanel, selector: PRODUCT, rank: 0 });
  contextMenu.addItem({ type: 'submenu', submenu: plots, selector: PRODUCT, rank: 1 });
  [
    CommandIDs.openProduct,
    CommandIDs.insertCode,
    CommandIDs.copyCode,
    CommandIDs.copyId,
    CommandIDs.toggleFavourite
  ].forEach((command, i) => {
    contextMenu.addItem({ command, selector: PRODUCT, rank: i + 2 });
  });
  contextMenu.addItem({
    command: CommandIDs.showInTree,
    selector: '.sqlab-row[data-apart="true"]',
    rank: 10
  });
  contextMenu.addItem({
    command: CommandIDs.refreshInventory,
    args: { selected: true },
    selector: PROVIDER,
    rank: 11
  });
  contextMenu.addItem({
    command: CommandIDs.clearRecent,
    selector: '.sqlab-row[data-section="recent"]',
    rank: 12
  });
}
