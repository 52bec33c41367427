"""One damaged file, decoded and judged; runs in a child process."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from speasy_core.errors import SpeasyError

from .digest import digest
from .mutations import mutate
from .target import Seed, Target

__all__ = ["FAILURES", "OUTCOMES", "Judge", "Outcome"]

# one letter each, as they are noted in the memory that is shared with the parent
OUTCOMES = {
    "R": "right", "C": "other values", "E": "error", "U": "left to the transport",
    "S": "cut not seen", "X": "foreign error", "N": "error without a source", "D": "not noticed",
    "M": "memory", "H": "hang", "K": "crash",
}  # fmt: skip
FAILURES = frozenset("SXNDMHK")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case; `detail` says why a failure is one."""

    letter: str
    detail: str = ""


class Judge:
    """Decodes damaged files of one target, and compares with the whole ones.

    Parameters
    ----------
    target : Target
    seeds : sequence of Seed
    key : str
        Seed of the run; the same one makes the same cases.
    """

    def __init__(self, target: Target, seeds: Sequence[Seed], key: str) -> None:
        self._target, self._seeds = target, seeds
        self._bytes = [seed.data for seed in seeds]
        self._key = f"{key}/{target.name}"
        self._wanted: dict[int, bytes | None] = {}

    def case(self, number: int) -> tuple[int, str, bytes]:
        """Return the seed's index, the kind of damage and the damaged bytes."""
        return mutate(self._bytes, number, self._key)

    def cuts(self) -> list[tuple[int, int]]:
        """Return seed and length of every cut of the small files."""
        return [
            (index, length)
            for index, data in enumerate(self._bytes) if len(data) <= self._target.exhaustive
            for length in range(len(data))
        ]  # fmt: skip

    def run(self, number: int) -> Outcome:
        """Decode the case of a number."""
        index, kind, data = self.case(number)
        return self.judge(index, data, is_cut=kind == "cut")

    def judge(self, index: int, data: bytes, *, is_cut: bool) -> Outcome:
        """Decode damaged bytes, and say what that is worth."""
        target, seed = self._target, self._seeds[index]
        whole = len(data) == len(seed.data) or not is_cut
        wanted = self._want(index)
        given = target.wrap(data) if target.wrap else data
        try:
            got = digest(self._decode(given, seed, proven=whole))
        except SpeasyError as error:
            if error.source or error.url or error.product:
                return Outcome("E")
            return Outcome("N", f"{type(error).__name__}: {error}")
        except MemoryError:
            return Outcome("M", traceback.format_exc(limit=-4))
        except Exception:  # noqa: BLE001 - whatever else comes is what is looked for
            return Outcome("X", traceback.format_exc(limit=-6))
        if got == wanted or data == seed.data:
            return Outcome("R")
        if not whole:
            if target.unseen(seed.data, len(data)):
                return Outcome("U")
            return Outcome("S", f"{len(data)} of {len(seed.data)} bytes of {seed.name}")
        if target.checked:
            return Outcome("D", f"a change in {seed.name}")
        return Outcome("C")

    def _want(self, index: int) -> bytes | None:
        """Return what the whole file gives; None where it is not one that can be read."""
        if index not in self._wanted:
            seed = self._seeds[index]
            given = self._target.wrap(seed.data) if self._target.wrap else seed.data
            try:
                self._wanted[index] = digest(self._decode(given, seed, proven=True))
            except SpeasyError:
                self._wanted[index] = None
        return self._wanted[index]

    def _decode(self, data: bytes, seed: Seed, *, proven: bool) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._target.decode(data, seed, proven)
