"""Spectra: Fourier transform, power spectral density, spectrogram."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from speasy_core import units
from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import Array, Axis

from ._shared import as_floats, as_variable, columns_of, each, regular_step, segment_edges

__all__ = ["Spectrum", "fft", "psd", "spectrogram"]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Values over frequency; there is no time left for a variable.

    Attributes
    ----------
    frequency : ndarray, shape (m,)
        Hz.
    values : ndarray, shape (m, ...)
        Complex amplitudes of `fft`, or power per Hz of `psd`.
    unit, name : str
    columns : tuple of str
    windows : int
        Over how many windows the values are averaged.
    """

    frequency: npt.NDArray[np.float64]
    values: Array
    unit: str = ""
    name: str = ""
    columns: tuple[str, ...] = ()
    windows: int = field(default=1)


def _regular(v: SpeasyVariable, tolerance: float) -> float:
    """Return the sampling frequency in Hz; refuse irregular sampling."""
    step, spread = regular_step(v.time_ns)
    if not step:
        raise VariableError("a spectrum needs at least two samples")
    if spread > tolerance:
        raise VariableError(
            f"{v.name or 'the variable'} is not sampled regularly: steps differ from "
            f"{step / 1e9:g} s by up to {spread:.0%}",
            hint="resample(var, dt), or split_at_gaps, first",
        )
    return 1e9 / step


def _pieces(v: SpeasyVariable, max_gap: float | None) -> list[SpeasyVariable]:
    """Return the pieces without holes in time and without NaN."""
    clean = as_floats(v)
    good = np.isfinite(columns_of(clean._values)).all(axis=1)
    if not good.all():
        clean = clean[good]
    return [clean[a:b] for a, b in segment_edges(clean.time_ns, max_gap)]


def fft(var: Any, *, tolerance: float = 0.01) -> Spectrum:
    """Return the discrete Fourier transform along time, for frequencies from zero on.

    Parameters
    ----------
    var : SpeasyVariable or DataArray
        Real values, regular in time, without holes or NaN.
    tolerance : float
        Share of the cadence by which a step may differ.

    Returns
    -------
    Spectrum
        Complex values in the unit of `var`, as `numpy.fft.rfft` scales them.

    Raises
    ------
    VariableError
        Irregular sampling, or NaN.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.sin(np.arange(1000.0)), unit="nT", name="b")
    >>> spectrum = fft(v)
    >>> float(spectrum.frequency[np.abs(spectrum.values).argmax()])  # Hz, near 1 / (2 pi)
    0.159
    """
    v = as_variable(var)
    rate = _regular(v, tolerance)
    clean = as_floats(v)
    if not np.isfinite(clean._values).all():
        raise VariableError("fft: there are NaN or fill values", hint="interpolate over them first")
    values = np.fft.rfft(clean._values, axis=0)
    frequency = np.fft.rfftfreq(len(v), 1 / rate)
    return Spectrum(np.asarray(frequency, np.float64), values, v.unit, v.name, tuple(v.columns))


