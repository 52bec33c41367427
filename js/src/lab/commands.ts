/** What menus, keys and the palette can do with products. */

import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addAboveIcon,
  addBelowIcon,
  addIcon,
  copyIcon,
  pasteIcon,
  refreshIcon,
  searchIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { DraggedProduct } from '../mime';
import { panelIcon, starIcon, treeIcon } from './icons';
import { insertCode } from './insert';
import { addToPanel, focusedPanel, panelsInSight, type Place } from './livepanel';

export const CommandIDs = {
  showTree: 'sciqlop-lab:show-tree',
  focusPanel: 'sciqlop-lab:focus-panel',
  newPanel: 'sciqlop-lab:new-panel',
  addToPanel: 'sciqlop-lab:add-to-panel',
  openProduct: 'sciqlop-lab:open-product',
  insertCode: 'sciqlop-lab:insert-code',
  copyId: 'sciqlop-lab:copy-id',
  copyCode: 'sciqlop-lab:copy-code',
  toggleFavourite: 'sciqlop-lab:toggle-favourite',
  clearRecent: 'sciqlop-lab:clear-recent',
  showInTree: 'sciqlop-lab:show-in-tree',
  refreshInventory: 'sciqlop-lab:refresh-inventory',
  cancelDownloads: 'sciqlop-lab:cancel-downloads'
} as const;

export interface CommandContext {
  commands: CommandRegistry;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
  /** The products selected in the tree. */
  selected: () => DraggedProduct[];
  /** The provider selected in the tree. */
  selectedProvider: () => string | null;
  code: (products: readonly DraggedProduct[]) => Promise<string>;
  /** Open a tab; `args` are those of a restored layout. */
  open: (products: readonly DraggedProduct[], args: ReadonlyPartialJSONObject) => void;
  showTree: () => void;
  /** Open the tree down to a product. */
  showInTree: (id: string) => Promise<void>;
  refresh: (provider: string | null) => void;
  /** Note that products were used. */
  used: (products: readonly DraggedProduct[]) => void;
  isFavourite: (product: DraggedProduct) => boolean;
  toggleFavourite: (products: readonly DraggedProduct[]) => void;
  clearRecent: () => void;
  cancelDownloads: () => void;
}

const PRODUCT_PROPERTIES = {
  id: {
    type: 'string' as const,
    description: 'provider/path; by default what is selected in the tree'
  },
  ids: {
    type: 'array' as const,
    items: { type: 'string' as const },
    description: 'several products, in place of id'
  },
  name: { type: 'string' as const, description: 'what the tab or message calls it' },
  kind: { type: 'string' as const, description: 'scalar, vector, spectrogram, ...' }
};
const DESCRIBED = { args: { type: 'object' as const, properties: PRODUCT_PROPERTIES } };
const NO_ARGS = { args: { type: 'object' as const, properties: {} } };
const PLACES: ReadonlySet<unknown> = new Set(['above', 'below', 'into', 'end']);

function named(id: string): string {
  return id.split('/').at(-1) || id;
}

/** The products that a command's arguments name, else those selected in the tree. */
export function productsOf(
  args: ReadonlyPartialJSONObject,
  selected: () => DraggedProduct[]
): DraggedProduct[] {
  const { id, ids, name, kind } = args;
  const isId = (value: unknown): value is string =>
    typeof value === 'string' && value.includes('/');
  if (isId(id)) {
    return [
      {
        id,
        name: typeof name === 'string' && name ? name : named(id),
        kind: typeof kind === 'string' ? kind : 'unknown'
      }
    ];
  }
  if (Array.isArray(ids) && ids.length > 0 && ids.every(isId)) {
    return (ids as string[]).map(each => ({ id: each, name: named(each), kind: 'unknown' }));
  }
  return selected();
}

export function addCommands(context: CommandContext): void {
  addPanelCommands(context);
  addTextCommands(context);
  addTreeCommands(context);
}

function addPanelCommands(context: CommandContext): void {
  const { commands, trans } = context;
  const products = (args: ReadonlyPartialJSONObject): DraggedProduct[] =>
    productsOf(args, context.selected);
  const place = (args: ReadonlyPartialJSONObject): Place =>
    PLACES.has(args.place) ? (args.place as Place) : 'end';
  const labels: Record<Place, string> = {
    end: trans.__('Add to Panel'),
    above: trans.__('Add Above the Current Plot'),
    below: trans.__('Add Below the Current Plot'),
    into: trans.__('Add onto the Current Plot')
  };
  const icons: Record<Place, LabIcon> = {
    end: addIcon,
    above: addAboveIcon,
    below: addBelowIcon,
    into: panelIcon
  };

  commands.addCommand(CommandIDs.addToPanel, {
    label: args => (typeof args.label === 'string' ? args.label : labels[place(args)]),
    caption: trans.__('Add the products to the panel used last, or open a panel in a new tab'),
    icon: args => icons[place(args)],
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ...PRODUCT_PROPERTIES,
          place: {
            type: 'string',
            enum: ['end', 'above', 'below', 'into'],
            description: 'beside a plot, onto it, or below everything (end)'
          },
          panel: {
            type: 'integer',
            minimum: 0,
            description: 'which panel of those in sight, from 0; by default the one used last'
          },
          plot: {
            type: 'integer',
            minimum: 0,
            description: 'which plot of the panel, from 0; by default the one used last'
          },
          label: { type: 'string', description: 'label of the menu item' }
        }
      }
    },
    isEnabled: args =>
      products(args).length > 0 && (place(args) === 'end' || focusedPanel() !== null),
    execute: args => {
      const chosen = products(args);
      if (!chosen.length) {
        return;
      }
      const panel =
        typeof args.panel === 'number' ? panelsInSight()[args.panel] : focusedPanel();
      if (panel) {
        const plot = typeof args.plot === 'number' ? args.plot : undefined;
        addToPanel(panel, chosen, place(args), plot);
      } else {
        context.open(chosen, {});
      }
      context.used(chosen);
    }
  });

  commands.addCommand(CommandIDs.openProduct, {
    label: trans.__('Open in New Panel'),
    caption: trans.__('Show the products in a panel in a new tab'),
    icon: panelIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          ...PRODUCT_PROPERTIES,
          notebook: {
            type: ['string', 'null'],
            description: 'path of the open notebook whose kernel draws it; null for an own kernel'
          },
          key: { type: 'string', description: 'name of the panel in a restored layout' },
          spec: { type: 'string', description: 'what the panel showed, as JSON text' }
        }
      }
    },
    isEnabled: args => products(args).length > 0,
    execute: args => {
      const chosen = products(args);
      if (chosen.length) {
        context.open(chosen, args);
        context.used(chosen);
      }
    }
  });
}

