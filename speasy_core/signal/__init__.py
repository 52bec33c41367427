"""Signal processing of variables: gap-aware, exact in time, with units.

``resampling``: interpolate, resample, generate_time_vector. ``filtering``: sosfiltfilt,
apply_sos_filter, butterworth. ``spectral``: fft, psd, spectrogram. ``rolling``: rolling_mean,
rolling_std, moving_average. ``geometry``: field_aligned, rotate, minimum_variance.
"""

from __future__ import annotations

from .filtering import apply_sos_filter, butterworth, sosfiltfilt
from .geometry import field_aligned, field_aligned_matrix, minimum_variance, mva, rotate
from .resampling import generate_time_vector, interpolate, resample
from .rolling import moving_average, rolling_mean, rolling_std
from .spectral import Spectrum, fft, psd, spectrogram

__all__ = [
    "Spectrum",
    "apply_sos_filter",
    "butterworth",
    "fft",
    "field_aligned",
    "field_aligned_matrix",
    "generate_time_vector",
    "interpolate",
    "minimum_variance",
    "moving_average",
    "mva",
    "psd",
    "resample",
    "rolling_mean",
    "rolling_std",
    "rotate",
    "sosfiltfilt",
    "spectrogram",
]
