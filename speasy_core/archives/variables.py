"""CDAWeb and the Cluster Science Archive: data sets of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from speasy_core.errors import InvalidRequest, InvalidTime
from speasy_core.product import ProductRef
from speasy_core.timerange import to_datetime64, to_ns

from .base import Archive

__all__ = ["Cda", "Csa"]


class _OfVariables(Archive):
    def get_variable(
        self, dataset: str, variable: str, start_time: Any, stop_time: Any, **options: Any
    ) -> Any:
        """Return the samples of one variable.

        Parameters
        ----------
        dataset, variable : str
            As the archive writes them.
        start_time, stop_time : time
            Half-open, UTC.
        **options
            As for the session's `get_data`.

        Returns
        -------
        SpeasyVariable
        """
        for name, value in (("dataset", dataset), ("variable", variable)):
            if not isinstance(value, str) or not value.strip("/ "):
                raise InvalidRequest(f"{name}={value!r} is not a name of {self.title}'s")
        ref = ProductRef(self.name, f"{self._ref(dataset).path}/{variable.strip('/ ')}")
        return self._session.get_data(ref, start_time, stop_time, **options)


class Cda(_OfVariables):
    """CDAWeb; ids are ``DATASET/VARIABLE``.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.cda.get_variable("AC_H0_MFI", "BGSEc", "2023-01-02", "2023-01-03")  # doctest: +SKIP
    >>> spz.cda.dataset_range("AC_H0_MFI")  # doctest: +SKIP
    """


class Csa(_OfVariables):
    """The Cluster Science Archive; ids are ``DATASET/PARAMETER``.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.csa.product_last_update("C1_CP_FGM_SPIN")  # doctest: +SKIP
    """

    def product_last_update(self, product: Any) -> np.datetime64 | None:
        """Return when the data set of a product last changed; None where the archive is silent.

        Raises
        ------
        UnknownProduct
            The inventory does not have it.
        """
        node = self.to_index(product)
        dataset = node if node.kind == "dataset" else self._dataset_above(node)
        date = "" if dataset is None else str(dataset.meta.get("DATE_LAST_UPDATE") or "")
        try:
            return to_datetime64(to_ns(date)) if date else None
        except InvalidTime:
            return None
