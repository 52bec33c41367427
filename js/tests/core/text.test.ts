import { expect, it } from 'vitest';

import { digitsWithin, formatValue, prettyUnit } from '../../src/core/text';

it('values read well', () => {
  expect(formatValue(NaN)).toBe('–');
  expect(formatValue(-3.14159265)).toBe('−3.1416');
  expect(formatValue(4.2e7)).toBe('4.200×10⁷');
  expect(formatValue(0.1 + 0.2)).toBe('0.3');
});

it.each([
  ['cm^-3', 'cm⁻³'],
  ['#/cm**3', '#/cm³'],
  ['cm-3', 'cm⁻³'],
  ['keV/(cm^2 s sr keV)', 'keV/(cm² s sr keV)'],
  ['(cm^2 s sr eV)^{-1}', '(cm² s sr eV)⁻¹'],
  ['cm!E-3!N', 'cm⁻³'],
  ['W m^(-2) Hz^-1', 'W m⁻² Hz⁻¹'],
  ['10^6 K', '10⁶ K'],
  ['nT', 'nT'],
  ['H2', 'H2'],
  ['s-keV', 's-keV'],
  ['1e-3 V', '1e-3 V'],
  ['', '']
])('the unit %s is written %s', (unit, written) => {
  expect(prettyUnit(unit)).toBe(written);
});

it('has as many digits as tell the values of an axis apart', () => {
  expect([digitsWithin({ lo: 0, hi: 7 }), digitsWithin({ lo: 1e9, hi: 1e9 + 2e-3 }), digitsWithin({ lo: 1e9, hi: 1e9 + 1e-6 })]).toEqual([5, 16, 17]);
  expect([digitsWithin({ lo: 3, hi: 3 }), digitsWithin({ lo: NaN, hi: 1 }, 4)]).toEqual([5, 4]);
  expect(formatValue(1e9 + 1e-3, 16)).toBe('1000000000.001');
  expect(formatValue(-149999999.5, 10)).toBe('−149999999.5');
  expect(formatValue(1.7e300, 6)).toBe('1.7000×10³⁰⁰');
  expect(formatValue(1e9 + 1e-3)).toBe('1.000×10⁹');
});
