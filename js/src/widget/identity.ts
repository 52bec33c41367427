/** Names and first views of panels. */
import { clampView } from '../core/time';
import type { TimeView } from '../core/time';
import type { PanelSpec } from '../protocol';

export function newId(): string {
  // randomUUID exists on secure pages only; a JupyterLab on plain http over a network is none.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

export function viewOf(spec: PanelSpec): TimeView {
  return clampView({ start: BigInt(spec.time_range.start), stop: BigInt(spec.time_range.stop) });
}
