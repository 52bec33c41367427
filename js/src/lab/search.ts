/** Search box: asks as one types, says how many were found. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { TreeChange, TreeModel } from './model';

const DEBOUNCE = 120;

export class SearchBox extends Widget {
  constructor(model: TreeModel, trans: TranslationBundle) {
    super();
    this.addClass('sqlab-search');
    this._model = model;
    this._trans = trans;
    this._input.type = 'text';
    this._input.className = 'sqlab-search-input';
    this._input.spellcheck = false;
    this._input.autocomplete = 'off';
    this._input.placeholder = trans.__('Search products');
    this._input.title = trans.__('Words, for example mms1 fgm gse; filters: provider:cda type:vector');
    this._input.setAttribute('aria-label', trans.__('Search products'));
    this._clear.type = 'button';
    this._clear.className = 'sqlab-search-clear';
    this._clear.title = trans.__('Clear the search (Escape)');
    this._clear.setAttribute('aria-label', trans.__('Clear the search'));
    this._clear.hidden = true;
    this._count.className = 'sqlab-search-count';
    this._count.setAttribute('role', 'status');
    this._count.hidden = true;
    const field = document.createElement('div');
    field.className = 'sqlab-search-field';
    field.append(this._input, this._clear);
    this.node.append(field, this._count);
    model.changed.connect(this._onChanged, this);
  }

  /** The user wants to go on among the rows. */
  get left(): Signal<this, void> {
    return this._left;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'input':
        this._clear.hidden = !this._input.value;
        clearTimeout(this._timer);
        this._timer = setTimeout(() => void this._model.setQuery(this._input.value), DEBOUNCE);
        break;
      case 'click':
        this.clear();
        this._input.focus();
        break;
      case 'keydown':
        this._onKey(event as KeyboardEvent);
        break;
    }
  }

  clear(): void {
    clearTimeout(this._timer);
    this._input.value = '';
    this._clear.hidden = true;
    void this._model.setQuery('');
  }

  focusInput(): void {
    this._input.focus();
    this._input.select();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._input.addEventListener('input', this);
    this._input.addEventListener('keydown', this);
    this._clear.addEventListener('click', this);
  }

  protected override onBeforeDetach(msg: Message): void {
    this._input.removeEventListener('input', this);
    this._input.removeEventListener('keydown', this);
    this._clear.removeEventListener('click', this);
    super.onBeforeDetach(msg);
  }

  protected override onActivateRequest(): void {
    this.focusInput();
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this._input.value) {
      this.clear();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      if (!this._model.searching && event.key === 'Enter') {
        return;
      }
      this._left.emit();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    if (change !== 'search') {
      return;
    }
    const { query, busy, error, more } = this._model.search;
    if (!query && this._input.value.trim() && !this._timerRuns()) {
      // The search was left by another way (a found folder was opened in the tree).
      this._input.value = '';
      this._clear.hidden = true;
    }
    this.node.classList.toggle('sqlab-mod-busy', busy);
    this._count.classList.toggle('sqlab-mod-error', error !== '');
    this._count.hidden = !query;
    if (query && !busy) {
      const n = this._model.rows.length;
      this._count.textContent = error
        ? this._trans.__('Search failed: %1', error)
        : more
          ? this._trans.__('First %1 results', n)
          : this._trans._n('%1 result', '%1 results', n, n);
    }
  }

  private _timerRuns(): boolean {
    return this._input === document.activeElement && this._model.search.busy;
  }

  private readonly _model: TreeModel;
  private readonly _trans: TranslationBundle;
  private readonly _input = document.createElement('input');
  private readonly _clear = document.createElement('button');
  private readonly _count = document.createElement('div');
  private readonly _left = new Signal<this, void>(this);
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
