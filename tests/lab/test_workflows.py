"""What leaves a panel: variables, functions, lists of events, files, code, templates, pictures."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import speasy_core as spz
from sciqlop_lab import asks, defining, graphdata, overlays, stills, svgpdf, templates
from sciqlop_lab import panel as panel_module
from sciqlop_lab.export import Exports
from sciqlop_lab.overlays import Intervals
from sciqlop_lab.overlayspec import MOST_KEPT
from sciqlop_lab.spec import PanelSpec
from speasy_core.demo import LocalArchive
from speasy_core.errors import InvalidRequest, SpeasyError, SpeasyWarning

START, STOP = "2019-01-02T15:00", "2019-01-02T16:00"
FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
TABLE = "amda/sharedtimeTable_0"
SPECTRUM = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with LocalArchive() as archive:
        environment = archive.environ(cache_dir=str(tmp_path_factory.mktemp("cache")))
        session = spz.Session(archive.settings(cache_dir=environment["SPZ_CACHE_DIR"]))
        yield SimpleNamespace(session=session, environment=environment)
        session.close()


@pytest.fixture
def panel(served, monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    monkeypatch.setattr("speasy_core.session.default_session", lambda: served.session)
    made = panel_module.CanvasPanel(START, STOP, session=served.session)
    made.plot(FIELD)
    yield made
    made.close()


@pytest.fixture
def shell(monkeypatch):
    """IPython whose default session is the archive's."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def ask(panel, what, **args):
    return asks.answer(panel, what, args)


# -- data ---------------------------------------------------------------------------------------
def test_data_are_all_samples_of_the_visible_range(panel, served):
    whole = served.session.get_data(FIELD, START, STOP)
    data = panel.plots[0].graphs[0].data
    assert np.array_equal(data.time_ns, whole.time_ns)
    assert data.unit == "nT"
    panel.time_range = ("2019-01-02T15:10", "2019-01-02T15:11")
    assert 900 < len(panel.plots[0].graphs[0].data) < 1000


def test_a_function_is_called_with_the_visible_range_and_its_knobs(panel):
    def ramp(start: float, stop: float, factor: float = 1.0):
        return np.array([start, stop - 1]), factor * np.array([1.0, 2.0])

    graph = panel.plot(ramp, factor=3.0)
    assert graph.data.values.tolist() == [3.0, 6.0]
    assert graph.data.time_ns[0] == panel.time_range.start_ns


def test_a_variable_at_hand_is_cut(panel):
    time = np.arange(panel.time_range.start_ns - 10**10, panel.time_range.start_ns + 10**10, 10**9)
    graph = panel.plot(spz.SpeasyVariable(time, np.arange(20.0)))
    assert graph.data.values.tolist() == list(range(10, 20))


def test_a_variable_is_put_under_a_free_name(panel, monkeypatch):
    names = {"mms1_fgm_b_gse_srvy_l2": "mine"}
    monkeypatch.setattr("sciqlop_lab.namespace.user_names", lambda: names)
    told = ask(panel, "to_notebook", plot="p1", graph="g1").value
    assert told["name"] == "mms1_fgm_b_gse_srvy_l2_2"
    assert told["text"] == f"mms1_fgm_b_gse_srvy_l2_2 = {told['samples']:,} samples"
    assert names["mms1_fgm_b_gse_srvy_l2"] == "mine"
    assert len(names[told["name"]]) == told["samples"] == 57600


@pytest.mark.parametrize(
    "text", ["a/1 µ", "a/class", "a/match", "a/", "a/⚡", "a/x-y z", "a/ﬁ", "a/_"]
)
def test_names_are_names_of_python(text):
    name = graphdata.variable_name(text)
    assert name.isidentifier()
    assert compile(f"{name} = 1", "", "exec")


# -- derived functions --------------------------------------------------------------------------
COLUMNS = {"g1": ["Bx GSE", "By GSE", "Bz GSE", "Bt"], "g2": ["x", "y", "z"]}


