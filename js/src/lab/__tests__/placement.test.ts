import { describe, expect, it } from 'vitest';

import { placeCode } from '../placement';

const CODE = 'import spz\nv = 1\n';

/** Place CODE at the `|` of a text. */
function place(marked: string): string {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const { at, insert } = placeCode(text, offset, CODE);
  return text.slice(0, at) + insert + text.slice(at);
}

describe('code that is placed into code', () => {
  it.each([
    ['|', 'import spz\nv = 1\n'],
    ['x = |1', 'x = 1\nimport spz\nv = 1'],
    ['x = 1|\ny = 2', 'x = 1\nimport spz\nv = 1\ny = 2'],
    ['x = 1\n|y = 2', 'x = 1\nimport spz\nv = 1\ny = 2'],
    ['x = 1\n|\ny = 2', 'x = 1\nimport spz\nv = 1\n\ny = 2'],
    ['# what| it is', '# what it is\nimport spz\nv = 1']
  ])('has lines of its own: %j', (before, after) => {
    expect(place(before)).toBe(after);
  });

  it.each([
    ['f(1,\n  2|,\n)\ny = 2', 'f(1,\n  2,\n)\nimport spz\nv = 1\ny = 2'],
    ['"""a\nb|\nc"""\ny = 2', '"""a\nb\nc"""\nimport spz\nv = 1\ny = 2'],
    ['a = ["(", # (\n|1]\ny = 2', 'a = ["(", # (\n1]\nimport spz\nv = 1\ny = 2'],
    ['a = 1 + \\\n  |2\ny = 2', 'a = 1 + \\\n  2\nimport spz\nv = 1\ny = 2'],
    ['%%ti|me\ny = 2', '%%time\nimport spz\nv = 1\ny = 2'],
    ['|%%time', '%%time\nimport spz\nv = 1'],
    ['@deco|\ndef f(): pass', 'import spz\nv = 1\n@deco\ndef f(): pass']
  ])('does not break a statement: %j', (before, after) => {
    expect(place(before)).toBe(after);
  });

  it.each([
    ['def f():|\n    x = 1', 'def f():\n    import spz\n    v = 1\n    x = 1'],
    ['def f():\n    x =| 1', 'def f():\n    x = 1\n    import spz\n    v = 1'],
    ['def f():\n|    x = 1', 'def f():\n    import spz\n    v = 1\n    x = 1'],
    ['if a:\n    b\n|else:\n    c', 'if a:\n    b\nelse:\n    import spz\n    v = 1\n    c']
  ])('is as deep as its neighbours: %j', (before, after) => {
    expect(place(before)).toBe(after);
  });
});
