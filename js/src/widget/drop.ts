/** Products dropped on a panel, from JupyterLab's own drags (Lumino) or from HTML5 ones. */
import { dropTarget } from '../core/layout';
import type { DropTarget, PanelLayout } from '../core/layout';
import { MIME_PRODUCT, parsePayload } from '../mime';
import type { DraggedProduct } from '../mime';

/** A Lumino drag event, known by its shape: the widget bundle does not contain Lumino. */
interface LuminoDragEvent extends MouseEvent {
  readonly mimeData: { hasData(mime: string): boolean; getData(mime: string): unknown };
  readonly proposedAction: string;
  dropAction: string;
}

export interface DropHost {
  layout(): PanelLayout | null;
  showTarget(target: DropTarget | null): void;
  drop(products: DraggedProduct[], target: DropTarget): void;
  refuse(reason: string): void;
}

export function attachDrop(root: HTMLElement, stage: HTMLElement, host: DropHost): () => void {
  const targetAt = (event: MouseEvent): DropTarget => {
    const layout = host.layout();
    const y = event.clientY - stage.getBoundingClientRect().top;
    return layout ? dropTarget(layout, y) : { kind: 'new', index: 0 };
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
    if (!transfer || ![...transfer.types].includes(MIME_PRODUCT)) {
      return;
    }
    stop(event);
    if (event.type === 'dragleave') {
      if (!within(root, event)) {
        host.showTarget(null);
      }
      return;
    }
    transfer.dropEffect = 'copy';
    if (event.type === 'drop') {
      take(transfer.getData(MIME_PRODUCT), targetAt(event));
    } else {
      host.showTarget(targetAt(event));
    }
  };

  /** The keyboard's and the menu's way in: the product tree asks the active panel. */
  const add = (event: Event): void => {
    event.stopPropagation();
    take((event as CustomEvent<unknown>).detail, { kind: 'new', index: host.layout()?.plots.length ?? 0 });
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

/** Leave events come for every inner element that the pointer crosses. */
function within(root: HTMLElement, event: MouseEvent): boolean {
  const to = event.relatedTarget;
  return to instanceof Node && root.contains(to);
}
