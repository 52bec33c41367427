import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { AskError } from '../../src/core/questions';
import { HOSTILE_TEXTS } from '../../src/lab/__tests__/hostile';
import type { PanelHost } from '../../src/widget/part';
import { makeTemplates, openTemplates, saveTemplate, templateEntries } from '../../src/widget/templates';

class Host {
  readonly root = document.createElement('div');
  readonly stage = { chrome: { empty: document.createElement('div') } };
  readonly spec = { title: 'field' };
  readonly notes: string[] = [];
  readonly ask = vi.fn();
  gestureEnded = vi.fn();
  notify = (level: string, text: string): void => void this.notes.push(`${level}: ${text}`);
}

let panel: Host & PanelHost;
const asked = (): unknown[][] => vi.mocked(panel.ask).mock.calls;
const answers = (value: unknown): void => void vi.mocked(panel.ask).mockResolvedValueOnce({ value, buffers: [] } as never);
const settle = (): Promise<void> => vi.waitFor(() => undefined).then(() => new Promise(done => setTimeout(done)));
const dialog = (): HTMLElement => panel.root.querySelector('.sq-dialog')!;
const press = (text: string): void => [...dialog().querySelectorAll('button')].find(b => b.textContent === text)!.click();

beforeEach(() => {
  panel = new Host() as never;
  panel.root.tabIndex = 0;
  document.body.append(panel.root);
});
afterEach(() => document.body.replaceChildren());

describe('opening a template', () => {
  it('offers those of the user, and says what is left out', async () => {
    answers([...HOSTILE_TEXTS]);
    openTemplates(panel);
    await settle();
    expect([...dialog().querySelectorAll('option')].map(option => option.textContent)).toEqual([...HOSTILE_TEXTS]);
    dialog().querySelector('select')!.selectedIndex = 1;
    answers({ name: 'x', said: ['left out a/b', 'and c/d'] });
    press('Open');
    await settle();
    expect(asked()[1]).toEqual(['open_template', { name: HOSTILE_TEXTS[1] }]);
    expect([dialog(), panel.notes]).toEqual([null, ['warning: left out a/b; and c/d']]);
    expect(panel.gestureEnded).toHaveBeenCalled();
  });

  it('reads a file, and says in the dialog what is wrong with it', async () => {
    answers([]);
    openTemplates(panel);
    await settle();
    press('Open');
    expect(dialog().querySelector('[role=alert]')!.textContent).toBe('Choose a template or a file');
    const input = dialog().querySelector<HTMLInputElement>('input[type=file]')!;
    Object.defineProperty(input, 'files', { value: [{ name: 'a.yaml', size: 3, text: () => Promise.resolve('a: 1') }], writable: true });
    vi.mocked(panel.ask).mockRejectedValueOnce(new AskError('a.yaml is no template', 'write one'));
    press('Open');
    await settle();
    expect(asked()[1]).toEqual(['open_template', { name: 'a.yaml', text: 'a: 1' }]);
    expect(dialog().querySelector('[role=alert]')!.textContent).toBe('a.yaml is no template — write one');
    input.files = [{ name: 'b.yaml', size: 2 ** 30 }] as never;
    press('Open');
    await settle();
    expect(dialog().querySelector('[role=alert]')!.textContent).toContain('too large');
    expect(asked().length).toBe(2);
  });

  it('is offered by an empty panel and by the menu of a plot', () => {
    makeTemplates(panel);
    answers([]);
    panel.stage.chrome.empty.querySelector('button')!.click();
    expect(asked()).toEqual([['templates', {}, undefined]]);
    expect(templateEntries(panel)[0]!.entries!.map(({ label }) => label)).toEqual(['Open template…', 'Save as template…']);
  });
});

describe('saving a template', () => {
  it('replaces one of the same name only when that is said', async () => {
    saveTemplate(panel);
    const [name, about, replace] = [...dialog().querySelectorAll('input')] as [HTMLInputElement, HTMLInputElement, HTMLInputElement];
    expect([name.value, replace.parentElement!.hidden]).toEqual(['field', true]);
    about.value = 'what';
    answers({ name: 'field', exists: true });
    press('Save');
    await settle();
    expect(asked()[0]).toEqual(['save_template', { name: 'field', description: 'what', replace: false }]);
    expect([replace.parentElement!.hidden, dialog().querySelector('[role=alert]')!.textContent]).toEqual([
      false, 'There is a template field already'
    ]);
    replace.checked = true;
    answers({ name: 'field', exists: false });
    press('Save');
    await settle();
    expect(asked()[1]).toEqual(['save_template', { name: 'field', description: 'what', replace: true }]);
    expect([dialog(), panel.notes]).toEqual([null, ['info: Saved the template field']]);
  });

  it('asks again where the name is another one', async () => {
    saveTemplate(panel);
    const [name, , replace] = [...dialog().querySelectorAll('input')] as [HTMLInputElement, HTMLInputElement, HTMLInputElement];
    answers({ name: 'field', exists: true });
    press('Save');
    await settle();
    replace.checked = true;
    name.value = 'other';
    name.dispatchEvent(new Event('input'));
    expect([replace.checked, replace.parentElement!.hidden]).toEqual([false, true]);
  });
});
