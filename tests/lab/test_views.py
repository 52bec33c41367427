from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciqlop_lab.protocol import ProtocolError
from sciqlop_lab.sources import StaticSource
from sciqlop_lab.tilecache import Result, TileCache
from sciqlop_lab.views import TileKey, ViewRequest, read_view, tiles_for
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

VIEW = {"view": "v", "gen": 3, "start": "0", "stop": "2000000", "width": 1000, "plots": {}}
SPAN = TimeRange.from_ns(0, 2_000_000)
YEARS = 10**18


@given(st.integers(-4 * YEARS, 4 * YEARS), st.integers(1, YEARS), st.integers(1, 4096))
def test_tiles_of_a_view_cover_it_with_a_column_a_pixel(start, length, width):
    span = TimeRange.from_ns(start, start + length)
    keys = tiles_for(span, width)
    assert keys[0].range.start_ns <= start < keys[0].range.stop_ns
    assert keys[-1].range.start_ns < span.stop_ns <= keys[-1].range.stop_ns
    assert [a.range.stop_ns for a in keys[:-1]] == [b.range.start_ns for b in keys[1:]]
    level = keys[0].level
    assert level == 0 or length >> level >= width
    assert len(keys) <= 2 * width // 1024 + 3


def test_a_page_that_knows_nothing_is_given_what_the_kernel_chooses():
    request = read_view({**VIEW, "wants": {"a": None}, "ahead": None})
    assert request.of("a", tiled=True).tiles == tiles_for(SPAN, 1000)
    assert request.of("a", tiled=False).tiles is None
    assert request.of("b", tiled=True) is None
    assert read_view(VIEW).of("b", tiled=True).tiles == tiles_for(SPAN, 1000)


def test_a_page_names_the_tiles_that_it_lacks():
    content = {
        **VIEW,
        "wants": {"a": [[3, "-7"], [0, "9007199254740991"]]},
        "ahead": {"start": "5", "stop": "3000000", "wants": {"a": [[3, "1"]], "b": [], "c": None}},
    }
    request = read_view(content)
    wanted = request.of("a", tiled=True)
    assert wanted.tiles == (TileKey(3, -7), TileKey(0, 9007199254740991))
    assert wanted.range == SPAN
    ahead = request.ahead_of("a")
    assert (ahead.tiles, ahead.range) == ((TileKey(3, 1),), TimeRange.from_ns(5, 3_000_000))
    assert ahead.early == SPAN
    assert request.ahead_of("b") is None
    assert request.ahead_of("c") is None
    # what has no tiles is asked for the visible range whatever the page believes
    assert request.of("a", tiled=False).tiles is None


@pytest.mark.parametrize(
    "change",
    [
        {"wants": []}, {"wants": {"a": {}}}, {"wants": {"a": [[3]]}}, {"wants": {"a": [[3, 7]]}},
        {"wants": {"a": [["3", "7"]]}}, {"wants": {"a": [[True, "7"]]}},
        {"wants": {"a": [[52, "0"]]}}, {"wants": {"a": [[-1, "0"]]}},
        {"wants": {"a": [[40, str(2**62)]]}}, {"wants": {"a": [[3, "7"]] * 65}},
        {"ahead": []}, {"ahead": {"start": "0", "stop": "0", "wants": {}}},
        {"ahead": {"start": "0", "stop": "1"}},
    ],
)  # fmt: skip
def test_tiles_of_another_shape_are_refused(change):
    with pytest.raises(ProtocolError):
        read_view({**VIEW, **change})


def test_a_movement_goes_on_until_the_hand_turns():
    def ahead(start, low, high):
        visible = TimeRange.from_ns(start, start + 100)
        return ViewRequest("v", 0, TimeRange.from_ns(low, high), 9, (TileKey(0, 0),), early=visible)

    later, on = ahead(0, 0, 150), ahead(10, 10, 160)
    assert on.goes_on(later)
    assert not ahead(10, -40, 110).goes_on(later)
    assert not ahead(10, 10, 110).goes_on(later)


def tile(key, size=1000, cover=None):
    fields = {"status": "ok", "level": key.level, "index": str(key.index)}
    return Result(fields, cover or key.range, {"y": np.zeros(size, np.uint8)})


def request(*keys, span=None):
    return ViewRequest("v", 0, span or keys[0].range, 9, keys)


def test_a_kept_tile_is_not_made_again():
    cache, made = TileCache(10_000), []

    def make(_request, keys):
        made.extend(keys)
        return [tile(key) for key in keys]

    a, b = TileKey(3, 0), TileKey(3, 1)
    assert cache.find("s", request(a)) is None
    cache.serve("s", request(a), make)
    served = cache.serve("s", request(a, b), make)
    assert made == [a, b]
    assert [result.fields["index"] for result in served] == ["0", "1"]
    assert cache.find("s", request(a, b)) is not None
    assert cache.find("another", request(a)) is None