@pytest.mark.parametrize(
    ("op", "shape", "unit"),
    [
        ("magnitude", (), "nT"), ("component", (), "nT"), ("low_pass", (4,), "nT"),
        ("high_pass", (4,), "nT"), ("band_pass", (4,), "nT"), ("resample", (4,), "nT"),
        ("rolling_mean", (4,), "nT"), ("spectrum", (129,), "nT² Hz⁻¹"), ("difference", (3,), "nT"),
        ("field_aligned", (3,), "nT"),
    ],
)  # fmt: skip
def test_each_recipe_makes_a_product(panel, shell, served, op, shape, unit):
    panel.plot("cda/AC_H0_MFI/BGSEc")
    form = ask(panel, "derive", op=op, plot="p1", graph="g1", columns=COLUMNS).value
    ast.parse(form["source"])
    told = ask(panel, "define", source=form["source"], plot="p1").value
    assert told["new"]
    assert panel.model.plots[1].graphs[0].product == told["product"]
    variable = served.session.get_data(told["product"], START, STOP)
    assert variable.shape[1:] == shape
    assert variable.unit == unit
    assert len(variable)
    assert PanelSpec.from_json(panel.model.to_json()).functions[told["product"]] == form["source"]


def test_the_magnitude_of_three_components_leaves_out_the_fourth(panel, shell, served):
    form = ask(panel, "derive", op="magnitude", plot="p1", graph="g1", columns=COLUMNS).value
    product = ask(panel, "define", source=form["source"], plot="p1").value["product"]
    data = served.session.get_data(FIELD, START, STOP)
    made = served.session.get_data(product, START, STOP)
    np.testing.assert_allclose(made.values, data["Bt"].values, rtol=1e-3)


def test_a_definition_is_edited_and_redrawn_in_its_place(panel, shell, served):
    form = ask(panel, "derive", op="component", plot="p1", graph="g1", columns=COLUMNS).value
    product = ask(panel, "define", source=form["source"], plot="p1").value["product"]
    told = ask(panel, "source", plot="p2", graph=panel.model.plots[1].graphs[0].id).value
    assert told["source"] == form["source"]
    new = form["source"].replace('data["Bx GSE"]', 'data["By GSE"]')
    assert not ask(panel, "define", source=new, plot="p1").value["new"]
    made = served.session.get_data(product, START, STOP)
    expected = served.session.get_data(FIELD, START, STOP)["By GSE"]
    np.testing.assert_array_equal(made.values, expected.values)


GOOD = 'from sciqlop_lab import virtual_product\n@virtual_product("t/x", test=False)\n'


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(:", "line 1"),
        ("x = 1", "there is none"),
        (GOOD + "def f(start, stop):\n    pass\n\n1 / 0\n", "line 6: ZeroDivisionError"),
        (GOOD + "def f():\n    pass\n", "f"),
        (None, "text of Python"),
        ("\0", "null"),
    ],
)
def test_a_bad_definition_is_told_with_its_line(panel, shell, source, says, capsys):
    with pytest.raises(SpeasyError, match=says):
        ask(panel, "define", source=source, plot="p1")
    assert len(panel.model.graphs) == 1
    assert capsys.readouterr().out == ""


def test_without_ipython_a_definition_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(InvalidRequest, match="notebook or IPython"):
        defining.define("x = 1")


def test_hostile_names_stay_text(panel):
    name = '");__import__("os").abort()#\\'
    form = ask(panel, "derive", op="component", plot="p1", graph="g1", name=name,
               columns={"g1": ['"]+1/0+["', "b"]}).value  # fmt: skip
    tree = ast.parse(form["source"])
    called = {
        n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and hasattr(n.func, "id")
    }
    assert called == {"virtual_product"}


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "nan", "inf", None, [1]])
def test_a_parameter_that_is_no_number_above_zero_is_refused(panel, value):
    with pytest.raises(InvalidRequest, match="Window"):
        ask(panel, "derive", op="rolling_mean", plot="p1", graph="g1", params={"window": value})


def test_difference_needs_a_second_product(panel):
    with pytest.raises(InvalidRequest, match="second product"):
        ask(panel, "derive", op="difference", plot="p1", graph="g1")


