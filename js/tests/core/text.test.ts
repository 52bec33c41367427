import { expect, it } from 'vitest';

import { formatValue, prettyUnit } from '../../src/core/text';

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
