/** The visible rows of a forest of branches, from top to bottom. */

import { collectVisible, type Branch } from './branch';

export class RowList {
  constructor(private _roots: readonly Branch[] = []) {
    this._rows = rowsOf(_roots);
  }

  get roots(): readonly Branch[] {
    return this._roots;
  }

  get rows(): readonly Branch[] {
    return this._rows;
  }

  /** Show other roots, and what is open below them. */
  reset(roots: readonly Branch[]): void {
    this._roots = roots;
    this._rows = rowsOf(roots);
  }

  /** Rows appear below one that was opened. */
  showBelow(branch: Branch): void {
    const index = this._rows.indexOf(branch);
    if (index >= 0) {
      const below: Branch[] = [];
      collectVisible(branch, below);
      this._rows = this._rows.slice(0, index + 1).concat(below, this._rows.slice(index + 1));
    }
  }

  /** The rows below one that was closed go; returns them. */
  hideBelow(branch: Branch): readonly Branch[] {
    const index = this._rows.indexOf(branch);
    if (index < 0) {
      return [];
    }
    let end = index + 1;
    while (end < this._rows.length && this._rows[end]!.level > branch.level) {
      end++;
    }
    const hidden = this._rows.slice(index + 1, end);
    this._rows = this._rows.slice(0, index + 1).concat(this._rows.slice(end));
    return hidden;
  }

  private _rows: Branch[];
}

function rowsOf(roots: readonly Branch[]): Branch[] {
  const rows: Branch[] = [];
  for (const root of roots) {
    rows.push(root);
    if (root.expanded) {
      collectVisible(root, rows);
    }
  }
  return rows;
}
