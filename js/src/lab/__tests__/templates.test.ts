import { describe, expect, it } from 'vitest';

import { panelOfTemplate, pythonLiteral, specOfTemplate, templateText } from '../code';
import { isTemplate } from '../panelformat';
import { HOSTILE_TEXTS } from './hostile';

describe('what a file holds', () => {
  it('is a template where it is YAML, or JSON with plots that is no panel', () => {
    const yes: [string, string][] = [['a.yaml', ''], ['a.yml', '{'], ['a.json', '{"plots": []}'], ['a.sciqlop.json', '{"plots": 3}']];
    const no: [string, string][] = [
      ['a.sciqlop.json', ''], ['a.json', '{"sciqlop_panel": 1, "plots": []}'], ['a.json', '{}'], ['a.json', '{'], ['a.json', 'null'],
      ['yaml.json', '[]']
    ];
    expect(yes.map(([path, text]) => isTemplate(path, text))).toEqual(yes.map(() => true));
    expect(no.map(([path, text]) => isTemplate(path, text))).toEqual(no.map(() => false));
  });
});

describe('code for a template', () => {
  it('holds the text as nothing but literals', () => {
    for (const text of [...HOSTILE_TEXTS, '"\n', '\\', '""") or x("""']) {
      for (const code of [panelOfTemplate(text, text, '_panel_a'), specOfTemplate(text, text), templateText(text, text, text)]) {
        const rest = code.replaceAll(pythonLiteral(text), '');
        expect(rest).not.toContain('window.fired');
        expect(rest).toMatch(/sciqlop_lab\.templatepages/);
      }
    }
  });

  it('makes the panel once, under a private name', () => {
    expect(panelOfTemplate('a: 1', 'a.yaml', '_panel_a').split('\n')).toEqual([
      'if "_panel_a" not in globals():',
      '    _panel_a = __import__("sciqlop_lab.templatepages", fromlist=["open_text"]).open_text("a: 1", "a.yaml")',
      '_panel_a'
    ]);
    expect(() => panelOfTemplate('', 'a.yaml', 'panel')).toThrow('not a private');
  });
});
