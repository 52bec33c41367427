/** Products that are dropped on a panel, or added by the product tree's menu and keys. */
import type { DropTarget } from '../core/layout';
import type { DraggedProduct } from '../mime';
import { markActive } from './active';
import { attachDrop } from './drop';
import type { MakePart } from './part';

export const makeDropping: MakePart = panel => {
  const drop = (products: DraggedProduct[], target: DropTarget): void => {
    const into = target.kind === 'into' ? (panel.plots[target.index]?.id ?? null) : null;
    products.forEach((product, i) => {
      const index = into === null ? target.index + i : null;
      panel.command({ op: 'add_product', product: product.id, plot: into, index });
    });
    markActive(panel.root);
  };
  const activate = (): void => markActive(panel.root);
  panel.root.addEventListener('pointerenter', activate);
  panel.root.addEventListener('focusin', activate);
  const detach = attachDrop(panel.root, panel.stage.element, {
    layout: () => panel.layout,
    current: () => panel.current,
    showTarget: target => panel.stage.showDropTarget(target),
    drop,
    refuse: reason => panel.notify('warning', reason)
  });
  return { close: detach };
};
