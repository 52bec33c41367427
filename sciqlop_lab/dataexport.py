"""The samples that a panel shows as files: CSV, CDF, NetCDF or Parquet."""

from __future__ import annotations

import os
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speasy_core.codecs import cdf
from speasy_core.errors import InvalidRequest, RequestTooLarge, SpeasyError, SpeasyWarning
from speasy_core.variable import SpeasyVariable

from .asks import Answer
from .graphdata import free_name, samples, variable_name

__all__ = ["FORMATS", "export_data", "export_for_page"]

# name of a format -> ending of its files
FORMATS = {"csv": "csv", "cdf": "cdf", "netcdf": "nc", "parquet": "parquet"}
_ENDINGS = {ending: name for name, ending in FORMATS.items()} | {"pq": "parquet"}
_MOST_BYTES = 512 * 2**20  # that travel to a page
_AS_TEXT = 2.5  # bytes of CSV for a byte of numbers
_NEEDS = {"parquet": "pyarrow", "netcdf": "netCDF4"}


def gathered(
    panel: Any, plots: Any = None, most: int | None = None
) -> tuple[dict[str, SpeasyVariable], list[SpeasyError]]:
    """Return the visible samples of every graph by names that differ, and why some are not there.

    Raises
    ------
    RequestTooLarge
        They are more than `most` bytes.
    InvalidRequest
        There is nothing to export.
    """
    found: dict[str, SpeasyVariable] = {}
    seen: set[tuple[str, str]] = set()
    failed: list[SpeasyError] = []
    for plot in panel.model.plots:
        for graph in plot.graphs if plots is None or plot.id in plots else ():
            key = graph.product, repr(sorted(graph.knobs.items()))
            if key in seen:
                continue
            seen.add(key)
            try:
                variable = samples(panel, graph)
            except SpeasyError as error:
                failed.append(error)
                continue
            name = free_name(variable_name(graph.product), found)
            found[name] = variable if variable.name else variable.copy(name=name)
            size = sum(v.nbytes for v in found.values())
            if most is not None and size > most:
                raise RequestTooLarge(
                    f"the view holds more than {size / 2**20:,.0f} MB of samples, "
                    f"a page takes {most / 2**20:,.0f} MB",
                    hint='zoom in, or panel.export_data("file.cdf") in the notebook',
                )
    if failed and not found:
        raise failed[0]
    if not found:
        raise InvalidRequest("the panel shows no product whose data could be exported")
    return found, failed


def export_data(
    panel: Any, path: str | os.PathLike[str], format: str | None = None, plots: Any = None
) -> list[Path]:
    """Write the visible samples of a panel; see `Workflows.export_data`."""
    target = Path(path).expanduser().absolute()
    kind = _format(format or target.suffix.lstrip("."))
    if not target.parent.is_dir():
        raise InvalidRequest(f"there is no folder {target.parent}")
    if target.is_dir():
        raise InvalidRequest(f"{target} is a folder", hint="name a file in it")
    variables, failed = gathered(panel, plots)
    for error in failed:
        warnings.warn(f"left out: {error}", SpeasyWarning, stacklevel=3)
    try:
        return _written(variables, kind, target)
    except OSError as error:
        raise InvalidRequest(f"{target} cannot be written: {error.strerror or error}") from error


def _written(variables: Mapping[str, SpeasyVariable], kind: str, target: Path) -> list[Path]:
    """Write variables into one file, or beside each other, and return where."""
    if kind == "cdf":
        _replace(target, cdf_bytes(variables))
        return [target]
    if len(variables) == 1:
        _write(next(iter(variables.values())), kind, target)
        return [target]
    paths = [target.with_name(f"{target.stem}_{name}{target.suffix}") for name in variables]
    for one, variable in zip(paths, variables.values(), strict=True):
        _write(variable, kind, one)
    return paths


def _format(text: str) -> str:
    kind = _ENDINGS.get(text.lower(), text.lower())
    if kind not in FORMATS:
        raise InvalidRequest(
            f"{text!r:.40} is not a format of data", hint=f"one of {', '.join(FORMATS)}"
        )
    return kind


def _write(variable: SpeasyVariable, kind: str, target: Path) -> None:
    """Write one variable, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".sciqlop-") as folder:
        part = Path(folder) / f"data.{FORMATS[kind]}"
        try:
            {"csv": variable.to_csv, "netcdf": variable.to_netcdf, "parquet": variable.to_parquet}[
                kind
            ](part)
        except ImportError as error:
            raise InvalidRequest(
                f"{kind} needs {_NEEDS.get(kind, error.name or 'another package')}",
                hint="pip install 'sciqlop-lab[io]'",
            ) from error
        part.replace(target)


def _replace(target: Path, content: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".sciqlop-") as folder:
        part = Path(folder) / "data"
        part.write_bytes(content)
        part.replace(target)


def cdf_bytes(variables: Mapping[str, SpeasyVariable]) -> bytes:
    """Return one CDF of all variables; its global attributes say what is missing, and whence."""
    sources = [f"{n}: {p.server} {p.request} {p.date}" for n, v in variables.items()
               for p in v.provenance]  # fmt: skip
    gaps = [f"{n}: {g.range} {g.reason}" for n, v in variables.items() for g in v.gaps]
    attributes = {"Provenance": sources, "Gaps": gaps}
    said = {key: texts for key, texts in attributes.items() if texts}
    filled = {name: v for name, v in variables.items() if len(v)}
    if not filled:
        raise InvalidRequest("there are no samples in the view")
    return cdf.encode(filled, attributes=said)


# -- a question of a page -----------------------------------------------------------------------
def export_for_page(panel: Any, args: Mapping[str, Any]) -> Answer:
    """Return a file of the visible samples: of one `plot` or of all, as `format`.

    Several products make one CDF, and one file each in a ZIP otherwise.
    """
    kind = _format(str(args.get("format")))
    plots = None if args.get("plot") is None else [args["plot"]]
    most = int(_MOST_BYTES / (_AS_TEXT if kind == "csv" else 1))
    variables, failed = gathered(panel, plots, most)
    left = "; ".join(f"left out: {error}" for error in failed)
    answer = _packed(variables, kind)
    return Answer({**answer.value, "left_out": left}, answer.buffers)


def _packed(variables: Mapping[str, SpeasyVariable], kind: str) -> Answer:
    """Return one file of several variables."""
    if kind == "cdf":
        return _answer(cdf_bytes(variables), _stem(variables), "cdf", len(variables))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.{FORMATS[kind]}" for name in variables]
        for path, variable in zip(paths, variables.values(), strict=True):
            _write(variable, kind, path)
        if len(paths) == 1:
            return _answer(paths[0].read_bytes(), paths[0].stem, FORMATS[kind], 1)
        packed = Path(folder) / "all.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in paths:
                archive.write(path, path.name)
        return _answer(packed.read_bytes(), _stem(variables), "zip", len(paths))


def _stem(variables: Mapping[str, SpeasyVariable]) -> str:
    return next(iter(variables)) if len(variables) == 1 else "panel"


def _answer(content: bytes, stem: str, ending: str, count: int) -> Answer:
    if len(content) > _MOST_BYTES:
        raise RequestTooLarge(
            f"the file has {len(content) / 2**20:,.0f} MB, a page takes 512 MB",
            hint='panel.export_data("file.cdf") in the notebook has no limit',
        )
    return Answer({"stem": stem, "ending": ending, "products": count}, [content])
