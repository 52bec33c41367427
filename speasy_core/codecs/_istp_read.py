"""From an opened ISTP file to a data set; what the codecs have in common."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from difflib import get_close_matches

from speasy_core.errors import SpeasyWarning, UnknownProduct, VariableError
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable

from ._cdf_istp import IstpView, build_variable, data_variables

__all__ = ["read_view"]


def read_view(view: IstpView, variables: Sequence[str] | None = None) -> Dataset:
    """Return the data variables of a file, or those asked for.

    Parameters
    ----------
    view : IstpView
        The file.
    variables : sequence of str, optional
        Without it every data variable that has a time axis; what cannot be had then is named in
        one SpeasyWarning.

    Raises
    ------
    UnknownProduct
        The file has no such variable.
    VariableError
        It has no time axis.
    """
    file = view.file
    attributes = file.global_attributes
    found: dict[str, SpeasyVariable] = {}
    left_out: list[str] = []
    if variables is not None:
        for name in variables:
            spelling = file.find(name)
            if spelling is None:
                close = get_close_matches(name, file.names, 3) or data_variables(view)[:8]
                raise UnknownProduct(
                    f"no variable {name!r} in the file",
                    source=file.source,
                    hint=f"it has {', '.join(close)}" if close else "it holds no variables",
                )
            found[name] = build_variable(view, spelling, attributes)
    else:
        for name in data_variables(view):
            try:
                found[name] = build_variable(view, name, attributes)
            except VariableError as error:
                left_out.append(error.message)
    if left_out:
        warnings.warn(
            f"{file.source}: left out: {'; '.join(left_out)}", SpeasyWarning, stacklevel=4
        )
    return Dataset(file.source, found, attributes)
