"""The copies of UIowa's tool and of 3DView: a sound solar system, and the servers' own forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pycdfpp
import pytest
from demo_tools import Got, ask

from speasy_core.demo import LocalArchive
from speasy_core.demo._solar import AU, BODIES, MOONS, equator, place, spin
from speasy_core.timerange import to_ns

FORM = {
    "StTime": "2004//183 02:00:00", "SpTime": "2004//183 03:00:00", "TimeInterval": "60",
    "origin": "sat2", "observer": "cass", "coordinates": "ecli",
    "OriginName": "Saturn geocentric", "OriginRadius": "60268.0",
}  # fmt: skip
TRAJECTORY = {
    "body": "MMS1", "frame": "GSE", "start": "2019-01-02T10:00:00", "stop": "2019-01-02T12:00:00",
    "sampling": "600", "format": "cdf",
}  # fmt: skip


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def at(*times: str) -> np.ndarray:
    return np.array([to_ns(time) for time in times])


# -- the solar system ----------------------------------------------------------------------------


def test_planets_are_where_they_were() -> None:
    # the great conjunction: Jupiter and Saturn 0.1 degrees apart as seen from the Earth
    t = at("2020-12-21T18:00")
    earth = place(t, "Earth")[0]
    jupiter, saturn = (place(t, name)[0] - earth for name in ("Jupiter", "Saturn"))
    cosine = jupiter @ saturn / np.linalg.norm(jupiter) / np.linalg.norm(saturn)
    assert np.degrees(np.arccos(cosine)) < 0.3
    # Mars was nearest to the Earth for thousands of years: 0.37272 au
    t = at("2003-08-27T09:51")
    near = np.linalg.norm(place(t, "Mars") - place(t, "Earth")) / AU
    assert near == pytest.approx(0.37272, abs=3e-4)
    # Venus before the Sun
    t = at("2012-06-06T01:30")
    earth, venus = place(t, "Earth")[0], place(t, "Venus")[0] - place(t, "Earth")[0]
    cosine = -earth @ venus / np.linalg.norm(earth) / np.linalg.norm(venus)
    assert np.degrees(np.arccos(cosine)) < 0.3


@pytest.mark.parametrize("name", BODIES)
def test_every_body_is_somewhere(name: str) -> None:
    t = at("1978-01-01", "2001-01-01", "2019-01-02T10:00", "2035-01-01")
    found = place(t, name)
    assert found.shape == (4, 3)
    assert np.isfinite(found).all()
    one = np.concatenate([place(t[i : i + 1], name) for i in range(4)])
    assert np.array_equal(found, one), "any request gives the same numbers"


@pytest.mark.parametrize(
    ("name", "time", "body", "radius"),
    [
        ("Cassini", "2004-07-01T02:40", "Saturn", 81_000), ("Galileo", "1995-12-07T22:00",
         "Jupiter", 651_000), ("Voyager 1", "1979-03-05", "Jupiter", 1_000),
        ("Voyager 2", "1986-01-24", "Uranus", 1_000), ("Ulysses", "1992-02-07T23:00", "Jupiter",
         200_000),
    ],
)  # fmt: skip
def test_spacecraft_pass_the_planets(name: str, time: str, body: str, radius: float) -> None:
    assert np.linalg.norm(place(at(time), name) - place(at(time), body)) < radius


def test_ulysses_flies_over_the_poles_and_voyager_leaves() -> None:
    t = to_ns("1992-03-01") + np.arange(0, 2500) * 86_400 * 10**9
    found = place(t, "Ulysses")
    latitude = np.degrees(np.arcsin(found[:, 2] / np.linalg.norm(found, axis=1)))
    assert latitude.max() > 75
    assert latitude.min() < -75
    assert np.linalg.norm(place(at("2012-08-25"), "Voyager 1")) / AU > 110


@pytest.mark.parametrize("moon", MOONS)
def test_moons_face_their_planet(moon: str) -> None:
    t = to_ns("2005-01-01") + np.arange(0, 500, 7) * 3_600 * 10**9
    planet, distance, _ = MOONS[moon]
    there = place(t, planet) - place(t, moon)
    assert np.allclose(np.linalg.norm(there, axis=1), distance, rtol=1e-6)
    axes = equator(moon)
    assert np.allclose(axes @ axes.T, np.eye(3))
    on_equator = there @ axes.T
    angle = np.arctan2(on_equator[:, 1], on_equator[:, 0]) - spin(t, moon)
    assert np.abs(np.sin(angle)).max() < 1e-3
    assert np.cos(angle).min() > 0.99


# -- UIowa ---------------------------------------------------------------------------------------


def post(archive: LocalArchive, **changes: str) -> Got:
    form = {k: v for k, v in (FORM | changes).items() if v != "-"}
    kind = "application/x-www-form-urlencoded"
    url = f"{archive.url}/uiowa/das/casephem"
    return ask(url, "POST", urlencode(form).encode(), Content_Type=kind)


@pytest.mark.parametrize(
    ("changes", "sample"),
    [({}, "uiowa_eph_tool_sample.csv"),
     ({"origin": "  io", "observer": "gali", "coordinates": "geog", "OriginName": "Io",
       "OriginRadius": "1824.4", "StTime": "2000//001 02:00:00", "SpTime": "2000//001 03:00:00"},
      "uiowa_eph_tool_sample2.csv")],
    ids=["positions", "geographic"],
)  # fmt: skip
def test_table_looks_like_the_recorded_one(
    archive: LocalArchive, shared_data: Path, changes: dict[str, str], sample: str
) -> None:
    got = post(archive, **changes)
    assert got.status == 200
    assert got.headers["content-type"] == "text/plain"
    ours = got.body.decode().splitlines()
    theirs = (shared_data / "misc" / sample).read_text().splitlines()
    at_rows = next(i for i, line in enumerate(theirs) if line.startswith("---")) + 1
    assert ours[1:at_rows] == theirs[1:at_rows], "headings and rulers are the same"
    assert theirs[0].split() == ours[0].replace(", synthetic", "").split()
    row, model = ours[at_rows], theirs[at_rows]
    assert len(row.split()) == len(model.split())
    assert row[:21] == model[:21]
    assert len(ours) == at_rows + 61


@pytest.mark.parametrize(
    "changes",
    [
        {"StTime": "2004-07-01"}, {"SpTime": "2004//183 01:00:00"},
        {"StTime": "2004//400 00:00:00"}, {"TimeInterval": "0"}, {"TimeInterval": "x"},
        {"OriginRadius": "nan"},
        {"coordinates": "geo"}, {"origin": "plut"}, {"observer": "    "}, {"origin": "-"},
        {"coordinates": "crot"}, {"SpTime": "2050//001 00:00:00"},
    ],
)  # fmt: skip
def test_forms_that_are_none(archive: LocalArchive, changes: dict[str, str]) -> None:
    assert post(archive, **changes).status == 400


def test_other_addresses(archive: LocalArchive) -> None:
    assert ask(f"{archive.url}/uiowa/das/casephem").status == 400
    assert ask(f"{archive.url}/uiowa/das/other").status == 404
    assert ask(f"{archive.url}/3dview/webresources/other").status == 404


# -- 3DView --------------------------------------------------------------------------------------


def trajectory(archive: LocalArchive, **changes: str) -> Got:
    query = {k: v for k, v in (TRAJECTORY | changes).items() if v != "-"}
    return ask(f"{archive.url}/3dview/webresources/get_trajectory?{urlencode(query)}")


def test_lists(archive: LocalArchive) -> None:
    frames = ask(f"{archive.url}/3dview/webresources/get_frames").json["frames"]
    assert {"J2000", "GSE", "MSO", "MESO"} <= {frame["name"] for frame in frames}
    centers = {frame["name"]: frame["center"] for frame in frames}
    assert (centers["MSO"], centers["MESO"]) == ("Mars", "Mercury")
    bodies = ask(f"{archive.url}/3dview/webresources/get_bodies").json["bodies"]
    assert {"SPACECRAFT", "ASTEROID", "COMET"} <= {body["type"] for body in bodies}
    for body in bodies:
        start = body["coverage"][0]
        got = trajectory(archive, body=body["name"], start=start, stop=start[:8] + "28T00:00:00")
        assert got.status == 200, body


@pytest.mark.parametrize("frame", ["J2000", "ECLIPJ2000", "GSE", "GSM", "GEO", "SM"])
def test_distances_do_not_depend_on_the_frame(archive: LocalArchive, frame: str) -> None:
    def distance(body: str) -> np.ndarray:
        cdf = pycdfpp.load(trajectory(archive, body=body, frame=frame).body)
        return np.asarray(cdf["pos"].values)

    apart = np.linalg.norm(distance("MMS1") - distance("MOON"), axis=1)
    t = to_ns("2019-01-02T10:00") + np.arange(12) * 600 * 10**9
    want = np.linalg.norm(place(t, "MMS1") - place(t, "MOON"), axis=1)
    assert np.allclose(apart, want, rtol=1e-7)


def test_solar_orbital_frames(archive: LocalArchive) -> None:
    for frame, planet in (("MSO", "MARS"), ("MESO", "MERCURY"), ("JSO", "JUPITER")):
        cdf = pycdfpp.load(trajectory(archive, body="EARTH", frame=frame).body)
        assert cdf["pos"].attributes["UNITS"].value == "km"
        assert cdf.attributes["Synthetic"][0].startswith("yes")
        own = pycdfpp.load(trajectory(archive, body=planet, frame=frame).body)
        assert np.abs(own["pos"].values).max() < 1e-3, "the planet is the centre"


def test_file_is_dated(archive: LocalArchive) -> None:
    got = trajectory(archive)
    assert got.headers["content-type"] == "application/x-cdf"
    url = f"{archive.url}/3dview/webresources/get_trajectory?{urlencode(TRAJECTORY)}"
    assert ask(url, If_Modified_Since=got.headers["last-modified"]).status == 304


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "NOPE"}, 404), ({"start": "1901-01-01", "stop": "1901-01-02"}, 404),
        ({"frame": "NOPE"}, 400), ({"format": "votable"}, 400), ({"body": "-"}, 400),
        ({"start": "never"}, 400), ({"stop": "2019-01-01"}, 400), ({"sampling": "0"}, 400),
        ({"sampling": "1", "stop": "2029-01-01"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_had(archive: LocalArchive, changes: dict[str, str], status: int) -> None:
    assert trajectory(archive, **changes).status == status
