"""SciQLop's names for signal processing of variables; see :mod:`speasy_core.signal`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from speasy_core import signal
from speasy_core.errors import InvalidRequest
from speasy_core.signal import fft, resample, rolling_mean, rolling_std, spectrogram
from speasy_core.variable import SpeasyVariable

from ._parts import refuse

__all__ = [
    "fft", "iir_sos", "reduce", "resample", "rolling_mean", "rolling_std", "sosfiltfilt",
    "spectrogram", "split_segments",
]  # fmt: skip

_REDUCE = ("sum", "mean", "min", "max", "norm")
_INSTEAD = {
    "arrays": "the functions of this module, on variables",
    "filtfilt": "sosfiltfilt with second-order sections, or speasy_core.signal.butterworth",
    "fir_filter": "iir_sos, or scipy.signal.lfilter on values of split_segments(data)",
    "interpolate_nan": "speasy_core.signal.interpolate at data.time",
    "reduce_axes": "numpy.sum(data, axis=...), numpy.mean and others",
}


def sosfiltfilt(data: SpeasyVariable, sos: Any) -> SpeasyVariable:
    """Filter forwards and backwards with second-order sections; gaps are not filtered across."""
    filtered: SpeasyVariable = signal.sosfiltfilt(sos=sos, var=data)
    return filtered


def iir_sos(data: SpeasyVariable, sos: Any) -> SpeasyVariable:
    """Filter forwards with second-order sections."""
    from scipy.signal import sosfilt

    filtered: SpeasyVariable = signal.apply_sos_filter(sos, sosfilt, data)
    return filtered


def reduce(data: SpeasyVariable, op: str = "norm") -> SpeasyVariable:
    """Return one number a sample: sum, mean, min, max or norm of the components."""
    if op not in _REDUCE:
        raise InvalidRequest(f"op={op!r}", hint=f"one of {', '.join(_REDUCE)}")
    function: Any = np.linalg.norm if op == "norm" else getattr(np, op)
    result: SpeasyVariable = function(data, axis=1)
    return result.copy(name=f"{data.name}_{op}")


def split_segments(data: SpeasyVariable, gap_factor: float = 3.0) -> list[SpeasyVariable]:
    """Cut where the step of time is more than `gap_factor` times its median."""
    steps = np.diff(data.time_ns)
    if not len(steps):
        return [data]
    cuts = np.flatnonzero(steps > gap_factor * np.median(steps)) + 1
    bounds = [0, *cuts.tolist(), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(bounds)]


def __getattr__(name: str) -> Any:
    """Say of names of SciQLop that are not there what is."""
    if name in _INSTEAD:
        refuse(f"dsp.{name}", _INSTEAD[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
