/** What a panel says of itself to tests and to the page around it. */
import type { TileStore } from '../core/store';
import type { PanelStatus } from './stage';

export function statusOf(live: boolean, busy: boolean, store: TileStore): PanelStatus {
  if (!live) {
    return 'disconnected';
  }
  const states = [...store.all()];
  if (busy || states.some(state => state.status === 'waiting')) {
    return 'pending';
  }
  return states.some(state => state.status === 'error') ? 'error' : 'idle';
}
