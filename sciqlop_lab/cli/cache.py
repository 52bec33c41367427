"""``cache``: what is kept, how to share it and how to be rid of it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ._common import add_json, check_place, print_json, print_table, session

__all__ = ["add"]


def add(commands: Any) -> None:
    """Add the parsers."""
    parser = commands.add_parser("cache", help="what is kept of the archives")
    actions = parser.add_subparsers(dest="action", required=True)
    _action(actions, "info", _info, "where it is, how large, what it holds")
    listed = _action(actions, "list", _list, "what is kept, piece by piece")
    listed.add_argument("products", nargs="*", metavar="product")
    clear = _action(actions, "clear", _clear, "delete what is kept")
    clear.add_argument("products", nargs="*", metavar="product", help="by default all")
    clear.add_argument("--older-than", help="seconds, or a date")
    clear.add_argument("--pinned", action="store_true", help="also what is pinned")
    for name, run, text in (
        ("pin", _pin, "keep products for good"),
        ("unpin", _unpin, "undo pin"),
    ):
        action = _action(actions, name, run, text)
        action.add_argument("products", nargs="+", metavar="product")
        action.add_argument("--start")
        action.add_argument("--stop")
    export = _action(actions, "export", _export, "write products to one file, to share and cite")
    export.add_argument("file", type=Path, help="*.zip")
    export.add_argument("products", nargs="*", metavar="product", help="by default all")
    export.add_argument("--start")
    export.add_argument("--stop")
    taken = _action(actions, "import", _import, "take in such a file, after checking all of it")
    taken.add_argument("file", type=Path)


def _action(actions: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    add_json(parser)
    parser.set_defaults(run=run)
    return parser


def _info(options: argparse.Namespace) -> int:
    found = session().cache.info()
    if options.json:
        print_json(found)
    else:
        print_table([(name, value) for name, value in found.items()], ("cache", ""))
    return 0


def _list(options: argparse.Namespace) -> int:
    kept = session().cache.entries(options.products or None)
    if options.json:
        # one by one: asdict would take the range apart
        print_json([{**asdict(one), "range": one.range} for one in kept])
    else:
        rows = [(one.product, one.range, one.state, one.bytes, one.received) for one in kept]
        print_table(rows, ("product", "range", "state", "bytes", "received"))
    return 0


def _clear(options: argparse.Namespace) -> int:
    age = options.older_than
    if age is not None and age.replace(".", "", 1).isdigit() and len(age) != 4:
        age = float(age)  # four digits are a year
    session().cache.clear(options.products or None, age, pinned=options.pinned)
    return _said(options, {"size": session().cache.info()["size"]}, "cleared")


def _pin(options: argparse.Namespace) -> int:
    session().cache.pin(options.products, options.start, options.stop)
    return _said(options, {"pinned": options.products}, f"pinned {', '.join(options.products)}")


def _unpin(options: argparse.Namespace) -> int:
    session().cache.unpin(options.products, options.start, options.stop)
    return _said(options, {"unpinned": options.products}, f"unpinned {', '.join(options.products)}")


def _export(options: argparse.Namespace) -> int:
    check_place(options.file)
    cache = session().cache
    # nothing was asked for in this process, so "what this session used" would be nothing
    products = options.products or list(dict.fromkeys(one.product for one in cache.entries()))
    file = cache.export(options.file, products, options.start, options.stop)
    return _said(options, {"file": str(file), "bytes": file.stat().st_size}, f"written: {file}")


def _import(options: argparse.Namespace) -> int:
    products = session().cache.import_(options.file)
    return _said(options, {"products": products}, "\n".join(products))


def _said(options: argparse.Namespace, value: Any, text: str) -> int:
    if options.json:
        print_json(value)
    else:
        print(text)
    return 0
