"""Notebooks written for SciQLop's user API, with their import line changed."""

from __future__ import annotations

import json
import time

import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import speasy_core as spz
from sciqlop_lab import panel as panel_module
from sciqlop_lab.user_api import plot as plot_module
from sciqlop_lab.user_api.catalogs import CatalogStore
from speasy_core.errors import CorruptFile, InvalidRequest


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A notebook's shell over a session of its own, with no archive."""
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    monkeypatch.setattr(plot_module, "_panels", {})
    session = spz.Session(spz.Settings(cache_dir=tmp_path / "cache"))
    monkeypatch.setattr("speasy_core.session._default", session)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    yield made
    for held in list(plot_module._panels.values()):
        held.panel.close()
    InteractiveShell.clear_instance()
    session.close()


def run(shell, *cells):
    for cell in cells:
        result = shell.run_cell(cell)
        result.raise_error()
    return shell.user_ns


def until(check, seconds=10.0):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_the_basic_panel(shell):
    names = run(
        shell,
        "from sciqlop_lab.user_api.plot import *\n"
        "from sciqlop_lab.user_api import TimeRange\n"
        "from datetime import datetime\nimport numpy as np",
        "p = create_plot_panel()\np.time_range = TimeRange('2020-01-01', '2020-01-02')",
        "x = np.linspace(p.time_range.start(), p.time_range.stop(), 100)\n"
        "plot, graph = p.plot(x, np.sin(x), name='wave', colors=['red'])\n"
        "plot.set_y_range(2, -1)\nplot.set_axis_label('y', 'B', 'nT')\n"
        "plot.y_scale_type = ScaleType.Linear\n"
        "line = plot.add_hline(0.5, color='red')\n"
        "text = Text(plot, 'here', datetime(2020, 1, 1, 12), 0.2, color='teal')\n"
        "ring = Ellipse(plot, x[50], 0.1, 3600, 0.5, fill_color='#abcdef')\n"
        "plot.overlay.show_message('be careful', OverlayLevel.Warning)\n"
        "p.plot_data(x, np.arange(4.0), np.ones((100, 4)))\n"
        "p.plot_function(lambda start, stop: ([start, stop - 1], [1.0, 2.0]), plot_index=0)",
    )
    panel, plot, graph = names["p"], names["plot"], names["graph"]
    spec = panel.panel.model.plots[0]
    assert (spec.y.range, spec.y.label, spec.y.log) == ((-1.0, 2.0), "B [nT]", False)
    assert [item["kind"] for item in spec.items] == ["hline", "text", "ellipse", "text"]
    assert spec.items[1]["x"] == 1577880000.0
    assert (graph.name, len(graph.data), graph.visible) == ("wave", 100, True)
    assert plot.graphs[0].product.startswith("data/")
    graph.visible = False
    assert not graph.visible
    graph.set_data(names["x"][:10], np.zeros(10))
    assert len(graph.data) == 10
    names["line"].set(y=0.7)
    names["text"].remove()
    assert [i.get("y") for i in panel.panel.model.plots[0].items][:1] == [0.7]
    panel.panel.undo()
    assert "text" in [i["kind"] for i in panel.panel.model.plots[0].items]
    with pytest.raises(ValueError, match="no room"):
        plot.set_y_range(1, 1)


def test_steps_limits_and_what_is_not_there(shell):
    names = run(
        shell,
        "from sciqlop_lab.user_api.plot import *",
        "from sciqlop_lab.user_api.gui import get_main_window",
        "w = get_main_window()\np = w.create_plot_panel('mine')\n"
        "p.time_range = TimeRange('2020-01-01', '2020-01-02')\np.step_forward(2)",
    )
    panel = names["p"]
    assert names["w"].plot_panel("mine") is panel
    assert panel.time_range == names["TimeRange"]("2020-01-03", "2020-01-04")
    assert panel.duration == "1 day, 0:00:00"
    panel.zoom_limit_seconds = 3600
    panel.time_range = names["TimeRange"]("2020-01-01", "2020-01-03")
    assert panel.panel.time_range.duration_ns == 3600 * 10**9
    panel.plot(np.arange(3.0), np.arange(3.0))
    for refused in (
        lambda: names["Pixmap"](panel.plots[0]),
        lambda: names["CurvedLine"](panel.plots[0]),
        lambda: panel.add_sub_panel(),
        lambda: panel.plots[0].add_hline(1, movable=True),
    ):
        with pytest.raises(InvalidRequest, match="is not there") as caught:
            refused()
        assert caught.value.hint


