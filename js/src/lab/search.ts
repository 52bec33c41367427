/** Search box: asks as one types, says how many were found. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { SearchField } from './api';
import { complete, type Completion } from './completion';
import type { TreeChange, TreeModel } from './model';
import { CompletionPopup } from './popup';

const DEBOUNCE = 60;

export class SearchBox extends Widget {
  constructor(
    model: TreeModel,
    trans: TranslationBundle,
    private readonly _fields: () => Promise<SearchField[]> = () => Promise.resolve([])
  ) {
    super();
    this.addClass('sqlab-search');
    this._model = model;
    this._trans = trans;
    this._input.type = 'text';
    this._input.className = 'sqlab-search-input';
    this._input.spellcheck = false;
    this._input.autocomplete = 'off';
    this._input.placeholder = trans.__('Search products');
    this._input.title = trans.__(
      'Words, for example mms1 fgm gse; filters: provider:cda type:vector. Ctrl+Space lists the filters.'
    );
    this._input.setAttribute('aria-label', trans.__('Search products'));
    this._clear.type = 'button';
    this._clear.className = 'sqlab-search-clear';
    this._clear.title = trans.__('Clear the search (Escape)');
    this._clear.setAttribute('aria-label', trans.__('Clear the search'));
    this._clear.hidden = true;
    this._count.className = 'sqlab-search-count';
    this._count.setAttribute('role', 'status');
    this._count.hidden = true;
    this._mode.type = 'button';
    this._mode.className = 'sqlab-search-mode';
    this._mode.addEventListener('click', () => {
      model.asTree = !model.asTree;
    });
    const field = document.createElement('div');
    field.className = 'sqlab-search-field';
    this._popup = new CompletionPopup(
      this._input,
      item => this._complete(item),
      trans.__('Completions')
    );
    field.append(this._input, this._clear, this._popup.node);
    const foot = document.createElement('div');
    foot.className = 'sqlab-search-foot';
    foot.append(this._count, this._mode);
    this.node.append(field, foot);
    this._showMode();
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
        void this._offer(false);
        break;
      case 'blur':
        this._popup.hide();
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
    this._popup.hide();
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
    this._input.addEventListener('blur', this);
    this._clear.addEventListener('click', this);
  }

  protected override onBeforeDetach(msg: Message): void {
    this._input.removeEventListener('input', this);
    this._input.removeEventListener('keydown', this);
    this._input.removeEventListener('blur', this);
    this._clear.removeEventListener('click', this);
    super.onBeforeDetach(msg);
  }

  protected override onActivateRequest(): void {
    this.focusInput();
  }

  /** Show what the query can be completed with; the newest question wins. */
  private async _offer(all: boolean): Promise<void> {
    const turn = ++this._turn;
    const fields = await this._fields().catch((): SearchField[] => []);
    const { value, selectionStart } = this._input;
    if (turn === this._turn && !this.isDisposed && document.activeElement === this._input) {
      const found = complete(value, selectionStart ?? value.length, fields, all);
      this._range = [found.from, found.to];
      this._popup.show(found.items);
    }
  }

  private _complete(item: Completion): void {
    const [from, to] = this._range;
    const { value } = this._input;
    const rest = item.insert.endsWith(' ') ? value.slice(to).trimStart() : value.slice(to);
    this._input.value = value.slice(0, from) + item.insert + rest;
    const cursor = from + item.insert.length;
    this._input.setSelectionRange(cursor, cursor);
    this._popup.hide();
    // Values of the filter follow its name; and the search begins anew.
    this._input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === ' ' && event.ctrlKey) {
      void this._offer(true);
    } else if (this._popup.key(event.key)) {
      // it was the popup's
    } else if (event.key === 'Escape' && this._input.value) {
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
    this._showMode();
    this._count.classList.toggle('sqlab-mod-error', error !== '');
    this._count.hidden = !query;
    if (query && !busy) {
      const n = this._model.found;
      this._count.textContent = error
        ? this._trans.__('Search failed: %1', error)
        : more
          ? this._trans.__('First %1 results', n)
          : this._trans._n('%1 result', '%1 results', n, n);
    }
  }

  private _showMode(): void {
    const { asTree, search } = this._model;
    this._mode.hidden = !search.query;
    this._mode.textContent = asTree ? this._trans.__('Ranked list') : this._trans.__('In the tree');
    this._mode.title = asTree
      ? this._trans.__('Show the results as a list, best first')
      : this._trans.__('Show the results at their places in the tree');
    this._mode.setAttribute('aria-label', this._mode.title);
  }

  private _timerRuns(): boolean {
    return this._input === document.activeElement && this._model.search.busy;
  }

  private readonly _model: TreeModel;
  private readonly _trans: TranslationBundle;
  private readonly _input = document.createElement('input');
  private readonly _clear = document.createElement('button');
  private readonly _mode = document.createElement('button');
  private readonly _popup: CompletionPopup;
  private _range: [number, number] = [0, 0];
  private _turn = 0;
  private readonly _count = document.createElement('div');
  private readonly _left = new Signal<this, void>(this);
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
