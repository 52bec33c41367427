"""What is compared: the cells that make each plot, and how a hand moves it."""

from __future__ import annotations

from dataclasses import dataclass

_WALK = """
import gc, os, time
import numpy as np
n, k = {n}, 3
t = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1_000_000, "ns")
values = np.empty((n, k), np.float32, order="F")
rng = np.random.default_rng(1)
for i in range(k):
    np.cumsum(rng.standard_normal(n, np.float32), out=values[:, i])
"""

_OURS = """
import speasy_core as spz
from sciqlop_lab import Panel
v = spz.SpeasyVariable(t, values, columns=list("xyz"), unit="nT", name="walk")
del values
first, last = int(t[0].astype(np.int64)), int(t[-1].astype(np.int64))
least = (last - first) // 500
"""

_SHOW_OURS = """
began = time.time()
panel = Panel(v.time[0], v.time[-1])
panel.plot(v)
panel
"""

_KEPT = """
import gc, os, time
import numpy as np
from sciqlop_lab import Panel
from tests.bench.plots.warm import DAYS, kept_session
session = kept_session({folder!r})
first = {start}
last = first + DAYS * 86_400 * 10**9
least = 20 * 86_400 * 10**9
"""

_SHOW_KEPT = """
began = time.time()
panel = Panel(np.datetime64(first, "ns"), np.datetime64(last, "ns"), session=session)
panel.plot("p/synthetic")
panel
"""

_SPECTRA = """
import gc, os, time
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel
n, m = {n}, 64
t = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1_000_000_000, "ns")
rng = np.random.default_rng(1)
values = rng.random((n, m), np.float32)
values *= np.geomspace(1, 1e4, m, dtype=np.float32)
energies = spz.Axis(np.geomspace(10, 30_000, m), name="energy", unit="eV")
v = spz.SpeasyVariable(t, values, axes=(energies,), unit="1/(cm2 s sr eV)", name="flux",
                       meta={{"DISPLAY_TYPE": "spectrogram"}})
del values
first, last = int(t[0].astype(np.int64)), int(t[-1].astype(np.int64))
least = (last - first) // 500
"""

_RESAMPLER = """
import plotly.graph_objects as go
from plotly_resampler import FigureWidgetResampler
"""

_SHOW_RESAMPLER = """
began = time.time()
fig = FigureWidgetResampler(go.Figure(), default_n_shown_samples=4000)
for i, name in enumerate("xyz"):
    fig.add_trace(go.Scatter(name=name), hf_x=t, hf_y=values[:, i])
fig.update_layout(width=1100, height=320)
fig
"""

_HVPLOT = """
import hvplot.pandas, pandas as pd
df = pd.DataFrame({{name: values[:, i] for i, name in enumerate("xyz")}}, copy=False)
df.insert(0, "t", t)
"""

_SHOW_HVPLOT = """
began = time.time()
df.hvplot.line(x="t", y=["x", "y", "z"], {how}, width=1100, height=320).opts(
    active_tools=["wheel_zoom", "pan"])
"""

_BQPLOT = """
import bqplot as bq
seconds = (t - t[0]) / np.timedelta64(1, "s")
"""

_SHOW_BQPLOT = """
began = time.time()
x, y = bq.LinearScale(), bq.LinearScale()
lines = bq.Lines(x=seconds, y=values.T, scales={"x": x, "y": y})
zoom = bq.PanZoom(scales={"x": [x]})
axes = [bq.Axis(scale=x), bq.Axis(scale=y, orientation="vertical")]
fig = bq.Figure(marks=[lines], axes=axes, interaction=zoom)
fig.layout.width, fig.layout.height = "1100px", "320px"
fig
"""


@dataclass(frozen=True)
class Peer:
    """A way to plot.

    Attributes
    ----------
    name : str
    page : str
        What page.js calls it.
    load, show : str
        Cells: what is loaded before the clock starts, with ``{n}``; and the plot.
    target : str
        Selector of what the hand moves over.
    event : str
        The event at which the clock of a zoom starts.
    zooms : int
        How many are measured.
    before_pan : str
        An expression for the kernel before the plot is dragged.
    """

    name: str
    page: str
    load: str
    show: str
    target: str
    event: str = "wheel"
    zooms: int = 8
    before_pan: str = ""


_PANEL = ".sciqlop-panel canvas"
OURS = Peer("ours", "ours", _WALK + _OURS, _SHOW_OURS, _PANEL)
KEPT = Peer("ours", "ours", _KEPT, _SHOW_KEPT, _PANEL)
SPECTRA = Peer("ours, spectrogram", "ours", _SPECTRA, _SHOW_OURS, _PANEL)
RESAMPLER = Peer(
    "plotly-resampler", "plotly", _WALK + _RESAMPLER, _SHOW_RESAMPLER, ".js-plotly-plot .nsewdrag",
    event="mouseup", before_pan='fig.update_layout(dragmode="pan")',
)  # fmt: skip
RASTERIZE = Peer(
    "hvplot rasterize", "bokeh", _WALK + _HVPLOT,
    _SHOW_HVPLOT.format(how="rasterize=True"), ".bk-Canvas", zooms=4,
)  # fmt: skip
DOWNSAMPLE = Peer(
    "hvplot downsample", "bokeh", _WALK + _HVPLOT,
    _SHOW_HVPLOT.format(how='downsample="minmax-lttb"'), ".bk-Canvas", zooms=6,
)  # fmt: skip
BQPLOT = Peer(
    "bqplot, all points", "bqplot", _WALK + _BQPLOT, _SHOW_BQPLOT, ".bqplot svg", zooms=4
)  # fmt: skip
PEERS = {
    "ours": OURS, "spectrogram": SPECTRA, "plotly-resampler": RESAMPLER, "bqplot": BQPLOT,
    "hvplot downsample": DOWNSAMPLE, "hvplot rasterize": RASTERIZE,
}  # fmt: skip
OTHERS = {
    "plotly-resampler": ["plotly-resampler"], "hvplot": ["hvplot downsample", "hvplot rasterize"],
}  # fmt: skip
