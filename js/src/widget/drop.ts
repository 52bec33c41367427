/** Products dropped on a panel, from JupyterLab's own drags (Lumino) or from HTML5 ones. */
import { dropTarget, moveTarget } from '../core/layout';
import type { DropTarget, PanelLayout } from '../core/layout';
import { MIME_PLOT, MIME_PRODUCT, parsePayload, parsePlot } from '../mime';
import type { DraggedProduct, PlotPayload } from '../mime';

/** A Lumino drag event, known by its shape: the widget bundle does not contain Lumino. */
interface LuminoDragEvent extends MouseEvent {
  readonly mimeData: { hasData(mime: string): boolean; getData(mime: string): unknown };
  readonly proposedAction: string;
  dropAction: string;
}

/** The detail of the event by which menus and keys add products; without a plot, the current one. */
export interface AddRequest {
  payload: string;
  place: 'above' | 'below' | 'into' | 'end';
  plot?: number;
}

export interface DropHost {
  layout(): PanelLayout | null;
  /** Which plot menus and keys mean. */
  current(): number;
  showTarget(target: DropTarget | null): void;
  drop(products: DraggedProduct[], target: DropTarget): void;
  refuse(reason: string): void;
  /** Whether entries of these types come from a plot of this very panel. */
  owns(types: readonly string[]): boolean;
  move(payload: PlotPayload, index: number): void;
}

export function attachDrop(root: HTMLElement, stage: HTMLElement, host: DropHost): () => void {
  const targetAt = (event: MouseEvent): DropTarget => {
    const layout = host.layout();
    const y = event.clientY - stage.getBoundingClientRect().top;
    return layout ? dropTarget(layout, y) : { kind: 'new', index: 0 };
  };
  /** Whole plots go between others, wherever the pointer is. */
  const placeAt = (event: MouseEvent, own: boolean): DropTarget => {
    const layout = host.layout();
    const y = event.clientY - stage.getBoundingClientRect().top;
    return { kind: own ? 'move' : 'new', index: layout ? moveTarget(layout, y) : 0 };
  };
  const takePlot = (text: string, { index }: DropTarget): void => {
    host.showTarget(null);
    const payload = parsePlot(text);
    if (payload) {
      host.move(payload, index);
    } else {
      host.refuse('What was dropped is not a plot of a panel');
    }
  };
  const take = (text: unknown, target: DropTarget): void => {
    host.showTarget(null);
    const payload = parsePayload(text);
    if (payload) {
      host.drop(payload.products, target);
    } else {
      host.refuse('What was dropped is not a product of the product tree');
    }
  };
  const stop = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };

  const lumino = (event: Event): void => {
    const drag = event as LuminoDragEvent;
    if (!drag.mimeData?.hasData(MIME_PRODUCT)) {
      return;
    }
    stop(event);
    if (event.type === 'lm-dragleave') {
      if (!within(root, drag)) {
        host.showTarget(null);
      }
      return;
    }
    drag.dropAction = drag.proposedAction === 'none' ? 'copy' : drag.proposedAction || 'copy';
    if (event.type === 'lm-drop') {
      take(drag.mimeData.getData(MIME_PRODUCT), targetAt(drag));
    } else {
      host.showTarget(targetAt(drag));
    }
  };

  const html5 = (event: DragEvent): void => {
    const transfer = event.dataTransfer;
    const types = [...(transfer?.types ?? [])];
    const plot = types.includes(MIME_PLOT);
    if (!transfer || (!plot && !types.includes(MIME_PRODUCT))) {
      return;
    }
    stop(event);
    if (event.type === 'dragleave') {
      if (!within(root, event)) {
        host.showTarget(null);
      }
      return;
    }
    const target = plot ? placeAt(event, host.owns(types)) : targetAt(event);
    transfer.dropEffect = plot ? 'move' : 'copy';
    if (event.type !== 'drop') {
      host.showTarget(target);
    } else if (plot) {
      takePlot(transfer.getData(MIME_PLOT), target);
    } else {
      take(transfer.getData(MIME_PRODUCT), target);
    }
  };

  /** The keyboard's and the menu's way in: the product tree asks the active panel. */
  const add = (event: Event): void => {
    event.stopPropagation();
    const { payload, place, plot } = addRequest((event as CustomEvent<unknown>).detail);
    const count = host.layout()?.plots.length ?? 0;
    const index = Math.min(Math.max(plot ?? host.current(), 0), Math.max(count - 1, 0));
    if (place === 'into' && count > 0) {
      take(payload, { kind: 'into', index });
    } else if (place === 'above' || place === 'below') {
      take(payload, { kind: 'new', index: Math.min(index + (place === 'below' ? 1 : 0), count) });
    } else {
      take(payload, { kind: 'new', index: count });
    }
  };

  const lmEvents = ['lm-dragenter', 'lm-dragover', 'lm-dragleave', 'lm-drop'];
  const htmlEvents = ['dragenter', 'dragover', 'dragleave', 'drop'] as const;
  lmEvents.forEach(type => root.addEventListener(type, lumino));
  htmlEvents.forEach(type => root.addEventListener(type, html5));
  root.addEventListener('sciqlop:add-product', add);
  return () => {
    lmEvents.forEach(type => root.removeEventListener(type, lumino));
    htmlEvents.forEach(type => root.removeEventListener(type, html5));
    root.removeEventListener('sciqlop:add-product', add);
  };
}

/** A request may be the payload alone, which goes below all that is there. */
function addRequest(detail: unknown): AddRequest | { payload: unknown; place: 'end'; plot?: number } {
  const { payload, place, plot } = (detail ?? {}) as Partial<AddRequest>;
  if (place === 'above' || place === 'below' || place === 'into') {
    return { payload: payload ?? '', place, ...(Number.isInteger(plot) ? { plot: plot! } : {}) };
  }
  return { payload: typeof detail === 'string' ? detail : payload, place: 'end' };
}

/** Leave events come for every inner element that the pointer crosses. */
function within(root: HTMLElement, event: MouseEvent): boolean {
  const to = event.relatedTarget;
  return to instanceof Node && root.contains(to);
}
