"""Small CDFs made for one test each, with the reference writer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pycdfpp

DAY = np.datetime64("2020-01-01", "ns")


def times(n: int, step_s: int = 60) -> np.ndarray:
    return DAY + np.arange(n) * np.timedelta64(step_s, "s")


class Maker:
    """Adds variables in few words; `bytes()` gives the file."""

    def __init__(self, **globals_: Any) -> None:
        self.cdf = pycdfpp.CDF()
        for key, value in globals_.items():
            self.cdf.add_attribute(key, value if isinstance(value, list) else [value])

    def put(
        self, name: str, values: Any, *, nrv: bool = False, kind: str | None = None,
        options: dict[str, Any] | None = None, **attributes: Any,
    ) -> Maker:  # fmt: skip
        array = np.asarray(values)
        if array.dtype.kind == "U":
            kind = kind or "CDF_CHAR"
        self.cdf.add_variable(
            name,
            values=array[np.newaxis] if nrv else array,
            data_type=getattr(pycdfpp.DataType, kind) if kind else None,
            is_nrv=nrv,
            attributes=attributes,
            **(options or {}),
        )
        return self

    def bytes(self) -> bytes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bytes(pycdfpp.save(self.cdf))


def real_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.cdf"))


TRUNCATED = "mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf"
