/** One view of a panel: wires the model, the zoom loop, the picture and the hand together. */
import { clock } from '../core/clock';
import type { RawBuffer } from '../core/decode';
import { Edits } from '../core/edits';
import type { PanelLayout, Rect } from '../core/layout';
import type { PlotState } from '../core/plot';
import { AskError, Questions } from '../core/questions';
import type { Answered } from '../core/questions';
import { plotFor } from '../core/space';
import { sameView } from '../core/time';
import type { TimeView } from '../core/time';
import { PROTOCOL_VERSION } from '../protocol';
import type { AxisChange, AxisName, Command, FromKernel, PanelSpec, ToKernel } from '../protocol';
import { make } from './dom';
import { download, fileName, pictureOf } from './export';
import type { ExportFormat } from './export';
import { Feed } from './feed';
import type { Sizes } from './feed';
import { Membership } from './group';
import { newId, viewOf } from './identity';
import { makeGestures, usesKey } from './gestures';
import type { Gestures } from './interaction';
import { attachKeys, attachPointer } from './interaction';
import { Link } from './link';
import type { PanelModel } from './model';
import { Stage } from './stage';
import type { Part, PanelHost } from './part';
import { PARTS } from './parts';
import { statusOf } from './status';
import { watchTheme } from './theme';
import { plotActions, toolActions } from './tools';

/** Colours are fitted to a moving spectrogram this often, in milliseconds: it takes some. */
const REFIT_EVERY = 120;

export class PanelView implements PanelHost {
  readonly root = make('div', 'sciqlop-panel');
  view: TimeView;
  plots: PlotState[] = [];
  current = 0;
  private readonly feed: Feed;
  private fitted: { view: TimeView; at: number } | null = null;
  private readonly edits: Edits;
  readonly stage: Stage;
  spec: PanelSpec;
  private readonly link: Link;
  private readonly questions: Questions;
  private readonly gestures = makeGestures(this);
  private readonly parts: Part[] = [];
  private readonly cleanups: (() => void)[] = [];
  readonly group: Membership;
  private readonly start: TimeView;
  private frame = 0;

  constructor(
    readonly model: PanelModel,
    private readonly host: HTMLElement
  ) {
    this.spec = model.get('spec');
    this.view = viewOf(this.spec);
    this.start = this.view;
    this.feed = new Feed(newId(), message => this.send(message), clock, () => this.sizes());
    this.edits = new Edits(command => this.command(command), clock);
    this.questions = new Questions(this.feed.client.name, message => this.send(message), clock);
    this.group = this.makeMembership();
    this.root.tabIndex = 0;
    this.root.setAttribute('role', 'application');
    host.append(this.root);
    this.stage = this.makeStage();
    this.link = new Link(model, this.feed.client, {
      message: (content, buffers) => this.receive(content, buffers),
      banner: text => this.stage.chrome.showBanner(text),
      changed: () => this.redraw(),
      back: () => {
        this.feed.client.renew();
        this.redraw();
      }
    });
    this.parts.push(...PARTS.map(make => make(this)));
    this.listen();
    this.group.join(model.get('group'));
    this.adoptSpec();
    this.adoptFirst();
    this.feed.client.hello();
  }

  get layout(): PanelLayout | null {
    return this.stage.layout;
  }

  private makeStage(): Stage {
    const wait = { retry: () => this.feed.retry(), stop: (graph: string) => this.feed.client.stop(graph) };
    return new Stage(this.root, toolActions(this, this.gestures), plotActions(this, wait));
  }

  private makeMembership(): Membership {
    const { edits } = this;
    return new Membership({
      get moving() {
        return edits.active;
      },
      follow: view => this.show(view),
      expect: (start, stop) => edits.expect(start, stop)
    });
  }

  private send(message: ToKernel): void {
    this.group.send(message, all => this.link.send(all));
  }

