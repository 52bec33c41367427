/** What a query can be completed with at the cursor: names of filters, and their values. */

import type { SearchField } from './api';

export interface Completion {
  /** What takes the place of the word under the cursor. */
  insert: string;
  label: string;
  note: string;
}

export interface Completions {
  /** The part of the query that a completion replaces. */
  from: number;
  to: number;
  items: Completion[];
}

const MOST = 50;
/** Letters of a word before it is taken for the beginning of a filter. */
const ENOUGH = 2;
const WORD = /(?:([A-Za-z]+):)?("[^"]*"?|\S*)/g;

interface Part {
  from: number;
  to: number;
  field: string;
  value: string;
}

/** The word, or filter, in which the cursor stands. */
function partAt(text: string, cursor: number): Part {
  for (const match of text.matchAll(WORD)) {
    const [whole, field = '', value = ''] = match;
    const to = match.index + whole.length;
    if (whole && match.index <= cursor && cursor <= to) {
      const typed = value.slice(0, Math.max(0, cursor - (to - value.length)));
      return { from: match.index, to, field: field.toLowerCase(), value: typed };
    }
  }
  return { from: cursor, to: cursor, field: '', value: '' };
}

function quoted(value: string): string {
  return /[\s"]/.test(value) ? `"${value.replace(/"/g, '')}"` : value;
}

/**
 * The completions at a cursor, those that begin with what is typed before those that hold it.
 *
 * @param all whether to list the filters where nothing is typed yet
 */
export function complete(
  text: string,
  cursor: number,
  fields: readonly SearchField[],
  all = false
): Completions {
  const { from, to, field, value } = partAt(text, cursor);
  const typed = value.replace(/"/g, '').toLowerCase();
  const known = fields.find(candidate => candidate.name === field);
  if (field && known) {
    const values = ranked(known.values, typed, item => item.value);
    const items = values.map(item => ({
      insert: `${field}:${quoted(item.value)} `,
      label: item.value,
      note: item.title === item.value ? '' : item.title
    }));
    return { from, to, items: items.slice(0, MOST) };
  }
  if (field || (!all && typed.length < ENOUGH)) {
    return { from, to, items: [] };
  }
  const names = fields.filter(candidate => candidate.name.startsWith(typed));
  return {
    from,
    to,
    items: names.map(({ name, values }) => ({
      insert: `${name}:`,
      label: `${name}:`,
      note: values.slice(0, 3).map(item => item.value).join(', ')
    }))
  };
}

function ranked<T>(items: readonly T[], typed: string, text: (item: T) => string): T[] {
  const begins: T[] = [];
  const holds: T[] = [];
  for (const item of items) {
    const at = text(item).toLowerCase().indexOf(typed);
    if (at === 0) {
      begins.push(item);
    } else if (at > 0) {
      holds.push(item);
    }
  }
  return [...begins, ...holds];
}
