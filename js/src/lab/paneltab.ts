/** A panel in a tab of the main area. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { KernelMessage } from '@jupyterlab/services';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { PanelLayout, Widget } from '@lumino/widgets';

import type { DraggedProduct } from '../mime';
import { pythonLiteral, type SuggestedRange } from './code';
import { evaluateText } from './evaluate';
import { notebookHost, ownHost, NoKernel, type HostOptions, type KernelHost } from './kernelhost';

export interface PanelTabOptions extends HostOptions {
  /** What it shows at first; a panel may begin empty. */
  products: readonly DraggedProduct[];
  /** Python code that shows the panel under a name. */
  code: (name: string) => Promise<string>;
  /** Path of the notebook to run in, null for a kernel of its own. */
  notebook: string | null;
  /** Whether it runs only when it is told to. */
  waits?: boolean;
  icon: LabIcon;
  /** Name of the tab's own session, kept over reloads of the page; by default a new one. */
  key?: string | undefined;
}

/** Runs the panel's code and shows its output; says where it stands while there is none. */
export class PanelTab extends Widget {
  constructor(private readonly _options: PanelTabOptions) {
    super();
    this.key = _options.key ?? UUID.uuid4().slice(0, 8);
    this.notebook = _options.notebook;
    this.addClass('sqlab-panel-tab');
    this.layout = new PanelLayout();
    this._status.addClass('sqlab-panel-status');
    this._status.node.setAttribute('role', 'status');
    (this.layout as PanelLayout).addWidget(this._status);
    if (!_options.waits) {
      void this.run();
    }
  }

  readonly key: string;

  notebook: string | null;

  get products(): readonly DraggedProduct[] {
    return this._options.products;
  }

  /** The panel is shown. */
  get ready(): Signal<this, void> {
    return this._ready;
  }

  /** Forget the panel that is there: the next run makes another. */
  async forget(): Promise<void> {
    const kernel = this._host?.session.session?.kernel;
    const code = `globals().pop("_panel_${this.key}", None)`;
    await kernel?.requestExecute({ code, silent: true, store_history: false }).done;
  }

  /** Show another range of time. */
  async showRange(range: SuggestedRange): Promise<void> {
    const kernel = this._host?.session.session?.kernel;
    const span = `${pythonLiteral(range.start)}, ${pythonLiteral(range.stop)}`;
    const code = `_panel_${this.key}.time_range = (${span})`;
    await kernel?.requestExecute({ code, silent: true, store_history: false }).done;
  }

  /** The panel as JSON text; null while there is none, or its kernel cannot answer. */
  async spec(): Promise<string | null> {
    const kernel = this._host?.session.session?.kernel;
    if (!kernel) {
      return null;
    }
    const dumps = `__import__("json").dumps(_panel_${this.key}.spec).encode()`;
    const code = `__import__("base64").b64encode(${dumps}).decode()`;
    return evaluateText(kernel, code);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._leave();
    super.dispose();
  }

  /** Find a kernel and run the panel's code in it, in place of what is shown. */
  async run(): Promise<void> {
    const turn = ++this._turn;
    const { trans, products } = this._options;
    this._leave();
    this._say(trans.__('Looking for a kernel…'));
    try {
      const host = await this._findHost();
      if (turn !== this._turn || this.isDisposed) {
        host.owned?.dispose();
        return;
      }
      this._enter(host);
      const code = await this._options.code(`_panel_${this.key}`);
      const kernel = host.session.session?.kernel;
      if (turn !== this._turn || this.isDisposed || !kernel) {
        return;
      }
      const place = host.notebook ?? trans.__('a kernel of its own');
      this._say(trans.__('Waiting for %1 in %2…', nameOf(products, trans), place));
      await this._execute(kernel, host, code);
      this._ready.emit();
    } catch (error) {
      if (turn === this._turn && !this.isDisposed) {
        const text = error instanceof Error ? error.message : String(error);
        this._say(
          error instanceof NoKernel ? text : trans.__('The panel did not start: %1', text),
          true
        );
      }
    }
  }

