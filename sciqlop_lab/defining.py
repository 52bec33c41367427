"""Definitions of functions that were written in a page, run in the kernel as a cell is."""

from __future__ import annotations

import ast
import concurrent.futures
import inspect
import itertools
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from speasy_core.errors import InvalidRequest, SpeasyError, VirtualProductError
from speasy_core.product import ProductRef

from . import virtual
from .graphdata import graph_named
from .spec import PanelSpec

__all__ = ["define", "define_and_show", "follow", "source_of_graph"]

_PATIENCE = 45.0
_MOST_SOURCE = 200_000
_count = itertools.count(1)
# of each panel, the functions by product and by the text that made them; None: that of a cell
_versions: WeakKeyDictionary[Any, dict[tuple[str, str | None], virtual.VirtualProduct | None]] = (
    WeakKeyDictionary()
)
_HINT = 'write one function of (start, stop) below @virtual_product("a/name")'


def define(source: Any) -> virtual.VirtualProduct:
    """Run Python in the user's namespace, as a cell; return the product that it defines.

    Raises
    ------
    InvalidRequest
        There is no IPython, it is busy, or the text is not Python that defines one product.
    VirtualProductError
        It raised; the message names the line.
    """
    shell = _shell()
    name = _defined(source)
    there = shell.user_ns.get(name)
    if there is not None and not isinstance(there, virtual.VirtualProduct) and not callable(there):
        raise InvalidRequest(
            f"{name} is a variable of this kernel, and would be lost",
            hint="give the function another name: def another_name(start, stop)",
        )
    result = _in_kernel(shell, lambda: _run(shell, source))
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        raise _told(error, source) from error
    product = shell.user_ns.get(name)
    if not isinstance(product, virtual.VirtualProduct):
        raise InvalidRequest(f"{name} is not a virtual product", hint=_HINT)
    return product


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        raise InvalidRequest(
            "functions can be defined from a panel in a notebook or IPython only",
            hint="copy the Python into your script",
        )
    return shell


def _defined(source: Any) -> str:
    """Return the name of the one product that a text defines."""
    if not isinstance(source, str) or len(source) > _MOST_SOURCE:
        raise InvalidRequest("a definition is text of Python")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = "" if line is None else f"line {line}: "
        raise InvalidRequest(f"{where}{getattr(error, 'msg', error)}") from error
    names = [
        node.name for node in tree.body
        if isinstance(node, ast.FunctionDef) and any(map(_makes_product, node.decorator_list))
    ]  # fmt: skip
    if len(names) != 1:
        there = f"there are {len(names)}: {', '.join(names)}" if names else "there is none"
        raise InvalidRequest(f"one virtual product is to be defined, and {there}", hint=_HINT)
    return names[0]


def _makes_product(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "virtual_product"


@contextmanager
def untold(shell: Any) -> Iterator[None]:
    """Keep tracebacks from being printed below a cell that has nothing to do with them."""
    quiet = ("showtraceback", "showsyntaxerror")
    for name in quiet:
        object.__setattr__(shell, name, lambda *args, **kwargs: None)
    try:
        yield
    finally:
        for name in quiet:
            object.__delattr__(shell, name)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the kernel be interrupted meanwhile, as in a cell; between cells it hears of nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run(shell: Any, source: str) -> Any:
    with untold(shell), _interruptible():
        return shell.run_cell(source, store_history=False, silent=True)


def _in_kernel(shell: Any, work: Callable[[], Any]) -> Any:
    """Do something in the thread of the kernel's cells, between them."""
    loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
    if loop is None or threading.current_thread() is threading.main_thread():
        return work()
    done: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - told to who waits for it
            done.set_exception(error)

    loop.add_callback(run)
    try:
        return done.result(_PATIENCE)
    except TimeoutError:
        if done.done():
            return done.result()
        waits = done.cancel()
        raise InvalidRequest(
            "the kernel is busy with a cell" if waits
            else f"the definition itself still runs after {_PATIENCE:g} s",
            hint="try again when it is idle" if waits
            else "interrupt the kernel; what takes long belongs into the function",
        ) from None  # fmt: skip


def _told(error: BaseException, source: str) -> SpeasyError:
    """Return an error that names the line of the text where it arose."""
    if isinstance(error, SyntaxError):
        return InvalidRequest(f"line {error.lineno}: {error.msg}")
    if isinstance(error, KeyboardInterrupt):
        return InvalidRequest("the definition was interrupted")
    lines = source.splitlines()
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__)
        if frame.name == "<module>" and frame.lineno is not None and frame.lineno <= len(lines)
        and (frame.line or "").strip() == lines[frame.lineno - 1].strip()
    ]  # fmt: skip
    where = f"line {frames[-1].lineno}: " if frames else ""
    if isinstance(error, SpeasyError):
        return VirtualProductError(f"{where}{error.message}", hint=error.hint)
    return VirtualProductError(f"{where}{type(error).__name__}: {error}")


# -- questions of a page ------------------------------------------------------------------------
def define_and_show(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Define what the page wrote, and plot it below the plot that it came from.

    A product that the panel shows already is redrawn in its place. It is one step of undo.
    """
    known = {product.path: product for product in virtual.products()}
    product = define(args.get("source"))
    ref, gesture = str(product.ref), f"define {next(_count)}"
    kept = _versions.setdefault(panel, {})
    kept.setdefault((ref, panel.model.functions.get(ref)), known.get(product.path))
    kept[ref, args["source"]] = product
    function = {"op": "set_function", "product": ref, "source": args["source"]}
    panel.command({**function, "gesture": gesture})
    shown = any(graph.product == ref for _, graph in panel.model.graphs)
    if not shown:
        plots = [plot.id for plot in panel.model.plots]
        at = plots.index(args["plot"]) + 1 if args.get("plot") in plots else None
        added = {"op": "add_product", "product": ref, "plot": None, "index": at}
        panel.command({**added, "gesture": gesture})
    return {"product": ref, "new": not shown}


def follow(panel: Any, before: PanelSpec, now: PanelSpec) -> None:
    """Put the functions back that an undo or redo brought back; nothing is run anew.

    Only what was defined through this panel is known; the text of a file is no function.
    """
    kept = _versions.get(panel, {})
    for ref in before.functions.keys() | now.functions.keys():
        source = now.functions.get(ref)
        product = kept.get((ref, source)) if source != before.functions.get(ref) else None
        if product is not None and virtual.find(product.path) is not product:
            virtual.put(product, product.session)


def source_of_graph(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Python of a graph's function: as it was written here, or as the cell has it."""
    graph = graph_named(panel, args)
    return {"name": graph.product.partition("/")[2], "source": source_text(panel, graph.product)}


def source_text(panel: Any, product: str) -> str:
    """Return the Python of a virtual product.

    Raises
    ------
    InvalidRequest
        It has none that is known: it was read from a file of another kernel, or is no function.
    """
    written = panel.model.functions.get(product)
    found = virtual.find(ProductRef.parse(product).path)
    if written is not None:
        return str(written)
    if found is not None:
        try:
            return inspect.getsource(found.function)
        except (OSError, TypeError):
            found = None
    raise InvalidRequest(
        f"the Python of {product} is not known", hint="it was defined elsewhere: change it there"
    )
