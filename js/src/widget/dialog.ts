/** A dialog over a panel: a form with a title, closed by Escape, worked by keys. */
import { make, makeButton } from './dom';

export interface Dialog {
  readonly node: HTMLElement;
  readonly body: HTMLElement;
  /** Show why the form was not taken; empty takes it away. */
  fail(message: string, hint?: string | null): void;
  close(): void;
}

/** Open a dialog; one is open at a time in each panel. */
export function openDialog(root: HTMLElement, title: string, buttons: readonly [string, () => void][]): Dialog {
  root.querySelector(':scope > .sq-dialog')?.dispatchEvent(new Event('sq-close'));
  const node = make('div', 'sq-dialog');
  node.setAttribute('role', 'dialog');
  node.setAttribute('aria-label', title);
  node.tabIndex = -1;
  const close = (): void => {
    if (node.isConnected) {
      node.remove();
      root.focus({ preventScroll: true });
    }
  };
  const head = make('div', 'sq-dialog-head');
  head.append(make('h3', 'sq-dialog-title', title), makeButton('sq-tool', '✕', 'Close (Escape)', close));
  const body = make('div', 'sq-dialog-body');
  const error = make('div', 'sq-dialog-error');
  error.setAttribute('role', 'alert');
  error.hidden = true;
  const foot = make('div', 'sq-dialog-foot');
  buttons.forEach(([text, run], i) => {
    const button = make('button', i === 0 ? 'sq-button sq-button-main' : 'sq-button', text);
    button.type = 'button';
    button.addEventListener('click', run);
    foot.append(button);
  });
  node.append(head, body, error, foot);
  node.addEventListener('sq-close', close);
  // Keys of the panel and of JupyterLab mean nothing while one types here.
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      buttons[0]?.[1]();
    }
    event.stopPropagation();
  });
  for (const type of ['wheel', 'pointerdown', 'contextmenu', 'dblclick']) {
    node.addEventListener(type, event => event.stopPropagation());
  }
  root.append(node);
  return {
    node,
    body,
    fail: (message, hint = null) => {
      error.hidden = message === '';
      error.textContent = hint ? `${message} — ${hint}` : message;
    },
    close
  };
}

/** A labelled field of a form. */
export function field(label: string, input: HTMLElement, unit = ''): HTMLElement {
  const node = make('label', 'sq-field');
  node.append(make('span', 'sq-field-label', label), input);
  if (unit !== '') {
    node.append(make('span', 'sq-field-unit', unit));
  }
  return node;
}
