"""What is fuzzed: a decoder, whole files for it, and which cuts nobody could see in the bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speasy_core.errors import SpeasyError

__all__ = ["SHARED_DATA", "Seed", "Target", "ToldError", "real"]

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
#: damage may change this much of what a file says, but no more than so much memory may it cost
MEMORY = 512 * 2**20


class ToldError(SpeasyError):
    """The data came with a notice that part of it is missing: as good as an error."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole file."""

    name: str
    data: bytes


def _never(data: bytes, length: int) -> bool:
    return False


@dataclass(frozen=True)
class Target:
    """A decoder.

    Parameters
    ----------
    name : str
        As it stands in the table of results.
    decode : callable
        ``decode(data, seed, proven)`` returns all that a caller may ask of the file. `proven` is
        False for a cut file of which no transport says that it is whole.
    make : callable
        Returns the whole files.
    unseen : callable
        ``unseen(data, length)``: whether a cut there leaves a file that is whole by itself, so
        that only the transport can tell.
    wrap : callable, optional
        Applied after the damage, for what is inside an envelope with a checksum.
    checked : bool
        Whether the format has checksums, so that no change at all may pass.
    """

    name: str
    decode: Callable[[bytes, Seed, bool], object]
    make: Callable[[], Sequence[Seed]]
    unseen: Callable[[bytes, int], bool] = _never
    wrap: Callable[[bytes], bytes] | None = None
    checked: bool = False
    #: largest file of which every cut is tried
    exhaustive: int = field(default=3072)


def real(*patterns: str, largest: int = 300_000, most: int = 6) -> list[Seed]:
    """Return recorded files, of different sizes, where they are at hand."""
    if not SHARED_DATA.is_dir():
        return []
    found = {path for pattern in patterns for path in SHARED_DATA.rglob(pattern)}
    small = sorted((p for p in found if 0 < p.stat().st_size <= largest),
                   key=lambda p: (p.stat().st_size, p.name))  # fmt: skip
    step = max(1, -(-len(small) // most))
    return [Seed(path.name, path.read_bytes()) for path in small[::step]]
