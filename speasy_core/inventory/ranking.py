"""Which of the products that match a query comes first."""

from __future__ import annotations

import re
from functools import lru_cache

from .query import Query, fold

__all__ = ["is_plain", "is_principal", "rank"]

# names above what most people mean by a field, a density or a speed
_WELL_KNOWN = re.compile(
    "  (mfi|fgm|mag|mgf|mfe|fluxgate|imf|omni|swe|swepam|3dp|fpi|cis|hia|esa|plastic|swa|pas|span"
    "|spc|orbit|ephemeris)  "
)
# what is in the data sets of many, and seldom looked for unless it is named
_ASIDE_WORDS = frozenset(
    ("model", "models", "simulation", "flag", "flags", "quality", "error", "errors", "delta",
     "uncertainty", "label", "labels", "support", "count", "counts")
)  # fmt: skip
_ASIDE = re.compile(f"  ({'|'.join(sorted(_ASIDE_WORDS))})  ")
_COMPONENT, _BESIDE, _LITTLE_KNOWN = 4, 2, 1
_PENALTIES = 8  # one more than all of them
_TITLE = 4  # the level of a phrase in the title
_SOON = 4  # words


def is_plain(path: str) -> bool:
    """Whether what is below some names, folded, is such that a search may begin with it."""
    return not _above(path)


def is_principal(ref: str, *words: frozenset[str]) -> bool:
    """Whether a product below plain names is among those that a search should begin with.

    Parameters
    ----------
    ref : str
        Its id as it is.
    words : frozenset of str
        Those of its name and of its title, folded.

    Examples
    --------
    >>> is_principal("a/b", frozenset({"b", "gse"})), is_principal("a/b", frozenset({"flag"}))
    (True, False)
    """
    return not ref.endswith(")") and all(map(_ASIDE_WORDS.isdisjoint, words))


@lru_cache(4096)
def _above(path: str) -> int:
    """Return the penalties for names above, the same for all products of a data set."""
    unknown = 0 if _WELL_KNOWN.search(path) else _LITTLE_KNOWN
    return unknown + (_BESIDE if _ASIDE.search(path) else 0)


def rank(query: Query, name: str, full_ref: str, path: str, title: str = "") -> int:
    """Return how well a row that matches `query` does so, 0 being best.

    The id and the name come first, then the words of the query as a phrase in the title, then all
    of them in title and path, then beginnings of words and what is inside of them. Among equals
    parameters precede their components, measurements what is beside them (models, flags), and
    well known instruments others.

    Parameters
    ----------
    query : Query
        With at least one term.
    name, path, title : str
        The row's folded name, names of the nodes above it, and its own title.
    full_ref : str
        Its id, with the provider.

    Examples
    --------
    >>> from speasy_core.inventory.query import parse_query
    >>> query = parse_query("magnetic field")
    >>> best = rank(query, "  bgse  ", "a/imf", "  ace  mfi  ", "  magnetic  field  gse  ")
    >>> best < rank(query, "  bx  ", "a/imf(0)", "  ace  mfi  ", "  magnetic  field  gse  ")
    True
    """
    level = _level(query, name, fold(full_ref), path, title)
    penalty = _COMPONENT if full_ref.endswith(")") else 0
    if level >= _TITLE:  # else the id or name was typed: what it belongs to makes no difference
        penalty |= _above(path)
        if _ASIDE.search(name + title):
            penalty |= _BESIDE
        if penalty & _BESIDE and _ASIDE.search(query.phrase):
            penalty &= ~_BESIDE
    return level * _PENALTIES + penalty


def _level(query: Query, name: str, ref: str, path: str, title: str) -> int:
    phrase, terms = query.phrase, query.terms
    if phrase == name or ref.endswith(phrase):  # the id, or all of its end
        return 0
    if name.startswith(phrase.rstrip()) or ref.startswith(phrase.rstrip()):
        return 1
    if all(term.whole in name for term in terms):
        return 2
    if all(term.start in name for term in terms):
        return 3
    before, found, _ = title.partition(phrase)
    if found:  # what a title is about stands at its beginning
        return _TITLE if len(before.split()) < _SOON else _TITLE + 1
    text = title + ref + path
    if all(term.whole in text for term in terms):
        return 6
    if all(term.start in text for term in terms):
        return 7
    return 8 if all(term.anywhere in text for term in terms) else 9
