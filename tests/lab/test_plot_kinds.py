"""Orbits, x-y plots and histograms: what the kernel makes of data and of edits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import sciqlop_lab
from sciqlop_lab import orbits, spaces
from sciqlop_lab.marks.curve import CurvePicture, thinned
from sciqlop_lab.marks.histogram import binned
from sciqlop_lab.packing import unpacked
from sciqlop_lab.spec import PanelSpec, PlotSpec
from speasy_core import SpeasyVariable, TimeRange, boundaries
from speasy_core.errors import InvalidRequest, SpeasyError, VariableError

PRODUCT = "cda/MMS1/b"
SECOND = 10**9


@pytest.fixture
def panel(session, day):
    made = sciqlop_lab.Panel(day, session=session)
    made.sent = []
    made._post = lambda content, buffers: made.sent.append((content, buffers))
    yield made
    made.close()


def picture(panel):
    """Return the newest item of each graph that was made before any view asked, and its arrays."""
    assert panel.wait(10)
    state = panel.first
    found = {}
    for item in state["items"]:
        sent = {name: state["buffers"][item[name]] for name in ("t", "x0", "x1") if name in item}
        arrays = {name: np.frombuffer(buffer, "f8") for name, buffer in sent.items()}
        for name in {"y", "z"} & item.keys():
            arrays[name] = unpacked(item, name, state["buffers"][item[name]])
        found[item["graph"]] = (item, arrays)
    return found


def positions(day, unit="km", frame="GSE", n=200, **meta):
    turn = np.linspace(0, 2 * np.pi, n)
    values = np.stack([10 * np.cos(turn), 5 * np.sin(turn), turn], axis=1) * 6378.1
    time = day.start_ns + np.linspace(0, day.duration_ns - 1, n).astype(np.int64)
    meta = {"COORDINATE_SYSTEM": frame, **meta} if frame else meta
    return SpeasyVariable(time, values, columns=["X", "Y", "Z"], unit=unit, name="r", meta=meta)


# -- the points of a curve ------------------------------------------------------------------
def distance(points, line):
    """Return the greatest distance of points from a polyline."""
    start, along = line[:-1], np.diff(line, axis=0)
    size = np.maximum((along**2).sum(axis=1), 1e-300)
    worst = 0.0
    for point in points:
        share = np.clip(((point - start) * along).sum(axis=1) / size, 0, 1)
        worst = max(worst, np.hypot(*(point - start - share[:, None] * along).T).min())
    return worst


def test_a_thinned_curve_is_within_a_pixel_of_the_whole():
    turn = np.linspace(0, 40 * np.pi, 60_000)
    radius = 10 + np.cos(turn / 7)
    points = np.stack([radius * np.cos(turn), 0.3 * radius * np.sin(turn)], axis=1)
    rows = thinned(points)
    assert len(rows) < 9000
    size = np.ptp(points, axis=0)
    assert distance((points / size)[::37], (points / size)[rows]) < 1 / 1000


@given(hnp.arrays("f8", st.tuples(st.integers(1, 3000), st.just(2)), elements=st.floats(-1e6, 1e6)))
def test_thinning_keeps_the_ends_and_the_extremes(points):
    rows = thinned(points, most=50)
    assert (np.diff(rows) > 0).all()
    assert (rows[0], rows[-1]) == (0, len(points) - 1)
    if len(points) <= 1000:
        assert len(rows) == len(points)


def test_noise_is_reduced_to_what_lies_farthest_out():
    points = np.random.default_rng(0).normal(size=(300_000, 2))
    rows = thinned(points)
    assert len(rows) < 10_000
    assert points[rows].max(axis=0) == pytest.approx(points.max(axis=0))
    assert points[rows].min(axis=0) == pytest.approx(points.min(axis=0))


def test_holes_and_missing_values_lift_the_pen():
    ns = np.concatenate([np.arange(10), np.arange(1000, 1010)]) * SECOND
    values = np.stack([np.arange(20.0), np.arange(20.0)], axis=1)
    values[3, 1] = np.nan
    span = TimeRange.from_ns(0, 2000 * SECOND)
    fields, arrays = CurvePicture(SpeasyVariable(ns, values)).draw(span, 100)
    x, y = arrays["y"].reshape(2, fields["n"])
    assert fields["rows"] == 19
    assert np.isnan(x).sum() == 2
    assert x[~np.isnan(x)].tolist() == [0, 1, 2, *range(4, 20)]
    assert np.isnan([x[3], y[3]]).all()
    assert (np.diff(arrays["t"]) >= 0).all()


# -- counting -------------------------------------------------------------------------------
def test_a_histogram_is_that_of_numpy_with_empty_bins_blank():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=5000), rng.lognormal(size=5000)
    x[::100], y[7] = np.nan, np.inf
    x_edges, y_edges, counts = binned(x, y, (13, 7))
    good = np.isfinite(x) & np.isfinite(y)
    expected, *edges = np.histogram2d(x[good], y[good], (13, 7))
    assert x_edges == pytest.approx(edges[0])
    assert y_edges == pytest.approx(edges[1])
    assert np.nan_to_num(counts) == pytest.approx(expected)
    assert np.array_equal(np.isnan(counts), expected == 0)


def test_logarithmic_bins_leave_out_what_has_no_logarithm():
    x, y = np.array([1.0, 10, 100, 0, -5]), np.array([1.0, 2, 3, 4, 5])
    x_edges, _, counts = binned(x, y, (2, 1), (True, False))
    assert x_edges == pytest.approx([1, 10, 100])
    assert counts.ravel().tolist() == [1, 2]


def test_shares_of_a_column_sum_to_one():
    rng = np.random.default_rng(2)
    _, _, shares = binned(rng.normal(size=900), rng.normal(size=900), (5, 6), normalise="column")
    sums = np.nansum(shares, axis=1)
    assert sums[sums > 0] == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, 5.0, -3e-9, 1e12])
def test_one_value_has_a_bin_around_it(value):
    x_edges, _, counts = binned(np.full(3, value), np.full(3, 1.0), (4, 4))
    assert x_edges[0] < value < x_edges[-1]
    assert np.nansum(counts) == 3


def test_nothing_to_count_is_none():
    assert binned(np.array([np.nan]), np.array([1.0])) is None


# -- pairs ----------------------------------------------------------------------------------
def test_two_products_are_put_on_the_times_of_the_first():
    slow = SpeasyVariable(
        np.arange(0, 11, 2) * SECOND, np.arange(0, 11, 2) * 10.0, name="s", unit="V"
    )
    fast = SpeasyVariable(np.arange(11) * SECOND, np.arange(11.0), name="f", unit="nT")
    pair, fields = spaces.paired([fast, slow], {})
    assert pair.values[:, 1] == pytest.approx(pair.values[:, 0] * 10)
    assert fields == {"x_label": "f", "x_unit": "nT", "y_label": "s", "y_unit": "V"}


def test_components_that_are_not_there_are_named():
    vector = SpeasyVariable([0], [[1.0, 2, 3]], columns=["Bx GSE", "By GSE", "Bt"], name="b")
    pair, _ = spaces.paired([vector], {"columns": ["by", "BT"]})
    assert pair.values.tolist() == [[2, 3]]
    with pytest.raises(VariableError, match="no component 'b'"):
        spaces.paired([vector], {"columns": ["b", "by"]})
    with pytest.raises(VariableError, match="none of number 3"):
        spaces.paired([vector], {"columns": [0, 3]})
    with pytest.raises(VariableError, match="1 component"):
        spaces.paired([SpeasyVariable([0], [1.0], name="n")], {})
    same, _ = spaces.paired([vector], {"columns": [0, 0]})
    assert len(set(same.columns)) == 2


# -- orbits ---------------------------------------------------------------------------------
def test_kilometres_become_radii_of_the_planet(day):
    variable, fields = orbits.of_positions(positions(day), {})
    assert variable.unit == fields["unit"] == "R_E"
    assert np.abs(variable.values[:, 0]).max() == pytest.approx(10)
    assert fields["planet"] == {"name": "earth", "radius": 1.0, "lit": True}
    assert [shape["title"] for shape in fields["shapes"]] == ["magnetopause", "bow shock"]
    nose = fields["shapes"][0]
    assert (nose["x"][0], nose["rho"][0]) == (
        pytest.approx(10.25, abs=0.01),
        pytest.approx(0, abs=0.2),
    )
    assert nose["terminator"] == pytest.approx(float(boundaries.shue1998(np.pi / 2)), abs=1e-3)


def test_the_solar_wind_moves_the_boundaries(day):
    strong = {"pdyn": 10.0, "bz": -8.0}
    _, fields = orbits.of_positions(positions(day), strong)
    expected = float(boundaries.shue1998(0.0, **strong))
    assert fields["shapes"][0]["x"][0] == pytest.approx(expected, abs=0.02)
    assert "Pdyn 10 nPa, Bz -8 nT" in fields["notes"][-1]


@pytest.mark.parametrize("frame", ["GEO", "SM", ""])
def test_boundaries_are_refused_in_other_frames_with_the_reason(day, frame):
    asked = {"boundaries": ["magnetopause"], "planet": "earth"}
    _, fields = orbits.of_positions(positions(day, frame=frame), asked)
    assert fields["shapes"] == []
    assert "magnetopause not drawn: the models are of GSE and GSM" in fields["notes"][-1]
    assert (frame or "not known") in fields["notes"][-1]
    assert not fields["planet"]["lit"]


def test_other_planets_have_their_own_radius_and_no_boundaries_of_the_earth(day):
    variable, fields = orbits.of_positions(positions(day, unit="R_J", frame=""), {})
    assert (variable.unit, fields["planet"]["name"], fields["shapes"]) == ("R_J", "jupiter", [])
    variable, fields = orbits.of_positions(positions(day, frame="KSO"), {})
    assert variable.unit == "R_S"
    kept, fields = orbits.of_positions(positions(day), {"planet": "none"})
    assert (kept.unit, fields["planet"]) == ("km", None)


@pytest.mark.parametrize(
    ("text", "frame"),
    [("mms1_mec_r_gsm", "gsm"), ("XYZ_GSE", "gse"), ("fgm_mag_position", ""), ("gsexy", "")],
)
def test_the_frame_is_read_from_names(text, frame):
    assert orbits.frame_of(SpeasyVariable([0], [[1.0, 2, 3]], name=text)) == frame


def test_what_is_no_position_is_refused(day):
    field = positions(day, unit="nT")
    with pytest.raises(VariableError, match="needs a length"):
        orbits.of_positions(field, {})
    with pytest.raises(VariableError, match="three components"):
        orbits.of_positions(SpeasyVariable([0], [1.0], unit="km"), {})
    with pytest.raises(VariableError, match="no component R"):
        orbits.of_positions(positions(day), {"columns": ["X", "Y", "R"]})


# -- the panel ------------------------------------------------------------------------------
def test_an_orbit_of_a_variable_follows_the_time_of_the_panel(panel, day):
    graph = panel.orbit(positions(day), planes=("xy", "yz"), color="time")
    (plot,) = panel.model.plots
    assert (plot.kind, plot.planes, plot.height) == ("orbit", ("xy", "yz"), 2.0)
    item, arrays = picture(panel)[graph.id]
    assert (item["kind"], item["n"], item["color"]) == ("curve", 200, "time")
    assert arrays["y"].reshape(3, -1)[0] == pytest.approx(
        10 * np.cos(np.linspace(0, 2 * np.pi, 200)), abs=1e-4
    )
    panel.time_range = TimeRange.from_ns(day.start_ns, day.start_ns + day.duration_ns // 4)
    item, _ = picture(panel)[graph.id]
    assert 48 <= item["n"] <= 51


def test_two_columns_of_a_product_are_asked_for_exactly_the_visible_range(panel, session, day):
    graph = panel.xy(PRODUCT, columns=("b", "a"), aspect="equal", style="points")
    item, _ = picture(panel)[graph.id]
    assert session.asked == [(PRODUCT, day)]
    assert (item["x_label"], item["y_unit"], item["n"] < 10_000) == ("b", "nT", True)
    assert (panel.model.plots[0].aspect, panel.model.plots[0].graphs[0].style) == (
        "equal",
        "points",
    )


def test_counts_of_all_samples_are_made_anew_for_each_range(panel, day):
    graph = panel.histogram2d(PRODUCT, x_bins=8, y_bins=5, log_z=True)
    item, arrays = picture(panel)[graph.id]
    assert (item["kind"], item["n"], item["m"], item["x_label"]) == ("image", 8, 5, "a")
    assert np.nansum(arrays["z"]) == 86_400
    assert panel.model.plots[0].z.log is True
    panel.time_range = TimeRange.from_ns(day.start_ns, day.start_ns + 100 * SECOND)
    _, arrays = picture(panel)[graph.id]
    assert np.nansum(arrays["z"]) == 100


def test_functions_give_pairs_with_or_without_times(panel):
    def ring(start, stop, n=50):
        turn = np.linspace(0, 6, int(n))
        return np.cos(turn), np.sin(turn)

    def moving(start, stop):
        t = np.linspace(start, stop, 40, endpoint=False)
        return t, t - start, -(t - start)

    one = panel.plot(ring, kind="xy", n=30)
    two = panel.histogram2d(moving, x_bins=4, y_bins=4)
    found = picture(panel)
    item, arrays = found[one.id]
    assert item["n"] == 30
    assert np.hypot(*arrays["y"].reshape(2, -1)) == pytest.approx(1)
    assert np.nansum(found[two.id][1]["z"]) == 40
    assert panel.errors == {}


def test_arrays_have_no_times_and_are_shown_whole(panel):
    graph = panel.xy([3.0, 1, 2], [9.0, 1, 4])
    _, arrays = picture(panel)[graph.id]
    assert arrays["y"].tolist() == [3, 1, 2, 9, 1, 4]
    panel.time_range = ("2001-01-01", "2001-01-02")
    assert picture(panel)[graph.id][0]["status"] == "ok"


def test_what_fails_is_said_on_its_plot(panel, day):
    graph = panel.xy(SpeasyVariable([day.start_ns], [1.0], name="n"))
    assert panel.wait(10)
    assert "1 component" in panel.errors[graph.id]["message"]


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("orbit", {"planes": ("xw",)}, "planes"),
        ("orbit", {"planes": ()}, "planes"),
        ("orbit", {"boundaries": ("moonpause",)}, "not a model"),
        ("orbit", {"pdyn": -1}, "above zero"),
        ("orbit", {"pdyn": float("nan")}, "finite"),
        ("orbit", {"planet": "pluto"}, "one of"),
        ("xy", {"columns": (1, 2, 3)}, "list of 2"),
        ("xy", {"aspect": "round"}, "not one of"),
        ("histogram2d", {"x_bins": 0}, "whole number"),
        ("histogram2d", {"y_bins": 10**9}, "whole number"),
        ("histogram2d", {"normalise": "row"}, "one of"),
    ],
)
def test_options_that_make_no_sense_are_refused(panel, day, method, options, says):
    with pytest.raises(SpeasyError, match=says):
        getattr(panel, method)(positions(day), **options)
    assert panel.model.plots == ()


def test_a_plot_is_turned_and_back_as_one_step_each(panel, day):
    graph = panel.plot(positions(day))
    panel.plots[0].set_axis("y", range=(0, 1))
    before = panel.model
    panel.command({"op": "set_kind", "plot": graph.plot, "kind": "orbit"})
    plot = panel.model.plots[0]
    assert (plot.kind, plot.y.range, plot.height) == ("orbit", None, 2.0)
    panel.command(
        {"op": "set_options", "plot": plot.id, "options": {"color": "time"}, "planes": ["xz"]}
    )
    plot = panel.model.plots[0]
    assert (plot.planes, plot.graphs[0].options) == (("xz",), {"color": "time"})
    panel.command({"op": "set_options", "plot": plot.id, "options": {"color": None}})
    assert panel.model.plots[0].graphs[0].options == {}
    panel.command({"op": "set_kind", "plot": plot.id, "kind": "auto"})
    assert (panel.model.plots[0].kind, panel.model.plots[0].height) == ("time", 1.0)
    for _ in range(4):
        panel.undo()
    assert panel.model == before


def test_a_product_dropped_on_an_orbit_is_another_orbit(panel, day):
    graph = panel.orbit(positions(day), pdyn=4.0)
    panel.command({"op": "add_product", "product": PRODUCT, "plot": graph.plot, "index": None})
    (plot,) = panel.model.plots
    assert [g.kind for g in plot.graphs] == ["orbit", "orbit"]
    assert plot.graphs[1].options == {"pdyn": 4.0}
    with pytest.raises(InvalidRequest, match="cannot share a plot"):
        panel.plot(PRODUCT, plot=graph.plot, kind="line")
    with pytest.raises(InvalidRequest, match="cannot share a plot"):
        panel.plot(PRODUCT, plot=graph.plot, kind="xy")


def test_specs_come_back_and_old_ones_load(panel, day):
    panel.orbit(positions(day), planes=("xz",), boundaries=())
    panel.histogram2d(PRODUCT, normalise="column", log_x=True)
    assert PanelSpec.from_json(panel.model.to_json()) == panel.model
    old = {"id": "p1", "graphs": [{"id": "g1", "product": PRODUCT}]}
    plot = PlotSpec.from_json(old)
    assert (plot.kind, plot.aspect, plot.planes) == ("time", "auto", ("xy", "xz", "yz"))
    with pytest.raises(SpeasyError, match="not an option"):
        PlotSpec.from_json({**old, "graphs": [{**old["graphs"][0], "options": {"bins": 3}}]})
    hostile = {"kind": "orbit", "options": {"frame": ["<img>"]}}
    with pytest.raises(SpeasyError, match="expected text"):
        PlotSpec.from_json({**old, "graphs": [{**old["graphs"][0], **hostile}]})


def test_options_are_of_a_kind(panel):
    graph = panel.plot(PRODUCT)
    with pytest.raises(InvalidRequest, match="not an option of a graph of kind 'auto'"):
        panel.command({"op": "set_options", "plot": graph.plot, "options": {"pdyn": 3}})
    panel.command({"op": "set_kind", "plot": graph.plot, "kind": "xy"})
    with pytest.raises(InvalidRequest, match="not an option"):
        panel.command({"op": "set_options", "plot": graph.plot, "options": {"pdyn": 3}})
    panel.command({"op": "set_options", "plot": graph.plot, "options": {"color": "time"}})
    # counts have a colour map alone
    change = {"plot": graph.plot, "graph": graph.id, "kind": "histogram2d"}
    with pytest.raises(InvalidRequest, match="not an option"):
        panel.command({"op": "set_graph", **change})
    pair = {"columns": [1, 0], "color": "time"}
    panel.command({"op": "set_options", "plot": graph.plot, "options": pair})
    panel.command({"op": "set_kind", "plot": graph.plot, "kind": "histogram2d"})
    assert panel.model.plots[0].graphs[0].options == {"columns": [1, 0]}


def test_axes_of_their_own_are_set(panel, day):
    graph = panel.orbit(positions(day))
    for axis in ("x", "y", "depth"):
        panel.command({"op": "set_axis", "plot": graph.plot, "axis": axis, "range": [-3, 4]})
    plot = panel.model.plots[0]
    assert plot.x.range == plot.y.range == plot.depth.range == (-3, 4)
