"""What has to hold, beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
_FRAME = 1000 / 60
_GESTURE_FRAME = 1.2 * _FRAME  # one frame, and what the page's clock is off by
_MB = 2**20


@dataclass(frozen=True)
class Target:
    """One figure and what it has to be."""

    what: str
    value: float
    wanted: float
    unit: str = "ms"
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is what it has to be."""
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    def row(self) -> tuple[str, str, str, str]:
        """Return the row of the table."""
        sign = ">=" if self.at_least else "<="
        unit = "" if self.unit == "x" else " "
        return (
            self.what,
            f"{self.value:.3g}{unit}{self.unit}",
            f"{sign} {self.wanted:.3g}{unit}{self.unit}",
            "met" if self.met else "NOT MET",
        )


def judge(all_figures: Sequence[Figures]) -> list[Target]:
    """Return the targets for which there are figures."""
    found = {(figures["peer"], figures["samples"]): figures for figures in all_figures}
    ours = {int(n): figures for (peer, n), figures in found.items() if peer == "ours"}
    rules: tuple[Callable[[], Iterator[Target]], ...] = (
        lambda: _of_views(found),
        lambda: _of_sizes(ours),
        lambda: _of_first_pictures(found, ours),
        lambda: _of_zooms(found, ours),
        lambda: _of_memory(found, ours),
        lambda: _of_scans(found),
        lambda: _of_four_plots(found),
    )
    return [target for rule in rules for target in rule()]


def _of_views(found: dict[Any, Figures]) -> Iterator[Target]:
    for (peer, n), figures in found.items():
        if not peer.startswith("ours"):
            continue
        name, limit = f"{peer} {n:.0e}", figures["limit ms"]
        yield Target(f"{name}: frame of a gesture, p95", figures["frame p95 ms"], _GESTURE_FRAME)
        yield Target(f"{name}: zoom, of the limit", figures["zoom ms"] / limit, 1.25, "x")
        yield Target(f"{name}: zoom p95, of the limit", figures["zoom p95 ms"] / limit, 2.0, "x")


def _of_sizes(ours: dict[int, Figures]) -> Iterator[Target]:
    if len(ours) > 1:
        least, most = min(ours), max(ours)
        worst = max(figures["zoom ms"] for figures in ours.values()) / ours[least]["zoom ms"]
        yield Target(f"zoom, slowest size from {least:.0e} to {most:.0e}", worst, 1.25, "x")


def _of_first_pictures(found: dict[Any, Figures], ours: dict[int, Figures]) -> Iterator[Target]:
    big = ours.get(10**8)
    if big:
        yield Target("first tile at 1e8", big["first ms"], 300)
        yield Target("first picture complete at 1e8", big["complete ms"], 600)
    peer, mine = found.get(("plotly-resampler", 10**7)), ours.get(10**7)
    if peer and mine:
        ratio = peer["first ms"] / mine["complete ms"]
        yield Target("first paint at 1e7, plotly-resampler / ours", ratio, 15, "x", True)


def _of_zooms(found: dict[Any, Figures], ours: dict[int, Figures]) -> Iterator[Target]:
    for name, n, wanted in (
        ("plotly-resampler", 10**7, 3),
        ("plotly-resampler", 10**8, 5),
        ("hvplot rasterize", 10**7, 30),
    ):
        peer = found.get((name, n))
        if peer and n in ours:  # the same gesture in both: one zoom after the other
            ratio = peer["step ms"] / ours[n]["step ms"]
            yield Target(f"zoom at {n:.0e}, {name} / ours", ratio, wanted, "x", True)


def _of_memory(found: dict[Any, Figures], ours: dict[int, Figures]) -> Iterator[Target]:
    for (peer, n), figures in found.items():
        if peer == "ours, spectrogram":
            share = 100 * figures["kernel MB"] * _MB / (n * 64 * 4)
            yield Target(f"kernel memory of a spectrogram {n:.0e}, of the values", share, 5, "%")
    for n, figures in ours.items():
        if n == 10**8:  # of less, what is loaded at the first use weighs more than the data
            share = 100 * figures["kernel MB"] * _MB / (n * 3 * 4)
            yield Target(f"kernel memory at {n:.0e}, of the values", share, 5, "%")
        peer = found.get(("plotly-resampler", n))
        if peer:
            ratio = figures["browser MB"] / peer["browser MB"]
            yield Target(f"browser memory at {n:.0e}, ours / plotly-resampler", ratio, 0.2, "x")


def _of_scans(found: dict[Any, Figures]) -> Iterator[Target]:
    for (peer, n), figures in found.items():
        if peer == "scan" and n >= 10**8:
            ratio = figures["tsdownsample ms"] / figures["pyramid ms"]
            yield Target(f"query at {n:.0e}, tsdownsample / pyramid", ratio, 30, "x", True)


def _of_four_plots(found: dict[Any, Figures]) -> Iterator[Target]:
    for (peer, _), figures in found.items():
        if peer == "four plots":
            yield Target("four plots: pan", figures["frames a second"], 50, "a second", True)
            yield Target("four plots: a refresh", figures["zoom bytes"] / _MB, 1, "MB")
