"""Magics, and notebooks that were written for SciQLop."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import speasy_core as spz
from sciqlop_lab import panel as panel_module
from sciqlop_lab.user_api import plot as plot_module
from speasy_core.errors import InvalidRequest, SpeasyError
from speasy_core.product import ProductRef


@pytest.fixture
def real(tmp_path, monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    monkeypatch.setattr(plot_module, "_panels", {})
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        monkeypatch.setattr("speasy_core.session._default", made)
        yield made


@pytest.fixture
def shell(real):
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    result = made.run_cell("%load_ext sciqlop_lab")
    assert result.success
    yield made
    InteractiveShell.clear_instance()


def run(shell, cell):
    result = shell.run_cell(cell)
    if not result.success:
        raise result.error_before_exec or result.error_in_exec
    return result.result


VP = """%%vp --path mine/magnitude --start 2020-01-01 --stop 2020-01-02
import numpy as np

def _helper(t):
    return np.cos(t / 1e4)

def magnitude(start: float, stop: float, gain: float = 1.0) -> Scalar["|B|"]:
    t = np.linspace(start, stop, 50, endpoint=False)
    return t, gain * _helper(t)
"""


def test_vp_makes_a_product_of_a_cell(shell, real):
    run(shell, VP)
    product = shell.user_ns["magnitude"]
    assert str(product.ref) == "vp/mine/magnitude"
    v = spz.get_data("vp/mine/magnitude", "2020-01-01", "2020-01-02", gain=2)
    assert v.columns == ["|B|"]
    assert len(v) == 50
    run(shell, VP.replace("gain * _helper", "0 * _helper"))
    assert (
        shell.user_ns["magnitude"].compute(spz.TimeRange("2020-01-01", "2020-01-02")).values.max()
        == 0
    )


def test_without_annotation_the_type_is_found_out(shell):
    run(shell, "%%vp\nimport numpy as np\n"
                  "def three(start, stop):\n"
                  "    t = np.linspace(start, stop, 5)\n"
                  "    return t, np.ones((5, 3))\n")  # fmt: skip
    product = shell.user_ns["three"]
    assert product.path == "three"
    assert product.compute(spz.TimeRange("2020-01-01", "2020-01-02")).kind == "vector"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%vp\nx = 1", "there is none"),
        ("%%vp\ndef a(x, y): pass\ndef b(x, y): pass", "there are 2: a, b"),
        ("%%vp\ndef _a(x, y): pass", "there is none"),
        ("%%vp\ndef a(x, y)\n", "line 1"),
        ("%%vp --wrong\ndef a(x, y): pass", "unrecognized"),
        ("%%vp --start 2020\ndef a(x, y): pass", "go together"),
        ("%plot", "needs words"),
        ("%timerange", "no panel"),
    ],
)
def test_what_is_wrong_is_said(shell, cell, words):
    with pytest.raises(InvalidRequest, match=words):
        run(shell, cell)


def test_debug_shows_a_panel_and_a_report(shell, capsys):
    run(shell, VP.replace("%%vp", "%%vp --debug"))
    panel = plot_module.plot_panel("VP Debug: mine/magnitude")
    assert panel.plots[0].products == ["vp/mine/magnitude"]
    assert "Data: 50 points, shape (50, 1)" in capsys.readouterr().out.replace("(50,)", "(50, 1)")


def test_plot_finds_products(shell, real, monkeypatch):
    asked = []

    def find(query, limit=50):
        asked.append(query)
        return [SimpleNamespace(ref=ProductRef("cda", "AC_H0_MFI/BGSEc"))]

    monkeypatch.setattr(real, "find_product", find)
    graph = run(shell, "%plot ace magnetic gse")
    assert (graph.product, asked) == ("cda/AC_H0_MFI/BGSEc", ["ace magnetic gse"])
    run(shell, VP)
    graph = run(shell, "%plot vp/mine/magnitude Panel0")
    assert graph.plot == "p2"
    assert run(shell, "%plot mine/magnitude").product == "vp/mine/magnitude"
    assert run(shell, "%plot cda/A/b").product == "cda/A/b"
    assert len(plot_module._panels) == 3


def test_timerange_tells_and_sets(shell):
    plot_module.create_plot_panel("one")
    plot_module.create_plot_panel("two")
    run(shell, "%timerange 2020-01-01T06 2020-01-02 one")
    span = spz.TimeRange("2020-01-01T06", "2020-01-02")
    assert run(shell, "%timerange one") == span
    run(shell, '%timerange 1577836800.0 "2020-01-03 12:00"')
    assert run(shell, "%timerange") == spz.TimeRange("2020-01-01", "2020-01-03T12")
    with pytest.raises(InvalidRequest, match="no panel 'three'"):
        run(shell, "%timerange three")


def test_notebooks_of_sciqlop_run_after_changing_the_import(shell, real):
    """Basic panel, virtual products, virtual products with parameters, magics."""
    run(
        shell,
        """
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal
import numpy as np
from sciqlop_lab.user_api import TimeRange, dsp
from sciqlop_lab.user_api.plot import create_plot_panel, plot_panel, ScaleType, PlotType, GraphType
from sciqlop_lab.user_api.virtual_products import (
    create_virtual_product, VirtualProductType, VirtualScalar, VirtualVector)
from sciqlop_lab.user_api.knobs import Knob
import sciqlop_lab.user_api.magics

