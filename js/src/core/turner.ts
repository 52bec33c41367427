/**
 * A hand at the knobs of one graph becomes commands: the first movement at once, then as fast as
 * the answers come, the last position always. All that a hand does until it lets go is one gesture.
 */
import type { KnobValue } from '../protocol';
import type { Clock } from './client';

export type Turned = Record<string, KnobValue | null>;

/** Commands do not follow each other faster than this, in milliseconds. */
export const SHORTEST = 40;
/** A function that needs longer than this is not waited for: its call is given up. */
export const LONGEST = 2000;

export class Turner {
  private wanted: Turned = {};
  private gesture: string | null = null;
  private gestures = 0;
  private sentAt = -Infinity;
  private sent: Turned | null = null;
  private timer: unknown = null;

  /**
   * @param send turns knobs in the kernel
   * @param answered whether the picture of the last that was sent is there
   */
  constructor(
    private readonly name: string,
    private readonly send: (values: Turned, gesture: string) => void,
    private readonly answered: (values: Turned) => boolean,
    private readonly clock: Clock
  ) {}

  /** Whether controls are ahead of the spec: it must not move them back under the hand. */
  get active(): boolean {
    return this.gesture !== null;
  }

  /** The hand moved. */
  move(values: Turned): void {
    if (this.gesture === null) {
      this.gestures += 1;
      this.gesture = `${this.name}#${this.gestures}`;
    }
    Object.assign(this.wanted, values);
    this.pump();
  }

  /** The hand let go: what it left is sent now. */
  release(): void {
    this.flush();
    this.gesture = null;
  }

  /** Send what is wanted, if it is time; called again whenever a picture was drawn. */
  pump(): void {
    if (Object.keys(this.wanted).length === 0) {
      return;
    }
    const since = this.clock.now() - this.sentAt;
    const free = !this.sent || this.answered(this.sent) || since >= LONGEST;
    if (free && since >= SHORTEST) {
      this.flush();
    } else {
      this.later(free ? SHORTEST - since : Math.max(SHORTEST, LONGEST - since));
    }
  }

  private later(wait: number): void {
    this.clock.clearTimer(this.timer);
    this.timer = this.clock.setTimer(() => this.pump(), Math.max(1, wait));
  }

  private flush(): void {
    this.clock.clearTimer(this.timer);
    const { wanted } = this;
    if (this.gesture !== null && Object.keys(wanted).length > 0) {
      this.wanted = {};
      this.sentAt = this.clock.now();
      this.sent = wanted;
      this.send(wanted, this.gesture);
    }
  }

  close(): void {
    this.clock.clearTimer(this.timer);
  }
}
