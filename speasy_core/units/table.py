"""The units of the field: SI symbols, and the many ways in which archives write them.

Constants: CODATA 2018; planetary radii: NASA planetary fact sheets (equatorial).
"""

from __future__ import annotations

import math

__all__ = [
    "ALIAS", "AMBIGUOUS", "BASE", "DIMENSIONLESS", "FIXED", "OFFSET", "ONLY_BEFORE", "ONLY_WITH",
    "PREFIX", "WHOLE",
]  # fmt: skip

# symbol: (factor to SI, dimension as base units)
BASE: dict[str, tuple[float, str]] = {
    "m": (1, "m"), "g": (1e-3, "kg"), "s": (1, "s"), "A": (1, "A"), "K": (1, "K"),
    "mol": (1, "mol"), "cd": (1, "cd"), "rad": (1, "rad"), "sr": (1, "rad2"),
    "Hz": (1, "s-1"), "N": (1, "kg m s-2"), "Pa": (1, "kg m-1 s-2"), "J": (1, "kg m2 s-2"),
    "W": (1, "kg m2 s-3"), "C": (1, "A s"), "V": (1, "kg m2 s-3 A-1"),
    "F": (1, "kg-1 m-2 s4 A2"), "ohm": (1, "kg m2 s-3 A-2"), "S": (1, "kg-1 m-2 s3 A2"),
    "Wb": (1, "kg m2 s-2 A-1"), "T": (1, "kg s-2 A-1"), "H": (1, "kg m2 s-2 A-2"),
    "eV": (1.602176634e-19, "kg m2 s-2"), "G": (1e-4, "kg s-2 A-1"), "bar": (1e5, "kg m-1 s-2"),
    "erg": (1e-7, "kg m2 s-2"), "R": (1e10 / (4 * math.pi), "m-2 s-1 rad-2"),
}  # fmt: skip
FIXED: dict[str, tuple[float, str]] = {
    "min": (60, "s"), "h": (3600, "s"), "d": (86400, "s"), "yr": (31557600, "s"),
    "deg": (math.pi / 180, "rad"), "arcmin": (math.pi / 10800, "rad"),
    "arcsec": (math.pi / 648000, "rad"), "cc": (1e-6, "m3"), "l": (1e-3, "m3"),
    "angstrom": (1e-10, "m"), "AU": (1.495978707e11, "m"), "dyn": (1e-5, "kg m s-2"),
    "atm": (101325, "kg m-1 s-2"), "amu": (1.66053906660e-27, "kg"),
    "e": (1.602176634e-19, "A s"), "c": (299792458, "m s-1"),
    "count": (1, "count"), "nuc": (1, "nuc"), "%": (0.01, ""), "#": (1, ""), "1": (1, ""),
    "dB": (1, "dB"), "sfu": (1e-22, "kg s-2"), "TECU": (1e16, "m-2"), "pixel": (1, "pixel"),
    "R_E": (6.3781e6, "m"), "R_J": (7.1492e7, "m"), "R_S": (6.0268e7, "m"),
    "R_V": (6.0518e6, "m"), "R_Mars": (3.3962e6, "m"), "R_Mercury": (2.4397e6, "m"),
    "R_U": (2.5559e7, "m"), "R_N": (2.4764e7, "m"), "R_Moon": (1.7374e6, "m"),
    "R_Io": (1.8216e6, "m"), "R_Europa": (1.5608e6, "m"), "R_Ganymede": (2.6312e6, "m"),
    "R_Callisto": (2.4103e6, "m"), "R_Titan": (2.575e6, "m"), "R_sun": (6.957e8, "m"),
}  # fmt: skip
PREFIX = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2,
    "da": 10.0, "d": 0.1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9,
    "p": 1e-12, "f": 1e-15, "a": 1e-18,
}  # fmt: skip
# prefixes that would turn words of the field (TT, ET, ER, Gs, PA, dN) into odd units go only before
# the symbols that are seen with them
_RARE = ("Hz", "eV", "W", "J", "m")
ONLY_BEFORE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Y", "Z", "E", "P", "T"), _RARE), "h": ("Pa",), "da": ("m",), "d": ("m", "g"),
    "c": ("m", "g"), "a": ("s", "m", "J"),
}  # fmt: skip
ONLY_WITH: dict[str, tuple[str, ...]] = {
    "T": ("m", "u", "µ", "μ", "n", "p", "f"), "R": ("k",), "G": ("k", "m", "u", "µ", "μ", "n"),
    "s": ("m", "u", "µ", "μ", "n", "p", "f", "a", "k"), "cd": (), "sr": (), "erg": (),
}  # fmt: skip
ALIAS: dict[str, str] = {}


def _alias(target: str, *names: str) -> None:
    ALIAS.update(dict.fromkeys(names, target))


