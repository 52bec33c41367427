"""What matplotlib is told to draw."""

from __future__ import annotations

import numpy as np
import pytest

from speasy_core.errors import VariableError
from speasy_core.plotting import edges_of
from speasy_core.variable import Axis, SpeasyVariable
from tests.core.samples import seconds, spectrogram, vector

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture
def ax():  # type: ignore[no-untyped-def]
    from matplotlib.figure import Figure

    return Figure().subplots()


def test_lines(ax) -> None:  # type: ignore[no-untyped-def]
    v = vector(meta={"LABLAXIS": "B $x$", "SCALETYP": "log"})
    assert v.plot(ax) is ax
    assert [line.get_label() for line in ax.lines] == ["bx", "by", "bz"]
    assert ax.get_ylabel() == r"B \$x\$ [nT]"
    assert ax.get_yscale() == "log"
    ax.figure.canvas.draw()


def test_nothing_positive_is_not_drawn_on_a_logarithmic_scale(ax) -> None:  # type: ignore[no-untyped-def]
    v = SpeasyVariable(seconds(3), [0.0, 0.0, -1.0], meta={"SCALETYP": "log"})
    assert v.plot(ax).get_yscale() == "linear"
    flat = spectrogram() * 0
    flat.plot(ax)
    ax.figure.canvas.draw()


def test_gaps_are_gaps(ax) -> None:  # type: ignore[no-untyped-def]
    v = vector()[[0, 1, 2, 7, 8, 9]]["bx"]
    v.plot.line(ax)
    y = ax.lines[0].get_ydata()
    assert np.isnan(y[3])
    assert len(y) == 7


def test_fill_values_are_not_drawn(ax) -> None:  # type: ignore[no-untyped-def]
    v = SpeasyVariable(seconds(3), [1, -1, 2], meta={"FILLVAL": -1})
    v.plot(ax)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, True, False]
    assert not np.isnan(v.plot["matplotlib"](ax, mask_fillval=False).lines[1].get_ydata()).any()


@pytest.mark.parametrize("varying", [False, True])
def test_spectrogram(ax, varying: bool) -> None:  # type: ignore[no-untyped-def]
    v = spectrogram(n=10, varying=varying)
    v = v[[0, 1, 2, 7, 8, 9]]
    v.plot(ax)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "energy [eV]"
    (mesh,) = ax.collections
    cells = mesh.get_array()
    assert type(mesh.norm).__name__ == "LogNorm"
    assert cells.shape == (11, 4)
    assert cells.mask[1::2].all()
    assert not cells.mask[0::2].any()
    corners = mesh.get_coordinates()[:, 0, 0] * 86400e9  # days to nanoseconds
    widths = np.diff(corners)
    assert widths[5] == pytest.approx(4e9, rel=1e-3)  # the hole is as wide as it is
    ax.figure.canvas.draw()


def test_colours_follow_the_options(ax) -> None:  # type: ignore[no-untyped-def]
    spectrogram().plot.colormap(ax, logz=False, logy=False, colorbar=False, vmin=0, vmax=5)
    (mesh,) = ax.collections
    assert (mesh.norm.vmin, mesh.norm.vmax) == (0, 5)
    assert type(mesh.norm).__name__ == "Normalize"
    assert ax.get_yscale() == "linear"


def test_channels_that_are_not_there_are_left_out(ax) -> None:  # type: ignore[no-untyped-def]
    axis = Axis([np.nan, 1.0, 10.0, -1.0], name="e", meta={"SCALETYP": "log"})
    v = SpeasyVariable(seconds(3), np.ones((3, 4)), axes=[axis])
    v.plot.colormap(ax)
    assert ax.collections[0].get_array().shape == (5, 2)
    bad = v.copy(axes=[axis.replace(values=[-1.0, -2.0, -3.0, np.nan])])
    with pytest.raises(VariableError, match="logy=False"):
        bad.plot.colormap(ax)


def test_small_and_wrong_shapes(ax) -> None:  # type: ignore[no-untyped-def]
    for v in (vector(0), vector(1), spectrogram()[:0], spectrogram()[:1], vector() > 1):
        v.plot(ax)
    with pytest.raises(VariableError, match="lines"):
        SpeasyVariable(seconds(2), np.zeros((2, 3, 3))).plot(ax)
    with pytest.raises(VariableError, match="spectrogram"):
        vector()["bx"].plot.colormap(ax)
    with pytest.raises(VariableError, match="not drawn"):
        SpeasyVariable(seconds(2), ["a", "b"]).plot(ax)
    with pytest.raises(VariableError, match="matplotlib"):
        vector().plot["bokeh"]


def test_edges() -> None:
    np.testing.assert_allclose(edges_of(np.array([1.0, 2.0, 4.0]), False), [0.5, 1.5, 3, 5])
    np.testing.assert_allclose(edges_of(np.array([1.0, 100.0]), True), [0.1, 10, 1000])
    np.testing.assert_allclose(edges_of(np.array([1.0]), False), [0.5, 1.5])


def test_without_axes_the_current_ones_are_used() -> None:
    from matplotlib import pyplot

    drawn = vector().plot()
    assert drawn is pyplot.gca()
    pyplot.close("all")


def test_a_sample_without_neighbours_is_seen(ax) -> None:  # type: ignore[no-untyped-def]
    ns = np.array([0, 1, 2, 30, 60, 61]) * 10**9
    v = SpeasyVariable(ns, np.arange(6.0), name="n")
    (line,) = v.plot.line(ax).get_lines()
    assert line.get_marker() == "."
    (at,) = line.get_markevery()
    assert line.get_ydata()[at] == 3.0
    _, joined = vector()["bx"].plot.line(ax).get_lines()
    assert joined.get_marker() in ("None", "")


def test_notes(ax) -> None:  # type: ignore[no-untyped-def]
    vector(0).plot(ax)
    made = vector(meta={"dataset": {"Synthetic": "yes, by formula"}})
    assert [t.get_text() for t in made.plot(ax).texts] == ["no samples", "synthetic data"]
