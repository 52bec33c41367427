"""Asks for one thing in a process of its own, and says what came of it and how much it took.

Usage: bomb_worker.py KIND [SECONDS_UNTIL_CANCEL] ; the address of the server is in the environment.
Prints JSON: the error, its message, the peak of memory in MB and the seconds it took.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from speasy_core.config import Settings
from speasy_core.errors import SpeasyError
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.providers import load
from speasy_core.timerange import TimeRange

SPAN = TimeRange("2020-01-01", "2020-01-02")


def main(kind: str, cancel: float = 0.0) -> None:
    settings = Settings.load(path=os.devnull)
    http = HttpClient(settings)
    deadline = Deadline(120.0)

    def fetch(product: str) -> Callable[[], object]:
        ref = ProductRef.parse(product)
        return lambda: load(ref.provider, settings, http).fetch(ref, SPAN, deadline=deadline)

    calls: dict[str, Callable[[], object]] = {
        "xml": fetch("ssc/ace"),
        "list": lambda: load("ssc", settings, http).inventory(deadline=deadline),
        "cdf": fetch("cda/AC_H0_MFI/BGSEc"),
        "csv": fetch("hapi/local/AC_H0_MFI/BGSEc"),
        "tar": fetch("csa/C1_CP_FGM_SPIN/B_vec_xyz_gse__C1_CP_FGM_SPIN"),
    }
    if cancel:
        threading.Timer(cancel, deadline.cancel).start()
    started = time.monotonic()
    try:
        calls[kind]()
        error, message = "", ""
    except SpeasyError as caught:
        error, message = type(caught).__name__, str(caught)
    # not ru_maxrss, which counts what the parent had before this program was started
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    sys.stdout.write(json.dumps({
        "error": error, "message": message, "peak": peak, "seconds": time.monotonic() - started,
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
