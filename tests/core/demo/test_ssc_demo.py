"""The copy of SSCWeb: sound orbits, right rotations, and the server's own forms of answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from demo_tools import Got, ask

from speasy_core.demo import LocalArchive
from speasy_core.demo._frames import EARTH_RADIUS, FRAMES, convert, spherical
from speasy_core.demo._orbits import ORBITS, Ellipse
from speasy_core.demo.synthetic.coordinates import gse_to_gsm
from speasy_core.errors import HttpStatusError, UnknownProduct
from speasy_core.session import Session
from speasy_core.timerange import to_ns

NS = {"s": "http://sscweb.gsfc.nasa.gov/schema"}
SERVICE = "/ssc/WS/sscr/2"
DAY = to_ns("2019-01-02") + np.arange(0, 1440) * 60 * 10**9
REQUEST = (
    '<DataRequest xmlns="http://sscweb.gsfc.nasa.gov/schema"><Description>x</Description>'
    "<TimeInterval><Start>2019-01-02T00:00:00+00:00</Start><End>2019-01-02T01:00:00+00:00</End>"
    "</TimeInterval><Satellites><Id>mms1</Id><ResolutionFactor>10</ResolutionFactor></Satellites>"
    "<Satellites><Id>moon</Id><ResolutionFactor>1</ResolutionFactor></Satellites><OutputOptions>"
    "<CoordinateOptions><CoordinateSystem>Gse</CoordinateSystem><Component>X</Component>"
    "</CoordinateOptions><CoordinateOptions><CoordinateSystem>Gse</CoordinateSystem>"
    "<Component>Local_Time</Component></CoordinateOptions><CoordinateOptions><CoordinateSystem>Geo"
    "</CoordinateSystem><Component>Lat</Component></CoordinateOptions></OutputOptions>"
    "</DataRequest>"
)


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def locations(archive: LocalArchive, path: str) -> ElementTree.Element:
    return parsed(ask(f"{archive.url}{SERVICE}/locations/{path}"))


def parsed(got: Got) -> ElementTree.Element:
    assert got.status == 200
    assert got.headers["content-type"] == "application/xml"
    result = ElementTree.fromstring(got.body).find("s:Result", NS)
    assert result is not None
    assert result.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "DataResult"
    return result


def numbers(element: ElementTree.Element, path: str) -> list[float]:
    return [float(e.text or "nan") for e in element.iterfind(path, NS)]


# -- physics -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, o in ORBITS.items() if isinstance(o.place, Ellipse)])
def test_ellipses_obey_gravity(name: str) -> None:
    orbit = ORBITS[name]
    step = 10**9
    before, at, after = (orbit.positions(DAY + k * step, "geij2000") for k in (-1, 0, 1))
    velocity, pull = (after - before) / 2, after - 2 * at + before
    radius = np.linalg.norm(at, axis=1)
    energy = (velocity**2).sum(axis=1) / 2 - 398_600.4418 / radius
    assert np.ptp(energy) < 1e-4 * abs(energy.mean())
    momentum = np.cross(at, velocity)
    assert np.abs(momentum - momentum.mean(axis=0)).max() < 1e-4 * np.linalg.norm(momentum[0])
    assert np.allclose(pull, -398_600.4418 * at / radius[:, None] ** 3, atol=2e-5)
    ellipse = orbit.place
    assert isinstance(ellipse, Ellipse)
    assert radius.min() > 0.999 * ellipse.perigee
    assert radius.max() < 1.001 * ellipse.apogee


def test_mms_is_a_tetrahedron_at_the_dayside() -> None:
    t = np.array([to_ns("2019-01-02T16:00")])
    places = [ORBITS[f"mms{n}"].positions(t, "gse")[0] for n in (1, 2, 3, 4)]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(places) for b in places[:i]]
    assert min(gaps) > 3
    assert max(gaps) < 30
    volume = abs(np.linalg.det(np.array(places[1:]) - places[0])) / 6
    assert volume > 1
    x, y, z = places[0] / EARTH_RADIUS
    assert x > 9
    assert np.hypot(y, z) < 3


def test_moon_is_where_the_server_said(shared_data: Path) -> None:
    root = ElementTree.parse(shared_data / "ssc" / "sscweb_trajectory.xml").getroot()
    want = np.array([numbers(root, f".//s:{c}") for c in "XYZ"]).T
    t = to_ns("2006-01-08T01:00") + np.arange(61) * 60 * 10**9
    got = ORBITS["moon"].positions(t, "gse")
    assert np.abs(got - want).max() < 1000
    latitude, longitude, hours = spherical(t, want, "gse")
    assert np.allclose(latitude, numbers(root, ".//s:Latitude"), atol=1e-3)
    assert np.allclose(longitude, numbers(root, ".//s:Longitude"), atol=1e-3)
    assert np.allclose(hours, numbers(root, ".//s:LocalTime"), atol=1e-3)


def test_spacecraft_at_l1_agree_with_the_files() -> None:
    from speasy_core.demo.synthetic import datasets
    from speasy_core.timerange import TimeRange

    mfi = {d.description.id: d for d in datasets()}["AC_H0_MFI"]
    import pycdfpp

    answer = mfi.answer(["SC_pos_GSE"], TimeRange("2019-01-02", "2019-01-02T01"), mangled=False)
    cdf = pycdfpp.load(b"".join(answer.chunks()))
    t = pycdfpp.to_datetime64(cdf["Epoch"]).astype("M8[ns]").astype("i8")
    assert np.allclose(cdf["SC_pos_GSE"].values, ORBITS["ace"].positions(t, "gse"), rtol=1e-6)


# -- rotations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES)
def test_rotations_are_rotations(frame: str) -> None:
    vectors = np.random.default_rng(1).normal(size=(len(DAY), 3))
    turned = convert(DAY, vectors, "gse", frame)
    assert np.allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(vectors, axis=1))
    assert np.allclose(convert(DAY, turned, frame, "gse"), vectors)
    # right-handed
    axes = convert(DAY[:3], np.eye(3), "gse", frame)
    same_time = convert(np.repeat(DAY[:1], 3), np.eye(3), "gse", frame)
    assert np.linalg.det(same_time) == pytest.approx(1)
    assert axes.shape == (3, 3)


def test_rotations_agree_with_what_is_known() -> None:
    vectors = np.random.default_rng(2).normal(size=(len(DAY), 3))
    assert np.allclose(convert(DAY, vectors, "gse", "gsm"), gse_to_gsm(DAY, vectors), atol=1e-3)
    sun = np.broadcast_to([1.0, 0.0, 0.0], (len(DAY), 3))
    # at the March equinox of 2020 (20th, 03:50 UTC) the Sun is at the vernal point of date
    equinox = np.array([to_ns("2020-03-20T03:50")])
    assert np.allclose(convert(equinox, sun[:1], "gse", "geitod"), [[1, 0, 0]], atol=5e-4)
    # at noon at Greenwich the Sun stands near the meridian: the equation of time is below 17 min
    noon = np.array([to_ns(f"2019-{m:02}-11T12:00") for m in range(1, 13)])
    geo = convert(noon, np.broadcast_to([1.0, 0, 0], (12, 3)), "gse", "geo")
    assert np.abs(np.degrees(np.arctan2(geo[:, 1], geo[:, 0]))).max() < 4.3
    # the dipole is the z axis of both
    z = np.broadcast_to([0.0, 0.0, 1.0], (len(DAY), 3))
    assert np.allclose(convert(DAY, z, "gm", "sm"), z)
    assert np.abs(convert(DAY, z, "sm", "gsm")[:, 1]).max() < 1e-12
    # precession moves the vernal point by 50.3" a year
    later = np.array([to_ns("2050-01-01T12:00")])
    x = convert(later, np.array([[1.0, 0, 0]]), "geitod", "geij2000")[0]
    moved = np.degrees(np.arccos(x[0])) * 3600 / 50
    assert moved == pytest.approx(50.3, abs=0.3)
    # westward, so the right ascension of stars grows
    assert np.degrees(np.arctan2(x[1], x[0])) == pytest.approx(-0.6406161, abs=2e-3)
    assert np.degrees(np.arcsin(x[2])) == pytest.approx(-0.5567530 / 2, abs=2e-3)


# -- the service ---------------------------------------------------------------------------------


def test_list_of_observatories(archive: LocalArchive) -> None:
    got = ask(f"{archive.url}{SERVICE}/observatories", Accept="application/xml")
    root = ElementTree.fromstring(got.body)
    ids = [e.text for e in root.iterfind("s:Observatory/s:Id", NS)]
    assert ids == list(ORBITS)
    assert all("synthetic" in (e.text or "") for e in root.iterfind("s:Observatory/s:Name", NS))
    again = ask(
        f"{archive.url}{SERVICE}/observatories", If_Modified_Since=got.headers["last-modified"]
    )
    assert again.status == 304


@pytest.mark.parametrize("system", ["geo", "gm", "gse", "GSM", "sm", "geitod", "geij2000"])
def test_locations(archive: LocalArchive, system: str) -> None:
    result = locations(archive, f"mms1/20190102T000000Z,20190102T010000Z/{system}/")
    assert (result.findtext("s:StatusText", namespaces=NS) or "").startswith("Synthetic: ")
    data = result.find("s:Data", NS)
    assert data is not None
    stamps = [e.text for e in data.iterfind("s:Time", NS)]
    assert stamps[0] == "2019-01-02T00:00:00.000Z"
    assert stamps[-1] == "2019-01-02T01:00:00.000Z"
    assert len(stamps) == 61
    spelled = data.findtext("s:Coordinates/s:CoordinateSystem", namespaces=NS)
    assert spelled is not None
    assert spelled.lower() == system.lower()
    places = np.array([numbers(data, f"s:Coordinates/s:{c}") for c in "XYZ"]).T
    assert np.array_equal(places, ORBITS["mms1"].positions(DAY[:61], system.lower()))
    assert np.allclose(np.linalg.norm(places, axis=1), numbers(data, "s:RadialLength"))
    for name in ("Latitude", "Longitude", "LocalTime"):
        assert len(numbers(data, f"s:Coordinates/s:{name}")) == 61


def test_any_request_gives_the_same_numbers(archive: LocalArchive) -> None:
    long = locations(archive, "themisa/20190101T000000Z,20190110T000000Z/gsm/")
    short = locations(archive, "themisa/20190105T103000Z,20190105T104000Z/gsm/")
    every = dict(
        zip(
            [e.text for e in long.iterfind(".//s:Time", NS)],
            [e.text for e in long.iterfind(".//s:Y", NS)],
            strict=True,
        )
    )
    for time, y in zip(short.iterfind(".//s:Time", NS), short.iterfind(".//s:Y", NS), strict=True):
        assert every[time.text] == y.text


def test_post(archive: LocalArchive) -> None:
    got = ask(f"{archive.url}{SERVICE}/locations", "POST", REQUEST.encode(), Accept="text/xml")
    mms, moon = parsed(got).iterfind("s:Data", NS)
    assert len(numbers(mms, "s:Coordinates/s:X")) == 7
    assert len(numbers(moon, "s:Coordinates/s:X")) == 61
    gse, geo = moon.iterfind("s:Coordinates", NS)
    assert [e.tag.partition("}")[2] for e in (gse[0], gse[1], gse[-1])] == [
        "CoordinateSystem", "X", "LocalTime",
    ]  # fmt: skip
    assert not numbers(gse, "s:Latitude")
    assert len(numbers(geo, "s:Latitude")) == 61


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<DataRequest", "<Request", "MissingRequest"),
        ("</DataRequest>", "", "MissingRequest"),
        ("<DataRequest", "<!DOCTYPE x><DataRequest", "MissingRequest"),
        ("mms1", "nope", "InvalidSatellite"),
        ("Satellites>", "Nothing>", "MissingSatellites"),
        ("CoordinateOptions>", "Nothing>", "MissingCoordOptions"),
        ("Geo<", "Gei<", "InvalidCoordSystem"),
        (">Lat<", ">Latitude<", "MissingCoordComponent"),
        (">10<", ">0<", "InvalidResolutionFactor"),
        ("2019-01-02T01", "2019-01-01T01", "InvalidTimeRange"),
        ("2019-01-02", "1819-01-02", "InvalidTimeRange"),
        ("</DataRequest>", "<FormatOptions><Cdf>true</Cdf></FormatOptions></DataRequest>",
         "ServerError"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(archive: LocalArchive, old: str, new: str, code: str) -> None:
    body = REQUEST.replace(old, new)
    if old == "<DataRequest" and new == "<Request":
        body = body.replace("</DataRequest", "</Request")
    result = parsed(ask(f"{archive.url}{SERVICE}/locations", "POST", body.encode()))
    assert result.findtext("s:StatusCode", namespaces=NS) == "Error"
    assert result.findtext("s:StatusSubCode", namespaces=NS) == code
    assert result.findtext("s:StatusText", namespaces=NS)


def test_other_addresses(archive: LocalArchive) -> None:
    got = ask(f"{archive.url}{SERVICE}/nothing")
    assert got.status == 404
    page = ElementTree.fromstring(got.body)
    (label,) = page.findall(".//{*}p[@class='ErrorMessage']/{*}b")
    assert (label.tail or "").strip() == "Not Found"
    result = locations(archive, "mms1/20190102T000000Z/gse/")
    assert result.findtext("s:StatusSubCode", namespaces=NS) == "InvalidTimeRange"


def test_recorded_answers_are_served_as_they_are(tmp_path: Path, shared_data: Path) -> None:
    for name in ("sscweb_observatories.xml", "sscweb_trajectory.xml"):
        shutil.copy(shared_data / "ssc" / name, tmp_path / name)
    (tmp_path / "broken.xml").write_text('<Response xmlns="http://sscweb.gsfc.nasa.gov/schema">')
    with LocalArchive(tmp_path) as archive:
        listed = ask(f"{archive.url}{SERVICE}/observatories").body
        assert listed == (tmp_path / "sscweb_observatories.xml").read_bytes()
        path = "moon/20060108T000000Z,20060109T000000Z/gse/"
        answered = ask(f"{archive.url}{SERVICE}/locations/{path}").body
        assert answered == (tmp_path / "sscweb_trajectory.xml").read_bytes()
        cut = locations(archive, "moon/20060108T013000Z,20060108T014000Z/gse/")
        assert len(numbers(cut, ".//s:X")) == 11
        other = locations(archive, "moon/20060108T013000Z,20060108T014000Z/gsm/")
        assert other.findtext("s:StatusSubCode", namespaces=NS) == "InvalidCoordSystem"
        none = locations(archive, "nope/20190102T000000Z,20190103T000000Z/gse/")
        assert none.findtext("s:StatusSubCode", namespaces=NS) == "InvalidSatellite"


def test_a_spacecraft_of_the_recorded_list_without_a_track(
    tmp_path: Path, shared_data: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("sscweb_observatories.xml", "sscweb_trajectory.xml"):
        shutil.copy(shared_data / "ssc" / name, folder / name)
    with (
        LocalArchive(folder) as archive,
        Session(archive.settings(tmp_path / "cache")) as session,
    ):
        session.inventory.refresh(["ssc"])
        assert "ssc/mms1" in session.inventory.flat
        with pytest.raises(HttpStatusError, match="local archive holds no track of mms1"):
            session.get_data("ssc/mms1", "2019-01-02", "2019-01-03")
        with pytest.raises(UnknownProduct, match="nope"):
            session.get_data("ssc/nope", "2019-01-02", "2019-01-03")
        assert len(session.get_data("ssc/moon", "2006-01-08T01", "2006-01-08T02")) == 60
