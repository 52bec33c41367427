/** What is wrong with the inventory, with a way to try again; absent when all is well. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { formatAge } from './format';
import type { TreeChange, TreeModel } from './model';

interface Notice {
  text: string;
  provider: string | null;
}

export class Notices extends Widget {
  constructor(model: TreeModel, trans: TranslationBundle) {
    super();
    this.addClass('sqlab-notices');
    this.node.setAttribute('role', 'status');
    this._model = model;
    this._trans = trans;
    this.hide();
    model.changed.connect(this._onChanged, this);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  private _onChanged(_: TreeModel, change: TreeChange): void {
    if (change !== 'status') {
      return;
    }
    const notices = this._notices();
    const key = JSON.stringify(notices);
    if (key === this._shown) {
      return;
    }
    this._shown = key;
    this.node.replaceChildren(...notices.map(notice => this._element(notice)));
    this.setHidden(notices.length === 0);
  }

  private _notices(): Notice[] {
    const { status, statusError } = this._model;
    const notices: Notice[] = [];
    if (statusError) {
      notices.push({
        text: this._trans.__('The product tree is not available: %1', statusError),
        provider: null
      });
    }
    for (const [name, provider] of Object.entries(status?.providers ?? {})) {
      if (!provider.error) {
        continue;
      }
      const title = provider.title || name;
      notices.push({
        text:
          provider.loaded && provider.age !== null
            ? this._trans.__(
                '%1: showing what was known %2 ago. %3',
                title,
                formatAge(Math.max(60, provider.age)),
                provider.error
              )
            : `${title}: ${provider.error}`,
        provider: name
      });
    }
    return notices;
  }

  private _element(notice: Notice): HTMLElement {
    const element = document.createElement('div');
    element.className = 'sqlab-notice';
    const text = document.createElement('span');
    text.className = 'sqlab-notice-text';
    text.textContent = notice.text;
    text.title = notice.text;
    const retry = document.createElement('button');
    retry.type = 'button';
    retry.className = 'sqlab-notice-retry jp-Button jp-mod-styled jp-mod-minimal';
    retry.textContent = this._trans.__('Retry');
    retry.addEventListener('click', () => {
      retry.disabled = true;
      this._shown = '';
      void this._model.refresh(notice.provider);
    });
    element.append(text, retry);
    return element;
  }

  private readonly _model: TreeModel;
  private readonly _trans: TranslationBundle;
  private _shown = '';
}