def test_virtual_products_with_parameters(shell):
    names = run(
        shell,
        "from sciqlop_lab.user_api.virtual_products import (create_virtual_product,\n"
        "    VirtualProductType, VirtualScalar, VirtualVector)\n"
        "from sciqlop_lab.user_api.plot import create_plot_panel\n"
        "from sciqlop_lab.user_api.knobs import Knob\n"
        "from typing import Annotated, Literal\nimport numpy as np",
        "def wave(start: float, stop: float, gain: Annotated[float, Knob(min=0, max=5)] = 1.0,\n"
        "         shape: Literal['sin', 'cos'] = 'sin'):\n"
        "    t = np.linspace(start, stop, 50)\n"
        "    return t, gain * getattr(np, shape)(t)\n"
        "vp = create_virtual_product('demo/wave', wave, VirtualProductType.Scalar,\n"
        "                            labels=['wave'], cachable=True)\n"
        "p = create_plot_panel()\nplot, graph = p.plot(vp, gain=2.0)\n"
        "graph.knobs['shape'] = 'cos'",
    )
    panel = names["p"].panel
    assert panel.wait(20)
    assert panel.errors == {}
    assert dict(panel.model.graphs[0][1].knobs) == {"gain": 2.0, "shape": "cos"}
    assert panel.knob_specs["g1"][0]["max"] == 5
    with pytest.raises(InvalidRequest, match="cannot be 'tan'"):
        names["graph"].knobs["shape"] = "tan"


def test_magics_and_layers(shell):
    names = run(
        shell,
        "import numpy as np\nfrom sciqlop_lab.user_api.magics import register_magics\n"
        "register_magics()",
        "%%vp --path demo/level --start 2020-01-01 --stop 2020-01-02\n"
        "def level(start: float, stop: float, high: float = 3.0) -> Scalar['level']:\n"
        "    t = np.linspace(start, stop, 10)\n"
        "    return t, np.full(10, high)",
        "graph = get_ipython().run_line_magic('plot', 'demo/level')",
        "%timerange 2020-01-01 2020-01-02",
        "%%layer --path demo/marks\n"
        "def marks(start: float, stop: float, count: int = 2):\n"
        "    return [Marker((start + stop) / 2, label='middle'),\n"
        "            Span(start, start + (stop - start) / 10), HLine(3.0)]",
        "%%layer\ndef top(data: Scalar):\n"
        "    return Marker(data.time[0], value=float(data.values.max()))",
    )
    panel = plot_module.last_panel().panel
    assert str(panel.time_range).startswith("2020-01-01")
    until(lambda: len(panel.model.plots[0].items) == 4)
    kinds = [item["kind"] for item in panel.model.plots[0].items]
    assert sorted(kinds) == ["band", "hline", "text", "vline"]
    run(shell, "%timerange 2020-01-05 2020-01-06")
    until(lambda: any(i.get("x") == 1578225600.0 for i in panel.model.plots[0].items))
    assert names["marks"].path == "demo/marks"
    broken = "def marks(start, stop):\n    raise ValueError('no marks')"
    run(shell, f"%%layer --path demo/marks\n{broken}")
    until(lambda: any("no marks" in i["text"] for i in panel.model.plots[0].items))
    panel.undo()
    assert panel.model.time_range.start_ns == 1577836800 * 10**9, "layers are no steps of undo"


def test_fluent_panels(shell):
    names = run(
        shell,
        "from sciqlop_lab.user_api.plot import fluent\n"
        "from sciqlop_lab.user_api.plot.enums import CoordinateSystem",
        "f = (fluent.new_panel('fluent').time_range('2020-01-01', '2020-01-02')\n"
        "     .plot(lambda start, stop: ([start, stop - 1], [1.0, 2.0])).log_y()\n"
        "     .subplot().plot(lambda a, b: ([a, b - 1], [1.0, 2.0])).y_range(0, 5))",
    )
    model = names["f"].panel.panel.model
    assert [plot.y.log for plot in model.plots] == [True, None]
    assert model.plots[1].y.range == (0.0, 5.0)
    assert names["fluent"].panel("fluent").panel is names["f"].panel


