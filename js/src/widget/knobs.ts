/**
 * The knobs of functions, beside the plots that show them; below all plots where the panel is
 * narrow. What they take comes with the trait `knob_specs`, how they are turned is in the spec.
 */
import { clock } from '../core/clock';
import type { PanelLayout } from '../core/layout';
import { knobsKey } from '../core/store';
import type { GraphState } from '../core/store';
import { Turner } from '../core/turner';
import type { Turned } from '../core/turner';
import type { GraphSpec, KnobSpec } from '../protocol';
import { make, makeButton, setText } from './dom';
import { makeKnob } from './knob';
import type { KnobControl } from './knob';
import type { PanelHost, Part } from './part';

/** Panels that are narrower than this, in pixels, have their knobs below. */
const NARROW = 620;

/** The knobs of one graph. */
class KnobGroup {
  readonly node = make('div', 'sq-knob-group');
  private readonly heading = make('span', 'sq-knob-name');
  private readonly controls = new Map<string, KnobControl>();
  private readonly resetAll: HTMLButtonElement;
  private readonly apply: HTMLButtonElement;
  private readonly turner: Turner;
  /** Knobs that are turned and not applied yet. */
  private waiting: Turned = {};

  constructor(
    readonly key: string,
    private readonly specs: readonly KnobSpec[],
    graph: string,
    send: (values: Turned, gesture: string) => void,
    answered: (values: Turned) => boolean
  ) {
    this.turner = new Turner(`${graph}.${Math.random().toString(36).slice(2)}`, send, answered, clock);
    this.resetAll = makeButton('sq-tool', 'reset', 'Give every knob its default', () => this.reset(specs));
    this.apply = makeButton('sq-tool sq-knob-apply', 'Apply', 'Compute with these values', () => this.applyNow());
    const legend = make('div', 'sq-knob-legend');
    this.node.setAttribute('role', 'group');
    legend.append(this.heading, this.resetAll);
    this.node.dataset.graph = graph;
    this.node.append(legend);
    specs.forEach(spec => this.add(spec));
    if (specs.some(spec => spec.apply === 'manual')) {
      this.node.append(this.apply);
    }
  }

  private add(spec: KnobSpec): void {
    const late = spec.apply === 'manual';
    const control = makeKnob(spec, {
      move: value => (late ? this.hold({ [spec.name]: value }) : this.turner.move({ [spec.name]: value })),
      done: () => this.turner.release(),
      reset: () => this.reset([spec])
    });
    this.controls.set(spec.name, control);
    this.node.append(control.node);
  }

  private hold(values: Turned): void {
    Object.assign(this.waiting, values);
    this.apply.disabled = false;
  }

  private applyNow(): void {
    const values = this.waiting;
    this.waiting = {};
    this.turner.move(values);
    this.turner.release();
    this.apply.disabled = true;
  }

  private reset(specs: readonly KnobSpec[]): void {
    specs.forEach(({ name }) => delete this.waiting[name]);
    this.turner.move(Object.fromEntries(specs.map(({ name }) => [name, null])));
    this.turner.release();
  }

  /** What it belongs to; known once the first data came. */
  name(text: string): void {
    setText(this.heading, text);
    this.node.setAttribute('aria-label', `Knobs of ${text}`);
  }

  /** Show how the knobs are turned, unless a hand is at them. */
  show(graph: GraphSpec): void {
    this.resetAll.hidden = Object.keys(graph.knobs ?? {}).length === 0;
    this.apply.disabled = Object.keys(this.waiting).length === 0;
    if (this.turner.active) {
      return;
    }
    for (const spec of this.specs) {
      if (!(spec.name in this.waiting)) {
        this.controls.get(spec.name)!.show(graph.knobs?.[spec.name] ?? spec.default);
      }
    }
  }

  pump(): void {
    this.turner.pump();
  }

  close(): void {
    this.turner.close();
    this.node.remove();
  }
}

class Knobs implements Part {
  private readonly node = make('div', 'sq-knobs');
  private readonly groups = new Map<string, KnobGroup>();
  private readonly adopt = (): void => this.changed();

  constructor(private readonly panel: PanelHost) {
    panel.stage.element.after(this.node);
    panel.model.on('change:knob_specs', this.adopt);
    this.node.addEventListener('keydown', event => this.undoByKey(event));
  }

