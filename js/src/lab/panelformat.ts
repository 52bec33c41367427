/** What is in a panel's file. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';

/** Of the file, for later versions of it. */
const VERSION = 1;

/** Whether a file holds a template of SciQLop, which the kernel reads and writes, rather than a panel. */
export function isTemplate(path: string, text: string): boolean {
  if (/\.ya?ml$/.test(path)) {
    return true;
  }
  const value = parsed(text);
  return typeof value === 'object' && value !== null && !('sciqlop_panel' in value) && 'plots' in value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // which readFile says
  }
}

/** The panel that a file holds, as JSON text; null for an empty file. */
export function readFile(text: string, trans: TranslationBundle): string | null {
  if (!text.trim()) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(trans.__('This file is not JSON: %1', String(error)));
  }
  const { sciqlop_panel, spec } = (value ?? {}) as Record<string, unknown>;
  if (sciqlop_panel !== VERSION || typeof spec !== 'object' || spec === null) {
    throw new Error(trans.__('This file is not a SciQLop panel of version %1.', VERSION));
  }
  return JSON.stringify(spec);
}

/** The text of a file that holds a panel. */
export function writeFile(spec: string): string {
  return `${JSON.stringify({ sciqlop_panel: VERSION, spec: JSON.parse(spec) as unknown }, null, 2)}\n`;
}

/** Whether two texts hold the same value, however they are written. */
export function sameJson(a: string, b: string): boolean {
  const value = (text: string): ReadonlyJSONValue => JSON.parse(text) as ReadonlyJSONValue;
  return a === b || JSONExt.deepEqual(value(a), value(b));
}

/** The product that a panel shows first; null while it is empty. */
export function firstProduct(spec: string): string | null {
  const { plots } = JSON.parse(spec) as { plots?: { graphs?: { product?: unknown }[] }[] };
  const product = plots?.flatMap(plot => plot.graphs ?? [])[0]?.product;
  return typeof product === 'string' ? product : null;
}

/** A name for the kernel's panel that stays the same while the file has its path. */
export function keyOf(path: string): string {
  let hash = 0x811c9dc5;
  for (const char of path) {
    hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