p = create_plot_panel()
p.time_range = TimeRange("2020-01-01", "2020-01-02")
x = np.linspace(p.time_range.start(), p.time_range.stop(), 100)
plot, graph = p.plot(x, np.sin(x / 1e4))
p.plot_data(x, np.ones((100, 3)), plot_index=0)

def wave(start: float, stop: float):
    t = np.linspace(start, stop, 100, endpoint=False)
    return t, np.cos(t / 1e4)

p.plot_function(wave, plot_type=PlotType.TimeSeries, graph_type=GraphType.Line, labels=["w"])
vp = create_virtual_product("demo/wave", wave, VirtualProductType.Scalar, labels=["wave"],
                            cachable=True)
p.plot(vp)
p.plot_product("vp/demo/wave", plot_index=0)

def vector(start: datetime, stop: datetime):
    t = np.linspace(start.timestamp(), stop.timestamp(), 100, endpoint=False)
    return t, np.stack([t * 0, t * 0 + 1, t * 0 + 2], axis=1)

VirtualVector("demo/vector", vector, labels=["X", "Y", "Z"])

def tuned(start, stop, amplitude: Annotated[float, Knob(min=0, max=10, step=0.1)] = 1.0,
          mode: Literal["sin", "cos"] = "sin", n: int = 3):
    t = np.linspace(start, stop, 100, endpoint=False)
    return t, amplitude * n * (np.sin(t) if mode == "sin" else t * 0 + 1)

tuned_product = create_virtual_product("demo/tuned", tuned, VirtualProductType.Scalar,
                                       labels=["tuned"], debug=True)
_, tuned_graph = p.plot(tuned_product, amplitude=2, mode="cos")
p.step_forward()
p.step_backward()
""",
    )
    space = shell.user_ns
    assert len(space["p"].plots) == 4
    assert space["p"].panel.wait(20)
    assert space["p"].panel.errors == {}
    space["tuned_graph"].knobs["n"] = 5
    assert space["p"].panel.wait(20)
    v = spz.get_data("vp/demo/tuned", "2020-01-01", "2020-01-02", mode="cos", n=5, amplitude=20)
    assert v.values[0] == 50
    space["p"].panel.close()


def test_dsp_names():
    from sciqlop_lab.user_api import dsp

    t = np.r_[np.arange(50.0), np.arange(100.0, 150)]
    v = spz.SpeasyVariable((t * 1e9).astype("M8[ns]"), np.full((100, 3), 2.0), name="b")
    assert [len(part) for part in dsp.split_segments(v)] == [50, 50]
    assert np.allclose(dsp.reduce(v, "norm").values, np.sqrt(12))
    assert np.allclose(dsp.reduce(v, "sum").values, 6)
    with pytest.raises(InvalidRequest):
        dsp.reduce(v, "median")
    for missing in ("arrays", "filtfilt", "fir_filter", "interpolate_nan", "reduce_axes"):
        with pytest.raises(InvalidRequest, match=rf"dsp\.{missing} is not there"):
            getattr(dsp, missing)
    assert not hasattr(dsp, "nothing")


LINE = (
    "def f(start: float, stop: float){}:\n    x = np.arange(start, stop, 600.0)\n    return x, {}"
)


@pytest.mark.parametrize(
    ("cell", "words", "advice"),
    [
        (LINE.format(' -> Scalar["a", "b"]', "x"), "1 label, not 2", ""),
        (LINE.format(" -> Scalar[1]", "x"), "labels are text", ""),
        (LINE.format(" -> Spectrogram", "x"), "no spectrogram", "channels"),
        (LINE.format(" -> Spectrogram", "np.ones((len(x), 4))"), "no spectrogram", "channels"),
        (LINE.format(' -> Scalar["a"]', "np.arange(4.0), np.ones((len(x), 4))"), "no scalar",
         "declare it as a Spectrogram"),
        ("async def f(start, stop):\n    return None", "no async def", "write def"),
    ],
)  # fmt: skip
def test_wrong_annotations_fail_the_cell(shell, cell, words, advice):
    shell.run_cell("import numpy as np")
    with pytest.raises(SpeasyError, match=words) as said:
        run(shell, f"%%vp\n{cell}")
    assert advice in (said.value.hint or "")


def test_an_error_in_the_cell_fails_it_and_is_shown_once(shell, capsys):
    with pytest.raises(ZeroDivisionError):
        run(shell, "%%vp\n1 / 0\ndef f(start, stop):\n    return [start], [1.0]")
    assert capsys.readouterr().out.count("division by zero") == 1


def test_cells_may_have_magics_and_a_limit(shell):
    run(shell, "%%vp --timeout 7\n%matplotlib --list\ndef f(a, b):\n    return [a], [1.0]")
    product = shell.user_ns["f"]
    assert (product.limit, product.timeout) == (7, 7)


def test_quotation_marks_and_days_as_numbers(shell):
    for line in ("%plot 'mms", "%timerange '2020", "%%vp --path 'a\nx = 1"):
        with pytest.raises(InvalidRequest, match="quotation"):
            run(shell, line)
    run(shell, "from sciqlop_lab.user_api.plot import create_plot_panel\np = create_plot_panel()")
    run(shell, "%timerange 20200101 20200102")
    assert str(shell.user_ns["p"].panel.time_range) == "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z"
    with pytest.raises(InvalidRequest, match="a stop is missing"):
        run(shell, "%timerange 2020-01-01")
