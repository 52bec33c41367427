/** What the tree in a cell's output asks its kernel. */

export interface TreeNode {
  id: number;
  name: string;
  kind: string;
  ref: string | null;
  title: string;
  unit: string;
  has_children: boolean;
  /** Names from the provider down; in results of a search. */
  path?: string[];
}

export interface TreeWidgetModel {
  get(name: 'has_panel'): boolean;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback?: (...args: never[]) => void): void;
  send(content: unknown): void;
}

type Answer = Record<string, unknown> & { token?: number; error?: string };

/** A kernel that computes answers later; one that says nothing for so long is taken for gone. */
const PATIENCE = 30_000;

export class TreeData {
  constructor(private readonly model: TreeWidgetModel) {
    model.on('msg:custom', this.receive as (...args: never[]) => void);
  }

  nodes(parent: number | null, offset: number): Promise<{ nodes: TreeNode[]; total: number }> {
    return this.ask({ type: 'nodes', parent, offset });
  }

  search(q: string): Promise<{ hits: TreeNode[] }> {
    return this.ask({ type: 'search', q });
  }

  product(ref: string): Promise<Record<string, unknown>> {
    return this.ask({ type: 'product', ref });
  }

  status(): Promise<{ providers: Record<string, { count: number; refreshing: boolean; error: string | null }> }> {
    return this.ask({ type: 'status' });
  }

  add(ref: string, kind: string): Promise<unknown> {
    return this.ask({ type: 'add', ref, kind });
  }

  close(): void {
    this.model.off('msg:custom', this.receive as (...args: never[]) => void);
    this.waiting.forEach(({ timer }) => clearTimeout(timer));
    this.waiting.clear();
  }

  private ask<T>(question: Record<string, unknown>): Promise<T> {
    const token = ++this.last;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(token);
        reject(new Error('The kernel does not answer: it is busy or gone.'));
      }, PATIENCE);
      this.waiting.set(token, { resolve: resolve as (answer: Answer) => void, reject, timer });
      try {
        this.model.send({ ...question, token });
      } catch {
        clearTimeout(timer);
        this.waiting.delete(token);
        reject(new Error('The kernel of this tree is gone: run its cell again.'));
      }
    });
  }

  private readonly receive = (content: Answer): void => {
    const asked = this.waiting.get(content?.token ?? -1);
    if (asked) {
      clearTimeout(asked.timer);
      this.waiting.delete(content.token!);
      if (typeof content.error === 'string') {
        asked.reject(new Error(content.error));
      } else {
        asked.resolve(content);
      }
    }
  };

  private readonly waiting = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void; timer: ReturnType<typeof setTimeout> }
  >();
  private last = 0;
}
