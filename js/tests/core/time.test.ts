import { describe, expect, it } from 'vitest';

import {
  DAY,
  MAX_TIME,
  MIN_SPAN,
  MIN_TIME,
  clampView,
  dateToNs,
  formatDuration,
  formatTime,
  fractionDigits,
  panView,
  timeAt,
  timeParts,
  zoomView
} from '../../src/core/time';

const T = 1546441200123456789n; // 2019-01-02 15:00:00.123456789

describe('instants', () => {
  it('keep every nanosecond', () => {
    expect(formatTime(T, 1n)).toBe('2019-01-02 15:00:00.123456789');
    expect(formatTime(T, 1000n)).toBe('2019-01-02 15:00:00.123456');
    expect(formatTime(T)).toBe('2019-01-02 15:00:00');
  });

  it('are right before 1970', () => {
    expect(formatTime(-1n, 1n)).toBe('1969-12-31 23:59:59.999999999');
    expect(timeParts(dateToNs(1957, 10, 4)).year).toBe(1957);
  });

  it('need as many digits as the resolution asks for', () => {
    expect([10n ** 9n, 10n ** 8n, 5n * 10n ** 7n, 1000n, 1n].map(fractionDigits)).toEqual([0, 1, 2, 6, 9]);
  });

  it('name spans by their largest unit', () => {
    expect(formatDuration(7n * 3600n * 10n ** 9n)).toBe('7 h');
    expect(formatDuration(DAY)).toBe('1 d');
    expect(formatDuration(1500n)).toBe('1.5 µs');
    expect(formatDuration(20n)).toBe('20 ns');
  });
});

describe('views', () => {
  const view = { start: T, stop: T + 1000n };

  it('pan by a fraction, exactly', () => {
    expect(panView(view, 0.1)).toEqual({ start: T + 100n, stop: T + 1100n });
  });

  it('zoom around the instant under the cursor', () => {
    const zoomed = zoomView(view, 0.5, 0.25);
    expect(zoomed.stop - zoomed.start).toBe(500n);
    expect(timeAt(zoomed, 0.25)).toBe(timeAt(view, 0.25));
  });

  it('return after zooming out and in again', () => {
    const back = zoomView(zoomView(view, 4), 0.25);
    expect(back).toEqual(view);
  });

  it('never leave what 64 bits hold, nor lose their width', () => {
    let wide = view;
    for (let i = 0; i < 200; i++) {
      wide = zoomView(wide, 3, 0.3);
    }
    expect(wide).toEqual({ start: MIN_TIME, stop: MAX_TIME });
    let narrow = view;
    for (let i = 0; i < 50; i++) {
      narrow = zoomView(narrow, 0.3, 0.7);
    }
    expect(narrow.stop - narrow.start).toBe(MIN_SPAN);
    expect(clampView({ start: T, stop: T }).stop).toBeGreaterThan(clampView({ start: T, stop: T }).start);
  });
});
