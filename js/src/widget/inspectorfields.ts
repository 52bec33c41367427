/** Fields of the inspector: a label, a control, and beside it what is wrong with what was typed. */
import { make, makeButton, setText } from './dom';

/** Names a field across renewals of its form, so that the focus stays on it. */
export type FieldKey = string;
type Control = HTMLInputElement | HTMLSelectElement;

let count = 0;

interface Row {
  node: HTMLElement;
  fail(message: string | null): void;
}

/** A row of a form; the mistake is told to screen readers as part of its controls. */
function row(label: string, controls: readonly Control[], key: FieldKey, ...more: HTMLElement[]): Row {
  const node = make('div', 'sq-field');
  const name = make('label', 'sq-field-name', label);
  name.title = label;
  const error = make('div', 'sq-field-error');
  const id = `sq-field-${(count += 1)}`;
  error.id = `${id}-error`;
  error.setAttribute('role', 'alert');
  name.htmlFor = `${id}-0`;
  const box = make('div', 'sq-field-controls');
  controls.forEach((control, i) => {
    control.id = `${id}-${i}`;
    control.dataset.field = controls.length > 1 ? `${key}.${i}` : key;
    box.append(control);
  });
  box.append(...more);
  node.append(name, box, error);
  const fail = (message: string | null): void => {
    setText(error, message ?? '');
    for (const control of controls) {
      if (message === null) {
        control.removeAttribute('aria-invalid');
        control.removeAttribute('aria-describedby');
      } else {
        control.setAttribute('aria-invalid', 'true');
        control.setAttribute('aria-describedby', error.id);
      }
    }
  };
  return { node, fail };
}

function input(type: string, value: string, placeholder = ''): HTMLInputElement {
  const control = make('input', 'sq-input');
  control.type = type;
  control.defaultValue = value;
  control.value = value;
  // What was taken is no longer being typed.
  control.addEventListener('change', () => {
    control.defaultValue = control.value;
  });
  control.placeholder = placeholder;
  control.autocomplete = 'off';
  control.spellcheck = false;
  return control;
}

export function textField(
  key: FieldKey,
  label: string,
  value: string | null,
  placeholder: string,
  commit: (text: string) => void
): HTMLElement {
  const control = input('text', value ?? '', placeholder);
  const { node, fail } = row(label, [control], key);
  control.maxLength = 4096;
  control.addEventListener('change', () => {
    fail(null);
    commit(control.value);
  });
  return node;
}

/** A number as people write it: `1e-3`, `−5`, `2,5`; null for none, NaN for what is no number. */
export function parseNumber(text: string): number | null {
  const plain = text.trim().replace(/\u2212/g, '-').replace(/^([^,.]*),(\d+)$/, '$1.$2').replace(/,/g, '?');
  if (plain === '') {
    return null;
  }
  const found = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  return Number.isFinite(found) ? found : NaN;
}

export interface Limits {
  low: number;
  high: number;
  whole?: boolean;
}

/** A number, or nothing for what `placeholder` says. */
export function numberField(
  key: FieldKey,
  label: string,
  value: number | null,
  placeholder: string,
  limits: Limits,
  commit: (value: number | null) => void
): HTMLElement {
  const control = input('text', value === null ? '' : String(value), placeholder);
  control.inputMode = 'decimal';
  const { node, fail } = row(label, [control], key);
  control.addEventListener('change', () => {
    const found = parseNumber(control.value);
    const { low, high, whole = false } = limits;
    if (found !== null && !(found >= low && found <= high && (!whole || Number.isInteger(found)))) {
      const from = Number.isFinite(low) ? ` from ${low}` : '';
      const to = Number.isFinite(high) ? ` to ${high}` : '';
      fail(`Write a ${whole ? 'whole ' : ''}number${from}${to}, or nothing`);
      return;
    }
    fail(null);
    commit(found);
  });
  return node;
}

export type Pair = [number, number];

/**
 * Two numbers, or none for automatic. What is left out of a pair is as it is shown now; `check`
 * says what is wrong with one.
 */
