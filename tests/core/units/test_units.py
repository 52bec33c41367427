"""Units as archives write them, and their algebra."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core import units
from speasy_core.errors import UnitMismatch


@pytest.mark.parametrize(
    ("text", "target", "factor"),
    [
        ("Re", "km", 6378.1), ("R_E", "m", 6378100.0), ("Earth radii", "km", 6378.1),
        ("Rj", "km", 71492.0), ("RJ", "km", 71492.0), ("Rs", "km", 60268.0),
        ("AU", "km", 149597870.7), ("UA", "AU", 1.0),
        ("cts", "counts", 1.0), ("counts/hour", "cts/s", 1 / 3600),
        ("#/cc", "m^-3", 1e6), ("#/cc", "cm^-3", 1.0), ("/cm**3", "cm!E-3!N", 1.0),
        ("N/cm3", "cm-3", 1.0), ("n/cc", "cm-3", 1.0), ("particles cm^-3", "1/cc", 1.0),
        ("cm⁻³", "cm^-3", 1.0), ("cm^(-3)", "cm-3", 1.0), ("1/cm^3", "cm-3", 1.0),
        ("nT", "T", 1e-9), ("gamma", "nT", 1.0), ("nT", "G", 1e-5), ("nanotesla", "nT", 1.0),
        ("km/s", "m/s", 1000.0), ("km/sec", "km s^-1", 1.0), ("km per sec", "km/s", 1.0),
        ("eV", "J", 1.602176634e-19), ("keV", "eV", 1000.0), ("MeV", "keV", 1000.0),
        ("J.cm^-3", "J m-3", 1e6), ("nPa", "Pa", 1e-9), ("mV/m", "V/m", 1e-3),
        ("1/(cm² s sr MeV/nuc)", "nuc/(cm2 sec ster MeV)", 1.0),
        ("1/(cm2 Sr sec MeV/nucleon)", "cm^-2 s^-1 sr^-1 MeV^-1 nuc", 1.0),
        ("keV/(cm^2 s sr keV)", "1/(cm^2 s sr)", 1.0),
        ("#/(cm^2-s-sr-keV)", "1/(cm2 s sr keV)", 1.0), ("#/cm2-s-sr-keV", "1/(cm2 s sr keV)", 1.0),
        ("cm!E-2!Nsr!E-1!Ns!E-1!N", "1/(cm^2 sr s)", 1.0), ("W m!U-2!N", "W/m^2", 1.0),
        ("nT/sqrt(Hz)", "nT Hz^-1/2", 1.0), ("(nT)^2/Hz", "nT^2/Hz", 1.0),
        ("V^2/m^2/Hz", "(V/m)^2/Hz", 1.0), ("s^3/cm^6", "s3 m-6", 1e12),
        ("degrees", "rad", math.pi / 180), ("deg", "arcmin", 60.0), ("°", "deg", 1.0),
        ("hours", "s", 3600.0), ("days", "h", 24.0), ("msec", "s", 1e-3), ("µs", "s", 1e-6),
        ("sfu", "W m-2 Hz-1", 1e-22), ("TECU", "m^-2", 1e16), ("%", "", 0.01), ("Ratio", "1", 1.0),
        ("Deg K", "K", 1.0), ("Kelvin", "K", 1.0), ("MK", "K", 1e6),
        ("amu", "kg", 1.6605390666e-27),
        ("nA", "A", 1e-9), ("NA", "1", 1.0), ("[fraction]", "", 1.0),
        ("(V²/m²)/Hz", "V2/m2/Hz", 1.0), ("(nT²)/Hz", "nT^2/Hz", 1.0), ("m^(1/2)", "m^0.5", 1.0),
        ("1/(s cm² sr MeV/n)", "1/(s cm^2 sr MeV/nuc)", 1.0), ("Per cc", "cm-3", 1.0),
        ("1/(cm² s ster keV/Q)", "1/(cm2 s sr keV/e)", 1.0), ("Counts/256sec", "cts/s", 1 / 256),
        ("microW/m²", "W/m2", 1e-6), ("Rma", "km", 3396.2), ("Rme", "km", 2439.7),
        ("Rga", "km", 2631.2), ("Titan radius", "km", 2575.0), ("nC/m^2", "A s m-2", 1e-9),
        ("THz", "Hz", 1e12), ("hPa", "Pa", 100.0), ("kR", "R", 1e3), ("mG", "nT", 100.0),
        ("ohm", "V/A", 1.0), ("nW/m^2", "W/m2", 1e-9), ("kHz", "Hz", 1000.0), ("10^-6", "", 1e-6),
    ],
)  # fmt: skip
def test_real_spellings(text: str, target: str, factor: float) -> None:
    got, offset = units.conversion(text, target)
    assert got == pytest.approx(factor, rel=1e-12)
    assert offset == 0
    assert units.fits(text, target) is True


def test_offsets() -> None:
    assert units.conversion("degC", "K") == (1.0, 273.15)
    assert units.conversion("K", "deg C") == (1.0, -273.15)


@pytest.mark.parametrize(
    "text",
    ["blob", "1/cm^2 s sr", "x10^4 km", "nT/blob", "unit with (paren", "a//b", "^2", "km/s/", "!",
     "nT + km", "(" * 50, "5/0", "m^(1/0)",
     "10e-22 W/m²/Hz",  # 1e-22 is meant, and 1e-21 written
     "TT", "ET", "ER", "MR", "Gs", "PA", "dN", "DN", "UT", "MLT", "TT2000", "MT",
     "counts/2s-1", "counts per sec cm² ster keV", "ionic charge", "0, 1", "UTC"],
)  # fmt: skip
def test_an_unknown_unit_is_never_guessed(text: str) -> None:
    assert not units.is_known(text)
    assert units.fits(text, "nT") is None
    assert units.fits(text, text) is True
    assert units.multiply(text, "") == text
    with pytest.raises(UnitMismatch, match="not known"):
        units.conversion(text, "nT")


@pytest.mark.parametrize(
    ("text", "said"),
    [("C", "Celsius"), ("Rm", "R_Mercury"), ("F", "Fahrenheit"), ("ms-1", "speed")],
)
def test_what_archives_use_for_two_things_is_not_converted(text: str, said: str) -> None:
    assert not units.is_known(text)
    with pytest.raises(UnitMismatch, match=said):
        units.conversion(text, "km")


def test_not_what_unit_libraries_take_them_for() -> None:
    assert units.fits("Re", "km") is True  # not a ronna-elementary-charge
    assert units.fits("cts", "kg") is False  # not carat
    assert units.fits("AU", "m") is True  # not an absorbance unit
    assert units.fits("Hz", "rad/s") is False
    assert units.fits("N", "cm^-3") is False  # alone it is newton


def test_algebra() -> None:
    assert units.multiply("nT", "nT") == "nT²"
    assert units.multiply("km/s", "sec") == "km"
    assert units.divide("nT", "nT") == ""
    assert units.divide("", "s") == "s⁻¹"
    assert units.power("nT²", 0.5) == "nT"
    assert units.power("nT", 1.5) == "nT^(3/2)"
    assert units.power("km/s", 2) == "km² s⁻²"
    assert units.power("", 3) == ""
    assert units.power("foo bar", 2) == "foo² bar²"
    assert units.power("1/cm^2 s sr", 2) == "(1/cm^2 s sr)²"
    assert units.multiply("1/cm^2 s sr", "nT") == "(1/cm^2 s sr) nT"
    assert units.to_ascii("µV² m⁻¹") == "uV^2 m^-1"


NAMES = st.sampled_from(["nT", "km", "s", "eV", "cm", "Re", "cts", "blob", "Hz", "deg"])
TERMS = st.lists(st.tuples(NAMES, st.sampled_from([-3, -2, -1, 1, 2])), min_size=1, max_size=4)


@given(TERMS)
def test_what_is_written_is_read_back(terms: list[tuple[str, int]]) -> None:
    unit = ""
    for name, exponent in terms:
        unit = units.multiply(unit, units.power(name, exponent))
    again = units.parse(unit)
    assert units.multiply(unit, "") == unit
    assert units.divide(unit, unit) == ""
    assert units.power(units.power(unit, 2), 0.5) == unit
    if again.si is not None:
        assert units.fits(unit, units.to_ascii(unit)) is True
        assert units.conversion(unit, units.to_ascii(unit))[0] == pytest.approx(1.0)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_taken(a: str, b: str) -> None:
    units.multiply(a, b)
    units.divide(a, b)
    units.power(a, 0.5)
    units.fits(a, b)
    units.to_ascii(a)
