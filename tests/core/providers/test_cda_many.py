"""Several variables of one data set by one request, counted on the local archive."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import InvalidRequest, SpeasyError, UnknownProduct
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.providers._cda_service import share_requests
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange

B, F, P = "cda/AC_H0_MFI/BGSEc", "cda/AC_H0_MFI/Magnitude", "cda/AC_H0_MFI/SC_pos_GSE"
NP = "cda/AC_H0_SWE/Np"
DAY = ("2018-01-01", "2018-01-02")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine must not come late: then what is right is only asked for in more requests."""
    monkeypatch.setattr("speasy_core.batch.WINDOW", 5.0)
    monkeypatch.setattr("speasy_core.batch.GRACE", 1.0)


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


@pytest.fixture
def session(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as made:
        archive.requests.clear()
        yield made
    archive.faults.clear()


def asked(archive: LocalArchive) -> list[set[str]]:
    """Return the variables of each data request."""
    return [
        set(path.rpartition("/")[2].partition("?")[0].split(","))
        for _, path in archive.requests
        if "/data/" in path and "/WS/" in path
    ]


def alone(archive: LocalArchive, product: str, *span: str) -> spz.SpeasyVariable:
    settings = archive.settings()
    provider = CdaProvider(settings, HttpClient(settings))
    found = provider.fetch(ProductRef.parse(product), TimeRange(*span), deadline=Deadline(20))
    assert found.variable is not None
    return found.variable


def test_one_request_brings_all(session, archive):
    found = session.get_data([B, F, P], *DAY)
    assert asked(archive) == [{"BGSEc", "Magnitude", "SC_pos_GSE"}]
    assert len(archive.requests) == 2, "the request and its one file"
    for product, v in zip((B, F, P), found, strict=True):
        expected = alone(archive, product, *DAY)
        assert (v.name, v.unit, v.columns) == (expected.name, expected.unit, expected.columns)
        assert np.array_equal(v.values, expected.values)
        assert v.gaps == ()


def test_what_is_kept_is_not_asked_for(session, archive):
    session.get_data([B, F], *DAY)
    archive.requests.clear()
    session.get_data([F, B], *DAY)
    assert archive.requests == []
    session.get_data([B, F], "2018-01-01", "2018-01-03")
    assert asked(archive) == [{"BGSEc", "Magnitude"}]
    assert "20180102T000000Z,20180103T000000Z" in archive.requests[0][1]


def test_one_that_is_kept_leaves_the_other_to_itself(session, archive):
    session.get_data(B, *DAY)
    archive.requests.clear()
    found = session.get_data([B, F, P], *DAY)
    assert asked(archive) == [{"Magnitude", "SC_pos_GSE"}]
    assert [len(v) for v in found] == [5400] * 3


def test_different_missing_ranges_are_different_requests(session, archive):
    session.get_data(B, "2018-01-01", "2018-01-01T12")
    archive.requests.clear()
    found = session.get_data([B, F], *DAY)
    assert asked(archive) in ([{"BGSEc"}, {"Magnitude"}], [{"Magnitude"}, {"BGSEc"}])
    assert [len(v) for v in found] == [5400, 5400]


def test_each_range_and_each_data_set_has_its_own(session, archive):
    ranges = [["2018-02-01", "2018-02-02"], ["2018-03-01", "2018-03-02"]]
    found = session.get_data([B, F, NP], ranges)
    requests = asked(archive)
    assert len(requests) == 4
    assert requests.count({"BGSEc", "Magnitude"}) == 2
    assert requests.count({"Np"}) == 2
    assert [[len(v) for v in spans] for spans in found] == [[5400] * 2] * 2 + [[1350] * 2]


def test_pieces_of_a_long_range_go_together(session, archive):
    found = session.get_data([B, F], "2018-04-01", "2018-05-01")
    assert asked(archive) == [{"BGSEc", "Magnitude"}] * 5
    assert [len(v) for v in found] == [162_000] * 2


def test_the_same_product_twice(session, archive):
    first, second, field = session.get_data([B, B, F], *DAY)
    assert asked(archive) == [{"BGSEc", "Magnitude"}]
    assert np.array_equal(first.values, second.values)
    assert len(field) == 5400


def test_many_ranges_at_once(session, archive):
    ranges = [[f"2018-06-{d:02d}", f"2018-06-{d:02d}T06"] for d in range(1, 13)]
    found = session.get_data([B, F, P], ranges)
    assert asked(archive) == [{"BGSEc", "Magnitude", "SC_pos_GSE"}] * 12
    assert all(len(v) for spans in found for v in spans)


def test_a_bad_one_does_not_cost_the_others(session, archive):
    with pytest.raises(UnknownProduct, match="nope"):
        session.get_data([B, "cda/AC_H0_MFI/nope", F], "2018-01-05", "2018-01-06")
    assert asked(archive)[0] == {"BGSEc", "Magnitude", "nope"}
    found = session.get_data([B, F], "2018-01-05", "2018-01-06")
    assert [len(v) for v in found] == [5400, 5400]


def test_a_refused_request_is_made_one_by_one(session, archive):
    with archive.faults.on(match=r"/data/[^/]*/[^/?]*(,|%2C)[^/?]*\?", status=400):
        found = session.get_data([B, F, P], *DAY)
    assert [len(v) for v in found] == [5400] * 3
    assert sorted(map(len, asked(archive))) == [1, 1, 1, 3]


def test_what_is_lost_is_said_for_each(session, archive):
    cut = archive.faults.on(match="/tmp/ws", cut=3000)
    with cut, pytest.warns(spz.errors.SpeasyWarning, match="could not be fetched"):
        found = session.get_data([B, F], *DAY, on_error="gaps")
    assert [v.gaps[0].range for v in found] == [TimeRange(*DAY)] * 2
    assert [len(v) for v in session.get_data([B, F], *DAY)] == [5400, 5400]


def test_a_server_that_is_down_is_asked_once(session, archive):
    with archive.faults.on(match="/WS/", status=503), pytest.raises(SpeasyError) as caught:
        session.get_data([B, F, P], *DAY)
    assert "503" in str(caught.value)
    assert len(asked(archive)) == 3, "one request, tried three times"


def test_no_data_at_all(session, archive):
    session.update_inventories()
    archive.requests.clear()
    with pytest.warns(spz.errors.SpeasyWarning, match="has data from"):
        found = session.get_data([B, F], "1990-01-01", "1990-01-02")
    assert [len(v) for v in found] == [0, 0]
    assert asked(archive) == [{"BGSEc", "Magnitude"}]


def test_files_are_read_once_for_all(session, archive):
    session.get_data([B, F, P], *DAY, method="FILE")
    files = [path for _, path in archive.requests if path.endswith("_v01.cdf")]
    assert len([path for path in files if "20180101" in path]) == 1
    assert asked(archive) == []


def test_offline_nothing_is_planned(session, archive):
    session.get_data([B, F], *DAY)
    archive.requests.clear()
    with pytest.warns(spz.errors.SpeasyWarning, match="offline, and not all"):
        found = session.get_data([B, F], "2018-01-01", "2018-01-03", offline=True)
    assert [len(v.gaps) for v in found] == [1, 1]
    assert archive.requests == []


def test_refresh_and_revalidation_go_together(session, archive):
    session.get_data([B, F], *DAY)
    archive.requests.clear()
    session.get_data([B, F], *DAY, refresh=True)
    assert asked(archive) == [{"BGSEc", "Magnitude"}]


def test_calls_side_by_side_share_what_is_under_way(session, archive):
    with archive.faults.on(match="/WS/", delay=0.3):
        results: list[list[spz.SpeasyVariable]] = []
        threads = [
            threading.Thread(target=lambda: results.append(session.get_data([B, F], *DAY)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [[len(v) for v in found] for found in results] == [[5400, 5400]] * 3
    names = [name for request in asked(archive) for name in request]
    assert sorted(names) == ["BGSEc", "Magnitude"]


def test_a_provider_takes_one_data_set_at_a_time(http):
    provider = CdaProvider(Settings(), http)
    span = TimeRange(*DAY)
    refs = [ProductRef.parse(B), ProductRef.parse(NP)]
    with pytest.raises(InvalidRequest, match="one data set"):
        provider.fetch_many(refs, span, deadline=Deadline(5))
    assert provider.together(ProductRef("cda", "AC_H0_MFI")) is None
    assert provider.together(refs[0]) == "AC_H0_MFI"


def test_long_lists_are_cut():
    names = [f"a_rather_long_name_of_a_variable_{i}" for i in range(100)]
    groups = share_requests(names)
    assert [name for group in groups for name in group] == names
    assert 2 < len(groups) < 6
    assert max(len(",".join(group)) for group in groups) <= 1500