# -- overlays -----------------------------------------------------------------------------------
def _sight(panel, start=START, stop=STOP):
    span = spz.TimeRange(start, stop)
    return ask(panel, "overlays", start=str(span.start_ns), stop=str(span.stop_ns)).value


def test_a_table_of_an_archive_is_marked_and_saved(panel):
    handle = panel.overlay(TABLE)
    assert handle.spec.product == TABLE
    (told,) = _sight(panel)
    assert told["color"] in overlays.PALETTE
    assert told["color"] == _sight(panel)[0]["color"]
    assert 0 < len(told["spans"]) <= told["total"] == 27
    again = PanelSpec.from_json(json.loads(json.dumps(panel.model.to_json())))
    assert again == panel.model
    panel.undo()
    assert panel.overlays == []
    panel.redo()
    panel.overlays[0].remove()
    assert panel.overlays == []


def test_events_of_python_are_kept_with_what_is_known_of_them(panel):
    rows = [
        ("2019-01-02T15:10", "2019-01-02T15:20", {"kind": "<b>", "n": np.float32(2), "x": np.nan})
    ]
    panel.overlay(spz.Catalog("mine", events=rows), color="teal", color_by="kind")
    fresh = panel_module.CanvasPanel(START, STOP, session=panel.session)
    fresh.spec = json.loads(json.dumps(panel.model.to_json()))
    (told,) = _sight(fresh)
    assert told["name"] == "mine"
    assert told["spans"][0][3] == "kind: <b>\nn: 2.0\nx: nan"
    assert told["spans"][0][2] == overlays.PALETTE[0]
    fresh.close()


def test_many_events_are_joined_and_only_those_in_sight_are_sent(panel):
    start = spz.TimeRange(START, STOP).start_ns - 500_000 * 10**9
    events = [
        spz.TimeRange.from_ns(start + i * 10**10, start + i * 10**10 + 10**9)
        for i in range(100_000)
    ]
    panel.overlay(events)
    assert len(panel.model.overlays[0].events) == 0  # more than MOST_KEPT
    assert len(events) > MOST_KEPT
    (told,) = _sight(panel)
    assert len(told["spans"]) == 1080
    (told,) = _sight(panel, "2018-12-28", "2019-01-07")
    assert len(told["spans"]) <= 2500
    assert any(span[4] > 1 for span in told["spans"])


def test_the_next_event_is_the_next_of_all_lists(panel):
    panel.overlay([("2019-01-02T17:00", "2019-01-02T17:10")])
    panel.overlay([("2019-01-02T19:00", "2019-01-02T19:10")])
    first, second = (
        spz.TimeRange(f"2019-01-02T{h}:15", f"2019-01-02T{h + 1}:55") for h in (16, 18)
    )
    assert panel.overlays[0].next() == first
    assert panel.time_range == first
    assert panel.overlays[0].next() is None
    seen = {"start": str(first.start_ns), "stop": str(first.stop_ns)}
    assert ask(panel, "jump", forward=True, **seen).value["start"] == str(second.start_ns)
    assert ask(panel, "jump", forward=False, **seen).value is None
    assert panel.overlays[1].next() == second
    assert panel.overlays[0].previous() == first


@pytest.mark.parametrize("what", [FIELD, 3, [("x", "y")], "nowhere/x"])
def test_what_is_no_list_of_ranges_is_refused(panel, what):
    with pytest.raises((SpeasyError, TypeError)):
        panel.overlay(what)
    assert panel.overlays == []


def test_overlapping_events_are_all_found():
    found = Intervals.of("x", [(0, 1000, {}), (10, 20, {}), (500, 510, {})])
    span = spz.TimeRange.from_ns(100, 400)
    assert found.within(span).tolist() == [0]


