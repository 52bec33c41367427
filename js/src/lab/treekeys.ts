/** The keys of the tree: those of a tree view with multiple selection, as WAI-ARIA has them. */

import type { Branch } from './branch';
import type { TreeModel } from './model';

/** A word typed letter by letter jumps to a row while pauses stay below this, in milliseconds. */
const TYPE_AHEAD = 800;

export interface TreeActions {
  /** Rows of a page. */
  page(): number;
  toggle(branch: Branch): void;
  activate(branch: Branch): void;
  menu(): void;
  leave(): void;
}

export class TreeKeys {
  constructor(
    private readonly _model: TreeModel,
    private readonly _does: TreeActions
  ) {}

  /** Take a key; whether it was one of the tree's. */
  take(event: KeyboardEvent): boolean {
    return this._moveKey(event) || this._markKey(event) || this._rowKey(event);
  }

  /** Keys that move the cursor; with Shift they select up to there, with Control they do not select. */
  private _moveKey(event: KeyboardEvent): boolean {
    const index = this._model.selectedIndex;
    const page = Math.max(1, this._does.page());
    const last = this._model.rows.length - 1;
    const targets: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: last
    };
    const target = targets[event.key];
    if (target === undefined) {
      return false;
    }
    const to = Math.max(0, Math.min(target, last));
    if (event.shiftKey) {
      this._model.extendTo(to);
    } else if (event.ctrlKey) {
      this._model.moveCursor(to);
    } else {
      this._model.select(to);
    }
    return true;
  }

  private _markKey(event: KeyboardEvent): boolean {
    const index = this._model.selectedIndex;
    if (event.key === ' ' && event.ctrlKey) {
      this._model.toggleMark(index);
    } else if (event.key === 'a' && event.ctrlKey && !event.shiftKey) {
      this._model.selectAll();
    } else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      this._does.menu();
    } else {
      return false;
    }
    return true;
  }

  /** Keys that do something with the row that has the cursor. */
  private _rowKey(event: KeyboardEvent): boolean {
    const index = this._model.selectedIndex;
    const branch = this._model.rows[index];
    if (event.ctrlKey || (event.shiftKey && event.key === 'Enter')) {
      return false; // commands
    }
    switch (event.key) {
      case 'ArrowRight':
        if (branch?.expanded) {
          this._moveTo(index + 1);
        } else if (branch) {
          this._does.toggle(branch);
        }
        return true;
      case 'ArrowLeft':
        if (branch?.expanded) {
          this._model.collapse(branch);
        } else if (branch?.parent) {
          this._moveTo(this._model.rows.indexOf(branch.parent));
        }
        return true;
      case 'Enter':
      case ' ':
        if (branch) {
          this._does.activate(branch);
        }
        return true;
      case 'Escape':
        this._does.leave();
        return true;
      default:
        if (event.key.length === 1) {
          this._typeAhead(event.key);
          return true;
        }
        return false;
    }
  }

  private _moveTo(index: number): void {
    this._model.select(Math.max(0, Math.min(index, this._model.rows.length - 1)));
  }

  private _typeAhead(key: string): void {
    const now = Date.now();
    this._typed = (now - this._typedAt < TYPE_AHEAD ? this._typed : '') + key.toLowerCase();
    this._typedAt = now;
    const rows = this._model.rows;
    const from = this._model.selectedIndex + (this._typed.length === 1 ? 1 : 0);
    for (let step = 0; step < rows.length; step++) {
      const index = (Math.max(0, from) + step) % rows.length;
      if (rows[index]!.node.name.toLowerCase().startsWith(this._typed)) {
        this._model.select(index);
        return;
      }
    }
  }

  private _typed = '';
  private _typedAt = 0;
}
