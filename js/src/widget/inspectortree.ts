/** What a panel consists of as a tree: panel, plots, graphs, components. */
import type { PlotState } from '../core/plot';
import { make } from './dom';
import { columnsOf } from './paint';
import type { PanelHost } from './part';

export interface TreeItem {
  /** Stays the same while the thing is there. */
  key: string;
  level: number;
  label: string;
  parent: string | null;
  plot?: PlotState;
  graph?: string;
  column?: string;
}

export const PANEL = 'panel';
export const plotKey = (plot: string): string => `p ${plot}`;
export const graphKey = (graph: string): string => `g ${graph}`;

/** Graphs with more components than this have them in their form alone. */
const MOST_COMPONENTS = 64;

export function itemsOf(panel: PanelHost): TreeItem[] {
  const items: TreeItem[] = [{ key: PANEL, level: 1, label: panel.spec.title || 'Panel', parent: null }];
  panel.plots.forEach((plot, i) => {
    const key = plotKey(plot.id);
    items.push({ key, level: 2, label: `Plot ${i + 1}`, parent: PANEL, plot });
    for (const { id, product, label } of plot.spec.graphs) {
      const state = plot.states().find(one => one.id === id);
      const name = label ?? (state ? plot.name(state) : '');
      items.push({ key: graphKey(id), level: 3, label: name || product, parent: key, plot, graph: id });
      const columns = state ? columnsOf(state) : [];
      if (columns.length > 1 && columns.length <= MOST_COMPONENTS) {
        for (const column of columns) {
          items.push({ key: `c ${id} ${column}`, level: 4, label: column, parent: graphKey(id), plot, graph: id, column });
        }
      }
    }
  });
  return items;
}

export interface TreeActions {
  select(item: TreeItem): void;
  /** Go to the form. */
  edit(): void;
  remove(item: TreeItem): void;
  move(item: TreeItem, step: -1 | 1): void;
}

export class InspectorTree {
  readonly node = make('div', 'sq-tree');
  selected = PANEL;
  private items: TreeItem[] = [];
  private readonly closed = new Set<string>();
  private drawn = '';

  constructor(private readonly actions: TreeActions) {
    this.node.setAttribute('role', 'tree');
    this.node.setAttribute('aria-label', 'Parts of the panel');
    this.node.addEventListener('keydown', event => this.key(event));
  }

  get current(): TreeItem | undefined {
    return this.items.find(item => item.key === this.selected);
  }

  /** Take over what the panel has now; what is gone is no longer selected, its neighbour is. */
  update(items: TreeItem[]): void {
    if (!items.some(item => item.key === this.selected)) {
      const at = this.items.findIndex(item => item.key === this.selected);
      const old = this.items[at];
      const left = new Set(items.map(item => item.key));
      const peers = this.items.filter((item, i) => left.has(item.key) && item.level === old?.level && item.parent === old.parent && i > at);
      const before = this.items.slice(0, Math.max(at, 0)).reverse().find(item => left.has(item.key));
      this.selected = (peers[0] ?? before)?.key ?? PANEL;
    }
    this.items = items;
    this.draw();
  }

  select(key: string): void {
    for (let up = this.items.find(item => item.key === key)?.parent; up; up = this.items.find(item => item.key === up)?.parent) {
      this.closed.delete(up);
    }
    this.selected = key;
    this.draw();
  }

  focus(): void {
    this.node.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }

  private hasChildren(item: TreeItem): boolean {
    return this.items.some(other => other.parent === item.key);
  }

  private visible(): TreeItem[] {
    const shut = (item: TreeItem): boolean => {
      const above = this.items.find(other => other.key === item.parent);
      return above !== undefined && (this.closed.has(above.key) || shut(above));
    };
    return this.items.filter(item => !shut(item));
  }

  private draw(): void {
    const shown = this.visible();
    const state = JSON.stringify([shown.map(({ key, label, level }) => [key, label, level]), this.selected, [...this.closed]]);
    if (state === this.drawn) {
      return;
    }
    this.drawn = state;
    const held = this.node.contains(this.node.ownerDocument.activeElement);
    this.node.replaceChildren(...shown.map(item => this.row(item)));
    if (held) {
      this.focus();
    }
  }

  private row(item: TreeItem): HTMLElement {
    const node = make('div', 'sq-tree-item');
    const chosen = item.key === this.selected;
    node.setAttribute('role', 'treeitem');
    node.setAttribute('aria-level', String(item.level));
    node.setAttribute('aria-selected', String(chosen));
    node.tabIndex = chosen ? 0 : -1;
    node.dataset.key = item.key;
    node.style.paddingInlineStart = `${4 + 12 * (item.level - 1)}px`;
    const peers = this.items.filter(other => other.parent === item.parent);
    node.setAttribute('aria-setsize', String(peers.length));
    node.setAttribute('aria-posinset', String(peers.indexOf(item) + 1));
    const caret = make('span', 'sq-tree-caret');
    if (this.hasChildren(item)) {
      const open = !this.closed.has(item.key);
      node.setAttribute('aria-expanded', String(open));
      caret.textContent = open ? '▾' : '▸';
      caret.addEventListener('click', event => {
        event.stopPropagation();
        this.toggle(item, !open);
      });
    }
    caret.setAttribute('aria-hidden', 'true');
    node.append(caret, make('span', 'sq-tree-label', item.label));
    node.title = item.label;
    node.addEventListener('click', () => {
      this.go(item);
      this.focus();
    });
    return node;
  }

  private toggle(item: TreeItem, open: boolean): void {
    if (open) {
      this.closed.delete(item.key);
    } else {
      this.closed.add(item.key);
    }
    if (!this.visible().some(({ key }) => key === this.selected)) {
      this.go(item);
    }
    this.draw();
  }

  private go(item: TreeItem | undefined): void {
    if (item) {
      this.selected = item.key;
      this.draw();
      this.actions.select(item);
    }
  }

  private edit(item: TreeItem): void {
    this.go(item);
    this.actions.edit();
  }

  private key(event: KeyboardEvent): void {
    const on = event.target instanceof HTMLElement ? event.target.dataset.key : undefined;
    const item = this.items.find(({ key }) => key === on);
    if (!item || event.ctrlKey || event.metaKey) {
      return;
    }
    const shown = this.visible();
    const at = shown.findIndex(one => one.key === item.key);
    const parent = this.items.find(one => one.key === item.parent);
    const open = this.hasChildren(item) && !this.closed.has(item.key);
    const plain: Record<string, () => void> = {
      ArrowDown: () => this.go(shown[at + 1]),
      ArrowUp: () => this.go(shown[at - 1]),
      Home: () => this.go(shown[0]),
      End: () => this.go(shown.at(-1)),
      ArrowRight: () => (open ? this.go(shown[at + 1]) : this.toggle(item, true)),
      ArrowLeft: () => (open ? this.toggle(item, false) : this.go(parent)),
      Enter: () => this.edit(item),
      F2: () => this.edit(item),
      Delete: () => this.actions.remove(item),
      Backspace: () => this.actions.remove(item)
    };
    const withAlt: Record<string, () => void> = {
      ArrowUp: () => this.actions.move(item, -1),
      ArrowDown: () => this.actions.move(item, 1)
    };
    const action = (event.altKey ? withAlt : plain)[event.key];
    if (action) {
      action();
      event.preventDefault();
    }
  }
}
