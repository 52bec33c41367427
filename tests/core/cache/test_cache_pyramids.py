"""Pictures of what is kept, against the samples themselves."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core import errors
from speasy_core.cache import Cache, pyramids, stacks
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.lod import pyramid_of
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore, MemoryStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, SpeasyVariable

SECOND = 10**9
START = 1_000_000_000 * SECOND
KEY = "p/x"


class Source:
    """An archive with one series."""

    def __init__(self, whole: SpeasyVariable) -> None:
        self.whole, self.version, self.asked = whole, "v1", []

    def __call__(self, span: TimeRange, since: str | None) -> Fetched:
        self.asked.append(span)
        if since == self.version:
            return Fetched(None, self.version)
        return Fetched(self.whole[span], self.version)


def show(cache, span, source, **how):
    return cache.picture(KEY, span, source, deadline=Deadline(20), **how)


def fill(cache, source, cuts):
    for a, b in pairwise(cuts):
        cache.get(KEY, TimeRange.from_ns(a, b), source, deadline=Deadline(20))


def times(n, seed, kind):
    rng = np.random.default_rng(seed)
    steps = {
        "regular": np.full(n, SECOND),
        "jitter": rng.integers(SECOND // 2, 2 * SECOND, n),
        "gaps": np.where(rng.random(n) < 5 / n, SECOND * n, SECOND),
        "modes": np.where((np.arange(n) // max(1, n // 7)) % 2, SECOND // 1000, SECOND),
    }[kind]
    return START + np.cumsum(steps)


def oracle(v, edges):
    """Return count, min, max, first and last between each two of `edges`, the slow way."""
    clean = v.fill_to_nan()
    table = clean.values.reshape(len(v), -1).astype(np.float64)
    out = []
    for a, b in pairwise(edges):
        rows = table[(v.time_ns >= a) & (v.time_ns < b)]
        found = []
        for column in rows.T if len(rows) else [np.zeros(0)] * table.shape[1]:
            good = column[~np.isnan(column)]
            found.append(
                (good.min(), good.max(), good[0], good[-1]) if len(good) else (np.nan,) * 4
            )
        out.append((len(rows), found))
    return np.array([c for c, _ in out]), np.array([f for _, f in out])


def check_exact(found, v):
    count, table = oracle(v, found.edges.view(np.int64))
    np.testing.assert_array_equal(found.count, count)
    for i, name in enumerate(("min", "max", "first", "last")):
        got = getattr(found, name).reshape(len(count), -1)
        np.testing.assert_array_equal(got, table[..., i], err_msg=name)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cached_columns_are_those_of_the_samples(data):
    n = data.draw(st.integers(1, 6000))
    seed, kind = (
        data.draw(st.integers(0, 99)),
        data.draw(st.sampled_from(["regular", "jitter", "gaps", "modes"])),
    )
    dtype = data.draw(st.sampled_from(["<f4", ">f8", "<i2", "i8"]))
    rng = np.random.default_rng(seed)
    time = times(n, seed, kind)
    values = (rng.standard_normal((n, 2)) * 100).astype(dtype)
    values[rng.random((n, 2)) < data.draw(st.sampled_from([0, 0.05, 0.9]))] = -99
    v = SpeasyVariable(time, values, columns=["a", "b"], meta={"FILLVAL": values.dtype.type(-99)})
    source, cache = Source(v), Cache(MemoryStore(), Settings())
    low, high = int(time[0]) - 5, int(time[-1]) + 5
    cuts = sorted({low, high, *(data.draw(st.integers(low, high)) for _ in range(4))})
    fill(cache, source, cuts)
    source.asked.clear()
    start = data.draw(st.integers(low, high - 1))
    stop = data.draw(st.integers(start + 1, high))
    columns = data.draw(st.integers(1, 300))
    span = TimeRange.from_ns(start, stop)
    found = show(cache, span, source).reduce(columns)
    assert not source.asked
    assert len(found) >= min(columns, stop - start)
    check_exact(found, v)
    mine = v.lod(span.start, span.stop, columns)
    for name in ("edges", "count", "min", "max", "first", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(mine, name), err_msg=name)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_cached_spectra_are_those_of_the_samples(data):
    n, m = data.draw(st.integers(1, 3000)), 4
    seed = data.draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    time = times(n, seed, data.draw(st.sampled_from(["regular", "gaps", "modes"])))
    energy = np.geomspace(10, 1000, m)[:: data.draw(st.sampled_from([1, -1]))]
    varying = data.draw(st.booleans())
    table = np.tile(energy, (n, 1)) if varying else energy
    values = rng.lognormal(size=(n, m)).astype(np.float32)
    values[rng.random((n, m)) < 0.1] = -1e31
    v = SpeasyVariable(
        time, values, axes=[Axis(table, time_varying=varying)],
        meta={"FILLVAL": np.float32(-1e31), "DISPLAY_TYPE": "spectrogram"},
    )  # fmt: skip
    source, cache = Source(v), Cache(MemoryStore(), Settings())
    low, high = int(time[0]) - 5, int(time[-1]) + 5
    fill(cache, source, sorted({low, high, data.draw(st.integers(low, high))}))
    start = data.draw(st.integers(low, high - 1))
    span = TimeRange.from_ns(start, data.draw(st.integers(start + 1, high)))
    how = data.draw(st.sampled_from(["linear", "log"]))
    found = show(cache, span, source).reduce(data.draw(st.integers(1, 60)), how)
    clean = np.where(values < -1e30, np.nan, values).astype(np.float64)
    edges = found.edges.view(np.int64)
    for i, (a, b) in enumerate(pairwise(edges)):
        rows = clean[(time >= a) & (time < b)]
        assert found.count[i] == len(rows)
        for j in range(m):
            good = rows[:, j][np.isfinite(rows[:, j])]
            mean = np.nan if not len(good) else good.mean()
            if how == "log" and len(good):
                mean = 10 ** np.log10(good).mean()
            np.testing.assert_allclose(found.mean[i, j], mean, rtol=1e-5)
    assert found.mean.shape == (len(found), m)
    mine = v.lod(span.start, span.stop, 50, mean=how)
    same = show(cache, span, source).reduce(50, how)
    np.testing.assert_allclose(same.mean, mine.mean, rtol=1e-5)


def series(n=40_000, k=3, kind="regular"):
    values = np.random.default_rng(1).standard_normal((n, k)).astype(np.float32)
    return SpeasyVariable(times(n, 1, kind), values, columns=list("xyz")[:k], name="x", unit="nT")


@pytest.fixture
def eager(monkeypatch):
    """Make pyramids of small blobs, too."""
    monkeypatch.setattr(pyramids, "EAGER", 1)


@pytest.fixture
def disk(tmp_path):
    cache = Cache(DiskStore(tmp_path, 10**9), Settings())
    yield cache
    cache.close()


def cuts_of(v, pieces):
    low, high = int(v.time_ns[0]), int(v.time_ns[-1]) + 1
    return [low + (high - low) * i // pieces for i in range(pieces + 1)]


def whole(v):
    return TimeRange.from_ns(int(v.time_ns[0]), int(v.time_ns[-1]) + 1)


def no_samples(cache, monkeypatch):
    def refuse(*_):
        raise AssertionError("samples were read")

    monkeypatch.setattr(cache._keeper, "read_many", refuse)


def test_pyramids_are_made_in_the_background_and_read_in_place_of_samples(disk, eager, monkeypatch):
    v = series()
    source = Source(v)
    fill(disk, source, cuts_of(v, 4))
    assert disk.settle(20)
    notes = disk._store.entries("#lod p/x")
    assert {n["of"] for n in notes} == {f.blob for f in disk._keeper.fragments(KEY)}
    no_samples(disk, monkeypatch)
    found = show(disk, whole(v), source).reduce(50)
    check_exact(found, v)


def test_a_long_list_of_fragments_has_an_overview(disk, eager, monkeypatch):
    monkeypatch.setattr("speasy_core.cache.compaction.join_large", lambda *_: False)
    monkeypatch.setattr("speasy_core.cache.overview.MOST_CELLS", 600)
    v = series()
    source = Source(v)
    fill(disk, source, cuts_of(v, 20))
    assert disk.settle(20)
    shelf = disk._pyramids.shelf(KEY)
    assert shelf.in_overview.all()
    monkeypatch.setattr(disk._pyramids, "stack", lambda *_: pytest.fail("a pyramid was read"))
    span = whole(v)
    step = 1 << shelf.overview.level
    low = -(-span.start_ns // step) * step
    aligned = TimeRange.from_ns(low, low + (span.stop_ns - low) // step * step)
    picture = show(disk, aligned, source)
    found = picture.reduce(5)
    check_exact(found, v)
    monkeypatch.undo()
    monkeypatch.setattr(pyramids, "EAGER", 1)
    check_exact(show(disk, span, source).reduce(5), v)
    check_exact(show(disk, span, source).reduce(500), v)


def test_what_is_replaced_leaves_the_overview_and_nothing_else_does(disk, eager, monkeypatch):
    monkeypatch.setattr("speasy_core.cache.compaction.join_large", lambda *_: False)
    v = series()
    source = Source(v)
    cuts = cuts_of(v, 20)
    fill(disk, source, cuts)
    assert disk.settle(20)
    before = dict(disk._pyramids.shelf(KEY).pyramids)
    changed = v.copy(values=np.where(v.values > 2, 9, v.values).astype(np.float32))
    source.whole = changed
    part = TimeRange.from_ns(cuts[3] + 7, cuts[4] - 7)  # inside of one fragment
    disk.get(KEY, part, source, deadline=Deadline(20), refresh=True)
    shelf = disk._pyramids.shelf(KEY)
    assert int(shelf.in_overview.sum()) == 19
    mixed = v.values.copy()
    inside = (v.time_ns >= part.start_ns) & (v.time_ns < part.stop_ns)
    mixed[inside] = changed.values[inside]
    expected = v.copy(values=mixed)
    for columns in (3, 40, 700):
        check_exact(show(disk, whole(v), source).reduce(columns), expected)
    assert disk.settle(20)
    after = disk._pyramids.shelf(KEY).pyramids
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


def test_a_new_version_makes_old_pyramids_go(disk, eager):
    v = series()
    source = Source(v)
    fill(disk, source, cuts_of(v, 4))
    assert disk.settle(20)
    old = set(disk._pyramids.shelf(KEY).pyramids.values())
    source.whole, source.version = v * np.float32(2), "v2"
    disk.get(KEY, whole(v), source, deadline=Deadline(20), refresh=True)
    check_exact(show(disk, whole(v), source).reduce(30), source.whole)
    assert disk.settle(20)
    shelf = disk._pyramids.shelf(KEY)
    assert set(shelf.pyramids) == {f.blob for f in shelf.data}
    assert not old & set(shelf.pyramids.values())
    assert all(disk._store.open(name) is None for name in old)


@pytest.mark.parametrize("harm", ["delete", "flip", "cut"])
def test_a_lost_or_damaged_pyramid_is_made_again(tmp_path, eager, harm):
    v = series()
    source = Source(v)
    with_cache(tmp_path, lambda cache: (fill(cache, source, cuts_of(v, 4)), cache.settle(20)))

    def spoil(cache):
        for name in cache._pyramids.shelf(KEY).pyramids.values():
            file = cache._store._ready()[0].blob(name)
            data = bytearray(file.read_bytes())
            if harm == "delete":
                file.unlink()
            elif harm == "cut":
                file.write_bytes(data[: len(data) // 2])
            else:
                data[-200:] = bytes(255 - b for b in data[-200:])
                data[len(data) // 2] ^= 255
                file.write_bytes(data)

    with_cache(tmp_path, spoil)
    source.asked.clear()

    def ask(cache):
        check_exact(show(cache, whole(v), source).reduce(77), v)
        check_exact(show(cache, whole(v), source).reduce(3), v)

    with warnings.catch_warnings():
        # the damage of some is seen by what they hold, of others by their size
        warnings.simplefilter("ignore", errors.CacheWarning)
        with_cache(tmp_path, ask)
    assert not source.asked


def with_cache(folder, work):
    cache = Cache(DiskStore(folder, 10**9), Settings())
    try:
        return work(cache)
    finally:
        cache.close()


def test_a_damaged_overview_is_done_without(tmp_path, eager, monkeypatch):
    monkeypatch.setattr("speasy_core.cache.compaction.join_large", lambda *_: False)
    v = series()
    source = Source(v)
    with_cache(tmp_path, lambda cache: (fill(cache, source, cuts_of(v, 20)), cache.settle(20)))

    def spoil(cache):
        (note,) = [n for n in cache._store.entries("#lod p/x") if n["of"] == ""]
        file = cache._store._ready()[0].blob(note["blob"])
        data = bytearray(file.read_bytes())
        for i in range(len(data) // 2, len(data), 50):
            data[i] ^= 255
        file.write_bytes(data)

    with_cache(tmp_path, spoil)
    with_cache(tmp_path, lambda c: check_exact(show(c, whole(v), source).reduce(9), v))


def test_lost_samples_are_fetched_again_before_a_picture_lies(tmp_path):
    v = series()
    source = Source(v)
    with_cache(tmp_path, lambda cache: fill(cache, source, cuts_of(v, 4)))

    def harm(cache):
        first = cache._keeper.fragments(KEY)[1]
        cache._store._ready()[0].blob(first.blob).unlink()

    with_cache(tmp_path, harm)

    def ask(cache):
        picture = show(cache, whole(v), source)
        with pytest.raises(errors.OfflineError):
            picture.reduce(50)
        check_exact(show(cache, whole(v), source).reduce(50), v)

    with_cache(tmp_path, ask)


def test_what_is_missing_is_fetched_and_gaps_are_declared(disk):
    v = series()
    cuts = cuts_of(v, 4)
    source = Source(v)
    fill(disk, source, cuts[:2])
    source.asked.clear()
    found = show(disk, TimeRange.from_ns(cuts[0], cuts[2]), source).reduce(20)
    assert source.asked == [TimeRange.from_ns(cuts[1], cuts[2])]
    check_exact(found, v)

    def down(span, since):
        raise errors.ServerError("down")

    with pytest.warns(errors.SpeasyWarning, match="could not be fetched"):
        part = show(disk, whole(v), down, on_error="gaps")
    found = part.reduce(20)
    assert [g.range for g in found.gaps] == [TimeRange.from_ns(cuts[2], cuts[4])]
    assert found.count.sum() == np.count_nonzero(v.time_ns < cuts[2])
    kept = show(disk, whole(v), down, offline=True).reduce(20)
    assert [g.reason for g in kept.gaps] == ["offline"]


def test_text_has_no_picture(disk):
    v = SpeasyVariable(START + np.arange(5) * SECOND, np.array(list("abcde")), name="x")
    picture = show(disk, whole(v), Source(v))
    assert not picture.drawable
    with pytest.raises(errors.VariableError, match="minimum and maximum"):
        picture.reduce(3)


def test_a_pyramid_is_small():
    v = series(200_000)
    parts, arrays = stacks.pack(stacks.build(_Stored(v)))
    assert sum(a.nbytes for a in arrays.values()) < 0.1 * v.nbytes
    assert parts["kind"] == "lines"


def _Stored(v):
    from speasy_core.cache.serial import describe

    store = MemoryStore()
    labels, arrays = describe(v)
    return store.open(store.write({"labels": labels}, arrays))


def drawn(picture, k, start, stop):
    """Return {column: (min, max)} of what is drawn of a component inside of a view."""
    out = {}
    seen = range(start // picture.step, -(-stop // picture.step))
    step = picture.step
    columns = np.moveaxis(picture.values[k], -1, 0)
    for left, values in zip(picture.time.tolist(), columns, strict=True):
        if np.isfinite(values).any() and left // step in seen:
            out[left // step] = (np.nanmin(values), np.nanmax(values))
    return out


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_cached_picture_is_that_of_the_samples_but_for_a_column(data):
    n = data.draw(st.integers(2000, 8000))
    seed = data.draw(st.integers(0, 99))
    kind = data.draw(st.sampled_from(["regular", "jitter", "gaps", "modes"]))
    time = times(n, seed, kind)
    values = np.random.default_rng(seed).standard_normal((n, 2)).astype(np.float32)
    v = SpeasyVariable(time, values, columns=["a", "b"])
    source, cache = Source(v), Cache(MemoryStore(), Settings())
    low, high = int(time[0]) - 5, int(time[-1]) + 5
    fill(cache, source, sorted({low, high, data.draw(st.integers(low, high))}))
    start = data.draw(st.integers(low, high - 1))
    stop = data.draw(st.integers(start + 1, high))
    columns = data.draw(st.integers(1, 300))
    picture = show(cache, TimeRange.from_ns(low, high), source)
    ours, theirs = picture.query(start, stop, columns), pyramid_of(v).query(start, stop, columns)
    if ours.mode == theirs.mode == "raw":
        seen = (ours.time >= start) & (ours.time < stop) & np.isfinite(ours.values[0])
        inside = (time >= start) & (time < stop)
        np.testing.assert_array_equal(ours.time[seen], time[inside])
        np.testing.assert_array_equal(ours.values[:, seen], values[inside].T)
        return
    if ours.mode != theirs.mode:  # on the edge between the two, by rows outside of the view
        assert abs(ours.rows - 4 * columns) <= max(n // 10, 4 * ours.rows // max(1, columns) + 8)
        return
    for k in range(2):
        a, b = drawn(ours, k, start, stop), drawn(theirs, k, start, stop)
        # columns on the edges may hold samples from outside of the view, or not
        inside = range(-(-start // ours.step), stop // ours.step)
        for one, two in ((a, b), (b, a)):
            for column in one.keys() & set(inside):
                least, most = one[column]
                near = [two[c] for c in (column - 1, column, column + 1) if c in two]
                assert near, "nothing is drawn near a column that has samples"
                assert min(x for x, _ in near) <= least + 1e-6
                assert max(x for _, x in near) >= most - 1e-6


def test_a_hole_lifts_the_pen_and_joins_are_kept(disk):
    time = START + np.concatenate([np.arange(9000), np.arange(20_000, 29_000)]) * SECOND
    v = SpeasyVariable(time, np.arange(18_000.0), name="x")
    lines = show(disk, whole(v), Source(v)).query(int(time[0]), int(time[-1]) + 1, 200)
    assert lines.mode == "m4"
    empty = np.flatnonzero(np.isnan(lines.values[0, 0]))
    assert len(empty) == 1
    assert time[8999] - lines.step <= lines.time[empty[0]] < time[9000]
    first, last = lines.values[0, 0], lines.values[0, 3]
    joined = np.flatnonzero(np.isfinite(first[1:]) & np.isfinite(last[:-1]))
    np.testing.assert_array_equal(first[1:][joined] - last[:-1][joined], 1)


def test_the_nearest_sample_on_each_side_of_an_empty_view_comes_too(disk):
    time = START + np.arange(100) * 1000 * SECOND
    v = SpeasyVariable(time, np.arange(100.0), name="x")
    source = Source(v)
    picture = show(disk, whole(v), source)
    lines = picture.query(int(time[5]) + 10, int(time[6]) - 10, 100)
    assert lines.rows == 0
    assert lines.time.tolist() == [time[5], time[6]]


def test_a_cached_spectrogram_is_drawn_as_the_samples_are(disk):
    n, energy = 20_000, np.geomspace(1000, 10, 8)
    rng = np.random.default_rng(3)
    time = START + np.concatenate([np.arange(n // 2), np.arange(n, n + n // 2)]) * SECOND
    v = SpeasyVariable(
        time, rng.lognormal(size=(n, 8)).astype(">f4"), axes=[Axis(energy, name="E", unit="eV")]
    )
    ours = show(disk, whole(v), Source(v)).query(int(time[0]), int(time[-1]) + 1, 100)
    theirs = pyramid_of(v).query(int(time[0]), int(time[-1]) + 1, 100)
    assert ours.values.shape == theirs.values.shape
    np.testing.assert_allclose(ours.channels, theirs.channels)
    np.testing.assert_allclose(ours.x0, theirs.x0, atol=SECOND)
    np.testing.assert_allclose(ours.x1, theirs.x1, atol=SECOND)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0.3)
    assert np.count_nonzero(ours.x0[1:] != ours.x1[:-1]) == 1


def test_pyramids_of_what_is_cleared_go_with_it(disk, eager):
    v = series()
    fill(disk, Source(v), cuts_of(v, 4))
    assert disk.settle(20)
    names = set(disk._pyramids.shelf(KEY).pyramids.values())
    assert names
    disk.clear(KEY)
    assert not disk._store.entries("#lod p/x")
    assert all(disk._store.open(name) is None for name in names)


def test_the_list_of_a_lost_index_is_made_again_with_its_pyramids(tmp_path, eager, monkeypatch):
    v = series()
    source = Source(v)
    with_cache(tmp_path, lambda cache: (fill(cache, source, cuts_of(v, 4)), cache.settle(20)))
    for file in (tmp_path / "v1" / "index").iterdir():
        file.write_bytes(b"not a data base" * 100)

    def ask(cache):
        show(cache, whole(v), source).reduce(30)
        no_samples(cache, monkeypatch)
        check_exact(show(cache, whole(v), source).reduce(30), v)

    with pytest.warns(errors.CacheWarning, match="damaged index"):
        with_cache(tmp_path, ask)


def test_pyramids_of_an_older_version_are_made_again(tmp_path, eager, monkeypatch):
    n = 40_000
    ripple = 1e-3 * np.sin(np.arange(n) / 3000)[:, None] * np.ones(3)
    v = SpeasyVariable(
        times(n, 1, "regular"), 1e9 + ripple, axes=[Axis(np.arange(1.0, 4.0))], name="x",
        meta={"DISPLAY_TYPE": "spectrogram"},
    )  # fmt: skip
    source = Source(v)

    def pack_as_before(levels):
        note, arrays = stacks.pack(levels)
        del note["version"]
        return note, {
            name: array.astype(np.float32) if name.endswith("sums") else array
            for name, array in arrays.items()
        }

    with monkeypatch.context() as before:
        before.setattr(pyramids, "pack", pack_as_before)
        cache = Cache(DiskStore(tmp_path, 10**9), Settings())
        fill(cache, source, cuts_of(v, 4))
        assert cache.settle(20)
        old = set(cache._pyramids.shelf(KEY).pyramids.values())
        cache.close()
    assert old
    cache = Cache(DiskStore(tmp_path, 10**9), Settings())
    found = show(cache, whole(v), source).reduce(30)
    np.testing.assert_allclose(found.mean, v.lod(columns=30).mean, rtol=0, atol=1e-5)
    assert not old & set(cache._pyramids.shelf(KEY).pyramids.values())
    cache.close()
