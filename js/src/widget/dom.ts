/** Small helpers; all text goes through textContent. */
import type { Rect } from '../core/layout';

/** On an element: JupyterLab leaves the keys that are pressed there, or below it, alone. */
export const HELD_OFF = 'data-lm-suppress-shortcuts';

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text?: string
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) {
    node.textContent = text;
  }
  return node;
}

export function makeButton(className: string, text: string, label: string, run: () => void): HTMLButtonElement {
  const button = make('button', className, text);
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  button.addEventListener('click', event => {
    event.stopPropagation();
    run();
  });
  return button;
}

/** Set the text only when it changes: screen readers announce each change. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

export function setData(node: HTMLElement, name: string, value: string): void {
  if (node.dataset[name] !== value) {
    node.dataset[name] = value;
  }
}

export function place({ style }: HTMLElement, rect: Rect): void {
  style.left = `${rect.x}px`;
  style.top = `${rect.y}px`;
  style.width = `${rect.width}px`;
  style.height = `${rect.height}px`;
}