_alias("R_E", "Re", "RE", "R_e", "Earth_radii", "Earth_Radii", "EarthRadii")
_alias("R_J", "Rj", "RJ", "R_j")
_alias("R_S", "Rs", "R_s")
_alias("R_V", "Rv", "RV")
_alias("R_Mars", "Rma")
_alias("R_Mercury", "Rme", "R_Me")
_alias("R_Moon", "Rmo")
_alias("R_Io", "Rio")
_alias("R_Europa", "Reu")
_alias("R_Ganymede", "Rga")
_alias("R_Callisto", "Rca")
_alias("R_U", "Ru", "RU")
_alias("R_sun", "Rsun", "R_Sun", "Rsol", "R_sol", "RSun", "solRad")
_alias("AU", "au", "UA", "ua", "A.U.")
_alias("count", "cts", "ct", "cnts", "cnt", "counts", "Counts", "COUNTS", "Count", "CNTS")
_alias(
    "#", "particles", "particle", "ions", "electrons", "events", "ptcl", "Particles", "molecules"
)
_alias("nuc", "nucleon", "nucl", "nucleons")
_alias("s", "sec", "secs", "second", "seconds", "Sec", "Seconds", "Second", "SEC", "Secs")
_alias("ms", "msec", "msecs", "millisec", "millisecond", "milliseconds", "Milliseconds")
_alias("us", "usec", "microsec", "microseconds", "microsecond")
_alias("ns", "nsec", "nanoseconds", "nanosecond")
_alias("ps", "psec", "picoseconds")
_alias("min", "mins", "minute", "minutes", "Minutes")
_alias("h", "hr", "hrs", "hour", "hours", "Hours", "Hour")
_alias("d", "day", "days", "Days", "Day")
_alias("yr", "year", "years", "Year", "Years")
_alias("sr", "ster", "str", "Sr", "SR", "steradian", "steradians", "Ster")
_alias("deg", "degree", "degrees", "Degrees", "Degree", "°", "Deg", "DEG", "degs")
_alias("rad", "radian", "radians", "Radians")
_alias("K", "Kelvin", "kelvin", "degK", "°K", "DegK", "Deg_K", "deg_K", "kelvins")
_alias("degC", "°C", "DegC", "deg_C", "Deg_C", "celsius", "Celsius", "degreeC", "℃")
_alias("ohm", "Ohm", "Ohms", "ohms", "Ω", "Ω")
_alias("%", "percent", "Percent", "pct")
_alias("nT", "gamma", "nanotesla", "nanoTesla", "nTesla", "NT", "nt")
_alias("T", "Tesla", "tesla")
_alias("G", "Gauss", "gauss")
_alias("Hz", "hz", "HZ", "hertz", "Hertz")
_alias("kHz", "khz", "KHz", "KHZ")
_alias("V", "Volt", "Volts", "volt", "volts")
_alias("eV", "ev", "EV", "electronvolt")
_alias("keV", "kev", "KeV", "KEV")
_alias("MeV", "mev", "MEV", "Mev")
_alias("km", "KM", "Km", "kilometers", "kilometer", "kilometre", "kilometres")
_alias("m", "meter", "meters", "metre", "metres", "Meter", "Meters")
_alias("cm", "centimeter", "centimeters", "CM")
_alias("uW", "microW", "microwatt")
_alias("uV", "microV", "microvolt")
_alias("W", "watt", "Watt", "watts", "Watts")
_alias("J", "joule", "Joule", "joules", "Joules")
_alias("A", "Amp", "Amps", "amp", "amps", "ampere", "Ampere")
_alias("C", "Coulomb", "coulomb", "coulombs")
_alias("N", "newton", "Newton", "newtons")
_alias("Pa", "pascal", "Pascal", "Pascals")
_alias("nPa", "npa", "nanoPascal")
_alias("angstrom", "Å", "Angstrom", "Angstroms", "Å", "angstroms")
_alias("R", "Rayleigh", "Rayleighs", "rayleigh")
_alias("amu", "AMU", "u", "Da")
_alias("c", "c0")
_alias("pixel", "pixels", "px")
_alias("sfu", "SFU")

DIMENSIONLESS = frozenset({
    "", "1", "unitless", "dimensionless", "none", "n/a", "na", "ratio", "no units", "nounits",
    "number", "adimensional", "-", "no unit", "fraction", "[fraction]",
})  # fmt: skip
# texts whose letters mean something else in this field than in the SI; N is never newton here
WHOLE = {
    "N/cc": "# cm^-3", "n/cc": "# cm^-3", "N/cm3": "# cm^-3", "N/cm^3": "# cm^-3",
    "N/cm**3": "# cm^-3", "n/cm3": "# cm^-3", "n/cm^3": "# cm^-3", "1/cc": "cc^-1",
    "Deg K": "K", "deg K": "K", "degrees K": "K", "degrees Kelvin": "K", "Deg C": "degC",
    "deg C": "degC", "degrees C": "degC", "Earth radii": "R_E", "earth radii": "R_E",
    "Earth Radii": "R_E", "EARTH RADII": "R_E", "Jovian radii": "R_J", "Saturn radii": "R_S",
    "Solar radii": "R_sun", "solar radii": "R_sun", "Nanoteslas": "nT",
    "Titan radius": "R_Titan", "Titan radii": "R_Titan",
    "Mars radii": "R_Mars", "Mercury radii": "R_Mercury",
}  # fmt: skip
# texts that archives use for two things: what follows "the unit 'C' "
AMBIGUOUS = {
    "C": "is degrees Celsius on some temperatures (degC) and coulomb in the SI (A s)",
    "F": "is degrees Fahrenheit on some temperatures and farad in the SI",
    **dict.fromkeys(
        ("ms-1", "ms^-1", "ms⁻¹", "ms**-1"),
        "is a speed in some products (m s-1) and a rate in others (1/ms)",
    ),
    **dict.fromkeys(
        ("Rm", "RM", "R_M"),
        "is the radius of Mars in some products (R_Mars) and of Mercury in others (R_Mercury)",
    ),
}
OFFSET = {"degC": 273.15}
