from __future__ import annotations

import base64
import io
import json
import time

import bqplot
import numpy as np
import pytest

import sciqlop_lab
from sciqlop_lab.bq_axis import log_ticks, time_ticks
from sciqlop_lab.reading import SpecError
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.variable import Axis, SpeasyVariable

PRODUCT = "cda/D/wave"


@pytest.fixture
def panel(session, day):
    panel = sciqlop_lab.Panel(*day, renderer="bqplot", session=session)
    yield panel
    panel.close()


def figures(panel):
    return [child for child in panel.children if isinstance(child, bqplot.Figure)]


def zoom(panel, low, high):
    """Move the scale as PanZoom does: one end after the other."""
    panel._x.min = low
    panel._x.max = high
    wait_until(lambda: panel.time_range == TimeRange.from_ns(
        panel._origin + round(low * 1e9), panel._origin + round(high * 1e9)
    ))  # fmt: skip
    assert panel.wait(5)


def wait_until(check):
    end = time.monotonic() + 5
    while not check():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_product_becomes_lines_of_few_points(panel, day):
    panel.plot(PRODUCT)
    assert panel.wait(5)
    (figure,) = figures(panel)
    (lines,) = figure.marks
    assert lines.labels == ["a", "b"]
    assert lines.y.shape == (2, len(lines.x))
    assert 500 < len(lines.x) <= 4100
    assert (np.diff(lines.x) > 0).all()
    assert np.nanmin(lines.y) >= -1.001
    assert figure.axes[1].label == "wave [nT]"


def test_a_saved_notebook_has_a_still_picture(panel):
    pytest.importorskip("PIL")
    from PIL import Image

    graph = panel.plot(PRODUCT)
    bundle = panel._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
    blue = (np.asarray(picture) == (0, 0x72, 0xB2)).all(axis=-1)
    assert blue.sum() > 100
    graph.remove()
    empty = Image.open(io.BytesIO(panel.still())).convert("RGB")
    assert not (np.asarray(empty) == (0, 0x72, 0xB2)).all(axis=-1).any()


def test_a_zoom_brings_finer_data_and_calls_functions_with_the_new_range(panel, day):
    asked = []

    def total(start: np.datetime64, stop: np.datetime64):
        asked.append(TimeRange(start, stop))
        return np.array([start, stop]), [1.0, 2.0]

    panel.plot(PRODUCT)
    panel.plot(total)
    assert panel.wait(5)
    zoom(panel, 3600.0, 3700.0)
    lines = figures(panel)[0].marks[0]
    wait_until(lambda: ((lines.x >= 3600) & (lines.x <= 3700)).sum() == 101)
    zoomed = TimeRange.from_ns(day.start_ns + 3600 * 10**9, day.start_ns + 3700 * 10**9)
    # a machine that is busy may see the two ends of the scale arrive one after the other
    assert (asked[0], asked[-1]) == (day, zoomed)
    assert len(asked) <= 3


def test_ends_of_the_scale_in_nanoseconds_stay_exact(session):
    span = TimeRange("2023-01-02T00:00:00.123456789", "2023-06-02T00:00:00.987654321")
    panel = sciqlop_lab.Panel(*span, renderer="bqplot", session=session)
    assert panel._seen() == span
    panel.close()


def test_the_range_set_from_python_moves_the_scale(panel, day):
    panel.plot(PRODUCT)
    panel.time_range = day.shifted(10**12)
    assert (panel._x.min, panel._x.max) == (1000.0, 87400.0)
    time.sleep(0.1)
    assert panel.time_range == day.shifted(10**12)


def test_errors_and_notes_are_shown_below(panel):
    def fails(start, stop):
        raise KeyError("bx")

    assert panel._zone.messages[0]["text"] == "Drop products here"
    panel.plot(fails)
    assert panel.wait(5)
    (message,) = panel._zone.messages
    assert message["level"] == "error"
    assert "KeyError" in message["text"]
    assert 'raise KeyError("bx")' in message["text"]


def test_a_range_without_data_empties_the_figure(panel, session):
    panel.plot(PRODUCT)
    assert panel.wait(5)
    session.answer = lambda span: SpeasyVariable([], np.zeros(0))
    panel.time_range = ("1999-01-01", "1999-01-02")
    assert panel.wait(5)
    assert figures(panel)[0].marks == []
    assert "no data" in panel._zone.messages[0]["text"]


def test_a_spectrogram_is_a_heat_map(panel, day):
    times = day.start_ns + np.arange(1000) * 60 * 10**9
    energy = np.geomspace(10, 1000, 8)[::-1]
    panel.plot(
        SpeasyVariable(
            times, np.tile(energy, (1000, 1)), axes=[Axis(energy, name="energy", unit="eV")],
            meta={"DISPLAY_TYPE": "spectrogram"},
        )
    )  # fmt: skip
    assert panel.wait(5)
    (mark,) = figures(panel)[0].marks
    assert isinstance(mark, bqplot.HeatMap)
    assert (np.diff(mark.y) > 0).all()
    np.testing.assert_allclose(mark.color[:, 0], np.log10(np.geomspace(10, 1000, 8)), rtol=1e-5)
    zoom(panel, 0.0, 7200.0)
    assert figures(panel)[0].marks == [mark]


