/** Entry point of the tree's bundle: search box, ranked results, and a tree that opens lazily. */
import { MIME_PRODUCT, MIME_TEXT } from '../mime';
import type { ProductPayload } from '../mime';
import { HELD_OFF, make, setText } from './dom';
import { TreeData } from './treedata';
import type { TreeNode, TreeWidgetModel } from './treedata';

/** Folders and event lists are no series: a panel takes the latter as overlays only. */
const FOLDERS = new Set(['folder', 'dataset']);
const PAUSE = 150;
const RELOAD = 1500;

interface Row {
  node: TreeNode;
  level: number;
  element: HTMLElement;
  open: boolean;
}

class TreeView {
  private readonly root = make('div', 'sciqlop-tree');
  private readonly input = make('input', 'sq-tree-search');
  private readonly count = make('div', 'sq-tree-count');
  private readonly list = make('div', 'sq-tree-list');
  private readonly about = make('div', 'sq-tree-about');
  private readonly data: TreeData;
  private rows: Row[] = [];
  private current = 0;
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reload: ReturnType<typeof setTimeout> | undefined;
  private known = '';

  constructor(
    private readonly model: TreeWidgetModel,
    host: HTMLElement
  ) {
    this.data = new TreeData(model);
    this.input.type = 'search';
    this.input.placeholder = 'Search products… (e.g. magnetic provider:cda type:vector)';
    this.input.setAttribute('aria-label', 'Search space physics products');
    this.count.setAttribute('role', 'status');
    this.about.setAttribute('role', 'region');
    this.about.setAttribute('aria-label', 'Product details');
    this.list.tabIndex = 0;
    this.list.setAttribute('role', 'tree');
    this.list.setAttribute('aria-label', 'Space physics products');
    // JupyterLab's shortcuts mean nothing here: arrows would move between cells. Notebooks bind them
    // to whatever has the focus, so that element itself has to say so.
    [this.root, this.list].forEach(node => node.setAttribute(HELD_OFF, ''));
    this.root.append(this.input, this.count, this.list, this.about);
    host.append(this.root);
    this.listen();
    void this.show();
    void this.watch();
  }

  dispose(): void {
    this.turn = -1;
    clearTimeout(this.timer);
    clearTimeout(this.reload);
    this.data.close();
    this.root.remove();
  }

