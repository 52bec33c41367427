"""Level of detail against oracles that are slow and obvious."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.errors import VariableError
from speasy_core.lod import ImagePyramid, MinMaxPyramid, column_step

SECOND = 1_000_000_000


def brute_columns(time, column, start, stop, step):
    """Return {column number: (first, min, max, last)} of the samples of each pixel column."""
    out = {}
    inside = (time >= start // step * step) & (time < -(-stop // step) * step)
    for t, y in zip(time[inside].tolist(), column[inside].tolist(), strict=True):
        c = t // step
        if c not in out:
            out[c] = [y, np.nan, np.nan, y]
        out[c][1] = np.fmin(out[c][1], y)
        out[c][2] = np.fmax(out[c][2], y)
        out[c][3] = y
    return out


def check_envelope(time, values, start, stop, columns):
    picture = MinMaxPyramid(time, values).query(start, stop, columns)
    table = values.reshape(len(values), -1)
    assert picture.rows == np.count_nonzero((time >= start) & (time < stop))
    if picture.mode == "raw":
        check_raw(picture, time, table)
        return picture
    for k in range(table.shape[1]):
        exact = brute_columns(time, table[:, k], start, stop, picture.step)
        drawn = {}
        for left, low, high in zip(
            (picture.time // picture.step).tolist(),
            picture.values[k, 1].tolist(),
            picture.values[k, 2].tolist(),
            strict=True,
        ):
            assert left not in drawn, "a column comes once"
            drawn[left] = (low, high)
        for c, (_, low, high, _) in exact.items():
            near = [drawn[i] for i in (c - 1, c, c + 1) if i in drawn]
            if not np.isnan(low):  # no extreme is lost, none moves by more than one column
                assert min(n[0] for n in near if n[0] == n[0]) <= low
                assert max(n[1] for n in near if n[1] == n[1]) >= high
        edge = {min(drawn), max(drawn)}
        for c, (low, high) in drawn.items():  # nothing is invented
            near = [exact[i] for i in (c - 1, c, c + 1) if i in exact]
            if np.isnan(low) or (c in edge and not near):
                continue
            if c not in exact:
                assert c in edge
                continue
            assert low >= min(n[1] for n in near if n[1] == n[1])
            assert high <= max(n[2] for n in near if n[2] == n[2])
    return picture


def check_raw(picture, time, table):
    rows = np.searchsorted(time, picture.time)
    real = (rows < len(time)) & (time[np.minimum(rows, len(time) - 1)] == picture.time)
    np.testing.assert_array_equal(picture.values[:, real], table[rows[real]].T)
    assert np.isnan(picture.values[:, ~real]).all()


def make_time(n, seed, kind):
    rng = np.random.default_rng(seed)
    if kind == "regular":
        steps = np.full(n, SECOND)
    elif kind == "jitter":
        steps = rng.integers(SECOND // 2, SECOND * 2, n)
    elif kind == "gaps":
        steps = np.full(n, SECOND)
        steps[rng.integers(0, n, 5)] = SECOND * n
    else:  # survey and burst: a thousand times denser here and there
        steps = np.where((np.arange(n) // max(1, n // 7)) % 2, SECOND // 1000, SECOND)
    return 1_500_000_000 * SECOND + np.cumsum(steps)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 20_000),
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["regular", "jitter", "gaps", "modes"]),
    nans=st.sampled_from([0.0, 0.01, 0.9]),
    columns=st.integers(1, 200),
    where=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_no_extreme_is_lost_and_none_moves_further_than_a_column(
    n, seed, kind, nans, columns, where
):
    rng = np.random.default_rng(seed)
    time = make_time(n, seed, kind)
    values = rng.standard_normal((n, 2)).astype(np.float32)
    values[rng.random((n, 2)) < nans] = np.nan
    span = int(time[-1] - time[0]) + 1
    start = int(time[0]) + int(min(where) * span)
    stop = max(start + 1, int(time[0]) + int(max(where) * span))
    check_envelope(time, values, start, stop, columns)


@pytest.mark.parametrize("kind", ["regular", "jitter", "gaps", "modes"])
def test_long_series_use_every_level(kind):
    n = 300_000
    time = make_time(n, 3, kind)
    values = np.random.default_rng(3).standard_normal(n)
    for columns in (3, 50, 700):
        check_envelope(time, values, int(time[0]), int(time[-1]) + 1, columns)


def test_a_single_spike_is_seen_at_every_zoom():
    n = 2_000_000
    values = np.zeros(n, dtype=np.float32)
    values[1_234_567] = 7
    time = np.arange(n) * SECOND
    pyramid = MinMaxPyramid(time, values)
    spike = int(time[1_234_567])
    for half in (n * SECOND, 500_000 * SECOND, 20_000 * SECOND, 100 * SECOND):
        picture = pyramid.query(spike - half, spike + half, 800)
        assert np.nanmax(picture.values) == 7
        at = picture.time[np.nanargmax(picture.values.reshape(-1, len(picture.time)).max(axis=0))]
        assert abs(int(at) - spike) <= 2 * max(picture.step, 1)


def test_joins_are_the_first_and_last_samples():
    n = 100_000
    time, values = np.arange(n) * SECOND, np.random.default_rng(0).standard_normal(n)
    picture = MinMaxPyramid(time, values).query(0, n * SECOND, 64)
    exact = brute_columns(time, values, 0, n * SECOND, picture.step)
    for left, first, last in zip(
        picture.time, picture.values[0, 0], picture.values[0, 3], strict=True
    ):
        assert (first, last) == (exact[left // picture.step][0], exact[left // picture.step][3])


def test_first_and_last_step_over_a_few_missing_samples():
    n = 60_000
    values = np.arange(n, dtype=np.float64)
    values[::3] = np.nan
    values[30_000:40_000] = np.nan
    picture = MinMaxPyramid(np.arange(n) * SECOND, values).query(0, n * SECOND, 64)
    filled = np.isfinite(picture.values[0, 1])
    assert np.isfinite(picture.values[0][:, filled]).all()
    assert (~filled).sum() >= 5


@pytest.mark.parametrize("columns", [200, 20_000])
def test_gaps_lift_the_pen(columns):
    time = np.concatenate([np.arange(5000), np.arange(8000, 13_000)]) * SECOND
    picture = MinMaxPyramid(time, np.ones(10_000)).query(0, 13_000 * SECOND, columns)
    empty = np.flatnonzero(np.isnan(picture.values.reshape(-1, len(picture.time))[0]))
    assert len(empty) == 1
    assert 5000 * SECOND - picture.step <= picture.time[empty[0]] < 8000 * SECOND
    assert (np.diff(picture.time) > 0).all()


def test_a_change_of_cadence_is_not_a_row_of_gaps():
    time = np.concatenate([np.arange(0, 100, 0.01), np.arange(100, 4100, 10.0)])
    picture = MinMaxPyramid((time * SECOND).astype(np.int64), time).query(0, 4100 * SECOND, 100_000)
    assert np.isnan(picture.values).sum() <= 1


def test_columns_without_samples_between_sparse_ones_do_not_break_the_line():
    dense = np.arange(0, 1000, 0.01)
    sparse = np.arange(1000, 11_000, 100.0)
    time = (np.concatenate([dense, sparse]) * SECOND).astype(np.int64)
    picture = MinMaxPyramid(time, np.ones(len(time))).query(0, 11_000 * SECOND, 2000)
    assert picture.mode == "m4"
    assert np.isnan(picture.values[0, 0]).sum() <= 1


@pytest.mark.parametrize(
    ("make", "wide"),
    [
        (lambda i: 1e9 + 1e-3 * np.sin(i / 300), True),
        (lambda i: 1.5e8 + i * 1e-6, True),
        (lambda i: i + 2**40, True),
        (lambda i: (i + 2**24).astype("i4"), True),
        (lambda i: np.sin(i) * 1e300, True),
        (lambda i: np.sin(i) * 1e-300, True),
        (lambda i: (i % 2**15).astype("i2"), False),
        (lambda i: np.sin(i).astype(">f4"), False),
    ],
    ids=["offset", "position", "counter", "int32", "huge", "tiny", "int16", "single"],
)
def test_pictures_have_all_digits_of_the_data(make, wide):
    time, values = np.arange(200_000) * SECOND, make(np.arange(200_000))
    for stop, columns in ((200_000, 50), (200_000, 700), (900, 600)):
        picture = check_envelope(time, values, 0, stop * SECOND, columns)
        assert picture.values.dtype == (np.float64 if wide else np.float32)
    pyramid = MinMaxPyramid(time, values)
    pyramid.query(0, int(time[-1]), 20)
    assert 0 < pyramid.nbytes < 0.05 * values.nbytes


@pytest.mark.parametrize("dtype", [">f4", "<f8", ">i2", "u1", "i8", "f2", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_type_and_byte_order(dtype, order):
    values = np.asarray(np.arange(30_000).reshape(-1, 3) % 120, dtype=dtype, order=order)
    check_envelope(np.arange(10_000) * SECOND, values, 0, 10_000 * SECOND, 20)


def test_component_contiguous_arrays_are_not_copied():
    values = np.zeros((1000, 3), order="F")
    assert np.shares_memory(MinMaxPyramid(np.arange(1000), values).columns[1], values)


def test_the_neighbours_outside_the_view_come_too():
    time = np.arange(100_000) * SECOND
    pyramid = MinMaxPyramid(time, np.arange(100_000.0))
    raw = pyramid.query(500 * SECOND, 510 * SECOND, 100)
    assert raw.time[0] == 499 * SECOND
    assert raw.time[-1] == 510 * SECOND
    sparse = pyramid.query(10 * SECOND + 1, 10 * SECOND + 5, 100)
    assert sparse.rows == 0
    assert sparse.time.tolist() == [10 * SECOND, 11 * SECOND]


def test_memory_is_about_one_percent():
    values = np.zeros((400_000, 3), dtype=np.float32, order="F")
    pyramid = MinMaxPyramid(np.arange(400_000), values)
    pyramid.query(0, 400_000, 100)
    assert pyramid.nbytes < 0.03 * values.nbytes


def test_empty_series_and_no_components():
    nothing = MinMaxPyramid(np.zeros(0, dtype="datetime64[ns]"), np.zeros((0, 3)))
    assert nothing.query(0, 100, 10).values.shape == (3, 0)
    assert nothing.query(0, 100, 10).rows == 0
    assert MinMaxPyramid(np.arange(10), np.zeros((10, 0))).query(0, 10, 2).values.shape[0] == 0


def test_the_ends_of_representable_time():
    last = 2**63 - 2
    time = np.arange(5000, dtype=np.int64) * (2 * (last // 5000)) - last
    picture = MinMaxPyramid(time, np.ones(5000)).query(-last, last, 10)
    assert picture.rows == 5000
    assert np.nanmin(picture.values) == 1


def test_lengths_must_agree():
    with pytest.raises(VariableError, match="3 times, but 4 values"):
        MinMaxPyramid(np.arange(3), np.zeros(4))
    with pytest.raises(VariableError, match="channels of shape"):
        ImagePyramid(np.arange(3), np.zeros((3, 4)), np.zeros(5))
    with pytest.raises(VariableError, match="values of shape"):
        ImagePyramid(np.arange(3), np.zeros((2, 4)), np.zeros(4))


@given(start=st.integers(-(2**60), 2**60), span=st.integers(1, 2**61), columns=st.integers(1, 9000))
def test_column_step_is_a_power_of_two_that_gives_enough_columns(start, span, columns):
    step = column_step(start, start + span, columns)
    assert step & (step - 1) == 0
    assert step == 1 or step * columns <= span < 2 * step * columns + columns


# ---------------------------------------------------------------------------- spectrograms


def brute_image(time, values, tables, ids, lefts, rights):
    """Return the mean of each cell, row by row, in the first table of the series seen in it."""
    out = np.full((len(lefts), values.shape[1]), np.nan)
    shown = []
    for c, (low, high) in enumerate(zip(lefts, rights, strict=True)):
        rows = np.arange(low, high)
        target = min(ids[rows])
        shown.append(target)
        for j, energy in enumerate(tables[target]):
            seen = []
            for row in rows:
                table = np.log(tables[ids[row]])
                nearest = int(np.argmin(np.abs(table - np.log(energy))))
                steps = np.abs(np.diff(table))
                reach = max(steps[max(0, nearest - 1)], steps[min(nearest, len(steps) - 1)]) / 2
                if abs(table[nearest] - np.log(energy)) <= reach * (1 + 1e-6):
                    seen.append(values[row, nearest])
            seen = [v for v in seen if np.isfinite(v)]
            if seen:
                out[c, j] = np.mean(seen)
    return out, shown


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(50, 1500),
    seed=st.integers(0, 100),
    pattern=st.sampled_from(["one", "alternate", "late"]),
    columns=st.integers(2, 25),
    descending=st.booleans(),
)
def test_image_columns_are_the_means_of_their_rows(n, seed, pattern, columns, descending):
    rng = np.random.default_rng(seed)
    m = 6
    table = np.geomspace(10, 1000, m)[:: -1 if descending else 1]
    tables = np.array([table, table * 1.3])
    ids = {
        "one": np.zeros(n, dtype=int),
        "alternate": np.arange(n) % 2,
        "late": (np.arange(n) > n // 2).astype(int),
    }[pattern]
    time = make_time(n, seed, "regular")
    values = rng.lognormal(size=(n, m))
    values[rng.random((n, m)) < 0.1] = np.nan
    pyramid = ImagePyramid(time, values, table if pattern == "one" else tables[ids])
    picture = pyramid.query(int(time[0]), int(time[-1]) + 1, columns)
    if picture.rows <= 2 * columns:
        np.testing.assert_allclose(picture.values, values, rtol=1e-6)
        return
    assert (picture.x1 > picture.x0).all()
    assert (picture.x0[1:] == picture.x1[:-1]).all()
    low = np.searchsorted(time, picture.x0)
    high = np.searchsorted(time, picture.x1)
    if n // columns < 16:  # below one block a column holds exactly its own rows
        expected, shown = brute_image(time, values, tables, ids, low, high)
        np.testing.assert_allclose(picture.values, expected, rtol=1e-5)
        np.testing.assert_allclose(
            np.broadcast_to(picture.channels, picture.values.shape), tables[shown], rtol=1e-6
        )
    else:  # edges may move to the end of a block, never past half of a column
        from speasy_core.lod.grid import Grid

        grid = Grid(pyramid, int(time[0]), int(time[-1]) + 1, columns)
        assert (np.abs(grid.low - grid.first) <= (grid.stop - grid.first) / 2).all()
        assert (grid.low[1:] == grid.high[:-1]).all()
        assert grid.high[-1] - grid.low[0] == picture.rows
        expected, _ = brute_image(time, values, tables, ids, grid.low, grid.high)
        np.testing.assert_allclose(picture.values, expected, rtol=1e-5)


def test_image_of_many_rows_uses_every_level():
    n = 100_000
    time = np.arange(n) * SECOND
    values = np.repeat(np.sin(np.arange(n) / 5000)[:, None], 4, axis=1).astype(">f4")
    values[::5, 1] = np.nan
    picture = ImagePyramid(time, values, np.arange(4.0)).query(0, n * SECOND, 100)
    centre = (picture.x0 + picture.x1) / 2 / SECOND
    np.testing.assert_allclose(picture.values[1:-1, 1], np.sin(centre / 5000)[1:-1], atol=0.02)
    assert picture.channels.shape == (4,)


@pytest.mark.parametrize(
    "base", [1e9, 1e300, 1e-300, np.float32(3e38), np.float32(1e-42)], ids=lambda b: f"{b:g}"
)
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("mean", ["linear", "log"])
def test_means_have_the_digits_and_the_range_of_the_data(base, missing, mean):
    n = 20_000
    ripple = 1e-9 * np.sin(np.arange(n) / 3000)[:, None] * np.ones(3)
    values = (base * (1 + ripple)).astype(np.asarray(base).dtype)
    if missing:
        values[100:200, 1] = np.nan
    pyramid = ImagePyramid(np.arange(n) * SECOND, values, np.arange(3.0), mean=mean)
    picture = pyramid.query(0, n * SECOND, 40)
    at = np.searchsorted(picture.x0, np.arange(n) * SECOND, side="right") - 1
    sizes = np.bincount(at)[:, None]
    expected = np.stack([np.bincount(at, ripple[:, 0]) / sizes[:, 0]] * 3, axis=1)
    if values.dtype == np.float32:
        np.testing.assert_allclose(picture.values, base, rtol=1e-3 if base < 1e-40 else 5e-5)
        return
    found = picture.values / base - 1
    np.testing.assert_allclose(found, expected, atol=5e-11)
    assert 0 < pyramid.nbytes < 0.05 * values.nbytes


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("missing", [False, True])
def test_a_long_image_is_reduced_in_threads_to_the_means_of_its_rows(order, missing):
    n, m = 150_000, 32
    values = np.random.default_rng(2).random((n, m), np.float32)
    if missing:  # in one stretch alone, all rows of a block among them
        values[70_000:70_500, 3] = np.nan
        values[90_000, 4] = np.inf
    pyramid = ImagePyramid(np.arange(n) * SECOND, np.asarray(values, order=order), np.arange(m))
    edges = np.array([0, 11, 70_100, 70_300, 89_990, 140_001, n]) * SECOND
    _, rows, _, means = pyramid.columns(edges, SECOND)
    assert rows.sum() == n
    values[~np.isfinite(values)] = np.nan
    parts = np.split(values.astype("f8"), (edges[1:-1] // SECOND).astype(int))
    for found, part in zip(means, parts, strict=True):
        some = np.isfinite(part).any(axis=0)
        np.testing.assert_allclose(found[some], np.nanmean(part[:, some], axis=0), rtol=1e-5)
        assert np.isnan(found[~some]).all()
    assert pyramid.nbytes < (0.06 if missing else 0.05) * values.nbytes


def test_cells_are_blank_across_a_hole_and_touch_elsewhere():
    time = np.array([0, 10, 20, 30, 100, 110, 120]) * SECOND
    picture = ImagePyramid(time, np.ones((7, 2)), np.array([1.0, 2.0])).query(0, 130 * SECOND, 50)
    assert (picture.x0 / SECOND).tolist() == [-5, 5, 15, 25, 95, 105, 115]
    assert (picture.x1 / SECOND).tolist() == [5, 15, 25, 35, 105, 115, 125]


def test_columns_are_blank_across_a_hole_and_touch_elsewhere():
    time = np.concatenate([np.arange(5000), np.arange(9000, 14_000)]) * SECOND
    picture = ImagePyramid(time, np.ones((10_000, 2)), np.array([1.0, 2.0]))
    picture = picture.query(0, 14_000 * SECOND, 100)
    open_ = np.flatnonzero(picture.x0[1:] != picture.x1[:-1])
    assert len(open_) == 1
    assert abs(picture.x1[open_[0]] / SECOND - 4999.5) < 1
    assert abs(picture.x0[open_[0] + 1] / SECOND - 8999.5) < 1


def test_a_lone_row_has_a_width():
    pyramid = ImagePyramid(np.array([50 * SECOND]), np.ones((1, 2)), np.array([1.0, 2.0]))
    picture = pyramid.query(0, 100 * SECOND, 10)
    assert picture.x1[0] > picture.x0[0]
    assert ImagePyramid(np.zeros(0), np.ones((0, 2)), np.ones(2)).query(0, 9, 3).rows == 0


def test_tables_that_always_move_go_to_the_first_by_nearest_channel():
    n = 3000
    table = np.geomspace(10, 1000, 8)
    drift = table * (1 + np.arange(n)[:, None] / n * 0.01)
    values = np.tile(np.arange(8.0), (n, 1))
    picture = ImagePyramid(np.arange(n) * SECOND, values, drift).query(0, n * SECOND, 10)
    assert picture.channels.shape == (8,)
    np.testing.assert_allclose(picture.values, np.tile(np.arange(8.0), (len(picture.x0), 1)))


def test_a_view_far_wider_than_the_data():
    time = np.arange(5000, dtype=np.int64)
    picture = MinMaxPyramid(time, np.arange(5000.0)).query(-(2**61), 2**61, 10)
    assert picture.rows == 5000
    assert np.nanmax(picture.values) == 4999


def test_a_burst_in_one_part_of_an_image_is_reduced_there():
    # few rows for the whole view, but twelve to a column where they lie
    time = np.arange(1200) * SECOND
    values = np.random.default_rng(4).normal(size=(1200, 3)).astype(np.float32)
    picture = ImagePyramid(time, values, np.arange(3.0)).query(0, 12_000 * SECOND, 1000)
    assert len(picture.x0) < 200
    first = values[(time >= picture.x0[0]) & (time < picture.x1[0])]
    np.testing.assert_allclose(picture.values[0], first.mean(axis=0), atol=1e-5)
