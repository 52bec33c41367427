"""Resident memory of the kernel and of the browser, read from outside."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Self

import psutil

MB = 2**20
_REST, _MOST_READINGS = 500, 12  # milliseconds between readings of a browser, and how many


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0


def _own(process: psutil.Process) -> int:
    """Return memory that no file stands behind, pages that several share divided up.

    A browser's processes share bitmaps with each other. What they map of its files they share with
    every other browser too, whose coming and going must not count.
    """
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended meanwhile, or this is no Linux
        return _rss(process)
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup[1:]}
    return 1024 * (sizes["Pss_Anon"] + sizes["Pss_Shmem"])


class Memory:
    """What a kernel and a browser take above what they took at first, and at most.

    Parameters
    ----------
    kernel : int
        Its process.
    page : playwright page
        Its garbage is collected before each reading, until that frees nothing more.
    """

    def __init__(self, kernel: int, page: Any) -> None:
        self._kernel = psutil.Process(kernel)
        self._page, self._gc = page, page.context.new_cdp_session(page)
        self._done = threading.Event()
        self._peak = 0
        self._before = _rss(self._kernel), self._browser()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self._peak = max(self._peak, _rss(self._kernel))

    def _browser(self) -> int:
        least = self._collected()
        for _ in range(_MOST_READINGS):
            self._page.wait_for_timeout(_REST)
            before, least = least, min(least, self._collected())
            if least > before - MB:
                break
        return least

    def _collected(self) -> int:
        self._gc.send("HeapProfiler.collectGarbage")
        mine = psutil.Process(os.getpid()).children(recursive=True)
        return sum(_own(process) for process in mine if "chrom" in _name(process))

    def kernel(self) -> dict[str, float]:
        """Return megabytes that the kernel takes above the start, now and at most."""
        now, before = _rss(self._kernel), self._before[0]
        peak = max(self._peak, now)
        return {"kernel MB": (now - before) / MB, "kernel peak MB": (peak - before) / MB}

    def browser(self) -> dict[str, float]:
        """Return megabytes that the browser takes above the start."""
        return {"browser MB": (self._browser() - self._before[1]) / MB}


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""