  private listen(): void {
    this.input.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.show(), PAUSE);
    });
    this.input.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown' && this.rows.length) {
        event.preventDefault();
        this.list.focus();
      }
      event.stopPropagation(); // keys of the notebook around
    });
    this.list.addEventListener('keydown', event => this.onKey(event));
    const rowOf = (event: Event): number =>
      this.rows.findIndex(({ element }) => element.contains(event.target as Node));
    this.list.addEventListener('click', event => {
      const index = rowOf(event);
      const row = this.rows[index];
      if (row) {
        this.select(index);
        if ((event.target as Element).classList.contains('sq-tree-caret')) {
          void this.toggle(row);
        }
      }
    });
    this.list.addEventListener('dblclick', event => {
      const row = this.rows[rowOf(event)];
      if (row) {
        void this.activate(row);
      }
    });
    this.list.addEventListener('dragstart', event => {
      const { node } = this.rows[rowOf(event)] ?? {};
      if (node?.ref && event.dataTransfer) {
        event.dataTransfer.setData(MIME_PRODUCT, payload(node));
        event.dataTransfer.setData(MIME_TEXT, node.ref);
        event.dataTransfer.effectAllowed = 'copy';
      }
    });
  }

  /** Show what the search box says: results, or the tree when it is empty. */
  private async show(): Promise<void> {
    const words = this.input.value.trim();
    const turn = ++this.turn;
    try {
      const found = words ? (await this.data.search(words)).hits : (await this.data.nodes(null, 0)).nodes;
      if (turn === this.turn) {
        this.list.replaceChildren();
        this.rows = [];
        this.insert(found, 1, 0);
        setText(this.count, words ? `${found.length} result${found.length === 1 ? '' : 's'}` : '');
        this.select(0, false);
      }
    } catch (error) {
      if (turn === this.turn) {
        setText(this.count, messageOf(error));
      }
    }
  }

  /** Inventories come after the tree: look until all are there. */
  private async watch(): Promise<void> {
    const status = await this.data.status().catch(() => null);
    if (!status || this.turn < 0) {
      return;
    }
    const states = Object.entries(status.providers);
    const now = JSON.stringify(states.map(([name, { count }]) => [name, count]));
    const changed = this.known !== '' && now !== this.known;
    this.known = now;
    if (changed && !this.input.value.trim() && !this.rows.some(row => row.open)) {
      void this.show();
    }
    if (states.some(([, { refreshing }]) => refreshing) || states.length === 0) {
      this.reload = setTimeout(() => void this.watch(), RELOAD);
    }
  }

  private insert(nodes: readonly TreeNode[], level: number, at: number): void {
    const made = nodes.map(node => ({ node, level, element: rowElement(node, level), open: false }));
    const before = this.rows[at]?.element ?? null;
    made.forEach(({ element }) => this.list.insertBefore(element, before));
    this.rows.splice(at, 0, ...made);
  }

  private async toggle(row: Row, again = false): Promise<void> {
    if (!row.node.has_children) {
      return;
    }
    const turn = this.turn;
    row.open = !row.open;
    row.element.setAttribute('aria-expanded', String(row.open));
    if (!row.open) {
      const at = this.rows.indexOf(row) + 1;
      const end = this.rows.findIndex((other, i) => i >= at && other.level <= row.level);
      const gone = this.rows.splice(at, (end < 0 ? this.rows.length : end) - at);
      gone.forEach(({ element }) => element.remove());
      this.current = Math.min(this.current, this.rows.length - 1);
      return;
    }
    try {
      let offset = 0;
      for (let total = 1; offset < total && row.open; ) {
        const page = await this.data.nodes(row.node.id, offset);
        if (turn !== this.turn || !row.open) {
          return;
        }
        if (page.nodes.length === 0) {
          // An inventory that is read anew numbers its nodes anew.
          return offset === 0 && !again ? await this.reopen(row) : undefined;
        }
        this.insert(page.nodes, row.level + 1, this.rows.indexOf(row) + 1 + offset);
        offset += page.nodes.length;
        total = page.total;
      }
    } catch (error) {
      setText(this.count, messageOf(error));
    }
  }

  /** Show the tree as it is now, and open the branch of this name. */
  private async reopen({ node, level }: Row): Promise<void> {
    await this.show();
    const index = this.rows.findIndex(row => row.node.name === node.name && row.level === level);
    const found = this.rows[index];
    if (found) {
      this.select(index);
      await this.toggle(found, true);
    }
  }

  private select(index: number, ask = true): void {
    this.rows[this.current]?.element.removeAttribute('aria-selected');
    this.current = Math.max(0, Math.min(index, this.rows.length - 1));
    const row = this.rows[this.current];
    if (!row) {
      this.list.removeAttribute('aria-activedescendant');
      return;
    }
    row.element.setAttribute('aria-selected', 'true');
    this.list.setAttribute('aria-activedescendant', row.element.id);
    if (ask) {
      row.element.scrollIntoView({ block: 'nearest' });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.describe(row), PAUSE);
    }
  }

  private async describe({ node }: Row): Promise<void> {
    this.about.replaceChildren(make('strong', '', node.name), make('div', '', node.title));
    if (!node.ref) {
      return;
    }
    const turn = ++this.told;
    const details = await this.data.product(node.ref).catch((error: unknown) => ({ title: messageOf(error) }));
    if (turn !== this.told) {
      return;
    }
    const { title, unit, cadence, coverage } = details as Record<string, unknown>;
    const span = coverage as { start: string; stop: string } | null | undefined;
    const words = [
      title,
      unit && `Unit: ${String(unit)}`,
      cadence && `Cadence: ${String(cadence)} s`,
      span && `From ${span.start} to ${span.stop}`,
      node.ref
    ].filter(Boolean);
    this.about.replaceChildren(make('strong', '', node.name), ...words.map(word => make('div', '', String(word))));
  }

  private told = 0;

  private async activate(row: Row): Promise<void> {
    const { ref } = row.node;
    if (!ref || FOLDERS.has(row.node.kind)) {
      return this.toggle(row);
    }
    try {
      if (this.model.get('has_panel')) {
        await this.data.add(ref, row.node.kind);
      } else if (!addToPage(this.root.ownerDocument, row.node)) {
        throw new Error('There is no panel in this page: show one, or make this tree with ProductTree(panel).');
      }
      setText(this.count, `${row.node.name} was added`);
    } catch (error) {
      setText(this.count, messageOf(error));
    }
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.rows[this.current];
    const keys: Record<string, () => void> = {
      ArrowDown: () => this.select(this.current + 1),
      ArrowUp: () => (this.current > 0 ? this.select(this.current - 1) : this.input.focus()),
      Home: () => this.select(0),
      End: () => this.select(this.rows.length - 1),
      ArrowRight: () => row && (row.open ? this.select(this.current + 1) : void this.toggle(row)),
      ArrowLeft: () => row && (row.open ? void this.toggle(row) : this.select(this.parent(row))),
      Enter: () => row && void this.activate(row)
    };
    const run = keys[event.key];
    if (run && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      run();
    }
  }

  private parent(row: Row): number {
    const at = this.rows.indexOf(row);
    return Math.max(0, this.rows.findLastIndex((other, i) => i < at && other.level < row.level));
  }
}

let made = 0;

function rowElement(node: TreeNode, level: number): HTMLElement {
  const element = make('div', 'sq-tree-row');
  element.id = `sq-tree-row-${++made}`;
  element.setAttribute('role', 'treeitem');
  element.setAttribute('aria-level', String(level));
  element.style.paddingLeft = `${(level - 1) * 14}px`;
  if (node.has_children) {
    element.setAttribute('aria-expanded', 'false');
  }
  if (node.ref) {
    element.dataset.ref = node.ref;
    element.draggable = true;
  }
  const caret = make('span', 'sq-tree-caret');
  caret.setAttribute('aria-hidden', 'true');
  const unit = make('span', 'sq-tree-unit', node.unit);
  const where = make('span', 'sq-tree-path', node.path ? node.path.slice(0, -1).join(' › ') : '');
  element.append(caret, make('span', 'sq-tree-name', level === 1 && !node.path ? node.title || node.name : node.name), unit, where);
  element.title = node.title;
  return element;
}

function payload({ ref, name, kind }: TreeNode): string {
  return JSON.stringify({ v: 1, products: [{ id: ref!, name, kind }] } satisfies ProductPayload);
}

/** Add a product to the panel of this page that was used last; false when there is none. */
function addToPage(page: Document, node: TreeNode): boolean {
  const shown = [...page.querySelectorAll<HTMLElement>('.sciqlop-panel')].filter(p => p.getClientRects().length > 0);
  const panel = shown.find(p => 'sciqlopActive' in p.dataset) ?? shown.at(-1);
  panel?.dispatchEvent(new CustomEvent('sciqlop:add-product', { detail: { payload: payload(node), place: 'end' } }));
  return panel !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export default {
  render({ model, el }: { model: TreeWidgetModel; el: HTMLElement }): () => void {
    const view = new TreeView(model, el);
    return () => view.dispose();
  }
};
