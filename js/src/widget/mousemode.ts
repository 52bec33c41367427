/**
 * Which of the two mouse modes panels have. In JupyterLab and Notebook it is a setting, shown on the
 * page's root element and changed by an event that the extension takes; elsewhere the browser keeps
 * what was chosen last.
 */

const KEPT = 'sciqlop-mouse';

export type MouseMode = 'sciqlop' | 'plain';

/** Dispatched on the document; its detail is the mode that somebody chose. */
export const MOUSE_EVENT = 'sciqlop:mouse-mode';

export function isPlain(document: Document): boolean {
  return (document.documentElement.dataset.sciqlopMouse ?? kept(document)) === 'plain';
}

/** Take a mode for all panels of the page, and of pages to come. */
export function chooseMouse(document: Document, mode: MouseMode): void {
  document.documentElement.dataset.sciqlopMouse = mode;
  const chosen = new CustomEvent<MouseMode>(MOUSE_EVENT, { detail: mode, cancelable: true });
  if (document.dispatchEvent(chosen)) {
    stored(document, storage => storage.setItem(KEPT, mode));
  }
}

function kept(document: Document): string | null {
  return stored(document, storage => storage.getItem(KEPT)) ?? null;
}

/** Null where a page may keep nothing, as in the frame of another site. */
function stored<T>(document: Document, use: (storage: Storage) => T): T | null {
  try {
    const storage = document.defaultView?.localStorage;
    return storage ? use(storage) : null;
  } catch {
    return null;
  }
}
