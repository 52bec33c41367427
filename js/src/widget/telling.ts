/** What the page around asks of a panel: its description as it is on the screen, unsent moves included. */
import { setData } from './dom';
import type { PanelHost, Part } from './part';

/** Dispatched on a panel's root element; the panel puts its spec as JSON text into the detail. */
export const DESCRIBE_EVENT = 'sciqlop:describe';

export function makeTelling(panel: PanelHost): Part {
  let revision = 0;
  const describe = (event: Event): void => {
    const { detail } = event as CustomEvent<{ spec?: string } | null>;
    if (detail) {
      const { start, stop } = panel.view;
      const time_range = { start: start.toString(), stop: stop.toString() };
      detail.spec = JSON.stringify({ ...panel.spec, time_range });
    }
  };
  panel.root.addEventListener(DESCRIBE_EVENT, describe);
  return {
    // Whoever keeps the description watches this attribute: not every edit changes the picture.
    changed: () => setData(panel.root, 'revision', String(++revision)),
    close: () => panel.root.removeEventListener(DESCRIBE_EVENT, describe)
  };
}
