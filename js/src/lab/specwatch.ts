/** Follows the panel below an element: what it shows, as the text of its spec. */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** Dispatched on a panel's root element; the panel puts its spec as JSON text into the detail. */
const DESCRIBE_EVENT = 'sciqlop:describe';
/** A zoom ends before its panel is read. */
const SETTLE = 400;

export class SpecWatch implements IDisposable {
  constructor(private readonly _node: HTMLElement) {
    // The panel changes its attributes with what it shows and with every edit.
    this._observer = new MutationObserver(() => this._later());
    this._observer.observe(_node, {
      subtree: true,
      childList: true,
      attributeFilter: ['data-start', 'data-stop', 'data-revision']
    });
  }

  /** The panel shows something else now. */
  readonly changed = new Signal<this, string>(this);

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    this._observer.disconnect();
    Signal.clearData(this);
  }

  /** The spec of the panel as JSON text; null while there is none. */
  read(): string | null {
    // The newest: an earlier panel may stay in sight until the next one has come.
    const panel = Array.from(this._node.querySelectorAll('.sciqlop-panel')).at(-1);
    const detail: { spec?: string } = {};
    panel?.dispatchEvent(new CustomEvent(DESCRIBE_EVENT, { detail }));
    return detail.spec ?? null;
  }

  /** Tell of a change now rather than when the hand has come to rest. */
  flush(): void {
    clearTimeout(this._timer);
    const spec = this._disposed ? null : this.read();
    if (spec !== null && spec !== this._last) {
      this._last = spec;
      this.changed.emit(spec);
    }
  }

  private _later(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.flush(), SETTLE);
  }

  private readonly _observer: MutationObserver;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _last = '';
  private _disposed = false;
}
