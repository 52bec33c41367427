/** An inventory of our own making that answers at once, later, or never. */

import type {
  IInventory,
  NodePage,
  NodeRecord,
  ProductDetails,
  SearchAnswer,
  Status
} from '../api';

export function record(id: number, name: string, extra: Partial<NodeRecord> = {}): NodeRecord {
  return { id, name, kind: 'folder', ref: null, title: '', unit: '', has_children: true, ...extra };
}

export function leaf(id: number, name: string, extra: Partial<NodeRecord> = {}): NodeRecord {
  return record(id, name, {
    kind: 'vector',
    ref: `cda/DATASET/${name}`,
    unit: 'nT',
    has_children: false,
    ...extra
  });
}

export class FakeInventory implements IInventory {
  constructor(readonly tree: Map<number | null, NodeRecord[]>) {}

  /** Pages asked for: [parent, offset]. */
  readonly asked: [number | null, number][] = [];
  fail: string | null = null;
  version = '1';
  refreshing = false;
  pendingSearches: { query: string; resolve: (answer: SearchAnswer) => void }[] = [];

  nodes(parent: number | null, offset: number, limit: number): Promise<NodePage> {
    this.asked.push([parent, offset]);
    if (this.fail) {
      return Promise.reject(new Error(this.fail));
    }
    const all = this.tree.get(parent) ?? [];
    return Promise.resolve({ nodes: all.slice(offset, offset + limit), total: all.length });
  }

  search(query: string): Promise<SearchAnswer> {
    return new Promise(resolve => this.pendingSearches.push({ query, resolve }));
  }

  product(ref: string): Promise<ProductDetails> {
    return Promise.reject(new Error(`nothing is known of ${ref}`));
  }

  status(): Promise<Status> {
    return Promise.resolve({
      version: '0.1.0',
      error: null,
      providers: {
        cda: {
          title: 'CDAWeb',
          loaded: true,
          refreshing: this.refreshing,
          count: 3,
          age: 10,
          updated: null,
          version: this.version,
          error: null
        }
      }
    });
  }

  refresh(): Promise<Status> {
    this.version += '+';
    return this.status();
  }
}

/** cda > ACE > [BGSEc, Magnitude], cda > WIND. */
export function smallTree(): FakeInventory {
  return new FakeInventory(
    new Map<number | null, NodeRecord[]>([
      [null, [record(1, 'cda', { title: 'CDAWeb' })]],
      [1, [record(2, 'ACE'), record(3, 'WIND')]],
      [2, [leaf(4, 'BGSEc'), leaf(5, 'Magnitude', { kind: 'scalar' })]],
      [3, []]
    ])
  );
}
