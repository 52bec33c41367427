"""Magics of notebooks: ``%load_ext sciqlop_lab`` brings ``%plot``, ``%timerange`` and ``%%vp``."""

from __future__ import annotations

import argparse
import ast
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from speasy_core.errors import InvalidRequest, SpeasyError, UnknownProduct
from speasy_core.product import ProductRef
from speasy_core.session import default_session
from speasy_core.timerange import TimeRange

from . import virtual
from .completing import complete_magics
from .defining import untold
from .user_api._parts import product_id
from .user_api.layers import HLine, Marker, Span, layers, register_layer
from .user_api.plot import PlotPanel, create_plot_panel, last_panel, panel_names, plot_panel
from .virtual.kinds import ANNOTATIONS
from .virtual.trial import examine, range_for

__all__ = ["define", "load_ipython_extension", "plot", "set_time_range"]

_MARKS = {"HLine": HLine, "Marker": Marker, "Span": Span}
_HINT = "write one function of (start, stop) in the cell; helpers have names that begin with _"


class _Arguments(argparse.ArgumentParser):
    """Arguments of a magic: a mistake is an error, not the end of the process."""

    def error(self, message: str) -> NoReturn:
        raise InvalidRequest(f"{self.prog}: {message}", hint=self.format_usage().strip())

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise InvalidRequest(f"{self.prog}: {message or ''}", hint=self.format_usage().strip())


def _parser() -> _Arguments:
    parser = _Arguments(prog="%%vp", add_help=False)
    parser.add_argument("--path", help="its place in the tree")
    parser.add_argument("--debug", action="store_true", help="show it, and what could be better")
    parser.add_argument("--start", help="of the test run")
    parser.add_argument("--stop", help="of the test run")
    parser.add_argument("--cachable", "--cacheable", action="store_true")
    parser.add_argument("--locality", default="range")
    parser.add_argument("--margin")
    parser.add_argument("--process", action="store_true")
    parser.add_argument("--timeout", type=float, help="seconds that one call may take")
    parser.add_argument("--no-test", action="store_true", help="define it without a test run")
    return parser


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InvalidRequest(f"{line!r:.80}: {error}", hint="close every quotation mark") from error


# -- %plot and %timerange --------------------------------------------------------------------
def _panel(name: str | None) -> PlotPanel | None:
    found = None if name is None else plot_panel(name)
    if name is not None and found is None:
        raise _no_panel(name)
    return found


def _no_panel(name: str) -> InvalidRequest:
    there = ", ".join(panel_names())
    return InvalidRequest(
        f"there is no panel {name!r}",
        hint=f"panels: {there}" if there else "%plot words makes a new one",
    )


def _named(words: Sequence[str]) -> str | None:
    """Return the id of the product of exactly that name, None where there is none."""
    text = " ".join(words)
    if len(words) != 1 or "/" not in text:
        return f"{virtual.PROVIDER}/{text}" if virtual.find(text) is not None else None
    name = product_id(text)
    known = virtual.find(name) or virtual.find(name.partition("/")[2])
    if known is not None:
        return str(known.ref)
    return name if ProductRef.parse(name).provider in default_session().list_providers() else None


def find_product(words: Sequence[str]) -> str:
    """Return the id of the product that is named, or the best match of a search.

    Raises
    ------
    UnknownProduct
        Nothing is found.
    """
    known = _named(words)
    if known is not None:
        return known
    text = " ".join(words)
    hits = [hit for hit in default_session().find_product(text, limit=10) if hit.ref is not None]
    if not hits:
        raise UnknownProduct(f"nothing is found for {text!r}", hint="use fewer words")
    return str(hits[0].ref)


def plot(line: str) -> Any:
    """``%plot WORDS [PANEL]``: find a product, and plot it in a new panel or a named one."""
    words = _words(line)
    if not words:
        raise InvalidRequest("%plot needs words", hint="%plot ace magnetic field gse")
    panel = plot_panel(words[-1]) if len(words) > 1 else None
    if panel is not None:
        words = words[:-1]
    if len(words) == 2 and _named(words[:1]) is not None:  # a product, so the other is a panel
        raise _no_panel(words[1])
    product = find_product(words)
    panel = panel or create_plot_panel()
    _, graph = panel.plot_product(product)
    return graph


def set_time_range(line: str) -> TimeRange:
    """``%timerange [PANEL]`` tells, ``%timerange START STOP [PANEL]`` sets the range of a panel."""
    words = _words(line)
    if len(words) > 3:
        raise InvalidRequest("%timerange START STOP [PANEL]", hint="quote times with spaces")
    name = words[-1] if len(words) in (1, 3) else None
    if len(words) == 1 and words[0][:1].isdigit() and plot_panel(words[0]) is None:
        raise InvalidRequest(f"%timerange {words[0]}: a stop is missing", hint="START STOP [PANEL]")
    panel = _panel(name) or last_panel()
    if panel is None:
        raise InvalidRequest("there is no panel yet", hint="%plot words makes one")
    if len(words) >= 2:
        panel.time_range = TimeRange(*map(_time, words[:2]))
    span: TimeRange = panel.panel.time_range
    return span