function addTextCommands(context: CommandContext): void {
  const { commands, trans } = context;
  const products = (args: ReadonlyPartialJSONObject): DraggedProduct[] =>
    productsOf(args, context.selected);
  const isEnabled = (args: ReadonlyPartialJSONObject): boolean => products(args).length > 0;

  commands.addCommand(CommandIDs.insertCode, {
    describedBy: DESCRIBED,
    label: trans.__('Insert Code'),
    caption: trans.__('Insert Python code that fetches the products into the active cell'),
    icon: pasteIcon,
    isEnabled: args => isEnabled(args) && context.notebooks?.activeCell?.model.type === 'code',
    execute: async args => {
      const chosen = products(args);
      if (!chosen.length) {
        return;
      }
      if (insertCode(context.notebooks, await context.code(chosen))) {
        context.used(chosen);
      } else {
        Notification.warning(
          trans.__('There is no code cell to insert into: open a notebook first.'),
          { autoClose: 5000 }
        );
      }
    }
  });

  commands.addCommand(CommandIDs.copyId, {
    describedBy: DESCRIBED,
    label: trans.__('Copy Product Id'),
    caption: trans.__('Copy the ids for get_data and panels, one a line'),
    icon: copyIcon,
    isEnabled,
    execute: args => copy(products(args).map(product => product.id).join('\n'))
  });

  commands.addCommand(CommandIDs.copyCode, {
    describedBy: DESCRIBED,
    label: trans.__('Copy as get_data'),
    caption: trans.__('Copy Python code that fetches the products'),
    icon: copyIcon,
    isEnabled,
    execute: async args => {
      const chosen = products(args);
      if (chosen.length) {
        copy(await context.code(chosen));
        context.used(chosen);
      }
    }
  });
}

function copy(text: string): void {
  if (text) {
    Clipboard.copyToSystem(text);
  }
}

function addTreeCommands(context: CommandContext): void {
  const { commands, trans } = context;
  const products = (args: ReadonlyPartialJSONObject): DraggedProduct[] =>
    productsOf(args, context.selected);

  commands.addCommand(CommandIDs.showTree, {
    label: trans.__('Find Space Physics Products'),
    caption: trans.__('Show the product tree and its search box'),
    icon: searchIcon,
    describedBy: NO_ARGS,
    execute: () => context.showTree()
  });

  commands.addCommand(CommandIDs.focusPanel, {
    label: trans.__('Go to Panel'),
    caption: trans.__('Give the keyboard to the panel used last'),
    icon: panelIcon,
    describedBy: NO_ARGS,
    isEnabled: () => focusedPanel() !== null,
    execute: () => focusedPanel()?.focus()
  });

  commands.addCommand(CommandIDs.toggleFavourite, {
    describedBy: DESCRIBED,
    label: args => {
      const chosen = products(args);
      return chosen.length > 0 && chosen.every(context.isFavourite)
        ? trans.__('Remove from Favourites')
        : trans.__('Add to Favourites');
    },
    caption: trans.__('Keep the products at the top of the tree, or no more'),
    icon: starIcon,
    isEnabled: args => products(args).length > 0,
    execute: args => context.toggleFavourite(products(args))
  });

  commands.addCommand(CommandIDs.clearRecent, {
    label: trans.__('Clear Recent Products'),
    caption: trans.__('Forget which products were used of late'),
    describedBy: NO_ARGS,
    execute: () => context.clearRecent()
  });

  commands.addCommand(CommandIDs.showInTree, {
    describedBy: DESCRIBED,
    label: trans.__('Show Product in Tree'),
    caption: trans.__('Leave the search and open the tree down to the product'),
    icon: treeIcon,
    isEnabled: args => products(args).length === 1,
    execute: async args => {
      const [chosen] = products(args);
      if (chosen) {
        await context.showInTree(chosen.id);
      }
    }
  });

  commands.addCommand(CommandIDs.refreshInventory, {
    label: args =>
      args.selected ? trans.__('Refresh This Inventory') : trans.__('Refresh Product Inventories'),
    caption: trans.__('Read the inventories of the servers again'),
    icon: refreshIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          provider: { type: 'string', description: 'name of one provider; by default all' },
          selected: { type: 'boolean', description: 'the provider that is selected in the tree' }
        }
      }
    },
    execute: args => {
      const named = typeof args.provider === 'string' ? args.provider : null;
      context.refresh(args.selected ? context.selectedProvider() : named);
    }
  });

  commands.addCommand(CommandIDs.cancelDownloads, {
    label: trans.__('Cancel Downloads of the Server'),
    caption: trans.__('Stop what the Jupyter server is downloading from archives'),
    describedBy: NO_ARGS,
    execute: () => context.cancelDownloads()
  });
}
