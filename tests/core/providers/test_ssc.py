"""SSCWeb: what is asked, and what is made of its answers."""

from __future__ import annotations

import numpy as np
import pytest

from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    DeadlineExceeded,
    HttpStatusError,
    InvalidRequest,
    UnexpectedContent,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.providers import ssc
from speasy_core.providers.ssc import COORDINATE_SYSTEMS, SscProvider
from speasy_core.session import Session
from speasy_core.timerange import TimeRange

HEAD = (
    '<Response xmlns="http://sscweb.gsfc.nasa.gov/schema"><Result '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="DataResult">'
)
TAIL = "</Result></Response>"
HOUR = TimeRange("2019-01-02T10", "2019-01-02T11")


def answer(times: list[str], *, satellite: str = "mms1", system: str = "Gse", x: int = 0) -> str:
    column = {
        name: "".join(f"<{name}>{10 * n + i}.5</{name}>" for i in range(len(times)))
        for n, name in enumerate("XYZ", 1)
    }
    return (
        f"{HEAD}<StatusCode>Success</StatusCode><StatusSubCode>Success</StatusSubCode>"
        f"<Data><Id>{satellite}</Id><Coordinates><CoordinateSystem>{system}</CoordinateSystem>"
        f"{''.join(column.values())}{'<X>1</X>' * x}</Coordinates>"
        f"{''.join(f'<Time>{t}</Time>' for t in times)}</Data>{TAIL}"
    )


def status(code: str, sub_code: str, text: str = "") -> str:
    note = f"<StatusText>{text}</StatusText>" if text else ""
    return (
        f"{HEAD}<StatusCode>{code}</StatusCode><StatusSubCode>{sub_code}</StatusSubCode>"
        f"{note}{TAIL}"
    )


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(ssc, "_PAUSE_SECONDS", 0.001)


@pytest.fixture
def provider(http):
    return SscProvider(Settings(ssc_url="http://h"), http)


def fetch(provider, span=HOUR, product="ssc/mms1", **options):
    return provider.fetch(ProductRef.parse(product), span, deadline=Deadline(5), options=options)


def test_positions_in_columns(provider, http):
    times = ["2019-01-02T09:59:00Z", "2019-01-02T10:00:00.000Z", "2019-01-02T10:01:00Z"]
    http.set("/locations/", answer(times))
    variable = fetch(provider).variable
    assert variable.values.tolist() == [[11.5, 21.5, 31.5], [12.5, 22.5, 32.5]]
    assert str(variable.time[0]) == "2019-01-02T10:00:00.000000000"
    assert variable.columns == ["X", "Y", "Z"]
    assert (variable.unit, variable.kind, variable.name) == ("km", "vector", "mms1")
    assert variable.meta["CoordinateSystem"] == "GSE"
    assert variable.meta["UNITS"] == "km"


def test_less_than_a_day_is_widened_to_whole_days(provider, http):
    http.set("/locations/", answer(["2019-01-02T10:00:00Z"]))
    fetch(provider)
    fetch(provider, TimeRange("2019-01-02T23:00", "2019-01-03T01:00"))
    fetch(provider, TimeRange("2019-01-02T00:00:00.5", "2019-01-04T12:00:00.5"))
    _, urls, headers = zip(*http.asked, strict=True)
    assert [url.split("/")[-3] for url in urls] == [
        "20190102T000000Z,20190103T000000Z",
        "20190102T000000Z,20190104T000000Z",
        "20190102T000000Z,20190104T120001Z",
    ]
    assert urls[0].startswith("http://h/WS/sscr/2/locations/mms1/")
    assert urls[0].endswith("/gse/")
    assert headers[0]["Accept"] == "application/xml"


@pytest.mark.parametrize("system", list(COORDINATE_SYSTEMS))
def test_every_coordinate_system_in_any_case(provider, http, system):
    http.set("/locations/", answer(["2019-01-02T10:00:00Z"], system=system.capitalize()))
    variable = fetch(provider, coordinate_system=system.upper()).variable
    assert http.asked[-1][1].endswith(f"/{system}/")
    assert variable.meta["COORDINATE_SYSTEM"] == system.upper()


def test_unknown_coordinate_system_names_all(provider, http):
    with pytest.raises(UnknownOption, match="no coordinate system 'gei'") as caught:
        fetch(provider, coordinate_system="gei")
    assert all(name in caught.value.hint for name in COORDINATE_SYSTEMS)
    assert not http.asked


