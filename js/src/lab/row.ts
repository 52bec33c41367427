/** One row of the tree: made once, painted again and again for other nodes. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ProviderStatus } from './api';
import { isProvider, titleOf, type Branch } from './branch';
import { formatAge } from './format';

export interface RowContext {
  selected: boolean;
  /** For rows of providers. */
  provider: ProviderStatus | undefined;
  /** Whether products are among what is selected. */
  products: boolean;
  /** Whether the cursor is on it. */
  current: boolean;
  /** Whether it is a search result with its path. */
  flat: boolean;
  /** How many rows share its parent, and which of them it is, from 1. */
  siblings: number;
  position: number;
  /** For aria-activedescendant. */
  id: string;
}

const KINDS = new Set([
  'folder', 'dataset', 'scalar', 'vector', 'multicomponent', 'spectrogram', 'timetable', 'catalog',
  'favourites', 'recent', 'kernel'
]);

/** Names above this length lose their middle first, and so many characters at the end stay. */
const LONG = 22;
const TAIL = 12;

const SHELVES = new Set(['favourites', 'recent']);

/** What kind of root a branch is below. */
function sectionOf(branch: Branch): string {
  return branch.parent ? sectionOf(branch.parent) : branch.node.kind;
}

export class RowPainter {
  constructor(private readonly _trans: TranslationBundle) {}

  create(): HTMLElement {
    const row = document.createElement('div');
    row.className = 'sqlab-row';
    row.setAttribute('role', 'treeitem');
    for (const part of ['caret', 'icon', 'name', 'note', 'path', 'renew']) {
      const span = document.createElement('span');
      span.className = `sqlab-${part}`;
      if (part === 'caret' || part === 'icon' || part === 'renew') {
        span.setAttribute('aria-hidden', 'true');
      }
      row.append(span);
    }
    // Names of one data set begin alike and differ at the end: a narrow row drops the middle.
    const name = row.querySelector('.sqlab-name')!;
    // For the mouse; keys and menus have the command.
    (row.lastElementChild as HTMLElement).title = this._trans.__('Read this inventory again');
    for (const part of ['head', 'tail']) {
      const span = document.createElement('span');
      span.className = `sqlab-name-${part}`;
      name.append(span);
    }
    return row;
  }

  /** Put a row aside: nothing of the node it showed may be found in the page. */
  clear(row: HTMLElement): void {
    row.hidden = true;
    row.id = '';
    row.dataset.row = row.dataset.ref = row.dataset.name = '';
    row.dataset.provider = '';
    row.classList.remove('sqlab-mod-selected', 'sqlab-mod-current', 'sqlab-mod-error');
    row.setAttribute('aria-selected', 'false');
  }

  paint(row: HTMLElement, branch: Branch, context: RowContext): void {
    const [caret, icon, name, note, path] = row.children as unknown as HTMLElement[];
    const { node } = branch;
    row.id = context.id;
    row.style.setProperty('--sqlab-level', String(branch.path ? 0 : branch.level - 1));
    row.dataset.plottable = String(branch.plottable);
    row.dataset.provider = context.provider ? node.name : '';
    const section = sectionOf(branch);
    row.dataset.section = section;
    // Shown elsewhere than at its place in the tree.
    row.dataset.apart = String(branch.plottable && (context.flat || SHELVES.has(section)));
    row.dataset.products = String(branch.plottable || (context.selected && context.products));
    row.dataset.ref = node.ref ?? '';
    row.dataset.name = node.name;
    row.classList.toggle('sqlab-mod-selected', context.selected);
    row.classList.toggle('sqlab-mod-current', context.current);
    row.classList.toggle('sqlab-mod-error', branch.state === 'error');
    row.setAttribute('aria-level', String(branch.path ? 1 : branch.level));
    row.setAttribute('aria-posinset', String(context.position));
    row.setAttribute('aria-setsize', String(context.siblings));
    row.setAttribute('aria-selected', String(context.selected));
    if (branch.expandable) {
      row.setAttribute('aria-expanded', String(branch.expanded));
    } else {
      row.removeAttribute('aria-expanded');
    }
    const busy = branch.state === 'loading' || (context.provider?.refreshing ?? false);
    caret!.dataset.state = !branch.expandable ? '' : branch.expanded ? 'open' : 'closed';
    icon!.dataset.kind = busy ? 'busy' : this._kind(branch);
    const shown = titleOf(branch);
    const cut = shown.length > LONG ? shown.length - TAIL : shown.length;
    name!.children[0]!.textContent = shown.slice(0, cut);
    name!.children[1]!.textContent = shown.slice(cut);
    note!.textContent = this._note(branch, context);
    path!.textContent = branch.path ? branch.path.slice(0, -1).join(' › ') : '';
    row.title = this._tooltip(branch, context);
  }

  private _kind(branch: Branch): string {
    const { kind } = branch.node;
    if (isProvider(branch)) {
      return 'provider';
    }
    return KINDS.has(kind) ? kind : 'unknown';
  }

  private _note(branch: Branch, context: RowContext): string {
    const { provider } = context;
    if (branch.state === 'error') {
      return this._trans.__('failed');
    }
    if (!provider) {
      return branch.node.unit;
    }
    if (provider.error) {
      return provider.loaded ? this._trans.__('not updated') : this._trans.__('unavailable');
    }
    if (!provider.loaded) {
      return '';
    }
    const count = provider.count.toLocaleString('en');
    return provider.age === null ? count : `${count} · ${formatAge(provider.age)}`;
  }

  private _tooltip(branch: Branch, context: RowContext): string {
    const { node } = branch;
    const lines = [node.title && node.title !== node.name ? node.title : '', node.ref ?? ''];
    if (branch.state === 'error') {
      lines.unshift(branch.error);
    }
    const { provider } = context;
    if (provider) {
      lines.push(provider.error ?? '');
      if (provider.age !== null) {
        lines.push(this._trans.__('Inventory read %1 ago', formatAge(provider.age)));
      }
    }
    return lines.filter(Boolean).join('\n') || node.name;
  }
}
