"""The command ``sciqlop-lab``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="sciqlop-lab", description="Space-physics data at hand in JupyterLab."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser(
        "demo", help="start a local archive of synthetic data, and JupyterLab on it"
    )
    demo.add_argument("notebook", nargs="?", help="notebook to open")
    demo.add_argument("--data", help="serve a folder of real CDF files as well")
    demo.add_argument("--port", type=int, default=8888, help="port of JupyterLab")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    demo.set_defaults(run=_demo)
    stubs = commands.add_parser(
        "stubs", help="write type stubs of all products, so that editors complete them"
    )
    stubs.add_argument("--folder", help="where; by default a folder of the user's data")
    stubs.set_defaults(run=_stubs)
    options = parser.parse_args(argv)
    return int(options.run(options))


def _demo(options: argparse.Namespace) -> int:
    import platformdirs

    from speasy_core.demo import LocalArchive
    from speasy_core.errors import SpeasyError

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
    except (OSError, SpeasyError) as error:
        print(f"sciqlop-lab: {error}", file=sys.stderr)
        return 1


def _stubs(options: argparse.Namespace) -> int:
    import platformdirs

    from speasy_core import Session
    from speasy_core.errors import SpeasyError
    from speasy_core.inventory.stubs import write_stubs

    folder = options.folder or Path(platformdirs.user_data_dir("sciqlop-lab")) / "stubs"
    try:
        with Session() as session:
            written = write_stubs(session.inventories.tree, folder)
    except SpeasyError as error:
        print(f"sciqlop-lab: {error}", file=sys.stderr)
        return 1
    for name, error in written.left_out.items():
        print(f"sciqlop-lab: {name} is left out: {error}", file=sys.stderr)
    print(f"{written.products} products in {written.files} files under {written.folder}")
    print("tell your editor to look there: python.analysis.extraPaths for Pyright and Pylance")
    return 0


if __name__ == "__main__":
    sys.exit(main())
