"""Bare scans beside a query of the pyramid; run by the peers' interpreter, prints JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tsdownsample import MinMaxDownsampler

from speasy_core.lod import MinMaxPyramid

COLUMNS = 3600  # three widths of a view


def best(work: Callable[[], Any], times: int) -> float:
    """Return the shortest of several runs in milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found) * 1e3


def main(n: int) -> None:
    """Measure over n samples of three components."""
    stamps = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1_000_000, "ns")
    values = np.empty((n, 3), np.float32, order="F")
    rng = np.random.default_rng(1)
    for k in range(3):
        np.cumsum(rng.standard_normal(n, np.float32), out=values[:, k])
    ns = stamps.view(np.int64)
    low, high = int(ns[0]), int(ns[-1]) + 1
    began = time.perf_counter()
    pyramid = MinMaxPyramid(ns, values)
    pyramid.query(low, high, COLUMNS)
    built = (time.perf_counter() - began) * 1e3
    scan = MinMaxDownsampler()  # type: ignore[no-untyped-call]
    columns = [values[:, k] for k in range(3)]
    whole = n // COLUMNS * COLUMNS

    def by_numpy() -> None:
        for column in columns:
            blocks = column[:whole].reshape(COLUMNS, -1)
            np.fmin.reduce(blocks, 1)
            np.fmax.reduce(blocks, 1)

    def by_row() -> None:
        for column in columns:
            scan.downsample(column, n_out=2 * COLUMNS)

    def by_time(part: slice) -> None:
        for column in columns:
            scan.downsample(stamps[part], column[part], n_out=2 * COLUMNS)

    figures = {
        "peer": "scan", "samples": n, "made ms": built, "pyramid MB": pyramid.nbytes / 2**20,
        "numpy ms": best(by_numpy, 3), "tsdownsample by row ms": best(by_row, 3),
    }  # fmt: skip
    for of, share in (("", 1), (" of a tenth", 10), (" of a hundredth", 100)):
        part = slice(n // 2 - n // (2 * share), n // 2 + n // (2 * share))
        ends = int(ns[part.start]), int(ns[part.stop - 1]) + 1
        figures |= {
            f"pyramid{of} ms": best(partial(pyramid.query, *ends, COLUMNS), 15),
            f"tsdownsample{of} ms": best(partial(by_time, part), 3),
        }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
