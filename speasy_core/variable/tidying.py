"""Methods of a variable that convert units and clean samples; the work is in `cleaning`."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from speasy_core.errors import VariableError
from speasy_core.timerange import TimeRange

from . import cleaning as _clean
from .alignment import cadence_ns
from .core import VariableCore

__all__ = ["Tidying"]


class Tidying(VariableCore):
    """Units, fill values, valid ranges, and holes in the sampling."""

    __slots__ = ()

    # -- units ----------------------------------------------------------------------------
    def to(self, unit: str) -> Self:
        """Return the values converted to `unit`, with NaN for fill values.

        Raises
        ------
        UnitMismatch
            The units measure different things, or one of them is not known.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01"], [5.0], unit="nT")
        >>> v.to("T").values
        array([5.e-09])
        """
        return _clean.to_unit(self, unit)

    def with_unit(self, unit: str) -> Self:
        """Return the same values under another unit; nothing is converted.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> SpeasyVariable([0], [1.0], unit="nT").with_unit("").unit
        ''
        """
        return self._like(self._values, unit=unit)

    # -- cleaning -------------------------------------------------------------------------
    @property
    def fill_value(self) -> Any:
        """The number that stands for "no data" (FILLVAL), or None.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [1.0, -1e31], meta={"FILLVAL": -1e31})
        >>> v.fill_value
        -1e+31
        """
        return _clean.fill_value(self)

    @property
    def valid_range(self) -> tuple[Any, Any] | None:
        """``(VALIDMIN, VALIDMAX)``, each a number or one per component; None where not given.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> SpeasyVariable([0], [1.0], meta={"VALIDMIN": 0.0, "VALIDMAX": 9.0}).valid_range
        (0.0, 9.0)
        """
        return _clean.valid_range(self)

    @property
    def cadence(self) -> np.timedelta64 | None:
        """Median time between samples; None below two samples.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(np.array([0, 1, 2, 9]) * 10**9, [1.0, 2.0, 3.0, 4.0])
        >>> str(v.cadence.astype("m8[s]"))
        '1 seconds'
        """
        step = cadence_ns(self)
        return None if step is None else np.timedelta64(step, "ns")

    def fill_to_nan(self) -> Self:
        """Return the samples as floats, NaN where filled or outside the valid range.

        Text, booleans and times are returned as they are, and so are integers that hold no such
        value.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [1.0, -1e31], meta={"FILLVAL": -1e31})
        >>> v.fill_to_nan().values
        array([ 1., nan])
        """
        return _clean.fill_to_nan(self)

    def replace_fillval_by_nan(self, inplace: bool = False, convert_to_float: bool = False) -> Self:
        """Return the samples with NaN for FILLVAL.

        Parameters
        ----------
        inplace : bool
            For scripts written for Speasy: True is refused, as a variable is frozen.
        convert_to_float : bool
            Whether integers may become floats.

        Raises
        ------
        VariableError
            They are integers, and may not.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [1, -1], meta={"FILLVAL": -1})
        >>> v.replace_fillval_by_nan(convert_to_float=True).values
        array([ 1., nan])
        """
        _refuse_inplace(inplace, "replace_fillval_by_nan")
        return _clean.replace_fill(self, convert_to_float)

    def clamp_with_nan(
        self,
        inplace: bool = False,
        valid_min: Any = None,
        valid_max: Any = None,
        convert_to_float: bool = False,
    ) -> Self:
        """Return the samples with NaN outside the limits, by default those of the metadata.

        Parameters
        ----------
        inplace, convert_to_float : bool
            As for `replace_fillval_by_nan`.
        valid_min, valid_max : number or array of one per component, optional

        Raises
        ------
        VariableError
            A limit does not fit, or integers may not become floats.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> SpeasyVariable([0, 1], [1.0, 9.0]).clamp_with_nan(valid_max=5).values
        array([ 1., nan])
        """
        _refuse_inplace(inplace, "clamp_with_nan")
        return _clean.clamp(self, valid_min, valid_max, convert_to_float)

    def sanitized(
        self,
        drop_fill_values: bool = True,
        drop_out_of_range_values: bool = True,
        drop_nan_and_inf: bool = True,
        valid_min: Any = None,
        valid_max: Any = None,
    ) -> Self:
        """Return only the samples of which every component is usable.

        Parameters
        ----------
        drop_fill_values, drop_out_of_range_values, drop_nan_and_inf : bool
            What makes a component unusable.
        valid_min, valid_max : number or array of one per component, optional
            Limits to use in place of those of the metadata.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [1.0, -1e31], meta={"FILLVAL": -1e31})
        >>> v.sanitized().values
        array([1.])
        """
        return _clean.sanitized(
            self, drop_fill_values, drop_out_of_range_values, drop_nan_and_inf,
            valid_min, valid_max,
        )  # fmt: skip

    def drop_duplicates(self) -> Self:
        """Return the samples that differ from the one before (times never repeat).

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> SpeasyVariable([0, 1, 2], [5.0, 5.0, 6.0]).drop_duplicates().values
        array([5., 6.])
        """
        return _clean.drop_duplicates(self)

    def find_gaps(self, factor: float = 3.0) -> list[TimeRange]:
        """Return the holes in the sampling: neighbours more than `factor` cadences apart.

        These are facts of the data; `gaps` are ranges that were asked for and not delivered.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(np.array([0, 1, 2, 9]) * 10**9, [1.0, 2.0, 3.0, 4.0])
        >>> v.find_gaps()
        [TimeRange('1970-01-01T00:00:02Z', '1970-01-01T00:00:09Z')]
        """
        return _clean.find_gaps(self, factor)

    def split_at_gaps(self, factor: float = 3.0) -> list[Self]:
        """Return the pieces between the holes that `find_gaps` sees; views, no copies.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(np.array([0, 1, 2, 9]) * 10**9, [1.0, 2.0, 3.0, 4.0])
        >>> [len(part) for part in v.split_at_gaps()]
        [3, 1]
        """
        return _clean.split_at_gaps(self, factor)


def _refuse_inplace(inplace: bool, name: str) -> None:
    if inplace:
        raise VariableError(
            f"{name}: a variable is frozen, it cannot change in place",
            hint=f"write v = v.{name}(...)",
        )