# -- files --------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["csv", "cdf", "nc", "parquet"])
def test_the_visible_samples_are_written_and_read_again(panel, tmp_path, ending):
    (path,) = panel.export_data(tmp_path / f"b.{ending}")
    data = panel.plots[0].graphs[0].data
    dataset = spz.read_file(path)
    back = next(v for v in dataset.values() if v.kind == data.kind)
    if ending in ("csv", "parquet"):
        assert list(dataset) == [data.name]
        assert back.equals(data)
        assert back.gaps == data.gaps
        assert len(back.provenance) == len(data.provenance) > 0
        np.testing.assert_equal(dict(back.meta), dict(data.meta))
    if ending == "nc":
        back = spz.SpeasyVariable.from_netcdf(path)
    assert np.array_equal(back.time_ns, data.time_ns)
    np.testing.assert_array_equal(back.values, data.values)
    assert back.unit == data.unit
    assert [p.name for p in tmp_path.iterdir()] == [f"b.{ending}"]


def test_several_products_make_one_cdf_and_otherwise_a_file_each(panel, tmp_path):
    panel.plot("cda/AC_H0_MFI/BGSEc")
    assert len(panel.export_data(tmp_path / "all.cdf")) == 1
    assert set(spz.read_file(tmp_path / "all.cdf")) == {"mms1_fgm_b_gse_srvy_l2", "bgsec"}
    names = [path.name for path in panel.export_data(tmp_path / "all.csv")]
    assert names == ["all_mms1_fgm_b_gse_srvy_l2.csv", "all_bgsec.csv"]
    sent = ask(panel, "data", format="csv")
    with zipfile.ZipFile(BytesIO(sent.buffers[0])) as packed:
        assert packed.namelist() == ["mms1_fgm_b_gse_srvy_l2.csv", "bgsec.csv"]


def test_a_graph_that_fails_is_left_out_with_a_warning(panel, tmp_path):
    def broken(start, stop):
        raise ValueError("no")

    panel.plot(broken)
    with pytest.warns(SpeasyWarning, match="broken"):
        panel.export_data(tmp_path / "b.cdf")
    sent = ask(panel, "data", format="cdf")
    assert "broken" in sent.value["left_out"]


def test_what_is_too_large_for_a_page_is_refused(panel, monkeypatch):
    monkeypatch.setattr("sciqlop_lab.dataexport._MOST_BYTES", 2**20)
    with pytest.raises(InvalidRequest, match="a page takes 1 MB"):
        ask(panel, "data", format="cdf")


def test_a_wrong_format_or_folder_is_said_at_once(panel, tmp_path):
    with pytest.raises(InvalidRequest, match="'xls' is not a format"):
        panel.export_data(tmp_path / "b.xls")
    with pytest.raises(InvalidRequest, match="no folder"):
        panel.export_data(tmp_path / "nowhere" / "b.csv")


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 200 100">'
    '<defs><clipPath id="c"><path d="M0 0h100v50h-100z"/></clipPath></defs>'
    '<rect x="0" y="0" width="200" height="100" fill="#ffffff"/>'
    '<g clip-path="url(#c)"><path d="M0 0L100 50" fill="none" stroke="rgb(0, 0, 9)"/></g>'
    '<text x="10" y="20" font-family="sans-serif" font-size="12">θ_B [nT²] $x$ &lt;b&gt;'
    "</text></svg>"
)


def test_a_picture_becomes_a_pdf_with_text_and_vectors(tmp_path):
    asked = Exports().ask
    assert asked(tmp_path / "b.pdf")["format"] == "svg"
    pdf = svgpdf.to_pdf(SVG, "title")
    assert pdf.startswith(b"%PDF")
    assert b"/Subtype /Image" not in pdf
    assert b"CIDFontType2" in pdf or b"/Type42" in pdf or b"FontDescriptor" in pdf
    exports = Exports()
    name = exports.ask(tmp_path / "b.pdf")["id"]
    assert exports.take({"id": name}, [SVG.encode()]) == tmp_path / "b.pdf"
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("svg", ["", "<svg", "<html/>", "<svg viewBox='0 0 1e9 1'/>", None])
def test_what_is_no_picture_makes_no_pdf(panel, svg):
    with pytest.raises(InvalidRequest):
        ask(panel, "pdf", svg=svg)


