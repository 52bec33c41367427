/** What the kernels of open notebooks have of their own: variables and virtual products. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ProductDetails } from './api';
import { localNode, type LocalNode } from './branch';
import { evaluateText } from './evaluate';
import type { TreeModel } from './model';
import type { ProductBook } from './products';

/**
 * Evaluated in the kernel, twin of sciqlop_lab/namespace.py: nothing of it stays in the user's
 * names, and a kernel that has nothing to do with us imports nothing.
 */
const ASK =
  "__import__('base64').b64encode(__import__('sciqlop_lab.namespace', fromlist=['listing'])" +
  ".listing().encode()).decode() if {'speasy_core', 'xarray', 'pandas'} & " +
  "set(__import__('sys').modules) else ''";
/** Cells that are run one after the other are followed by one question. */
const SETTLE = 300;

interface Entry {
  ref: string;
  name: string;
  kind: string;
  title: string;
  unit: string;
  start?: string;
  stop?: string;
}

interface Listing {
  variables: Entry[];
  products: Entry[];
}

const NOTHING: Listing = { variables: [], products: [] };

/** One kernel, over the connection that its notebook has. */
class Watched {
  constructor(
    readonly kernel: Kernel.IKernelConnection,
    private readonly _changed: () => void
  ) {
    kernel.iopubMessage.connect(this._onMessage, this);
    kernel.statusChanged.connect(this._onStatus, this);
  }

  listing: Listing = NOTHING;

  dispose(): void {
    clearTimeout(this._timer);
    this.kernel.iopubMessage.disconnect(this._onMessage, this);
    this.kernel.statusChanged.disconnect(this._onStatus, this);
  }

  /** Ask what there is, unless that is known. */
  ask(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._ask(), SETTLE);
  }

  private async _ask(): Promise<void> {
    const { kernel } = this;
    if (!this._stale || kernel.isDisposed || kernel.status === 'dead') {
      return;
    }
    this._stale = false;
    try {
      const info = await kernel.info;
      const isPython = info.language_info.name === 'python';
      const found = isPython ? await evaluateText(kernel, ASK) : null;
      this.listing = found === null ? NOTHING : readListing(found);
    } catch {
      this.listing = NOTHING; // restarted meanwhile: its first cell asks again
    }
    this._changed();
  }

  private _onMessage(_: unknown, message: KernelMessage.IIOPubMessage): void {
    // Silent requests, ours among them, are not announced.
    if (message.header.msg_type === 'execute_input') {
      this._stale = true;
    } else if (message.header.msg_type === 'status' && this._stale) {
      const { execution_state } = message.content as { execution_state?: string };
      if (execution_state === 'idle') {
        this._changed();
      }
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this.listing = NOTHING;
      this._stale = true;
      this._changed();
    }
  }

  private _stale = true;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** What a kernel said, entry by entry: its user may have put anything there. */
export function readListing(text: string): Listing {
  const { variables, products } = JSON.parse(text) as Record<string, unknown>;
  return { variables: entries(variables), products: entries(products) };
}

function entries(value: unknown): Entry[] {
  const isEntry = (item: unknown): item is Entry =>
    ['ref', 'name', 'kind', 'title', 'unit'].every(
      key => typeof (item as Record<string, unknown> | null)?.[key] === 'string'
    );
  return Array.isArray(value) ? (value as unknown[]).filter(isEntry) : [];
}

export class KernelBranches {
  constructor(
    private readonly _notebooks: INotebookTracker,
    private readonly _model: TreeModel,
    private readonly _book: ProductBook,
    private readonly _trans: TranslationBundle
  ) {
    _notebooks.widgetAdded.connect((_, panel) => this._follow(panel));
    _notebooks.currentChanged.connect(() => this.refresh());
    _notebooks.forEach(panel => this._follow(panel));
  }

  /** Whether somebody looks: kernels are asked only then. */
  set visible(visible: boolean) {
    this._visible = visible;
    this.refresh();
  }

  /** See which kernels there are, and show what they have. */
  refresh(): void {
    const running = new Map<string, NotebookPanel[]>();
    this._notebooks.forEach(panel => {
      const kernel = panel.sessionContext.session?.kernel;
      if (kernel && !panel.isDisposed) {
        running.set(kernel.id, [...(running.get(kernel.id) ?? []), panel]);
        if (!this._watched.has(kernel.id)) {
          this._watched.set(kernel.id, new Watched(kernel, () => this.refresh()));
        }
      }
    });
    for (const [id, watched] of this._watched) {
      if (!running.has(id)) {
        watched.dispose();
        this._watched.delete(id);
      } else if (this._visible) {
        watched.ask();
      }
    }
    this._show(running);
  }

  private _follow(panel: NotebookPanel): void {
    panel.sessionContext.kernelChanged.connect(() => this.refresh());
    panel.disposed.connect(() => this.refresh());
    this.refresh();
  }

  /** The focused notebook's kernel comes first, and open. */
  private _show(running: ReadonlyMap<string, readonly NotebookPanel[]>): void {
    const current = this._notebooks.currentWidget;
    const nodes: LocalNode[] = [];
    for (const [id, panels] of running) {
      const listing = this._watched.get(id)?.listing ?? NOTHING;
      const focused = current !== null && panels.includes(current);
      const children = this._groups(listing);
      if (!children.length && !focused) {
        continue;
      }
      const panel = focused ? current : panels[0]!;
      const name = panel.title.label;
      const title = this._trans.__('Kernel of %1', panel.context.path);
      nodes[focused ? 'unshift' : 'push'](localNode(name, { kind: 'kernel', title, children }));
    }
    const key = JSON.stringify([nodes, current?.title.label]);
    if (key !== this._shown) {
      this._shown = key;
      const first = nodes[0]?.name;
      this._model.setSection('kernels', nodes, 'after', branch =>
        branch.names[0] === first && current?.title.label === first
      );
    }
  }

  private _groups({ variables, products }: Listing): LocalNode[] {
    const groups: [string, Entry[]][] = [
      [this._trans.__('Variables'), variables],
      [this._trans.__('Virtual products'), products]
    ];
    return groups
      .filter(([, list]) => list.length > 0)
      .map(([name, list]) => localNode(name, { children: list.map(entry => this._node(entry)) }));
  }

  private _node(entry: Entry): LocalNode {
    this._book.note(detailsOf(entry));
    const { ref, name, kind, title, unit } = entry;
    return localNode(name, { ref, kind, title, unit });
  }

  private readonly _watched = new Map<string, Watched>();
  private _visible = false;
  private _shown = '[[],null]';
}

function detailsOf(entry: Entry): ProductDetails {
  const { ref, name, kind, title, unit, start, stop } = entry;
  const coverage = start && stop ? { start, stop } : null;
  return { ref, name, kind, title, unit, path: [], coverage, cadence: null, about: {}, meta: {} };
}
