/** The connection to the kernel object: is it there, does it answer, does it speak our version. */
import type { ViewClient } from '../core/client';
import type { RawBuffer } from '../core/decode';
import { PROTOCOL_VERSION } from '../protocol';
import type { FromKernel, ToKernel } from '../protocol';
import type { PanelModel } from './model';

export interface LinkHost {
  message(message: FromKernel, buffers: readonly RawBuffer[]): void;
  banner(text: string | null): void;
  /** The state shown has to be drawn again. */
  changed(): void;
  /** The kernel answers again after it was taken for gone. */
  back(): void;
}

/** Milliseconds that a kernel has to answer after the page reported a change of the connection. */
const PROBE = 3000;

const GONE = 'Disconnected: the kernel of this panel is gone. Run its cell again to go on.';
const SILENT = 'No answer from the kernel: it is busy or has stopped. The picture follows when it answers.';

export class Link {
  /** False when nothing that is sent would be answered. */
  live = true;
  private closed = false;
  private banner = false;
  private probe: ReturnType<typeof setTimeout> | null = null;
  private readonly cleanups: (() => void)[] = [];

  constructor(
    private readonly model: PanelModel,
    private readonly client: ViewClient,
    private readonly host: LinkHost
  ) {
    const on = (event: string, handler: (...args: never[]) => void): void => {
      model.on(event, handler);
      this.cleanups.push(() => model.off(event, handler));
    };
    on('msg:custom', (content: unknown, buffers: readonly RawBuffer[]) => this.receive(content, buffers));
    on('comm:close', () => this.lost());
    on('destroy', () => this.lost());
    // The page says that the connection changed, but anywidget's model does not say to what.
    on('comm_live_update', () => this.ask());
    const tick = setInterval(() => {
      if (this.live && client.silent) {
        this.show(SILENT);
      }
    }, 1000);
    this.cleanups.push(() => clearInterval(tick));
  }

  /** Send, or note that this is no longer possible: a closed comm throws. */
  send(message: ToKernel): void {
    try {
      this.model.send(message);
    } catch {
      this.lost();
    }
  }

  private receive(content: unknown, buffers: readonly RawBuffer[]): void {
    if (this.closed || typeof content !== 'object' || content === null) {
      return;
    }
    const message = content as FromKernel;
    this.stopProbe();
    if (message.v !== PROTOCOL_VERSION) {
      this.show(
        `This page and the kernel run different versions of sciqlop-lab (protocol ${PROTOCOL_VERSION} and ` +
          `${String(message.v)}): install the same one on both sides, then reload the page`
      );
      return;
    }
    const wasGone = !this.live;
    this.live = true;
    this.show(null);
    this.host.message(message, buffers);
    if (wasGone) {
      this.host.back();
    }
  }

  /** Find out whether anybody is there. */
  ask(): void {
    if (this.closed || this.probe !== null) {
      return;
    }
    this.probe = setTimeout(() => {
      this.probe = null;
      this.lost();
    }, PROBE);
    this.client.hello();
  }

  private stopProbe(): void {
    if (this.probe !== null) {
      clearTimeout(this.probe);
      this.probe = null;
    }
  }

  private lost(): void {
    if (!this.closed) {
      this.stopProbe();
      this.live = false;
      this.show(GONE);
      this.host.changed();
    }
  }

  private show(text: string | null): void {
    if (text !== null || this.banner) {
      this.banner = text !== null;
      this.host.banner(text);
    }
  }

  close(): void {
    this.closed = true;
    this.stopProbe();
    this.client.close(this.live);
    this.cleanups.forEach(cleanup => cleanup());
  }
}
