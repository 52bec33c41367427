/** A menu at a place on the screen, worked by mouse and by keys. */
import { make } from './dom';

export interface MenuEntry {
  label: string;
  /** Nothing happens without; such an entry is shown as not available. */
  run?: () => void;
  /** Opened in place of `run`. */
  entries?: readonly MenuEntry[];
  /** Whether it is switched on, for an entry that can be. */
  checked?: boolean;
  /** Shown to its right, such as the key that does the same. */
  hint?: string;
}

/** A rule between groups of entries. */
export const SEPARATOR: MenuEntry = { label: '' };

/** Open a menu; returns what closes it. One is open at a time in each panel. */
export function openMenu(root: HTMLElement, at: { x: number; y: number }, entries: readonly MenuEntry[]): () => void {
  root.querySelector<HTMLElement>(':scope > .sq-menu')?.dispatchEvent(new Event('sq-close'));
  const before = root.ownerDocument.activeElement;
  const node = build(root, entries, finish);
  node.classList.add('sq-menu-top');
  root.append(node);
  put(root, node, at);
  const outside = (event: Event): void => {
    if (!(event.target instanceof Node && node.contains(event.target))) {
      finish();
    }
  };
  root.ownerDocument.addEventListener('pointerdown', outside, true);
  node.addEventListener('sq-close', finish);
  focusable(node)[0]?.focus();

  function finish(): void {
    root.ownerDocument.removeEventListener('pointerdown', outside, true);
    if (node.isConnected) {
      node.remove();
      (before instanceof HTMLElement && before.isConnected ? before : root).focus({ preventScroll: true });
    }
  }
  return finish;
}

function build(root: HTMLElement, entries: readonly MenuEntry[], finish: () => void): HTMLElement {
  const node = make('div', 'sq-menu');
  node.setAttribute('role', 'menu');
  for (const entry of entries) {
    node.append(entry === SEPARATOR ? make('div', 'sq-menu-rule') : item(root, entry, finish));
  }
  node.addEventListener('keydown', event => keys(node, event, finish));
  node.addEventListener('contextmenu', event => event.preventDefault());
  return node;
}

function item(root: HTMLElement, entry: MenuEntry, finish: () => void): HTMLElement {
  const node = make('button', 'sq-menu-item');
  node.type = 'button';
  node.setAttribute('role', entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox');
  if (entry.checked !== undefined) {
    node.setAttribute('aria-checked', String(entry.checked));
  }
  node.append(make('span', 'sq-menu-mark', entry.checked ? '✓' : ''), make('span', 'sq-menu-label', entry.label));
  node.append(make('span', 'sq-menu-hint', entry.entries ? '▸' : (entry.hint ?? '')));
  if (!entry.run && !entry.entries) {
    node.setAttribute('aria-disabled', 'true');
    return node;
  }
  if (entry.entries) {
    node.setAttribute('aria-haspopup', 'menu');
  }
  node.addEventListener('pointerenter', () => (entry.entries ? openSub(root, node, entry, finish) : closeSub(node)));
  node.addEventListener('click', event => {
    event.stopPropagation();
    if (entry.entries) {
      openSub(root, node, entry, finish);
      focusable(subOf(node)!)[0]?.focus();
    } else {
      finish();
      entry.run?.();
    }
  });
  return node;
}

function subOf(node: HTMLElement): HTMLElement | null {
  return node.parentElement!.querySelector<HTMLElement>(':scope > .sq-menu');
}

function closeSub(node: HTMLElement): void {
  subOf(node)?.remove();
}

function openSub(root: HTMLElement, node: HTMLElement, entry: MenuEntry, finish: () => void): void {
  closeSub(node);
  const sub = build(root, entry.entries ?? [], finish);
  sub.classList.add('sq-menu-sub');
  sub.dataset.of = entry.label;
  node.parentElement!.append(sub);
  const onTop = raise(sub);
  const beside = (): void => {
    const [box, own] = [node.getBoundingClientRect(), node.parentElement!.getBoundingClientRect()];
    const edge = onTop ? root.ownerDocument.documentElement.clientWidth : rightEdge(root);
    // To the other side where it would leave the window.
    const x = box.right + sub.offsetWidth < edge ? own.right - 2 : own.left + 2 - sub.offsetWidth;
    const [left, top] = onTop ? [0, 0] : [own.left, own.top];
    sub.style.left = `${x - left}px`;
    sub.style.top = `${within(root, sub, box.top - 4) - top}px`;
  };
  beside();
  node.parentElement!.addEventListener('scroll', () => sub.isConnected && beside());
}

function focusable(node: HTMLElement): HTMLElement[] {
  return [...node.querySelectorAll<HTMLElement>(':scope > .sq-menu-item')];
}

function keys(node: HTMLElement, event: KeyboardEvent, finish: () => void): void {
  const items = focusable(node);
  const at = items.indexOf(node.ownerDocument.activeElement as HTMLElement);
  const parent = node.parentElement?.closest<HTMLElement>('.sq-menu') ?? null;
  const go = (index: number): void => items[(index + items.length) % items.length]?.focus();
  const actions: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at < 0 ? -1 : at - 1),
    Home: () => go(0),
    End: () => go(-1),
    ArrowRight: () => items[at]?.getAttribute('aria-haspopup') === 'menu' && items[at].click(),
    ArrowLeft: () => {
      if (parent) {
        const owner = focusable(parent).find(other => other.textContent?.includes(node.dataset.of ?? ''));
        node.remove();
        owner?.focus();
      }
    },
    Escape: finish,
    Tab: finish
  };
  const action = actions[event.key];
  if (action) {
    action();
    event.preventDefault();
  }
  // Keys of the panel and of JupyterLab mean nothing while a menu is open.
  event.stopPropagation();
}

/** Where menus would be cut: at the window's edge, or at the output of a notebook that holds the panel. */
function rightEdge(root: HTMLElement): number {
  const { width, right } = root.getBoundingClientRect();
  const { clientWidth } = root.ownerDocument.documentElement;
  return width > 0 ? Math.min(right, clientWidth) : clientWidth;
}

/**
 * Above everything where the browser has a top layer, because the output of a cell would cut a menu
 * off, and a menu that scrolls its own submenus; whether it has one.
 */
function raise(node: HTMLElement): boolean {
  if (typeof node.showPopover !== 'function') {
    return false;
  }
  node.popover = 'manual';
  node.showPopover();
  return true;
}

/** The place nearest to `top` where a menu is inside the window; one that is higher scrolls. */
function within(root: HTMLElement, node: HTMLElement, top: number): number {
  const { clientHeight } = root.ownerDocument.documentElement;
  return Math.max(4, Math.min(top, clientHeight - node.offsetHeight - 4));
}

/** Show a menu inside the window, whatever the place. */
function put(root: HTMLElement, node: HTMLElement, at: { x: number; y: number }): void {
  const onTop = raise(node);
  const width = onTop ? root.ownerDocument.documentElement.clientWidth : rightEdge(root);
  const { left, top } = onTop ? { left: 0, top: 0 } : root.getBoundingClientRect();
  node.style.left = `${Math.max(0, Math.min(at.x, width - node.offsetWidth - 4)) - left}px`;
  node.style.top = `${within(root, node, at.y) - top}px`;
}
