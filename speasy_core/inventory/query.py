"""What a search in the inventory means: words, field filters, and which match comes first.

Text is *folded*: words in lower case with two spaces around each, ``"  mms1  fgm  b  "``. Then one
substring search answers three questions: ``"  b  "`` is a whole word, ``"  b"`` is the beginning of
a word, ``"gse"`` is anything inside a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from speasy_core.errors import InvalidRequest
from speasy_core.product import Kind
from speasy_core.timerange import TimeRange, to_ns

__all__ = [
    "TITLE_LENGTH", "Query", "Term", "check_limit", "flat_unit", "fold", "parse_query",
    "storable",
]  # fmt: skip

TITLE_LENGTH = 200  # of a title, what a search looks at

_FIELDS = ("provider", "type", "unit", "after", "before")
_KINDS = tuple(kind for kind in get_args(Kind) if kind != "folder")
_PLACES = ("mission", "instrument")  # names of nodes above a product, whatever their level
_SAME = {"units": "unit", "kind": "type", "observatory": "mission"}
_PART = re.compile(r'(?:(?P<field>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))')
_SEPARATORS = re.compile(r"[\W_]+")
_YEAR, _MONTH = re.compile(r"\d{4}"), re.compile(r"(\d{4})-?(\d{2})")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?\d{3}")
_SHORT = 3


def storable(text: str) -> str:
    """Return `text` with what UTF-8 cannot hold (half of a character pair) replaced by ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def fold(text: str) -> str:
    """Return `text` as it is indexed: lower case, no accents, two spaces around each word.

    Examples
    --------
    >>> fold("MMS1_FGM/b-gse")
    '  mms1  fgm  b  gse  '
    """
    if not text.isascii():
        split = unicodedata.normalize("NFKD", storable(text))
        text = "".join(c for c in split if not unicodedata.combining(c))
    body = _SEPARATORS.sub("  ", text.casefold()).strip()
    return f"  {body}  " if body else ""


def flat_unit(unit: str) -> str:
    """Return a unit as filters compare it: lower case, no blanks."""
    return "".join(storable(unit).split()).casefold()


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query, and the three forms in which folded text is searched for it."""

    word: str
    whole: str
    start: str
    anywhere: str

    @classmethod
    def of(cls, word: str) -> Term:
        """Return the forms of one folded word."""
        start = f"  {word}"
        # one or two letters occur everywhere: they mean the beginning of a word
        return cls(word, f"{start}  ", start, word if len(word) >= _SHORT else start)


@dataclass(frozen=True, slots=True)
class Query:
    """A search, taken apart.

    Attributes
    ----------
    terms : tuple of Term
        All must occur.
    phrase : str
        The words as one folded text; equal to an id or a name, it comes first.
    provider, type, unit : str or None
        Filters; `unit` in lower case without blanks.
    spelt : str
        The unit as it was given.
    start_ns, stop_ns : int or None
        Only products whose coverage meets ``[start_ns, stop_ns)``; unknown coverage passes.
    places : tuple of Term
        Words with which names in the path above a product have to begin.
    """

    terms: tuple[Term, ...] = ()
    phrase: str = ""
    provider: str | None = None
    type: str | None = None
    unit: str | None = None
    start_ns: int | None = None
    stop_ns: int | None = None
    places: tuple[Term, ...] = ()
    spelt: str = ""

    @property
    def has_filter(self) -> bool:
        """Whether anything but words was asked for."""
        if self.places:
            return True
        filters = (self.provider, self.type, self.unit, self.start_ns, self.stop_ns)
        return any(value is not None for value in filters)


def parse_query(
    text: str,
    *,
    provider: str | None = None,
    type: str | None = None,
    unit: str | None = None,
    start: Any = None,
    stop: Any = None,
) -> Query:
    """Take a query apart.

    Parameters
    ----------
    text : str
        Words and ``field:value`` filters: ``provider:``, ``type:``, ``unit:``, ``after:``,
        ``before:``, ``mission:``, ``instrument:``; a value with blanks goes in double quotes. Any
        other ``word:`` is a word.
    provider, type, unit, start, stop
        The same filters as arguments, which win.

    Raises
    ------
    InvalidRequest
        A filter's value cannot be read, the range is empty, or `type` is none of the kinds; in
        `text`, which may be half typed, a type that is unknown finds nothing.

    Examples
    --------
    >>> q = parse_query('mms1 b type:vector after:2015 unit:"nT"')
    >>> [t.start.strip() for t in q.terms], q.type, q.unit
    (['mms1', 'b'], 'vector', 'nt')
    """
    for what, value in {"query": text, "provider": provider, "type": type, "unit": unit}.items():
        if not isinstance(value, str) and (value is not None or what == "query"):
            raise InvalidRequest(f"{what}={value!r:.80} is not text")
    if type and type.strip().lower() not in _KINDS:
        raise InvalidRequest(f"no product is of type {type!r}", hint=f"types: {', '.join(_KINDS)}")
    if start is not None and stop is not None:
        TimeRange(start, stop)  # says what is wrong with it
    words: list[str] = []
    filters: dict[str, str] = {}
    places: list[str] = []
    for name, value in _parts(text):
        if name in _FIELDS:
            filters[name] = value
        elif name in _PLACES:
            places += fold(value).split()
        else:
            words.append(f"{name} {value}" if name else value)
    phrase = fold(" ".join(words))
    after, before = filters.get("after"), filters.get("before")
    chosen_unit = unit if unit is not None else filters.get("unit")
    return Query(
        terms=tuple(map(Term.of, dict.fromkeys(phrase.split()))),
        phrase=phrase,
        provider=_lower(provider if provider is not None else filters.get("provider")),
        type=_lower(type if type is not None else filters.get("type")),
        unit=flat_unit(chosen_unit) if chosen_unit else None,
        start_ns=to_ns(start) if start is not None else _period(after)[0],
        stop_ns=to_ns(stop) if stop is not None else _period(before)[1],
        places=tuple(map(Term.of, dict.fromkeys(places))),
        spelt=chosen_unit or "",
    )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for match in _PART.finditer(text):
        name = (match["field"] or "").lower()
        value = match["plain"] if match["quoted"] is None else match["quoted"]
        yield _SAME.get(name, name), value.strip()


def _lower(text: str | None) -> str | None:
    return text.strip().lower() if text and text.strip() else None


def _period(text: str | None) -> tuple[int | None, int | None]:
    """Return beginning and end of the year, month, day or instant that `text` names."""
    if not text:
        return None, None
    if _YEAR.fullmatch(text):
        return to_ns(f"{text}-01-01"), to_ns(f"{int(text) + 1:04d}-01-01")
    month = _MONTH.fullmatch(text)
    if month is not None:
        year, number = int(month[1]), int(month[2])
        following = (year + 1, 1) if number == 12 else (year, number + 1)
        start = to_ns(f"{year:04d}-{number:02d}-01")
        return start, to_ns(f"{following[0]:04d}-{following[1]:02d}-01")
    is_day = _DAY.fullmatch(text) is not None
    return to_ns(text), to_ns(f"{text}T24:00:00" if is_day else text)


def check_limit(limit: int) -> int:
    """Return `limit`, or raise InvalidRequest when it is not a positive whole number."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InvalidRequest(f"limit={limit!r} is not a positive whole number")
    return limit
