import { describe, expect, it } from 'vitest';

import { getDataCode, panelCode, parseTime, pythonLiteral, suggestRange } from '../code';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('pythonLiteral', () => {
  it('leaves no way out of the literal', () => {
    expect(pythonLiteral('a"; import os\n#')).toBe('"a\\"; import os\\n#"');
    expect(pythonLiteral('\\')).toBe('"\\\\"');
    expect(pythonLiteral('\r\u2028\u2029\u0000')).toBe('"\\r\\u2028\\u2029\\u0000"');
  });

  it('shows characters that hide or reorder text', () => {
    expect(pythonLiteral('a\u202eb\u200b')).toBe('"a\\u202eb\\u200b"');
  });

  it('keeps what people read', () => {
    expect(pythonLiteral('µ é 𝛼')).toBe('"µ é 𝛼"');
  });
});

describe('suggestRange', () => {
  const coverage = { start: '2015-12-01T00:00:00.000000000Z', stop: '2015-12-01T13:59:59.912345678Z' };

  it('takes some thousand samples from the end of the coverage', () => {
    expect(suggestRange({ coverage, cadence: 4.5 }, 0, NOW)).toEqual({
      start: '2015-12-01T08:00:00Z',
      stop: '2015-12-01T14:00:00Z'
    });
    expect(suggestRange({ coverage, cadence: 1 / 128 }, 0, NOW).start).toBe('2015-12-01T13:59:30Z');
  });

  it('begins and ends on round times', () => {
    const day = { start: '2023-01-02T00:00:13Z', stop: '2023-01-02T23:59:58.5Z' };
    expect(suggestRange({ coverage: day, cadence: 16 }, 0, NOW)).toEqual({
      start: '2023-01-02T00:00:00Z',
      stop: '2023-01-03T00:00:00Z'
    });
    const burst = { start: '2015-12-01T10:17:04Z', stop: '2015-12-01T10:19:24Z' };
    expect(suggestRange({ coverage: burst, cadence: 0.15 }, 0, NOW)).toEqual({
      start: '2015-12-01T10:17:00Z',
      stop: '2015-12-01T10:20:00Z'
    });
  });

  it('stays with the coverage', () => {
    expect(suggestRange({ coverage, cadence: 3600 }, 0, NOW).start).toBe('2015-12-01T00:00:00Z');
    expect(suggestRange({ coverage, cadence: null }, 1e9, NOW).start).toBe('2015-12-01T00:00:00Z');
  });

  it('does not look into the future', () => {
    const planned = { start: '2020-01-01T00:00:00Z', stop: '2050-01-01T00:00:00Z' };
    expect(suggestRange({ coverage: planned, cadence: null }, 86_400, NOW)).toEqual({
      start: '2025-12-31T00:00:00Z',
      stop: '2026-01-01T00:00:00Z'
    });
  });

  it('has an answer when nothing is known', () => {
    expect(suggestRange(null, 0, NOW + 5000)).toEqual({
      start: '2025-12-31T18:00:00Z',
      stop: '2026-01-01T00:00:00Z'
    });
    const upside = { start: '2020-01-02T00:00:00Z', stop: '2020-01-01T00:00:00Z' };
    expect(suggestRange({ coverage: upside, cadence: 1 }, 0, NOW).stop).toBe('2026-01-01T00:00:00Z');
  });

  it('reads times as UTC', () => {
    expect(parseTime('2015-12-01T00:00:00')).toBe(Date.parse('2015-12-01T00:00:00Z'));
    expect(parseTime('2015-12-01T00:00:00.123456789Z')).toBe(Date.parse('2015-12-01T00:00:00.123Z'));
  });
});

describe('code', () => {
  const range = { start: '2023-01-02T00:00:00Z', stop: '2023-01-03T00:00:00Z' };

  it('fetches', () => {
    expect(getDataCode(['cda/AC_H0_MFI/BGSEc'], [range])).toBe(
      'import speasy_core as spz\n' +
        'v = spz.get_data("cda/AC_H0_MFI/BGSEc", "2023-01-02T00:00:00Z", "2023-01-03T00:00:00Z")\n'
    );
  });

  it('fetches several, and names what the kernel has already', () => {
    const code = getDataCode(['cda/A/x', 'kernel/b', 'vp/my"/y'], [range, range, range]);
    expect(code.split('\n').map(line => line.split('"2023')[0])).toEqual([
      'import speasy_core as spz',
      'v1 = spz.get_data("cda/A/x", ',
      'b',
      'v3 = spz.get_data("vp/my\\"/y", ',
      ''
    ]);
    expect(getDataCode(['kernel/b'], [range])).toBe('b\n');
    expect(getDataCode(['kernel/b; import os'], [range])).toBe('"b; import os"\n');
  });

  it('shows a panel under a private name', () => {
    const code = panelCode(['cda/a"/b'], range, '_panel_1a');
    expect(code).toContain('"product": "cda/a\\"/b"})');
    expect(code.split('\n').at(-1)).toBe('_panel_1a');
    expect(() => panelCode(['cda/a/b'], range, 'x; import os')).toThrow();
  });
});
