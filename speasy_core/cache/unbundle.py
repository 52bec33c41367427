"""Reading a bundle: nothing of it is believed before it is checked, and no name becomes a path."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import CorruptFile, RequestTooLarge, SpeasyError, UnsupportedFormat
from speasy_core.product import ProductRef
from speasy_core.store import storable
from speasy_core.variable import SpeasyVariable

from . import fragments as frag
from .bundle import CITATION, FORMAT, MANIFEST, README, SEAL, VERSION
from .fragments import Fragment
from .serial import rebuild

__all__ = ["Bundle"]

Array = npt.NDArray[Any]

_MOST_MEMBERS = 100_000
_MOST_MANIFEST = 256 * 2**20
_CHUNK = 2**20
# ValueError: names that are no text, places before the beginning
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError,
    RuntimeError, ValueError, OverflowError,
)  # fmt: skip


class Bundle:
    """A bundle open for reading; everything in it was checked by the time this is made.

    Parameters
    ----------
    file : Path
    limit : int
        Bytes that all arrays together may have.

    Raises
    ------
    CorruptFile
        Cut, damaged or changed after it was made.
    UnsupportedFormat
        It is something else.
    RequestTooLarge
        More than `limit`.
    """

    def __init__(self, file: Path, limit: int) -> None:
        self.file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except FileNotFoundError:
            raise
        except _DAMAGED as error:
            raise UnsupportedFormat("not a bundle of data", source=str(file)) from error
        try:
            self._check(limit)
        except BaseException:
            self.close()
            raise

    def _check(self, limit: int) -> None:
        members = self._zip.infolist()
        names = [member.filename for member in members]
        if MANIFEST not in names or SEAL not in names:
            raise UnsupportedFormat("a ZIP file, but not a bundle of data", source=str(self.file))
        if len(names) > _MOST_MEMBERS or len(set(names)) < len(names):
            raise self._refuse("it has too many members, or two of one name")
        if any(stat.S_ISLNK(member.external_attr >> 16) for member in members):
            raise self._refuse("it has links in it")
        self._sizes = {member.filename: member.file_size for member in members}
        data = self._read(MANIFEST, _MOST_MANIFEST)
        seal = self._read(SEAL, 4096).decode("ascii", "replace").split()
        if not seal or seal[0] != hashlib.sha256(data).hexdigest():
            raise self._refuse("its manifest was changed after it was made")
        try:
            self._products = _parse(json.loads(data))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._refuse(f"its manifest cannot be read: {error}") from error
        told = {a["file"]: a for _, piece in self._pieces() for a in piece["arrays"].values()}
        if set(names) - {MANIFEST, SEAL, README, CITATION} != set(told):
            raise self._refuse("it does not hold exactly what its manifest says")
        total = sum(array["bytes"] for array in told.values())
        if total > limit:
            raise RequestTooLarge(
                f"the bundle holds {total:,} bytes, more than the cache takes ({limit:,})",
                source=str(self.file),
                hint="raise the setting cache_size",
            )
        for array in told.values():
            self._verify(array)

    def _refuse(self, why: str) -> CorruptFile:
        return CorruptFile(
            f"this bundle is not taken: {why}", source=str(self.file), hint="get a fresh copy"
        )

    def _pieces(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for product in self._products:
            for piece in product["pieces"]:
                yield product["key"], piece

    def _chunks(self, name: str, most: int) -> Iterator[bytes]:
        """Return a member in chunks; what is longer than it says is refused on the way."""
        if self._sizes[name] > most:
            raise self._refuse(f"{name} is longer than it should be")
        try:
            with self._zip.open(name) as member:
                left = most
                while chunk := member.read(min(_CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise self._refuse(f"{name} is longer than it should be")
                    yield chunk
        except _DAMAGED as error:
            raise self._refuse(f"{name} is damaged: {error}") from error

    def _read(self, name: str, most: int) -> bytes:
        return b"".join(self._chunks(name, most))

    def _verify(self, told: Mapping[str, Any]) -> None:
        digest, size = hashlib.sha256(), 0
        for chunk in self._chunks(told["file"], told["bytes"]):
            digest.update(chunk)
            size += len(chunk)
        if (size, digest.hexdigest()) != (told["bytes"], told["sha256"]):
            raise self._refuse(f"{told['file']} was changed after it was made")

    def pieces(self) -> Iterator[tuple[str, Fragment, SpeasyVariable]]:
        """Return key, fragment and samples of every piece, one after the other."""
        for key, piece in self._pieces():
            arrays = {name: self._array(told) for name, told in piece["arrays"].items()}
            try:
                variable = rebuild(piece["labels"], arrays)
                fields = {k: v for k, v in piece.items() if k not in ("labels", "arrays")}
                (fragment,) = frag.from_entries([{**fields, "blob": "", "size": variable.nbytes}])
            except (SpeasyError, ValueError, TypeError, LookupError, AttributeError) as error:
                raise self._refuse(f"a piece of {key} is not one: {error}") from error
            if len(variable[fragment.range]) < len(variable):
                raise self._refuse(f"a piece of {key} has samples outside its range")
            yield key, fragment, variable

    def _array(self, told: Mapping[str, Any]) -> Array:
        data = io.BytesIO(self._read(told["file"], told["bytes"]))
        try:
            version = np.lib.format.read_magic(data)
            if version == (1, 0):
                shape, by_column, dtype = np.lib.format.read_array_header_1_0(data)
            else:
                shape, by_column, dtype = np.lib.format.read_array_header_2_0(data)
            if not storable(np.empty(0, dtype)):
                raise ValueError(f"arrays of {dtype} are not plain numbers")
            array: Array = np.frombuffer(data.getbuffer()[data.tell() :], dtype)
            return array.reshape(shape, order="F" if by_column else "C")
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
            raise self._refuse(f"{told['file']} is not an array: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


_NAME = re.compile(r"time|values|axis\d{1,2}")


def _parse(manifest: Any) -> list[Mapping[str, Any]]:
    """Return the products of a manifest whose structure is sound."""
    if manifest["format"] != FORMAT:
        raise ValueError("it is of another format")
    if manifest["version"] != VERSION:
        raise ValueError(f"it is of version {manifest['version']!r}, this package reads {VERSION}")
    products: list[Mapping[str, Any]] = manifest["products"]
    for product in products:
        key = product["key"]
        ref = ProductRef.parse(str(key).partition("?")[0])
        if not isinstance(key, str) or str(ref) != key.partition("?")[0] or key.startswith("#"):
            raise ValueError(f"{key!r} is not a product")
        for piece in product["pieces"]:
            if not {"time", "values"} <= set(piece["arrays"]):
                raise ValueError(f"a piece of {key} has no times or no values")
            for name, array in piece["arrays"].items():
                sound = (
                    _NAME.fullmatch(name)
                    and isinstance(array["file"], str)
                    and type(array["bytes"]) is int
                    and array["bytes"] >= 0
                    and isinstance(array["sha256"], str)
                )
                if not sound:
                    raise ValueError(f"an array of {key} is not described")
    return products
