"""Python's operators, each the ufunc of numpy's own arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .array_function import array_function
from .core import VariableCore
from .ufuncs import array_ufunc

__all__ = ["NumpyProtocols"]


def _fresh(ufunc: np.ufunc) -> Any:
    """Return the method of an in-place operator, which makes a new variable."""

    def method(self: Any, other: Any) -> Any:
        return ufunc(self, other)

    return method


class NumpyProtocols(NDArrayOperatorsMixin, VariableCore):
    """What makes numpy, and scipy through it, take a variable."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # == is elementwise

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        values = self.values
        if dtype is not None and np.dtype(dtype) != values.dtype:
            if copy is False:
                raise ValueError(f"{values.dtype} cannot become {dtype} without a copy")
            return values.astype(dtype)
        return values.copy(order="K") if copy else values

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return array_ufunc(self, ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return array_function(func, types, args, kwargs)

    def __eq__(self, other: Any) -> Any:
        return self._compare(np.equal, other, False)

    def __ne__(self, other: Any) -> Any:
        return self._compare(np.not_equal, other, True)

    def _compare(self, ufunc: np.ufunc, other: Any, otherwise: bool) -> Any:
        # numbers are never text, which the ufunc refuses to compare
        if isinstance(other, (str, bytes)) and self._values.dtype.kind in "biufcmM":
            answers = np.full(self._values.shape, otherwise)
            return self._like(answers, unit="", derived=True)
        return ufunc(self, other)

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self._values == value))

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"a variable is frozen, its values at {key!r} cannot be replaced; make a new one: "
            "np.where(mask, new, v), np.stack([...], axis=1) or v.copy(values=array)"
        )

    # in place, a name is bound to a new variable: others that share the memory are not touched
    __iadd__ = _fresh(np.add)
    __isub__ = _fresh(np.subtract)
    __imul__ = _fresh(np.multiply)
    __imatmul__ = _fresh(np.matmul)
    __itruediv__ = _fresh(np.true_divide)
    __ifloordiv__ = _fresh(np.floor_divide)
    __imod__ = _fresh(np.remainder)
    __ipow__ = _fresh(np.power)
    __ilshift__ = _fresh(np.left_shift)
    __irshift__ = _fresh(np.right_shift)
    __iand__ = _fresh(np.bitwise_and)
    __ixor__ = _fresh(np.bitwise_xor)
    __ior__ = _fresh(np.bitwise_or)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the mean, as ``np.mean(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.mean(axis=1).values
        array([2., 4.])
        """
        return np.mean(self, axis=axis, **kwargs)

    def sum(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the sum, as ``np.sum(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.sum(axis=1).values
        array([4., 8.])
        """
        return np.sum(self, axis=axis, **kwargs)

    def min(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the lowest value, as ``np.min(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.min(axis=1).values
        array([1., 2.])
        """
        return np.min(self, axis=axis, **kwargs)

    def max(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the highest value, as ``np.max(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.max(axis=1).values
        array([3., 6.])
        """
        return np.max(self, axis=axis, **kwargs)

    def std(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the standard deviation, as ``np.std(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.std(axis=1).values
        array([1., 2.])
        """
        return np.std(self, axis=axis, **kwargs)

    def var(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return the variance, as ``np.var(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.var(axis=1).values
        array([1., 4.])
        """
        return np.var(self, axis=axis, **kwargs)

    def cumsum(self, axis: Any = None, **kwargs: Any) -> Any:
        """Return running sums, as ``np.cumsum(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.cumsum(axis=0).values
        array([[1., 3.],
               [3., 9.]])
        """
        return np.cumsum(self, axis=axis, **kwargs)

    def clip(self, min: Any = None, max: Any = None) -> Any:
        """Return the values kept between two limits, as ``np.clip(v, min, max)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.clip(2, 3).values
        array([[2., 3.],
               [2., 3.]])
        """
        return np.clip(self, min, max)

    def round(self, decimals: int = 0) -> Any:
        """Return the values rounded, as ``np.round(v, decimals)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> SpeasyVariable([0], [1.26]).round(1).values
        array([1.3])
        """
        return np.round(self, decimals)

    @property
    def T(self) -> np.ndarray[Any, Any]:
        """The values transposed: an array, as time is no longer the first dimension.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> v.T
        array([[1., 2.],
               [3., 6.]])
        """
        return self.values.T

    def any(self, axis: Any = None, **kwargs: Any) -> Any:
        """Whether any is true, as ``np.any(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> bool((v > 5).any())
        True
        """
        return np.any(self, axis=axis, **kwargs)

    def all(self, axis: Any = None, **kwargs: Any) -> Any:
        """Whether all are true, as ``np.all(v, axis)``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable([0, 1], [[1.0, 3.0], [2.0, 6.0]], unit="nT")
        >>> bool((v > 5).all())
        False
        """
        return np.all(self, axis=axis, **kwargs)

    def __complex__(self) -> complex:
        return complex(self._values)

    def __float__(self) -> float:
        return float(_only(self))

    def __int__(self) -> int:
        return int(_only(self))

    def __bool__(self) -> bool:
        if self.size == 1:
            return bool(_only(self))
        raise ValueError("the truth of a variable is ambiguous: use .any(), .all() or len(v)")


def _only(v: VariableCore) -> Any:
    if v.size != 1:
        raise TypeError("only a variable of one value can become a number")
    return v._values.reshape(-1)[0]