def test_answer_in_another_system_is_refused(provider, http):
    http.set("/locations/", answer(["2019-01-02T10:00:00Z"], system="Gsm"))
    with pytest.raises(UnexpectedContent, match="Gsm where gse"):
        fetch(provider)


@pytest.mark.parametrize(
    "odd",
    [
        "<html><title>Busy</title></html>", "", "<Response/>", answer(["yesterday"]),
        answer(["2019-01-02T10:00:00Z"], x=1), answer(["2019-01-02T10:00:00Z"], satellite="ace"),
        answer(["2019-01-02T10:00:00Z"])[:-40], status("Error", "ServerError", "out of memory"),
    ],
    ids=["page", "empty", "no result", "bad time", "ragged", "another", "cut", "failure"],
)  # fmt: skip
def test_odd_answers_are_asked_for_again_then_explained(provider, http, odd):
    http.set("/locations/", odd)
    with pytest.raises(UnexpectedContent) as caught:
        fetch(provider)
    assert len(http.asked) == 3
    assert caught.value.attempts == 3
    assert caught.value.product == "ssc/mms1"

    asked: list[int] = []

    def first_odd(url: str, headers: object) -> Response:
        asked.append(1)
        text = odd if len(asked) == 1 else answer(["2019-01-02T10:00:00Z"])
        return Response(200, Headers(), text.encode())

    http.answers["/locations/"] = first_odd
    assert len(fetch(provider).variable) == 1


def test_pause_does_not_outlive_the_deadline(provider, http, monkeypatch):
    monkeypatch.setattr(ssc, "_PAUSE_SECONDS", 30.0)
    http.set("/locations/", "<Response/>")
    with pytest.raises(UnexpectedContent):
        fetch(provider)
    with pytest.raises(DeadlineExceeded):
        provider.fetch(ProductRef("ssc", "mms1"), HOUR, deadline=Deadline(0))


def test_no_data_is_an_empty_variable(provider, http):
    http.set("/locations/", status("Success", "Success"))
    assert len(fetch(provider).variable) == 0
    http.set("/locations/", '<p class="ErrorMessage">No data found.</p>', status=404)
    assert len(fetch(provider).variable) == 0


def test_outside_the_coverage(provider, http):
    http.set("20190102T000000Z,20190103T000000Z", status("Error", "InvalidEndTime"))
    http.set("20190102T100000Z,20190102T110000Z", answer(["2019-01-02T10:00:00Z"]))
    assert len(fetch(provider).variable) == 1, "the days around reach over the end"
    http.set("20190102T100000Z,20190102T110000Z", status("Error", "InvalidTimeRange"))
    assert len(fetch(provider).variable) == 0


def test_unknown_spacecraft(provider, http):
    http.set("/locations/", status("Error", "InvalidSatellite"))
    with pytest.raises(UnknownProduct, match="'nope'"):
        fetch(provider, product="ssc/nope")
    page = '<p class="ErrorMessage"><b>Error:</b> Unknown satellite</p>'
    http.set("/locations/", page, status=404)
    with pytest.raises(UnknownProduct):
        fetch(provider)
    with pytest.raises(InvalidRequest, match="not a spacecraft"):
        fetch(provider, product="ssc/mms1/x")


def test_error_page_is_quoted(provider, http):
    http.set("/locations/", '<p class="ErrorMessage">Too &lt;many&gt; requests</p>', status=400)
    with pytest.raises(HttpStatusError, match="Too <many> requests"):
        fetch(provider)


def test_remarks_of_the_server_are_kept(provider, http):
    text = answer(["2019-01-02T10:00:00Z"]).replace(
        "<Data>", "<StatusText>Synthetic: yes</StatusText><StatusText>note</StatusText><Data>"
    )
    http.set("/locations/", text)
    dataset = fetch(provider).variable.meta["dataset"]
    assert (dataset["Synthetic"], dataset["StatusText"]) == ("yes", "note")


OBSERVATORY = (
    "<Observatory><Id>{0}</Id><Name>N {0}</Name><Resolution>{1}</Resolution>"
    "<StartTime>{2}</StartTime><EndTime>2020-01-01T00:00:00.000Z</EndTime></Observatory>"
)


