/** One drag out of the tree, for every kind of target. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type { Widget } from '@lumino/widgets';

import { MIME_FACTORY, MIME_PRODUCT, MIME_TEXT, type DraggedProduct, type ProductPayload } from '../mime';

export interface DragSource {
  /** Python code that is right as far as it is known now. */
  codeNow(product: DraggedProduct): string;
  /** The same when the inventory has answered. */
  code(product: DraggedProduct): Promise<string>;
  /** A tab for the main area. */
  tab(product: DraggedProduct): Widget;
}

/** The text that panels take. */
export function payloadText(product: DraggedProduct): string {
  const payload: ProductPayload = { v: 1, products: [product] };
  return JSON.stringify(payload);
}

/** What the drag carries; its code becomes better while the mouse is still under way. */
export function dragData(product: DraggedProduct, source: DragSource): MimeData {
  const data = new MimeData();
  data.setData(MIME_PRODUCT, payloadText(product));
  data.setData(MIME_TEXT, source.codeNow(product));
  data.setData(MIME_FACTORY, () => source.tab(product));
  void source.code(product).then(
    code => data.setData(MIME_TEXT, code),
    () => {
      // The inventory did not answer: the first code stands, get_data will say what is wrong.
    }
  );
  return data;
}

function dragImage(product: DraggedProduct): HTMLElement {
  const image = document.createElement('div');
  image.className = 'sqlab-drag-image';
  const icon = document.createElement('span');
  icon.className = 'sqlab-icon';
  icon.dataset.kind = product.kind;
  const name = document.createElement('span');
  name.textContent = product.name;
  image.append(icon, name);
  return image;
}

/** Drag a product from a point of the page until it is dropped. */
export async function startDrag(
  product: DraggedProduct,
  source: DragSource,
  x: number,
  y: number
): Promise<void> {
  const drag = new Drag({
    mimeData: dragData(product, source),
    dragImage: dragImage(product),
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
  try {
    await drag.start(x, y);
  } finally {
    drag.dispose();
  }
}
