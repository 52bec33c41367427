/** Favourites and what was used of late, kept in JupyterLab's own state over sessions. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { DraggedProduct } from '../mime';
import { localNode, type LocalNode } from './branch';
import type { TreeModel } from './model';

const KEY = 'sciqlop-lab:shelf';
const MOST_RECENT = 20;
const MOST_FAVOURITES = 500;

export class Shelf {
  constructor(
    private readonly _model: TreeModel,
    private readonly _state: IStateDB | null,
    private readonly _trans: TranslationBundle
  ) {}

  get favourites(): readonly DraggedProduct[] {
    return this._favourites;
  }

  get recent(): readonly DraggedProduct[] {
    return this._recent;
  }

  isFavourite(product: DraggedProduct): boolean {
    return this._favourites.some(known => known.id === product.id);
  }

  /** Read what was kept. */
  async restore(): Promise<void> {
    const kept = await this._state?.fetch(KEY).catch(() => undefined);
    const { favourites, recent } = (kept ?? {}) as Record<string, unknown>;
    this._favourites = merged(this._favourites, products(favourites)).slice(0, MOST_FAVOURITES);
    this._recent = merged(this._recent, products(recent)).slice(0, MOST_RECENT);
    this._show();
  }

  /** Make products favourites, or no more, when all of them are. */
  toggle(chosen: readonly DraggedProduct[]): void {
    const ids = new Set(chosen.map(product => product.id));
    this._favourites = chosen.every(product => this.isFavourite(product))
      ? this._favourites.filter(product => !ids.has(product.id))
      : merged(this._favourites, chosen).slice(0, MOST_FAVOURITES);
    this._keep();
  }

  /** Note that products were used. */
  use(chosen: readonly DraggedProduct[]): void {
    // A variable is gone with its kernel.
    const lasting = chosen.filter(product => !product.id.startsWith('kernel/'));
    if (lasting.length) {
      this._recent = merged(lasting, this._recent).slice(0, MOST_RECENT);
      this._keep();
    }
  }

  clearRecent(): void {
    this._recent = [];
    this._keep();
  }

  private _keep(): void {
    this._show();
    const value = { favourites: this._favourites, recent: this._recent };
    void this._state?.save(KEY, value as unknown as ReadonlyPartialJSONValue);
  }

  private _show(): void {
    const trans = this._trans;
    const sections: [string, string, string, readonly DraggedProduct[]][] = [
      ['favourites', trans.__('Favourites'), trans.__('Products that you marked'), this._favourites],
      ['recent', trans.__('Recent'), trans.__('Products that you used last'), this._recent]
    ];
    for (const [kind, name, title, list] of sections) {
      const children = list.map(nodeOf);
      const nodes = children.length ? [localNode(name, { kind, title, children })] : [];
      this._model.setSection(kind, nodes, 'before', () => kind === 'favourites');
    }
  }

  private _favourites: readonly DraggedProduct[] = [];
  private _recent: readonly DraggedProduct[] = [];
}

function nodeOf({ id, name, kind }: DraggedProduct): LocalNode {
  return localNode(name, { kind, ref: id });
}

/** Products of both lists, each once. */
function merged(
  first: readonly DraggedProduct[],
  second: readonly DraggedProduct[]
): DraggedProduct[] {
  const known = new Set(first.map(product => product.id));
  return [...first, ...second.filter(product => !known.has(product.id))];
}

/** What has the shape of products in a value that was read. */
function products(value: unknown): DraggedProduct[] {
  if (!Array.isArray(value)) {
    return [];
  }
  return (value as unknown[]).flatMap(item => {
    const { id, name, kind } = (item ?? {}) as Record<string, unknown>;
    const fits = typeof id === 'string' && id.includes('/') && typeof name === 'string';
    return fits ? [{ id, name, kind: typeof kind === 'string' ? kind : 'unknown' }] : [];
  });
}
