"""AMDA's data files: which variable is the parameter, and what the tree adds to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import CorruptFile, UnexpectedContent, UnknownProduct
from speasy_core.product import ProductInfo
from speasy_core.variable import SpeasyVariable

__all__ = ["component", "read"]


def read(data: bytes, source: str, ident: str, info: ProductInfo | None) -> SpeasyVariable:
    """Return the parameter that a file was made for.

    Parameters
    ----------
    data : bytes
        The CDF.
    source : str
        Its name, for messages.
    ident : str
        The parameter as the server knows it. Where each component is a variable of its own they
        become the columns of one.
    info : ProductInfo, optional
        Gives the names of components, and the unit where the file does not.

    Raises
    ------
    CorruptFile
        Damaged, or with components that do not fit together.
    UnexpectedContent
        The parameter is not in it.
    """
    file = CdfFile(data, source)
    names = file.variables()
    pattern = re.compile(re.escape(ident) + r"\W*_?\d+\W*", re.IGNORECASE)
    chosen = [n for n in names if n.lower() == ident.lower()]
    chosen = chosen or sorted((n for n in names if pattern.fullmatch(n)), key=_last_number)
    if not chosen and len(names) == 1:
        chosen = names
    if not chosen:
        held = ", ".join(names[:8]) or "no data"
        raise UnexpectedContent(f"{ident} is not in AMDA's file, which holds {held}", source=source)
    found = _side_by_side([file.variable(name) for name in chosen], source)
    changes: dict[str, Any] = {}
    if info is not None:
        columns = _columns(found, info)
        if columns:
            changes["columns"] = columns
        if info.unit and not found.unit:
            changes["unit"] = info.unit
    return found.copy(**changes) if changes else found


def _last_number(name: str) -> int:
    return int(re.findall(r"\d+", name)[-1])


def _side_by_side(parts: Sequence[SpeasyVariable], source: str) -> SpeasyVariable:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    if any(not np.array_equal(part.time_ns, first.time_ns) for part in parts):
        raise CorruptFile("the components of the parameter have different times", source=source)
    values = np.column_stack([part.values for part in parts])
    columns = [c for part in parts for c in part.columns]
    unique = columns if len(set(columns)) == values.shape[1] else None
    return SpeasyVariable(
        first.time, np.asfortranarray(values), columns=unique, unit=first.unit, name=first.name,
        meta=first.meta,
    )  # fmt: skip


def _columns(found: SpeasyVariable, info: ProductInfo) -> list[str] | None:
    """Return the tree's names of the columns: they are also those of the components' products."""
    known = {_last_number(ident): name for ident, name in info.meta.get("components", {}).items()}
    if found.ndim != 2 or found.kind == "spectrogram":
        return None
    names = [known.get(i, "") for i in range(found.shape[1])]
    return names if all(names) and len(set(names)) == len(names) else None


def component(
    whole: SpeasyVariable, column: int, name: str, info: ProductInfo | None
) -> SpeasyVariable:
    """Return one column of a parameter.

    Parameters
    ----------
    whole : SpeasyVariable
        The parameter.
    column : int
        Counted from 0.
    name : str
        Of the result.
    info : ProductInfo, optional
        Gives the component's own name.

    Raises
    ------
    UnknownProduct
        There are not so many columns.
    """
    if whole.ndim != 2 or column >= whole.shape[1]:
        count = whole.shape[1] if whole.ndim == 2 else 1
        raise UnknownProduct(
            f"amda/{name} does not exist: the parameter has {count} "
            f"component{'' if count == 1 else 's'}",
            product=f"amda/{name}",
            hint="components are counted from 0",
        )
    label = (info.meta.get("components", {}) if info is not None else {}).get(name, "")
    label = label or (whole.columns[column] if len(whole.columns) > column else name)
    meta = {k: v for k, v in whole.meta.items() if not k.startswith(("LABL_PTR", "DEPEND_1"))}
    meta["FIELDNAM"] = label
    return SpeasyVariable(
        whole.time, whole.values[:, column], columns=[label], unit=whole.unit, name=name, meta=meta
    )
