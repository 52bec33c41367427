"""Definitions of functions that were written in a page, run in the kernel as a cell is."""

from __future__ import annotations

import ast
import concurrent.futures
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from speasy_core.errors import InvalidRequest, SpeasyError, VirtualProductError
from speasy_core.product import ProductRef

from . import virtual
from .graphdata import graph_named

__all__ = ["define", "define_and_show", "source_of_graph"]

_PATIENCE = 45.0
_MOST_SOURCE = 200_000
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
def _untold(shell: Any) -> Iterator[None]:
    """Keep tracebacks from being printed below a cell that has nothing to do with them."""
    quiet = ("showtraceback", "showsyntaxerror")
    for name in quiet:
        object.__setattr__(shell, name, lambda *args, **kwargs: None)
    try:
        yield
    finally:
        for name in quiet:
            object.__delattr__(shell, name)


def _run(shell: Any, source: str) -> Any:
    with _untold(shell):
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
        if not done.cancel():
            return done.result()
        raise InvalidRequest(
            "the kernel is busy with a cell", hint="try again when it is idle"
        ) from None


def _told(error: BaseException, source: str) -> SpeasyError:
    """Return an error that names the line of the text where it arose."""
    if isinstance(error, SyntaxError):
        return InvalidRequest(f"line {error.lineno}: {error.msg}")
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

    A product that the panel shows already is redrawn in its place.
    """
    product = define(args.get("source"))
    ref = str(product.ref)
    panel.command({"op": "set_function", "product": ref, "source": args["source"]})
    shown = any(graph.product == ref for _, graph in panel.model.graphs)
    if not shown:
        plots = [plot.id for plot in panel.model.plots]
        at = plots.index(args["plot"]) + 1 if args.get("plot") in plots else None
        panel.command({"op": "add_product", "product": ref, "plot": None, "index": at})
    return {"product": ref, "new": not shown}


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
