/** One knob as elements: a label, what turns it, its unit, and the way back to its default. */
import type { KnobSpec, KnobValue } from '../protocol';
import { make, makeButton } from './dom';

export interface KnobActions {
  /** The hand is at it. */
  move(value: KnobValue): void;
  /** The hand let go. */
  done(): void;
  /** Back to the default. */
  reset(): void;
}

export interface KnobControl {
  readonly node: HTMLElement;
  show(value: KnobValue): void;
}

interface Parts {
  nodes: HTMLElement[];
  set(value: KnobValue): void;
}

let count = 0;

export function makeKnob(spec: KnobSpec, actions: KnobActions): KnobControl {
  const node = make('div', 'sq-knob');
  node.dataset.knob = spec.name;
  const label = make('label', 'sq-knob-label', spec.label || spec.name);
  const title = spec.description || spec.label || spec.name;
  const { nodes, set } = partsOf(spec, actions);
  count += 1;
  nodes.forEach((part, i) => {
    part.id = `sq-knob-${count}-${i}`;
    part.title = title;
    part.setAttribute('aria-label', spec.unit ? `${label.textContent}, ${spec.unit}` : label.textContent);
  });
  label.htmlFor = nodes[0]!.id;
  label.title = title;
  const reset = makeButton('sq-tool sq-knob-reset', '↺', `Reset ${label.textContent} to ${String(spec.default)}`, actions.reset);
  node.append(label, ...nodes, make('span', 'sq-knob-unit', spec.unit), reset);
  return {
    node,
    show: value => {
      const shown = fitting(spec, value);
      set(shown);
      reset.style.visibility = shown === spec.default ? 'hidden' : 'visible';
    }
  };
}

function partsOf(spec: KnobSpec, actions: KnobActions): Parts {
  switch (spec.type) {
    case 'bool':
      return flag(actions);
    case 'choice':
      return choice(spec, actions);
    case 'str':
      return text(actions);
    default:
      return number(spec, actions);
  }
}

function turn(actions: KnobActions, value: KnobValue): void {
  actions.move(value);
  actions.done();
}

function flag(actions: KnobActions): Parts {
  const box = make('input', 'sq-knob-flag');
  box.type = 'checkbox';
  box.addEventListener('change', () => turn(actions, box.checked));
  return { nodes: [box], set: value => (box.checked = Boolean(value)) };
}

function choice(spec: KnobSpec, actions: KnobActions): Parts {
  const select = make('select', 'sq-knob-choice');
  const choices = spec.choices ?? [];
  select.append(...choices.map(value => make('option', '', String(value))));
  select.addEventListener('change', () => turn(actions, choices[select.selectedIndex]!));
  return { nodes: [select], set: value => (select.selectedIndex = choices.indexOf(value)) };
}

function text(actions: KnobActions): Parts {
  const box = make('input', 'sq-knob-text');
  box.type = 'text';
  box.maxLength = 4096;
  box.spellcheck = false;
  let shown = '';
  const set = (value: KnobValue): void => {
    shown = String(value);
    box.value = shown;
  };
  commits(box, () => {
    if (box.value !== shown) {
      shown = box.value;
      turn(actions, shown);
    }
  }, () => set(shown));
  return { nodes: [box], set };
}

/** What is written counts on Enter and when the box is left; Escape takes it back. */
function commits(box: HTMLInputElement, commit: () => void, revert: () => void): void {
  box.addEventListener('change', commit);
  box.addEventListener('keydown', event => {
    if (event.key === 'Enter') {
      commit();
    } else if (event.key === 'Escape') {
      revert();
    }
  });
}

function number(spec: KnobSpec, actions: KnobActions): Parts {
  const { min, max } = spec;
  const box = make('input', 'sq-knob-number');
  let shown: KnobValue = spec.default;
  box.type = 'number';
  limit(box, spec, 'any');
  const set = (value: KnobValue): void => {
    shown = value;
    box.value = String(value);
  };
  commits(box, () => {
    const value = readNumber(spec, box.value);
    if (value === null || value === shown) {
      set(shown);
    } else {
      set(value);
      turn(actions, value);
    }
  }, () => set(shown));
  if (min === null || max === null) {
    return { nodes: [box], set };
  }
  const slider = make('input', 'sq-knob-slider');
  slider.type = 'range';
  limit(slider, spec, String((max - min) / 200));
  slider.addEventListener('input', () => {
    const value = readNumber(spec, slider.value);
    if (value !== null) {
      set(value);
      actions.move(value);
    }
  });
  slider.addEventListener('change', () => actions.done());
  return {
    nodes: [slider, box],
    set: value => {
      set(value);
      slider.value = String(value);
    }
  };
}

function limit(input: HTMLInputElement, { type, min, max, step }: KnobSpec, otherwise: string): void {
  input.step = step !== null ? String(step) : type === 'int' ? '1' : otherwise;
  if (min !== null) {
    input.min = String(min);
  }
  if (max !== null) {
    input.max = String(max);
  }
}

/** A number as a knob takes it; null for what is none. */
export function readNumber({ type, min, max }: KnobSpec, written: string): number | null {
  const value = written.trim() === '' ? NaN : Number(written);
  if (!Number.isFinite(value)) {
    return null;
  }
  const inside = Math.min(Math.max(value, min ?? -Infinity), max ?? Infinity);
  // Of the noise that a slider's steps add up to nothing is left after twelve digits.
  return type === 'int' ? Math.round(inside) : Number(inside.toPrecision(12));
}

/** The value that a knob shows: its default where the panel's is none of its own. */
export function fitting(spec: KnobSpec, value: KnobValue | undefined): KnobValue {
  if (spec.type === 'choice') {
    return spec.choices?.includes(value!) ? value! : spec.default;
  }
  const kind = spec.type === 'bool' ? 'boolean' : spec.type === 'str' ? 'string' : 'number';
  if (typeof value !== kind) {
    return spec.default;
  }
  return typeof value === 'number' ? (readNumber(spec, String(value)) ?? spec.default) : value!;
}