  private listen(): void {
    const adopt = (): void => this.adoptSpec();
    const first = (): void => this.adoptFirst();
    const regroup = (): void => this.group.join(this.model.get('group'));
    this.model.on('change:spec', adopt);
    this.model.on('change:first', first);
    this.model.on('change:group', regroup);
    const { element } = this.stage;
    // JupyterLab's status bar: give up what is waited for.
    this.root.addEventListener('sciqlop:stop', () => {
      this.plots.flatMap(plot => plot.states()).forEach(state => this.feed.client.stop(state.id));
    });
    // JupyterLab again: the notebook has no kernel any more, or another one.
    this.root.addEventListener('sciqlop:lost', () => this.link.ask());
    const sizes = new ResizeObserver(() => this.resized());
    sizes.observe(element);
    const filled = this.filled();
    if (filled) {
      sizes.observe(filled);
    }
    this.cleanups.push(
      () => this.model.off('change:spec', adopt),
      () => this.model.off('change:first', first),
      () => this.model.off('change:group', regroup),
      () => this.group.leave(),
      attachPointer(element, this.gestures),
      attachKeys(this.root, this.keys(), event => usesKey(event) || this.parts.some(part => part.usesKey?.(event))),
      watchTheme(document, () => {
        this.stage.retheme();
        this.redraw();
      }),
      () => sizes.disconnect()
    );
  }

  /** Keys go to the parts where the panel itself has no use for them. */
  private keys(): Gestures {
    const key = (event: KeyboardEvent): boolean =>
      this.gestures.key(event) || this.parts.some(part => part.key?.(event) ?? false);
    return { ...this.gestures, key };
  }

  // ---- the model

  private adoptSpec(): void {
    const before = this.spec.time_range;
    this.spec = this.model.get('spec');
    this.feed.adopt(this.spec.plots);
    const old = new Map(this.plots.map(plot => [plot.id, plot]));
    this.plots = this.spec.plots.map(spec => {
      const plot = plotFor(old.get(spec.id), spec, this.feed.store);
      plot.update(spec);
      return plot;
    });
    this.current = Math.min(this.current, Math.max(0, this.plots.length - 1));
    const range = this.spec.time_range;
    const changed = range.start !== before.start || range.stop !== before.stop;
    if (changed && this.edits.isNews(range) && !this.group.led) {
      this.view = viewOf(this.spec);
    }
    this.parts.forEach(part => part.changed?.());
    this.refit();
    // The next picture has the new layout, whose sizes belong into the request.
    this.redraw();
  }

  /** Show the picture that the kernel made before this view could ask for one. */
  private adoptFirst(): void {
    const { items, start, stop, buffers } = this.model.get('first') ?? {};
    if (items && start !== undefined && stop !== undefined) {
      const message = { v: PROTOCOL_VERSION, type: 'tiles' as const, view: '', gen: -1, start, stop, items, pending: [] };
      this.feed.store.apply(message, buffers ?? []);
      this.refit();
      this.redraw();
    }
  }

  private receive(message: FromKernel, buffers: readonly RawBuffer[]): void {
    if (message.type === 'tiles' && message.view === this.feed.client.name) {
      const waited = this.feed.client.busy;
      this.feed.take(message, buffers);
      this.refit();
      this.arrived(waited);
    } else if (message.type === 'progress' && message.view === this.feed.client.name) {
      this.feed.note(message.items);
      this.redraw();
    } else if (message.type === 'refused') {
      this.edits.forget();
      this.notify('error', message.message, message.hint);
    } else if (message.type === 'export') {
      this.deliver(message.id, message.format).catch((error: unknown) => {
        this.notify('error', `The picture could not be exported: ${String(error)}`);
      });
    } else if (message.type === 'answer') {
      this.questions.answered(message, buffers);
    } else if (message.type === 'notice') {
      this.notify(message.level, message.message);
    }
  }

  notify(level: 'info' | 'warning' | 'error', message: string, hint: string | null = null): void {
    this.stage.chrome.notify(level, message, hint);
  }

  ask(what: string, args: Record<string, unknown> = {}, patience?: number): Promise<Answered> {
    if (!this.link.live) {
      return Promise.reject(new AskError('Disconnected: the kernel of this panel is gone'));
    }
    return this.questions.ask(what, args, patience);
  }

  command(command: Command): void {
    if (this.link.live) {
      this.feed.client.command(command);
      this.group.sent(command);
    } else {
      this.notify('warning', 'Disconnected: the edit was not sent to the kernel');
    }
  }

  /** What data is asked for; null while there is no picture, or nobody to ask. */
  private sizes(): Sizes | null {
    return this.link.live ? this.stage.sizes(this.plots) : null;
  }

