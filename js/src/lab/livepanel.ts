/** Panels that are on this page, wherever their kernels are. */

import type { DraggedProduct } from '../mime';
import { payloadText } from './drag';

/** Dispatched on a panel's root element; its detail is an {@link AddRequest} of the panel. */
export const ADD_PRODUCT_EVENT = 'sciqlop:add-product';

/** Dispatched on a panel's root element: it gives up what it waits for. */
export const STOP_EVENT = 'sciqlop:stop';

/** Dispatched on the document where somebody chooses what the mouse does; its detail is the mode. */
export const MOUSE_EVENT = 'sciqlop:mouse-mode';

/** Where products go: beside a plot as new plots, onto it, or below everything. */
export type Place = 'above' | 'below' | 'into' | 'end';

export interface PlotLabel {
  index: number;
  label: string;
}

function visible(panel: HTMLElement): boolean {
  return panel.getClientRects().length > 0;
}

/** The panels in sight, in the order of the page. */
export function panelsInSight(root: ParentNode = document): HTMLElement[] {
  return Array.from(root.querySelectorAll<HTMLElement>('.sciqlop-panel')).filter(visible);
}

/** The panel that was used last, if it is in sight; else the last one in sight. */
export function focusedPanel(root: ParentNode = document): HTMLElement | null {
  const shown = panelsInSight(root);
  return shown.find(panel => 'sciqlopActive' in panel.dataset) ?? shown.at(-1) ?? null;
}

/** Add products to a panel, as a drop on it would; without a plot, beside its current one. */
export function addToPanel(
  panel: HTMLElement,
  products: readonly DraggedProduct[],
  place: Place = 'end',
  plot?: number
): void {
  const detail = { payload: payloadText(products), place, ...(plot === undefined ? {} : { plot }) };
  panel.dispatchEvent(new CustomEvent(ADD_PRODUCT_EVENT, { detail }));
}

/** The plots of a panel from top to bottom, called after what they show. */
export function plotsOf(panel: HTMLElement): PlotLabel[] {
  const graphs = Object.values(read(panel.dataset.graphs));
  const ids = (panel.dataset.plots ?? '').split(' ').filter(Boolean);
  return ids.map((id, index) => ({
    index,
    label: graphs
      .filter(graph => graph.plot === id)
      .map(graph => graph.label ?? '')
      .join(', ')
  }));
}

/** How many panels in sight wait for data. */
export function pendingPanels(root: ParentNode = document): number {
  return root.querySelectorAll('.sciqlop-panel[data-state="pending"]').length;
}

/** Panels in sight give up what they wait for. */
export function stopPanels(root: ParentNode = document): void {
  for (const panel of root.querySelectorAll('.sciqlop-panel[data-state="pending"]')) {
    panel.dispatchEvent(new CustomEvent(STOP_EVENT));
  }
}

function read(text: string | undefined): Record<string, { plot?: string; label?: string }> {
  try {
    return JSON.parse(text ?? '{}') as Record<string, { plot?: string; label?: string }>;
  } catch {
    return {}; // a panel of another version
  }
}
