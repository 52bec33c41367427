"""HAPI's forms of time, read a column at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.codecs._hapi_time import NAT, times_to_ns
from speasy_core.timerange import to_ns

FORMS = [
    "2020-02-29T12:34:56.123456789Z", "2020-02-29T12:34:56.123Z",
    "2020-02-29T12:34:56Z", "2020-02-29T12:34Z", "2020-02-29T12Z", "2020-02-29Z", "2020-02Z",
    "2020Z", "2020-060T12:34:56.5Z", "2020-366Z", "2020-060T12Z", "2020-02-29T12:34:56.123456",
    "2020-060T12:34", "2020-366", "2020-02", "2020", "2020-02-28T24:00:00Z", "1700-001Z",
    "2016-12-31T23:59:60Z", "2020-02-29T12:34:56+01:00", "1969-12-31T23:59:59.999999999Z",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_every_form_reads_as_the_general_reader_does(text):
    cells = np.array([text] * 3, "S")
    assert times_to_ns(cells).tolist() == [to_ns(text)] * 3


def test_a_point_without_digits_is_allowed():
    assert times_to_ns(np.array([b"2020-02-29T12:34:56.Z"])) == to_ns("2020-02-29T12:34:56")


def test_forms_may_be_mixed_and_padded():
    texts = [b"2020-01-02T00:00Z", b"2020-002T00:00:00", b"2020-01-02   ", b"2020-002T00\0\0\0"]
    assert times_to_ns(np.array(texts)).tolist() == [to_ns("2020-01-02")] * 4


def test_date_and_day_of_year_of_the_same_length():
    texts = np.array([b"2020-01-02T03:04:05Z", b"2020-002T03:04:05.0Z"[:20]])
    assert times_to_ns(texts).tolist() == [to_ns(t.decode()) for t in texts.tolist()]


@pytest.mark.parametrize(
    "text",
    ["", "x", "2021-02-29Z", "2021-366Z", "2020-13-01Z", "2020-00-01Z", "2020-01-00Z", "2020-000Z",
     "0001-01-01T00:00:00Z", "0000-00-00:T00:00:00Z", "2020-01-01T25:00Z", "2020-01-01T24:01Z",
     "2020-01-01T00:60Z", "9999-12-31T00:00:00Z", "\xff020-01-01Z", "2020-01-01T00:00:00,2"],
)  # fmt: skip
def test_what_is_no_time_is_not_made_one(text):
    if "," in text:  # ISO 8601 has this comma; HAPI does not, but it can only mean one thing
        assert times_to_ns(np.array([text.encode()])).tolist() == [to_ns(text)]
    else:
        cells = np.array([text.encode("latin-1"), b"2020-01-01T00:00:00Z"])
        assert times_to_ns(cells).tolist() == [NAT, to_ns("2020-01-01")]


def test_shape_is_kept():
    cells = np.array([[b"2020Z", b"2021Z"], [b"2022Z", b"?"]])
    assert times_to_ns(cells).shape == (2, 2)
    assert times_to_ns(np.empty((0, 3), "S20")).shape == (0, 3)


@given(st.lists(st.integers(to_ns("1680-01-01"), to_ns("2260-01-01")), min_size=1, max_size=20))
def test_nanoseconds_survive(values):
    ns = np.array(values, np.int64)
    text = np.char.add(np.datetime_as_string(ns.view("M8[ns]"), unit="ns"), "Z").astype("S30")
    assert times_to_ns(text).tolist() == values
