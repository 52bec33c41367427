// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import type { KnobSpec, KnobValue } from '../../src/protocol';
import { fitting, makeKnob, readNumber } from '../../src/widget/knob';

const spec = (more: Partial<KnobSpec>): KnobSpec => ({
  name: 'k',
  type: 'float',
  default: 1,
  min: null,
  max: null,
  step: null,
  label: '',
  unit: '',
  description: '',
  apply: 'live',
  choices: null,
  pattern: null,
  widget: null,
  color: null,
  ...more
});

function turn(of: KnobSpec): { node: HTMLElement; moved: KnobValue[]; done: number[]; show: (v: KnobValue) => void } {
  const moved: KnobValue[] = [];
  const done: number[] = [];
  const control = makeKnob(of, { move: value => moved.push(value), done: () => done.push(moved.length), reset: () => undefined });
  control.show(of.default);
  return { node: control.node, moved, done, show: control.show };
}

describe('a knob', () => {
  it('takes numbers within its limits alone', () => {
    const whole = spec({ type: 'int', min: 0, max: 9 });
    expect([' 4.6 ', '-3', '1e3', 'x', '', 'Infinity'].map(text => readNumber(whole, text))).toEqual([5, 0, 9, null, null, null]);
    expect(readNumber(spec({}), '0.30000000000000004')).toBe(0.3);
  });

  it('shows its default for what it does not take', () => {
    const choice = spec({ type: 'choice', choices: ['a', 2, true], default: 'a' });
    expect([2, true, 1, 'b', undefined].map(value => fitting(choice, value))).toEqual([2, true, 'a', 'a', 'a']);
    expect(fitting(spec({ default: 5 }), 'text')).toBe(5);
  });

  it('is a slider and a number where it has limits', () => {
    const { node, moved, done, show } = turn(spec({ min: 0, max: 10, unit: 'nT', label: '<b>Field</b>' }));
    const [slider, number] = Array.from(node.querySelectorAll('input'));
    expect(node.querySelector('b')).toBeNull();
    expect(slider!.getAttribute('aria-label')).toBe('<b>Field</b>, nT');
    slider!.value = '4';
    slider!.dispatchEvent(new Event('input'));
    expect([moved, done]).toEqual([[4], []]);
    expect(number!.value).toBe('4');
    slider!.dispatchEvent(new Event('change'));
    expect(done).toEqual([1]);
    number!.value = '99';
    number!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    expect(moved).toEqual([4, 10]);
    show(3);
    expect([slider!.value, number!.value]).toEqual(['3', '3']);
  });

  it('takes back what is written on Escape, and leaves out what is no change', () => {
    const { node, moved } = turn(spec({ type: 'str', default: 'abc' }));
    const box = node.querySelector('input')!;
    box.value = 'new';
    box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(box.value).toBe('abc');
    box.dispatchEvent(new Event('change'));
    expect(moved).toEqual([]);
  });

  it('keeps the kind of what is chosen', () => {
    const { node, moved } = turn(spec({ type: 'choice', choices: [1, 2.5, 'x'], default: 1 }));
    const select = node.querySelector('select')!;
    select.selectedIndex = 1;
    select.dispatchEvent(new Event('change'));
    expect(moved).toEqual([2.5]);
  });
});