def psd(
    var: Any,
    nperseg: int | None = None,
    *,
    window: str = "hann",
    overlap: float = 0.5,
    detrend: Literal["constant", "linear", False] = "constant",
    max_gap: float | None = 3.0,
    tolerance: float = 0.1,
) -> Spectrum:
    """Return the power spectral density by Welch's method, over all pieces between holes.

    Parameters
    ----------
    var : SpeasyVariable or DataArray
    nperseg : int, optional
        Samples in a window; by default an eighth of the longest piece, 256 at least.
    window, detrend
        As `scipy.signal.welch` takes them.
    overlap : float
        Share of a window that the next one shares, below 1.
    max_gap, tolerance
        As for `sosfiltfilt`.

    Returns
    -------
    Spectrum
        Power per Hz, in the square of the unit over Hz, shape (m, ...).

    Raises
    ------
    VariableError
        Irregular sampling, or no piece as long as a window.

    References
    ----------
    P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967); scipy.signal.welch.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.sin(np.arange(1000.0)), unit="nT", name="b")
    >>> spectrum = psd(v)
    >>> spectrum.unit, float(spectrum.values.sum() * spectrum.frequency[1]).__round__(2)
    ('nT² Hz⁻¹', 0.5)
    """
    from scipy import signal

    v = as_variable(var)
    pieces = [piece for piece in _pieces(v, max_gap) if len(piece) > 1]
    longest = max((len(piece) for piece in pieces), default=0)
    size = nperseg or min(longest, max(256, longest // 8))
    usable = [piece for piece in pieces if len(piece) >= size]
    if size < 2 or not usable:
        raise VariableError(
            f"no piece of {v.name or 'the variable'} is as long as a window of {size} samples; "
            f"the longest has {longest}",
            hint="give a smaller nperseg",
        )
    shared = _overlap(overlap, size)
    weight, frequency = 0, np.zeros(0)
    total: Any = 0.0
    for piece in usable:
        rate = _regular(piece, tolerance)
        frequency, power = signal.welch(
            piece._values, rate, window, size, shared, detrend=cast(Any, detrend), axis=0
        )
        count = (len(piece) - shared) // (size - shared)
        total, weight = total + power * count, weight + count
    unit = units.divide(units.power(v.unit, 2), "Hz")
    return Spectrum(frequency, np.asarray(total / weight), unit, v.name, tuple(v.columns), weight)


def _overlap(share: float, size: int) -> int:
    if not 0 <= share < 1:
        raise VariableError(f"overlap is a share from 0 up to, not with, 1; not {share!r}")
    return min(int(size * share), size - 1)


def spectrogram(
    var: Any,
    nperseg: int = 256,
    *,
    window: str = "hann",
    overlap: float = 0.5,
    detrend: Literal["constant", "linear", False] = "constant",
    max_gap: float | None = 3.0,
    tolerance: float = 0.1,
) -> Any:
    """Return the power spectral density in windows along time, as a spectrogram variable.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them
        Of several components the powers are added: the trace of the spectral matrix.
    nperseg : int
        Samples in a window.
    window, overlap, detrend, max_gap, tolerance
        As for `psd`.

    Returns
    -------
    SpeasyVariable, DataArray or list
        Shape (windows, nperseg // 2 + 1), times at the middle of the windows, one axis of
        frequencies in Hz, unit squared over Hz.

    Raises
    ------
    VariableError
        Irregular sampling, or no piece as long as a window.

    References
    ----------
    scipy.signal.spectrogram

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.sin(np.arange(1000.0)), unit="nT", name="b")
    >>> s = spectrogram(v, 128)
    >>> s.kind, s.shape, s.unit
    ('spectrogram', (14, 65), 'nT² Hz⁻¹')
    """
    from scipy import signal

    shared = _overlap(overlap, nperseg)

    def one(v: SpeasyVariable) -> SpeasyVariable:
        pieces = [piece for piece in _pieces(v, max_gap) if len(piece) >= nperseg > 1]
        if not pieces:
            raise VariableError(
                f"no piece of {v.name or 'the variable'} has {nperseg} samples at even steps, of "
                f"{len(v)} samples in all",
                hint="give a smaller nperseg or a longer range, or resample(var, dt) first",
            )
        times, rows, frequency = [], [], np.zeros(0)
        for piece in pieces:
            rate = _regular(piece, tolerance)
            frequency, _, power = signal.spectrogram(
                columns_of(piece._values),
                rate,
                window,
                nperseg,
                shared,
                axis=0,
                detrend=cast(Any, detrend),
            )
            rows.append(power.sum(axis=1).T)
            first = np.arange(power.shape[-1]) * (nperseg - shared)
            ns = piece.time_ns
            # half of each end apart, lest the sum of two times leaves int64
            times.append(ns[first] + (ns[first + nperseg - 1] - ns[first]) // 2)
        return _as_spectrogram(v, np.concatenate(times), np.concatenate(rows), frequency)

    return each(one, var)


def _as_spectrogram(v: SpeasyVariable, ns: Array, power: Array, frequency: Array) -> SpeasyVariable:
    meta = {
        **{k: a for k, a in v.meta.items() if k in ("dataset", "CATDESC", "FIELDNAM")},
        "DISPLAY_TYPE": "spectrogram",
        "SCALETYP": "log",
    }
    return SpeasyVariable(
        ns,
        power,
        axes=[Axis(frequency, name="frequency", unit="Hz")],
        unit=units.divide(units.power(v.unit, 2), "Hz"),
        name=f"psd_{v.name}" if v.name else "psd",
        meta=meta,
        gaps=v.gaps,
        provenance=v.provenance,
    )
