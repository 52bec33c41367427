"""Units as text, with an algebra of their own.

Archives write units freely (``cm^-3``, ``#/cc``, ``cm!E-2!N``, ``Re``); unit libraries refuse a
third of these strings and misread others. Here a table of aliases of the field comes first; a text
that is not understood stays an opaque symbol that multiplies and divides but is never converted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from speasy_core.errors import UnitMismatch

from .table import (
    ALIAS,
    AMBIGUOUS,
    BASE,
    DIMENSIONLESS,
    FIXED,
    OFFSET,
    ONLY_BEFORE,
    ONLY_WITH,
    PREFIX,
    WHOLE,
)  # fmt: skip

__all__ = ["conversion", "divide", "fits", "is_known", "multiply", "power", "to_ascii"]

Exponents = tuple[tuple[str, Fraction], ...]

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_TO_SUPER = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_POWER = r"[-+]?\d+(?:\.\d+|/\d+)?"
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_TOKEN = re.compile(
    rf"(?P<op>[*/()])|(?P<dash>-(?=[A-Za-zµμ#]))|(?P<exp>\^{_POWER}|\^\({_POWER}\))"
    rf"|(?P<num>{_NUMBER})|(?P<sym>[A-Za-zµμΩΩ°%#ÅÅ℃_]+)(?P<tail>[-+]?\d+)?|(?P<space>[\s.·⋅]+)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A parsed unit: symbols with exponents, and what they amount to in SI.

    `si` is None when a symbol is not known; `dims` is then empty.
    """

    symbols: Exponents
    factor: float
    si: float | None
    dims: Exponents
    offset: float = 0.0


class _Unreadable(Exception):
    """The text is not a unit in any spelling known here."""


def _normal(exponents: Mapping[str, Fraction]) -> Exponents:
    return tuple((name, power) for name, power in exponents.items() if power)


def _dims(text: str) -> dict[str, Fraction]:
    result: dict[str, Fraction] = {}
    for part in text.split():
        match = re.fullmatch(r"([a-zA-Z]+)(-?\d+)?", part)
        if match:
            result[match[1]] = Fraction(int(match[2] or 1))
    return result


def _go_together(prefix: str, symbol: str) -> bool:
    return symbol in ONLY_BEFORE.get(prefix, (symbol,)) and prefix in ONLY_WITH.get(
        symbol, (prefix,)
    )


@lru_cache(maxsize=4096)
def _symbol(name: str) -> tuple[float, Exponents] | None:
    """Return the SI factor and dimension of one symbol, or None when it is not known."""
    name = ALIAS.get(name, name)
    known = FIXED.get(name) or BASE.get(name)
    factor = 1.0
    if name in OFFSET:
        known = (1.0, "K")
    if known is None:
        for size in (1, 2):
            prefix, rest = name[:size], name[size:]
            if prefix in PREFIX and rest in BASE and _go_together(prefix, rest):
                known, factor = BASE[rest], PREFIX[prefix]
                break
    if known is None:
        return None
    return factor * known[0], _normal(_dims(known[1]))


def _prepare(text: str) -> str:
    text = re.sub(r"!([EU])([-+]?\d+)!N", r"^\2", text)  # IDL's superscripts
    text = re.sub(r"\$|\\mathrm|[{}]", "", text).replace("**", "^")
    text = re.sub(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + m[0].translate(_SUPER), text)
    text = re.sub(r"\s*\^\s*", "^", text)
    text = re.sub(r"\b[Pp]er\b", "/", text)
    text = re.sub(r"(?<=eV)/n(?:uc)?\b\.?", "/nuc", text)  # per nucleon, and per charge
    text = re.sub(r"(?<=eV)/[qQ]\b", "/e", text)
    return text.strip()