# -- code ---------------------------------------------------------------------------------------
def test_both_scripts_run_by_themselves(panel, shell, served, tmp_path):
    form = ask(panel, "derive", op="spectrum", plot="p1", graph="g1", columns=COLUMNS).value
    ask(panel, "define", source=form["source"], plot="p1")
    panel.plots[0].set_axis(log="symlog", label='B "$x$"')
    panel.plots[0].graphs[0].set(colors=["#112233", "red"], style="points")
    panel.plots[1].set_axis("z", range=(1e-9, 1.0), colormap="magma")
    panel.add_span("2019-01-02T15:10", "2019-01-02T15:20", label="x")
    panel.overlay(TABLE, color="#010203")
    panel.overlay([("2019-01-02T15:30", "2019-01-02T15:31", {"a": 'b"'})])
    figure = panel.to_code("matplotlib") + f"\nfig.savefig({str(tmp_path / 'f.png')!r})\n"
    again = panel.to_code("panel") + "\nassert panel.wait(60) and not panel.errors, panel.errors\n"
    again += "assert len(panel.plots) == 2, len(panel.overlays) == 2\nprint(panel.spec)\n"
    assert "sciqlop_lab import" not in figure
    for name, code in (("figure_one", figure), ("panel_two", again)):
        path = tmp_path / f"{name}.py"
        path.write_text(code)
        done = subprocess.run(
            [sys.executable, str(path)], capture_output=True, text=True, check=False,
            env={**_environment(), **served.environment, "MPLBACKEND": "Agg"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:] + code
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def _environment():
    import os

    return dict(os.environ)


def test_a_function_whose_python_is_unknown_is_named(panel):
    made = panel.plot(lambda start, stop: None)
    assert f"# {made.product} is a function whose Python is not known" in panel.to_code()
    compile(panel.to_code(), "", "exec")
    compile(panel.to_code("panel"), "", "exec")


# -- templates ----------------------------------------------------------------------------------
@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "folder", lambda: tmp_path / "templates")
    return tmp_path / "templates"


def test_a_template_keeps_everything_and_is_made_again(panel, own_folder):
    panel.plots[0].set_axis(range=(-50, 50), label="B")
    panel.overlay(TABLE)
    templates.save(templates.PanelTemplate.from_panel(panel, "my field", "what it is"))
    assert templates.list_templates() == ["my field"]
    found = templates.load("my field")
    assert found.description == "what it is"
    assert found.spec == panel.model
    other = found.create_panel(("2019-01-02T17", "2019-01-02T18"), session=panel.session)
    assert other.time_range == spz.TimeRange("2019-01-02T17", "2019-01-02T18")
    assert other.model.plots == panel.model.plots
    other.close()
    templates.rename("my field", "other")
    assert templates.list_templates() == ["other"]
    templates.delete("other")
    assert templates.list_templates() == []
    with pytest.raises(InvalidRequest, match="no template"):
        templates.load("other")


FOREIGN = {
    "name": "theirs", "description": "", "version": 1,
    "time_range": {"start": "2019-01-02T15:00:00", "stop": "2019-01-02T16:00:00"},
    "plots": [
        {
            "products": [
                {"path": "speasy//cda//MMS//MMS1//FGM//MMS1_FGM_SRVY_L2//mms1_fgm_b_gse_srvy_l2",
                 "label": "B"},
                {"path": "cda//NOPE//nope", "label": ""},
                {"path": "//", "label": ""},
            ],
            "y_axis": {"log": False, "range": [-60, 60]}, "z_axis": {"log": True, "range": None},
        },
        {"products": [{"path": "amda/imf", "label": ""}]},
    ],
    "intervals": [{"start": "2019-01-02T15:10:00", "stop": "2019-01-02T15:20:00",
                   "color": "#80ff0000", "label": "here"}],
    "max_zoom_seconds": 86400,
}  # fmt: skip


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_template_of_sciqlop_is_read(panel, tmp_path, ending):
    import yaml

    path = tmp_path / f"theirs.{ending}"
    path.write_text(json.dumps(FOREIGN) if ending == "json" else yaml.safe_dump(FOREIGN))
    found = templates.load(path)
    assert found.spec.plots[0].graphs[0].product == FIELD
    assert found.spec.plots[0].y.range == (-60.0, 60.0)
    assert found.spec.spans[0].color == "#ff0000"
    assert found.max_zoom_seconds == 86400
    panel.session.find_product("field")  # the lists of products are at hand
    with pytest.warns(SpeasyWarning, match="left out"):
        made = found.create_panel(session=panel.session)
    assert FIELD in [graph.product for _, graph in made.model.graphs]
    assert "cda/NOPE/nope" not in [graph.product for _, graph in made.model.graphs]
    written = found.to_dict()
    first = written["plots"][0]["products"][0]
    assert first == {"path": f"speasy//{FIELD.replace('/', '//')}", "label": "B"}
    assert (
        templates.PanelTemplate.from_dict({k: v for k, v in written.items() if k != "sciqlop_lab"})
        .spec.plots[0]
        .graphs[0]
        .product
        == FIELD
    )
    made.close()


