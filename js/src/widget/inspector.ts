/**
 * The inspector: a drawer beside the plots with all that can be set of the panel, a plot, a graph
 * or a component. Opened by the ⚙ button, the key I and the menu of a plot.
 */
import { AskError } from '../core/questions';
import type { PlotState } from '../core/plot';
import type { Command } from '../protocol';
import { HELD_OFF, make, makeButton, setText } from './dom';
import { formOf } from './inspectorforms';
import type { ProductInput } from './inspectorforms';
import { InspectorTree, itemsOf, plotKey } from './inspectortree';
import type { TreeItem } from './inspectortree';
import type { MenuEntry } from './menu';
import type { MakePart, PanelHost, Part } from './part';

const OPEN = 'sq-inspect';
/** Panels that are narrower than this, in pixels, have the drawer over the plots. */
const NARROW = 640;
/** Milliseconds. */
const REFRESH_EVERY = 250;

/** The entry of a plot's menu. */
export function inspectEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const open = (): boolean => panel.root.dispatchEvent(new CustomEvent(OPEN, { detail: plot.id }));
  return [{ label: 'Inspect…', hint: 'I', run: open }];
}

export const makeInspector: MakePart = panel => new Inspector(panel);

/** What moves a tree's item by one step; null where it cannot. */
export function moveCommand(panel: Pick<PanelHost, 'plots'>, { plot, graph, column }: TreeItem, step: -1 | 1): Command | null {
  const at = panel.plots.findIndex(({ id }) => id === plot?.id);
  if (!plot || at < 0 || column !== undefined) {
    return null;
  }
  const beside = panel.plots[at + step];
  if (graph === undefined) {
    return beside ? { op: 'move_plot', plot: plot.id, index: at + step } : null;
  }
  const { graphs } = plot.spec;
  const place = graphs.findIndex(({ id }) => id === graph) + step;
  if (place >= 0 && place < graphs.length) {
    return { op: 'move_graph', plot: plot.id, graph, to: plot.id, index: place };
  }
  // Over the edge of its plot into the next one.
  const index = step < 0 ? null : 0;
  return beside ? { op: 'move_graph', plot: plot.id, graph, to: beside.id, index } : null;
}

