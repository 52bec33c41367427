/** Templates: those of the user, a file from this computer, and what is shown as a new one. */
import { AskError } from '../core/questions';
import { asked, tell } from './actions';
import { field, openDialog } from './dialog';
import type { Dialog } from './dialog';
import { make } from './dom';
import type { MenuEntry } from './menu';
import type { MakePart, PanelHost } from './part';

/** As the kernel's; a larger file is not read at all. */
const MOST_BYTES = 16 * 2 ** 20;

export function templateEntries(panel: PanelHost): MenuEntry[] {
  return [
    {
      label: 'Template',
      entries: [
        { label: 'Open template…', run: () => openTemplates(panel) },
        { label: 'Save as template…', run: () => saveTemplate(panel) }
      ]
    }
  ];
}

/** Choose one of the user's templates, or a file. */
export function openTemplates(panel: PanelHost): void {
  asked(panel, 'templates', {}, ({ value }) => chooseTemplate(panel, value as string[]));
}

function chooseTemplate(panel: PanelHost, names: readonly string[]): void {
  const list = make('select', '');
  list.size = Math.min(8, Math.max(2, names.length));
  list.append(...names.map(name => make('option', '', name)));
  const file = make('input', '');
  file.type = 'file';
  file.accept = '.json,.yaml,.yml';
  const open = async (): Promise<void> => {
    const chosen = file.files?.[0];
    if (chosen) {
      await show(panel, dialog, chosen.name, chosen);
    } else if (list.value !== '') {
      await show(panel, dialog, list.value, null);
    } else {
      dialog.fail('Choose a template or a file');
    }
  };
  const dialog: Dialog = openDialog(panel.root, 'Open a template', [
    ['Open', () => void open()],
    ['Cancel', () => dialog.close()]
  ]);
  list.addEventListener('dblclick', () => void open());
  list.addEventListener('change', () => (file.value = ''));
  file.addEventListener('change', () => (list.selectedIndex = -1));
  if (names.length > 0) {
    list.selectedIndex = 0;
    dialog.body.append(field('Yours', list));
  } else {
    dialog.body.append(make('div', 'sq-dialog-text', 'You have no templates yet: “Save as template…” makes one.'));
  }
  dialog.body.append(field('File of this computer', file));
  (names.length > 0 ? list : file).focus();
}

/** Show a template in the panel; a mistake in it is said in the dialog. */
async function show(panel: PanelHost, dialog: Dialog, name: string, file: File | null): Promise<void> {
  try {
    if (file && file.size > MOST_BYTES) {
      throw new AskError(`${name} is too large for a template`, null);
    }
    panel.gestureEnded();
    const { value } = await panel.ask('open_template', file ? { name, text: await file.text() } : { name });
    const { said } = value as { said: string[] };
    dialog.close();
    if (said.length > 0) {
      panel.notify('warning', said.join('; '));
    }
  } catch (error) {
    fail(panel, dialog, error);
  }
}

/** Keep what is shown under a name; one of that name only goes when that is said. */
export function saveTemplate(panel: PanelHost): void {
  const [name, about, replace] = [make('input', ''), make('input', ''), make('input', '')];
  const again = field('Replace the template of this name', replace);
  const save = async (): Promise<void> => {
    try {
      panel.gestureEnded();
      const args = { name: name.value, description: about.value, replace: replace.checked };
      const saved = (await panel.ask('save_template', args)).value as { name: string; exists: boolean };
      if (saved.exists) {
        again.hidden = false;
        dialog.fail(`There is a template ${saved.name} already`);
        replace.focus();
        return;
      }
      dialog.close();
      panel.notify('info', `Saved the template ${saved.name}`);
    } catch (error) {
      fail(panel, dialog, error);
    }
  };
  const dialog: Dialog = openDialog(panel.root, 'Save as template', [
    ['Save', () => void save()],
    ['Cancel', () => dialog.close()]
  ]);
  [name.type, about.type, replace.type, again.hidden] = ['text', 'text', 'checkbox', true];
  name.value = panel.spec.title;
  name.addEventListener('input', () => {
    replace.checked = false;
    again.hidden = true;
  });
  name.addEventListener('keydown', event => event.key === 'Enter' && void save());
  dialog.body.append(field('Name', name), field('Description', about), again);
  name.focus();
}

function fail(panel: PanelHost, dialog: Dialog, error: unknown): void {
  if (error instanceof Error && dialog.node.isConnected) {
    dialog.fail(error.message, error instanceof AskError ? error.hint : null);
  } else {
    tell(panel, error);
  }
}

/** An empty panel offers templates too. */
export const makeTemplates: MakePart = panel => {
  const open = make('button', 'sq-button sq-empty-template', 'Open a template…');
  open.type = 'button';
  open.addEventListener('click', () => openTemplates(panel));
  panel.stage.chrome.empty.append(open);
  return {};
};
