/** Panels that are on this page, wherever their kernels are. */

import type { DraggedProduct } from '../mime';
import { payloadText } from './drag';

/** Dispatched on a panel's root element; its detail is the text of a drag's payload. */
export const ADD_PRODUCT_EVENT = 'sciqlop:add-product';

function visible(panel: HTMLElement): boolean {
  return panel.getClientRects().length > 0;
}

/** The panel that was used last, if it is in sight; else the last one in sight. */
export function focusedPanel(root: ParentNode = document): HTMLElement | null {
  const shown = Array.from(root.querySelectorAll<HTMLElement>('.sciqlop-panel')).filter(visible);
  return shown.find(panel => 'sciqlopActive' in panel.dataset) ?? shown.at(-1) ?? null;
}

/** Add a product to a panel, as a drop on it would. */
export function addToPanel(panel: HTMLElement, product: DraggedProduct): void {
  panel.dispatchEvent(new CustomEvent(ADD_PRODUCT_EVENT, { detail: payloadText(product) }));
}