  private async _findHost(): Promise<KernelHost> {
    const { notebooks } = this._options;
    if (this.notebook !== null && notebooks) {
      await notebooks.restored;
      const notebook = notebooks.find(panel => panel.context.path === this.notebook);
      const host = await notebookHost(notebook);
      if (host) {
        return host;
      }
    }
    return ownHost(this._options, `sciqlop-panel-${this.key}`);
  }

  private async _execute(
    kernel: Kernel.IKernelConnection,
    host: KernelHost,
    code: string
  ): Promise<void> {
    const output = new SimplifiedOutputArea({
      model: new OutputAreaModel({ trusted: true }),
      rendermime: host.rendermime
    });
    output.addClass('sqlab-panel-output');
    this._output = output;
    (this.layout as PanelLayout).addWidget(output);
    output.model.changed.connect(() => this._say(''), this);
    // Without history: the user's In[] and execution count stay theirs.
    const future = kernel.requestExecute({ code, store_history: false, stop_on_error: false });
    output.future = future;
    const reply = await future.done;
    this._hint(reply, kernel.name);
  }

  private _hint(reply: KernelMessage.IExecuteReplyMsg, kernel: string): void {
    const content = reply.content;
    if (content.status === 'error' && content.ename === 'ModuleNotFoundError') {
      this._say(
        this._options.trans.__(
          'The kernel %1 lacks sciqlop-lab: run %pip install "sciqlop-lab[lab]" in it, then try again.',
          kernel
        ),
        true
      );
    } else {
      this._say('');
    }
  }

  private _enter(host: KernelHost): void {
    this._host = host;
    this.notebook = host.notebook;
    host.session.statusChanged.connect(this._onStatus, this);
    host.session.disposed.connect(this._onGone, this);
  }

  private _leave(): void {
    const host = this._host;
    this._host = null;
    this._output?.dispose();
    this._output = null;
    if (host) {
      host.session.statusChanged.disconnect(this._onStatus, this);
      host.session.disposed.disconnect(this._onGone, this);
      host.owned?.dispose();
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this._say(this._options.trans.__('The kernel was restarted; the panel no longer answers.'), true);
    } else if (status === 'dead' || status === 'terminating') {
      this._onGone();
    }
  }

  private _onGone(): void {
    this._say(this._options.trans.__('The kernel of this panel is gone.'), true);
  }

  /** Show a line above the panel, with a button to run it again where that helps. */
  private _say(text: string, again = false): void {
    if (this.isDisposed) {
      return;
    }
    this._status.setHidden(text === '');
    const line = document.createElement('span');
    line.textContent = text;
    this._status.node.replaceChildren(line);
    if (again) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'jp-Button jp-mod-styled jp-mod-accept';
      button.textContent = this._options.trans.__('Run again');
      button.addEventListener('click', () => void this.run());
      this._status.node.append(button);
    }
  }

  private readonly _ready = new Signal<this, void>(this);
  private readonly _status = new Widget();
  private _output: SimplifiedOutputArea | null = null;
  private _host: KernelHost | null = null;
  private _turn = 0;
}

/** What a panel with these products is called. */
export function nameOf(products: readonly DraggedProduct[], trans: TranslationBundle): string {
  const [first, ...more] = products;
  if (!first) {
    return trans.__('Panel');
  }
  return more.length ? trans.__('%1 and %2 more', first.name, more.length) : first.name;
}

/** A tab for the main area; what it shows comes by itself. */
export function createPanelTab(options: PanelTabOptions): MainAreaWidget<PanelTab> {
  const content = new PanelTab(options);
  const tab = new MainAreaWidget({ content });
  tab.id = `sciqlop-lab-panel-${content.key}`;
  tab.title.label = nameOf(options.products, options.trans);
  tab.title.caption = options.products.map(product => product.id).join('\n');
  // A tab that is dropped comes without the shell's own finish.
  tab.title.icon = options.icon.bindprops({ stylesheet: 'mainAreaTab' });
  tab.title.dataset = { id: tab.id };
  tab.toolbar.hide();
  tab.title.closable = true;
  return tab;
}
