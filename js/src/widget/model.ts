/** The part of an anywidget model that a panel uses; a test can stand in for it. */
import type { RawBuffer } from '../core/decode';
import type { TilesMessage } from '../core/store';
import type { KnobSpec, PanelSpec } from '../protocol';

export type FirstPicture = Partial<TilesMessage> & { buffers?: RawBuffer[] };

export interface PanelModel {
  get(name: 'spec'): PanelSpec;
  /** The picture that the kernel made before any view asked; an empty object before that. */
  get(name: 'first'): FirstPicture | undefined;
  /** Of panels that move together; empty for one that moves alone. */
  get(name: 'group'): string | undefined;
  /** The knobs of each graph that has some. */
  get(name: 'knob_specs'): Record<string, KnobSpec[]> | undefined;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback?: (...args: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
}

export type CustomMessage = (content: unknown, buffers: readonly RawBuffer[]) => void;
