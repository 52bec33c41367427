/**
 * Linked panels: what the hand does in one, all show in the same frame, and ask for in one message.
 * Each panel may have loaded its own copy of this bundle, so that the groups are kept by the page.
 */
import type { Command, ToKernel, ViewMessage } from '../protocol';
import { PROTOCOL_VERSION } from '../protocol';
import type { TimeView } from '../core/time';

/** What a panel does as one of a group. */
export interface Member {
  /** True while its hand moves. */
  readonly moving: boolean;
  /** Show what another panel was moved to. */
  follow(view: TimeView): void;
  /** What another panel sent will come back in this one's spec too. */
  expect(start: string, stop: string): void;
  /** Show a crosshair at an instant that is pointed at in another panel; null for none. */
  pointed?: (instant: bigint | null) => void;
}

type Send = (message: ToKernel) => void;

interface Shared {
  members: Set<Member>;
  /** Requests of this task, and who sends them. */
  queue: { view: ViewMessage; send: Send }[];
}

const PLACE = Symbol.for('sciqlop.panel.groups');

function groups(): Map<string, Shared> {
  const page = globalThis as unknown as Record<symbol, Map<string, Shared> | undefined>;
  return (page[PLACE] ??= new Map<string, Shared>());
}

export class Membership {
  private name = '';
  private shared: Shared | null = null;

  constructor(private readonly member: Member) {}

  /** Be in the group of that name; in none for an empty one. */
  join(name: unknown): void {
    const wanted = typeof name === 'string' ? name : '';
    if (wanted === this.name) {
      return;
    }
    this.leave();
    this.name = wanted;
    if (wanted !== '') {
      const shared = groups().get(wanted) ?? { members: new Set(), queue: [] };
      groups().set(wanted, shared);
      shared.members.add(this.member);
      this.shared = shared;
    }
  }

  leave(): void {
    this.shared?.members.delete(this.member);
    if (this.shared?.members.size === 0) {
      groups().delete(this.name);
    }
    this.name = '';
    this.shared = null;
  }

  private others(): Member[] {
    return [...(this.shared?.members ?? [])].filter(other => other !== this.member);
  }

  /** True while the hand moves another panel of the group: what the kernel says is older. */
  get led(): boolean {
    return this.others().some(other => other.moving);
  }

  move(view: TimeView): void {
    this.others().forEach(other => other.follow(view));
  }

  /** Hear of what is pointed at in the others. */
  onPointed(pointed: (instant: bigint | null) => void): void {
    this.member.pointed = pointed;
  }

  point(instant: bigint | null): void {
    this.others().forEach(other => other.pointed?.(instant));
  }

  sent(command: Command): void {
    if (command.op === 'several') {
      command.commands.forEach(one => this.sent(one));
    } else if (command.op === 'set_time_range') {
      this.others().forEach(other => other.expect(command.start, command.stop));
    }
  }

  /** Send at once what is alone, and the requests of one movement together. */
  send(message: ToKernel, send: Send): void {
    const { shared } = this;
    if (message.type !== 'view' || !shared || shared.members.size < 2) {
      send(message);
      return;
    }
    shared.queue.push({ view: message, send });
    if (shared.queue.length === 1) {
      queueMicrotask(() => {
        const [first, ...more] = shared.queue.splice(0);
        const views = [first!, ...more].map(({ view }) => view);
        first!.send(more.length === 0 ? first!.view : { v: PROTOCOL_VERSION, type: 'views', views });
      });
    }
  }
}
