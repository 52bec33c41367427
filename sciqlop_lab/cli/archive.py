"""``demo`` and ``stubs``: the local archive, and type stubs for editors."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["add"]

_LAST_PORT = 65_535


def add(commands: Any) -> None:
    """Add the parsers."""
    demo = commands.add_parser(
        "demo", help="start a local archive of synthetic data, and JupyterLab on it"
    )
    demo.add_argument("notebook", nargs="?", help="notebook to open")
    demo.add_argument("--data", help="serve a folder of real CDF files as well")
    demo.add_argument("--port", type=_port, default=8888, help="port of JupyterLab")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    demo.set_defaults(run=_demo)
    stubs = commands.add_parser(
        "stubs", help="write type stubs of all products, so that editors complete them"
    )
    stubs.add_argument("--folder", help="where; by default a folder of the user's data")
    stubs.set_defaults(run=_stubs)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number up to {_LAST_PORT}")
    return int(text)


def _demo(options: argparse.Namespace) -> int:
    import platformdirs

    from speasy_core.demo import LocalArchive

    if options.notebook and not Path(options.notebook).is_file():
        print(f"sciqlop-lab: there is no notebook {options.notebook!r}", file=sys.stderr)
        return 2
    # apart from the cache of the real servers: the ids are the same, the numbers are synthetic
    cache = Path(platformdirs.user_cache_dir("sciqlop-lab")) / "demo"
    try:
        with LocalArchive(data=options.data, synthetic=True) as archive:
            environment = {**os.environ, **archive.environ(cache_dir=str(cache))}
            command = [sys.executable, "-m", "jupyter", "lab", f"--port={options.port}"]
            if options.notebook:
                # as the default page, so that the address that Jupyter prints opens it as well
                notebook = Path(options.notebook).resolve()
                command.append(f"--ServerApp.root_dir={notebook.parent}")
                command.append(f"--LabApp.default_url=/lab/tree/{quote(notebook.name)}")
            if options.no_browser:
                command.append("--no-browser")
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                command.append("--allow-root")  # containers; it listens on loopback only
            print(f"local archive of synthetic data at {archive.url}; Ctrl-C ends it", flush=True)
            return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def _stubs(options: argparse.Namespace) -> int:
    import platformdirs

    from speasy_core import Session
    from speasy_core.inventory.stubs import write_stubs

    folder = options.folder or Path(platformdirs.user_data_dir("sciqlop-lab")) / "stubs"
    with Session() as session:
        written = write_stubs(session.inventories.tree, folder)
    for name, reason in written.left_out.items():
        print(f"sciqlop-lab: {name} is left out: {reason}", file=sys.stderr)
    print(f"{written.products} products in {written.files} files under {written.folder}")
    print("tell your editor to look there: python.analysis.extraPaths for Pyright and Pylance")
    return 0
