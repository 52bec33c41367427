"""``search``, ``get`` and ``plot``: products and their samples."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.timerange import to_ns
from speasy_core.variable import SpeasyVariable

from ._common import add_json, check_place, print_json, print_table, session

__all__ = ["add"]

NOTHING = 3
# file name suffix: the method of a variable that writes it
_FORMATS = {
    ".csv": "to_csv", ".cdf": "to_cdf", ".nc": "to_netcdf", ".parquet": "to_parquet",
    ".npz": "to_npz",
}  # fmt: skip


def add(commands: Any) -> None:
    """Add the parsers."""
    search = commands.add_parser("search", help="find products by words and filters")
    search.add_argument("words", nargs="+", help="e.g. mms1 fgm gse provider:cda after:2015")
    for name in ("provider", "type", "unit", "start", "stop"):
        search.add_argument(f"--{name}")
    search.add_argument("--limit", type=_count, default=20, help="at most so many (20)")
    add_json(search)
    search.set_defaults(run=_search)

    get = commands.add_parser("get", help="get samples, to a file or as CSV to stdout")
    get.add_argument("product", help="provider/path, as search shows it")
    _add_range(get)
    get.add_argument(
        "-o", "--output", type=Path, help=f"file to write: {', '.join(_FORMATS)} by its suffix"
    )
    add_json(get)
    get.set_defaults(run=_get)

    plot = commands.add_parser("plot", help="draw products one above the other, to a file")
    plot.add_argument("products", nargs="+", metavar="product")
    _add_range(plot)
    plot.add_argument("-o", "--output", type=Path, required=True, help="png, svg or pdf")
    add_json(plot)
    plot.set_defaults(run=_plot)


def _add_range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("start", help="ISO 8601, UTC")
    parser.add_argument("stop", help="ISO 8601, or a duration such as PT1H")
    parser.add_argument("--offline", action="store_true", help="from the cache alone")
    parser.add_argument("--refresh", action="store_true", help="ask again for what is kept")
    parser.add_argument("--timeout", type=float, help="seconds for the whole call")
    parser.add_argument(
        "--on-error", choices=["raise", "gaps"], default="raise",
        help="gaps: what cannot be fetched is left out, and said",
    )  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _search(options: argparse.Namespace) -> int:
    filters = {n: getattr(options, n) for n in ("provider", "type", "unit", "start", "stop")}
    found = session().find_product(" ".join(options.words), limit=options.limit, **filters)
    if options.json:
        print_json([node.about for node in found])
    elif found:
        rows = [(node.ref, node.kind, node.unit or "-", node.title) for node in found]
        print_table(rows, ("product", "type", "unit", "description"))
    else:
        print("no product has all of these words", file=sys.stderr)
    return 0 if found else NOTHING


def _fetch(product: str, options: argparse.Namespace) -> SpeasyVariable:
    variable: SpeasyVariable = session().get_data(
        product, options.start, options.stop, offline=options.offline or None,
        refresh=options.refresh, timeout=options.timeout, on_error=options.on_error,
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    return variable


def _get(options: argparse.Namespace) -> int:
    write = None
    if options.output is not None:
        write = _FORMATS.get(options.output.suffix.lower())
        if write is None:
            raise InvalidRequest(
                f"{options.output} does not say in which format: its suffix is "
                f"{options.output.suffix or 'missing'!r}",
                hint=f"use one of {', '.join(_FORMATS)}",
            )
        check_place(options.output)
    variable = _fetch(options.product, options)
    if not isinstance(variable, SpeasyVariable):
        raise InvalidRequest(
            f"{options.product} is a {type(variable).__name__}, not one product",
            hint="give one of its products; search lists them",
        )
    if write is not None:
        getattr(variable, write)(options.output)
    if options.json:
        print_json(_described(variable, options.output))
    elif write is not None:
        print(f"{len(variable)} samples of {options.product} in {options.output}")
    else:
        _csv_to_stdout(variable)
    return 0 if len(variable) else NOTHING


def _described(variable: SpeasyVariable, file: Path | None) -> dict[str, Any]:
    times = variable.time.astype("datetime64[ns]")
    return {
        "name": variable.name, "unit": variable.unit, "shape": list(variable.shape),
        "columns": variable.columns,
        "first": str(times[0]) if len(times) else None,
        "last": str(times[-1]) if len(times) else None,
        "gaps": [{"range": g.range, "reason": g.reason} for g in variable.gaps],
        "provenance": [
            {"server": p.server, "request": p.request, "state": p.state, "version": p.version}
            for p in variable.provenance
        ],
        "file": None if file is None else str(file),
    }  # fmt: skip


def _csv_to_stdout(variable: SpeasyVariable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = variable.to_csv(Path(folder) / "samples.csv")
        with open(file, encoding="utf-8") as text:
            shutil.copyfileobj(text, sys.stdout)


def _plot(options: argparse.Namespace) -> int:
    to_ns(options.start)  # a mistake in a date is told before matplotlib is loaded
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    kinds = plt.figure().canvas.get_supported_filetypes()
    plt.close("all")
    if options.output.suffix.lstrip(".").lower() not in kinds:
        raise InvalidRequest(
            f"{options.output} does not say in which format", hint="use .png, .svg or .pdf"
        )
    check_place(options.output)
    variables = [_fetch(product, options) for product in options.products]
    height = 1.0 + 2.0 * len(variables)
    figure, axes = plt.subplots(
        len(variables), sharex=True, squeeze=False, figsize=(10, height), layout="constrained"
    )
    for ax, variable in zip(axes[:, 0], variables, strict=True):
        variable.plot(ax=ax)
    figure.savefig(options.output)
    plt.close(figure)
    samples = [len(variable) for variable in variables]
    if options.json:
        named = zip(options.products, variables, strict=True)
        print_json({p: _described(v, options.output) for p, v in named})
    else:
        print(f"{sum(samples)} samples of {len(variables)} products in {options.output}")
    return 0 if any(samples) else NOTHING