  private undoByKey(event: KeyboardEvent): void {
    const inText = event.target instanceof HTMLInputElement && /text|number/.test(event.target.type);
    if (!inText && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') {
      event.preventDefault();
      event.stopPropagation();
      if (event.shiftKey) {
        this.panel.redo();
      } else {
        this.panel.undo();
      }
    }
  }

  changed(): void {
    const specs = this.panel.model.get('knob_specs') ?? {};
    const gone = new Set(this.groups.keys());
    for (const plot of this.panel.plots) {
      for (const graph of plot.spec.graphs) {
        const knobs = specs[graph.id];
        if (knobs && knobs.length > 0) {
          gone.delete(graph.id);
          this.group(plot.id, graph, knobs).show(graph);
        }
      }
    }
    gone.forEach(id => this.drop(id));
    this.arrange();
  }

  private group(plot: string, graph: GraphSpec, specs: readonly KnobSpec[]): KnobGroup {
    const key = JSON.stringify([plot, graph.product, specs]);
    const old = this.groups.get(graph.id);
    if (old?.key === key) {
      return old;
    }
    this.drop(graph.id);
    const send = (knobs: Turned, gesture: string): void =>
      this.panel.command({ op: 'set_knobs', plot, graph: graph.id, knobs, gesture });
    const made = new KnobGroup(key, specs, graph.id, send, values => this.answered(graph.id, values));
    made.node.dataset.plot = plot;
    this.groups.set(graph.id, made);
    return made;
  }

  private drop(id: string): void {
    this.groups.get(id)?.close();
    this.groups.delete(id);
  }

  /** Whether a graph's picture is the one of its knobs as they were turned, or says why there is none. */
  private answered(id: string, turned: Turned): boolean {
    for (const plot of this.panel.plots) {
      const knobs = plot.graph(id)?.knobs ?? {};
      const state = plot.states().find(one => one.id === id);
      if (state) {
        const adopted = Object.entries(turned).every(([name, value]) => (knobs[name] ?? null) === value);
        return adopted && state.knobs === knobsKey(knobs);
      }
    }
    return true;
  }

  /** Stand in the order of the plots, and make room for them. */
  private arrange(): void {
    const order = this.panel.plots.flatMap(plot => plot.spec.graphs.map(({ id }) => id));
    const nodes = order.flatMap(id => this.groups.get(id)?.node ?? []);
    if (nodes.some((node, i) => this.node.children[i] !== node)) {
      const focused = this.node.ownerDocument.activeElement;
      this.node.append(...nodes);
      if (focused instanceof HTMLElement && this.node.contains(focused)) {
        focused.focus();
      }
    }
    this.node.hidden = nodes.length === 0;
    this.panel.root.classList.toggle('sq-has-knobs', nodes.length > 0);
  }

  drawn(layout: PanelLayout): void {
    if (this.groups.size === 0) {
      return; // asking for sizes lays the whole page out again
    }
    const { root, stage } = this.panel;
    const beside = root.clientWidth >= NARROW;
    root.classList.toggle('sq-knobs-beside', beside);
    const above = stage.element.offsetTop;
    this.panel.plots.forEach((plot, i) => {
      const rect = layout.plots[i];
      let top = above + (rect?.y ?? 0);
      const groups = plot.spec.graphs.flatMap(({ id }) => this.groups.get(id) ?? []);
      const room = Math.floor(((rect?.height ?? 0) + 12) / Math.max(groups.length, 1));
      for (const { node } of groups) {
        node.style.top = beside ? `${top}px` : '';
        node.style.maxHeight = beside ? `${room}px` : '';
        top += room;
      }
    });
    for (const state of this.panel.plots.flatMap(plot => plot.states())) {
      this.groups.get(state.id)?.name(this.nameOf(state));
      this.groups.get(state.id)?.pump();
    }
  }

  private nameOf(state: GraphState): string {
    const plot = this.panel.plots.find(({ id }) => id === state.plot);
    return plot?.name(state) || state.product.replace(/^vp\//, '');
  }

  close(): void {
    this.panel.model.off('change:knob_specs', this.adopt);
    this.groups.forEach(group => group.close());
    this.node.remove();
  }
}

export const makeKnobs = (panel: PanelHost): Part => new Knobs(panel);
