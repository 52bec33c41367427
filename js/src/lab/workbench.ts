/** What the parts of the plugin share: the tree's model, what is known of products, panels in tabs. */

import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker, type MainAreaWidget } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { DraggedProduct } from '../mime';
import { ServerInventory } from './api';
import { isList, isProvider, type Branch } from './branch';
import { getDataCode, panelCode, panelOfSpec, suggestRange, type SuggestedRange } from './code';
import { CommandIDs } from './commands';
import type { DragSource } from './drag';
import { panelIcon } from './icons';
import { TreeModel } from './model';
import { createPanelTab, type PanelTab } from './paneltab';
import { ProductBook } from './products';

/** Longer descriptions of panels are not kept in JupyterLab's layout, in characters. */
const LONGEST = 100_000;

export interface Host {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker | null;
  rendermime: IRenderMimeRegistry | null;
  translator: ITranslator;
  trans: TranslationBundle;
}

export class Workbench implements DragSource {
  constructor(readonly host: Host) {
    this.server = new ServerInventory(host.app.serviceManager.serverSettings);
    this.model = new TreeModel(this.server);
    this.book = new ProductBook(this.server);
  }

  readonly server: ServerInventory;
  readonly model: TreeModel;
  readonly book: ProductBook;
  readonly tracker = new WidgetTracker<MainAreaWidget<PanelTab>>({
    namespace: 'sciqlop-lab-panel'
  });

  /** Seconds of data at first; 0 for what suits the product. */
  firstSpan = 0;

  get selected(): DraggedProduct[] {
    return this.model.selectedProducts.flatMap(productOfBranch);
  }

  get selectedProvider(): string | null {
    const branch = this.model.selected;
    return branch && isProvider(branch) ? branch.node.name : null;
  }

  /** Code that is right as far as it is known now. */
  codeNow(products: readonly DraggedProduct[]): string {
    const ranges = products.map(({ id }) =>
      suggestRange(this.book.peek(id), this.firstSpan, Date.now())
    );
    return getDataCode(idsOf(products), ranges, listsOf(products));
  }

  async code(products: readonly DraggedProduct[]): Promise<string> {
    return getDataCode(idsOf(products), await Promise.all(products.map(({ id }) => this.range(id))), listsOf(products));
  }

  tab(
    products: readonly DraggedProduct[],
    args: ReadonlyPartialJSONObject = {}
  ): MainAreaWidget<PanelTab> {
    const { app, notebooks, rendermime, translator, trans } = this.host;
    const isNamed = typeof args.notebook === 'string' || args.notebook === null;
    const made = createPanelTab({
      products,
      code: async (name, spec) =>
        spec === null
          ? panelCode(idsOf(products), await this.range(products[0]?.id), name, listsOf(products))
          : panelOfSpec(spec, name),
      notebook: isNamed
        ? (args.notebook as string | null)
        : (notebooks?.currentWidget?.context.path ?? null),
      key: typeof args.key === 'string' && /^[0-9a-f]{8}$/.test(args.key) ? args.key : undefined,
      spec: typeof args.spec === 'string' && isJson(args.spec) ? args.spec : undefined,
      icon: panelIcon,
      services: app.serviceManager,
      notebooks,
      rendermime,
      translator,
      trans
    });
    void this.tracker.add(made);
    // The layout knows what the panel shows, so that it comes back after its kernel too.
    made.content.changed.connect(() => void this.tracker.save(made));
    return made;
  }

  open(products: readonly DraggedProduct[], args: ReadonlyPartialJSONObject): void {
    const { shell } = this.host.app;
    const made = this.tab(products, args);
    shell.add(made, 'main');
    shell.activateById(made.id);
  }

  /** Open the panels again that were open before the page was loaded. */
  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this.tracker, {
      command: CommandIDs.openProduct,
      args: ({ content }) => ({
        ids: idsOf(content.products),
        notebook: content.notebook,
        key: content.key,
        ...(content.spec !== null && content.spec.length <= LONGEST ? { spec: content.spec } : {})
      }),
      name: ({ content }) => content.key
    });
  }

  /** A first range that has data of a product; without one, of late. */
  async range(id?: string): Promise<SuggestedRange> {
    const details = id === undefined ? null : await this.book.get(id).catch(() => null);
    return suggestRange(details, this.firstSpan, Date.now());
  }
}

function listsOf(products: readonly DraggedProduct[]): Set<string> {
  return new Set(idsOf(products.filter(isList)));
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function idsOf(products: readonly DraggedProduct[]): string[] {
  return products.map(product => product.id);
}

export function productOfBranch(branch: Branch): DraggedProduct[] {
  const { ref, name, kind } = branch.node;
  return ref !== null && branch.plottable ? [{ id: ref, name, kind }] : [];
}
