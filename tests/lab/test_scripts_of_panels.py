"""Copied code makes the same panel, to the last option, and the same figure, for every kind."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys

import pytest

import speasy_core as spz
from sciqlop_lab import panel as panel_module
from speasy_core.demo import LocalArchive

SPAN = ("2019-01-02T15:00", "2019-01-02T16:00")
FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
SPECTRUM = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"
ACE = "cda/AC_H0_MFI/BGSEc"
TELL = """
import json
print(json.dumps([
    {"x": ax.get_xlabel(), "y": ax.get_ylabel(), "xlim": ax.get_xlim(), "ylim": ax.get_ylim(),
     "log": [ax.get_xscale(), ax.get_yscale()], "lines": len(ax.lines),
     "bars": len(ax.collections)} for ax in fig.axes
]))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with LocalArchive() as archive:
        environment = archive.environ(cache_dir=str(tmp_path_factory.mktemp("cache")))
        session = spz.Session(archive.settings(cache_dir=environment["SPZ_CACHE_DIR"]))
        yield session, environment
        session.close()


@pytest.fixture
def panel(served, monkeypatch):
    session, _ = served
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    monkeypatch.setattr("speasy_core.session.default_session", lambda: session)
    monkeypatch.setattr("sciqlop_lab.basepanel.default_session", lambda: session)
    made = panel_module.CanvasPanel(*SPAN, session=session)
    yield made
    made.close()


def again(panel, tmp_path):
    """Run the script that makes the panel; return what that one shows."""
    path = tmp_path / "again.py"
    path.write_text(panel.to_code("panel"), encoding="utf-8")
    made = runpy.run_path(str(path))["panel"]
    model = made.model
    made.close()
    return model


def figure(panel, served, tmp_path):
    """Run the script that makes the figure; return what its axes say of themselves."""
    pytest.importorskip("matplotlib")
    path, picture = tmp_path / "figure.py", tmp_path / "figure.png"
    code = panel.to_code("matplotlib")
    assert "sciqlop_lab import" not in code
    path.write_text(code + TELL + f"fig.savefig({str(picture)!r})\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False,
        env={**os.environ, **served[1], "MPLBACKEND": "Agg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + code
    assert picture.stat().st_size > 500
    return json.loads(done.stdout)


def test_a_panel_with_everything_is_the_same_again(panel, tmp_path):
    graph = panel.plot(FIELD, label='B "µ"\n# $x$', style="steps")
    panel.title = "all of it"
    graph.set(colors=["#112233", None], width=2.5, marker="circle")
    graph.hide("Bt")
    panel.plot(ACE, 0, y_axis="y2")
    panel.plot(SPECTRUM).set(mean="log")
    panel.plots[0].set_axis("y", log="symlog", percentiles=(1, 99), label="field")
    panel.plots[0].set_axis("y2", range=(-10, 10))
    panel.plots[1].set_axis("z", log=True, range=(1e2, 1e8), colormap="magma", label="flux")
    panel.plots[0].set(grid=False, legend=False)
    panel.plots[0].height = 2.5
    panel.orbit("ssc/mms1", planes=("xy", "xz"), pdyn=3.5, boundaries=("shue1997",))
    panel.plots[2].set_axis("depth", range=(-20, 20))
    panel.xy(ACE, columns=("Bx GSE", "By GSE"), color="time", style="points", aspect="equal")
    panel.histogram2d(FIELD, columns=(0, 1), x_bins=40, y_bins=30, normalise="column", log_z=True)
    panel.plots[4].set_axis("x", range=(-100, 100))
    panel.xy(ACE, FIELD)
    panel.add_span("2019-01-02T15:10", "2019-01-02T15:20", label="here", color="#123456")
    item = {"kind": "text", "x": 1546441200.5, "y": 1.0, "text": "<i>", "color": "#ff0000"}
    panel.command({"op": "add_item", "plot": "p1", "item": item})
    assert again(panel, tmp_path) == panel.model


def test_variables_without_a_name_are_left_out_and_the_rest_is_in_its_place(panel, tmp_path):
    panel.plot(spz.SpeasyVariable([1, 2], [1.0, 2.0]), label="mine\nimport nothing_of_the_kind")
    panel.plot(spz.SpeasyVariable([1, 2], [1.0, 2.0]), panel.plot(FIELD).plot)
    panel.plots[1].set_axis(range=(-5, 5))
    model = again(panel, tmp_path)
    assert [g.product for _, g in model.graphs] == [FIELD]
    assert model.plots[0].y.range == (-5, 5)


def test_a_figure_over_time(panel, served, tmp_path):
    panel.plot(FIELD)
    panel.plot(SPECTRUM)
    panel.plot(ACE, 1)
    panel.plots[0].set_axis(range=(-50, 50), label="B [nT]")
    panel.plots[1].set_axis("y2", range=(-9, 9))
    field, flux, *more = figure(panel, served, tmp_path)
    assert (field["y"], field["ylim"]) == ("B [nT]", [-50, 50])
    assert field["xlim"] == flux["xlim"]
    assert [-9, 9] in [axis["ylim"] for axis in more]


def test_a_figure_of_what_is_not_over_time(panel, served, tmp_path):
    panel.plot(ACE)
    panel.orbit("ssc/mms1", planes=("xy", "yz"))
    panel.xy(FIELD, columns=(0, 1))
    panel.plots[2].set_axis("x", range=(-30, 30))
    panel.xy(ACE, FIELD, color="time", label="$x$")
    panel.histogram2d(FIELD, columns=(0, 2), x_bins=20, log_z=True)
    panel.histogram2d(FIELD, columns=(3, 3), log_x=True, log_y=True, normalise="column")
    panel.orbit(lambda start, stop: None)
    axes = figure(panel, served, tmp_path)
    over_time, xy, yz, pair, two, counts = axes[:6]
    assert over_time["lines"] == 3
    assert xy["x"].startswith("X")
    assert "R_E" in xy["x"]
    assert yz["y"].startswith("Z")
    assert xy["lines"] > 1  # boundaries too
    assert pair["xlim"] == [-30, 30]
    assert "nT" in pair["y"]
    assert two["bars"] == 1
    assert counts["bars"] == 1
    assert ["log", "log"] in [axis["log"] for axis in axes]


def test_a_figure_without_plots(panel, served, tmp_path):
    assert figure(panel, served, tmp_path) == []


def test_a_figure_of_what_fails(panel, served, tmp_path):
    panel.xy("cda/NOPE/nothing", label="gone\nraise SystemExit(3)")
    assert figure(panel, served, tmp_path) == []
