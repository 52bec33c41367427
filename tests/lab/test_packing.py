"""Numbers that are sent come back as an eye would see them, at every zoom."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sciqlop_lab import marks
from sciqlop_lab.packing import pack_components, pack_picture, unpacked
from speasy_core.lod import tile_level, tile_range, tiles_of
from speasy_core.variable import Axis, SpeasyVariable

N = 100_000
I = np.arange(N)  # noqa: E741 - the rows' numbers
SINE = np.sin(I / 7000)
TIME = 1_600_000_000 * 10**9 + I * 10**9


def back(values, pack=pack_components, name="y"):
    sent, form = pack(values)
    assert sent.flags.c_contiguous
    assert sent.shape == values.shape
    form = json.loads(json.dumps(form, allow_nan=False))
    item = {} if form is None else {f"{name}_form": form}
    return sent, unpacked(item, name, sent.tobytes()).reshape(values.shape)


SERIES = {
    "offset": 1e9 + 1e-3 * SINE,
    "position": 1.5e8 + SINE,
    "epoch": 1.7e9 + I * 1e-4,
    "nanoseconds": 1_700_000_000_000_000_000 + I * 10**6,
    "counter": 2**40 + I,
    "int32": (2**30 + I % 1000).astype("i4"),
    "unsigned": np.uint64(2**52) + I.astype("u8"),
    "huge": 1e300 * SINE,
    "large": 1e39 + 1e36 * SINE,
    "tiny": 1e-300 * SINE,
    "negative": -1e9 - 1e-3 * SINE,
    "jump": np.where(I % 50_000 < 25_000, 0.0, 1e9 + 1e-3 * np.sin(I / 700)),
    "spike": np.where(I == 70_000, -1e31, 1e9 + 1e-3 * SINE),
    "plain": SINE,
}


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("span", [100_000, 9_000, 1_100, 60])
def test_lines_keep_their_shape_at_every_zoom(name, span):
    """What is drawn of a tile is off by less than a pixel of what the tile spans."""
    values = SERIES[name]
    v = SpeasyVariable(TIME, values, name="x")
    picture = marks.choose(v).prepare(v)
    start, stop = int(TIME[40_000 - span // 5]), int(TIME[min(N - 1, 40_000 + span)])
    level = tile_level(stop - start, 1000)
    for index in tiles_of(start, stop, level):
        fields, sent = picture.tile(level, index) or ({}, {})
        if not fields:
            continue
        found = unpacked(fields, "y", sent["y"].tobytes())
        covered = tile_range(level, index)
        first, last = np.searchsorted(TIME, (covered.start_ns, covered.stop_ns))
        inside = np.zeros(N, bool)
        inside[first:last] = True
        part = values[inside].astype("f8")
        if not len(part):
            continue
        middle = np.median(part)
        wide = 1e-3 * np.subtract(*np.quantile(part, [0.75, 0.25]))
        # no extreme is lost or invented, counted from the middle of what is there
        near = slice(1, -1) if fields["mode"] == "raw" else slice(None)
        drawn = found[near][np.isfinite(found[near])]
        for far in (np.min, np.max):
            exact = far(values[max(0, np.flatnonzero(inside)[0] - 1) :][: len(part) + 2])
            ends = (far(part) - middle, float(exact) - middle)
            slack = wide + 1e-6 * abs(ends[0])
            assert min(ends) - slack <= far(drawn) - middle <= max(ends) + slack
        if name not in ("jump", "spike", "plain"):
            assert sent["y"].nbytes == sent["y"].size * (4 if sent["y"].size > 1024 else 8) or (
                sent["y"].dtype == np.float32
            )


@given(
    values=arrays(
        np.float64, st.tuples(st.integers(1, 3), st.sampled_from([5, 1500])),
        elements=st.floats(allow_subnormal=True), fill=st.floats(allow_subnormal=True),
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_floats_come_back_to_seven_digits(values):
    sent, found = back(values)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(values))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    finite = np.isfinite(values)
    top = np.abs(values[finite]).max(initial=0)
    np.testing.assert_allclose(found[finite], values[finite], rtol=2e-7, atol=top * 2.0**-270)
    if values.size < 1000 and sent.dtype != np.float32:
        np.testing.assert_array_equal(found, values)


def test_a_step_beside_a_large_offset_is_seen_and_costs_double_floats():
    values = np.concatenate([np.zeros(2000), 1e9 + 1e-3 * np.sin(np.arange(2000) / 100)])[None]
    sent, found = back(values)
    np.testing.assert_array_equal(found, values)
    assert sent.dtype == np.float64


@pytest.mark.parametrize("offset", [0.0, 3.0, -8.0])
def test_ordinary_doubles_are_sent_as_single_floats(offset):
    values = np.random.default_rng(1).normal(offset, 1, (3, 4, 1024))
    sent, found = back(values)
    assert sent.dtype == np.float32
    np.testing.assert_allclose(found, values, rtol=1e-7)


PICTURES = {
    "offset": (1e9 + 1e-3 * SINE, np.float16),
    "narrow": (1000 + SINE, np.float16),
    "float32 narrow": ((1000 + SINE).astype("f4"), np.float16),
    "outlier": (np.where(I == 5, 0, 1000 + SINE), np.float32),
    "far outlier": (np.where(I == 5, 0, 1e9 + 1e-3 * SINE), np.float64),
    "huge": (1e300 * (2 + SINE), np.float16),
    "tiny": (1e-300 * (2 + SINE), np.float16),
    "decades": (10.0 ** (30 * SINE), np.float32),
    "all decades": (10.0 ** (40 * SINE), np.float64),
    "noise": (np.random.default_rng(1).lognormal(0, 2, N), np.float16),
    "counts": (np.random.default_rng(1).poisson(0.05, N), np.float16),
    "counter": (2**40 + I, np.float16),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_off_by_less_than_a_colour(name):
    values, dtype = PICTURES[name]
    values = values.reshape(-1, 10)
    values = values if values.dtype == np.float32 else values.astype("f8")
    sent, found = back(values, pack_picture, "z")
    assert sent.dtype == dtype
    low, high = np.quantile(values.astype("f8"), [0.02, 0.98])
    seen = (values >= low) & (values <= high)
    shades = (found - low) / ((high - low) or 1), (values - low) / ((high - low) or 1)
    np.testing.assert_allclose(shades[0][seen], shades[1][seen], atol=1.2 / 256)
    if low > 0:  # on a logarithmic scale, too
        np.testing.assert_allclose(
            np.log(found[seen]), np.log(values[seen]),
            atol=1.2 / 256 * np.log(high / low) + 1e-15, rtol=0,
        )  # fmt: skip


def test_channels_have_all_digits():
    energy = 1e9 + np.arange(8.0) / 10
    v = SpeasyVariable(
        TIME[:50], np.ones((50, 8)), axes=[Axis(energy)], meta={"DISPLAY_TYPE": "spectrogram"}
    )
    fields, sent = marks.choose(v).prepare(v).tile(30, int(TIME[0]) >> 40)
    np.testing.assert_array_equal(unpacked(fields, "y", sent["y"]), energy)


def test_an_orbit_far_away_has_the_digits_of_its_shape():
    turn = np.linspace(0, 6, 5000)
    values = np.stack([1.5e8 + np.cos(turn), -3e8 + np.sin(turn)], axis=1)
    v = SpeasyVariable(TIME[:5000], values, columns=["x", "y"], unit="km")
    span = tile_range(46, int(TIME[0]) >> 56)
    fields, sent = marks.choose(v, "curve").prepare(v).draw(span, 800)
    found = unpacked(fields, "y", sent["y"]).reshape(2, -1)
    np.testing.assert_allclose(np.hypot(found[0] - 1.5e8, found[1] + 3e8), 1, rtol=1e-6)
