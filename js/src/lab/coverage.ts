/** A bar that shows when a product has data, between the first satellites and now. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { parseTime } from './code';
import { formatTime } from './format';

const YEAR = 365.25 * 86_400_000;
/** Shorter coverage still shows, in percent of the bar. */
const LEAST = 1.5;

/** Where a coverage begins on the bar and how long it is, in percent; and the bar's years. */
export function coverageShare(
  coverage: { start: string; stop: string },
  now: number
): { left: number; width: number; from: number; to: number } | null {
  const start = parseTime(coverage.start);
  const stop = parseTime(coverage.stop);
  if (!(stop >= start)) {
    return null;
  }
  const decade = (time: number): number => Math.floor(new Date(time).getUTCFullYear() / 10) * 10;
  // A product of the sixties moves the beginning, orbits of the future the end.
  const from = Math.min(1990, decade(start));
  const end = Math.max(now, Math.min(stop, now + 20 * YEAR));
  const to = new Date(end).getUTCFullYear() + 1;
  const [first, last] = [Date.UTC(from, 0), Date.UTC(to, 0)];
  const clip = (time: number): number => Math.min(Math.max(time, first), last);
  const width = Math.max(LEAST, ((clip(stop) - clip(start)) / (last - first)) * 100);
  const left = Math.min(((clip(start) - first) / (last - first)) * 100, 100 - width);
  return { left, width, from, to };
}

export function coverageBar(
  coverage: { start: string; stop: string },
  trans: TranslationBundle,
  now: number
): HTMLElement {
  const node = document.createElement('div');
  node.className = 'sqlab-coverage';
  const share = coverageShare(coverage, now);
  if (!share) {
    return node;
  }
  const label = trans.__('Data from %1 to %2', formatTime(coverage.start), formatTime(coverage.stop));
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', label);
  node.title = label;
  const bar = document.createElement('div');
  bar.className = 'sqlab-coverage-bar';
  const part = document.createElement('div');
  part.className = 'sqlab-coverage-part';
  part.style.left = `${share.left}%`;
  part.style.width = `${share.width}%`;
  bar.append(part);
  const [from, to] = [share.from, share.to].map(year => {
    const text = document.createElement('span');
    text.textContent = String(year);
    return text;
  });
  const years = document.createElement('div');
  years.className = 'sqlab-coverage-years';
  years.append(from!, to!);
  node.append(bar, years);
  return node;
}
