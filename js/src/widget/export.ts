/** The panel as a file: the same drawing on another surface, with what the page itself shows over it. */
import type { PlotState } from '../core/plot';
import type { PanelLayout, Rect } from '../core/layout';
import { formatDuration, formatTime } from '../core/time';
import { drawChip, drawLegend, drawNotes, shortened } from '../marks/legend';
import type { LegendEntry } from '../marks/legend';
import type { Surface } from '../marks/surface';
import { SvgSurface } from '../marks/svg';
import type { SvgHost } from '../marks/svg';
import type { PanelHost } from './part';
import { arrange, columnsOf, paintPanel } from './paint';
import type { Scene } from './paint';
import { lineColors } from './theme';

export type ExportFormat = 'svg' | 'png' | 'pdf';

const HEADER = 24;
/** Legends with more entries name the first ones and say how many follow. */
const MOST_ENTRIES = 16;

const MIME: Record<ExportFormat, string> = { svg: 'image/svg+xml', png: 'image/png', pdf: 'application/pdf' };

const host = (document: Document): SvgHost => {
  const pen = document.createElement('canvas').getContext('2d')!;
  return {
    measure: (text, font) => {
      pen.font = font;
      return pen.measureText(text).width;
    },
    png: (image, x, y, width, height) => {
      const part = document.createElement('canvas');
      part.width = width;
      part.height = height;
      part.getContext('2d')!.drawImage(image, x, y, width, height, 0, 0, width, height);
      return part.toDataURL('image/png');
    }
  };
};

/** The panel as a file of SVG; `summary` is its description in words. */
export function toSvg(scene: Scene, title: string, summary: string): string {
  const surface = new SvgSurface(host(document));
  const layout = paintAll(surface, scene, title);
  return surface.toString(layout.width, layout.height + HEADER, title || 'Panel', summary);
}

/** The panel as a bitmap, at least twice as fine as the screen's CSS pixels. */
export function toPng(scene: Scene, title: string): Promise<Blob> {
  const pixelRatio = Math.max(2, scene.pixelRatio);
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { alpha: false })!;
  const fine = { ...scene, pixelRatio };
  const { layout } = arrange(context, fine);
  canvas.width = Math.round(layout.width * pixelRatio);
  canvas.height = Math.round((layout.height + HEADER) * pixelRatio);
  context.scale(pixelRatio, pixelRatio);
  paintAll(context, fine, title);
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('the browser made no picture'))), MIME.png);
  });
}

function paintAll(surface: Surface, scene: Scene, title: string): PanelLayout {
  const { theme } = scene;
  const { layout, prepared } = arrange(surface, scene);
  surface.fillStyle = theme.background;
  surface.fillRect(0, 0, layout.width, HEADER);
  surface.save();
  surface.translate(0, HEADER);
  paintPanel(surface, scene, layout, prepared);
  scene.plots.forEach((plot, i) => paintOverlay(surface, scene, plot, layout.plots[i]!));
  surface.restore();
  surface.font = theme.font;
  surface.fillStyle = theme.foreground;
  surface.textAlign = 'left';
  surface.textBaseline = 'middle';
  const head = [title, timeText(scene)].filter(text => text !== '').join(' · ');
  surface.fillText(shortened(surface, head, layout.width - 20), 10, HEADER / 2 + 2);
  return layout;
}

function timeText({ view }: Scene): string {
  const span = view.stop - view.start;
  const resolution = span / 1000n || 1n;
  return `${formatTime(view.start, resolution)} – ${formatTime(view.stop, resolution)} UTC · ${formatDuration(span)}`;
}

/** What lies over a plot on the page: legend, notes, and why something is missing. */
function paintOverlay(surface: Surface, { theme }: Scene, plot: PlotState, rect: Rect): void {
  const entries = plot.spec.legend === false ? [] : legendOf(plot, theme);
  if (entries.length > 0) {
    drawLegend(surface, rect, entries, theme.background, theme);
  }
  const notes = plot.notes().join(' · ');
  if (notes !== '') {
    drawNotes(surface, rect, notes, theme.background, theme);
  }
  const states = plot.states();
  const failed = states.find(state => state.status === 'error' && state.error);
  const empty = states.length > 0 && states.every(state => state.status === 'empty');
  if (failed?.error) {
    drawChip(surface, rect, `${plot.name(failed)}: ${failed.error.message}`, theme.foreground, theme.background, theme);
  } else if (empty) {
    drawChip(surface, rect, 'No data in this range', theme.muted, theme.background, theme);
  } else if (plot.valueless) {
    drawChip(surface, rect, 'No values in this range', theme.muted, theme.background, theme);
  }
}

function legendOf(plot: PlotState, theme: Scene['theme']): LegendEntry[] {
  const states = plot.states().filter(state => columnsOf(state).length > 0);
  let offset = 0;
  const entries = states.flatMap(state => {
    const columns = columnsOf(state);
    const colors = lineColors(theme, columns, offset, plot.graph(state.id)?.colors ?? null);
    offset += columns.length;
    const hidden = plot.hidden(state.id);
    const name = plot.name(state);
    return columns.flatMap((column, i) => {
      const label = columns.length === 1 ? name || column : states.length > 1 && name !== '' ? `${name} ${column}` : column;
      return hidden.has(column) ? [] : [{ label, color: colors[i]! }];
    });
  });
  const rest = entries.length - MOST_ENTRIES;
  return rest > 1 ? [...entries.slice(0, MOST_ENTRIES), { label: `and ${rest} more`, color: theme.muted }] : entries;
}

/** A name that every file system takes: `b_gse_20190102T150000`. */
export function fileName(title: string, start: bigint, format: string): string {
  const name = title.trim().replace(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 80) || 'panel';
  return `${name}_${formatTime(start).replace(/[-:]/g, '').replace(' ', 'T')}.${format}`;
}

/** The panel's picture; a PDF is the SVG, turned into one by the kernel. */
export async function pictureOf(panel: PanelHost, format: ExportFormat): Promise<Blob> {
  const { title } = panel.spec;
  if (format !== 'pdf') {
    return panel.stage.file(format, title);
  }
  const svg = await (await panel.stage.file('svg', title)).text();
  const { buffers } = await panel.ask('pdf', { svg });
  return new Blob([buffers[0] as BlobPart], { type: MIME.pdf });
}

export function toBlob(format: ExportFormat, scene: Scene, title: string, summary: string): Promise<Blob> {
  return format === 'svg'
    ? Promise.resolve(new Blob([toSvg(scene, title, summary)], { type: MIME.svg }))
    : toPng(scene, title);
}

/** Hand a file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
