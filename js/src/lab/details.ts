/** What is known of the selected product. Names and values come from outside: text only. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { ProductDetails, ProductFacts } from './api';
import { isProvider, titleOf, type Branch } from './branch';
import { coverageBar } from './coverage';
import { formatAge, formatCadence, formatTime, formatValue } from './format';
import type { TreeChange, TreeModel } from './model';
import type { Previews } from './preview';
import type { ProductBook } from './products';

/** A pause on a row before its details are asked for: arrow keys held down ask for nothing. */
const SETTLE = 80;
const MOST_LINKS = 6;
const EVENTS = new Set(['timetable', 'catalog', 'collection']);

export interface DetailsAction {
  label: string;
  caption: string;
  run: () => void;
}

export class DetailsView extends Widget {
  constructor(
    private readonly _model: TreeModel,
    private readonly _book: ProductBook,
    private readonly _trans: TranslationBundle,
    private readonly _actions: readonly DetailsAction[],
    private readonly _renew: (provider: string) => void = () => {},
    private readonly _previews: Previews | null = null
  ) {
    super();
    this.addClass('sqlab-details');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Product details'));
    this.node.tabIndex = 0;
    this._empty();
    _model.changed.connect(this._onChanged, this);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    clearTimeout(this._timer);
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    const branch = this._model.selected;
    const provider = branch !== null && isProvider(branch);
    if (branch === this._branch && !(provider && change === 'status')) {
      return;
    }
    this._branch = branch;
    clearTimeout(this._timer);
    const ref = branch?.node.ref;
    if (!branch) {
      this._empty();
    } else if (!ref) {
      this._show(branch, null, '');
    } else if (this._book.peek(ref)) {
      this._show(branch, this._book.peek(ref), '');
    } else {
      this._timer = setTimeout(() => void this._load(branch, ref), SETTLE);
    }
  }

