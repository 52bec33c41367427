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
import { SpecWatch } from './specwatch';

/** A kernel that dies this soon again after it was started is left alone, in milliseconds. */
const CRASHES = 60_000;

export interface PanelTabOptions extends HostOptions {
  /** What it shows at first; a panel may begin empty. */
  products: readonly DraggedProduct[];
  /** Python code that shows the panel under a name; `spec` is what it showed last, as JSON text. */
  code: (name: string, spec: string | null) => Promise<string>;
  /** Path of the notebook to run in, null for a kernel of its own. */
  notebook: string | null;
  /** Whether it runs only when it is told to. */
  waits?: boolean;
  icon: LabIcon;
  /** Name of the tab's own session, kept over reloads of the page; by default a new one. */
  key?: string | undefined;
  /** What it showed before the page was loaded again, as JSON text. */
  spec?: string | undefined;
}

/** Runs the panel's code and shows its output; says where it stands while there is none. */
export class PanelTab extends Widget {
  constructor(private readonly _options: PanelTabOptions) {
    super();
    this._key = _options.key ?? UUID.uuid4().slice(0, 8);
    this._spec = _options.spec ?? null;
    this.notebook = _options.notebook;
    this.addClass('sqlab-panel-tab');
    this.layout = new PanelLayout();
    this._status.addClass('sqlab-panel-status');
    this._status.node.setAttribute('role', 'status');
    (this.layout as PanelLayout).addWidget(this._status);
    this._watch = new SpecWatch(this.node);
    this._watch.changed.connect((_, spec) => {
      this._spec = spec;
      this._changed.emit(spec);
    });
    if (!_options.waits) {
      void this.run();
    }
  }

  notebook: string | null;

  get key(): string {
    return this._key;
  }

  get products(): readonly DraggedProduct[] {
    return this._options.products;
  }

  /** What it shows, as the JSON text of its spec; null before it ran. */
  get spec(): string | null {
    return this._spec;
  }

  /** The panel is shown. */
  get ready(): Signal<this, void> {
    return this._ready;
  }

  /** The panel shows something else: its spec as JSON text. */
  get changed(): Signal<this, string> {
    return this._changed;
  }

  /** Tell of a change now rather than when the hand has come to rest. */
  flush(): void {
    this._watch.flush();
  }

  /** Forget the panel that is there: the next run makes another. */
  async forget(): Promise<void> {
    this._spec = null;
    await this._do(`globals().pop("${this._name}", None)`);
  }

  /** Show another range of time. */
  async showRange(range: SuggestedRange): Promise<void> {
    const span = `${pythonLiteral(range.start)}, ${pythonLiteral(range.stop)}`;
    await this._do(`${this._name}.time_range = (${span})`);
  }

  /** The file has another name: so have the session and the kernel's panel. */
  async rename(key: string): Promise<void> {
    const [old, next] = [this._name, `_panel_${key}`];
    this._key = key;
    await this._host?.move(this._path);
    await this._do(`if "${old}" in globals(): ${next} = globals().pop("${old}")`);
  }

  /** What an expression of the kernel gives, as text packed in base64; null when it cannot say. */
  async evaluate(code: string): Promise<string | null> {
    const kernel = this._host?.session.session?.kernel;
    return kernel ? evaluateText(kernel, code).catch(() => null) : null;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._leave();
    this._watch.dispose();
    super.dispose();
  }

