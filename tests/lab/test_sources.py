from __future__ import annotations

import numpy as np
import pytest

from sciqlop_lab import Panel, sources, virtual
from sciqlop_lab.computed import FunctionSource
from sciqlop_lab.loaded import widened
from sciqlop_lab.packing import unpacked
from sciqlop_lab.sources import ProductSource, StaticSource
from sciqlop_lab.views import ViewRequest
from speasy_core.errors import Cancelled, VirtualProductError
from speasy_core.http import Deadline
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange
from speasy_core.variable import Axis, Gap, SpeasyVariable

REF = ProductRef("cda", "D/wave")


def view(span, width=500):
    return ViewRequest("v", 0, span, width)


def product(session):
    return ProductSource(session.get_data, session.info, REF, "auto", 5.0)


def test_half_a_view_is_fetched_on_either_side_and_kept(session, day):
    source = product(session)
    assert source.ready(view(day)) is None
    (result,) = source.load(view(day), Deadline(5))
    assert session.asked == [("cda/D/wave", widened(day))]
    assert result.range == widened(day)
    assert result.fields["columns"] == ["a", "b"]
    inside = TimeRange.from_ns(day.start_ns + 10**12, day.start_ns + 2 * 10**12)
    assert source.ready(view(inside))[0].range == widened(inside)
    assert source.ready(view(day.shifted(day.duration_ns // 2))) is not None
    assert source.ready(view(day.shifted(day.duration_ns // 2 + 1))) is None
    assert len(session.asked) == 1


def test_a_zoom_shows_finer_data(session, day):
    source = product(session)
    (coarse,) = source.load(view(day), Deadline(5))
    assert coarse.fields["mode"] == "m4"
    (fine,) = source.ready(view(TimeRange.from_ns(day.start_ns, day.start_ns + 100 * 10**9)))
    assert fine.fields["mode"] == "raw"
    assert np.isfinite(fine.arrays["y"]).all()


def test_a_gap_is_part_of_the_item(session, day):
    half = TimeRange.from_ns(day.start_ns, day.start_ns + day.duration_ns // 2)

    def answer(span):
        return session.seconds(half).copy(
            gaps=[Gap(TimeRange.from_ns(half.stop_ns, span.stop_ns), "down")]
        )

    session.answer = answer
    (result,) = product(session).load(view(day), Deadline(5))
    assert result.fields["status"] == "ok"
    assert result.fields["gaps"][0]["reason"] == "down"


def test_nothing_there_and_nothing_delivered_are_told_apart(session, day):
    empty = SpeasyVariable([], np.zeros(0))
    session.answer = lambda span: empty
    (result,) = product(session).load(view(day), Deadline(5))
    assert result.fields["status"] == "empty"
    assert "no data from 2023-01-01T12:00:00Z" in result.fields["message"]
    assert "the archive has it from 2001-01-01T00:00:00Z" not in result.fields["message"]
    session.known = ProductInfo(("D", "wave"), REF, coverage=TimeRange("2001-01-01", "2002-01-01"))
    (result,) = product(session).load(view(day), Deadline(5))
    assert "the archive has it from 2001-01-01T00:00:00Z" in result.fields["message"]
    session.answer = lambda span: empty.copy(gaps=[Gap(span, "connection refused")])
    source = product(session)
    (result,) = source.load(view(day), Deadline(5))
    assert result.fields["status"] == "error"
    assert result.fields["error"]["message"] == "connection refused"
    assert result.fields["error"]["hint"]


def test_what_failed_is_asked_again_after_a_while(session, day, monkeypatch):
    session.answer = lambda span: session.seconds(span).copy(gaps=[Gap(span, "down")])
    source = product(session)
    source.load(view(day), Deadline(5))
    assert source.ready(view(day)) is not None
    monkeypatch.setattr(sources, "_RETRY_AFTER", -1.0)
    assert source.ready(view(day)) is None


def test_a_cancelled_load_asks_nothing(session, day):
    deadline = Deadline(5)
    deadline.cancel()
    with pytest.raises(Cancelled):
        product(session).load(view(day), deadline)
    assert session.asked == []


def test_what_is_loading_serves_views_that_overlap_it(session, day):
    source = product(session)
    assert source.serves(day, day.shifted(day.duration_ns))
    assert not source.serves(day, day.shifted(10 * day.duration_ns))


def test_the_ends_of_time_do_not_overflow():
    everything = TimeRange.from_ns(MIN_NS, MAX_NS)
    assert widened(everything) == everything


def test_a_variable_at_hand(session, day):
    source = StaticSource(session.seconds(day))
    assert source.ready(view(day))[0].fields["status"] == "ok"
    long = StaticSource(session.seconds(widened(day)))
    assert long.ready(view(day)) is None
    assert long.load(view(day), Deadline(5))[0].fields["status"] == "ok"
    assert long.ready(view(day)) is not None
    assert source.ready(view(day.shifted(100 * day.duration_ns)))[0].fields["status"] == "empty"


def test_a_draft_stands_in_for_a_long_variable_that_is_being_prepared():
    n, start = 300_000, 1_500_000_000 * 10**9
    values = np.random.default_rng(3).standard_normal((n, 2)).astype("f4")
    variable = SpeasyVariable(start + np.arange(n) * 10**7, values, name="noise")
    source = StaticSource(variable)
    span = TimeRange.from_ns(start, start + n * 10**7)
    tiles = ViewRequest("v", 0, span, 500, grid=True).whole(True)
    assert source.ready(tiles) is None
    drafts, exact = source.draft(tiles), source.load(tiles, Deadline(5))
    assert [d.fields["index"] for d in drafts] == [e.fields["index"] for e in exact]
    for draft, whole in zip(drafts, exact, strict=True):
        assert draft.fields["columns"] == whole.fields["columns"]
        low, high = (whole.arrays["y"].reshape(2, 4, -1)[:, i] for i in (1, 2))
        some = draft.arrays["y"].reshape(2, -1)
        assert np.nanmin(some) >= np.nanmin(low)
        assert np.nanmax(some) <= np.nanmax(high)
        assert np.isfinite(some).sum() > 1000
    assert source.ready(tiles)[0].fields == exact[0].fields, "a draft is not kept"
    near = TimeRange.from_ns(start, start + 10**10)
    assert source.draft(ViewRequest("v", 0, near, 500, grid=True).whole(True)) == []


def function_source(session, function, kind="auto"):
    return FunctionSource(virtual.create("tests/source", function, session=session), kind)


def test_a_function_gets_exactly_the_visible_range_each_time(session, day):
    asked = []

    def record(start: np.datetime64, stop: np.datetime64):
        asked.append(TimeRange(start, stop))
        return [start], [1.0]

    source = function_source(session, record)
    inside = TimeRange.from_ns(day.start_ns + 7, day.stop_ns - 13)
    for span in (day, inside):
        assert source.ready(view(span)) is None
        assert source.load(view(span), Deadline(5))[0].range == span
    assert asked == [day, inside]
    assert source.ready(view(inside, width=900)) is not None
    assert not source.serves(day, inside)


def test_what_a_function_prints_and_gets_wrong_is_said(session, day):
    def noisy(start, stop):
        print("checked", 3)  # noqa: T201
        return [0.0, 1.0], [1.0, 2.0]

    source = function_source(session, noisy)
    (result,) = source.load(view(day), Deadline(5))
    assert result.fields["status"] == "empty"
    assert source.told["output"] == "checked 3"
    assert "outside the range" in result.fields["message"]


def test_a_function_that_raises(session, day):
    with pytest.raises(VirtualProductError):
        function_source(session, lambda start, stop: 1 / 0).load(view(day), Deadline(5))


def test_a_kind_that_does_not_fit_is_refused(session, day):
    source = function_source(session, lambda start, stop: ([start], [1.0]), "image")
    with pytest.raises(ValueError, match="cannot be drawn as 'image'"):
        source.load(view(day), Deadline(5))


def test_a_spectrogram(session, day):
    energy = np.geomspace(10, 1000, 8)
    time = day.start_ns + np.arange(100) * 600 * 10**9
    v = SpeasyVariable(
        time, np.ones((100, 8)), axes=[Axis(energy, name="energy", unit="eV")], unit="eV/cm2",
        meta={"DISPLAY_TYPE": "spectrogram", "dataset": {"Synthetic": ["yes, all of it"]}},
    )  # fmt: skip
    (result,) = StaticSource(v).ready(view(day))
    fields = result.fields
    assert (fields["kind"], fields["n"], fields["m"], fields["y_log"]) == ("image", 100, 8, True)
    assert fields["notes"] == ["synthetic data"]
    assert (fields["y_label"], fields["y_unit"]) == ("energy", "eV")
    assert result.arrays["z"].shape == (100, 8)


def test_a_long_range_is_drawn_from_pyramids_and_a_short_one_from_samples(session, day):
    from speasy_core.cache import Cache
    from speasy_core.config import Settings
    from speasy_core.provider import Fetched
    from speasy_core.store import MemoryStore

    cache, asked = Cache(MemoryStore(), Settings()), []

    def fetch(span, since):
        asked.append(span)
        return Fetched(session.seconds(span))

    def get_picture(ref, start, stop, *, timeout, on_error):
        return cache.picture(
            str(ref), TimeRange(start, stop), fetch, deadline=timeout, on_error=on_error
        )

    source = ProductSource(session.get_data, session.info, REF, "auto", 5.0, get_picture)
    plain = ProductSource(session.get_data, session.info, REF, "auto", 5.0)
    span = TimeRange.from_ns(day.start_ns, day.start_ns + 20 * day.duration_ns)
    (long,) = source.load(view(span), Deadline(20))
    (whole,) = plain.load(view(span), Deadline(20))
    (loaded,) = source._loaded
    assert loaded.lod is not None
    assert len(loaded.variable) == 0
    assert long.fields["mode"] == whole.fields["mode"] == "m4"
    assert long.fields["columns"] == ["a", "b"]
    assert abs(long.fields["n"] - whole.fields["n"]) <= 2
    np.testing.assert_allclose(long.arrays["y"].max(), whole.arrays["y"].max(), rtol=1e-6)
    inside = TimeRange.from_ns(span.start_ns + 5 * 10**9, span.start_ns + 300 * 10**9)
    (fine,) = source.ready(view(inside))
    assert fine.fields["mode"] == "raw"
    cache.clear()
    assert source.ready(view(inside)) is None
    (again,) = source.load(view(inside), Deadline(20))
    assert again.fields["status"] == "ok"
    assert source._loaded[0].lod is None
    assert len(asked) == 2


def test_cells_of_a_spectrogram_are_averaged_as_the_graph_says(day):
    time = day.start_ns + np.arange(80_000) * 10**9
    values = np.where(np.arange(80_000)[:, None] % 2, 1.0, 100.0) * np.ones((1, 4))
    meta = {"DISPLAY_TYPE": "spectrogram"}
    v = SpeasyVariable(time, values, axes=[Axis(np.arange(1.0, 5), name="energy")], meta=meta)
    means = {None: 50.5, "linear": 50.5, "log": 10.0}
    for mean, expected in means.items():
        (result,) = StaticSource(v, "auto", mean).ready(view(day, width=100))
        z = unpacked(result.fields, "z", result.arrays["z"]).reshape(result.arrays["z"].shape)
        np.testing.assert_allclose(z[5:-5], expected, rtol=0.02)


def test_panels_draw_a_spectrogram_anew_when_its_mean_is_another(day):
    time = day.start_ns + np.arange(80_000) * 10**9
    v = SpeasyVariable(
        time, np.where(np.arange(80_000)[:, None] % 2, 1.0, 100.0) * np.ones((1, 4)), name="s",
        axes=[Axis(np.arange(1.0, 5), name="energy")], meta={"DISPLAY_TYPE": "spectrogram"},
    )  # fmt: skip
    panel = Panel(day)
    graph = panel.plot(v)
    drawn = panel._sources[graph.id]
    graph.set(mean="linear")
    assert panel._sources[graph.id] is drawn, "the default by its name"
    graph.set(mean="log")
    assert panel._sources[graph.id] is not drawn
    panel.undo()
    assert panel.model.graphs[0][1].mean == "linear"
