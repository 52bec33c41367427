/** Questions to the kernel (sciqlop_lab/asks.py), each with one answer. */
import { PROTOCOL_VERSION } from '../protocol';
import type { AnswerMessage, ToKernel } from '../protocol';
import type { Clock } from './client';
import type { RawBuffer } from './decode';

/** A question that the kernel could not answer; the message is fit to be shown. */
export class AskError extends Error {
  constructor(
    message: string,
    readonly hint: string | null = null
  ) {
    super(message);
  }
}

export interface Answered {
  value: unknown;
  buffers: readonly RawBuffer[];
}

interface Waiting {
  resolve(answer: Answered): void;
  reject(error: AskError): void;
  timer: unknown;
}

/** Milliseconds without an answer, after which the kernel is taken for busy. */
export const PATIENCE = 60_000;

export class Questions {
  private count = 0;
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly view: string,
    private readonly send: (message: ToKernel) => void,
    private readonly clock: Clock
  ) {}

  /** Ask; rejects with an AskError when there is no answer, or the answer is an error. */
  ask(what: string, args: Record<string, unknown> = {}, patience = PATIENCE): Promise<Answered> {
    this.count += 1;
    const id = `${this.view}?${this.count}`;
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimer(() => {
        this.waiting.delete(id);
        reject(new AskError('The kernel did not answer', 'It is busy or has stopped; try again when it is idle'));
      }, patience);
      this.waiting.set(id, { resolve, reject, timer });
      this.send({ v: PROTOCOL_VERSION, type: 'ask', view: this.view, id, what, args });
    });
  }

  /** Take an answer; one for another view, or one that came too late, is left. */
  answered(message: AnswerMessage, buffers: readonly RawBuffer[]): void {
    const waiting = this.waiting.get(message.id);
    if (!waiting) {
      return;
    }
    this.forget(message.id, waiting);
    if (message.error) {
      waiting.reject(new AskError(message.error.message, message.error.hint));
    } else {
      waiting.resolve({ value: message.value ?? null, buffers });
    }
  }

  /** Nothing will be answered any more. */
  close(): void {
    for (const [id, waiting] of [...this.waiting]) {
      this.forget(id, waiting);
      waiting.reject(new AskError('The panel was closed'));
    }
  }

  private forget(id: string, waiting: Waiting): void {
    this.waiting.delete(id);
    this.clock.clearTimer(waiting.timer);
  }
}
