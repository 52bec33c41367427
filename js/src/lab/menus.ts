/** Where commands are found: palette, launcher, context menu of the tree. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from './commands';
import { panelsInSight, plotsOf, type Place } from './livepanel';

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

function short(label: string): string {
  return label.length > LONG ? `${label.slice(0, LONG)}…` : label;
}

/** Onto each plot of a panel, and as a new one above and below each. */
function addPlots(menu: Menu, panel: HTMLElement, index: number, trans: TranslationBundle): void {
  const add = (place: Place, plot: number, label: string): void => {
    menu.addItem({ command: CommandIDs.addToPanel, args: { panel: index, place, plot, label } });
  };
  const found = plotsOf(panel);
  for (const { index: plot, label } of found) {
    add('into', plot, trans.__('Onto %1: %2', plot + 1, short(label) || trans.__('empty plot')));
  }
  menu.addItem({ type: 'separator' });
  add(found.length ? 'above' : 'end', 0, trans.__('New plot at the top'));
  for (const { index: plot } of found) {
    add('below', plot, trans.__('New plot below %1', plot + 1));
  }
}

/** The menu of the tree's rows; which plots there are is looked up when it opens. */
export function addContextMenu(
  app: JupyterFrontEnd,
  tree: HTMLElement,
  trans: TranslationBundle
): void {
  const plots = new Menu({ commands: app.commands });
  plots.title.label = trans.__('Plot in');
  plots.id = 'sqlab-plots-menu';
  const fill = (): void => {
    plots.clearItems();
    const panels = panelsInSight();
    panels.forEach((panel, index) => {
      // The plots of one panel stand in the menu itself.
      const menu = panels.length > 1 ? new Menu({ commands: app.commands }) : plots;
      if (menu !== plots) {
        menu.title.label = short(`${index + 1}: ${panel.getAttribute('aria-label') ?? ''}`);
        plots.addItem({ type: 'submenu', submenu: menu });
      }
      addPlots(menu, panel, index, trans);
    });
    plots.addItem({ type: 'separator' });
    plots.addItem({ command: CommandIDs.openProduct });
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
