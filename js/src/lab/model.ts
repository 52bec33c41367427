/** The product tree without any DOM: branches, visible rows, selection, search, server state. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IInventory, SearchHit, Status } from './api';
import { Branch, localBranch, type LocalNode } from './branch';
import { loadChildren, PAGE } from './children';
import { filteredTree } from './filtered';
import { RowList } from './rowlist';
import { NO_SEARCH, type SearchState } from './searchstate';
import { Selection } from './selection';
import { message, StatusPoll } from './statuspoll';

export type TreeChange = 'rows' | 'selection' | 'status' | 'search';

export class TreeModel implements IDisposable {
  constructor(private readonly _inventory: IInventory) {
    this._poll = new StatusPoll(
      () => this._inventory.status(),
      status => this._setStatus(status),
      () => this._changed.emit('status')
    );
  }

  /** How many results a search asks for. */
  searchLimit = 200;

  get changed(): Signal<this, TreeChange> {
    return this._changed;
  }

  /** Visible rows, from top to bottom. */
  get rows(): readonly Branch[] {
    return this._shown.rows;
  }

  get searching(): boolean {
    return this._found !== null;
  }

  /** Whether the rows are search results in the order of their rank. */
  get flat(): boolean {
    return this._found !== null && !this._asTree;
  }

  /** How many products a search found. */
  get found(): number {
    return this._hits.length;
  }

  /** Whether search results are shown at their places in the tree. */
  get asTree(): boolean {
    return this._asTree;
  }

  set asTree(asTree: boolean) {
    if (asTree !== this._asTree) {
      this._asTree = asTree;
      this._showHits();
      this._changed.emit('search');
    }
  }

  get search(): Readonly<SearchState> {
    return this._search;
  }

  /** The row with the cursor. */
  get selected(): Branch | null {
    return this._selection.current;
  }

  get selectedIndex(): number {
    return this.selected ? this.rows.indexOf(this.selected) : -1;
  }

  /** Selected rows that have data, from top to bottom. */
  get selectedProducts(): Branch[] {
    return this._selection.among(this.rows).filter(branch => branch.plottable);
  }

  /** Whether anything that has data is selected. */
  get hasProducts(): boolean {
    return this._selection.some(branch => branch.plottable);
  }

  isSelected(branch: Branch): boolean {
    return this._selection.has(branch);
  }

  get status(): Status | null {
    return this._poll.status;
  }

  /** Why the server's state is unknown, else empty. */
  get statusError(): string {
    return this._poll.error;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._poll.dispose();
    this._abort?.abort();
    Signal.clearData(this);
  }

  /** How many rows share a branch's parent, and which of them it is, from 1. */
  placeOf(branch: Branch): { siblings: number; position: number } {
    if (branch.parent) {
      return { siblings: branch.parent.total, position: branch.position };
    }
    const { roots } = this._shown;
    return { siblings: roots.length, position: roots.indexOf(branch) + 1 };
  }

  /** Select one row and no other. */
  select(index: number): void {
    if (this._selection.only(this.rows[index] ?? null)) {
      this._changed.emit('selection');
    }
  }

  /** Select all rows from the one selected before to this one. */
  extendTo(index: number): void {
    const branch = this.rows[index];
    if (branch) {
      this._selection.extend(branch, this.rows);
      this._changed.emit('selection');
    }
  }

  /** Add a row to the selection, or take it out. */
  toggleMark(index: number): void {
    const branch = this.rows[index];
    if (branch) {
      this._selection.toggle(branch);
      this._changed.emit('selection');
    }
  }

  /** Move the cursor; what is selected stays. */
  moveCursor(index: number): void {
    const branch = this.rows[index];
    if (branch) {
      this._selection.move(branch);
      this._changed.emit('selection');
    }
  }

  selectAll(): void {
    const { rows } = this;
    if (rows.length) {
      this._selection.only(rows[0]!);
      this._selection.extend(rows.at(-1)!, rows);
      this._changed.emit('selection');
    }
  }

  /**
   * Show nodes of the page's own making beside those of the server.
   *
   * @param name of the section; the same name replaces it
   * @param place whether it comes before the servers or after them
   * @param open whether a branch that was not there before is open
   */
  setSection(
    name: string,
    nodes: readonly LocalNode[],
    place: 'before' | 'after',
    open: (branch: Branch) => boolean
  ): void {
    const old = new Map<string, boolean>();
    const note = (branch: Branch): void => {
      if (branch.expandable) {
        old.set(branch.key, branch.expanded);
      }
      branch.children?.forEach(note);
    };
    this._sections.get(name)?.roots.forEach(note);
    const roots = nodes.map((node, i) =>
      localBranch(node, null, i + 1, branch => old.get(branch.key) ?? open(branch))
    );
    this._sections.set(name, { place, roots });
    this._rebuild();
  }

  /** Show the children of a row; they are asked for when they are not there yet. */
  async expand(branch: Branch): Promise<void> {
    if (!branch.expandable || branch.expanded || branch.state === 'loading') {
      return;
    }
    if (branch.children === null) {
      await this._load(branch);
    }
    if (branch.children !== null && !branch.expanded && !this._disposed) {
      branch.expanded = true;
      this._shown.showBelow(branch);
      this._changed.emit('rows');
    }
  }

  collapse(branch: Branch): void {
    if (!branch.expanded) {
      return;
    }
    branch.expanded = false;
    const hidden = this._shown.hideBelow(branch);
    if (hidden.some(row => row === this.selected || this._selection.has(row))) {
      this._selection.only(branch);
      this._changed.emit('selection');
    }
    this._changed.emit('rows');
  }

  toggle(branch: Branch): Promise<void> {
    if (branch.expanded) {
      this.collapse(branch);
      return Promise.resolve();
    }
    return this.expand(branch);
  }

  /** Search on the server; empty text shows the tree again. The newest query wins. */
  async setQuery(text: string): Promise<void> {
    const query = text.trim();
    this._abort?.abort();
    this._abort = null;
    if (!query) {
      this._search = NO_SEARCH;
      this._hits = [];
      if (this._found) {
        this._found = null;
        this._selection.only(null);
        this._changed.emit('rows');
        this._changed.emit('selection');
      }
      this._changed.emit('search');
      return;
    }
    const abort = new AbortController();
    this._abort = abort;
    this._search = { ...this._search, query, busy: true, error: '' };
    this._changed.emit('search');
    try {
      const answer = await this._inventory.search(query, this.searchLimit, abort.signal);
      if (abort.signal.aborted || this._disposed) {
        return;
      }
      this._hits = answer.hits;
      const more = answer.hits.length >= this.searchLimit;
      this._search = { ...NO_SEARCH, query, tookMs: answer.took_ms, more };
    } catch (error) {
      if (abort.signal.aborted || this._disposed) {
        return;
      }
      this._hits = [];
      this._search = { ...NO_SEARCH, query, error: message(error) };
    }
    this._showHits();
    this._changed.emit('search');
  }

  private get _shown(): RowList {
    return this._found ?? this._tree;
  }

  /** Show what the search found, one way or the other. */
  private _showHits(): void {
    if (!this._search.query) {
      return;
    }
    const flat = (hit: SearchHit, index: number): Branch => {
      const branch = new Branch({ ...hit, has_children: false }, null, index + 1);
      branch.path = hit.path;
      return branch;
    };
    const titles = (name: string): string => this.status?.providers[name]?.title ?? '';
    this._found = new RowList(
      this._asTree ? filteredTree(this._hits, titles) : this._hits.map(flat)
    );
    this._selection.only(null);
    this._changed.emit('rows');
    this._changed.emit('selection');
  }

  /** Leave the search and show where a found node lies in the tree. */
  async reveal(path: readonly string[]): Promise<void> {
    await this.setQuery('');
    let siblings: readonly Branch[] = this._roots;
    let found: Branch | undefined;
    for (const [depth, name] of path.entries()) {
      // A search path starts with the provider's name; its row may be titled otherwise.
      found = siblings.find(branch => branch.node.name === name);
      if (!found) {
        break;
      }
      if (depth < path.length - 1) {
        await this.expand(found);
        siblings = found.children ?? [];
      }
    }
    if (found) {
      this.select(this._tree.rows.indexOf(found));
    }
  }

  /** Whether somebody looks: at rest, the server is asked only then. */
  set watched(watched: boolean) {
    this._poll.watched = watched;
  }

  /** Ask for the server's state, the tree with it where it changed, and go on asking. */
  start(): Promise<void> {
    return this._poll.ask(() => this._inventory.status());
  }

  /** Have the server read the archives' inventories again. */
  async refresh(provider: string | null): Promise<void> {
    await this._poll.pending;
    await this._poll.ask(() => this._inventory.refresh(provider));
  }

  private async _setStatus(status: Status): Promise<void> {
    if (this._disposed) {
      return;
    }
    this._changed.emit('status');
    const seen = Object.entries(status.providers)
      .map(([name, p]) => `${name} ${p.loaded} ${p.count} ${p.version ?? ''}`)
      .join('\n');
    if (seen !== this._seen) {
      await this._reload();
      this._seen = seen;
    }
  }

  /** Read the roots again and open what was open. */
  private async _reload(): Promise<void> {
    const open = new Set(this._tree.rows.filter(b => b.expanded).map(b => b.key));
    const page = await this._inventory.nodes(null, 0, PAGE);
    const roots = page.nodes.map((node, index) => new Branch(node, null, index + 1));
    await this._reopen(roots, open);
    if (!this._disposed) {
      this._roots = roots;
      this._rebuild();
    }
  }

  /** Put the tree together from its sections, and the selection where it was. */
  private _rebuild(): void {
    const selected = this._found ? null : this.selected?.key;
    const part = (place: 'before' | 'after'): Branch[] =>
      [...this._sections.values()].filter(s => s.place === place).flatMap(s => s.roots);
    this._tree.reset([...part('before'), ...this._roots, ...part('after')]);
    if (!this._found) {
      const { rows } = this._tree;
      this._selection.only(selected ? (rows.find(row => row.key === selected) ?? null) : null);
    }
    this._changed.emit('rows');
    this._changed.emit('selection');
  }

  private async _reopen(branches: Branch[], open: ReadonlySet<string>): Promise<void> {
    for (const branch of branches) {
      if (branch.expandable && open.has(branch.key)) {
        await this._load(branch);
        branch.expanded = branch.children !== null;
        await this._reopen(branch.children ?? [], open);
      }
    }
  }

  private async _load(branch: Branch): Promise<void> {
    branch.state = 'loading';
    this._changed.emit('rows');
    await loadChildren(this._inventory, branch);
    if (!this._disposed) {
      this._changed.emit('rows');
    }
  }

  private readonly _changed = new Signal<this, TreeChange>(this);
  private readonly _poll: StatusPoll;
  private readonly _selection = new Selection();
  private readonly _tree = new RowList();
  private readonly _sections = new Map<string, { place: 'before' | 'after'; roots: Branch[] }>();
  private _roots: readonly Branch[] = [];
  private _hits: readonly SearchHit[] = [];
  private _found: RowList | null = null;
  private _asTree = false;
  private _search: SearchState = NO_SEARCH;
  private _seen: string | null = null;
  private _abort: AbortController | null = null;
  private _disposed = false;
}
