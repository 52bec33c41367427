/** The panel's data, picture and code as files or on the clipboard. */
import type { PlotState } from '../core/plot';
import { asked, save } from './actions';
import { openDialog } from './dialog';
import { make } from './dom';
import { fileName } from './export';
import type { MenuEntry } from './menu';
import type { PanelHost } from './part';

const PATIENCE = 600_000;
const FORMATS: readonly [string, string][] = [
  ['CSV', 'csv'],
  ['CDF', 'cdf'],
  ['NetCDF', 'netcdf'],
  ['Parquet', 'parquet']
];

export function exportEntries(panel: PanelHost, plot: PlotState): MenuEntry[] {
  const formats = (of: string | null): MenuEntry[] =>
    FORMATS.map(([label, format]) => ({ label, run: () => exportData(panel, format, of) }));
  const several = panel.plots.length > 1;
  return [
    {
      label: 'Export data',
      entries: several
        ? [
            { label: 'Of this plot', entries: formats(plot.id) },
            { label: 'Of all plots', entries: formats(null) }
          ]
        : formats(null)
    },
    {
      label: 'Export picture',
      entries: (['svg', 'png', 'pdf'] as const).map(format => ({
        label: format.toUpperCase(),
        run: () => panel.exportAs(format)
      }))
    },
    {
      label: 'Copy as code',
      entries: [
        { label: 'matplotlib script', run: () => copyCode(panel, 'matplotlib') },
        { label: 'Panel', run: () => copyCode(panel, 'panel') }
      ]
    }
  ];
}

function exportData(panel: PanelHost, format: string, plot: string | null): void {
  panel.gestureEnded();
  const args = plot === null ? { format } : { format, plot };
  asked(
    panel,
    'data',
    args,
    answer => {
      const { stem, ending, left_out: left } = answer.value as { stem: string; ending: string; left_out: string };
      if (left !== '') {
        panel.notify('warning', left);
      }
      save(answer, 'application/octet-stream', fileName(stem, panel.view.start, ending));
    },
    PATIENCE
  );
}

function copyCode(panel: PanelHost, kind: string): void {
  panel.gestureEnded();
  asked(panel, 'code', { kind }, ({ value }) => {
    const text = String(value);
    const clipboard = panel.root.ownerDocument.defaultView?.navigator.clipboard;
    const copied = clipboard ? clipboard.writeText(text) : Promise.reject(new Error('no clipboard'));
    copied.then(
      () => panel.notify('info', `Copied: ${text.trimEnd().split('\n').length} lines of Python`),
      () => showCode(panel, text)
    );
  });
}

/** Where the browser keeps the clipboard to itself, the text is there to be copied by hand. */
function showCode(panel: PanelHost, text: string): void {
  const dialog = openDialog(panel.root, 'Python', [['Close', () => dialog.close()]]);
  const area = make('textarea', '');
  area.value = text;
  area.readOnly = true;
  area.setAttribute('aria-label', 'Python');
  dialog.body.append(area);
  area.focus();
  area.select();
}
