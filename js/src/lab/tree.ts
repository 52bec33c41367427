/** The windowed tree: only the rows in view are in the page, whatever the tree's size. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { Branch } from './branch';
import type { TreeChange, TreeModel } from './model';
import { RowPainter } from './row';
import { rowWindow, scrollToShow, scrollToShowBelow } from './windowing';

const TREE_ROW = 24;
/** A search result has a second line with its place in the tree. */
const HIT_ROW = 42;
/** Pixels the mouse moves before a press becomes a drag. */
const DRAG_THRESHOLD = 5;
/** A word typed letter by letter jumps to a row while pauses stay below this, in milliseconds. */
const TYPE_AHEAD = 800;

export class TreeView extends Widget {
  constructor(model: TreeModel, trans: TranslationBundle) {
    super();
    this.addClass('sqlab-tree');
    this._model = model;
    this._painter = new RowPainter(trans);
    this._spacer.className = 'sqlab-tree-spacer';
    this._spacer.setAttribute('role', 'presentation');
    this.node.append(this._spacer);
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'tree');
    this.node.setAttribute('aria-label', trans.__('Products'));
    model.changed.connect(this._onChanged, this);
  }

  /** The mouse began to drag a row. */
  get dragStarted(): Signal<this, { branch: Branch; x: number; y: number }> {
    return this._dragStarted;
  }

  /** Enter or a double click on a row that has data. */
  get activated(): Signal<this, Branch> {
    return this._activated;
  }

  /** Escape: the user wants to go back to the search box. */
  get left(): Signal<this, void> {
    return this._left;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.changed.disconnect(this._onChanged, this);
    this._endPress();
    this._observer?.disconnect();
    super.dispose();
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'scroll':
        this._draw();
        break;
      case 'keydown':
        this._onKey(event as KeyboardEvent);
        break;
      case 'pointerdown':
        this._onPress(event as PointerEvent);
        break;
      case 'pointermove':
        this._onMove(event as PointerEvent);
        break;
      case 'pointerup':
      case 'pointercancel':
        this._endPress();
        break;
      case 'dblclick':
        this._onDoubleClick(event as MouseEvent);
        break;
      case 'contextmenu': {
        const index = this._rowAt(event);
        if (index >= 0) {
          this._model.select(index);
        }
        break;
      }
      case 'focus':
        if (!this._model.selected && this._model.rows.length) {
          this._model.select(0);
        }
        break;
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    for (const type of EVENTS) {
      this.node.addEventListener(type, this, { passive: type === 'scroll' });
    }
    this._observer = new ResizeObserver(() => this._draw());
    this._observer.observe(this.node);
    this._draw();
  }

  protected override onBeforeDetach(msg: Message): void {
    for (const type of EVENTS) {
      this.node.removeEventListener(type, this);
    }
    this._observer?.disconnect();
    this._endPress();
    super.onBeforeDetach(msg);
  }

  private get _rowHeight(): number {
    return this._model.searching ? HIT_ROW : TREE_ROW;
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    if (change === 'selection') {
      this._scrollToSelected();
    }
    if (change === 'rows' && this._model.searching !== this._wasSearching) {
      this._wasSearching = this._model.searching;
      this.node.scrollTop = 0;
      if (!this._wasSearching) {
        this._scrollToSelected();
      }
    }
    // Several changes come in one task; one drawing shows them all.
    this._schedule();
  }

  private _schedule(): void {
    if (!this._frame) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._draw();
      });
    }
  }

  /** Paint the rows in view into as many elements; elements are reused, never rebuilt. */
  private _draw(): void {
    if (!this.isAttached) {
      return;
    }
    const rows = this._model.rows;
    const height = this._rowHeight;
    this._spacer.style.height = `${rows.length * height}px`;
    this.node.classList.toggle('sqlab-mod-hits', this._model.searching);
    const view = this.node.clientHeight;
    const { first, last } = rowWindow(this.node.scrollTop, view, height, rows.length);
    while (this._elements.length < last - first) {
      const element = this._painter.create();
      this._elements.push(element);
      this._spacer.append(element);
    }
    const status = this._model.status;
    const selected = this._model.selected;
    for (const [slot, element] of this._elements.entries()) {
      const branch = rows[first + slot];
      if (slot >= last - first || !branch) {
        this._painter.clear(element);
        continue;
      }
      element.hidden = false;
      element.dataset.row = String(first + slot);
      element.style.transform = `translateY(${(first + slot) * height}px)`;
      this._painter.paint(element, branch, {
        selected: branch === selected,
        provider: branch.level === 1 ? status?.providers[branch.node.name] : undefined,
        siblings: branch.parent?.total ?? rows.length,
        id: `${this._idPrefix}${first + slot}`
      });
    }
    const index = this._model.selectedIndex;
    if (index >= first && index < last) {
      this.node.setAttribute('aria-activedescendant', `${this._idPrefix}${index}`);
    } else {
      this.node.removeAttribute('aria-activedescendant');
    }
  }

  private _scrollToSelected(): void {
    const index = this._model.selectedIndex;
    if (index < 0 || !this.isVisible) {
      return;
    }
    const height = this._rowHeight;
    // The spacer must have its height before the browser lets us scroll there.
    this._spacer.style.height = `${this._model.rows.length * height}px`;
    const { scrollTop, clientHeight } = this.node;
    this.node.scrollTop = scrollToShow(index, scrollTop, clientHeight, height);
  }

  private _rowAt(event: Event): number {
    const element = (event.target as Element | null)?.closest<HTMLElement>('.sqlab-row');
    const row = element?.dataset.row;
    return row ? Number(row) : -1;
  }

  private _onPress(event: PointerEvent): void {
    const index = this._rowAt(event);
    const branch = this._model.rows[index];
    if (!branch) {
      return;
    }
    this._model.select(index);
    if (event.button !== 0) {
      return;
    }
    if ((event.target as Element).closest('.sqlab-caret') && branch.expandable) {
      void this._toggle(branch);
      return;
    }
    if (branch.plottable) {
      this._press = { branch, x: event.clientX, y: event.clientY };
      document.addEventListener('pointermove', this, true);
      document.addEventListener('pointerup', this, true);
      document.addEventListener('pointercancel', this, true);
    }
  }

  private _onMove(event: PointerEvent): void {
    const press = this._press;
    if (!press) {
      return;
    }
    const moved = Math.max(Math.abs(event.clientX - press.x), Math.abs(event.clientY - press.y));
    if (moved < DRAG_THRESHOLD) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this._endPress();
    this._dragStarted.emit({ branch: press.branch, x: event.clientX, y: event.clientY });
  }

  private _endPress(): void {
    this._press = null;
    document.removeEventListener('pointermove', this, true);
    document.removeEventListener('pointerup', this, true);
    document.removeEventListener('pointercancel', this, true);
  }

  private _onDoubleClick(event: MouseEvent): void {
    const branch = this._model.rows[this._rowAt(event)];
    if (!branch || (event.target as Element).closest('.sqlab-caret')) {
      return;
    }
    this._activate(branch);
  }

  private _activate(branch: Branch): void {
    if (branch.plottable) {
      this._activated.emit(branch);
    } else if (branch.path) {
      void this._model.reveal(branch.path);
    } else {
      void this._toggle(branch);
    }
  }

  /** Open or close a row; what appears below it is brought into view. */
  private async _toggle(branch: Branch): Promise<void> {
    await this._model.toggle(branch);
    const index = branch.expanded ? this._model.rows.indexOf(branch) : -1;
    if (index >= 0 && this.isVisible) {
      const { scrollTop, clientHeight } = this.node;
      const height = this._rowHeight;
      this._spacer.style.height = `${this._model.rows.length * height}px`;
      const below = branch.children?.length ?? 0;
      this.node.scrollTop = scrollToShowBelow(index, below, scrollTop, clientHeight, height);
    }
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this._model.rows.length) {
      return;
    }
    const rows = this._model.rows;
    const index = this._model.selectedIndex;
    const branch = rows[index];
    const page = Math.max(1, Math.floor(this.node.clientHeight / this._rowHeight) - 1);
    switch (event.key) {
      case 'ArrowDown':
        this._moveTo(index + 1);
        break;
      case 'ArrowUp':
        this._moveTo(index - 1);
        break;
      case 'PageDown':
        this._moveTo(index + page);
        break;
      case 'PageUp':
        this._moveTo(index - page);
        break;
      case 'Home':
        this._moveTo(0);
        break;
      case 'End':
        this._moveTo(rows.length - 1);
        break;
      case 'ArrowRight':
        if (branch?.expanded) {
          this._moveTo(index + 1);
        } else if (branch) {
          void this._toggle(branch);
        }
        break;
      case 'ArrowLeft':
        if (branch?.expanded) {
          this._model.collapse(branch);
        } else if (branch?.parent) {
          this._moveTo(rows.indexOf(branch.parent));
        }
        break;
      case 'Enter':
      case ' ':
        if (branch) {
          this._activate(branch);
        }
        break;
      case 'Escape':
        this._left.emit();
        break;
      default:
        if (event.key.length === 1) {
          this._typeAhead(event.key);
          break;
        }
        return;
    }
    // The notebook's command-mode keys must not see what the tree has used.
    event.preventDefault();
    event.stopPropagation();
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

  private readonly _model: TreeModel;
  private readonly _painter: RowPainter;
  private readonly _spacer = document.createElement('div');
  private readonly _elements: HTMLElement[] = [];
  private readonly _idPrefix = `sqlab-row-${Math.random().toString(36).slice(2, 8)}-`;
  private readonly _dragStarted = new Signal<this, { branch: Branch; x: number; y: number }>(this);
  private readonly _activated = new Signal<this, Branch>(this);
  private readonly _left = new Signal<this, void>(this);
  private _observer: ResizeObserver | null = null;
  private _press: { branch: Branch; x: number; y: number } | null = null;
  private _wasSearching = false;
  private _typed = '';
  private _typedAt = 0;
  private _frame = 0;
}

const EVENTS = ['scroll', 'keydown', 'pointerdown', 'dblclick', 'contextmenu', 'focus'] as const;
