/**
 * Gestures become commands on the spec once they rest, and the spec's own answer to them is told
 * apart from a change that somebody else made (Python, another view of the panel, undo).
 */
import type { AxisChange, AxisName, Command } from '../protocol';
import type { Clock } from './client';
import type { TimeView } from './time';

/** A gesture has ended when nothing moved for this long, in milliseconds. */
export const REST = 200;

export class Edits {
  private time: TimeView | null = null;
  private readonly axes = new Map<string, Command>();
  /** Time ranges sent and not yet seen in the spec. */
  private sent: string[] = [];
  private timer: unknown = null;

  constructor(
    private readonly send: (command: Command) => void,
    private readonly clock: Clock
  ) {}

  /** True from the first movement of a gesture until it was sent. */
  get active(): boolean {
    return this.timer !== null;
  }

  moveTime(view: TimeView): void {
    this.time = view;
    this.restart();
  }

  setAxis(plot: string, axis: AxisName, change: AxisChange): void {
    const key = `${plot}/${axis}`;
    const before = this.axes.get(key);
    this.axes.set(key, { ...before, op: 'set_axis', plot, axis, ...change });
    this.restart();
  }

  private restart(): void {
    if (this.timer !== null) {
      this.clock.clearTimer(this.timer);
    }
    this.timer = this.clock.setTimer(() => this.flush(), REST);
  }

  /** Send what the gesture changed, now. */
  flush(): void {
    if (this.timer !== null) {
      this.clock.clearTimer(this.timer);
      this.timer = null;
    }
    const commands = [...this.axes.values()];
    this.axes.clear();
    if (this.time) {
      const [start, stop] = [this.time.start.toString(), this.time.stop.toString()];
      this.time = null;
      this.sent.push(`${start}|${stop}`);
      commands.push({ op: 'set_time_range', start, stop });
    }
    if (commands.length === 1) {
      this.send(commands[0]!);
    } else if (commands.length > 1) {
      // What one gesture did is one step to undo.
      this.send({ op: 'several', commands });
    }
  }

  /** Whether a time range found in the spec is news; what we sent ourselves is not. */
  isNews(range: { start: string; stop: string }): boolean {
    const index = this.sent.indexOf(`${range.start}|${range.stop}`);
    if (index >= 0) {
      this.sent.splice(0, index + 1);
      return false;
    }
    // While the hand moves it wins; its own range follows when it rests.
    return !this.active;
  }

  /** A time range that another panel sent is no news either. */
  expect(start: string, stop: string): void {
    this.sent.push(`${start}|${stop}`);
  }

  /** Nothing more will be answered: a refused command's range never shows up in the spec. */
  forget(): void {
    this.sent = [];
  }

  close(): void {
    if (this.timer !== null) {
      this.clock.clearTimer(this.timer);
      this.timer = null;
    }
  }
}
