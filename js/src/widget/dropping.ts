/** Products and plots that are dropped on a panel, or added by the product tree's menu and keys. */
import type { DropTarget } from '../core/layout';
import type { PlotState } from '../core/plot';
import { panelMime } from '../mime';
import type { DraggedProduct } from '../mime';
import type { Command } from '../protocol';
import { markActive } from './active';
import { attachDrop } from './drop';
import type { MakePart, PanelHost } from './part';
import { Adoption, nameOf } from './reorder';

/** Time tables and catalogues lie over all plots. */
function isList({ kind }: DraggedProduct): boolean {
  return kind === 'timetable' || kind === 'catalog';
}

/** Of products that are to share a plot, those that can: one spectrogram takes its whole ground. */
export function fitting(
  products: readonly DraggedProduct[],
  hasImage: boolean
): { taken: DraggedProduct[]; refused: DraggedProduct[] } {
  let full = hasImage;
  const taken: DraggedProduct[] = [];
  const refused: DraggedProduct[] = [];
  for (const product of products) {
    const image = product.kind === 'spectrogram';
    (image && full ? refused : taken).push(product);
    full ||= image;
  }
  return { taken, refused };
}

function addInto(panel: PanelHost, products: readonly DraggedProduct[], plot: PlotState): Command[] {
  const { taken, refused } = fitting(products, plot.image() !== null);
  if (refused.length > 0) {
    const names = refused.map(product => product.name).join(', ');
    const hint = 'Drop it on the upper or lower edge of a plot to give it a plot of its own';
    panel.notify('warning', `${names} was not added: a plot shows one spectrogram`, hint);
  }
  return taken.map(product => ({ op: 'add_product', product: product.id, plot: plot.id, index: null }));
}

/** One step to undo, however many products were dropped. */
function send(panel: PanelHost, commands: Command[]): void {
  panel.gestureEnded();
  if (commands.length === 1) {
    panel.command(commands[0]!);
  } else if (commands.length > 1) {
    panel.command({ op: 'several', commands });
  }
}

export const makeDropping: MakePart = panel => {
  const adoption = new Adoption(panel);
  const drop = (products: DraggedProduct[], target: DropTarget): void => {
    const lists = products.filter(isList);
    if (lists.length > 0) {
      send(panel, lists.map(list => ({ op: 'add_overlay', product: list.id, name: list.name })));
    }
    products = products.filter(product => !isList(product));
    const plot = target.kind === 'into' ? panel.plots[target.index] : undefined;
    const alone = (product: DraggedProduct, i: number): Command => ({
      op: 'add_product',
      product: product.id,
      plot: null,
      index: target.index + i
    });
    send(panel, plot ? addInto(panel, products, plot) : products.map(alone));
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
    refuse: reason => panel.notify('warning', reason),
    owns: types => types.includes(panelMime(nameOf(panel))),
    move: (payload, index) => {
      adoption.take(payload, index);
      markActive(panel.root);
    }
  });
  return { changed: () => adoption.check(), close: detach };
};
