/** What mouse and keys do, on demand: the list follows the mouse mode that is set. */
import { make, makeButton } from './dom';
import { chooseMouse, isPlain } from './mousemode';
import type { MakePart } from './part';

type Rows = readonly (readonly [string, string])[];

const SCIQLOP: Rows = [
  ['wheel', 'earlier, later'],
  ['Ctrl + wheel', 'zoom time at the pointer'],
  ['Shift + wheel', 'zoom values at the pointer'],
  ['Ctrl + Shift + wheel', 'move values'],
  ['drag', 'move time, and values where their range is set']
];

const PLAIN: Rows = [
  ['wheel', 'zoom time at the pointer'],
  ['Shift + wheel', 'earlier, later'],
  ['drag', 'zoom to a box'],
  ['Shift + drag', 'move time, and values where their range is set']
];

const BOTH: Rows = [
  ['wheel on an axis or colour bar', 'zoom that axis'],
  ['double click', 'fit values to the view'],
  ['right click', 'menu of the plot, of a line in its legend'],
  ['click in the legend', 'hide and show a line; double click: it alone'],
  ['drag ⠿ beside a plot', 'move the plot, also to another panel'],
  ['drag the border of two plots', 'change their heights; double click: equal'],
  ['drop a product', 'middle: into the plot; upper or lower edge: a new plot there']
];

const KEYS: Rows = [
  ['← →', 'earlier, later by a tenth'],
  ['PageUp PageDown', 'earlier, later by all that is shown'],
  ['+ −', 'zoom in, zoom out'],
  ['↑ ↓', 'move values'],
  ['Home', 'the range that the panel began with'],
  ['G', 'go to a time: type a range'],
  ['A', 'add a product: search'],
  ['M', 'fit values to the view'],
  ['L', 'linear or logarithmic'],
  ['O', 'equal heights'],
  ['Ctrl + ↑ ↓', 'choose the plot that keys act on'],
  ['Alt + ↑ ↓', 'move that plot'],
  ['N P', 'next, previous event of the lists over the panel'],
  ['Delete', 'remove that plot'],
  ['Shift + F10', 'menu of that plot'],
  ['Ctrl + Shift + H', 'crosshair with values'],
  ['Ctrl + Z, Ctrl + Shift + Z', 'undo, redo: views and edits'],
  ['?', 'this list']
];

function table(title: string, rows: Rows): HTMLElement {
  const node = make('section', 'sq-help-part');
  const list = make('dl', 'sq-help-list');
  rows.forEach(([input, effect]) => list.append(make('dt', '', input), make('dd', '', effect)));
  node.append(make('h3', 'sq-help-heading', title), list);
  return node;
}

/** The choice between the two mouse modes. */
function modes(document: Document, changed: () => void): HTMLElement {
  const node = make('fieldset', 'sq-help-modes');
  node.append(make('legend', 'sq-help-heading', 'Mouse'));
  const plain = isPlain(document);
  for (const [value, text] of [['sciqlop', 'as in SciQLop: the wheel and a drag move'], ['plain', 'plain: the wheel zooms, a drag draws a box']] as const) {
    const label = make('label', 'sq-help-mode');
    const input = make('input', '');
    input.type = 'radio';
    input.name = 'sq-mouse-mode';
    input.value = value;
    input.checked = (value === 'plain') === plain;
    input.addEventListener('change', () => {
      chooseMouse(document, value);
      changed();
    });
    label.append(input, make('span', '', text));
    node.append(label);
  }
  return node;
}

function isHelpKey(event: KeyboardEvent): boolean {
  return event.key === '?' && !event.ctrlKey && !event.metaKey && !event.altKey;
}

export const makeHelp: MakePart = panel => {
  const { help } = panel.stage.chrome;
  const { ownerDocument } = panel.root;
  const node = make('div', 'sq-popup sq-help');
  node.setAttribute('role', 'dialog');
  node.setAttribute('aria-label', 'Mouse and keys of a panel');
  node.tabIndex = -1;
  node.hidden = true;
  const show = (on: boolean): void => {
    node.hidden = !on;
    help.setAttribute('aria-expanded', String(on));
    if (on) {
      fill();
      node.focus({ preventScroll: true });
    } else {
      panel.root.focus({ preventScroll: true });
    }
  };
  const fill = (): void => {
    const mode = isPlain(ownerDocument) ? PLAIN : SCIQLOP;
    node.replaceChildren(
      makeButton('sq-tool sq-help-close', '✕', 'Close (Escape)', () => show(false)),
      modes(ownerDocument, () => {
        fill();
        node.querySelector<HTMLElement>('input:checked')?.focus();
      }),
      table('Mouse', [...mode, ...BOTH]),
      table('Keys', KEYS)
    );
  };
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape' || isHelpKey(event)) {
      event.preventDefault();
      show(false);
    }
    // Keys of the panel mean nothing while one reads what they do.
    event.stopPropagation();
  });
  help.setAttribute('aria-haspopup', 'dialog');
  help.addEventListener('click', () => show(node.hidden));
  panel.root.append(node);
  return {
    usesKey: isHelpKey,
    key: event => {
      if (isHelpKey(event)) {
        show(node.hidden);
      }
      return isHelpKey(event);
    }
  };
};
