/**
 * The browser's half of the zoom loop: one request in flight, the newest view wins, and a request
 * without an answer is sent again, because the first messages of a widget can get stuck behind a
 * running cell.
 */
import { PROTOCOL_VERSION } from '../protocol';
import type { Ahead, Command, ToKernel, Wants } from '../protocol';
import { wantKey } from './plan';
import { sameView } from './time';
import type { TimeView } from './time';

/** All that a view needs now. */
export interface Wish extends TimeView {
  width: number;
  plots: Record<string, number>;
  wants: Wants;
  ahead: Ahead | null;
}

export interface Clock {
  now(): number;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

const FIRST_TIMEOUT = 300;
const LAST_TIMEOUT = 4800;
/** Longer without any answer than this, and the panel says so. */
const SILENCE = 8000;

export class ViewClient {
  /** Generation of the newest view or request. */
  gen = 0;
  /** Graphs that the kernel announced and has not sent yet. */
  pending: string[] = [];
  /** Time of the oldest request of the present silence; null when all are answered. */
  private silentSince: number | null = null;
  private view: TimeView | null = null;
  private sent: { gen: number; keys: Map<string, string[]>; ahead: Set<string> } | null = null;
  private inFlight = false;
  /** What was answered for this view and is not asked for again, whatever the answer was. */
  private settled = new Set<string>();
  private lacks = false;
  private timer: unknown = null;
  private timeout = FIRST_TIMEOUT;
  private sentAt = 0;
  private commands = 0;
  private closed = false;

  /**
   * @param next what the view needs now; asked for whenever a request may be sent, so that it is
   * always the newest view's
   */
  constructor(
    readonly name: string,
    private readonly send: (message: ToKernel) => void,
    private readonly clock: Clock,
    private readonly next: () => Wish | null
  ) {}

  /** True while the view lacks what is asked for or announced. */
  get busy(): boolean {
    return this.lacks || this.pending.length > 0;
  }

  get silent(): boolean {
    return this.silentSince !== null && this.clock.now() - this.silentSince > SILENCE;
  }

  /** Whether a want of this view was answered already. */
  done(key: string): boolean {
    return this.settled.has(key);
  }

  hello(): void {
    this.send({ v: PROTOCOL_VERSION, type: 'hello', view: this.name });
  }

  /** Note the view that is shown; its wants count as new. */
  look(view: TimeView): void {
    if (!this.view || !sameView(view, this.view)) {
      this.view = view;
      this.gen += 1;
      this.settled.clear();
    }
  }

  /** Ask for everything again that the view lacks, also for what could not be had. */
  renew(): void {
    this.settled.clear();
    this.sent = null;
    this.pending = [];
    this.pump();
  }

  /** Let what was answered be asked for again: it is computed in another way now. */
  forget(): void {
    this.settled.clear();
    this.pending = [];
    this.sent = this.sent && { ...this.sent, keys: new Map(), ahead: new Set() };
  }

  /** Send what the view needs, if that is news and no request is in flight. */
  pump(): void {
    const wish = this.closed ? null : this.next();
    this.lacks = wish !== null && Object.keys(wish.wants).length > 0;
    if (!wish || this.inFlight) {
      return;
    }
    this.look(wish);
    const keys = new Map(
      Object.entries(wish.wants).map(([graph, refs]) => [
        graph,
        refs === null ? [wantKey(graph, null, wish)] : refs.map(ref => wantKey(graph, ref, wish))
      ])
    );
    const ahead = new Set(
      Object.entries(wish.ahead?.wants ?? {}).flatMap(([graph, refs]) =>
        (refs ?? []).map(ref => wantKey(graph, ref, wish))
      )
    );
    if (!this.isNews(keys, ahead)) {
      return;
    }
    if (this.sent?.gen === this.gen) {
      this.gen += 1;
    }
    this.sent = { gen: this.gen, keys, ahead };
    this.inFlight = true;
    this.silentSince ??= this.clock.now();
    this.send({
      v: PROTOCOL_VERSION,
      type: 'view',
      view: this.name,
      gen: this.gen,
      start: wish.start.toString(),
      stop: wish.stop.toString(),
      width: wish.width,
      plots: wish.plots,
      wants: wish.wants,
      ahead: wish.ahead
    });
    this.sentAt = this.clock.now();
    this.timer = this.clock.setTimer(() => this.expire(), this.timeout);
  }

  /** Whether anything is wanted that the last request did not ask for, or that did not come. */
  private isNews(keys: Map<string, string[]>, ahead: Set<string>): boolean {
    const { sent } = this;
    const waiting = new Set(this.pending.flatMap(graph => sent?.keys.get(graph) ?? []));
    return (
      [...keys.values()].some(list => list.some(key => !waiting.has(key))) ||
      [...ahead].some(key => !sent?.ahead.has(key))
    );
  }

  private expire(): void {
    this.timer = null;
    this.inFlight = false;
    this.sent = this.sent && { ...this.sent, keys: new Map(), ahead: new Set() };
    // A kernel that is busy for long is asked less and less often, not every third of a second.
    this.timeout = Math.min(this.timeout * 2, LAST_TIMEOUT);
    this.pump();
  }

  /** Note an answer of generation `gen`, after it was taken in; `pending` are the graphs that follow. */
  answered(gen: number, pending: string[]): void {
    this.silentSince = null;
    const { sent } = this;
    if (!sent || gen !== sent.gen) {
      return;
    }
    this.pending = pending;
    for (const [graph, keys] of sent.keys) {
      if (!pending.includes(graph)) {
        keys.forEach(key => this.settled.add(key));
      }
    }
    if (this.inFlight) {
      this.inFlight = false;
      // A far kernel is slow every time: asking it twice each time would only make it slower.
      this.timeout = Math.min(Math.max(FIRST_TIMEOUT, 2 * (this.clock.now() - this.sentAt)), LAST_TIMEOUT);
      this.clock.clearTimer(this.timer);
      this.timer = null;
    }
    this.pump();
  }

  /** Do not wait for a graph any more. */
  stop(graph: string): void {
    if (!this.closed) {
      this.send({ v: PROTOCOL_VERSION, type: 'stop', view: this.name, graph });
    }
  }

  /** Send an edit of the spec; returns the id that a refusal would quote. */
  command(command: Command): string {
    this.commands += 1;
    const id = `${this.name}:${this.commands}`;
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
    this.inFlight = false;
    this.lacks = false;
    this.pending = [];
    if (tellKernel) {
      this.send({ v: PROTOCOL_VERSION, type: 'cancel', view: this.name });
    }
  }
}