  /** Fit the automatic ranges to what is known of this view. */
  private refit(): void {
    this.feed.look(this.view);
    this.fitted = { view: this.view, at: clock.now() };
    this.plots.forEach(plot => plot.refit(this.view));
  }

  // ---- the hand (PanelActions)

  setView(view: TimeView): void {
    if (sameView(view, this.view)) {
      return;
    }
    this.edits.moveTime(view);
    this.show(view);
    this.group.move(view);
  }

  private show(view: TimeView): void {
    if (!sameView(view, this.view)) {
      this.view = view;
      this.feed.look(view);
      this.feed.client.pump();
      this.redraw();
    }
  }

  gestureEnded(): void {
    this.edits.flush();
  }

  setAxis(plot: PlotState, axis: AxisName, change: AxisChange): void {
    if (plot.change(axis, change)) {
      plot.refit(this.view, change.range === null);
      this.edits.setAxis(plot.id, axis, change);
    }
    this.redraw();
  }

  mark(box: Rect | null): void {
    this.stage.mark(box);
  }

  removePlot(plot: PlotState): void {
    this.command({ op: 'remove_plot', plot: plot.id });
  }

  undo(): void {
    this.edits.flush();
    this.command({ op: 'undo' });
  }

  redo(): void {
    this.edits.flush();
    this.command({ op: 'redo' });
  }

  home(): void {
    this.setView(this.start);
  }

  hover(point: { x: number; y: number } | null): void {
    this.stage.pointer = point;
    const hit = point && this.stage.hit(point.x, point.y);
    if (hit) {
      this.current = hit.index;
    }
    this.redraw();
  }

  /** Save the picture as a file of the user's. */
  exportAs(format: ExportFormat): void {
    const { title } = this.spec;
    pictureOf(this, format).then(
      blob => download(blob, fileName(title, this.view.start, format)),
      (error: unknown) => this.notify('error', `The picture could not be saved: ${String(error)}`)
    );
  }

  /** Send the picture to the kernel, which asked for it. */
  private async deliver(id: string, format: ExportFormat): Promise<void> {
    const blob = await pictureOf(this, format);
    const answer = { v: PROTOCOL_VERSION, type: 'exported', id, view: this.feed.client.name } as const;
    this.model.send(answer, undefined, [await blob.arrayBuffer()]);
  }

  // ---- the picture

  /** The tab of the main area that this panel has for itself; null in a notebook. */
  private filled(): HTMLElement | null {
    return this.host.closest<HTMLElement>('[data-sciqlop-fill], .sqlab-panel-tab');
  }

  private resized(): void {
    // A new tab has no size yet: a request for 0 pixels would be answered with nothing.
    if (this.stage.resize(this.filled())) {
      this.paint();
    }
  }

  redraw(): void {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.paint());
    }
  }

  /** Show what came: at once when it was the last that the view waited for, not a frame later. */
  private arrived(waited: boolean): void {
    if (waited && !this.feed.client.busy) {
      this.paint();
    } else {
      this.redraw();
    }
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.follow();
    this.stage.draw({
      title: this.spec.title,
      view: this.view,
      plots: this.plots,
      spans: this.spec.spans ?? [],
      store: this.feed.store,
      pending: this.feed.client.pending,
      slow: this.feed.slow(this.link.live, () => this.redraw()),
      gen: this.feed.client.gen,
      status: statusOf(this.link.live, this.feed.client.busy, this.feed.store),
      current: this.current
    });
    if (this.layout) {
      this.parts.forEach(part => part.drawn?.(this.layout!, this.stage.pointer));
    }
    this.feed.client.pump();
  }

  /** Let automatic ranges follow the view, which may show what has been here for long. */
  private follow(): void {
    this.feed.look(this.view);
    if (this.fitted && sameView(this.fitted.view, this.view)) {
      return;
    }
    const wait = this.plots.some(plot => plot.image()) ? REFIT_EVERY - (clock.now() - (this.fitted?.at ?? 0)) : 0;
    if (wait <= 0) {
      this.refit();
    } else {
      setTimeout(() => this.redraw(), wait);
    }
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.edits.flush();
    this.questions.close();
    this.parts.forEach(part => part.close?.());
    this.stage.chrome.close();
    this.link.close();
    this.cleanups.forEach(cleanup => cleanup());
    this.root.remove();
  }
}
