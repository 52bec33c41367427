/** Asks for the state of the servers' inventories, as often as is of use. */

import type { Status } from './api';

/** Milliseconds between two looks at the server's state: while it loads, after an error, at rest. */
const POLL_BUSY = 1500;
const POLL_ERROR = 10_000;
const POLL_REST = 60_000;

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class StatusPoll {
  constructor(
    private readonly _status: () => Promise<Status>,
    private readonly _came: (status: Status) => Promise<void>,
    private readonly _failed: () => void
  ) {}

  /** Whether somebody looks. */
  watched = false;

  /** What the server said last. */
  status: Status | null = null;

  /** Why the state is unknown, else empty. */
  error = '';

  /** The question under way. */
  get pending(): Promise<void> | null {
    return this._asking;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
  }

  /** Ask, unless a question is under way, and go on asking. */
  ask(question: () => Promise<Status>): Promise<void> {
    this._asking ??= question()
      .then(status => {
        this.status = status;
        this.error = status.error ?? '';
        return this._came(status);
      })
      .catch((error: unknown) => {
        this.error = message(error);
        this._failed();
      })
      .then(() => {
        this._asking = null;
        this._schedule();
      });
    return this._asking;
  }

  private _schedule(): void {
    clearTimeout(this._timer);
    const loads = Object.values(this.status?.providers ?? {}).some(p => p.refreshing);
    if (this._disposed || !(this.watched || loads)) {
      return;
    }
    const pause = this.error ? POLL_ERROR : loads ? POLL_BUSY : POLL_REST;
    this._timer = setTimeout(() => void this.ask(this._status), pause);
  }

  private _asking: Promise<void> | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
