/** What is known of products, asked for once each. */

import type { IInventory, ProductDetails } from './api';

const KEPT = 200;

export class ProductBook {
  constructor(private readonly _inventory: IInventory) {}

  /** Details that are here already, else null. */
  peek(ref: string): ProductDetails | null {
    return this._own.get(ref) ?? this._known.get(ref) ?? null;
  }

  /** Details of a product; equal questions share one request, failures are asked again. */
  get(ref: string): Promise<ProductDetails> {
    const own = this._own.get(ref);
    if (own) {
      return Promise.resolve(own);
    }
    const asked = this._asked.get(ref);
    if (asked) {
      return asked;
    }
    const answer = this._inventory
      .product(ref)
      .then(details => {
        this._known.set(ref, details);
        return details;
      })
      .catch((error: unknown) => {
        this._asked.delete(ref);
        throw error;
      });
    this._asked.set(ref, answer);
    if (this._asked.size > KEPT) {
      const oldest = this._asked.keys().next().value!;
      this._asked.delete(oldest);
      this._known.delete(oldest);
    }
    return answer;
  }

  /** Keep details of a product that the server does not know: it lives in a kernel. */
  note(details: ProductDetails): void {
    this._own.set(details.ref, details);
  }

  /** Whether a product lives in a kernel, so that the server knows nothing of it. */
  isOwn(ref: string): boolean {
    return this._own.has(ref);
  }

  /** Forget what the server said: the inventory changed. */
  clear(): void {
    this._asked.clear();
    this._known.clear();
  }

  private readonly _own = new Map<string, ProductDetails>();
  private readonly _asked = new Map<string, Promise<ProductDetails>>();
  private readonly _known = new Map<string, ProductDetails>();
}
