"""All different words of a tree, through which a part of a word leads to the words that hold it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from .query import Term

__all__ = ["Vocabulary", "any_of"]

_PREFIX = 1  # beginnings of words of this length are indexed themselves
_SPREAD = 100  # up to so many words are looked up one by one rather than by their beginning


class Vocabulary:
    """Words in one long text, which is searched faster than anything made of objects.

    Parameters
    ----------
    words : str
        Separated by newlines, each once.
    """

    def __init__(self, words: str) -> None:
        self._text = f"\n{words}\n"

    @classmethod
    def unpack(cls, data: bytes) -> Vocabulary:
        """Return what :func:`pack` packed."""
        return cls(zlib.decompress(data).decode())

    @staticmethod
    def pack(words: Sequence[str]) -> bytes:
        """Return words as bytes for the file."""
        return zlib.compress("\n".join(words).encode())

    def containing(self, part: str) -> list[str]:
        r"""Return all words with `part` inside; a newline at its beginning stands for theirs.

        Examples
        --------
        >>> Vocabulary("bgse\ngse\ngsec").containing("gse")
        ['bgse', 'gse', 'gsec']
        """
        found = []
        text = self._text
        at = text.find(part)
        while at >= 0:
            end = text.index("\n", at + 1)
            found.append(text[text.rindex("\n", 0, at + 1) + 1 : end])
            at = text.find(part, end)
        return found

    def expression(self, term: Term, form: str) -> str:
        """Return what the index is asked for a term; empty when no word is like that.

        Parameters
        ----------
        term : Term
        form : str
            ``whole``, ``start`` or ``anywhere``.
        """
        word = term.word
        if form == "whole":
            return any_of([word])
        if len(word) <= _PREFIX:
            return f'"{word}" *'
        if form == "start" or term.anywhere == term.start:
            words = self.containing(f"\n{word}")
            return any_of(words) if len(words) <= _SPREAD else f'"{word}" *'
        words = self.containing(word)
        if len(words) <= _SPREAD:
            return any_of(words)
        inside = [known for known in words if not known.startswith(word)]
        return f'("{word}" * OR {any_of(inside)})' if inside else f'"{word}" *'


def any_of(words: Sequence[str]) -> str:
    """Return what the index is asked for rows that have one of these words."""
    quoted = " OR ".join(f'"{word}"' for word in words)
    return f"({quoted})" if words else ""
