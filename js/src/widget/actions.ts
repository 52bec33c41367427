/** Actions of a plot's menu that ask the kernel, and the graphs that they are about. */
import type { PlotState } from '../core/plot';
import { AskError } from '../core/questions';
import type { Answered } from '../core/questions';
import type { GraphSpec } from '../protocol';
import { download } from './export';
import type { MenuEntry } from './menu';
import type { PanelHost } from './part';

/** Ask, and hand the answer on; what goes wrong is told over the panel. */
export function asked(
  panel: PanelHost,
  what: string,
  args: Record<string, unknown>,
  then: (answer: Answered) => void,
  patience?: number
): void {
  panel.ask(what, args, patience).then(then).catch((error: unknown) => tell(panel, error));
}

export function tell(panel: PanelHost, error: unknown): void {
  const hint = error instanceof AskError ? error.hint : null;
  panel.notify('error', error instanceof Error ? error.message : String(error), hint);
}

/** The name of a graph for a menu. */
export function nameOf(plot: PlotState, graph: GraphSpec): string {
  const state = plot.states().find(({ id }) => id === graph.id);
  return (state && plot.name(state)) || graph.label || graph.product;
}

/** One entry, or with several graphs one that opens a menu of them. */
export function eachGraph(plot: PlotState, label: string, run: (graph: GraphSpec) => void): MenuEntry {
  const { graphs } = plot.spec;
  if (graphs.length === 1) {
    return { label, run: () => run(graphs[0]!) };
  }
  return { label, entries: graphs.map(graph => ({ label: nameOf(plot, graph), run: () => run(graph) })) };
}

/** Save bytes of an answer as a file of the user's. */
export function save(answer: Answered, type: string, name: string): void {
  const buffer = answer.buffers[0];
  if (buffer) {
    const view = buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    download(new Blob([view as BlobPart], { type }), name);
  }
}
