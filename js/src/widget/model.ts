/** The part of an anywidget model that a panel uses; a test can stand in for it. */
import type { RawBuffer } from '../core/decode';
import type { PanelSpec } from '../protocol';

export interface PanelModel {
  get(name: 'spec'): PanelSpec;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback?: (...args: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
}

export type CustomMessage = (content: unknown, buffers: readonly RawBuffer[]) => void;
