"""Measure everything, print it, keep it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import run


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plots", description=__doc__)
    parser.add_argument(
        "--sizes", default="1e6,1e7,1e8,1e9", help="samples of three components (default: all)"
    )
    parser.add_argument("--only", default="", help=f"of: {', '.join(run.PARTS)}")
    parser.add_argument("--check", action="store_true", help="end with 1 where a target is not met")
    for name in ("--one", "--size", "--result"):  # how it calls itself
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run.one(options.one, int(options.size), Path(options.result))
        return 0
    sizes = [round(float(size)) for size in options.sizes.split(",")]
    parts = [part.strip() for part in options.only.split(",") if part] or list(run.PARTS)
    met = run.everything(sizes, parts)
    return int(options.check and not met)


if __name__ == "__main__":
    sys.exit(main())
