/** Where the hand goes: what the next movement will probably show. */
import { levelFor, MOST_LEVEL } from './grid';
import { clampView } from './time';
import type { TimeView } from './time';

export interface Expected {
  /** The range that will be needed. */
  range: TimeView;
  level: number;
}

type Direction = 'rest' | 'later' | 'earlier' | 'in' | 'out';

export class Motion {
  private view: TimeView | null = null;
  private direction: Direction = 'rest';
  /** Where a zoom holds the view, as a fraction of it. */
  private anchor = 0.5;

  /** Note the view of now. */
  moved(view: TimeView): void {
    const before = this.view;
    this.view = view;
    if (!before || (before.start === view.start && before.stop === view.stop)) {
      return;
    }
    const [old, now] = [Number(before.stop - before.start), Number(view.stop - view.start)];
    const shift = Number(view.start - before.start);
    if (Math.abs(now - old) < 1e-3 * old) {
      // A jump to somewhere else says nothing about what follows.
      this.direction = Math.abs(shift) > 2 * old ? 'rest' : shift > 0 ? 'later' : 'earlier';
      return;
    }
    this.direction = now < old ? 'in' : 'out';
    this.anchor = Math.min(1, Math.max(0, shift / (old - now)));
  }

  /** What to fetch ahead: half a view where a pan goes, the next level where a zoom goes. */
  expected(width: number): Expected[] {
    const { view } = this;
    if (!view) {
      return [];
    }
    const span = view.stop - view.start;
    const level = levelFor(view, width);
    const later = { range: clampView({ start: view.stop, stop: view.stop + span / 2n }), level };
    const earlier = { range: clampView({ start: view.start - span / 2n, stop: view.start }), level };
    switch (this.direction) {
      case 'later':
        return [later];
      case 'earlier':
        return [earlier];
      case 'rest':
        return [later, earlier];
      case 'in':
        return level === 0 ? [] : [{ range: this.around(BigInt(Math.round(width)) << BigInt(level)), level: level - 1 }];
      case 'out':
        return level === MOST_LEVEL ? [] : [{ range: clampView(this.around(2n * span)), level: level + 1 }];
    }
  }

  /** A range of that length, which the zoom's anchor divides as it divides the view. */
  private around(length: bigint): TimeView {
    const { start, stop } = this.view!;
    const span = stop - start;
    const before = BigInt(Math.round(Number(span - length) * this.anchor));
    return { start: start + before, stop: start + before + length };
  }
}
