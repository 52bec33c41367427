/** One drag out of the tree, for every kind of target. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type { Widget } from '@lumino/widgets';

import { MIME_FACTORY, MIME_PRODUCT, MIME_TEXT, type DraggedProduct, type ProductPayload } from '../mime';

export interface DragSource {
  /** Python code that is right as far as it is known now. */
  codeNow(products: readonly DraggedProduct[]): string;
  /** The same when the inventory has answered. */
  code(products: readonly DraggedProduct[]): Promise<string>;
  /** A tab for the main area. */
  tab(products: readonly DraggedProduct[]): Widget;
}

/** The text that panels take. */
export function payloadText(products: readonly DraggedProduct[]): string {
  const payload: ProductPayload = { v: 1, products: [...products] };
  return JSON.stringify(payload);
}

/** What the drag carries; its code becomes better while the mouse is still under way. */
export function dragData(products: readonly DraggedProduct[], source: DragSource): MimeData {
  const data = new MimeData();
  data.setData(MIME_PRODUCT, payloadText(products));
  data.setData(MIME_TEXT, source.codeNow(products));
  data.setData(MIME_FACTORY, () => source.tab(products));
  void source.code(products).then(
    code => data.setData(MIME_TEXT, code),
    () => {
      // The inventory did not answer: the first code stands, get_data will say what is wrong.
    }
  );
  return data;
}

function dragImage(products: readonly DraggedProduct[]): HTMLElement {
  const image = document.createElement('div');
  image.className = 'sqlab-drag-image';
  const icon = document.createElement('span');
  icon.className = 'sqlab-icon';
  icon.dataset.kind = products[0]!.kind;
  const name = document.createElement('span');
  name.textContent = products[0]!.name;
  image.append(icon, name);
  if (products.length > 1) {
    const more = document.createElement('span');
    more.className = 'sqlab-drag-more';
    more.textContent = `+${products.length - 1}`;
    image.append(more);
  }
  return image;
}

/** Drag products from a point of the page until it is dropped. */
export async function startDrag(
  products: readonly DraggedProduct[],
  source: DragSource,
  x: number,
  y: number
): Promise<void> {
  const drag = new Drag({
    mimeData: dragData(products, source),
    dragImage: dragImage(products),
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
  try {
    await drag.start(x, y);
  } finally {
    drag.dispose();
  }
}