def drop(panel, products, plot=None, side="below"):
    payload = json.dumps({"v": 1, "products": [{"id": p, "name": p} for p in products]})
    panel._zone._handle_custom_msg(
        {"type": "drop", "payload": payload, "plot": plot, "side": side}, []
    )


def test_drops_make_plots_or_join_one(panel):
    drop(panel, [PRODUCT])
    drop(panel, ["cda/D/two", "cda/D/three"])
    drop(panel, ["cda/D/four"], plot="p1", side="on")
    drop(panel, ["cda/D/five"], plot="p1", side="above")
    assert [plot.products for plot in panel.plots] == [
        ["cda/D/five"],
        [PRODUCT, "cda/D/four"],
        ["cda/D/two", "cda/D/three"],
    ]
    assert len(figures(panel)) == 3


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"payload": 3},
        {"payload": "x" * 100_000},
        {"payload": "{"},
        {"payload": "[]"},
        {"payload": '{"v": 2, "products": []}'},
        {"payload": '{"v": 1, "products": [3]}'},
        {"payload": '{"v": 1, "products": [{"id": "no-slash"}]}'},
    ],
)
def test_a_drop_of_something_else_is_said(panel, content):
    panel._zone._handle_custom_msg(content, [])
    assert panel.plots == []
    assert "cannot be shown" in panel._zone.messages[-1]["text"]


def test_log_axis_and_removal(panel):
    graph = panel.plot(PRODUCT)
    assert panel.wait(5)
    panel.plots[0].set_axis("y", log=True, range=(0.1, 1))
    assert isinstance(panel._plots["p1"].y, bqplot.LogScale)
    assert panel._plots["p1"].y.min == 0.1
    panel.plots[0].set_axis("y", log=False, range=None)
    assert panel._plots["p1"].y.min is None
    graph.remove()
    assert figures(panel) == []
    with pytest.raises(SpecError):
        graph.remove()


@pytest.mark.parametrize(
    ("start", "stop", "first", "label"),
    [
        ("2020-01-01", "2020-01-01T04:00", "2020-01-01", "2020-01-01"),
        ("2020-01-01T01:00", "2020-01-01T04:00", "2020-01-01T01:00", "01:00"),
        ("2020-01-01T01:00", "2020-01-01T01:00:08", "2020-01-01T01:00", "01:00:00"),
        ("2020-01-01T01:00:00.1", "2020-01-01T01:00:00.102", "2020-01-01T01:00:00.1", "01:00:00.1000"),  # noqa: E501
        ("2020-01-05", "2021-06-01", "2020-04-01", "2020-04-01"),
        ("1970-06-01", "2020-06-01", "1980-01-01", "1980-01-01"),
    ],
)  # fmt: skip
def test_ticks_stand_at_round_times(start, stop, first, label):
    ticks = time_ticks(TimeRange(start, stop))
    assert 2 <= len(ticks) <= 10
    assert next(iter(ticks.items())) == (to_ns(first), label)


def test_ticks_of_any_length():
    for power in range(0, 63, 3):
        span = TimeRange.from_ns(-(2**power), 2**power)
        assert 1 <= len(time_ticks(span)) <= 12


def test_ticks_of_a_log_axis():
    assert log_ticks(np.array([10.0, 3e4])).tolist() == [10, 100, 1000, 10_000]
    assert log_ticks(np.array([3.0, np.nan, -1.0, 3.1])) is None
    assert log_ticks(np.array([np.nan])) is None
    assert len(log_ticks(np.array([1e-30, 1e30]))) < 12


def test_what_these_figures_cannot_draw_is_said(panel):
    panel.plot(PRODUCT, style="steps", y_axis="y2")
    panel.plots[0].set_axis("y", log="symlog")
    assert panel.wait(5)
    (text,) = [m["text"] for m in panel._zone.messages if "renderer='canvas'" in m["text"]]
    assert text.endswith("draws a second value axis, steps, a symmetric logarithm")


def test_looks_of_the_spec_are_taken_or_named_as_lacking():
    panel = sciqlop_lab.Panel("2019-01-02", "2019-01-03", renderer="bqplot")
    time = np.datetime64("2019-01-02", "ns") + np.arange(9) * np.timedelta64(10**9, "ns")
    values = np.arange(18.0).reshape(9, 2)
    graph = panel.plot(SpeasyVariable(time, values, columns=["a", "b"], name="x"))
    panel.wait(20)
    mark = panel.figures[0].marks[0]
    assert (mark.stroke_width, mark.marker, list(mark.curves_subset)) == (1, None, [])
    plain = list(mark.colors)
    graph.set(width=4, marker="plus", colors=[None, "#00aa00"])
    graph.hide("a")
    panel.title = "Orbit 12"
    panel.plots[0].set(grid=False, legend=False)
    panel.plots[0].height = 2
    figure = panel.figures[0]
    mark = figure.marks[0]
    assert (mark.stroke_width, mark.marker, list(mark.curves_subset)) == (4, "cross", [1])
    assert list(mark.colors) == [plain[0], "#00aa00"]
    assert (figure.title, figure.layout.height) == ("Orbit 12", "520px")
    assert {axis.grid_lines for axis in figure.axes} == {"none"}
    assert mark.display_legend is False
    graph.hide("a", "b")
    assert mark.visible is False
    graph.set(marker="cross")
    assert "crosses" in panel._zone.messages[0]["text"]
    panel.close()