def test_a_tile_known_in_part_serves_views_of_that_part():
    cache, key = TileCache(10_000), TileKey(0, 0)
    half = TimeRange.from_ns(0, 512)
    cache.serve("s", request(key), lambda _r, keys: [tile(k, cover=half) for k in keys])
    assert cache.find("s", request(key, span=half)) is not None
    assert cache.find("s", request(key, span=TimeRange.from_ns(0, 513))) is None


def test_tiles_are_bounded_and_age():
    cache = TileCache(10_000)
    keys = [TileKey(3, i) for i in range(40)]
    for key in keys:
        cache.serve("s", request(key), lambda _r, keys: [tile(k) for k in keys])
        cache.find("s", request(keys[0]))
    assert cache.nbytes <= 10_000
    assert cache.find("s", request(keys[0])) is not None, "used all the time"
    assert cache.find("s", request(keys[1])) is None
    assert cache.find("s", request(keys[-1])) is not None
    brief = TileCache(10_000, lifetime=-1.0)
    brief.serve("s", request(keys[0]), lambda _r, keys: [tile(k) for k in keys])
    assert brief.find("s", request(keys[0])) is None


def columns(results):
    """Put tiles together: by start of column, each component's minimum and maximum."""
    found = {}
    for result in results:
        place = TimeRange.from_ns(result.range.start_ns, result.range.stop_ns)
        n, step = result.fields["n"], round(result.fields["dt"] * 1e9)
        t = int(result.fields["t0"]) + np.round(result.arrays["t"] * 1e9).astype(np.int64)
        y = result.arrays["y"].reshape(-1, 4, n)
        for i in np.flatnonzero((t >= place.start_ns) & (t < place.stop_ns)):
            assert t[i] % step == 0
            assert int(t[i]) not in found
            found[int(t[i])] = y[:, 1, i], y[:, 2, i]
    return found


def test_tiles_together_lose_no_extreme_and_move_none_by_more_than_a_column():
    rng = np.random.default_rng(3)
    n = 400_000
    time = np.cumsum(rng.integers(1, 2_000_000, n)) + 10**18 + 7
    values = rng.standard_normal((n, 2)).astype(np.float32)
    spikes = np.arange(50) * 7919 + 17  # never two in one column
    values[spikes, 0] = 1000 + np.arange(50)
    source = StaticSource(SpeasyVariable(time, values, columns=["a", "b"], name="w"))
    span = TimeRange.from_ns(int(time[0]), int(time[-1]) + 1)
    whole = ViewRequest("v", 0, span, 1057, grid=True).whole(tiled=True)
    results = source.load(whole, None)
    assert len(results) >= 2
    found = columns(results)
    step = 1 << whole.tiles[0].level
    for row in spikes:
        at = int(time[row]) // step * step
        near = [found[c][1][0] for c in (at - step, at, at + step) if c in found]
        assert values[row, 0] in near
    lows = np.array([low for low, _ in found.values()])
    highs = np.array([high for _, high in found.values()])
    assert np.array_equal(lows.min(axis=0), values.min(axis=0))
    assert np.array_equal(highs.max(axis=0), values.max(axis=0))


def test_a_line_is_joined_across_tiles_but_not_across_a_gap():
    time = np.concatenate([np.arange(0, 3000, 100), np.arange(7100, 12_000, 100)])
    source = StaticSource(SpeasyVariable(time, np.arange(len(time), dtype=float), name="w"))
    items = {}
    for index in range(12):
        key = TileKey(0, index)
        (items[index],) = source.ready(request(key))
    before, after = items[0], items[1]
    for item, inside, outside in ((before, 1000, 1100), (after, 1100, 1000)):
        times = [int(item.fields["t0"]) + round(s * 1e9) for s in item.arrays["t"]]
        assert inside in times
        assert outside in times
    assert items[4].fields["status"] == "empty", "nothing is drawn inside the gap"
    last = items[2]
    assert not np.isfinite(last.arrays["y"]).all(), "the pen is lifted where the gap begins"


def test_a_tile_between_two_samples_shows_the_line_between_them():
    time = np.arange(10) * 10**9
    source = StaticSource(SpeasyVariable(time, np.arange(10.0), name="w"))
    (item,) = source.ready(request(TileKey(0, 10**6 + 5)))
    assert (item.fields["status"], item.fields["n"]) == ("ok", 2)
    assert item.arrays["y"].tolist() == [[1.0, 2.0]]


def test_four_plots_of_lines_are_refreshed_with_less_than_a_megabyte():
    n = 2_000_000
    time = np.arange(n) * 10**6
    values = np.zeros((n, 3), np.float32, order="F")
    source = StaticSource(SpeasyVariable(time, values, name="w"))
    most = 0
    for part in range(20, 41):  # a level begins and ends in between
        span = TimeRange.from_ns(10**8 + 777, 10**8 + 777 + n * 10**6 * part // 42)
        results = source.load(ViewRequest("v", 0, span, 1057, grid=True).whole(tiled=True), None)
        most = max(most, sum(result.nbytes for result in results))
    assert 4 * most < 2**20