@pytest.mark.parametrize("name", ["", "..", ".x", "a/b", "a\\b", "x" * 200, "a\0b"])
def test_a_name_that_leaves_the_folder_is_refused(panel, own_folder, name):
    with pytest.raises(InvalidRequest):
        templates.save(templates.PanelTemplate.from_panel(panel, name))
    with pytest.raises((InvalidRequest, ValueError)):
        templates.delete(name)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"time_range": 3}', "null"])
def test_what_is_no_template_is_refused(tmp_path, text):
    path = Path(tmp_path) / "x.json"
    path.write_text(text)
    with pytest.raises(InvalidRequest):
        templates.load(path)


@pytest.mark.parametrize(
    "text",
    ["a: [", "!!timestamp x", "!!int ''", "!!bool x", "a: 2020-13-45", "? [a]\n: 1", "[" * 3000],
)
def test_what_is_no_yaml_is_refused(tmp_path, text):
    path = Path(tmp_path) / "x.yaml"
    path.write_text(text)
    with pytest.raises(InvalidRequest, match=r"x\.yaml is no template"):
        templates.load(path)


# -- still pictures -----------------------------------------------------------------------------
def test_the_bundle_of_a_panel_has_a_picture(panel):
    panel.wait(30)
    data, _ = panel._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in data


def test_without_pillow_there_is_the_widget_alone(panel, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    data, _ = panel._repr_mimebundle_()
    assert "image/png" not in data
    assert "text/plain" in data


def test_a_panel_without_data_has_a_picture_too(panel):
    assert stills.draw(panel.model, {}).startswith(b"\x89PNG")


def test_the_picture_shows_lines_and_spectrograms_where_they_are(panel):
    panel.plot(SPECTRUM)
    panel.wait(30)
    picture = Image.open(BytesIO(stills.draw(panel.model, panel._still_items()))).convert("RGB")
    pixels = np.asarray(picture)
    assert (pixels == (0, 0x72, 0xB2)).all(axis=-1).any()  # the first line's blue
    lowest = pixels[-100:-40, 120:700].reshape(-1, 3)
    assert len(np.unique(lowest, axis=0)) > 150  # a colour map without bands
    assert (lowest == 255).all(axis=-1).mean() < 0.2


def test_what_lies_in_memory_does_not_wait_for_its_picture(panel, monkeypatch):
    waited = []
    monkeypatch.setattr(panel, "wait", lambda timeout=None: waited.append(timeout))
    panel._repr_mimebundle_()
    monkeypatch.setattr(panel, "_sources", {})
    panel._repr_mimebundle_()
    assert waited[0] > 0.2 > 0.05 > waited[1]


# -- rules --------------------------------------------------------------------------------------
def test_nothing_of_ours_calls_eval_or_exec():
    for path in Path(defining.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path


def test_where_nothing_can_be_written_is_said(panel, tmp_path):
    panel.plot(FIELD)
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(InvalidRequest, match="is a folder"):
        panel.export_data(tmp_path / "taken.csv")
    with pytest.raises(InvalidRequest, match="cannot be written"):
        panel.export_data("/proc/a.csv")


def test_the_height_of_a_plot_is_set(panel):
    panel.plot(FIELD)
    panel.plots[0].height = 2.5
    assert panel.plots[0].height == 2.5
    panel.undo()
    assert panel.plots[0].height == 1
