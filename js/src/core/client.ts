/**
 * The browser's half of the zoom loop: one request in flight, the newest view wins, and a request
 * without an answer is sent again, because the first messages of a widget can get stuck behind a
 * running cell.
 */
import { PROTOCOL_VERSION } from '../protocol';
import type { Command, ToKernel } from '../protocol';
import { sameView } from './time';
import type { TimeView } from './time';

export interface ViewRequest extends TimeView {
  width: number;
  plots: Record<string, number>;
}

export interface Clock {
  now(): number;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

const FIRST_TIMEOUT = 500;
const LAST_TIMEOUT = 4000;
/** Longer without any answer than this, and the panel says so. */
const SILENCE = 8000;

export class ViewClient {
  /** Generation of the newest request. */
  gen = 0;
  /** Graphs that the kernel announced and has not sent yet. */
  pending: string[] = [];
  /** Time of the oldest request of the present silence; null when all are answered. */
  private silentSince: number | null = null;
  private inFlight: ViewRequest | null = null;
  private wanted: ViewRequest | null = null;
  private last: ViewRequest | null = null;
  private timer: unknown = null;
  private timeout = FIRST_TIMEOUT;
  private commands = 0;
  private closed = false;

  constructor(
    readonly view: string,
    private readonly send: (message: ToKernel) => void,
    private readonly clock: Clock
  ) {}

  /** True while a request waits for its first answer or graphs are still announced. */
  get busy(): boolean {
    return this.inFlight !== null || this.wanted !== null || this.pending.length > 0;
  }

  get silent(): boolean {
    return this.silentSince !== null && this.clock.now() - this.silentSince > SILENCE;
  }

  hello(): void {
    this.send({ v: PROTOCOL_VERSION, type: 'hello', view: this.view });
  }

  /** Ask for a picture; `force` also when it is the one that was asked for last. */
  request(view: ViewRequest, force = false): void {
    if (!force && this.last && sameRequest(view, this.last)) {
      return;
    }
    this.last = view;
    this.wanted = view;
    this.pump();
  }

  private pump(): void {
    if (this.closed || this.inFlight || !this.wanted) {
      return;
    }
    const view = this.wanted;
    this.wanted = null;
    this.inFlight = view;
    this.gen += 1;
    this.silentSince ??= this.clock.now();
    this.send({
      v: PROTOCOL_VERSION,
      type: 'view',
      view: this.view,
      gen: this.gen,
      start: view.start.toString(),
      stop: view.stop.toString(),
      width: view.width,
      plots: view.plots
    });
    this.timer = this.clock.setTimer(() => this.expire(), this.timeout);
  }

  private expire(): void {
    this.timer = null;
    this.wanted ??= this.inFlight;
    this.inFlight = null;
    // A kernel that is busy for long is asked less and less often, not every half second.
    this.timeout = Math.min(this.timeout * 2, LAST_TIMEOUT);
    this.pump();
  }

  /** Note an answer of generation `gen`; `pending` are the graphs that follow. */
  answered(gen: number, pending: string[]): void {
    this.silentSince = null;
    if (gen < this.gen) {
      return;
    }
    this.pending = pending;
    if (this.inFlight) {
      this.inFlight = null;
      this.timeout = FIRST_TIMEOUT;
      this.clock.clearTimer(this.timer);
      this.timer = null;
      this.pump();
    }
  }

  /** Send an edit of the spec; returns the id that a refusal would quote. */
  command(command: Command): string {
    this.commands += 1;
    const id = `${this.view}:${this.commands}`;
    if (!this.closed) {
      this.send({ v: PROTOCOL_VERSION, type: 'command', id, command });
    }
    return id;
  }

  /** Stop asking, for good; what is queued for this view in the kernel is dropped. */
  close(tellKernel: boolean): void {
    if (this.closed) {
      return;
    }
    this.closed = true;
    if (this.timer !== null) {
      this.clock.clearTimer(this.timer);
    }
    this.inFlight = null;
    this.wanted = null;
    this.pending = [];
    if (tellKernel) {
      this.send({ v: PROTOCOL_VERSION, type: 'cancel', view: this.view });
    }
  }
}

function sameRequest(a: ViewRequest, b: ViewRequest): boolean {
  const ids = Object.keys(a.plots);
  return (
    sameView(a, b) &&
    a.width === b.width &&
    ids.length === Object.keys(b.plots).length &&
    ids.every(id => a.plots[id] === b.plots[id])
  );
}
