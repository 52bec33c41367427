"""A process that asks one question, and says on one line of JSON what came.

Run as a script by `World.start`; the job is its argument.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import warnings
from typing import Any

__all__ = ["unpack"]


class Told:
    """An error of another process: its class and its text."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    def __str__(self) -> str:
        return str(self.__dict__["text"])


def unpack(said: dict[str, Any], asked: Any) -> None:
    """Fill in what a process said."""
    import numpy as np

    import speasy_core as spz
    from speasy_core.variable import Gap

    asked.seconds, asked.memory = said["seconds"], said["memory"]
    asked.warned = said["warned"]
    if said["error"] is not None:
        asked.error = Told(said["error"])
    elif said["time"] is not None:
        gaps = [Gap(spz.TimeRange(a, b), why) for a, b, why in said["gaps"]]
        values = np.array(said["values"], float).reshape(said["shape"])
        asked.result = spz.SpeasyVariable(np.array(said["time"], np.int64), values, gaps=gaps)


def _be_ordinary() -> None:
    """Lose root's right to write where nobody may: what is read-only is so for this process."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def _limits(job: dict[str, Any]) -> None:
    if job.get("ordinary") and os.getuid() == 0:
        _be_ordinary()
    if job.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest_file"], job["largest_file"]))
    if job.get("die_at") == "fsync":
        os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    if job.get("die_at") == "index":
        from speasy_core.store.index import Index

        Index.update = lambda *args: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore


def _ask(job: dict[str, Any]) -> dict[str, Any]:
    import speasy_core as spz

    _limits(job)
    said: dict[str, Any] = {"error": None, "time": None, "gaps": []}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        try:
            v = spz.get_data(job["product"], job["start"], job["stop"], timeout=job["timeout"])
        except Exception as error:  # noqa: BLE001 - it is what is judged
            ours = isinstance(error, spz.errors.SpeasyError)
            names = ("product", "url", "source", "hint", "message") if ours else ()
            fields = {name: getattr(error, name) for name in names}
            fields |= {"range": str(error.range)} if ours else {}
            said["error"] = {
                "text": str(error), "ours": ours, "name": type(error).__name__, **fields,
            }  # fmt: skip
        else:
            if v is not None:
                said |= {"time": v.time_ns.tolist(), "values": v.values.ravel().tolist(),
                         "shape": v.shape}  # fmt: skip
                said["gaps"] = [[str(g.range.start), str(g.range.stop), g.reason] for g in v.gaps]
        said["seconds"] = time.monotonic() - began
    said["warned"] = [str(w.message) for w in caught]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    said["memory"] = grown * 1024
    return said


if __name__ == "__main__":
    print(json.dumps(_ask(json.loads(sys.argv[1]))))  # noqa: T201
