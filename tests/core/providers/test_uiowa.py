"""Iowa's ephemeris tool: the form that is sent, and both layouts of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest

from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    ServerError,
    SpeasyError,
    SpeasyWarning,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, Response
from speasy_core.product import ProductRef
from speasy_core.providers._uiowa_answers import read_table
from speasy_core.providers._uiowa_inventory import all_trajectories, find
from speasy_core.providers.uiowaephtool import UiowaProvider
from speasy_core.session import Session
from speasy_core.timerange import TimeRange

HOUR = TimeRange("2004-07-01T02:00", "2004-07-01T03:00")
HEAD = "      SCET (UT)              X (Rs)        Y (Rs)        Z (Rs)        R (Rs)\n"


class Posts:
    """A client that answers every form with one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.forms: list[tuple[str, dict[str, str]]] = []

    def post(self, url: str, *, data: Mapping[str, Any], deadline: Deadline) -> Response:
        deadline.check()
        self.forms.append((url, dict(parse_qsl(urlencode(data), keep_blank_values=True))))
        return Response(200, Headers({"Content-Type": "text/plain"}), self.text.encode())


@pytest.fixture
def recorded(shared_data):
    return [(shared_data / "misc" / f"uiowa_eph_tool_sample{n}.csv").read_text() for n in ("", "2")]


def fetch(text, product="Saturn geocentric_Cassini_Ecliptic", span=HOUR):
    http = Posts(text)
    provider = UiowaProvider(Settings(uiowa_url="http://h"), http)
    answer = provider.fetch(ProductRef("uiowaephtool", product), span, deadline=Deadline(5))
    return answer.variable, http.forms


def test_positions(recorded):
    variable, forms = fetch(recorded[0])
    assert forms == [
        ("http://h/das/casephem", {
            "StTime": "2004//183 00:00:00", "SpTime": "2004//184 00:00:00", "TimeInterval": "60",
            "origin": "sat2", "observer": "cass", "coordinates": "ecli",
            "OriginName": "Saturn geocentric", "OriginRadius": "60268.0",
        }),
    ]  # fmt: skip
    assert variable.shape == (12, 3)
    assert variable.columns == ["X", "Y", "Z"]
    assert variable.unit == "Rs"
    assert variable.kind == "vector"
    assert variable.values[0].tolist() == [0.936, 1.121, 0.572]
    assert str(variable.time[1]) == "2004-07-01T02:05:00.000000000"
    assert variable.meta["ORIGIN_RADIUS"] == "60268.0 km"
    assert variable.meta["OBSERVER"] == "Cassini"
    assert variable.meta["dataset"]["TITLE"] == "Ecliptic Coordinate System"
    assert "Synthetic" not in variable.meta["dataset"]


def test_geographic(recorded):
    span = TimeRange("2000-01-01T02:00", "2000-01-01T03:00")
    variable, forms = fetch(recorded[1], "io_galileo_geographic", span)
    assert forms[0][1]["origin"] == "  io"
    assert forms[0][1]["coordinates"] == "geog"
    assert variable.shape == (60, 5)
    assert variable.columns == ["W Lon", "Lat", "LT", "npoint alt", "R"]
    assert variable.meta["COLUMN_UNITS"] == ["deg", "deg", "hrs", "km", "Ri"]
    assert variable.unit == ""
    assert variable.kind == "multicomponent"
    assert variable.values[0].tolist() == [87.762, 0.469, 23.334, 2669733.022, 1464.346]
    assert variable.meta["ORIGIN_RADIUS"] == "1824.4 km"


def test_request_stays_inside_what_is_known(recorded):
    _, forms = fetch(recorded[0], "Saturn geocentric_Cassini_KSM", TimeRange("2017", "2018"))
    assert forms[0][1]["StTime"] == "2017//001 00:00:00"
    assert forms[0][1]["SpTime"] == "2017//258 10:32:49"
    assert forms[0][1]["coordinates"] == "khsm"
    variable, forms = fetch(recorded[0], "Jupiter_Galileo_Ecliptic", TimeRange("2010", "2011"))
    assert len(variable) == 0
    assert not forms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Error: no such kernel\n", "Error: no such kernel"),
        ("<html><title>Sorry</title></html>", "Sorry"),
        ("", "empty"),
        (HEAD + "2004 183 02 00 00.000 1 2 3\n", "3 values under 4 headings"),
        (HEAD + "2004 183 02 00 00.000 1 2 3 4\n2004 183 02 01 00.0", "damaged"),
        (HEAD + "2004 183 02 00 00.000 1 2 x 4\n", "damaged"),
        (HEAD + "2004 999 02 00 00.000 1 2 3 4\n", "a date that is none"),
        ("      SCET (UT)   nothing\n", "not those of positions"),
    ],
)
def test_odd_answers(text, words):
    if words == "not those of positions":
        text += "2004 183 02 00 00.000\n"
    with pytest.raises(SpeasyError, match=words) as caught:
        fetch(text)
    assert isinstance(caught.value, UnexpectedContent)


def test_numbers_too_wide_for_their_columns():
    rows = "2004 183 02 00 00.000 -33755929.040-101525610.147 ********** 5\n"
    table = read_table(HEAD + rows, source="x")
    assert np.array_equal(
        table.values, [[-33755929.040, -101525610.147, np.nan, 5]], equal_nan=True
    )


