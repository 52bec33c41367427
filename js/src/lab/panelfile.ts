/** Panels as files, and templates of SciQLop: opened from the file browser or the launcher, saved by JupyterLab itself. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { ABCWidgetFactory, DocumentWidget, type DocumentRegistry } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';

import { normalSpec, panelCode, panelOfSpec, panelOfTemplate, specOfTemplate, templateText } from './code';
import { CommandIDs } from './commands';
import { panelIcon } from './icons';
import { firstProduct, isTemplate, keyOf, readFile, sameJson, writeFile } from './panelformat';
import { PanelTab } from './paneltab';
import type { Workbench } from './workbench';

const FACTORY = 'SciQLop Panel';
const EXTENSION = '.sciqlop.json';

/** Keeps a document and the panel of its kernel alike. */
class PanelDocument extends DocumentWidget<PanelTab> {
  constructor(
    options: DocumentWidget.IOptions<PanelTab>,
    private readonly _bench: Workbench
  ) {
    super(options);
    this.title.icon = panelIcon;
    this.toolbar.hide();
    const { content, context } = this;
    content.ready.connect(() => void this._begin());
    content.changed.connect((_, spec) => void this._take(spec));
    context.model.contentChanged.connect(this._onContent, this);
    context.pathChanged.connect((_, path) => void content.rename(keyOf(path)));
    // What is saved is what is seen, a move that has just ended included.
    context.saveState.connect((_, state) => {
      if (state === 'started') {
        content.flush();
      }
    });
    void context.ready.then(() => {
      this._text = context.model.toString();
      this._isNew = this._text.trim() === '';
      void content.run();
    });
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.context.model.contentChanged.disconnect(this._onContent, this);
    super.dispose();
  }

  /** The panel is there: know what the file says, to tell an edit from another way to write it. */
  private async _begin(): Promise<void> {
    this._shown = await this._specOf(this._text);
    this._begun = true;
    if (!this.isDisposed && this.content.spec !== null) {
      void this._take(this.content.spec);
    }
  }

  /** What a text shows, as the kernel itself would write it; null for an empty file. */
  private async _specOf(text: string): Promise<string | null> {
    const { content } = this;
    const { path } = this.context;
    if (isTemplate(path, text)) {
      return content.evaluate(specOfTemplate(text, path));
    }
    const spec = readFile(text, this._bench.host.trans);
    return spec === null ? null : ((await content.evaluate(normalSpec(spec))) ?? spec);
  }

  /** The text of a template that shows something else. */
  private async _rewritten(spec: string): Promise<string> {
    const code = templateText(this._text, this.context.path, spec);
    return (await this.content.evaluate(code)) ?? this._text;
  }

  private async _take(spec: string): Promise<void> {
    if (!this._begun || this.isDisposed) {
      return;
    }
    const first = this._isNew ? firstProduct(spec) : null;
    if (first !== null) {
      // Nobody has chosen a time yet: one that has data of the first product.
      this._isNew = false;
      await this.content.showRange(await this._bench.range(first));
      return; // which changes the panel, so that it is taken again
    }
    if (this._shown === null || !sameJson(spec, this._shown)) {
      const isFirst = this._shown === null;
      this._shown = spec;
      const text = isTemplate(this.context.path, this._text) ? await this._rewritten(spec) : writeFile(spec);
      if (this.isDisposed || this._shown !== spec) {
        return; // it shows something newer by now
      }
      this._text = text;
      this.context.model.fromString(this._text);
      // Said here: the model itself takes a text for saved. What an empty file shows is nothing
      // that could be lost.
      this.context.model.dirty = !isFirst;
    }
  }

  /** The file was read again: show what it says now. */
  private _onContent(): void {
    const text = this.context.model.toString();
    if (text === this._text || !this.context.isReady) {
      return;
    }
    this._text = text;
    this._begun = false;
    void this.content.forget().then(() => this.content.run());
  }

  private _isNew = false;
  private _begun = false;
  /** Text of the file as it is shown. */
  private _text = '';
  /** The spec that the text holds, as the panel writes it; null for an empty file. */
  private _shown: string | null = null;
}

class PanelFactory extends ABCWidgetFactory<PanelDocument> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<PanelDocument>,
    private readonly _bench: Workbench
  ) {
    super(options);
  }

  protected createNewWidget(context: DocumentRegistry.Context): PanelDocument {
    const { app, rendermime, translator, trans } = this._bench.host;
    const content = new PanelTab({
      products: [],
      code: async name => {
        const text = context.model.toString();
        if (isTemplate(context.path, text)) {
          return panelOfTemplate(text, context.path, name);
        }
        const spec = readFile(text, trans);
        return spec === null ? panelCode([], await this._bench.range(), name) : panelOfSpec(spec, name);
      },
      notebook: null,
      key: keyOf(context.path),
      waits: true,
      icon: panelIcon,
      services: app.serviceManager,
      notebooks: null,
      rendermime,
      translator,
      trans
    });
    return new PanelDocument({ content, context }, this._bench);
  }
}

/** Register the type of file, what opens it, and the command of the launcher. */
export function addPanelFiles(bench: Workbench, restorer: ILayoutRestorer | null): void {
  const { app, trans } = bench.host;
  app.docRegistry.addFileType({
    name: 'sciqlop-panel',
    displayName: trans.__('SciQLop Panel'),
    extensions: [EXTENSION],
    mimeTypes: ['application/json'],
    contentType: 'file',
    fileFormat: 'text',
    icon: panelIcon
  });
  const factory = new PanelFactory(
    {
      name: FACTORY,
      label: trans.__('SciQLop Panel'),
      modelName: 'text',
      // Templates of SciQLop are any JSON or YAML: “Open With” offers a panel for those.
      fileTypes: ['sciqlop-panel', 'json', 'yaml'],
      defaultFor: ['sciqlop-panel'],
      translator: bench.host.translator
    },
    bench
  );
  app.docRegistry.addWidgetFactory(factory);
  const tracker = new WidgetTracker<PanelDocument>({ namespace: 'sciqlop-lab-file' });
  factory.widgetCreated.connect((_, widget) => {
    void tracker.add(widget);
    widget.context.pathChanged.connect(() => void tracker.save(widget));
  });
  void restorer?.restore(tracker, {
    command: 'docmanager:open',
    args: ({ context }) => ({ path: context.path, factory: FACTORY }),
    name: ({ context }) => context.path
  });
  addNewPanel(bench);
}

function addNewPanel(bench: Workbench): void {
  const { app, trans } = bench.host;
  app.commands.addCommand(CommandIDs.newPanel, {
    label: trans.__('SciQLop Panel'),
    caption: trans.__('Make a panel in a file of its own, with a kernel of its own'),
    icon: panelIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cwd: { type: 'string', description: 'folder of the file; by default the root' }
        }
      }
    },
    execute: async args => {
      const model = (await app.commands.execute('docmanager:new-untitled', {
        path: typeof args.cwd === 'string' ? args.cwd : '',
        type: 'file',
        ext: EXTENSION
      })) as { path: string };
      return (await app.commands.execute('docmanager:open', {
        path: model.path,
        factory: FACTORY
      })) as Widget;
    }
  });
}
