/** The product tree without any DOM: branches, visible rows, selection, search, server state. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IInventory, NodeRecord, Status } from './api';
import { Branch, collectVisible } from './branch';

/** Children asked for at once: some 0.5 MB of JSON. */
const PAGE = 5000;
/** Milliseconds between two looks at the server's state: while it loads, after an error, at rest. */
const POLL_BUSY = 1500;
const POLL_ERROR = 10_000;
const POLL_REST = 60_000;

export type TreeChange = 'rows' | 'selection' | 'status' | 'search';

export interface SearchState {
  query: string;
  /** Whether an answer is on its way. */
  busy: boolean;
  tookMs: number;
  /** Whether the server had more than it was asked for. */
  more: boolean;
  error: string;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class TreeModel implements IDisposable {
  constructor(private readonly _inventory: IInventory) {}

  /** How many results a search asks for. */
  searchLimit = 200;

  get changed(): Signal<this, TreeChange> {
    return this._changed;
  }

  /** Visible rows, from top to bottom. */
  get rows(): readonly Branch[] {
    return this._hits ?? this._rows;
  }

  get searching(): boolean {
    return this._hits !== null;
  }

  get search(): Readonly<SearchState> {
    return this._search;
  }

  get selected(): Branch | null {
    return this._selected;
  }

  get selectedIndex(): number {
    return this._selected ? this.rows.indexOf(this._selected) : -1;
  }

  get status(): Status | null {
    return this._status;
  }

  /** Why the server's state is unknown, else empty. */
  get statusError(): string {
    return this._statusError;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    this._abort?.abort();
    Signal.clearData(this);
  }

  select(index: number): void {
    const branch = this.rows[index] ?? null;
    if (branch !== this._selected) {
      this._selected = branch;
      this._changed.emit('selection');
    }
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
      this._showBelow(branch);
    }
  }

  collapse(branch: Branch): void {
    if (!branch.expanded) {
      return;
    }
    branch.expanded = false;
    const index = this._rows.indexOf(branch);
    if (index >= 0) {
      let end = index + 1;
      while (end < this._rows.length && this._rows[end]!.level > branch.level) {
        end++;
      }
      const hidden = this._selected ? this._rows.indexOf(this._selected) : -1;
      this._rows = this._rows.slice(0, index + 1).concat(this._rows.slice(end));
      if (hidden > index && hidden < end && !this.searching) {
        this._selected = branch;
        this._changed.emit('selection');
      }
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
      this._search = { query: '', busy: false, tookMs: 0, more: false, error: '' };
      if (this._hits) {
        this._hits = null;
        this._changed.emit('rows');
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
      this._hits = answer.hits.map((hit, index) => {
        const branch = new Branch({ ...hit, has_children: false }, null, index + 1);
        branch.path = hit.path;
        return branch;
      });
      this._search = {
        query,
        busy: false,
        tookMs: answer.took_ms,
        more: answer.hits.length >= this.searchLimit,
        error: ''
      };
    } catch (error) {
      if (abort.signal.aborted || this._disposed) {
        return;
      }
      this._hits = [];
      this._search = { query, busy: false, tookMs: 0, more: false, error: message(error) };
    }
    this._changed.emit('rows');
    this._changed.emit('search');
  }

  /** Leave the search and show where a found node lies in the tree. */
  async reveal(path: readonly string[]): Promise<void> {
    await this.setQuery('');
    let siblings: Branch[] = this._roots;
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
      this.select(this._rows.indexOf(found));
    }
  }

  /** Whether somebody looks: at rest, the server is asked only then. */
  watched = false;

  /** Ask for the server's state, the tree with it where it changed, and go on asking. */
  start(): Promise<void> {
    return this._ask(() => this._inventory.status());
  }

  /** Have the server read the archives' inventories again. */
  async refresh(provider: string | null): Promise<void> {
    await this._asking;
    await this._ask(() => this._inventory.refresh(provider));
  }

  private _ask(question: () => Promise<Status>): Promise<void> {
    this._asking ??= question()
      .then(status => this._setStatus(status))
      .catch((error: unknown) => {
        this._statusError = message(error);
        this._changed.emit('status');
      })
      .then(() => {
        this._asking = null;
        this._schedule();
      });
    return this._asking;
  }

  private _schedule(): void {
    clearTimeout(this._timer);
    const loads = Object.values(this._status?.providers ?? {}).some(p => p.refreshing);
    if (this._disposed || !(this.watched || loads)) {
      return;
    }
    const pause = this._statusError ? POLL_ERROR : loads ? POLL_BUSY : POLL_REST;
    this._timer = setTimeout(() => void this.start(), pause);
  }

  private async _setStatus(status: Status): Promise<void> {
    if (this._disposed) {
      return;
    }
    this._status = status;
    this._statusError = status.error ?? '';
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
    const open = new Set(this._rows.filter(b => b.expanded).map(b => b.key));
    const selected = this._hits ? undefined : this._selected?.key;
    const page = await this._inventory.nodes(null, 0, PAGE);
    this._roots = page.nodes.map((node, index) => new Branch(node, null, index + 1));
    await this._reopen(this._roots, open);
    if (this._disposed) {
      return;
    }
    const rows: Branch[] = [];
    for (const root of this._roots) {
      rows.push(root);
      if (root.expanded) {
        collectVisible(root, rows);
      }
    }
    this._rows = rows;
    if (!this._hits) {
      this._selected = selected ? (rows.find(branch => branch.key === selected) ?? null) : null;
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
    try {
      const nodes: NodeRecord[] = [];
      let total = 1;
      while (nodes.length < total) {
        const page = await this._inventory.nodes(branch.node.id, nodes.length, PAGE);
        for (const node of page.nodes) {
          nodes.push(node);
        }
        // An empty page ends it even when the count says otherwise.
        total = page.nodes.length ? page.total : nodes.length;
      }
      branch.total = nodes.length;
      branch.children = nodes.map((node, index) => new Branch(node, branch, index + 1));
      branch.state = 'idle';
      branch.error = '';
    } catch (error) {
      branch.state = 'error';
      branch.error = message(error);
    }
    if (!this._disposed) {
      this._changed.emit('rows');
    }
  }

  private _showBelow(branch: Branch): void {
    const index = this._rows.indexOf(branch);
    if (index >= 0) {
      const below: Branch[] = [];
      collectVisible(branch, below);
      this._rows = this._rows.slice(0, index + 1).concat(below, this._rows.slice(index + 1));
    }
    this._changed.emit('rows');
  }

  private readonly _changed = new Signal<this, TreeChange>(this);
  private _roots: Branch[] = [];
  private _rows: Branch[] = [];
  private _hits: Branch[] | null = null;
  private _selected: Branch | null = null;
  private _search: SearchState = { query: '', busy: false, tookMs: 0, more: false, error: '' };
  private _status: Status | null = null;
  private _statusError = '';
  private _seen: string | null = null;
  private _abort: AbortController | null = null;
  private _asking: Promise<void> | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