def _time(text: str) -> Any:
    """Return a time as written: seconds since 1970 when it is a decimal number of them."""
    try:
        seconds = float(text)
    except ValueError:
        return text
    # 2015 is a year, 20151022 a day
    return text if len(text) in (4, 8) and text.isdigit() else seconds


# -- %%vp ------------------------------------------------------------------------------------
def _function_name(cell: str, shell: Any, magic: str = "%%vp") -> str:
    try:
        tree = ast.parse(shell.transform_cell(cell))  # it may have magics and !commands, too
    except SyntaxError as error:
        raise InvalidRequest(f"{magic}: line {error.lineno}: {error.msg}", hint=_HINT) from error
    names = [
        node.name for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]  # fmt: skip
    if not names and any(isinstance(node, ast.AsyncFunctionDef) for node in tree.body):
        raise InvalidRequest(f"{magic} takes no async def", hint="write def: it may wait as well")
    if len(names) != 1:
        there = f"there are {len(names)}: {', '.join(names)}" if names else "there is none"
        raise InvalidRequest(f"{magic} needs one function in the cell, and {there}", hint=_HINT)
    return names[0]


def _run(cell: str, shell: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Run a cell with some more names; what it raises fails the cell of the magic, too."""
    for name, value in names.items():
        shell.user_ns.setdefault(name, value)
    with untold(shell):
        shell.run_cell(cell).raise_error()
    space: dict[str, Any] = shell.user_ns
    return space


def define(line: str, cell: str, shell: Any) -> virtual.VirtualProduct:
    """``%%vp [--path P] [--debug] [--start T] [--stop T]``: make a product of a cell's function.

    Other options: ``--cachable``, ``--locality pointwise``, ``--margin 10min``, ``--process``,
    ``--timeout 5``, ``--no-test``.
    """
    options = _parser().parse_args(_words(line))
    name = _function_name(cell, shell)
    function = _run(cell, shell, ANNOTATIONS)[name]
    product = virtual.create(
        options.path or name, function, cachable=options.cachable, locality=options.locality,
        margin=options.margin, process=options.process, timeout=options.timeout,
        test=_test(options),
    )  # fmt: skip
    shell.user_ns[name] = product
    if options.debug:
        _debug(product, options)
    return product


def _test(options: argparse.Namespace) -> Any:
    if options.no_test:
        return False
    if (options.start is None) != (options.stop is None):
        raise InvalidRequest("%%vp: --start and --stop go together")
    if options.start is None:
        panel = last_panel()
        return True if panel is None else panel.panel.time_range
    return TimeRange(_time(options.start), _time(options.stop))


def _debug(product: virtual.VirtualProduct, options: argparse.Namespace) -> None:
    """Show a product in a panel of its own, with what a test run sees."""
    from IPython.display import display

    given = _test(options)
    span = given if isinstance(given, TimeRange) else range_for(product, None)
    name = f"VP Debug: {product.path}"
    panel = plot_panel(name) or create_plot_panel(name)
    panel.time_range = span
    if not panel.plots:
        panel.plot_product(product)
        if product.knobs:
            display(panel.panel.knobs())  # type: ignore[no-untyped-call]
    try:
        said = str(examine(product, span))
    except SpeasyError as error:
        said = str(error)
    display({"text/plain": said}, raw=True)  # type: ignore[no-untyped-call]


def define_layer(line: str, cell: str, shell: Any) -> Any:
    """``%%layer [--path P] [--scope auto|panel|plot]``: make a layer of a cell's function.

    A panel that is there shows it at once; ``panel.add_layer("path")`` shows it in another.
    """
    parser = _Arguments(prog="%%layer", add_help=False)
    parser.add_argument("--path")
    parser.add_argument("--scope", default="auto")
    options = parser.parse_args(_words(line))
    name = _function_name(cell, shell, "%%layer")
    _run(cell, shell, {**ANNOTATIONS, **_MARKS})
    known_before = (options.path or name) in layers
    layer = register_layer(options.path or name, options.scope)(shell.user_ns[name])
    shell.user_ns[name] = layer
    panel = last_panel()
    if panel is not None and panel.plots and not known_before:
        panel.add_layer(layer)
    return layer


def load_ipython_extension(shell: Any) -> None:
    """Register the magics with a shell of IPython."""
    shell.register_magic_function(plot, "line", "plot")
    shell.register_magic_function(set_time_range, "line", "timerange")

    def vp(line: str, cell: str) -> virtual.VirtualProduct:
        return define(line, cell, shell)

    def layer(line: str, cell: str) -> Any:
        return define_layer(line, cell, shell)

    vp.__doc__, layer.__doc__ = define.__doc__, define_layer.__doc__
    shell.register_magic_function(vp, "cell", "vp")
    shell.register_magic_function(layer, "cell", "layer")
    complete_magics(shell)
