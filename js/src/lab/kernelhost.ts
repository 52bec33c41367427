/** Where a panel in a tab of its own is computed: a notebook's kernel, or one of its own. */

import { SessionContext, type ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { KernelAPI, type ServiceManager } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { pythonSpec } from './kernelspec';

export interface KernelHost {
  session: ISessionContext;
  rendermime: IRenderMimeRegistry;
  /** The notebook that the kernel belongs to, null for a kernel of its own. */
  notebook: string | null;
  /** Ends a kernel that is the tab's own; null for a notebook's. */
  end: (() => void) | null;
  /** Files a kernel of the tab's own under another path. */
  move: (path: string) => Promise<void>;
}

/** Kernels that are being shut down, by path: a session that is still listed is not to be joined. */
const ending = new Map<string, Promise<void>>();

export interface HostOptions {
  services: ServiceManager.IManager;
  notebooks: INotebookTracker | null;
  rendermime: IRenderMimeRegistry | null;
  translator: ITranslator;
  trans: TranslationBundle;
}

/** A reason that is fit to be shown in place of the panel. */
export class NoKernel extends Error {}

/** The focused notebook when it runs a Python kernel. */
export async function notebookHost(
  notebook: NotebookPanel | null | undefined
): Promise<KernelHost | null> {
  if (!notebook || notebook.isDisposed) {
    return null;
  }
  const session = notebook.sessionContext;
  await session.ready;
  const kernel = session.session?.kernel;
  if (!kernel || kernel.status === 'dead') {
    return null;
  }
  const info = await kernel.info;
  if (info.language_info.name !== 'python') {
    return null;
  }
  return {
    session,
    rendermime: notebook.content.rendermime,
    notebook: notebook.context.path,
    end: null,
    move: () => Promise.resolve()
  };
}

/** Start a kernel for one tab, with a widget manager that knows every registered widget. */
export async function ownHost(options: HostOptions, path: string): Promise<KernelHost> {
  const { services, trans } = options;
  if (!options.rendermime) {
    throw new NoKernel(
      trans.__('This application cannot draw outputs outside a notebook; open a notebook first.')
    );
  }
  await services.kernelspecs.ready;
  await ending.get(path);
  const name = pythonSpec(services.kernelspecs.specs);
  if (name === null) {
    throw new NoKernel(trans.__('The server has no Python kernel to draw this panel.'));
  }
  const session = new SessionContext({
    kernelManager: services.kernels,
    sessionManager: services.sessions,
    specsManager: services.kernelspecs,
    path,
    name: path,
    type: 'sciqlop-panel',
    kernelPreference: { name, language: 'python' },
    translator: options.translator
  });
  try {
    await session.initialize();
    await session.ready;
    if (!session.session?.kernel) {
      throw new NoKernel(trans.__('The kernel %1 did not start.', name));
    }
    const rendermime = options.rendermime.clone();
    await addWidgetManager(session, rendermime, trans);
    return {
      session,
      rendermime,
      notebook: null,
      end: () => endSession(services, session),
      move: async to => void (await session.session?.setPath(to))
    };
  } catch (error) {
    endSession(services, session);
    throw error;
  }
}

/** Shut a tab's own kernel down, unless another page shows the same panel with it. */
function endSession(services: ServiceManager.IManager, context: SessionContext): void {
  const { session, path } = context;
  if (!session) {
    context.dispose();
    return;
  }
  const { id, kernel } = session;
  const end = async (): Promise<void> => {
    const model = kernel && (await KernelAPI.getKernelModel(kernel.id, services.serverSettings));
    context.dispose();
    if (model && (model.connections ?? 0) < 2) {
      await services.sessions.shutdown(id);
    }
  };
  const ended = end()
    .catch(() => context.dispose()) // the server is gone, and the kernel with it
    .finally(() => {
      if (ending.get(path) === ended) {
        ending.delete(path);
      }
    });
  ending.set(path, ended);
}

async function addWidgetManager(
  session: ISessionContext,
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): Promise<void> {
  // Loaded at use: the package belongs to another extension, which may be absent.
  let manager: typeof import('@jupyter-widgets/jupyterlab-manager');
  try {
    manager = await import('@jupyter-widgets/jupyterlab-manager');
  } catch {
    throw new NoKernel(
      trans.__(
        'Panels need the extension @jupyter-widgets/jupyterlab-manager: install ipywidgets where JupyterLab runs.'
      )
    );
  }
  const source = {};
  // What a notebook's context is to a widget manager, and no more: there is no document here.
  const context = {
    sessionContext: session,
    saveState: new Signal(source),
    model: { getMetadata: () => undefined },
    urlResolver: {
      resolveUrl: (url: string) => Promise.resolve(url),
      getDownloadUrl: (url: string) => Promise.resolve(url)
    }
  };
  type Context = Parameters<typeof manager.registerWidgetManager>[0];
  manager.registerWidgetManager(
    context as unknown as Context,
    rendermime,
    [].values() as Parameters<typeof manager.registerWidgetManager>[2]
  );
}
