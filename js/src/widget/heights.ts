/** Heights of plots: the border between two is dragged, or moved by the arrow keys. */
import { GAP, moveBorder } from '../core/layout';
import type { PanelLayout } from '../core/layout';
import { make } from './dom';
import type { MakePart, PanelHost } from './part';

/** Pixels that an arrow key moves a border by. */
const STEP = 12;

/** Give all plots the same height. */
export function equalHeights(panel: PanelHost): void {
  if (panel.plots.length > 0) {
    setHeights(panel, Object.fromEntries(panel.plots.map(plot => [plot.id, 1])));
  }
}

function setHeights(panel: PanelHost, heights: Record<string, number>): void {
  panel.gestureEnded();
  panel.command({ op: 'set_heights', heights });
}

class Border {
  readonly node = make('div', 'sq-border');
  private layout: PanelLayout | null = null;
  private drag: { pointer: number; from: number; layout: PanelLayout; weights: number[] } | null = null;

  constructor(
    private readonly panel: PanelHost,
    private readonly index: number
  ) {
    const { node } = this;
    node.tabIndex = 0;
    node.setAttribute('role', 'separator');
    node.setAttribute('aria-orientation', 'horizontal');
    node.setAttribute('aria-label', `Border between plots ${index + 1} and ${index + 2}`);
    node.title = 'Drag to change the heights; O makes them equal';
    node.addEventListener('pointerdown', event => this.start(event));
    node.addEventListener('pointermove', event => this.move(event));
    node.addEventListener('pointerup', event => this.end(event, true));
    node.addEventListener('pointercancel', event => this.end(event, false));
    node.addEventListener('dblclick', event => {
      event.stopPropagation();
      equalHeights(panel);
    });
    node.addEventListener('keydown', event => this.key(event));
  }

  place(layout: PanelLayout): void {
    this.layout = layout;
    const [upper, lower] = [layout.plots[this.index]!, layout.plots[this.index + 1]!];
    const { style } = this.node;
    style.left = `${upper.x}px`;
    style.top = `${upper.y + upper.height}px`;
    style.width = `${upper.width}px`;
    style.height = `${GAP}px`;
    const share = (100 * upper.height) / (upper.height + lower.height);
    this.node.setAttribute('aria-valuenow', String(Math.round(share)));
  }

  private weights(): number[] {
    return this.panel.plots.map(plot => plot.spec.height);
  }

  private start(event: PointerEvent): void {
    if (event.button === 0 && this.layout) {
      event.stopPropagation();
      this.node.setPointerCapture(event.pointerId);
      this.drag = { pointer: event.pointerId, from: event.clientY, layout: this.layout, weights: this.weights() };
    }
  }

  private move(event: PointerEvent): void {
    const { drag } = this;
    if (drag && drag.pointer === event.pointerId) {
      event.stopPropagation();
      this.preview(moveBorder(drag.layout, drag.weights, this.index, event.clientY - drag.from));
    }
  }

  /** Shown at once; the spec follows when the hand lets go. */
  private preview(heights: [number, number] | null): void {
    heights?.forEach((height, i) => {
      const plot = this.panel.plots[this.index + i];
      if (plot) {
        plot.spec = { ...plot.spec, height };
      }
    });
    this.panel.redraw();
  }

  private end(event: PointerEvent, taken: boolean): void {
    const { drag } = this;
    if (!drag || drag.pointer !== event.pointerId) {
      return;
    }
    event.stopPropagation();
    this.drag = null;
    const { weights } = drag;
    if (taken && event.clientY !== drag.from) {
      this.send();
    } else {
      this.preview([weights[this.index]!, weights[this.index + 1]!]);
    }
  }

  private send(): void {
    const pair = this.panel.plots.slice(this.index, this.index + 2);
    setHeights(this.panel, Object.fromEntries(pair.map(plot => [plot.id, plot.spec.height])));
  }

  private key(event: KeyboardEvent): void {
    const dy = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (dy !== undefined && !event.altKey && !event.ctrlKey && this.layout) {
      this.preview(moveBorder(this.layout, this.weights(), this.index, dy));
      this.send();
      event.preventDefault();
      event.stopPropagation();
    }
  }
}

function isEqualKey(event: KeyboardEvent): boolean {
  return event.key.toLowerCase() === 'o' && !event.ctrlKey && !event.metaKey && !event.altKey;
}

export const makeHeights: MakePart = panel => {
  const borders: Border[] = [];
  return {
    drawn: layout => {
      const wanted = Math.max(layout.plots.length - 1, 0);
      while (borders.length > wanted) {
        borders.pop()!.node.remove();
      }
      while (borders.length < wanted) {
        const border = new Border(panel, borders.length);
        borders.push(border);
        panel.stage.element.append(border.node);
      }
      borders.forEach(border => border.place(layout));
    },
    usesKey: isEqualKey,
    key: event => {
      if (isEqualKey(event)) {
        equalHeights(panel);
      }
      return isEqualKey(event);
    }
  };
};
