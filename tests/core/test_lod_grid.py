"""Parts of the grid of columns beside what they stand for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.lod import ImagePyramid
from speasy_core.lod.grid import _search, gather, pieces
from speasy_core.lod.lines import MinMaxPyramid
from speasy_core.lod.runs import Extremes, sums

SIZES = [4, 16, 64, 256]
lengths = st.lists(st.integers(0, 40) | st.integers(200, 3000), min_size=0, max_size=30)


@settings(deadline=None)
@given(st.integers(0, 100), lengths, st.integers(0, len(SIZES)))
def test_every_row_is_in_one_piece_of_its_column(first, rows, levels):
    edges = first + np.concatenate(([0], np.cumsum(rows))).astype(np.int64)
    found = {column: [] for column in range(len(rows))}
    for i, piece in enumerate(pieces(edges[:-1], edges[1:], SIZES[:levels])):
        size = SIZES[piece.level - 1] if piece.level else 1
        assert np.all(np.diff(piece.start) > 0)
        assert not piece.once or (i == 0 and len(set(piece.column.tolist())) == len(piece.column))
        for start, stop, column in zip(piece.start, piece.stop, piece.column, strict=True):
            assert start < stop
            found[int(column)] += range(start * size, stop * size)
        blocks = np.concatenate(
            [np.arange(a, b) for a, b in zip(piece.start, piece.stop, strict=True)]
        )
        take, begin = gather(piece)
        assert np.arange(blocks[-1] + 1)[take].tolist() == blocks.tolist()
        assert begin.tolist() == [0, *np.cumsum(piece.stop - piece.start)[:-1]]
    assert [sorted(found[i]) for i in found] == [
        list(range(a, b)) for a, b in pairwise(edges.tolist())
    ]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 9, 33, 200])
@pytest.mark.parametrize("least", [1, 2, 4, 7])
def test_extremes_of_runs_are_those_of_reduceat(least, most):
    rng = np.random.default_rng(least * 1000 + most)
    for _ in range(20):
        length = rng.integers(min(least, most), most + 1, rng.integers(1, 40))
        begin = np.concatenate(([0], np.cumsum(length)[:-1]))
        values = rng.standard_normal(length.sum()).astype(np.float32)
        values[rng.random(len(values)) < 0.3] = np.nan
        runs = Extremes(begin, len(values))
        for ufunc in (np.fmin, np.fmax):
            wanted = ufunc.reduceat(values, begin)
            np.testing.assert_array_equal(runs.of(ufunc, values), wanted)


@settings(deadline=None)
@given(
    st.integers(1, 3000), st.sampled_from([1, 3, 1000, 10**9, 10**15]), st.integers(0, 3),
    st.integers(0, 2**32),
)  # fmt: skip
def test_rows_of_edges_are_those_of_a_binary_search(n, step, kind, seed):
    rng = np.random.default_rng(seed)
    time = np.arange(n, dtype=np.int64) * step + int(rng.integers(-(2**60), 2**60))
    if kind == 1:  # jitter
        time = np.unique(time + rng.integers(0, step + 1, n))
    elif kind == 2:  # a hole
        time[n // 2 :] += 2**59
    elif kind == 3:  # two cadences
        time[n // 2 :] += np.arange(n - n // 2) * 2 * step
    edges = np.unique(rng.integers(time[0] - step, time[-1] + step + 1, 200))
    edges = np.unique(np.concatenate((edges, rng.choice(time, 50), rng.choice(time, 50) + 1)))
    coarse = MinMaxPyramid(time, np.zeros(len(time))).coarse
    assert _search(time, coarse, edges, 256).tolist() == np.searchsorted(time, edges).tolist()


@pytest.mark.parametrize("most", [1, 2, 9, 64, 65, 300])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", ">f4"])
def test_sums_of_runs_are_those_of_reduceat(most, dtype):
    rng = np.random.default_rng(most)
    for order in "CF":
        length = rng.integers(1, most + 1, 40)
        begin = np.concatenate(([0], np.cumsum(length)[:-1]))
        values = np.array(rng.uniform(-100, 100, (length.sum(), 5)), dtype, order=order)
        every = rng.random(40) < 0.7  # with holes between the runs
        found = sums(values, begin[every], (begin + length)[every])
        wanted = np.add.reduceat(values, begin, axis=0, dtype=np.float64)[every]
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-9)
    assert sums(values, begin[:0], begin[:0]).shape == (0, 5)


@pytest.mark.parametrize("missing", [False, True])
def test_a_spectrogram_takes_less_than_three_percent_more(missing):
    values = np.ones((200_000, 32), np.float32)
    values[5, 5] = np.nan if missing else 1
    pyramid = ImagePyramid(np.arange(200_000) * 10**9, values, np.arange(32.0))
    pyramid.query(0, 2 * 10**14, 500)
    assert 0 < pyramid.nbytes < 0.035 * values.nbytes