def test_table_without_rows():
    assert len(fetch(HEAD + "-----\n")[0]) == 0


def test_unknown_trajectory():
    with pytest.raises(UnknownProduct, match="no trajectory 'Mars_Cassini_Ecliptic'"):
        fetch(HEAD, "Mars_Cassini_Ecliptic")


def test_inventory():
    provider = UiowaProvider(Settings(), Posts(""))
    update = provider.inventory(deadline=Deadline(5))
    assert len(update.records) == 460
    assert len({record.path[1] for record in update.records}) == 24
    assert provider.inventory(deadline=Deadline(5), since=update.version) is None
    galileo = next(r for r in update.records if r.ref.path == "Io_Galileo_Co-rotational")
    assert galileo.path == ("Trajectories", "Io", "Co-rotational", "Galileo")
    assert galileo.coverage == TimeRange("1989-10-19T01:28:38", "2003-09-30T11:58:55")
    assert galileo.meta["ORIGIN_RADIUS"] == "1824.4 km"
    assert find("nothing") is None


def test_seconds_have_no_noise():
    rows = "".join(f"2004 366 23 59 {s:06.3f} 1 2 3 4\n" for s in np.arange(0, 60, 0.1))
    table = read_table(HEAD + rows, source="x")
    assert np.all(np.diff(table.time) == np.timedelta64(100_000_000, "ns"))
    assert str(table.time[-1]) == "2004-12-31T23:59:59.900000000"


@pytest.mark.parametrize("trajectory", all_trajectories()[::23], ids=lambda t: t.id)
def test_archive_plays_the_server(trajectory, archive):
    provider = Session(archive.settings()).providers["uiowaephtool"]
    middle = (trajectory.coverage.start_ns + trajectory.coverage.stop_ns) // 2
    span = TimeRange.from_ns(middle // 60_000_000_000 * 60_000_000_000, middle + 3600 * 10**9)
    variable = provider.fetch(trajectory.info.ref, span, deadline=Deadline(20)).variable
    assert len(variable) in (60, 61)
    assert variable.kind == trajectory.info.kind
    assert np.isfinite(variable.values).all()
    assert "Synthetic" in variable.meta["dataset"]


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


def test_through_the_session(archive, tmp_path):
    with Session(archive.settings(tmp_path)) as session:
        io = session.get_data("uiowa/Jupiter_Io_Equatorial", "2001-01-01", "2001-01-03")
        # Io circles in the plane of Jupiter's equator, at 5.9 radii, in 1.77 days
        assert np.allclose(np.linalg.norm(io.values, axis=1), 421_800 / 71_492, atol=2e-3)
        assert np.abs(io["Z"].values).max() < 2e-3
        angle = np.unwrap(np.arctan2(io["Y"].values, io["X"].values))
        assert (angle[-1] - angle[0]) / (2 * np.pi) == pytest.approx(2 / 1.769138, abs=2e-3)
        back = session.get_data("uiowa/Io_Jupiter_Co-rotational", "2001-01-01", "2001-01-01T01")
        # the planet is always on the y axis
        assert np.allclose(back.values, [0, 421_800 / 1824.4, 0], atol=2e-3)
        noon = session.get_data("uiowa/Jupiter_Io_Geographic", "2001-01-01", "2001-01-02")
        assert noon["LT"].values.min() >= 0
        assert noon["LT"].values.max() <= 24


GALILEO = "uiowa/Jupiter_Galileo_Ecliptic"  # until 2003-09-30T11:58:55
EDGE = ("2003-09-30T11:30", "2003-09-30T12:30")
ALL_FAULTS = {
    "503": {"status": 503, "retry_after": "0"},
    "404": {"status": 404},
    "cut": {"cut": 900},
    "html": {"html": True},
    "empty": {"empty": True},
    "reset": {"reset": True},
    "delay": {"delay": 30.0},
}


@pytest.mark.parametrize("fault", ALL_FAULTS)
def test_faults_at_the_end_of_the_coverage_are_those_inside(fault, archive, tmp_path):
    settings = archive.settings(tmp_path)
    with Session(settings) as session:
        whole = session.get_data(GALILEO, *EDGE)
        assert len(whole) == 29
    for span in (EDGE, ("2000-01-01", "2000-01-01T01")):
        with (
            Session(settings.with_(cache_dir=tmp_path / f"again{span[0][:4]}")) as session,
            archive.faults.on(match="casephem", **ALL_FAULTS[fault]),
            pytest.raises(ServerError) as caught,
        ):
            session.get_data(GALILEO, *span, timeout=1.5)
        assert caught.value.product == "uiowaephtool/Jupiter_Galileo_Ecliptic"


@pytest.mark.parametrize("fault", ALL_FAULTS)
def test_outside_of_the_coverage_no_fault_is_met(fault, archive, tmp_path):
    with (
        Session(archive.settings(tmp_path)) as session,
        archive.faults.on(match="casephem", **ALL_FAULTS[fault]),
    ):
        session.inventory.refresh(["uiowaephtool"])
        with pytest.warns(SpeasyWarning, match="has data from 1989-10-19.* only"):
            v = session.get_data(GALILEO, "2010-01-01", "2010-01-02", timeout=5.0)
        assert len(v) == 0
        assert v.gaps == ()
