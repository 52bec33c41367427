/** What menus, keys and the palette can do with products. */

import { Clipboard, Notification, type ICommandPalette } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, copyIcon, pasteIcon, refreshIcon, searchIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { DraggedProduct } from '../mime';
import { panelIcon, treeIcon } from './icons';
import { insertCode } from './insert';
import { addToPanel, focusedPanel } from './livepanel';

export const CommandIDs = {
  showTree: 'sciqlop-lab:show-tree',
  addToPanel: 'sciqlop-lab:add-to-panel',
  openProduct: 'sciqlop-lab:open-product',
  insertCode: 'sciqlop-lab:insert-code',
  copyId: 'sciqlop-lab:copy-id',
  copyCode: 'sciqlop-lab:copy-code',
  showInTree: 'sciqlop-lab:show-in-tree',
  refreshInventory: 'sciqlop-lab:refresh-inventory'
} as const;

export interface CommandContext {
  commands: CommandRegistry;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
  /** The product selected in the tree. */
  selected: () => DraggedProduct | null;
  code: (product: DraggedProduct) => Promise<string>;
  /** Open a tab; `args` are those of a restored layout. */
  open: (product: DraggedProduct, args: ReadonlyPartialJSONObject) => void;
  showTree: () => void;
  /** Open the tree down to a product. */
  showInTree: (id: string) => Promise<void>;
  refresh: (provider: string | null) => void;
}

const PRODUCT_SCHEMA = {
  type: 'object' as const,
  properties: {
    id: { type: 'string' as const, description: 'provider/path; by default what is selected in the tree' },
    name: { type: 'string' as const, description: 'what the tab or message calls it' },
    kind: { type: 'string' as const, description: 'scalar, vector, spectrogram, ...' }
  }
};

/** The product that a command's arguments name, else the one selected in the tree. */
export function productOf(
  args: ReadonlyPartialJSONObject,
  selected: () => DraggedProduct | null
): DraggedProduct | null {
  const { id, name, kind } = args;
  if (typeof id !== 'string' || !id.includes('/')) {
    return selected();
  }
  return {
    id,
    name: typeof name === 'string' && name ? name : (id.split('/').at(-1) ?? id),
    kind: typeof kind === 'string' ? kind : 'unknown'
  };
}

export function addCommands(context: CommandContext): void {
  const { commands, trans } = context;
  const describedBy = { args: PRODUCT_SCHEMA };
  const product = (args: ReadonlyPartialJSONObject): DraggedProduct | null =>
    productOf(args, context.selected);
  const isEnabled = (args: ReadonlyPartialJSONObject): boolean => product(args) !== null;

  commands.addCommand(CommandIDs.showTree, {
    label: trans.__('Find Space Physics Products'),
    caption: trans.__('Show the product tree and its search box'),
    icon: searchIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => context.showTree()
  });

  commands.addCommand(CommandIDs.addToPanel, {
    label: trans.__('Add Product to Panel'),
    caption: trans.__('Add the product to the panel used last, or open a panel in a new tab'),
    icon: addIcon,
    describedBy,
    isEnabled,
    execute: args => {
      const chosen = product(args);
      if (!chosen) {
        return;
      }
      const panel = focusedPanel();
      if (panel) {
        addToPanel(panel, chosen);
      } else {
        context.open(chosen, {});
      }
    }
  });

  commands.addCommand(CommandIDs.openProduct, {
    label: trans.__('Open Product in New Panel'),
    caption: trans.__('Show the product in a panel in a new tab'),
    icon: panelIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ...PRODUCT_SCHEMA.properties,
          notebook: {
            type: ['string', 'null'],
            description: 'path of the open notebook whose kernel draws it; null for an own kernel'
          },
          key: { type: 'string', description: 'name of the panel in a restored layout' }
        }
      }
    },
    isEnabled,
    execute: args => {
      const chosen = product(args);
      if (chosen) {
        context.open(chosen, args);
      }
    }
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Code for Product'),
    caption: trans.__('Insert Python code that fetches the product into the active cell'),
    icon: pasteIcon,
    describedBy,
    isEnabled: args => isEnabled(args) && context.notebooks?.activeCell?.model.type === 'code',
    execute: async args => {
      const chosen = product(args);
      if (chosen && !insertCode(context.notebooks, await context.code(chosen))) {
        Notification.warning(trans.__('There is no code cell to insert into: open a notebook first.'), {
          autoClose: 5000
        });
      }
    }
  });

  commands.addCommand(CommandIDs.copyId, {
    label: trans.__('Copy Product Id'),
    caption: trans.__('Copy the product id for get_data and panels'),
    icon: copyIcon,
    describedBy,
    isEnabled,
    execute: args => {
      const chosen = product(args);
      if (chosen) {
        Clipboard.copyToSystem(chosen.id);
      }
    }
  });

  commands.addCommand(CommandIDs.copyCode, {
    label: trans.__('Copy Product as get_data Code'),
    caption: trans.__('Copy Python code that fetches the product'),
    icon: copyIcon,
    describedBy,
    isEnabled,
    execute: async args => {
      const chosen = product(args);
      if (chosen) {
        Clipboard.copyToSystem(await context.code(chosen));
      }
    }
  });

  commands.addCommand(CommandIDs.showInTree, {
    label: trans.__('Show Product in Tree'),
    caption: trans.__('Leave the search and open the tree down to the product'),
    icon: treeIcon,
    describedBy,
    isEnabled,
    execute: async args => {
      const chosen = product(args);
      if (chosen) {
        await context.showInTree(chosen.id);
      }
    }
  });

  commands.addCommand(CommandIDs.refreshInventory, {
    label: trans.__('Refresh Product Inventories'),
    caption: trans.__('Read the inventories of the servers again'),
    icon: refreshIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          provider: { type: 'string', description: 'name of one provider; by default all' }
        }
      }
    },
    execute: args => context.refresh(typeof args.provider === 'string' ? args.provider : null)
  });
}

export function addToPalette(palette: ICommandPalette, trans: TranslationBundle): void {
  for (const command of Object.values(CommandIDs)) {
    palette.addItem({ command, category: trans.__('Space Physics') });
  }
}