  /** Find a kernel and run the panel's code in it, in place of what is shown. */
  async run(): Promise<void> {
    const turn = ++this._turn;
    const { trans, products } = this._options;
    this._say(trans.__('Looking for a kernel…'));
    try {
      const host = this._host ?? (await this._findHost());
      if (turn !== this._turn || this.isDisposed) {
        if (host !== this._host) {
          host.end?.();
        }
        return;
      }
      this._enter(host);
      const code = await this._options.code(this._name, this._spec);
      const kernel = host.session.session?.kernel;
      if (turn !== this._turn || this.isDisposed || !kernel) {
        return;
      }
      const place = host.notebook ?? trans.__('a kernel of its own');
      this._say(trans.__('Waiting for %1 in %2…', nameOf(products, trans), place));
      if (await this._execute(kernel, host, code)) {
        this._ready.emit();
      }
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

  private get _name(): string {
    return `_panel_${this._key}`;
  }

  private get _path(): string {
    return `sciqlop-panel-${this._key}`;
  }

  private async _do(code: string): Promise<void> {
    const kernel = this._host?.session.session?.kernel;
    const done = kernel?.requestExecute({ code, silent: true, store_history: false }).done;
    await done?.catch(() => undefined); // the kernel has gone, which its status says
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
    return ownHost(this._options, this._path);
  }

  /** Whether the panel is there. */
  private async _execute(
    kernel: Kernel.IKernelConnection,
    host: KernelHost,
    code: string
  ): Promise<boolean> {
    const output = new SimplifiedOutputArea({
      model: new OutputAreaModel({ trusted: true }),
      rendermime: host.rendermime
    });
    output.addClass('sqlab-panel-output');
    output.node.dataset.sciqlopFill = 'true'; // the panel takes all of it
    // What was shown before stays in sight until the panel is there.
    output.setHidden(this._output !== null);
    (this.layout as PanelLayout).addWidget(output);
    // Without history: the user's In[] and execution count stay theirs.
    const future = kernel.requestExecute({ code, store_history: false, stop_on_error: false });
    output.future = future;
    const reply = await future.done.catch((error: unknown) => {
      output.dispose();
      throw error;
    });
    const { content } = reply;
    if (this.isDisposed || content.status !== 'ok') {
      output.dispose();
      if (content.status !== 'ok') {
        this._say(this._failure(content, kernel.name), true);
      }
      return false;
    }
    this._output?.dispose();
    this._output = output;
    output.show();
    this._say('');
    return true;
  }

  private _failure(content: KernelMessage.IReplyErrorContent | KernelMessage.IReplyAbortContent, kernel: string): string {
    const { trans } = this._options;
    if (content.status !== 'error') {
      return trans.__('The kernel was interrupted before the panel came.');
    }
    return content.ename === 'ModuleNotFoundError'
      ? trans.__(
          'The kernel %1 lacks sciqlop-lab: run %pip install "sciqlop-lab[lab]" in it, then try again.',
          kernel
        )
      : trans.__('The panel did not start: %1', content.evalue || content.ename);
  }

  private _enter(host: KernelHost): void {
    if (this._host === host) {
      return;
    }
    this._host = host;
    this.notebook = host.notebook;
    host.session.statusChanged.connect(this._onStatus, this);
    host.session.kernelChanged.connect(this._onKernel, this);
    host.session.disposed.connect(this._onGone, this);
  }

  private _leave(): void {
    const host = this._host;
    this._host = null;
    if (host) {
      host.session.statusChanged.disconnect(this._onStatus, this);
      host.session.kernelChanged.disconnect(this._onKernel, this);
      host.session.disposed.disconnect(this._onGone, this);
      host.end?.();
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this._restarts(status === 'autorestarting');
    } else if (status === 'dead' || status === 'terminating') {
      this._onGone();
    } else if (status === 'idle' && this._restarting) {
      this._restarting = false;
      void this.run();
    }
  }

  /** The panel comes back by itself, unless it is what the kernel dies of. */
  private _restarts(crashed: boolean): void {
    const { trans } = this._options;
    this.flush();
    this._turn += 1; // what is under way will not be answered
    const again = crashed && Date.now() - this._crashed < CRASHES;
    if (crashed) {
      this._crashed = Date.now();
    }
    this._restarting = !again;
    this._say(
      again
        ? trans.__('The kernel of this panel died twice.')
        : crashed
          ? trans.__('The kernel died and is started again; the panel follows.')
          : trans.__('The kernel is started again; the panel follows.'),
      again
    );
  }

  private _onKernel(_: ISessionContext, { newValue }: { newValue: unknown }): void {
    if (newValue === null) {
      this._onGone();
    } else {
      this._restarts(false); // another kernel in its place
    }
  }

  private _onGone(): void {
    this.flush();
    this._turn += 1;
    this._restarting = false;
    this._leave();
    this._say(this._options.trans.__('The kernel of this panel is gone; what it shows is kept.'), true);
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
  private readonly _changed = new Signal<this, string>(this);
  private readonly _status = new Widget();
  private readonly _watch: SpecWatch;
  private _key: string;
  private _spec: string | null;
  private _output: SimplifiedOutputArea | null = null;
  private _host: KernelHost | null = null;
  private _turn = 0;
  private _restarting = false;
  private _crashed = -Infinity;
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
