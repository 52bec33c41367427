"""Rotations of vectors: along a background field, and along the directions of variance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.alignment import check_times
from speasy_core.variable.core import Array

from ._shared import as_floats, as_variable, each, is_data_array

__all__ = [
    "MinimumVariance",
    "field_aligned",
    "field_aligned_matrix",
    "minimum_variance",
    "mva",
    "rotate",
]


def field_aligned_matrix(
    background: Any, reference: npt.ArrayLike = (1.0, 0.0, 0.0)
) -> npt.NDArray[np.float64]:
    """Return the matrix whose rows are the axes of mean-field-aligned coordinates.

    ``e_par = B0 / |B0|``, ``e_theta = e_par x reference`` and ``e_phi = e_par x e_theta``, each
    normalised.

    Parameters
    ----------
    background : array_like or SpeasyVariable, shape (3,) or (n, 3)
        The background field B0.
    reference : array_like, shape (3,)
        Direction that must not be parallel to B0.

    Returns
    -------
    ndarray, shape (3, 3) or (n, 3, 3)

    Raises
    ------
    VariableError
        B0 is zero or not finite somewhere, or parallel to `reference`.

    Examples
    --------
    >>> field_aligned_matrix([0, 0, 2.0]).round(12) + 0.0
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])
    """
    field = np.asarray(background, dtype=float)
    if field.shape[-1:] != (3,):
        raise VariableError(f"a background field has three components, not shape {field.shape}")
    parallel = _unit_vectors(field, "the background field is zero or not finite")
    across = np.cross(parallel, np.asarray(reference, dtype=float))
    theta = _unit_vectors(across, f"the background field is parallel to {reference!r}")
    phi = np.cross(parallel, theta)
    return np.stack([parallel, theta, phi], axis=-2)


def _unit_vectors(vectors: Array, problem: str) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not (length > 1e-12).all():
        raise VariableError(f"field-aligned coordinates are not defined: {problem}")
    return np.asarray(vectors / length)


def field_aligned(
    var: Any,
    background: Any = None,
    *,
    reference: npt.ArrayLike = (1.0, 0.0, 0.0),
    columns: Iterable[str] = ("par", "theta", "phi"),
) -> Any:
    """Rotate vectors into mean-field-aligned coordinates.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them, shape (n, 3)
    background : array_like, shape (3,), or SpeasyVariable, shape (n, 3), optional
        The background field; without it the median of `var`. A variable, such as a rolling mean,
        turns the axes along with it, and must be on the same times.
    reference, columns
        As for `field_aligned_matrix`; names of the new components.

    Raises
    ------
    VariableError, TimeAxisMismatch

    Examples
    --------
    >>> v = SpeasyVariable([0, 1, 2], [[0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [0.0, -1.0, 5.0]])
    >>> b = field_aligned(v, background=[0, 0, 1])
    >>> b.columns, b["par"].values
    (['par', 'theta', 'phi'], array([5., 5., 5.]))
    """
    names = list(columns)

    def one(v: SpeasyVariable) -> SpeasyVariable:
        if background is None:
            field: Any = np.nanmedian(as_floats(v)._values, axis=0)
        elif isinstance(background, SpeasyVariable) or is_data_array(background):
            along = as_variable(background)
            check_times(v, [along])
            field = along._values
        else:
            field = background
        turned: SpeasyVariable = rotate(v, field_aligned_matrix(field, reference), columns=names)
        return turned

    return each(one, var)


def rotate(var: Any, matrix: npt.ArrayLike, *, columns: Iterable[str] | None = None) -> Any:
    """Return the components of vectors along the rows of a matrix.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them, shape (n, 3)
    matrix : array_like, shape (3, 3), or (n, 3, 3) for one a sample
    columns : iterable of str, optional
        Names of the new components.

    Raises
    ------
    VariableError
        Shapes do not fit.

    Examples
    --------
    >>> v = SpeasyVariable([0, 1, 2], [[0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [0.0, -1.0, 5.0]])
    >>> rotate(v, [[0, 0, 1], [1, 0, 0], [0, 1, 0]]).values[0]
    array([5., 0., 1.])
    """
    turn = np.asarray(matrix, dtype=float)
    names = None if columns is None else tuple(columns)

    def one(v: SpeasyVariable) -> SpeasyVariable:
        clean = _vectors(v)
        if turn.shape not in ((3, 3), (len(v), 3, 3)):
            raise VariableError(
                f"a matrix of shape {turn.shape} does not rotate {len(v)} vectors; "
                f"(3, 3) or ({len(v)}, 3, 3) does"
            )
        subscripts = "kj,ij->ik" if turn.ndim == 2 else "ikj,ij->ik"
        values = np.einsum(subscripts, turn, clean._values).astype(clean.dtype, copy=False)
        return clean._like(values, axes=(), columns=names, derived=True)

    return each(one, var)


def _vectors(v: SpeasyVariable) -> SpeasyVariable:
    if v.shape[1:] != (3,):
        raise VariableError(
            f"{v.name or 'the variable'} has shape {v.shape}; vectors of shape (n, 3) are needed",
            hint="choose the components, v[['bx', 'by', 'bz']]",
        )
    return as_floats(v)


@dataclass(frozen=True, slots=True)
class MinimumVariance:
    """The directions of largest, medium and smallest variance.

    Attributes
    ----------
    eigenvalues : ndarray, shape (3,)
        Variances, in the square of the unit, from the largest down.
    matrix : ndarray, shape (3, 3)
        Rows are the directions l, m and n, right-handed.
    rotated : SpeasyVariable or DataArray
        The vectors along l, m and n; the kind that was given.
    """

    eigenvalues: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]
    rotated: Any


def minimum_variance(var: Any) -> MinimumVariance:
    """Return the directions of largest, medium and smallest variance of vectors.

    They are the eigenvectors of ``<B_i B_j> - <B_i><B_j>``; NaN samples are left out. The sign of l
    and of n is such that their largest component is positive, and ``m = n x l``.

    Parameters
    ----------
    var : SpeasyVariable or DataArray, shape (n, 3)

    Raises
    ------
    VariableError
        Not vectors, or fewer than three usable samples.

    References
    ----------
    B. U. O. Sonnerup and M. Scheible, Minimum and Maximum Variance Analysis, in: Analysis Methods
    for Multi-Spacecraft Data, ISSI SR-001 (1998), eq. 8.7-8.8.

    Examples
    --------
    >>> v = SpeasyVariable([0, 1, 2], [[0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [0.0, -1.0, 5.0]])
    >>> found = minimum_variance(v)
    >>> found.matrix[2] + 0.0  # n, the direction that varies least
    array([0., 0., 1.])
    """
    v = _vectors(as_variable(var))
    good = v._values[np.isfinite(v._values).all(axis=1)].astype(float)
    if len(good) < 3:
        raise VariableError(f"minimum variance needs three samples, {len(good)} are usable")
    values, vectors = np.linalg.eigh(np.cov(good.T, bias=True))
    smallest, largest = vectors[:, 0], vectors[:, 2]
    n = smallest * np.sign(smallest[np.argmax(np.abs(smallest))])
    l_axis = largest * np.sign(largest[np.argmax(np.abs(largest))])
    matrix = np.stack([l_axis, np.cross(n, l_axis), n])
    rotated = each(lambda one: rotate(one, matrix, columns=("l", "m", "n")), var)
    return MinimumVariance(values[::-1], matrix, rotated)


mva = minimum_variance
