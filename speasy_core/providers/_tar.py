"""Tar archives of servers: an end that is missing, or a damaged member, is never passed over."""

from __future__ import annotations

import tarfile

__all__ = ["StrictMember"]


class StrictMember(tarfile.TarInfo):
    """A member whose header must be sound; ``tarfile`` takes a bad one for the archive's end.

    Raises
    ------
    ValueError
        Where a header or the mark of the end should be, there is neither.
    """

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str | None, errors: str) -> StrictMember:  # type: ignore[override]
        """Return the member that a header describes."""
        try:
            return super().frombuf(buf, encoding, errors)  # type: ignore[arg-type]
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise  # the mark of the end
            raise ValueError(f"a member's header is cut or damaged ({error})") from error
