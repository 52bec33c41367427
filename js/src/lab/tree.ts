/** The windowed tree: only the rows in view are in the page, whatever the tree's size. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { isProvider, type Branch } from './branch';
import type { TreeChange, TreeModel } from './model';
import { RowPainter } from './row';
import { TreeKeys } from './treekeys';
import { rowWindow, scrollToShow, scrollToShowBelow } from './windowing';

const TREE_ROW = 24;
/** A search result has a second line with its place in the tree. */
const HIT_ROW = 42;
/** Pixels the mouse moves before a press becomes a drag. */
const DRAG_THRESHOLD = 5;

export class TreeView extends Widget {
  constructor(model: TreeModel, trans: TranslationBundle) {
    super();
    this.addClass('sqlab-tree');
    this._model = model;
    this._painter = new RowPainter(trans);
    this._keys = new TreeKeys(model, {
      page: () => Math.floor(this.node.clientHeight / this._rowHeight) - 1,
      toggle: branch => void this._toggle(branch),
      activate: branch => this._activate(branch),
      menu: () => this._openMenu(),
      leave: () => this._left.emit()
    });
    this._spacer.className = 'sqlab-tree-spacer';
    this._spacer.setAttribute('role', 'presentation');
    this.node.append(this._spacer);
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'tree');
    this.node.setAttribute('aria-label', trans.__('Products'));
    this.node.setAttribute('aria-multiselectable', 'true');
    model.changed.connect(this._onChanged, this);
  }

  /** The mouse began to drag rows that have data. */
  get dragStarted(): Signal<this, { branches: Branch[]; x: number; y: number }> {
    return this._dragStarted;
  }

  /** Enter or a double click on a row that has data. */
  get activated(): Signal<this, Branch> {
    return this._activated;
  }

  /** The button of a provider's row: its inventory is to be read again. */
  get renewed(): Signal<this, string> {
    return this._renewed;
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
        if (this._press?.narrows) {
          this._model.select(this._press.index);
        }
        this._endPress();
        break;
      case 'pointercancel':
        this._endPress();
        break;
      case 'dblclick':
        this._onDoubleClick(event as MouseEvent);
        break;
      case 'contextmenu': {
        const index = this._rowAt(event);
        const branch = this._model.rows[index];
        if (branch && !this._model.isSelected(branch)) {
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
    return this._model.flat ? HIT_ROW : TREE_ROW;
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    if (change === 'selection') {
      this._scrollToSelected();
    }
    const mode = !this._model.searching ? 'tree' : this._model.flat ? 'flat' : 'filtered';
    if (change === 'rows' && mode !== this._mode) {
      this._mode = mode;
      this.node.scrollTop = 0;
      if (mode === 'tree') {
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
    this.node.classList.toggle('sqlab-mod-hits', this._model.flat);
    this.node.dataset.mode = this._mode;
    const view = this.node.clientHeight;
    const { first, last } = rowWindow(this.node.scrollTop, view, height, rows.length);
    while (this._elements.length < last - first) {
      const element = this._painter.create();
      this._elements.push(element);
      this._spacer.append(element);
    }
    const status = this._model.status;
    const current = this._model.selected;
    const products = this._model.hasProducts;
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
        selected: this._model.isSelected(branch),
        products,
        current: branch === current,
        flat: this._model.flat,
        provider: isProvider(branch) ? status?.providers[branch.node.name] : undefined,
        ...this._model.placeOf(branch),
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
    if (event.button !== 0) {
      return; // the menu's own event selects
    }
    const target = event.target as Element;
    if (target.closest('.sqlab-renew') && isProvider(branch)) {
      this._renewed.emit(branch.node.name);
      return;
    }
    const isCaret = target.closest('.sqlab-caret') !== null && branch.expandable;
    // A press on one of several selected rows may begin a drag of them all.
    const keeps = !isCaret && this._model.isSelected(branch) && !event.shiftKey && !control(event);
    if (event.shiftKey) {
      this._model.extendTo(index);
    } else if (control(event)) {
      this._model.toggleMark(index);
    } else if (!keeps) {
      this._model.select(index);
    }
    if (isCaret) {
      void this._toggle(branch);
      return;
    }
    if (branch.plottable) {
      this._press = { index, narrows: keeps, x: event.clientX, y: event.clientY };
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
    const branches = this._model.selectedProducts;
    if (branches.length) {
      this._dragStarted.emit({ branches, x: event.clientX, y: event.clientY });
    }
  }

  private _endPress(): void {
    this._press = null;
    document.removeEventListener('pointermove', this, true);
    document.removeEventListener('pointerup', this, true);
    document.removeEventListener('pointercancel', this, true);
  }

  private _onDoubleClick(event: MouseEvent): void {
    const branch = this._model.rows[this._rowAt(event)];
    if (!branch || (event.target as Element).closest('.sqlab-caret, .sqlab-renew')) {
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
    if (!event.altKey && !event.metaKey && this._model.rows.length && this._keys.take(event)) {
      // The notebook's command-mode keys must not see what the tree has used.
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** The menu of the row with the cursor, where that row is. */
  private _openMenu(): void {
    this._draw();
    const row = this._elements.find(element => element.classList.contains('sqlab-mod-current'));
    if (row) {
      const { left, bottom } = row.getBoundingClientRect();
      const at = { clientX: left + 24, clientY: bottom - 2, button: 2 };
      row.dispatchEvent(new MouseEvent('contextmenu', { ...at, bubbles: true, cancelable: true }));
    }
  }

  private readonly _model: TreeModel;
  private readonly _keys: TreeKeys;
  private readonly _painter: RowPainter;
  private readonly _spacer = document.createElement('div');
  private readonly _elements: HTMLElement[] = [];
  private readonly _idPrefix = `sqlab-row-${Math.random().toString(36).slice(2, 8)}-`;
  private readonly _dragStarted = new Signal<this, { branches: Branch[]; x: number; y: number }>(this);
  private readonly _renewed = new Signal<this, string>(this);
  private readonly _activated = new Signal<this, Branch>(this);
  private readonly _left = new Signal<this, void>(this);
  private _observer: ResizeObserver | null = null;
  private _press: { index: number; narrows: boolean; x: number; y: number } | null = null;
  private _mode: 'tree' | 'flat' | 'filtered' = 'tree';
  private _frame = 0;
}

const EVENTS = ['scroll', 'keydown', 'pointerdown', 'dblclick', 'contextmenu', 'focus'] as const;

function control(event: MouseEvent): boolean {
  return event.ctrlKey || event.metaKey;
}
