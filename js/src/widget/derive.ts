/** Products derived from a graph: a name, a few numbers, and the Python, which can be edited. */
import type { PlotState } from '../core/plot';
import type { GraphSpec } from '../protocol';
import { asked, nameOf, tell } from './actions';
import { field, openDialog } from './dialog';
import type { Dialog } from './dialog';
import { make } from './dom';
import type { MenuEntry } from './menu';
import { columnsOf } from './paint';
import type { PanelHost } from './part';

interface Param {
  name: string;
  label: string;
  value: number | string;
  unit: string;
  choices: [string, string][] | null;
}

interface Form {
  title: string;
  name: string;
  params: Param[];
  source: string;
}

const RECIPES: readonly [string, string][] = [
  ['magnitude', 'Magnitude'],
  ['component', 'Component…'],
  ['difference', 'Difference of two products…'],
  ['low_pass', 'Low-pass filter…'],
  ['high_pass', 'High-pass filter…'],
  ['band_pass', 'Band-pass filter…'],
  ['resample', 'Resample…'],
  ['rolling_mean', 'Rolling mean…'],
  ['spectrum', 'Spectrum…'],
  ['field_aligned', 'Field-aligned coordinates…']
];

export function deriveEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const recipes = (graph: GraphSpec): MenuEntry[] =>
    RECIPES.map(([op, label]) => ({ label, run: () => derive(panel, plot, graph, op) }));
  const { graphs } = plot.spec;
  const entries = graphs.length === 1 ? recipes(graphs[0]!) : graphs.map(graph => ({ label: nameOf(plot, graph), entries: recipes(graph) }));
  const written = graphs.filter(({ product }) => product.startsWith('vp/'));
  return [
    { label: 'Derive', entries },
    ...written.map(graph => ({ label: `Edit function ${nameOf(plot, graph)}…`, run: () => edit(panel, plot, graph) }))
  ];
}

function derive(panel: PanelHost, plot: PlotState, graph: GraphSpec, op: string): void {
  panel.gestureEnded();
  const states = panel.plots.flatMap(one => one.states());
  const columns = Object.fromEntries(states.map(state => [state.id, [...columnsOf(state)]]));
  const pictures = states.filter(state => state.tiles.some(({ data }) => data?.kind === 'image')).map(({ id }) => id);
  const about = { op, plot: plot.id, graph: graph.id, columns, pictures };
  asked(panel, 'derive', about, ({ value }) => new DeriveDialog(panel, plot.id, about, value as Form));
}

function edit(panel: PanelHost, plot: PlotState, graph: GraphSpec): void {
  asked(panel, 'source', { plot: plot.id, graph: graph.id }, ({ value }) => {
    const { name, source } = value as { name: string; source: string };
    new DeriveDialog(panel, plot.id, null, { title: `Function ${name}`, name, params: [], source });
  });
}

class DeriveDialog {
  private readonly dialog: Dialog;
  private readonly area = make('textarea', 'sq-source');
  private readonly name = make('input', '');
  private readonly inputs = new Map<string, HTMLInputElement | HTMLSelectElement>();
  private asking = 0;

  constructor(
    private readonly panel: PanelHost,
    private readonly plot: string,
    private readonly about: Record<string, unknown> | null,
    form: Form
  ) {
    const create = about ? 'Create' : 'Apply';
    this.dialog = openDialog(panel.root, form.title, [
      [create, () => void this.create()],
      ['Cancel', () => this.dialog.close()]
    ]);
    this.name.type = 'text';
    this.name.value = form.name;
    this.name.spellcheck = false;
    this.area.value = form.source;
    this.area.spellcheck = false;
    this.area.setAttribute('aria-label', 'Python');
    if (about) {
      this.name.addEventListener('change', () => void this.rewrite());
      this.dialog.body.append(field('Name', this.name));
    }
    form.params.forEach(param => this.dialog.body.append(field(param.label, this.input(param), param.unit)));
    // What was written by hand would be lost by another number: then only the text counts.
    this.area.addEventListener('input', () => [this.name, ...this.inputs.values()].forEach(input => (input.disabled = true)));
    this.dialog.body.append(this.area);
    (form.params.length > 0 ? [...this.inputs.values()][0]! : about ? this.name : this.area).focus();
  }

  private input(param: Param): HTMLElement {
    let input: HTMLInputElement | HTMLSelectElement;
    if (param.choices) {
      input = make('select', '');
      for (const [value, label] of param.choices) {
        const option = make('option', '', label);
        option.value = value;
        input.append(option);
      }
    } else {
      input = make('input', '');
      input.type = 'number';
      input.step = 'any';
    }
    input.value = String(param.value);
    input.addEventListener('change', () => void this.rewrite());
    this.inputs.set(param.name, input);
    return input;
  }

  /** Let the kernel write the Python for what is in the fields. */
  private async rewrite(): Promise<void> {
    const mine = ++this.asking;
    const params = Object.fromEntries([...this.inputs].map(([name, input]) => [name, input.value]));
    try {
      const { value } = await this.panel.ask('derive', { ...this.about, name: this.name.value, params });
      if (mine === this.asking) {
        this.area.value = (value as Form).source;
        this.dialog.fail('');
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private async create(): Promise<void> {
    if (this.about && !this.name.disabled) {
      await this.rewrite();
    }
    try {
      const { value } = await this.panel.ask('define', { source: this.area.value, plot: this.plot });
      const { product } = value as { product: string };
      this.dialog.close();
      this.panel.notify('info', `Defined ${product}`);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof Error) {
      this.dialog.fail(error.message, 'hint' in error ? (error.hint as string | null) : null);
    } else {
      tell(this.panel, error);
    }
  }
}
