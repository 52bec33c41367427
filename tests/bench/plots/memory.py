"""Resident memory of the kernel and of the browser, read from outside."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any, Self

import psutil

MB = 2**20
# milliseconds between readings of a browser, and how many: it lets go of some five megabytes only
# after seconds of rest
_REST, _READINGS = 500, 14


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
        Its garbage is collected before each of several readings, the least of which counts, after
        the browser was told that memory is short: what it keeps only because there is room, such
        as network buffers and drawn tiles of the page, is not the plot's.
    """

    def __init__(self, kernel: int, page: Any) -> None:
        self._kernel = psutil.Process(kernel)
        self._page, self._gc = page, page.context.new_cdp_session(page)
        self._others = _not_of_the_page()
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
        self._gc.send("Memory.simulatePressureNotification", {"level": "critical"})
        readings = []
        for _ in range(_READINGS):
            self._page.wait_for_timeout(_REST)
            readings.append(self._collected())
        return min(readings)

    def _collected(self) -> int:
        self._gc.send("HeapProfiler.collectGarbage")
        return sum(_own(each) for each in _browser() if each.pid not in self._others)

    def kernel(self) -> dict[str, float]:
        """Return megabytes that the kernel takes above the start, now and at most."""
        now, before = _rss(self._kernel), self._before[0]
        peak = max(self._peak, now)
        return {"kernel MB": (now - before) / MB, "kernel peak MB": (peak - before) / MB}

    def browser(self) -> dict[str, float]:
        """Return megabytes that the browser takes above the start."""
        return {"browser MB": (self._browser() - self._before[1]) / MB}


def _browser() -> list[psutil.Process]:
    mine = psutil.Process(os.getpid()).children(recursive=True)
    return [process for process in mine if "chrom" in _name(process)]


def _not_of_the_page() -> set[int]:
    """Return the renderers that draw the browser's own surfaces: they tidy up when they like.

    The page with JupyterLab in it has worked the most by far.
    """
    worked = {}
    for process in _browser():
        with contextlib.suppress(psutil.Error):
            if "--type=renderer" in process.cmdline():
                worked[process.pid] = process.cpu_times().user
    page = max(worked, key=lambda pid: worked[pid], default=None)
    return set(worked) - {page}


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""
