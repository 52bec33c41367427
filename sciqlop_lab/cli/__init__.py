"""The command ``sciqlop-lab``.

One module a group of subcommands; each has ``add(commands)``, which adds its parsers, and a
function that runs. Exit codes: 0 done, 1 it failed (a server, the data, a file), 2 it was asked
wrongly, 3 there is nothing (no product found, no sample in the range).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from speasy_core.errors import InvalidRequest, SpeasyError

from . import archive, cache, data, doctor

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="sciqlop-lab",
        description="Space-physics data at hand in JupyterLab.",
        epilog="exit codes: 0 done, 1 failed, 2 asked wrongly, 3 nothing found",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (data, cache, doctor, archive):
        module.add(commands)
    options = parser.parse_args(argv)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, `head` for one, has seen enough
        sys.stderr.close()
        return 0
    except (SpeasyError, OSError) as error:
        return _failed(error, as_json=getattr(options, "json", False))


def _failed(error: Exception, *, as_json: bool) -> int:
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{error.filename}: {error.strerror}"
    print(f"sciqlop-lab: {text}", file=sys.stderr)
    if as_json:
        kind, hint = type(error).__name__, getattr(error, "hint", None)
        print(json.dumps({"error": {"type": kind, "message": text, "hint": hint}}))
    return 2 if isinstance(error, InvalidRequest) else 1
