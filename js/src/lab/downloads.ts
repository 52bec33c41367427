/** Status bar item: what is being downloaded, and a button that stops it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { Activity, IServer } from './api';
import { pendingPanels, stopPanels } from './livepanel';

/** Milliseconds between two looks: while something goes on, and at rest. */
const BUSY = 700;
const REST = 4000;

export function formatRate(bytes: number): string {
  if (bytes >= 1e6) {
    return `${(bytes / 1e6).toFixed(1)} MB/s`;
  }
  return `${Math.round(bytes / 1e3)} kB/s`;
}

export class Downloads extends Widget {
  constructor(
    private readonly _server: Pick<IServer, 'activity' | 'cancel'>,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('sqlab-downloads');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', _trans.__('Downloads from space physics archives'));
    this._text.className = 'sqlab-downloads-text';
    this._text.setAttribute('role', 'status');
    this._stop.type = 'button';
    this._stop.className = 'sqlab-downloads-stop';
    this._stop.textContent = '✕';
    this._stop.title = _trans.__('Cancel these downloads');
    this._stop.setAttribute('aria-label', this._stop.title);
    this._stop.addEventListener('click', () => void this.cancel());
    this.node.append(this._text, this._stop);
    this._show(null, 0);
    void this._look();
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  /** Stop what the server downloads, and what panels in sight wait for. */
  async cancel(): Promise<void> {
    stopPanels();
    this._show(await this._server.cancel().catch(() => null), pendingPanels());
  }

  private async _look(): Promise<void> {
    // A page that nobody sees asks for nothing.
    const asked = document.visibilityState === 'visible' && !this._failed;
    const activity = asked ? await this._server.activity().catch(() => null) : null;
    this._failed ||= asked && activity === null;
    if (this.isDisposed) {
      return;
    }
    const panels = pendingPanels();
    const busy = this._show(activity, panels);
    this._timer = setTimeout(() => void this._look(), busy ? BUSY : REST);
  }

  private _show(activity: Activity | null, panels: number): boolean {
    const requests = activity ? activity.active + activity.waiting : 0;
    const busy = requests + panels > 0;
    this.node.hidden = !busy;
    const trans = this._trans;
    const parts: string[] = [];
    if (requests) {
      parts.push(trans._n('%1 download', '%1 downloads', requests, requests));
      parts.push(formatRate(activity!.rate));
    }
    if (panels) {
      parts.push(trans._n('%1 panel waits', '%1 panels wait', panels, panels));
    }
    const text = busy ? `↓ ${parts.join(' · ')}` : '';
    if (this._text.textContent !== text) {
      this._text.textContent = text;
    }
    this.node.title = (activity?.hosts ?? [])
      .map(({ name, active, waiting, rate }) =>
        trans.__('%1: %2 under way, %3 wait, %4', name, active, waiting, formatRate(rate))
      )
      .join('\n');
    return busy;
  }

  private readonly _text = document.createElement('span');
  private readonly _stop = document.createElement('button');
  private _timer: ReturnType<typeof setTimeout> | undefined;
  /** The server lacks our extension: it is not asked again. */
  private _failed = false;
}