  private async _load(branch: Branch, ref: string): Promise<void> {
    try {
      const details = await this._book.get(ref);
      if (branch === this._branch && !this.isDisposed) {
        this._show(branch, details, '');
      }
    } catch (error) {
      if (branch === this._branch && !this.isDisposed) {
        this._show(branch, null, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private _empty(): void {
    const hint = element('p', 'sqlab-details-hint');
    hint.textContent = this._trans.__(
      'Select a product to see what it is. Drag it onto a panel, into a code cell, or to the main area.'
    );
    this.node.replaceChildren(hint);
    this.node.removeAttribute('aria-busy');
  }

  private _show(branch: Branch, details: ProductDetails | null, error: string): void {
    const { node } = branch;
    const trans = this._trans;
    const heading = element('h3', 'sqlab-details-name');
    heading.textContent = titleOf(branch);
    const parts: HTMLElement[] = [heading];
    const title = details?.title || node.title;
    if (title && title !== heading.textContent) {
      const description = element('p', 'sqlab-details-title');
      description.textContent = title;
      parts.push(description);
    }
    if (error) {
      const problem = element('p', 'sqlab-details-error');
      problem.textContent = error;
      parts.push(problem);
    }
    if (branch.plottable) {
      parts.push(this._buttons());
    }
    const list = element('dl', 'sqlab-details-list');
    add(list, trans.__('Type'), node.kind === 'unknown' ? '' : node.kind);
    add(list, trans.__('Unit'), details?.unit || node.unit);
    add(list, trans.__('Cadence'), details?.cadence ? formatCadence(details.cadence) : '');
    const about = details?.about ?? {};
    add(list, trans.__('Shape'), about.shape?.length ? about.shape.join(' × ') : '');
    add(list, trans.__('Coordinates'), formatValue(about.coordinates));
    if (details?.coverage) {
      const { start, stop } = details.coverage;
      add(list, trans.__('From (UTC)'), formatTime(start));
      add(list, trans.__('To (UTC)'), formatTime(stop));
      parts.push(coverageBar(details.coverage, trans, Date.now()));
    }
    if (this._previews && details && branch.plottable && this._pictured(details)) {
      parts.push(this._previews.show(details.ref));
    }
    this._provider(list, branch, parts);
    add(list, trans.__('Id'), node.ref ?? '', 'sqlab-details-id');
    add(list, trans.__('In'), (branch.path ?? branch.names).slice(0, -1).join(' › '));
    parts.push(list, ...this._rules(about));
    const meta = Object.entries(details?.meta ?? {}).filter(([, value]) => formatValue(value));
    if (meta.length) {
      parts.push(this._metadata(meta));
    }
    this.node.replaceChildren(...parts);
    this.node.scrollTop = 0;
  }

  /** What the data may be used for, whom to name, and where to read on. */
  private _rules(about: ProductFacts): HTMLElement[] {
    const trans = this._trans;
    const list = element('dl', 'sqlab-details-list sqlab-details-rules');
    add(list, trans.__('Rules of use'), formatValue(about.rules_of_use));
    add(list, trans.__('Acknowledgement'), formatValue(about.acknowledgement));
    add(list, trans.__('Citation'), formatValue(about.citation));
    add(list, trans.__('Contact'), formatValue(about.contact));
    add(list, trans.__('Processing'), formatValue(about.processing));
    for (const link of (about.links ?? []).slice(0, MOST_LINKS)) {
      addLink(list, trans.__('Link'), link);
    }
    return list.childElementCount ? [list] : [];
  }

  /** Lists of events, and what lives in a kernel, have no preview. */
  private _pictured({ ref, kind }: ProductDetails): boolean {
    return !this._book.isOwn(ref) && !EVENTS.has(kind);
  }

  /** How a provider's inventory stands, and a button to read it again. */
  private _provider(list: HTMLElement, branch: Branch, parts: HTMLElement[]): void {
    const state = isProvider(branch) && this._model.status?.providers[branch.node.name];
    if (!state) {
      return;
    }
    const bar = element('div', 'sqlab-details-actions');
    const button = actionButton({
      label: state.refreshing ? this._trans.__('Reading…') : this._trans.__('Refresh'),
      caption: this._trans.__('Read the inventory of %1 again', state.title),
      run: () => this._renew(branch.node.name)
    });
    button.disabled = state.refreshing;
    bar.append(button);
    parts.push(bar);
    const trans = this._trans;
    add(list, trans.__('Products'), state.loaded ? state.count.toLocaleString('en') : '');
    add(list, trans.__('Current'), state.age === null ? '' : trans.__('%1 ago', formatAge(state.age)));
    add(list, trans.__('Received'), state.updated ? formatTime(state.updated) : '');
    add(list, trans.__('Problem'), state.error ?? '');
  }

  private _buttons(): HTMLElement {
    const bar = element('div', 'sqlab-details-actions');
    bar.append(...this._actions.map(actionButton));
    return bar;
  }

  private _metadata(meta: [string, unknown][]): HTMLElement {
    const block = element('details', 'sqlab-details-meta') as HTMLDetailsElement;
    block.open = this._metaOpen;
    block.addEventListener('toggle', () => {
      this._metaOpen = block.open;
    });
    const summary = element('summary', '');
    summary.textContent = this._trans.__('Metadata (%1)', meta.length);
    const list = element('dl', 'sqlab-details-list');
    for (const [key, value] of meta) {
      add(list, key, formatValue(value));
    }
    block.append(summary, list);
    return block;
  }

  private _branch: Branch | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _metaOpen = false;
}

function actionButton({ label, caption, run }: DetailsAction): HTMLButtonElement {
  const button = document.createElement('button');
  button.className = 'jp-Button jp-mod-styled jp-mod-minimal';
  button.type = 'button';
  button.textContent = label;
  button.title = caption;
  button.addEventListener('click', run);
  return button;
}

/** A link to where metadata point; anything but a web address stays text. */
function addLink(list: HTMLElement, key: string, link: string): void {
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    return add(list, key, link);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return add(list, key, link);
  }
  const anchor = document.createElement('a');
  anchor.href = url.href;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer';
  anchor.textContent = link;
  const term = document.createElement('dt');
  term.textContent = key;
  const text = document.createElement('dd');
  text.append(anchor);
  list.append(term, text);
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function add(list: HTMLElement, key: string, value: string, className = ''): void {
  if (!value) {
    return;
  }
  const term = document.createElement('dt');
  term.textContent = key;
  const text = document.createElement('dd');
  text.textContent = value;
  text.className = className;
  list.append(term, text);
}
