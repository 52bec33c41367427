"""CDF, NASA's Common Data Format, with ISTP metadata.

Reading is done here, with bounds-checked numpy, and not by a compiled library: a damaged file gives
an error that names it, never a dead interpreter. Writing uses pycdfpp.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from speasy_core.errors import SpeasyWarning, UnknownProduct, VariableError
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable

from ._cdf_file import RawCdf
from ._cdf_istp import IstpView, build_variable, data_variables
from ._cdf_records import walk
from ._cdf_write import encode

__all__ = ["CdfFile", "check", "encode", "read"]


def check(data: bytes, source: str) -> None:
    """Prove the structure of a CDF: complete, every record in bounds, every count true.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for the message.

    Raises
    ------
    CorruptFile
        Cut short or damaged.
    UnsupportedFormat
        Whole, but of a kind that is not read here (Huffman compression).
    """
    walk(data, source)


class CdfFile:
    """A CDF whose structure has been checked; values are decoded when asked for.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages.
    master : CdfFile, optional
        The data set's master: gives the attributes and axes that the file lacks.

    Raises
    ------
    CorruptFile, UnsupportedFormat
        As `check`.

    Examples
    --------
    >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], name="b", unit="nT")
    >>> file = CdfFile(encode([v]), "b.cdf")
    >>> file.variables(), file.variable("b").unit
    (['b'], 'nT')
    """

    def __init__(
        self, data: bytes | memoryview, source: str, master: CdfFile | None = None
    ) -> None:
        self.source = source
        self._raw = RawCdf(data, source)
        self._master = master
        self._view = IstpView(self._raw, master._raw if master else None)

    @property
    def names(self) -> list[str]:
        """All variables of the file, those that only describe others included."""
        return self._raw.names

    def variables(self) -> list[str]:
        """Return the names of the data variables, in the order of the file."""
        return data_variables(self._view)

    def variable(self, name: str) -> SpeasyVariable:
        """Return one variable with its time, axes, labels and attributes.

        Parameters
        ----------
        name : str
            As the file or the archive spells it (CDAWeb writes ``$`` for special characters).

        Returns
        -------
        SpeasyVariable
            Types as in the file; two-dimensional values have contiguous columns. Samples out of
            order are sorted, repeats and fill times dropped, their number kept in
            ``meta["time_repairs"]``.

        Raises
        ------
        UnknownProduct
            No such variable.
        VariableError
            It has no time axis.
        CorruptFile
            Its values do not decompress.
        """
        return build_variable(self._view, self._spelling(name), self.global_attributes)

    def values(self, name: str) -> NDArray[Any]:
        """Return the plain records of any variable, shape ``(records, *dims)``.

        Times are datetime64[ns] (NaT where filled), text is ``str``.

        Raises
        ------
        UnknownProduct, CorruptFile
        """
        spelling = self._spelling(name)
        values = self._raw.values(spelling)
        return values.view("M8[ns]") if self._raw.is_time(spelling) else values

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable, keys in upper case, the master's where missing.

        Raises
        ------
        UnknownProduct
            No such variable.
        """
        return self._view.attributes(self._spelling(name))

    def type_name(self, name: str) -> str:
        """Return the CDF type of a variable, for example ``CDF_REAL4``."""
        return self._raw.type_name(self._spelling(name))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return ``(records, *dims)`` of a variable without reading it."""
        described = self._raw.describe(self._spelling(name))
        return (described.records, *described.dims)

    def varies(self, name: str) -> bool:
        """Whether a variable has one value per record, and not one for the whole file."""
        return self._raw.describe(self._spelling(name)).record_varying

    @cached_property
    def global_attributes(self) -> Mapping[str, Any]:
        """Attributes of the whole file; the master fills what is missing."""
        inherited = self._master.global_attributes if self._master else {}
        return MappingProxyType({**inherited, **self._raw.global_attributes})

    def _spelling(self, name: str) -> str:
        found = self._raw.find(name)
        if found is None:
            close = get_close_matches(name, self.names, 3) or self.variables()[:8]
            raise UnknownProduct(
                f"no variable {name!r} in the file",
                source=self.source,
                hint=f"it has {', '.join(close)}" if close else "it holds no variables",
            )
        return found


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode the data variables of a CDF, or those asked for.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Names; without it every data variable that has a time axis. What cannot be had then is
        named in one SpeasyWarning.

    Returns
    -------
    Dataset

    Raises
    ------
    CorruptFile, UnsupportedFormat, UnknownProduct, VariableError
    """
    file = CdfFile(data, source)
    found: dict[str, SpeasyVariable] = {}
    left_out: list[str] = []
    if variables is not None:
        found = {name: file.variable(name) for name in variables}
    else:
        for name in file.variables():
            try:
                found[name] = file.variable(name)
            except VariableError as error:
                left_out.append(error.message)
    if left_out:
        warnings.warn(f"{source}: left out: {'; '.join(left_out)}", SpeasyWarning, stacklevel=3)
    return Dataset(source, found, file.global_attributes)
