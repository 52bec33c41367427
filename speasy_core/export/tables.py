"""pandas and astropy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from speasy_core import units
from speasy_core.errors import UnitMismatch, VariableError
from speasy_core.timerange import to_ns
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array, flat_samples
from speasy_core.variable.record import KEY, flat_columns, record_text, restore

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "from_astropy_table", "from_dataframe", "to_astropy_table", "to_dataframe", "to_quantity",
]  # fmt: skip

V = TypeVar("V", bound=SpeasyVariable)


def to_dataframe(v: SpeasyVariable) -> pd.DataFrame:
    """Return a DataFrame; more than two dimensions become one column a value of a sample."""
    import pandas as pd

    flat = flat_samples(v._values)
    frame = pd.DataFrame(
        flat, index=pd.DatetimeIndex(v.time, name="time"), columns=flat_columns(v), copy=True
    )
    frame.attrs = {
        "name": v.name, "unit": v.unit, "columns": list(frame.columns),
        KEY: record_text(v, axis_values=True),
    }  # fmt: skip
    return frame


def from_dataframe(
    cls: type[V],
    frame: pd.DataFrame,
    meta: Mapping[str, Any] | None = None,
    name: str = "",
    unit: str = "",
) -> V:
    """Make a variable of a DataFrame; see SpeasyVariable.from_dataframe."""
    import pandas as pd

    if not isinstance(frame.index, pd.DatetimeIndex):
        raise VariableError(
            f"the index of the DataFrame is a {type(frame.index).__name__}, not of times",
            hint="frame.set_index(pd.to_datetime(...))",
        )
    index = frame.index
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    text = frame.attrs.get(KEY)
    columns = [str(c) for c in frame.columns]
    given = bool(meta or name or unit)
    if isinstance(text, str) and not given and frame.attrs.get("columns") == columns:
        record = json.loads(text)
        if _samples_fit(record, len(frame)):
            values = frame.to_numpy().astype(record["dtype"], copy=False)
            return cls(index.to_numpy(), _shaped(values, record), **restore(record))
    values = frame.to_numpy()
    if values.shape[1:] == (1,):
        values = values[:, 0]
    return cls(index.to_numpy(), values, columns=columns, meta=meta, name=name, unit=unit)


def _samples_fit(record: Mapping[str, Any], count: int) -> bool:
    """Whether rows were dropped since the labels were written, so that axes no longer fit."""
    return all(
        not row["time_varying"] or row["values"]["shape"][0] == count for row in record["axes"]
    )


def _shaped(flat: Array, record: Mapping[str, Any]) -> Array:
    return np.ascontiguousarray(flat).reshape(len(flat), *record["shape"])


def _astropy_unit(unit: str) -> Any:
    """Return the astropy unit; symbols that astropy reads otherwise are defined on the spot.

    Raises
    ------
    UnitMismatch
        The unit is not known.
    """
    from astropy import units as u

    parsed = units.parse(unit)
    if parsed.si is None:
        raise UnitMismatch(
            f"the unit {unit!r} is not known, and would become dimensionless",
            hint="relabel with v.with_unit('...'), or take np.asarray(v)",
        )
    bases = {"rad": u.rad, "count": u.ct, "pixel": u.pix, "dB": u.dB}
    result: Any = u.dimensionless_unscaled * parsed.factor
    for name, exponent in parsed.symbols:
        symbol = units.parse(name)
        si: Any = u.Unit(symbol.si)
        for base, power in symbol.dims:
            known = bases.get(base)
            if known is None:
                known = u.def_unit(base) if base == "nuc" else u.Unit(base)
            si = si * known ** float(power)
        result = result * _same_in_astropy(name, si, u) ** float(exponent)
    return u.Unit(result)


def _same_in_astropy(name: str, si: Any, u: Any) -> Any:
    """Return astropy's unit of this name, when it is the same thing."""
    own = u.Unit(name, parse_strict="silent")
    read = not isinstance(own, u.UnrecognizedUnit) and own.is_equivalent(si)
    if read and np.isclose(own.to(si), 1.0, rtol=1e-9):
        return own
    return u.def_unit(name, si) if name.isidentifier() else si


def to_quantity(v: SpeasyVariable, unit: str | None = None) -> Any:
    """Return an astropy Quantity; see SpeasyVariable.to_quantity."""
    source = v if unit is None else v.to(unit)
    from astropy import units as u

    return u.Quantity(source._values, _astropy_unit(source.unit))


def to_astropy_table(v: SpeasyVariable) -> Any:
    """Return a QTable; a unit that is not known stays as text in the column's metadata."""
    from astropy.table import Column, QTable

    table = QTable()
    table["time"] = v.time
    flat = flat_samples(v._values)
    known = bool(v.unit) and units.is_known(v.unit) and v.dtype.kind in "fiuc"
    unit = _astropy_unit(v.unit) if known else None
    for i, name in enumerate(flat_columns(v)):
        meta = {"UNITS": v.unit} if v.unit else {}
        if unit is None:
            table[name] = Column(flat[:, i], meta=meta)
        else:
            from astropy.units import Quantity

            table[name] = Quantity(flat[:, i], unit, dtype=v.dtype)
    table.meta = {"name": v.name, "unit": v.unit, KEY: record_text(v, axis_values=True)}
    return table


def from_astropy_table(cls: type[V], table: Any) -> V:
    """Make a variable of a table of `to_astropy_table`, or one with a time in its first column."""
    names = list(table.colnames)
    if not names:
        raise VariableError("the table has no columns")
    time = table[names[0]]
    times = time.datetime64 if hasattr(time, "datetime64") else np.asarray(time)
    if times.dtype.kind in "US":
        times = np.array([to_ns(str(item)) for item in times.tolist()], np.int64)
    columns = [np.asarray(getattr(table[n], "value", table[n])) for n in names[1:]]
    text = table.meta.get(KEY)
    if not columns and not isinstance(text, str):
        raise VariableError("the table has times and no values")
    values = np.column_stack(columns) if columns else np.zeros((len(times), 0))
    if len(columns) == 1:
        values = columns[0]
    if isinstance(text, str):
        record = json.loads(text)
        width = int(np.prod(record["shape"], dtype=int))
        if width == len(columns) and _samples_fit(record, len(values)):
            flat = flat_samples(values).astype(record["dtype"], copy=False)
            return cls(times, _shaped(flat, record), **restore(record))
    unit = getattr(table[names[1]], "unit", None)
    return cls(times, values, columns=names[1:], unit="" if unit is None else str(unit))
