/** Python code for products. Everything that comes from outside enters as a string literal. */

import type { ProductDetails } from './api';

const DAY = 86_400;
/** Spans people think in, seconds. */
const NICE_SPANS = [
  1, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, DAY, 3 * DAY, 7 * DAY, 30 * DAY,
  90 * DAY, 365 * DAY
];
/** Ranges begin and end on one of these, seconds. */
const GRIDS = [1, 10, 60, 600, 3600, DAY];
/** Samples in a first look: a curve has shape and the request stays small. */
const FIRST_SAMPLES = 6000;
/** When an archive does not say how dense its samples are. */
const UNKNOWN_CADENCE_SPAN = 21_600;

export interface SuggestedRange {
  /** ISO 8601 UTC. */
  start: string;
  stop: string;
}

/**
 * A Python string literal of any text.
 *
 * JSON's escapes mean the same in Python. Characters that JSON leaves as they are but that an
 * editor may hide or reorder (controls, line separators, bidirectional marks) are escaped too.
 */
export function pythonLiteral(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.000Z$/, 'Z');
}

/** Milliseconds of an ISO time, which may have more digits than Date reads; NaN if it is none. */
export function parseTime(text: string): number {
  const trimmed = text.replace(/(\.\d{3})\d+/, '$1');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(trimmed) ? trimmed : `${trimmed}Z`);
}

/**
 * A first range that has data: the end of what the archive covers.
 *
 * @param details what the inventory knows of the product, null if nothing
 * @param span seconds wanted, or 0 for as many as give a few thousand samples
 * @param now milliseconds since 1970, for products of unknown coverage
 */
export function suggestRange(
  details: Pick<ProductDetails, 'coverage' | 'cadence'> | null,
  span: number,
  now: number
): SuggestedRange {
  const cadence = details?.cadence ?? 0;
  let seconds = span;
  if (!(seconds > 0)) {
    const budget = cadence > 0 ? cadence * FIRST_SAMPLES : UNKNOWN_CADENCE_SPAN;
    seconds = NICE_SPANS.findLast(nice => nice <= budget) ?? NICE_SPANS[0]!;
  }
  const first = details?.coverage ? parseTime(details.coverage.start) : NaN;
  const last = details?.coverage ? parseTime(details.coverage.stop) : NaN;
  if (!(last > first)) {
    const today = Math.floor(now / (DAY * 1000)) * DAY * 1000;
    return { start: iso(today - seconds * 1000), stop: iso(today) };
  }
  // Rounded outwards: the last sample lies inside the half-open range.
  const grid = (GRIDS.findLast(step => step <= seconds / 6) ?? 1) * 1000;
  const end = Math.min(last, now) > first ? Math.min(last, now) : last;
  const stop = Math.ceil(end / grid) * grid;
  const start = Math.max(stop - seconds * 1000, Math.floor(first / grid) * grid);
  return { start: iso(start), stop: iso(stop) };
}

/** Product ids of a kernel's own variables begin with this. */
const OF_KERNEL = 'kernel/';

/** Ids of products that list events, which are had whole. */
export type Lists = ReadonlySet<string>;

/** Code that fetches products into `v`, or `v1`, `v2`, ...; runs in a fresh kernel. */
export function getDataCode(
  ids: readonly string[],
  ranges: readonly SuggestedRange[],
  lists: Lists = new Set()
): string {
  const lines = ids.map((id, i) => {
    const name = ids.length > 1 ? `v${i + 1}` : 'v';
    const { start, stop } = ranges[i]!;
    if (id.startsWith(OF_KERNEL)) {
      return variableName(id);
    }
    const args = lists.has(id) ? [id] : [id, start, stop];
    return `${name} = spz.get_data(${args.map(pythonLiteral).join(', ')})`;
  });
  const fetches = ids.some(id => !id.startsWith(OF_KERNEL));
  return `${fetches ? 'import speasy_core as spz\n' : ''}${lines.join('\n')}\n`;
}

/** The name of a kernel's variable; only what is a name can become code. */
function variableName(id: string): string {
  const name = id.slice(OF_KERNEL.length);
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : pythonLiteral(name);
}

/**
 * Code that makes a panel unless the kernel has it already (the page was loaded again), and shows
 * it; its name starts with `_` to leave the user's alone.
 */
function shownOnce(name: string, range: SuggestedRange, edits: readonly string[]): string {
  return [
    'from sciqlop_lab import Panel as _SciqlopPanel',
    `if ${pythonLiteral(privateName(name))} not in globals():`,
    `    ${name} = _SciqlopPanel(${pythonLiteral(range.start)}, ${pythonLiteral(range.stop)})`,
    ...edits.map(edit => `    ${name}.${edit}`),
    name
  ].join('\n');
}

function privateName(name: string): string {
  if (!/^_[a-z0-9_]+$/.test(name)) {
    throw new Error(`${name} is not a private Python name`);
  }
  return name;
}

/** Code that shows a panel with products. */
export function panelCode(
  ids: readonly string[],
  range: SuggestedRange,
  name: string,
  lists: Lists = new Set()
): string {
  const edits = ids.map(id => {
    const op = lists.has(id) ? 'add_overlay' : 'add_product';
    return `command({"op": "${op}", "product": ${pythonLiteral(id)}})`;
  });
  return shownOnce(name, range, edits);
}

/** Code that shows a panel as a file describes it; `spec` is JSON text. */
export function panelOfSpec(spec: string, name: string): string {
  const someRange = { start: '2020-01-01', stop: '2020-01-02' };
  const edit = `spec = __import__("json").loads(${pythonLiteral(spec)})`;
  return shownOnce(name, someRange, [edit]);
}

const TEMPLATES = '__import__("sciqlop_lab.templatepages", fromlist=["open_text"])';

/** Code that shows the template that a file's text holds. */
export function panelOfTemplate(text: string, path: string, name: string): string {
  const made = `${TEMPLATES}.open_text(${pythonLiteral(text)}, ${pythonLiteral(path)})`;
  return `if ${pythonLiteral(privateName(name))} not in globals():\n    ${name} = ${made}\n${name}`;
}

/** An expression: base64 of the spec of a template. */
export function specOfTemplate(text: string, path: string): string {
  return `${TEMPLATES}.spec_text(${pythonLiteral(text)}, ${pythonLiteral(path)})`;
}

/** An expression: base64 of the text of a template that now shows something else. */
export function templateText(text: string, path: string, spec: string): string {
  const args = [text, path, spec].map(pythonLiteral).join(', ');
  return `${TEMPLATES}.written_text(${args})`;
}

/** An expression: base64 of a spec as the kernel itself would write it. */
export function normalSpec(spec: string): string {
  const json = '__import__("json")';
  const specs = '__import__("sciqlop_lab.spec", fromlist=["PanelSpec"]).PanelSpec';
  const normal = `${specs}.from_json(${json}.loads(${pythonLiteral(spec)})).to_json()`;
  return `__import__("base64").b64encode(${json}.dumps(${normal}).encode()).decode()`;
}