def test_catalogs(tmp_path):
    store = CatalogStore(tmp_path / "kept")
    assert store.list() == []
    rows = [("2020-01-01", "2020-01-02", {"n": np.int64(3)}), ("2020-02-01", "2020-02-02")]
    store.save("My Catalogs//mine//a / b", rows)
    store.create("mine//../../escape", [])
    assert "mine//a / b" in store.list()
    assert all(tmp_path / "kept" in f.parents for f in tmp_path.rglob("*.catalog.json"))
    assert store.list("other") == []
    found = store.get("mine//a / b")
    assert (len(found), found[0].meta["n"]) == (2, 3)
    with pytest.raises(InvalidRequest, match="already"):
        store.create("mine//a / b")
    store.add_events("mine//a / b", [("2021-01-01", "2021-01-02")])
    store.remove_events("mine//a / b", [found[0]])
    assert [str(e.start)[:10] for e in store.get("mine//a / b")] == ["2020-02-01", "2021-01-01"]
    store.remove("mine//a / b")
    for gone in (lambda: store.get("mine//a / b"), lambda: store.remove("mine//a / b")):
        with pytest.raises(InvalidRequest, match="no catalogue"):
            gone()
    store.save("bad", [])
    next(tmp_path.rglob("bad.catalog.json")).write_text("{")
    with pytest.raises(CorruptFile, match="bad"):
        store.get("bad")
    with pytest.raises(InvalidRequest):
        store.save("  ", [])


def test_tracing(tmp_path):
    from sciqlop_lab.user_api import tracing

    @tracing.traced
    def work():
        return 5

    with tracing.session(tmp_path / "trace.json"):
        assert tracing.is_enabled()
        with tracing.zone("outer", cat="test", size=3):
            assert work() == 5
        tracing.counter("bytes", 12)
        tracing.async_begin("fetch", 1)
        tracing.async_end("fetch", 1)
    assert not tracing.is_enabled()
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [e["ph"] for e in events] == ["X", "X", "C", "b", "e"]
    inner, outer = events[:2]
    assert outer["name"] == "outer"
    assert outer["dur"] >= inner["dur"] >= 0
    with pytest.raises(InvalidRequest, match="no folder"):
        tracing.enable(tmp_path / "nowhere" / "trace.json")


def test_panels_are_numbered_from_zero_whatever_else_there_is(shell):
    names = run(
        shell,
        "%load_ext sciqlop_lab\n"
        "from sciqlop_lab.user_api.plot import create_plot_panel, plot_panel\nimport numpy as np",
        "named = create_plot_panel('Panel1')",
        "first, second = create_plot_panel(), create_plot_panel()",
        "%%vp\ndef wave(start, stop):\n    t = np.arange(start, stop, 600.0)\n    return t, t * 0",
        "%plot wave Panel0",
    )
    assert [names[key].name for key in ("first", "second")] == ["Panel0", "Panel2"]
    assert plot_module.plot_panel("Panel1") is names["named"]
    assert names["first"].panel.plots[0].products == ["vp/wave"]
    for line in ("%plot wave Panel9", "%timerange Panel9", "%timerange 2020 2021 Panel9"):
        with pytest.raises(InvalidRequest, match="no panel 'Panel9'") as said:
            run(shell, line)
        assert said.value.hint == "panels: Panel1, Panel0, Panel2"


def test_templates_make_panels_of_its_kind(shell, tmp_path):
    file = tmp_path / "mine.json"
    names = run(
        shell,
        "from sciqlop_lab.user_api import templates\n"
        "from sciqlop_lab.user_api.plot import create_plot_panel\nimport numpy as np",
        "def wave(start, stop):\n    t = np.arange(start, stop, 600.0)\n    return t, t * 0",
        "p = create_plot_panel()\np.plot(wave)\np.plot(wave)\n"
        "p.time_range = ('2020-01-01', '2020-01-02')",
        f"p.save_template({str(file)!r})\nfound = templates.PanelTemplate.from_file({str(file)!r})",
        "made = found.create_panel(None)\nother = create_plot_panel()\nother.plot(wave)",
        f"templates.load(found.to_file({str(tmp_path / 'again.yaml')!r})).apply(other)",
    )
    for key in ("made", "other"):
        panel = names[key]
        assert type(panel).__name__ == "PlotPanel"
        assert plot_module.plot_panel(panel.name) is panel
        assert len(panel.plots) == 2
        assert panel.time_range == names["p"].time_range


