/**
 * The search box of a panel: fills an empty one, and opens over one with plots by its button or key.
 * The kernel searches, so that it works wherever a panel does.
 */
import { AskError } from '../core/questions';
import type { DraggedProduct } from '../mime';
import { make, setText } from './dom';
import type { MakePart, PanelHost } from './part';

/** Letters before which a search would find everything. */
const LEAST = 2;
/** Milliseconds of rest before a search. */
const REST = 150;

interface Hit extends DraggedProduct {
  unit: string;
  title: string;
  path: string[];
}

let count = 0;

export class Finder {
  readonly node = make('div', 'sq-finder');
  readonly field = make('input', 'sq-finder-field');
  private readonly list = make('div', 'sq-finder-list');
  private readonly note = make('div', 'sq-finder-note');
  private hits: Hit[] = [];
  private active = 0;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly prefix: string;

  constructor(
    private readonly panel: Pick<PanelHost, 'ask'>,
    private readonly choose: (hit: DraggedProduct) => void,
    private readonly leave: () => void
  ) {
    count += 1;
    this.prefix = `sq-finder-${count}`;
    const { field, list, note } = this;
    field.type = 'search';
    field.spellcheck = false;
    field.autocomplete = 'off';
    field.maxLength = 400;
    field.placeholder = 'Search products, such as mms fgm or provider:cda type:vector';
    field.setAttribute('role', 'combobox');
    field.setAttribute('aria-label', 'Search products to plot');
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-expanded', 'false');
    field.setAttribute('aria-controls', this.prefix);
    list.id = this.prefix;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', 'Products found');
    list.hidden = true;
    note.setAttribute('role', 'status');
    this.node.append(field, list, note);
    field.addEventListener('input', () => this.typed());
    field.addEventListener('keydown', event => this.key(event));
    // The field keeps the focus, or a click into the list would close what it is in.
    list.addEventListener('pointerdown', event => event.preventDefault());
  }

  clear(): void {
    this.field.value = '';
    this.typed();
  }

  close(): void {
    clearTimeout(this.timer);
    this.asked += 1;
  }

  private typed(): void {
    clearTimeout(this.timer);
    // What is under way answers a question that nobody has any more.
    this.asked += 1;
    const query = this.field.value.trim();
    if (query.length < LEAST) {
      this.show([], query === '' ? '' : 'Type two letters or more');
      return;
    }
    this.timer = setTimeout(() => void this.search(query), REST);
  }

  private async search(query: string): Promise<void> {
    const mine = ++this.asked;
    setText(this.note, 'Searching…');
    try {
      const { value } = await this.panel.ask('search', { query });
      if (mine === this.asked) {
        const { hits, more } = readHits(value);
        this.show(hits, hits.length === 0 ? 'Nothing found' : more ? `The best ${hits.length}; more words find less` : '');
      }
    } catch (error) {
      if (!(error instanceof AskError)) {
        throw error;
      }
      if (mine === this.asked) {
        this.show([], [error.message, error.hint].filter(Boolean).join('. '));
      }
    }
  }

  private show(hits: Hit[], note: string): void {
    this.hits = hits;
    this.list.replaceChildren(...hits.map((hit, i) => this.row(hit, i)));
    this.list.hidden = hits.length === 0;
    this.list.scrollTop = 0;
    this.field.setAttribute('aria-expanded', String(hits.length > 0));
    setText(this.note, note);
    this.go(0);
  }

  private row(hit: Hit, index: number): HTMLElement {
    const node = make('div', 'sq-finder-hit');
    node.id = `${this.prefix}-${index}`;
    node.setAttribute('role', 'option');
    node.dataset.product = hit.id;
    const [name, unit] = [make('span', 'sq-finder-name', hit.name), make('span', 'sq-finder-unit', hit.unit)];
    const path = make('span', 'sq-finder-path', hit.path.slice(0, -1).join(' › '));
    node.append(name, unit, make('span', 'sq-finder-kind', hit.kind), path);
    node.title = hit.title === '' ? hit.id : `${hit.title}\n${hit.id}`;
    node.addEventListener('click', event => {
      event.stopPropagation();
      this.take(index, event.ctrlKey || event.metaKey);
    });
    node.addEventListener('pointermove', () => this.go(index));
    return node;
  }