def listed(*items: tuple[str, str, str]) -> str:
    inside = "".join(OBSERVATORY.format(*item) for item in items)
    return f'<ObservatoryResponse xmlns="http://s/schema">{inside}</ObservatoryResponse>'


def test_inventory(provider, http):
    http.set("/observatories", listed(("a", "60", "2010-01-01"), ("b", "", "2021-01-01"),
                                      ("a", "1", "2010-01-01")))  # fmt: skip
    update = provider.inventory(deadline=Deadline(5))
    a, b = update.records
    assert (a.path, str(a.ref), a.kind, a.unit) == (("Trajectories", "a"), "ssc/a", "vector", "km")
    assert (a.cadence, a.coverage) == (60.0, TimeRange("2010-01-01", "2020-01-01"))
    assert a.title == "Position of N a"
    assert (b.cadence, b.coverage) == (None, None)
    assert len(update.warnings) == 2


def test_inventory_by_date_or_by_content(provider, http):
    http.set("/observatories", listed(("a", "60", "2010-01-01")))
    version = provider.inventory(deadline=Deadline(5)).version
    assert provider.inventory(deadline=Deadline(5), since=version) is None
    assert "If-Modified-Since" not in http.asked[-1][2]
    assert provider.inventory(deadline=Deadline(5), since="other") is not None

    date = "Tue, 02 Jan 2024 00:00:00 GMT"
    http.set("/observatories", listed(("a", "60", "2010-01-01")), last_modified=date)
    version = provider.inventory(deadline=Deadline(5)).version
    http.set("/observatories", b"", status=304)
    assert provider.inventory(deadline=Deadline(5), since=version) is None
    assert http.asked[-1][2]["If-Modified-Since"] == date


def test_inventory_that_is_none(provider, http):
    http.set("/observatories", "<ObservatoryResponse/>")
    with pytest.raises(UnexpectedContent, match="empty"):
        provider.inventory(deadline=Deadline(5))


# -- what the real server answered ---------------------------------------------------------------


def test_recorded_observatories(provider, http, shared_data):
    http.set("/observatories", (shared_data / "ssc" / "sscweb_observatories.xml").read_bytes())
    update = provider.inventory(deadline=Deadline(5))
    assert len(update.records) == 275
    assert not update.warnings
    ace = next(record for record in update.records if record.name == "ace")
    assert ace.cadence == 720
    assert ace.coverage == TimeRange("1997-08-25T17:48", "2024-05-19T23:48")
    assert ace.meta["ResourceId"] == "spase://SMWG/Observatory/ACE"


def test_recorded_trajectory(provider, http, shared_data):
    http.set("/locations/", (shared_data / "ssc" / "sscweb_trajectory.xml").read_bytes())
    span = TimeRange("2006-01-08T01:00", "2006-01-08T02:00:01")
    moon = fetch(provider, span, "ssc/moon").variable
    assert moon.shape == (61, 3)
    assert moon.values[0].tolist() == [-102719.89954676693, 366124.3077098972, 14156.867656075221]
    assert moon.values[-1, 0] == -106043.05851515925
    assert str(moon.time[-1]) == "2006-01-08T02:00:00.000000000"
    assert np.all(np.diff(moon.time_ns) == 60 * 10**9)


# -- through the session -------------------------------------------------------------------------


def test_session_keeps_systems_apart(tmp_path):
    with LocalArchive() as archive, Session(archive.settings(tmp_path)) as session:
        span = ("2019-01-02T10:00", "2019-01-02T10:10")
        gse = session.get_data("ssc/mms1", *span)
        gsm = session.get_data("sscweb/mms1", *span, coordinate_system="GSM")
        assert np.array_equal(gse["X"].values, gsm["X"].values) or np.allclose(
            gse["X"].values, gsm["X"].values
        )
        assert not np.allclose(gse["Y"].values, gsm["Y"].values)
        before = len(archive.requests)
        again = session.get_data("ssc/mms1", *span)
        assert np.array_equal(again.values, gse.values)
        assert len(archive.requests) == before
        assert gse.meta["dataset"]["Synthetic"].startswith("yes")


def test_fault_of_the_server_is_survived():
    with LocalArchive() as archive:
        settings = archive.settings()
        provider = SscProvider(settings, HttpClient(settings))
        archive.faults.add(match="/locations/", html=True, times=2)
        assert len(fetch(provider).variable) == 60