class _Parser:
    """Recursive descent over ``a b/c (d e)^2``; refuses ``a/b c``, which people mean both ways."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _Unreadable
            at = match.end()
            kind = match.lastgroup or ""
            if kind == "tail":
                self.tokens += [("sym", match["sym"]), ("exp", match["tail"])]
            elif kind != "space" or (self.tokens and self.tokens[-1][0] != "space"):
                self.tokens.append((kind, match[0]))
        self.at = 0

    def peek(self, skip_space: bool = True) -> tuple[str, str]:
        while skip_space and self.at < len(self.tokens) and self.tokens[self.at][0] == "space":
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def whole(self) -> tuple[dict[str, Fraction], float]:
        result = self.product()
        if self.peek()[0] != "end":
            raise _Unreadable
        return result

    def product(self) -> tuple[dict[str, Fraction], float]:
        total: dict[str, Fraction] = {}
        factor, divided, sign = 1.0, False, 1
        while True:
            inner, number = self.tight()
            for name, power in inner.items():
                total[name] = total.get(name, Fraction(0)) + sign * power
            factor *= number**sign
            kind, text = self.peek()
            if kind == "end" or text == ")":
                return total, factor
            if text in ("*", "/"):
                self.at += 1
                sign, divided = (-1, True) if text == "/" else (1, divided)
            elif divided:
                raise _Unreadable
            else:
                sign = 1

    def tight(self) -> tuple[dict[str, Fraction], float]:
        """Parse factors joined by dashes, which bind before anything else: ``#/cm2-s-sr``."""
        total, factor = self.factor()
        while self.peek(skip_space=False)[0] == "dash":
            self.at += 1
            more, number = self.factor()
            for name, power in more.items():
                total[name] = total.get(name, Fraction(0)) + power
            factor *= number
        return total, factor

    def factor(self) -> tuple[dict[str, Fraction], float]:
        kind, text = self.peek()
        self.at += 1
        number = 1.0
        if text == "(":
            inner, number = self.product()
            if self.peek()[1] != ")":
                raise _Unreadable
            self.at += 1
        elif kind == "num":
            inner, number = {}, _number(text)
            if self.peek(skip_space=False)[0] == "sym":  # "counts/256sec": written as one
                inner = {self.tokens[self.at][1]: Fraction(1)}
                self.at += 1
                if self.peek(skip_space=False)[0] == "exp":  # the number's too, or not?
                    raise _Unreadable
        elif text == "sqrt" and self.peek(skip_space=False)[1] == "(":
            inside, number = self.factor()
            inner, number = {k: p / 2 for k, p in inside.items()}, math.sqrt(number)
        elif kind == "sym":
            inner = {text: Fraction(1)}
        elif text == "/" and self.at == 1:  # "/cm**3"
            self.at -= 1
            return {}, 1.0
        else:
            raise _Unreadable
        if self.peek(skip_space=False)[0] == "exp":
            exponent = Fraction(self.tokens[self.at][1].strip("^()+"))
            self.at += 1
            inner = {name: power * exponent for name, power in inner.items()}
            number = number ** float(exponent)
        return inner, number


def _number(text: str) -> float:
    """Return the value; "10e-22" is refused, as people mean 10^-22 by it and computers 10^-21."""
    number = float(text)
    if number == 0.0 or re.match(r"10[eE]", text):
        raise _Unreadable
    return number


@lru_cache(maxsize=4096)
def parse(text: str) -> Unit:
    """Return the unit that `text` stands for; what cannot be read becomes one opaque symbol.

    Examples
    --------
    >>> parse("nT").si, parse("furlong").si is None
    (1e-09, True)
    """
    stripped = text.strip()
    if stripped in DIMENSIONLESS or (stripped.lower() in DIMENSIONLESS and stripped != "nA"):
        return Unit((), 1.0, 1.0, ())
    if stripped in AMBIGUOUS:
        return Unit(((stripped, Fraction(1)),), 1.0, None, ())
    try:
        symbols, factor = _Parser(_prepare(WHOLE.get(stripped, stripped))).whole()
    except (_Unreadable, ZeroDivisionError, ValueError, OverflowError):
        return Unit(((stripped, Fraction(1)),), 1.0, None, ())
    names = {name: ALIAS.get(name, name) for name in symbols}
    si, dims = factor, dict[str, Fraction]()
    for name, power in symbols.items():
        known = _symbol(name)
        if known is None:
            return Unit(_normal(symbols), factor, None, ())
        try:
            si *= known[0] ** float(power)
        except OverflowError:
            si = 0.0
        if si == 0.0 or math.isinf(si):  # no number can say how many there are of it
            return Unit(_normal(symbols), factor, None, ())
        for base, exponent in known[1]:
            dims[base] = dims.get(base, Fraction(0)) + exponent * power
    offset = 0.0
    if tuple(names.values()) == ("degC",) and next(iter(symbols.values())) == 1:
        offset = OFFSET["degC"]
    return Unit(_normal(symbols), factor, si, tuple(sorted(_normal(dims))), offset)


def _format(symbols: Exponents, factor: float) -> str:
    parts = [] if factor == 1.0 else [f"{factor:.15g}"]
    for name, exponent in sorted(symbols, key=lambda item: item[1] < 0):
        simple = re.fullmatch(r"[^\s*/^()+-]+", name) or (exponent == 1 and len(symbols) == 1)
        label = name if simple else f"({name})"
        if exponent == 1:
            parts.append(label)
        elif exponent.denominator == 1:
            parts.append(label + str(exponent.numerator).translate(_TO_SUPER))
        else:
            parts.append(f"{label}^({exponent})")
    return " ".join(parts)


