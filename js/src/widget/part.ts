/**
 * Parts of a panel that do one thing each: time bar, inspector, menus, exports. A part is made by a
 * function of the panel; PARTS in parts.ts lists them all. A part holds no state of the panel: it
 * reads `spec` and `view`, and changes them by commands and by `setView`, as the hand does.
 */
import type { Answered } from '../core/questions';
import type { PanelLayout, Point } from '../core/layout';
import type { Command, PanelSpec } from '../protocol';
import type { ExportFormat } from './export';
import type { PanelActions } from './gestures';
import type { Membership } from './group';
import type { PanelModel } from './model';
import type { Stage } from './stage';

export interface PanelHost extends PanelActions {
  readonly root: HTMLElement;
  /** Index of the plot that keys act on; a part may choose another. */
  current: number;
  readonly model: PanelModel;
  readonly stage: Stage;
  readonly group: Membership;
  readonly spec: PanelSpec;
  /** Edit the spec in the kernel; what it refuses is shown as a notice. */
  command(command: Command): void;
  /** Ask the kernel; rejects with an AskError. */
  ask(what: string, args?: Record<string, unknown>, patience?: number): Promise<Answered>;
  /** Show a remark over the panel; errors stay until they are read. */
  notify(level: 'info' | 'warning' | 'error', message: string, hint?: string | null): void;
  /** Save the picture as a file of the user's. */
  exportAs(format: ExportFormat): void;
  redraw(): void;
}

export interface Part {
  /** The spec has changed. */
  changed?(): void;
  /** A picture was drawn. */
  drawn?(layout: PanelLayout, pointer: Point | null): void;
  /** A key was pressed that the panel itself has no use for; true when it is taken. */
  key?(event: KeyboardEvent): boolean;
  /** Whether `key` would take it: JupyterLab's shortcuts are held off for such keys. */
  usesKey?(event: KeyboardEvent): boolean;
  /** The panel goes. */
  close?(): void;
}

export type MakePart = (panel: PanelHost) => Part;