class Inspector implements Part {
  private readonly node = make('aside', 'sq-inspector');
  private readonly form = make('div', 'sq-form');
  private readonly heading = make('h3', 'sq-form-title');
  private readonly button = makeButton('sq-tool', '⚙', 'Inspector (I): titles, axes, colours, limits', () => this.toggle());
  private readonly tree: InspectorTree;
  private readonly inputs = new Map<string, readonly ProductInput[] | string>();
  private shown = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly panel: PanelHost) {
    this.tree = new InspectorTree({
      select: () => this.fill(),
      edit: () => this.form.querySelector<HTMLElement>('[data-field]')?.focus(),
      remove: item => this.remove(item),
      move: (item, step) => this.move(item, step)
    });
    this.build();
    panel.root.addEventListener(OPEN, this.asked);
    panel.root.addEventListener('keydown', this.escape, true);
  }

  private build(): void {
    const { node, panel } = this;
    node.hidden = true;
    node.setAttribute('aria-label', 'Inspector');
    // JupyterLab's shortcuts mean nothing here, and neither do the panel's keys.
    node.setAttribute(HELD_OFF, '');
    node.addEventListener('keydown', event => this.ownKey(event));
    node.addEventListener('contextmenu', event => event.stopPropagation());
    const head = make('div', 'sq-inspector-head');
    head.append(make('h2', '', 'Inspector'), makeButton('sq-tool', '✕', 'Close the inspector (Escape)', () => this.shut()));
    const hint = make('div', 'sq-inspector-hint', 'Enter: edit · Alt+↑↓: move · Delete: remove');
    this.form.setAttribute('role', 'group');
    node.append(head, this.tree.node, hint, this.heading, this.form);
    panel.root.append(node);
    this.button.setAttribute('aria-expanded', 'false');
    panel.root.querySelector('.sq-toolbar')?.append(this.button);
  }

  private readonly asked = (event: Event): void => this.open((event as CustomEvent<string>).detail);

  /** Escape on the panel itself closes the drawer too. */
  private readonly escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && event.target === this.panel.root && !this.node.hidden) {
      event.stopPropagation();
      this.shut();
    }
  };

  private toggle(): void {
    if (this.node.hidden) {
      this.open(this.panel.plots[this.panel.current]?.id);
    } else {
      this.shut();
    }
  }

  private open(plot: string | undefined): void {
    this.node.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.fitWidth();
    this.tree.update(itemsOf(this.panel));
    if (plot !== undefined) {
      this.tree.select(plotKey(plot));
    }
    this.fill();
    this.tree.focus();
  }

  private shut(): void {
    this.node.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    this.panel.root.classList.remove('sq-inspecting');
    this.panel.root.focus({ preventScroll: true });
    this.panel.redraw();
  }

  private fitWidth(): void {
    const { root } = this.panel;
    root.classList.toggle('sq-inspecting', (root.parentElement?.clientWidth ?? 0) >= NARROW);
  }

  private ownKey(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'text';
    const history = (event.ctrlKey || event.metaKey) && ['z', 'Z', 'y'].includes(event.key);
    if (event.key === 'Escape') {
      this.shut();
      event.preventDefault();
    } else if (history && !typing) {
      // Undo is the panel's.
      return;
    } else if (event.key === 'i' && event.target instanceof Element && event.target.closest('.sq-tree')) {
      this.shut();
      event.preventDefault();
    }
    event.stopPropagation();
  }

  private remove({ plot, graph, column }: TreeItem): void {
    if (plot && graph === undefined) {
      this.panel.removePlot(plot);
    } else if (plot && graph !== undefined && column === undefined) {
      this.panel.command({ op: 'remove_graph', plot: plot.id, graph });
    }
  }

  private move(item: TreeItem, step: -1 | 1): void {
    const command = moveCommand(this.panel, item, step);
    if (command) {
      this.panel.command(command);
    }
  }

  changed(): void {
    this.refresh();
  }

  drawn(): void {
    // Labels, limits and components come with the data; nobody reads them at 60 frames a second.
    if (!this.node.hidden) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.refresh();
      }, REFRESH_EVERY);
    }
  }

  private refresh(): void {
    if (!this.node.hidden) {
      this.fitWidth();
      this.tree.update(itemsOf(this.panel));
      this.fill();
    }
  }

  /** Renew the form where something that it shows has changed; who types in it goes on typing. */
  private fill(): void {
    const item = this.tree.current;
    const fields = item ? formOf(this.panel, item, graph => this.inputsOf(graph)) : [];
    const state = `${item?.key} ${fields.map(describe).join('\n')}`;
    if (!item || state === this.shown) {
      return;
    }
    const other = this.form.dataset.key !== item.key;
    const focused = this.form.ownerDocument.activeElement;
    const held = focused instanceof HTMLElement && this.form.contains(focused) ? focused : null;
    if (!other && held instanceof HTMLInputElement && held.type === 'text' && held.value !== held.defaultValue) {
      // Not while somebody types: it is renewed with the next picture.
      return;
    }
    this.shown = state;
    this.form.dataset.key = item.key;
    setText(this.heading, item.label);
    this.form.setAttribute('aria-label', item.label);
    const { scrollTop } = this.node;
    this.form.replaceChildren(...fields);
    this.node.scrollTop = other ? 0 : scrollTop;
    const key = held?.dataset.field;
    [...this.form.querySelectorAll<HTMLElement>('[data-field]')].find(field => field.dataset.field === key && key !== undefined)?.focus();
  }

  /** What the kernel says of a product, asked once. */
  private inputsOf(graph: string): readonly ProductInput[] | string {
    const product = this.panel.plots.flatMap(plot => plot.graph(graph) ?? [])[0]?.product ?? '';
    const known = this.inputs.get(product);
    if (known !== undefined) {
      return known;
    }
    this.inputs.set(product, '');
    this.panel.ask('inputs', { graph }).then(
      ({ value }) => {
        this.inputs.set(product, value as ProductInput[]);
        this.refresh();
      },
      (error: unknown) => {
        const text = error instanceof AskError ? error.message : String(error);
        this.inputs.set(product, `What can be chosen of it is not known: ${text}`);
        this.refresh();
        // Asked again when the graph is selected anew a while later.
        setTimeout(() => this.inputs.delete(product), 10_000);
      }
    );
    return '';
  }

  usesKey(event: KeyboardEvent): boolean {
    return event.key === 'i' && !event.ctrlKey && !event.metaKey && !event.altKey;
  }

  key(event: KeyboardEvent): boolean {
    const taken = this.usesKey(event);
    if (taken) {
      this.toggle();
    }
    return taken;
  }

  close(): void {
    clearTimeout(this.timer);
    this.panel.root.removeEventListener(OPEN, this.asked);
    this.panel.root.removeEventListener('keydown', this.escape, true);
    this.node.remove();
  }
}

/** What a field shows, to tell whether that has changed. */
function describe(node: HTMLElement): string {
  const controls = [...node.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')];
  const values = controls.map(control => [control.value, control instanceof HTMLInputElement ? [control.placeholder, control.checked] : control.textContent]);
  return JSON.stringify([node.textContent, values]);
}
