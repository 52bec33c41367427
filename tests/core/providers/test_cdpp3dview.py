"""CDPP 3DView: frames, sampling, and what is made of its answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    HttpStatusError,
    UnexpectedContent,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.providers.cdpp3dview import Cdpp3dViewProvider
from speasy_core.session import Session
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

HOUR = TimeRange("2019-01-02T10:00", "2019-01-02T11:00")
FRAMES = {"frames": [
    {"name": "J2000", "center": "Earth", "desc": "equator"},
    {"name": "GSE", "center": "Earth", "desc": "x to the Sun"},
    {"name": "MSO", "center": "Mars", "desc": "x to the Sun"},
]}  # fmt: skip
BODIES = {"bodies": [
    {"name": "MMS1", "type": "SPACECRAFT", "coverage": ["2015-03-13T00:00:00", "2030-01-01"]},
    {"name": "67P", "type": "COMET", "coverage": ["2030-01-01", "2000-01-01"]},
    {"name": "CERES", "type": "ASTEROID"},
    {"name": "CERES", "type": "ASTEROID"},
]}  # fmt: skip


def cdf(minutes: int = 120, columns: int = 3) -> bytes:
    time = np.datetime64("2019-01-02T09:30", "ns") + np.arange(0, minutes, 10) * np.timedelta64(
        60, "s"
    )
    values = np.arange(len(time) * columns, dtype=float).reshape(-1, columns)
    return encode([SpeasyVariable(time, values, name="pos", unit="km")])


@pytest.fixture
def provider(http):
    http.set("/get_frames", json.dumps(FRAMES))
    http.set("/get_bodies", json.dumps(BODIES))
    http.set("/get_trajectory", cdf(), content_type="application/x-cdf")
    return Cdpp3dViewProvider(Settings(cdpp3dview_url="http://h"), http)


def fetch(provider, span=HOUR, body="MMS1", since=None, **options):
    return provider.fetch(
        ProductRef("cdpp3dview", body), span, deadline=Deadline(5), since=since, options=options
    )


def test_positions(provider, http):
    variable = fetch(provider).variable
    assert http.asked == [("GET", "http://h/webresources/get_trajectory?body=MMS1&frame=J2000"
                           "&start=2019-01-02T10:00:00&stop=2019-01-02T11:00:00&sampling=600"
                           "&format=cdf", {})]  # fmt: skip
    assert variable.shape == (6, 3)
    assert variable.values[0].tolist() == [9, 10, 11]
    assert variable.columns == ["x", "y", "z"]
    assert (variable.unit, variable.name, variable.kind) == ("km", "MMS1", "vector")
    assert variable.meta["COORDINATE_SYSTEM"] == "J2000"


def test_parts_share_one_grid(provider, http):
    fetch(provider, TimeRange("2019-01-02T10:07:03.5", "2019-01-02T10:31:00.5"))
    assert "start=2019-01-02T10:00:00&stop=2019-01-02T10:31:01&" in http.asked[-1][1]
    fetch(provider, TimeRange("2019-01-02T10:07:03.5", "2019-01-02T10:31:00"), sampling="60")
    assert "start=2019-01-02T10:07:00&" in http.asked[-1][1]
    assert "&sampling=60&" in http.asked[-1][1]


@pytest.mark.parametrize("name", ["coordinate_frame", "coordinate_system"])
def test_frame_in_any_case(provider, http, name):
    variable = fetch(provider, **{name: "gse"}).variable
    assert "&frame=GSE&" in http.asked[-1][1]
    assert variable.meta["COORDINATE_SYSTEM"] == "GSE"
    asked = len(http.asked)
    fetch(provider, **{name: "MSO"})
    assert len(http.asked) == asked + 1, "the list of frames is asked for once"


def test_two_names_of_one_option(provider, http):
    fetch(provider, coordinate_frame="GSE", coordinate_system="gse")
    with pytest.raises(UnknownOption, match="two different frames"):
        fetch(provider, coordinate_frame="GSE", coordinate_system="MSO")


def test_unknown_frame_names_all(provider):
    with pytest.raises(UnknownOption, match="no frame 'gsq'") as caught:
        fetch(provider, coordinate_frame="gsq")
    assert "J2000, GSE, MSO" in caught.value.hint


@pytest.mark.parametrize("bad", [0, -600, 0.5, "fast", float("inf"), float("nan"), True, [1]])
def test_sampling_that_is_none(provider, http, bad):
    with pytest.raises(UnknownOption, match="whole number of seconds"):
        fetch(provider, sampling=bad)
    assert not http.asked


def test_no_data_or_no_such_body(provider, http):
    http.set("/get_trajectory", b"nothing", status=404)
    assert len(fetch(provider).variable) == 0
    with pytest.raises(UnknownProduct, match="no body 'mms1'") as caught:
        fetch(provider, body="mms1")
    assert caught.value.hint == "did you mean cdpp3dview/MMS1?"
    http.set("/get_trajectory", b"boom", status=500)
    with pytest.raises(UnknownProduct):
        fetch(provider, body="NOPE")
    with pytest.raises(HttpStatusError):
        fetch(provider)


def test_without_a_list_no_data_is_no_data(provider, http):
    http.set("/get_trajectory", b"nothing", status=404)
    http.set("/get_bodies", b"down", status=503)
    assert len(fetch(provider, body="NOPE").variable) == 0


def test_not_changed(provider, http):
    date = "Tue, 02 Jan 2024 00:00:00 GMT"
    http.set("/get_trajectory", cdf(), last_modified=date)
    assert fetch(provider).version == date
    http.set("/get_trajectory", b"", status=304)
    answer = fetch(provider, since=date)
    assert http.asked[-1][2]["If-Modified-Since"] == date
    assert (answer.variable, answer.version) == (None, date)
    with pytest.raises(HttpStatusError):
        fetch(provider)


def test_odd_answers(provider, http):
    http.set("/get_trajectory", cdf(columns=2))
    with pytest.raises(UnexpectedContent, match=r"shape \(12, 2\)"):
        fetch(provider)
    http.set("/get_trajectory", "<html><title>Down</title></html>")
    with pytest.raises(UnexpectedContent, match="Down"):
        fetch(provider)
    http.set("/get_trajectory", cdf()[:-200])
    with pytest.raises(CorruptFile, match=r"MMS1\.cdf"):
        fetch(provider)
    for odd in ("[]", '{"frames": 3}', '{"frames": [{}]}'):
        http.set("/get_frames", odd)
        with pytest.raises(UnexpectedContent):
            provider.get_frames()


def test_inventory(provider, http):
    update = provider.inventory(deadline=Deadline(5))
    assert [record.path for record in update.records] == [
        ("Trajectories", "SPACECRAFT", "MMS1"), ("Trajectories", "COMET", "67P"),
        ("Trajectories", "ASTEROID", "CERES"),
    ]  # fmt: skip
    assert update.records[0].coverage == TimeRange("2015-03-13", "2030-01-01")
    assert update.records[1].coverage is None
    assert len(update.warnings) == 2
    assert provider.inventory(deadline=Deadline(5), since=update.version) is None
    http.set("/get_bodies", '{"bodies": []}')
    with pytest.raises(UnexpectedContent, match="no bodies"):
        provider.inventory(deadline=Deadline(5))


def test_frames(provider):
    assert provider.get_frames()[2] == {"name": "MSO", "center": "Mars", "desc": "x to the Sun"}


def test_through_the_session(tmp_path):
    with LocalArchive() as archive, Session(archive.settings(tmp_path)) as session:
        span = ("2019-01-02T10:00", "2019-01-02T11:00")
        ours = session.get_data("3dview/MMS1", *span, coordinate_frame="gse", sampling=60)
        theirs = session.get_data("ssc/mms1", *span)
        assert np.array_equal(ours.time_ns, theirs.time_ns)
        assert np.allclose(ours.values, theirs.values, atol=1e-3), "both servers agree"
        assert ours.meta["dataset"]["Synthetic"]
        plain = session.get_data("cdpp3dview/MMS1", *span)
        assert len(plain) == 6
        mars = session.get_data("cdpp3dview/EARTH", *span, coordinate_frame="MSO")
        assert 0.3 < np.linalg.norm(mars.values[0]) / 149_597_870.7 < 2.7
        with pytest.raises(UnknownProduct):
            session.get_data("cdpp3dview/NOPE", *span)
