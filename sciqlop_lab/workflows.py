"""The part of a panel that takes its content elsewhere: files, code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .overlays import OverlayEdits

__all__ = ["Workflows"]


class Workflows(OverlayEdits):
    """Export of data, code that makes the same; and lists of events (OverlayEdits)."""

    def export_data(
        self, path: str | os.PathLike[str], format: str | None = None, plots: Any = None
    ) -> list[Path]:
        """Write all samples of the visible range, with units, metadata, gaps and provenance.

        Parameters
        ----------
        path : path
            Of the file; its ending chooses the format: csv, cdf, nc, parquet.
        format : {"csv", "cdf", "netcdf", "parquet"}, optional
            Replaces the ending's choice.
        plots : list of str, optional
            Ids of the plots that are meant, by default all.

        Returns
        -------
        list of Path
            One CDF holds all products. The other formats hold one each: with several, each file
            has its product's name behind its own.

        Raises
        ------
        InvalidRequest
            Not a format, no such folder, a package is missing, or there is nothing to export.

        Examples
        --------
        >>> panel.export_data("event.cdf")  # doctest: +SKIP
        """
        from .dataexport import export_data

        return export_data(self, path, format, plots)

    def to_code(self, kind: str = "matplotlib") -> str:
        """Return Python that makes the same figure, or the same panel.

        Parameters
        ----------
        kind : {"matplotlib", "panel"}
        """
        from .codegen import script

        return script(self, kind)
