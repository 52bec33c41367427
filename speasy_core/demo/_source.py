"""One CDF file as it lies on disk, and how its parts are written again with their types.

Reading uses the bounds-checked reader of :mod:`speasy_core.codecs`, so that no file, however
damaged, can end the process; writing uses pycdfpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pycdfpp
from numpy.typing import NDArray
from pycdfpp import DataType

from speasy_core.codecs import _cdf_values
from speasy_core.codecs._cdf_file import RawCdf
from speasy_core.codecs._cdf_layout import CHAR_TYPES, EPOCH, EPOCH16, TT2000, Entry, Variable

__all__ = ["TIME_TYPES", "Source"]

TIME_TYPES = frozenset({EPOCH, EPOCH16, TT2000})
_NAT = np.iinfo(np.int64).min
_NO_TIME = np.zeros(0, "datetime64[ns]")
# the writer takes times only as these structured types
_TIME_DTYPES = {
    EPOCH: pycdfpp.to_epoch(_NO_TIME).dtype,
    EPOCH16: pycdfpp.to_epoch16(_NO_TIME).dtype,
    TT2000: pycdfpp.to_tt2000(_NO_TIME).dtype,
}


class Source:
    """A whole CDF file.

    Parameters
    ----------
    data : bytes
    name : str
        File name, for messages.

    Raises
    ------
    CorruptFile, UnsupportedFormat
        From :mod:`speasy_core.codecs.cdf`.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._raw = RawCdf(data, name)

    def __contains__(self, variable: object) -> bool:
        return variable in self._raw.layout.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw.layout.variables)

    def describe(self, variable: str) -> Variable:
        """Return type, dimensions and number of records."""
        return self._raw.layout.variables[variable]

    def values(self, variable: str) -> NDArray[Any]:
        """Return all records with the type they have in the file; one row for EPOCH16's pairs."""
        return _cdf_values.read(self._raw.layout, self.describe(variable))

    def is_text(self, variable: str) -> bool:
        """Whether a variable holds text."""
        return self.describe(variable).data_type in CHAR_TYPES

    def times(self, variable: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return a time variable as nanoseconds since 1970, and which records are times at all."""
        described = self.describe(variable)
        if not described.records:
            return np.zeros(0, np.int64), np.zeros(0, np.bool_)
        ns = self._raw.values(variable).reshape(described.records, -1)[:, 0]
        return ns, ns != _NAT

    def time_names(self) -> list[str]:
        """Return the names of the record-varying time variables."""
        kinds = self._raw.layout.variables
        return [n for n, v in kinds.items() if v.data_type in TIME_TYPES and v.record_varying]

    def entries(self, variable: str) -> dict[str, Entry]:
        """Return the attributes of a variable, names as in the file."""
        described, found = self.describe(variable), {}
        for attribute in self._raw.layout.attributes.values():
            table = attribute.z_entries if described.is_z else attribute.g_entries
            if not attribute.is_global and described.number in table:
                found[attribute.name] = table[described.number]
        return found

    def texts(self, variable: str) -> dict[str, str]:
        """Return the text attributes of a variable, upper-case names, no blanks around."""
        return {
            key.upper(): self._text(entry).strip()
            for key, entry in self.entries(variable).items()
            if entry.data_type in CHAR_TYPES
        }

    def global_text(self, name: str) -> str:
        """Return the first text of a global attribute, its name in any case; else empty."""
        for key, value in self._raw.global_attributes.items():
            if key.lower() == name.lower():
                first = value[0] if isinstance(value, list) and value else value
                return first.strip() if isinstance(first, str) else ""
        return ""

    def _text(self, entry: Entry) -> str:
        layout = self._raw.layout
        raw = bytes(layout.data[entry.offset : entry.offset + entry.num_elements])
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _typed(self, entry: Entry) -> Any:
        """Return an entry in the form that the writer stores with the same type."""
        if entry.data_type in CHAR_TYPES:
            return self._text(entry)
        value = np.atleast_1d(_cdf_values.attribute_value(self._raw.layout, entry))
        if entry.data_type == TT2000:
            return [pycdfpp.tt2000_t(int(v)) for v in value]
        if entry.data_type == EPOCH:
            return [pycdfpp.epoch(float(v)) for v in value]
        if entry.data_type == EPOCH16:
            return [pycdfpp.epoch16(float(s), float(p)) for s, p in value]
        return value.astype(_cdf_values.file_dtype(entry.data_type, 1, big_endian=False))

    def copy_globals(self, target: Any) -> None:
        """Write the global attributes into `target`, a pycdfpp.CDF."""
        for attribute in self._raw.layout.attributes.values():
            entries = {**attribute.z_entries, **attribute.g_entries}
            if attribute.is_global and entries:
                ordered = [entries[number] for number in sorted(entries)]
                target.add_attribute(
                    attribute.name,
                    [self._typed(e) for e in ordered],
                    [DataType(e.data_type) for e in ordered],
                )

    def copy_variable(
        self,
        target: Any,
        name: str,
        values: NDArray[Any],
        *,
        renamed: str | None = None,
        replace: dict[str, str] | None = None,
    ) -> None:
        """Write a variable into `target` with other records and the same type and attributes.

        Parameters
        ----------
        values : ndarray
            As `values` returns them.
        renamed : str, optional
            Name to write it under.
        replace : dict of str to str, optional
            Text attributes with these values get those.
        """
        described = self.describe(name)
        kind = DataType(described.data_type)
        whole = np.ascontiguousarray(values)
        if described.data_type in _TIME_DTYPES:
            shape = whole.shape[:-1] if described.data_type == EPOCH16 else whole.shape
            whole = whole.view(_TIME_DTYPES[described.data_type]).reshape(shape)
        variable = target.add_variable(
            renamed or name, whole, kind, is_nrv=not described.record_varying
        )
        for key, entry in self.entries(name).items():
            value = self._typed(entry)
            if replace and isinstance(value, str):
                value = replace.get(value.strip(), value)
            variable.add_attribute(key, value, DataType(entry.data_type))
