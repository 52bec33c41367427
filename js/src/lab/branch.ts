/** A node of the tree as the page knows it: children come when they are asked for. */

import type { NodeRecord } from './api';

export type LoadState = 'idle' | 'loading' | 'error';

/** A node that the page itself makes: a favourite, a kernel's variable. */
export interface LocalNode extends NodeRecord {
  children?: readonly LocalNode[];
}

/** A local node; whatever is not said is that of a folder without content. */
export function localNode(name: string, more: Partial<LocalNode> = {}): LocalNode {
  const has_children = (more.children?.length ?? 0) > 0;
  return { id: -1, name, kind: 'folder', ref: null, title: '', unit: '', has_children, ...more };
}

/** Kinds that hold others: a panel cannot draw them. */
const NOT_PLOTTABLE = new Set(['folder', 'dataset']);
/** Kinds that list events: a panel draws them over all its plots. */
const LISTS = new Set(['timetable', 'catalog']);

export function isList({ kind }: { kind: string }): boolean {
  return LISTS.has(kind);
}

export class Branch {
  /** null until they were asked for. */
  children: Branch[] | null = null;
  /** Children in all, as the server counts them. */
  total = 0;
  expanded = false;
  state: LoadState = 'idle';
  error = '';
  /** Names from the provider down to this node; only in search results. */
  path: readonly string[] | null = null;

  constructor(
    readonly node: NodeRecord,
    readonly parent: Branch | null,
    /** Place among its siblings, from 1. */
    readonly position: number
  ) {
    this.level = parent ? parent.level + 1 : 1;
  }

  readonly level: number;

  get expandable(): boolean {
    return this.node.has_children;
  }

  /** Whether a panel can draw it. */
  get plottable(): boolean {
    return this.node.ref !== null && !NOT_PLOTTABLE.has(this.node.kind);
  }

  /** Names down to this node: what stays the same when the server numbers its nodes anew. */
  get names(): string[] {
    return [...(this.parent?.names ?? []), this.node.name];
  }

  get key(): string {
    return this.names.join('\u0000');
  }
}

/** A branch with everything below it, opened as far as `open` says. */
export function localBranch(
  node: LocalNode,
  parent: Branch | null,
  position: number,
  open: (branch: Branch) => boolean
): Branch {
  const branch = new Branch(node, parent, position);
  const children = node.children ?? [];
  branch.children = children.map((child, i) => localBranch(child, branch, i + 1, open));
  branch.total = children.length;
  branch.expanded = children.length > 0 && open(branch);
  return branch;
}

/** Whether a branch stands for a server, whose inventory has a state. */
export function isProvider(branch: Branch): boolean {
  return branch.level === 1 && branch.path === null && branch.node.kind === 'folder';
}

/** What a branch is called: servers by their titles. */
export function titleOf(branch: Branch): string {
  return (isProvider(branch) && branch.node.title) || branch.node.name;
}

/** Append what is visible below a branch to `rows`. */
export function collectVisible(branch: Branch, rows: Branch[]): void {
  for (const child of branch.children ?? []) {
    rows.push(child);
    if (child.expanded) {
      collectVisible(child, rows);
    }
  }
}