def test_histograms_and_pairs_in_plots(shell):
    names = run(
        shell,
        "from sciqlop_lab.user_api.plot import *\nimport numpy as np",
        "p = create_plot_panel()\nx = np.arange(50.0)",
        "plot, graph = p.histogram2d(x, x, name='h', gradient='Viridis')",
        "inside = plot.histogram2d(x, x[::-1], name='again', x_bins=10)",
        "curve, line = p.plot_data(x, x ** 2, plot_type=PlotType.XY)",
        "time, wave = p.plot_data(x + 1.5e9, x)",
    )
    assert [graph.name for graph in names["plot"].graphs] == ["h", "again"]
    assert names["p"].panel.model.plot(names["plot"].id).z.colormap == "viridis"
    assert names["line"]._spec.kind == "xy"
    with pytest.raises(InvalidRequest):
        names["time"].histogram2d(np.arange(5.0), np.arange(5.0))


NOTEBOOK = (
    "from SciQLop.user_api.plot import create_plot_panel, PlotType, ScaleType\n"
    "from SciQLop.user_api import TimeRange\n"
    "from SciQLop.user_api.virtual_products import create_virtual_product, VirtualProductType\n"
    "from SciQLop.user_api.knobs import Knob\n"
    "from SciQLop.user_api.catalogs import catalogs\n"
    "from typing import Annotated\nfrom datetime import datetime\nimport numpy as np",
    "p = create_plot_panel()\np.time_range = TimeRange('2020-01-01', '2020-01-02')",
    "def wave(start: float, stop: float, gain: Annotated[float, Knob(0, 10)] = 2.0):\n"
    "    t = np.arange(start, stop, 600.0)\n    return t, gain * np.cos(t)",
    "vp = create_virtual_product('demo/wave', wave, VirtualProductType.Scalar, labels=['w'])\n"
    "plot, graph = p.plot(vp)\ngraph.knobs['gain'] = 3.0\nplot.y_scale_type = ScaleType.Linear\n"
    "p.plot_function(wave, labels=['w'])\np.plot(lambda a, b: (np.arange(a, b, 60.0),) * 2)",
    "%load_ext sciqlop_lab",
    "%%vp --path demo/field\n"
    "def field(start: datetime, stop: datetime) -> Vector['x', 'y', 'z']:\n"
    "    t = np.arange(start.timestamp(), stop.timestamp(), 600.0)\n"
    "    return t, np.ones((len(t), 3))",
    "%plot demo/field Panel0",
    "%timerange 2020-01-01T06:00 2020-01-01T12:00 Panel0",
    "catalogs.save('mine//shocks', [(datetime(2020, 1, 1), datetime(2020, 1, 2), {'n': 1})])\n"
    "assert catalogs.get('mine//shocks')[0].meta['n'] == 1",
    "assert p.panel.wait(30) and not p.panel.errors, p.panel.errors\nlen(p.plots)",
)


def test_in_a_kernel_after_changing_the_import_line_alone(tmp_path, monkeypatch):
    for name, value in (
        ("SPZ_OFFLINE", "1"), ("SPZ_CACHE_DIR", tmp_path / "c"), ("XDG_DATA_HOME", tmp_path / "d")
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    cells = [cell.replace("SciQLop.user_api", "sciqlop_lab.user_api") for cell in NOTEBOOK]
    book = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    NotebookClient(book, timeout=60, kernel_name="python3").execute()
    assert book.cells[-1].outputs[-1].data["text/plain"] == "4"
    book.cells.append(nbformat.v4.new_code_cell("%%vp\n1 / 0\ndef f(a, b):\n    return [a], [1.0]"))
    with pytest.raises(CellExecutionError, match="division by zero"):
        NotebookClient(book, timeout=60, kernel_name="python3").execute()
