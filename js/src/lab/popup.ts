/** The list of completions below the search box: a listbox that the input drives. */

import type { Completion } from './completion';

export class CompletionPopup {
  constructor(
    private readonly _input: HTMLInputElement,
    private readonly _chosen: (item: Completion) => void,
    label: string
  ) {
    this.node.className = 'sqlab-completions';
    this.node.id = `sqlab-completions-${Math.random().toString(36).slice(2, 8)}`;
    this.node.setAttribute('role', 'listbox');
    this.node.setAttribute('aria-label', label);
    this.node.hidden = true;
    _input.setAttribute('role', 'combobox');
    _input.setAttribute('aria-autocomplete', 'list');
    _input.setAttribute('aria-controls', this.node.id);
    _input.setAttribute('aria-expanded', 'false');
    // Before the input loses the focus.
    this.node.addEventListener('pointerdown', event => this._onPress(event));
  }

  readonly node = document.createElement('ul');

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  show(items: readonly Completion[]): void {
    this._items = items;
    this.node.replaceChildren(...items.map((item, i) => this._option(item, i)));
    this.node.hidden = items.length === 0;
    this._input.setAttribute('aria-expanded', String(items.length > 0));
    // Nothing is chosen yet: Enter goes on to the results.
    this._mark(-1);
  }

  hide(): void {
    if (this.isOpen) {
      this.show([]);
    }
  }

  /** Take a key; whether it was one of ours. */
  key(key: string): boolean {
    if (!this.isOpen) {
      return false;
    }
    const count = this._items.length;
    if (key === 'ArrowDown') {
      this._mark((this._index + 1) % count);
    } else if (key === 'ArrowUp') {
      this._mark((Math.max(this._index, 0) - 1 + count) % count);
    } else if (key === 'Escape') {
      this.hide();
    } else if (key === 'Tab' || (key === 'Enter' && this._index >= 0)) {
      this._chosen(this._items[Math.max(this._index, 0)]!);
    } else {
      return false;
    }
    return true;
  }

  private _option(item: Completion, index: number): HTMLElement {
    const option = document.createElement('li');
    option.id = `${this.node.id}-${index}`;
    option.setAttribute('role', 'option');
    option.dataset.index = String(index);
    const label = document.createElement('span');
    label.className = 'sqlab-completion-label';
    label.textContent = item.label;
    const note = document.createElement('span');
    note.className = 'sqlab-completion-note';
    note.textContent = item.note;
    option.append(label, note);
    return option;
  }

  private _mark(index: number): void {
    this._index = index;
    for (const [i, option] of [...this.node.children].entries()) {
      option.setAttribute('aria-selected', String(i === index));
    }
    const chosen = this.node.children[index] as HTMLElement | undefined;
    if (chosen) {
      chosen.scrollIntoView?.({ block: 'nearest' });
      this._input.setAttribute('aria-activedescendant', chosen.id);
    } else {
      this._input.removeAttribute('aria-activedescendant');
    }
  }

  private _onPress(event: Event): void {
    event.preventDefault();
    const option = (event.target as Element).closest<HTMLElement>('[data-index]');
    const item = option && this._items[Number(option.dataset.index)];
    if (item) {
      this._chosen(item);
    }
  }

  private _items: readonly Completion[] = [];
  private _index = -1;
}
