/** Which rows are selected: one that has the cursor, and others marked beside it. */

import type { Branch } from './branch';

export class Selection {
  /** The row with the cursor. */
  get current(): Branch | null {
    return this._current;
  }

  /** Whether any selected row is like that. */
  some(like: (branch: Branch) => boolean): boolean {
    for (const branch of this._marked) {
      if (like(branch)) {
        return true;
      }
    }
    return false;
  }

  has(branch: Branch): boolean {
    return this._marked.has(branch);
  }

  /** Selected rows from top to bottom. */
  among(rows: readonly Branch[]): Branch[] {
    if (this._marked.size <= 1) {
      return [...this._marked]; // without looking through a hundred thousand rows
    }
    return rows.filter(row => this._marked.has(row));
  }

  /** Select one row and no other; whether that changed anything. */
  only(branch: Branch | null): boolean {
    const same = branch === this._current && this._marked.size === (branch ? 1 : 0);
    this._current = this._anchor = branch;
    this._marked = new Set(branch ? [branch] : []);
    return !same;
  }

  /** Mark a row or take its mark away; the cursor goes there. */
  toggle(branch: Branch): void {
    if (!this._marked.delete(branch)) {
      this._marked.add(branch);
    }
    this._current = this._anchor = branch;
  }

  /** Select all from the row where the last plain selection was to this one. */
  extend(branch: Branch, rows: readonly Branch[]): void {
    const to = rows.indexOf(branch);
    const from = this._anchor ? rows.indexOf(this._anchor) : to;
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    this._marked = new Set(rows.slice(first, last + 1));
    this._current = branch;
  }

  /** Put the cursor elsewhere without marking anything. */
  move(branch: Branch): void {
    this._current = branch;
  }

  private _current: Branch | null = null;
  private _anchor: Branch | null = null;
  private _marked = new Set<Branch>();
}
