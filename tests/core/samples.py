"""Small variables that many tests are written on."""

from __future__ import annotations

import numpy as np

from speasy_core.variable import Axis, SpeasyVariable

T0 = np.datetime64("2018-01-01", "ns")


def seconds(n: int, step: float = 1.0) -> np.ndarray:
    return T0 + (np.arange(n) * round(step * 1e9)).astype("m8[ns]")


def vector(n: int = 10, **labels: object) -> SpeasyVariable:
    values = np.arange(3.0 * n).reshape(n, 3)
    options = {"columns": ["bx", "by", "bz"], "unit": "nT", "name": "b", **labels}
    return SpeasyVariable(seconds(n), values, **options)


def spectrogram(n: int = 6, m: int = 4, varying: bool = False) -> SpeasyVariable:
    energy = np.geomspace(10, 1000, m)
    if varying:
        energy = energy * (1 + np.arange(n)[:, None] / 10)
    axis = Axis(energy, name="energy", unit="eV", meta={"SCALETYP": "log"})
    meta = {"DISPLAY_TYPE": "spectrogram", "SCALETYP": "log"}
    values = np.arange(1.0, n * m + 1).reshape(n, m)
    return SpeasyVariable(seconds(n), values, axes=[axis], unit="eV", name="f", meta=meta)
