/** What the legend of a plot does to its lines: hide, show, leave one alone, colour. */
import type { PlotState } from '../core/plot';
import type { Command } from '../protocol';
import { make } from './dom';
import type { LegendActions } from './legend';
import { openMenu, SEPARATOR } from './menu';
import type { MenuEntry } from './menu';
import { columnsOf } from './paint';
import type { PanelHost } from './part';

/** Told apart by colour-blind people too, and seen on light and on dark ground. */
const COLORS: readonly (readonly [string, string])[] = [
  ['Blue', '#2f7fc1'],
  ['Orange', '#e69f00'],
  ['Green', '#009e73'],
  ['Vermilion', '#d55e00'],
  ['Sky blue', '#56b4e9'],
  ['Purple', '#cc79a7'],
  ['Grey', '#8c8c8c']
];

export function legendActions(panel: PanelHost, plotOf: () => PlotState): LegendActions {
  return {
    toggle: (graph, column) => {
      const hidden = new Set(plotOf().hidden(graph));
      if (!hidden.delete(column)) {
        hidden.add(column);
      }
      hide(panel, plotOf(), graph, [...hidden]);
    },
    keep: graph => keep(panel, plotOf(), [graph]),
    alone: (graph, column) => leaveAlone(panel, plotOf(), graph, column),
    menu: (graph, column, at) => openMenu(panel.root, at, entries(panel, plotOf(), graph, column, at))
  };
}

/** At once in the picture; the spec is told by `keep`. */
function hide(panel: PanelHost, plot: PlotState, graph: string, hidden: string[]): void {
  plot.hide(graph, hidden);
  plot.refit(panel.view);
  panel.redraw();
}

function keep(panel: PanelHost, plot: PlotState, graphs: readonly string[]): void {
  const commands = graphs.map<Command>(graph => ({
    op: 'set_hidden',
    plot: plot.id,
    graph,
    hidden: [...plot.hidden(graph)]
  }));
  panel.command(commands.length === 1 ? commands[0]! : { op: 'several', commands });
}

function leaveAlone(panel: PanelHost, plot: PlotState, graph: string, column: string): void {
  const states = plot.states().filter(state => columnsOf(state).length > 0);
  const others = (id: string): string[] =>
    columnsOf(states.find(state => state.id === id)!).filter(name => id !== graph || name !== column);
  const already = states.every(({ id }) => {
    const hidden = plot.hidden(id);
    return others(id).every(name => hidden.has(name)) && !(id === graph && hidden.has(column));
  });
  states.forEach(({ id }) => hide(panel, plot, id, already ? [] : others(id)));
  keep(panel, plot, states.map(state => state.id));
}

function showAll(panel: PanelHost, plot: PlotState): void {
  const graphs = plot.states().map(state => state.id).filter(id => plot.hidden(id).size > 0);
  graphs.forEach(id => hide(panel, plot, id, []));
  if (graphs.length > 0) {
    keep(panel, plot, graphs);
  }
}

function entries(
  panel: PanelHost,
  plot: PlotState,
  graph: string,
  column: string,
  at: { x: number; y: number }
): MenuEntry[] {
  const state = plot.states().find(({ id }) => id === graph);
  const columns = state ? columnsOf(state) : [];
  const index = columns.indexOf(column);
  const own = plot.graph(graph)?.colors ?? [];
  const set = (color: string | null): void => {
    const colors = columns.map((_, i) => (i === index ? color : (own[i] ?? null)));
    const none = colors.every(one => one === null);
    panel.command({ op: 'set_graph', plot: plot.id, graph, colors: none ? null : colors });
  };
  const now = own[index] ?? null;
  const choices = COLORS.map(([label, color]) => ({ label, checked: now === color, run: () => set(color) }));
  return [
    { label: 'Only this', hint: 'double click', run: () => leaveAlone(panel, plot, graph, column) },
    { label: 'Show all', run: () => showAll(panel, plot) },
    SEPARATOR,
    {
      label: 'Colour',
      entries: [
        { label: 'Of the palette', checked: now === null, run: () => set(null) },
        ...choices,
        { label: 'Other…', run: () => pick(panel, at, now, set) }
      ]
    }
  ];
}

/** The browser's own dialogue for colours. */
function pick(panel: PanelHost, at: { x: number; y: number }, now: string | null, set: (color: string) => void): void {
  const input = make('input', 'sq-color-input');
  input.type = 'color';
  input.value = /^#[0-9a-f]{6}$/i.test(now ?? '') ? now! : COLORS[0]![1];
  const box = panel.root.getBoundingClientRect();
  input.style.left = `${at.x - box.left}px`;
  input.style.top = `${at.y - box.top}px`;
  input.setAttribute('aria-label', 'Colour of the line');
  input.addEventListener('change', () => {
    set(input.value);
    input.remove();
  });
  input.addEventListener('blur', () => input.remove());
  panel.root.append(input);
  input.focus();
  input.click();
}
