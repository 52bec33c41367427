/** What one drag out of the product tree carries; every kind of target finds its own entry. */
import type { PlotSpec } from './protocol';

/** For panels: JSON text of {@link ProductPayload}. */
export const MIME_PRODUCT = 'application/vnd.sciqlop.product+json';
/** For code cells and editors: Python code. */
export const MIME_TEXT = 'text/plain';
/** For JupyterLab's main area, which calls the factory for a widget. */
export const MIME_FACTORY = 'application/vnd.lumino.widget-factory';

export interface DraggedProduct {
  /** provider/path */
  id: string;
  name: string;
  kind: string;
}

export interface ProductPayload {
  v: 1;
  products: DraggedProduct[];
}

const MAX_PAYLOAD = 65536;

/** Read a payload that may come from another page: null unless it has exactly our shape. */
export function parsePayload(text: unknown): ProductPayload | null {
  if (typeof text !== 'string' || text.length > MAX_PAYLOAD) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { v, products } = value as { v?: unknown; products?: unknown };
  if (v !== 1 || !Array.isArray(products) || products.length === 0) {
    return null;
  }
  const clean: DraggedProduct[] = [];
  for (const item of products as unknown[]) {
    const { id, name, kind } = (item ?? {}) as Record<string, unknown>;
    if (typeof id !== 'string' || !id.includes('/') || typeof name !== 'string') {
      return null;
    }
    clean.push({ id, name, kind: typeof kind === 'string' ? kind : 'unknown' });
  }
  return { v: 1, products: clean };
}

/** A plot that is dragged from panel to panel: JSON text of {@link PlotPayload}. */
export const MIME_PLOT = 'application/vnd.sciqlop.plot+json';

export interface PlotPayload {
  v: 1;
  /** The panel that it comes from. */
  panel: string;
  plot: PlotSpec;
}

/** An entry that is empty: while something is dragged a page sees the types of entries alone. */
export function panelMime(panel: string): string {
  return `application/vnd.sciqlop.panel.${panel.toLowerCase()}`;
}

/** Read a plot that may come from another page; the kernel checks what this leaves open. */
export function parsePlot(text: string): PlotPayload | null {
  if (text.length > MAX_PAYLOAD) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { v, panel, plot } = (value ?? {}) as { v?: unknown; panel?: unknown; plot?: unknown };
  const { id, graphs } = (plot ?? {}) as { id?: unknown; graphs?: unknown };
  const named = (graph: unknown): boolean => typeof (graph as { product?: unknown } | null)?.product === 'string';
  const fits = v === 1 && typeof panel === 'string' && typeof id === 'string' && Array.isArray(graphs) && graphs.every(named);
  return fits ? (value as PlotPayload) : null;
}
