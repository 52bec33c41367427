"""Every mark that is found keeps the contract."""

from __future__ import annotations

import numpy as np
import pytest

from sciqlop_lab import marks
from sciqlop_lab.marks import relative_seconds
from sciqlop_lab.marks.image import ImageMark
from sciqlop_lab.packing import unpacked
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, SpeasyVariable

TIME = 1_600_000_000 * 10**9 + np.arange(5000) * 10**9
SPAN = TimeRange.from_ns(int(TIME[0]), int(TIME[-1]) + 1)


def variables():
    rng = np.random.default_rng(0)
    values = rng.lognormal(size=(5000, 6)).astype("f4")
    energy = np.geomspace(1, 1e4, 6)
    spectrum = {"DISPLAY_TYPE": "spectrogram", "SCALETYP": "log"}
    yield SpeasyVariable(TIME, values[:, 0], name="one", meta={"SCALETYP": "log"})
    yield SpeasyVariable(TIME, values[:, :3], columns=["x", "y", "z"], unit="nT", name="b")
    yield SpeasyVariable(TIME, values.astype(">f8"), name="six")
    yield SpeasyVariable(TIME, values[:, :2], name="pair")
    yield SpeasyVariable(TIME, np.ones((5000, 3, 3)), name="tensor")
    yield SpeasyVariable(TIME, np.arange(5000, dtype="u1"), name="flag")
    yield SpeasyVariable(TIME, values, axes=[Axis(energy, name="e")], meta=spectrum)
    yield SpeasyVariable(TIME, values, axes=[Axis(energy[::-1], name="e")], meta=spectrum)
    table = np.where(np.arange(5000)[:, None] % 2, energy, energy * 1.2)
    yield SpeasyVariable(TIME, values, axes=[Axis(table, name="e")], meta=spectrum)


BYTES = {"f2": 2, "f4": 4, "f8": 8}


def _bytes(fields, name):
    return BYTES[fields.get(f"{name}_form", {"type": "f4"})["type"]]


SIZES = {
    "line": lambda f: {
        "t": 8 * f["n"],
        "y": _bytes(f, "y") * f["n"] * len(f["columns"]) * _per_entry(f),
    },
    "image": lambda f: {
        "x0": 8 * f["n"],
        "x1": 8 * f["n"],
        "y": _bytes(f, "y") * f["m"] * (f["n"] if f["y_varying"] else 1),
        "z": _bytes(f, "z") * f["n"] * f["m"],
    },
}


def _per_entry(fields):
    return 4 if fields["mode"] == "m4" else 1


@pytest.mark.parametrize("width", [50, 4000])
@pytest.mark.parametrize("variable", list(variables()), ids=lambda v: v.name or str(v.shape))
def test_items_and_buffers_agree(variable, width):
    mark = marks.choose(variable)
    fields, arrays = mark.prepare(variable).draw(SPAN, width)
    assert fields["kind"] == mark.kind
    assert {name: array.nbytes for name, array in arrays.items()} == SIZES[mark.kind](fields)
    assert all(array.flags.c_contiguous for array in arrays.values())
    assert isinstance(fields["t0"], str)
    assert isinstance(fields["log"], bool)


def test_every_mark_is_found_once_and_has_a_kind():
    kinds = [mark.kind for mark in marks.all_marks()]
    assert sorted(kinds) == sorted(set(kinds))
    assert {"line", "image"} <= set(kinds)


@pytest.mark.parametrize("mark", marks.all_marks(), ids=lambda m: m.kind)
def test_nothing_in_view_is_none(mark):
    fitting = next(v for v in variables() if mark.fits(v))
    far = SPAN.shifted(10**18)
    assert mark.prepare(fitting).draw(far, 100) is None


def test_fill_values_are_not_drawn():
    values = np.array([1.0, -1e31, 3.0])
    v = SpeasyVariable(TIME[:3], values, meta={"FILLVAL": -1e31})
    _, arrays = marks.choose(v).prepare(v).draw(SPAN, 100)
    np.testing.assert_array_equal(arrays["y"][0], [1, np.nan, 3])


def spectra(values):
    energy = Axis(np.geomspace(1, 1e4, values.shape[1]), name="e")
    found = SpeasyVariable(
        TIME[: len(values)], values, axes=[energy], meta={"DISPLAY_TYPE": "spectrogram"}
    )
    fields, arrays = marks.choose(found).prepare(found).draw(SPAN, 5000)
    return fields, arrays["z"]


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_a_large_spectrogram_is_sent_in_half_floats_that_are_off_by_little(size):
    values = np.random.default_rng(1).lognormal(0, 2, (3000, 8)).astype("f4") * np.float32(size)
    values[5] = 0
    values[6] *= -1
    values[7, 3] = np.nan
    fields, sent = spectra(values)
    assert sent.dtype == np.float16
    found = unpacked(fields, "z", sent).reshape(values.shape)
    np.testing.assert_allclose(found, values, rtol=2**-11, atol=0)


def test_few_values_and_those_of_many_sizes_are_sent_exactly():
    few = np.random.default_rng(1).lognormal(size=(100, 8)).astype("f4")
    wide = np.geomspace(1e-12, 1e12, 24_000).astype("f4").reshape(3000, 8)
    nothing = np.full((3000, 8), np.nan, "f4")
    for values in (few, wide, nothing):
        fields, sent = spectra(values)
        assert "z_form" not in fields
        np.testing.assert_array_equal(sent, values)


def test_labels_come_from_the_metadata():
    v = SpeasyVariable(TIME, TIME * 1.0, name="long_name_of_variable", meta={"LABLAXIS": "|B| "})
    fields, _ = marks.choose(v).prepare(v).draw(SPAN, 100)
    assert fields["label"] == "|B|"
    assert fields["columns"] == ["long_name_of_variable"]


def test_what_cannot_be_drawn_is_said():
    wide = SpeasyVariable(TIME[:2], np.ones((2, 200)))
    with pytest.raises(ValueError, match=r"2 x 200, float64\) cannot be drawn"):
        marks.choose(wide)
    with pytest.raises(ValueError, match="as 'pie'"):
        marks.choose(SpeasyVariable(TIME[:2], np.ones(2)), "pie")


def test_seconds_are_exact_near_their_origin():
    origin = 1_700_000_000_123_456_789
    ns = origin + np.array([0, 1, 10**9 + 1, 86_400 * 10**9 + 7], dtype=np.int64)
    back = np.rint(relative_seconds(ns, origin) * 1e9).astype(np.int64) + origin
    assert back.tolist() == ns.tolist()


@pytest.mark.parametrize(("shift", "log"), [(0.0, False), (3.0, True)])
def test_colours_are_linear_where_many_values_are_negative(shift, log):
    time = np.datetime64("2021-05-01", "ns") + np.arange(500) * np.timedelta64(1, "s")
    values = np.random.default_rng(1).normal(shift, 1, (500, 8))
    variable = SpeasyVariable(
        time, values, axes=(Axis(np.arange(8.0)),), meta={"DISPLAY_TYPE": "spectrogram"}
    )
    fields, _ = ImageMark().prepare(variable).draw(TimeRange("2021-05-01", "2021-05-02"), 100)
    assert fields["log"] is log