export function pairField(
  key: FieldKey,
  label: string,
  value: Pair | null,
  shown: Pair | null,
  check: (pair: Pair) => string | null,
  commit: (pair: Pair | null) => void
): HTMLElement {
  const text = (pair: Pair | null, i: 0 | 1): string => (pair ? formatPlain(pair[i]) : '');
  const ends = [0, 1].map(i => input('text', text(value, i as 0 | 1), shown ? String(Number(shown[i]!.toPrecision(4))) : 'auto')) as [HTMLInputElement, HTMLInputElement];
  ends.forEach((end, i) => {
    end.inputMode = 'decimal';
    end.setAttribute('aria-label', `${label}, ${i === 0 ? 'from' : 'to'}`);
  });
  const auto = makeButton('sq-tool', 'auto', `${label}: automatic`, () => commit(null));
  auto.dataset.field = `${key}.auto`;
  auto.setAttribute('aria-pressed', String(value === null));
  const { node, fail } = row(label, ends, key, auto);
  const changed = (): void => {
    const [low, high] = ends.map(end => parseNumber(end.value)) as [number | null, number | null];
    if (low === null && high === null) {
      fail(null);
      commit(null);
      return;
    }
    const pair: Pair = [low ?? shown?.[0] ?? NaN, high ?? shown?.[1] ?? NaN];
    const wrong = pair.some(Number.isNaN) ? 'Write two numbers, such as −5 and 1e3, or none' : check(pair);
    fail(wrong);
    if (wrong === null) {
      commit(pair);
    }
  };
  ends.forEach(end => end.addEventListener('change', changed));
  return node;
}

/** With few digits where these say the same, and in a form that `parseNumber` reads. */
function formatPlain(value: number): string {
  const short = Number(value.toPrecision(6));
  return String(Math.abs(short - value) <= Math.abs(value) * 1e-9 ? short : value);
}

export type Choice = readonly [value: string, label: string];

export function choiceField(
  key: FieldKey,
  label: string,
  value: string,
  choices: readonly Choice[],
  commit: (value: string) => void
): HTMLElement {
  const control = make('select', 'sq-input');
  const known = choices.some(([one]) => one === value) ? choices : [...choices, [value, value] as const];
  for (const [one, text] of known) {
    const option = make('option', '', text);
    option.value = one;
    control.append(option);
  }
  control.value = value;
  const { node } = row(label, [control], key);
  control.addEventListener('change', () => commit(control.value));
  return node;
}

export function checkField(key: FieldKey, label: string, checked: boolean, commit: (on: boolean) => void): HTMLElement {
  const control = input('checkbox', '');
  control.checked = checked;
  const { node } = row(label, [control], key);
  node.classList.add('sq-field-check');
  control.addEventListener('change', () => commit(control.checked));
  return node;
}

/** A component: whether it is drawn, and in which colour; `own` is null where the palette says. */
export function componentField(
  key: FieldKey,
  name: string,
  shown: boolean,
  color: string,
  own: boolean,
  commit: { show(on: boolean): void; color(value: string | null): void }
): HTMLElement {
  const visible = input('checkbox', '');
  visible.checked = shown;
  visible.setAttribute('aria-label', `Draw ${name}`);
  visible.addEventListener('change', () => commit.show(visible.checked));
  const picker = input('color', color);
  picker.setAttribute('aria-label', `Colour of ${name}`);
  picker.addEventListener('change', () => commit.color(picker.value));
  const auto = makeButton('sq-tool', 'auto', `Colour of ${name}: automatic`, () => commit.color(null));
  auto.dataset.field = `${key}.auto`;
  auto.setAttribute('aria-pressed', String(!own));
  const { node } = row(name, [visible, picker], key, auto);
  node.classList.add('sq-field-component');
  return node;
}

/** Any CSS colour as `#rrggbb`, which is all that a colour input takes. */
export function toHex(color: string, probe: HTMLElement): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) {
    return color.toLowerCase();
  }
  const node = make('span', '');
  node.style.display = 'none';
  node.style.color = color;
  probe.append(node);
  const found = getComputedStyle(node).color.match(/[\d.]+/g)?.slice(0, 3) ?? [];
  node.remove();
  return found.length === 3 ? `#${found.map(c => Math.round(Number(c)).toString(16).padStart(2, '0')).join('')}` : '#888888';
}