@lru_cache(maxsize=4096)
def multiply(a: str, b: str) -> str:
    """Return the unit of a product.

    Examples
    --------
    >>> multiply("nT", "nT"), multiply("km/s", "s"), multiply("blob", "nT")
    ('nT²', 'km', 'blob nT')
    """
    if not parse(a).symbols and parse(a).factor == 1.0:
        return b
    if not parse(b).symbols and parse(b).factor == 1.0:
        return a
    return _combine(a, b, Fraction(1))


@lru_cache(maxsize=4096)
def divide(a: str, b: str) -> str:
    """Return the unit of a quotient.

    Examples
    --------
    >>> divide("nT", "nT"), divide("km", "s")
    ('', 'km s⁻¹')
    """
    if not parse(b).symbols and parse(b).factor == 1.0:
        return a
    return _combine(a, b, Fraction(-1))


def _combine(a: str, b: str, sign: Fraction) -> str:
    one, two = parse(a), parse(b)
    symbols = dict(one.symbols)
    spelled = {ALIAS.get(name, name): name for name in symbols}
    for name, exponent in two.symbols:  # "sec" and "s" are one symbol
        kept = spelled.get(ALIAS.get(name, name), name)
        symbols[kept] = symbols.get(kept, Fraction(0)) + sign * exponent
    return _format(_normal(symbols), one.factor * two.factor ** int(sign))


@lru_cache(maxsize=4096)
def power(unit: str, exponent: float | Fraction) -> str:
    """Return the unit of a power.

    Examples
    --------
    >>> power("nT²", 0.5), power("s", -1)
    ('nT', 's⁻¹')
    """
    exact = Fraction(exponent).limit_denominator(1000)
    parsed = parse(unit)
    if exact == 1 or (not parsed.symbols and parsed.factor == 1.0):
        return unit
    symbols = {name: value * exact for name, value in parsed.symbols}
    return _format(_normal(symbols), parsed.factor ** float(exact))


def is_known(unit: str) -> bool:
    """Whether the unit is understood, so that it can be converted.

    Examples
    --------
    >>> is_known("#/cc"), is_known("blob")
    (True, False)
    """
    return parse(unit).si is not None


@lru_cache(maxsize=4096)
def fits(a: str, b: str) -> bool | None:
    """Whether two units measure the same thing; None when one of them is not understood.

    Examples
    --------
    >>> fits("nT", "G"), fits("nT", "km"), fits("nT", "blob")
    (True, False, None)
    """
    one, two = parse(a), parse(b)
    if one.si is None or two.si is None:
        return True if a.strip() == b.strip() else None
    return one.dims == two.dims


@lru_cache(maxsize=4096)
def conversion(source: str, target: str) -> tuple[float, float]:
    """Return ``(factor, offset)`` so that ``target = source * factor + offset``.

    Raises
    ------
    UnitMismatch
        One of the units is not understood, or they measure different things.

    Examples
    --------
    >>> conversion("nT", "T"), conversion("Re", "km")
    ((1e-09, 0.0), (6378.1, 0.0))
    """
    if source == target:
        return 1.0, 0.0
    one, two = parse(source), parse(target)
    for text, unit in ((source, one), (target, two)):
        if unit.si is None:
            why = AMBIGUOUS.get(text.strip(), "is not known here")
            raise UnitMismatch(
                f"the unit {text!r} {why}, so nothing can be converted to or from it",
                hint="relabel with v.with_unit('...'), where you know what it means",
            )
    if one.dims != two.dims or one.si is None or two.si is None:
        raise UnitMismatch(f"{source!r} cannot be converted to {target!r}")
    return _clean_ratio(one.si, two.si), (one.offset - two.offset) / two.si


def _clean_ratio(a: float, b: float) -> float:
    """Divide; round off the last digits, which only the powers of ten inside have made."""
    ratio = a / b
    rounded = float(f"{ratio:.14g}")
    return rounded if math.isclose(ratio, rounded, rel_tol=4e-15) else ratio


def to_ascii(unit: str) -> str:
    """Return the unit in ASCII, as ISTP files write it.

    Examples
    --------
    >>> to_ascii("km s⁻¹")
    'km s^-1'
    """
    text = re.sub(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + m[0].translate(_SUPER), unit)
    for letter, plain in (("µ", "u"), ("μ", "u"), ("Ω", "ohm"), ("°", "deg"), ("Å", "angstrom")):
        text = text.replace(letter, plain)
    return text.encode("ascii", "replace").decode()
