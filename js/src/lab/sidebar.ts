/** The left side panel: search box, notices, tree, details. */

import { refreshIcon, type LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { PanelLayout, SplitPanel, Widget } from '@lumino/widgets';

import type { SearchField } from './api';
import { DetailsView, type DetailsAction } from './details';
import type { TreeChange, TreeModel } from './model';
import { Notices } from './notices';
import { Previews, type PreviewSource } from './preview';
import type { ProductBook } from './products';
import { SearchBox } from './search';
import { TreeView } from './tree';

export interface SidebarOptions {
  model: TreeModel;
  book: ProductBook;
  trans: TranslationBundle;
  icon: LabIcon;
  actions: readonly DetailsAction[];
  /** Filters of the search, for completion. */
  fields: () => Promise<SearchField[]>;
  /** Small pictures of products. */
  previews: PreviewSource;
  /** Read the inventory of one provider again, or of all. */
  refresh: (provider: string | null) => void;
}

export class Sidebar extends Widget {
  constructor(options: SidebarOptions) {
    super();
    const { model, trans } = options;
    this.id = 'sciqlop-lab-tree';
    this.addClass('sqlab-sidebar');
    this.title.icon = options.icon;
    this.title.caption = trans.__('Space physics products');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Space physics products'));
    this._model = model;
    this._renew = options.refresh;
    this.search = new SearchBox(model, trans, options.fields);
    this.tree = new TreeView(model, trans);
    const split = new SplitPanel({ orientation: 'vertical', spacing: 1 });
    split.addClass('sqlab-split');
    const details = new DetailsView(
      model,
      options.book,
      trans,
      options.actions,
      options.refresh,
      new Previews(options.previews, trans)
    );
    split.addWidget(this.tree);
    split.addWidget(details);
    // What notices take from them, or the window gives, is shared in the same proportion.
    SplitPanel.setStretch(this.tree, 3);
    SplitPanel.setStretch(details, 2);
    this._split = split;
    const layout = new PanelLayout();
    layout.addWidget(this._header(trans));
    layout.addWidget(this.search);
    layout.addWidget(new Notices(model, trans));
    layout.addWidget(split);
    this.layout = layout;
    this.search.left.connect(this._toTree, this);
    this.tree.left.connect(this._toSearch, this);
    model.changed.connect(this._onChanged, this);
  }

  /** Whether it came in sight, or went out of it. */
  get seen(): Signal<this, boolean> {
    return this._seen;
  }

  readonly search: SearchBox;
  readonly tree: TreeView;

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected override onResize(): void {
    // Shares of a height need a height: the first one that is worth sharing.
    if (!this._shared && this._split.node.clientHeight > 100) {
      this._shared = true;
      this._split.setRelativeSizes([0.6, 0.4]);
    }
  }

  protected override onActivateRequest(): void {
    this.search.focusInput();
  }

  protected override onAfterShow(): void {
    this._model.watched = true;
    this._seen.emit(true);
    void this._model.start();
  }

  protected override onAfterAttach(): void {
    // Once at the start, whether it is in sight or not: then the tree is there when it is opened.
    this._model.watched = this.isVisible;
    this._seen.emit(this.isVisible);
    void this._model.start();
  }

  protected override onAfterHide(): void {
    this._model.watched = false;
    this._seen.emit(false);
  }

  private _header(trans: TranslationBundle): Widget {
    const header = new Widget();
    header.addClass('sqlab-header');
    const title = document.createElement('h2');
    title.className = 'sqlab-header-title';
    title.textContent = trans.__('Products');
    this._refresh.type = 'button';
    this._refresh.className = 'sqlab-header-button';
    this._refresh.title = trans.__('Read the inventories of all servers again');
    this._refresh.setAttribute('aria-label', this._refresh.title);
    refreshIcon.element({ container: this._refresh, tag: 'span' });
    this._refresh.addEventListener('click', () => this._renew(null));
    header.node.append(title, this._refresh);
    return header;
  }

  private _toTree(): void {
    if (this._model.rows.length) {
      this._model.select(Math.max(0, this._model.selectedIndex));
      this.tree.node.focus();
    }
  }

  private _toSearch(): void {
    if (this._model.searching) {
      this.search.clear();
    }
    this.search.focusInput();
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    if (change === 'status') {
      const providers = Object.values(this._model.status?.providers ?? {});
      this._refresh.disabled = providers.some(provider => provider.refreshing);
    }
  }

  private readonly _model: TreeModel;
  private readonly _renew: (provider: string | null) => void;
  private readonly _split: SplitPanel;
  private readonly _seen = new Signal<this, boolean>(this);
  private _shared = false;
  private readonly _refresh = document.createElement('button');
}
