/**
 * Events of time tables and catalogues over plots. There may be thousands, one over the other: what a
 * frame costs follows the pixels, and the data below stay in sight however many there are.
 */
import type { TimeView } from '../core/time';
import type { Frame } from './frame';
import type { Surface } from './surface';

/** An event; `count` are joined where they lie too close. */
export interface Overlaid {
  start: bigint;
  stop: bigint;
  color: string;
  name: string;
  text: string;
  count: number;
}

const ALPHA = 0.2;
/** Colours that lie over one another at a place; events of one colour count once. */
const MOST_LAYERS = 3;
const BORDER_ALPHA = 0.7;
/** Pixels between two borders: closer ones would be a ground of their own. */
const BORDER_ROOM = 4;

interface Band {
  color: string;
  /** Pixels from the left end of the plot. */
  from: number;
  to: number;
}

export interface Bands {
  fills: Band[];
  borders: { color: string; at: number }[];
}

/** Events in the order of their starts, found by time without looking at all of them. */
export class EventIndex {
  private readonly events: readonly Overlaid[];
  private readonly origin: bigint;
  private readonly start: Float64Array;
  private readonly stop: Float64Array;
  /** The latest stop so far: long events may reach into a view that starts far behind them. */
  private readonly reach: Float64Array;
  private last: { view: TimeView; width: number; bands: Bands } | null = null;

  constructor(events: readonly Overlaid[]) {
    this.events = [...events].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    this.origin = this.events[0]?.start ?? 0n;
    this.start = Float64Array.from(this.events, event => Number(event.start - this.origin));
    this.stop = Float64Array.from(this.events, event => Number(event.stop - this.origin));
    let latest = -Infinity;
    this.reach = this.stop.map(stop => (latest = Math.max(latest, stop)));
  }

  get length(): number {
    return this.events.length;
  }

  /** Those that touch a range of time, both ends included. */
  within(from: bigint, to: bigint): Overlaid[] {
    return this.rows(from, to).map(i => this.events[i]!);
  }

  /** What is drawn over a plot so many pixels wide; the plots of a panel share the answer. */
  bands(view: TimeView, width: number): Bands {
    const { last } = this;
    if (last && last.width === width && last.view.start === view.start && last.view.stop === view.stop) {
      return last.bands;
    }
    const bands = this.makeBands(view, Math.max(1, Math.ceil(width)), width);
    this.last = { view, width, bands };
    return bands;
  }

  private rows(from: bigint, to: bigint): number[] {
    const [low, high] = [Number(from - this.origin), Number(to - this.origin)];
    const rows: number[] = [];
    for (let i = firstNotBelow(this.reach, low); i < this.start.length && this.start[i]! <= high; i += 1) {
      if (this.stop[i]! >= low) {
        rows.push(i);
      }
    }
    return rows;
  }

  private makeBands(view: TimeView, columns: number, width: number): Bands {
    const left = Number(view.start - this.origin);
    const perNs = width / Number(view.stop - view.start);
    const room = new Room(columns);
    const borders: (string | undefined)[] = [];
    const byColor = new Map<string, { fills: Band[]; done: number }>();
    for (const i of this.rows(view.start, view.stop)) {
      const { color } = this.events[i]!;
      const [a, b] = [Math.round((this.start[i]! - left) * perNs), Math.round((this.stop[i]! - left) * perNs)];
      const group = byColor.get(color) ?? { fills: [], done: 0 };
      byColor.set(color, group);
      // Never thinner than a pixel, so that short events are found.
      const from = Math.min(Math.max(a, 0), columns - 1);
      const to = Math.min(Math.max(b, from + 1), columns);
      room.take(color, Math.max(from, group.done), to, group.fills);
      group.done = Math.max(group.done, to);
      if (b - a > 3) {
        borders[a] ??= color;
        borders[b] ??= color;
      }
    }
    return { fills: [...byColor.values()].flatMap(({ fills }) => fills), borders: apart(borders, columns) };
  }
}

/** How many colours lie over each column of pixels, and the way past those that are full. */
class Room {
  private readonly layers: Uint8Array;
  private readonly next: Int32Array;

  constructor(private readonly columns: number) {
    this.layers = new Uint8Array(columns + 1);
    this.next = Int32Array.from({ length: columns + 1 }, (_, i) => i);
  }

  /** Add the free columns of a range as bands; one that goes on from the last one makes it longer. */
  take(color: string, from: number, to: number, bands: Band[]): void {
    for (let x = this.free(from); x < to; x = this.free(x)) {
      const begin = x;
      while (x < to && this.layers[x]! < MOST_LAYERS) {
        this.layers[x]! += 1;
        if (this.layers[x] === MOST_LAYERS) {
          this.next[x] = x + 1;
        }
        x += 1;
      }
      const before = bands.at(-1);
      if (before?.to === begin) {
        before.to = x;
      } else {
        bands.push({ color, from: begin, to: x });
      }
    }
  }

  /** The first column from `x` on that has room. */
  private free(x: number): number {
    let found = Math.min(x, this.columns);
    while (this.next[found] !== found) {
      this.next[found] = this.next[this.next[found]!]!;
      found = this.next[found]!;
    }
    return found;
  }
}

/** Borders inside the plot that have room beside each other. */
function apart(borders: readonly (string | undefined)[], columns: number): Bands['borders'] {
  const kept: Bands['borders'] = [];
  borders.forEach((color, at) => {
    if (color !== undefined && at <= columns && at - (kept.at(-1)?.at ?? -Infinity) >= BORDER_ROOM) {
      kept.push({ color, at });
    }
  });
  return kept;
}

/** Index of the first value of an ascending list that is not below another. */
function firstNotBelow(values: Float64Array, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Events as translucent bands with firm borders. */
export function drawOverlaid(surface: Surface, frame: Frame, events: EventIndex): void {
  const { rect, view } = frame;
  if (events.length === 0) {
    return;
  }
  const { fills, borders } = events.bands(view, rect.width);
  surface.save();
  surface.globalAlpha = ALPHA;
  for (const { color, from, to } of fills) {
    surface.fillStyle = color;
    surface.fillRect(rect.x + from, rect.y, Math.min(to, rect.width) - from, rect.height);
  }
  surface.globalAlpha = BORDER_ALPHA;
  for (const { color, at } of borders) {
    surface.fillStyle = color;
    surface.fillRect(rect.x + at - 0.5, rect.y, 1, rect.height);
  }
  surface.restore();
}