  private go(index: number): void {
    const rows = [...this.list.children];
    this.active = Math.min(Math.max(index, 0), Math.max(rows.length - 1, 0));
    rows.forEach((row, i) => row.setAttribute('aria-selected', String(i === this.active)));
    if (rows[this.active]) {
      this.field.setAttribute('aria-activedescendant', rows[this.active]!.id);
      rows[this.active]!.scrollIntoView?.({ block: 'nearest' });
    } else {
      this.field.removeAttribute('aria-activedescendant');
    }
  }

  private take(index: number, stay: boolean): void {
    const hit = this.hits[index];
    if (hit) {
      this.choose(hit);
      if (!stay) {
        this.clear();
        this.leave();
      }
    }
  }

  private key(event: KeyboardEvent): void {
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.go(this.active + 1),
      ArrowUp: () => this.go(this.active - 1),
      PageDown: () => this.go(this.active + 8),
      PageUp: () => this.go(this.active - 8),
      Enter: () => this.take(this.active, event.ctrlKey || event.metaKey),
      Escape: () => {
        this.clear();
        this.leave();
      }
    };
    const action = event.isComposing ? undefined : actions[event.key];
    if (action) {
      action();
      event.preventDefault();
      event.stopPropagation();
    }
  }
}

/** What the kernel found; nothing of it is trusted to be more than text. */
function readHits(value: unknown): { hits: Hit[]; more: boolean } {
  const { hits, more } = (value ?? {}) as { hits?: unknown; more?: unknown };
  const text = (one: unknown): string => (typeof one === 'string' ? one : '');
  const clean = (Array.isArray(hits) ? (hits as unknown[]) : []).flatMap(item => {
    const { id, name, kind, unit, title, path } = (item ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string') {
      return [];
    }
    const steps = Array.isArray(path) ? path.map(text) : [];
    return [{ id, name: text(name) || id, kind: text(kind), unit: text(unit), title: text(title), path: steps }];
  });
  return { hits: clean, more: more === true };
}

function isAddKey(event: KeyboardEvent): boolean {
  return event.key.toLowerCase() === 'a' && !event.ctrlKey && !event.metaKey && !event.altKey;
}

export const makeFinder: MakePart = panel => {
  const { chrome } = panel.stage;
  const add = ({ id, name, kind }: DraggedProduct): void => {
    const payload = JSON.stringify({ v: 1, products: [{ id, name, kind }] });
    panel.root.dispatchEvent(new CustomEvent('sciqlop:add-product', { detail: { payload, place: 'end' } }));
  };
  const back = (): void => panel.root.focus({ preventScroll: true });
  const first = new Finder(panel, add, back);
  const popup = make('div', 'sq-popup sq-finder-popup');
  const close = (): void => {
    popup.hidden = true;
    chrome.add.setAttribute('aria-expanded', 'false');
  };
  const second = new Finder(panel, add, () => {
    close();
    back();
  });
  popup.append(make('div', 'sq-popup-title', 'Add a product'), second.node);
  popup.hidden = true;
  popup.addEventListener('focusout', event => {
    if (!(event.relatedTarget instanceof Node && popup.contains(event.relatedTarget))) {
      close();
    }
  });
  const open = (): void => {
    if (panel.plots.length === 0) {
      first.field.focus();
      return;
    }
    popup.hidden = false;
    chrome.add.setAttribute('aria-expanded', 'true');
    second.field.focus();
  };
  chrome.add.addEventListener('click', open);
  chrome.empty.append(
    make('div', 'sq-empty-title', 'Add a product to this panel'),
    first.node,
    make('div', 'sq-empty-or', 'or'),
    make('div', 'sq-empty-zone', 'Drop products here')
  );
  panel.root.append(popup);
  return {
    usesKey: isAddKey,
    key: event => {
      if (isAddKey(event)) {
        open();
      }
      return isAddKey(event);
    },
    close: () => {
      first.close();
      second.close();
    }
  };
};
