"""``python -m speasy_core.demo``: serve until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
from collections.abc import Sequence

from speasy_core.errors import ConfigError

from .archive import LocalArchive


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a folder of CDF files, or synthetic data, and print where.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit code: 0 after Ctrl-C, 2 when it cannot start.
    """
    parser = argparse.ArgumentParser(
        prog="python -m speasy_core.demo",
        description="A local archive that speaks CDAWeb's wire format, on loopback.",
    )
    parser.add_argument("--data", metavar="FOLDER", help="folder of real CDF files, recursive")
    parser.add_argument("--port", type=int, default=0, help="by default a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--synthetic", action="store_true", default=None,
        help="serve the synthetic data sets beside the folder",
    )  # fmt: skip
    parser.add_argument("--cache-dir", metavar="FOLDER", help="printed as SPZ_CACHE_DIR")
    parser.add_argument("--verbose", action="store_true", help="log each request")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.WARNING)
    try:
        archive = LocalArchive(
            options.data, port=options.port, host=options.host, synthetic=options.synthetic
        ).start()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:  # Ctrl-C may come as soon as the first line is out
        with archive:
            for name, value in archive.environ(options.cache_dir).items():
                sys.stdout.write(f"{name}={value}\n")
            sys.stdout.flush()
            sys.stderr.write(
                f"{len(archive.datasets)} data sets at {archive.url}; Ctrl-C ends it\n"
            )
            threading.Event().wait()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
