"""One CDF by names: values and attributes as plain numpy and Python objects, no ISTP meaning."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.timerange import format_ns

from . import _cdf_time, _cdf_values
from ._cdf_layout import CHAR_TYPES, EPOCH16, Entry, Variable
from ._cdf_records import walk

__all__ = ["RawCdf", "idl_safe"]

_TIME_TYPES = frozenset({"CDF_EPOCH", "CDF_EPOCH16", "CDF_TIME_TT2000"})
# what CDAWeb replaces by "$" in the names of the files it makes
_IDL = str.maketrans(dict.fromkeys("\\/.%!@#^&*()-+=`|~?<> ", "$"))


def idl_safe(name: str) -> str:
    """Return `name` as CDAWeb writes it in the files it makes.

    Examples
    --------
    >>> idl_safe("H+ flux (hot)")
    'H$$flux$$hot$'
    """
    return name.translate(_IDL)


class RawCdf:
    """A checked CDF; values are read when they are asked for.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages.

    Raises
    ------
    CorruptFile
        The structure does not hold.
    UnsupportedFormat
        A kind of CDF that is not read here.
    """

    def __init__(self, data: bytes | memoryview, source: str) -> None:
        self.source = source
        self.layout = walk(data, source)

    @property
    def names(self) -> list[str]:
        """All variables, in the order of the file."""
        return list(self.layout.variables)

    @cached_property
    def _by_safe_name(self) -> dict[str, str]:
        return {idl_safe(name): name for name in self.layout.variables}

    def find(self, name: str) -> str | None:
        """Return the name that the file uses for `name`, exact or IDL-safe; None if not there."""
        if name in self.layout.variables:
            return name
        return self._by_safe_name.get(idl_safe(name))

    def describe(self, name: str) -> Variable:
        """Return what the file says of a variable: type, dimensions, number of records."""
        return self.layout.variables[name]

    def type_name(self, name: str) -> str:
        """Return the CDF type, for example ``CDF_REAL4``."""
        return _cdf_values.TYPE_NAMES[self.describe(name).data_type]

    def is_time(self, name: str) -> bool:
        """Whether the variable holds times."""
        return self.type_name(name) in _TIME_TYPES

    def is_text(self, name: str) -> bool:
        """Whether the variable holds text."""
        return self.describe(name).data_type in CHAR_TYPES

    def values(self, name: str) -> NDArray[Any]:
        """Return all records of a variable.

        Parameters
        ----------
        name : str
            As the file spells it.

        Returns
        -------
        ndarray
            Shape ``(records, *dims)``. Times are int64 nanoseconds since 1970 UTC (the lowest
            value where filled), text is ``str``, numbers keep their type.

        Raises
        ------
        CorruptFile
            A compressed block does not decompress.
        """
        variable = self.describe(name)
        raw = _cdf_values.read(self.layout, variable)
        if self.is_time(name):
            shape = raw.shape[:-1] if variable.data_type == EPOCH16 else raw.shape
            return _cdf_time.to_ns(raw, self.type_name(name)).reshape(shape)
        if raw.dtype.kind == "S":
            text = [_cdf_values.decode_text(item) for item in raw.ravel().tolist()]
            return np.array(text, dtype=np.str_).reshape(raw.shape)
        return raw

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable, keys in upper case, values as plain Python.

        Where a file holds one attribute in two spellings the upper-case one counts.
        """
        variable = self.describe(name)
        found: dict[str, Any] = {}
        exact: set[str] = set()
        for attribute in self.layout.attributes.values():
            entries = attribute.z_entries if variable.is_z else attribute.g_entries
            entry = None if attribute.is_global else entries.get(variable.number)
            key = attribute.name.upper()
            if entry is None or key in exact:
                continue
            found[key] = self._plain(entry)
            if attribute.name == key:
                exact.add(key)
        return found

    @cached_property
    def global_attributes(self) -> Mapping[str, Any]:
        """Attributes of the whole file: one value, or a list where there are several entries."""
        found: dict[str, Any] = {}
        for attribute in self.layout.attributes.values():
            if attribute.is_global:
                # a global attribute's entries may sit in either list
                entries = {**attribute.z_entries, **attribute.g_entries}
                values = [self._plain(entries[number]) for number in sorted(entries)]
                if values:
                    found[attribute.name] = values[0] if len(values) == 1 else values
        return MappingProxyType(found)

    def _plain(self, entry: Entry) -> Any:
        value = _cdf_values.attribute_value(self.layout, entry)
        if isinstance(value, np.ndarray):
            ns = _cdf_time.to_ns(value, _cdf_values.TYPE_NAMES[entry.data_type])
            texts = ["" if t == _cdf_time.NAT else format_ns(t) for t in ns.tolist()]
            return texts[0] if len(texts) == 1 else texts
        return value
