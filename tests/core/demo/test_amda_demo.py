"""The local archive as AMDA: its pages, and our provider against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from demo_tools import Got, ask, hours, write_cdf

import speasy_core as spz
from speasy_core.codecs import votable
from speasy_core.codecs.cdf import CdfFile
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.demo._amda_products import _PARAMETERS
from speasy_core.demo.amda import PASSWORD, USER
from speasy_core.errors import MissingCredentials, ServerError, SpeasyWarning, UnknownProduct
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.providers._amda_tree import read_tree
from speasy_core.providers.amda import AmdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.units import fits

DAY = TimeRange("2019-01-02", "2019-01-03")
LOGIN = {"userID": USER, "password": PASSWORD}


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def page(archive: LocalArchive, name: str, **query: str) -> Got:
    return ask(f"{archive.url}/amda/php/rest/{name}.php?{urlencode(query)}")


def behind(archive: LocalArchive, name: str, **query: str) -> bytes:
    """Follow a page as clients do: the address is between the first > and the next <."""
    text = page(archive, name, **query).body.decode()
    return ask(re.search(r">([^<]+)<", text)[1]).body


def parameter(archive: LocalArchive, ident: str, start: str, stop: str, **more: str) -> Got:
    token = page(archive, "auth").body.decode()
    return page(
        archive, "getParameter", startTime=start, stopTime=stop, parameterID=ident,
        outputFormat="CDF_ISTP", timeFormat="UNIXTIME", **{"token": token, **more},
    )  # fmt: skip


def provider(archive: LocalArchive, **login: str) -> AmdaProvider:
    settings = archive.settings().with_(**login)
    return AmdaProvider(settings, HttpClient(settings))


def test_pages(archive):
    assert page(archive, "isAlive").json == {"alive": True}
    token = page(archive, "auth")
    assert re.fullmatch(rb"[0-9a-f]{16}", token.body)
    assert token.headers["content-type"] == "text/html; charset=UTF-8"
    assert b'xml:id="imf"' in behind(archive, "getObsDataTree", templateInfo="True")
    assert b"sharedtimeTable_0" in behind(archive, "getTimeTablesList")
    assert b"sharedcatalog_0" in behind(archive, "getCatalogsList")
    assert page(archive, "getNothing").status == 404
    assert ask(f"{archive.url}/amda/WSRESULT/ws123456/x.cdf").status == 404


def test_a_parameter_is_a_file_with_its_name(archive):
    answer = parameter(archive, "imf", "2019-01-02T00:00:00Z", "2019-01-02T01:00:00Z").json
    assert answer["success"] is True
    file = ask(answer["dataFileURLs"])
    assert file.headers["content-type"] == "application/x-cdf"
    cdf = CdfFile(file.body, "imf.cdf")
    assert cdf.variables() == ["imf"]
    v = cdf.variable("imf")
    assert str(v.time[0]) >= "2019-01-02T00:00:00"
    assert str(v.time[-1]) < "2019-01-02T01:00:00"
    assert v.meta["dataset"]["Synthetic"]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"parameterID": "nope"}, "nope not found"), ({"token": "0" * 16}, "token is not valid"),
     ({"stopTime": "2018-01-01T00:00:00Z"}, "stops before"),
     ({"outputFormat": "ASCII"}, "CDF_ISTP only"),
     ({"startTime": "1970-01-01T00:00:00Z", "stopTime": "1970-01-02T00:00:00Z"}, "no data"),
     ({"userID": "x", "password": "y"}, "wrong user or password")],
)  # fmt: skip
def test_what_is_refused(archive, change, message):
    query = {
        "startTime": "2019-01-02T00:00:00Z", "stopTime": "2019-01-02T01:00:00Z",
        "parameterID": "imf", "token": page(archive, "auth").body.decode(), **change,
    }  # fmt: skip
    answer = page(archive, "getParameter", **query)
    assert answer.status == 200
    assert answer.json["success"] is False
    assert message in answer.json["message"]


def test_long_requests_are_batch_jobs(archive):
    answer = parameter(archive, "imf_mag", "2019-01-01T00:00:00Z", "2019-01-12T00:00:00Z").json
    assert answer["status"] == "in progress"
    first = page(archive, "getStatus", id=answer["id"]).json
    assert first["status"] == "in progress"
    second = page(archive, "getStatus", id=answer["id"]).json
    assert second["success"] is True
    assert ask(second["dataFileURLs"]).status == 200
    assert page(archive, "getStatus", id=answer["id"]).json["success"] is False
    long = TimeRange("2019-01-01", "2019-01-12")
    found = provider(archive).fetch(ProductRef("amda", "imf_mag"), long, deadline=Deadline(60))
    assert len(found.variable) == 11 * 5400


def test_the_same_numbers_as_through_cdaweb(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        ours, theirs = session.get_data(["amda/imf", "cda/AC_H0_MFI/BGSEc"], DAY)
        assert np.array_equal(ours.time, theirs.time)
        assert np.array_equal(ours.values, theirs.values)
        one = session.get_data("amda/imf(2)", DAY)
        assert np.array_equal(one.values, theirs.values[:, 2])


def test_call_forms(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        table = session.get_data("amda/sharedtimeTable_0")
        assert isinstance(table, spz.TimeTable)
        assert len(table) > 10
        by_id = session.get_data("amda/imf_mag", "amda/sharedtimeTable_0")
        in_hand = session.get_data("amda/imf_mag", table)
        assert len(by_id) == len(in_hand) == len(table)
        for a, b, span in zip(by_id, in_hand, table, strict=True):
            assert np.array_equal(a.values, b.values)
            assert not len(a) or span.start_ns <= a.time_ns[0]
        catalog = session.get_data("amda/sharedcatalog_0")
        assert isinstance(catalog, spz.Catalog)
        assert {e.meta["direction"] for e in catalog} == {"inward", "outward"}
        two = session.get_data(["amda/imf", ["amda/imf_mag"]], catalog[:2])
        assert [len(two), len(two[0]), len(two[1][0])] == [2, 2, 2]
        dataset = session.get_data("amda/ace-imf-all", "2019-01-02", "2019-01-02T01")
        assert isinstance(dataset, spz.Dataset)
        assert {"imf", "imf_mag", "imf_gsm"} <= set(dataset)
        sets = session.get_data("amda/ace-imf-all", catalog[:2])
        assert [type(d) for d in sets] == [spz.Dataset] * 2
        session.update_inventories()
        tree = session.inventories.tree.amda
        leaf = tree.TimeTables.SharedTimeTables.EARTH.MMS1_magnetopause_2019_01_02
        assert session.get_data(leaf) == table
        assert len(session.get_data("amda/imf", leaf)) == len(table)
        with pytest.raises(spz.errors.InvalidRequest, match="CDAWeb has no time tables"):
            session.get_data("cda/AC_H0_MFI/BGSEc")
        with pytest.raises(spz.errors.OfflineError):
            session.get_data("amda/sharedtimeTable_1", offline=True)
        with pytest.warns(spz.errors.SpeasyWarning, match="as received on"):
            kept = session.get_data("amda/sharedtimeTable_0", offline=True)
        assert list(kept) == list(table)


def test_a_users_own_space(archive):
    public, own = provider(archive), provider(archive, amda_user=USER, amda_password=PASSWORD)
    wrong = provider(archive, amda_user=USER, amda_password="guess")
    update = own.inventory(deadline=Deadline(60))
    paths = {r.path for r in update.records}
    assert ("TimeTables", "MyTimeTables", "my_events") in paths
    assert ("DerivedParameters", "imf_squared") in paths
    assert update.warnings == ()
    refused = wrong.inventory(deadline=Deadline(60))
    assert "wrong user or password" in refused.warnings[0]
    assert "guess" not in str(refused.warnings)
    ref = ProductRef("amda", "ws_0")
    squared = own.fetch(ref, DAY, deadline=Deadline(60)).variable
    field = own.fetch(ProductRef("amda", "imf_mag"), DAY, deadline=Deadline(60)).variable
    assert np.allclose(squared.values, field.values**2)
    assert len(own.events(ProductRef("amda", "tt_0"), deadline=Deadline(60))) == 2
    with pytest.raises(MissingCredentials):
        public.fetch(ref, DAY, deadline=Deadline(60))
    late = TimeRange("2017-09-02", "2017-09-02T00:01")
    rtn = ProductRef("amda", "cass_b_rtn1s")
    with pytest.raises(MissingCredentials, match="after 2017-09-01"):
        public.fetch(rtn, late, deadline=Deadline(60))
    assert len(own.fetch(rtn, late, deadline=Deadline(60)).variable) == 60
    assert parameter(archive, "cass_b_rtn1s", "2017-09-02", "2017-09-03").json["success"] is False
    assert b"<dataRoot" in behind(archive, "getObsDataTree", privateOnly="True", **LOGIN)
    with pytest.raises(MissingCredentials, match="wrong user or password"):
        wrong.fetch(ref, DAY, deadline=Deadline(60))


def test_faults(archive):
    ref = ProductRef("amda", "imf_mag")
    with archive.faults.on(match=r"getParameter\.php", status=503, retry_after="0", times=1):
        assert len(provider(archive).fetch(ref, DAY, deadline=Deadline(60)).variable) == 5400
    with (
        archive.faults.on(match=r"\.cdf", cut=5000, cut_silently=True),
        pytest.raises(spz.errors.CorruptFile),
    ):
        provider(archive).fetch(ref, DAY, deadline=Deadline(60))
    with archive.faults.on(match=r"getObsDataTree", status=500):
        blind = provider(archive)
        assert len(blind.fetch(ref, DAY, deadline=Deadline(60)).variable) == 5400
        with pytest.raises(ServerError):
            blind.inventory(deadline=Deadline(60))


def test_a_folder_of_files(tmp_path):
    write_cdf(tmp_path / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 5))
    listed = spz.Catalog("mine", None, [("2020-01-01", "2020-01-02", {"k": 1})])
    (tmp_path / "events.xml").write_bytes(votable.encode(listed))
    with (
        LocalArchive(tmp_path) as archive,
        spz.Session(archive.settings(tmp_path / "c")) as session,
    ):
        session.update_inventories()
        tree = session.inventories.tree.amda
        leaf = tree.Parameters.Testing.XX.TST.xx_h0_tst.xx_h0_tst_b
        v = session.get_data(leaf, "2020-01-01", "2020-01-01T01")
        assert (v.shape, v.unit, v.columns) == ((60, 3), "nT", ["Bx", "By", "Bz"])
        catalog = session.get_data(tree.Catalogs.SharedCatalogs.FILES.events)
        assert [e.meta["k"] for e in catalog] == [1]


def test_recorded_trees_and_lists(shared_data: Path):
    with LocalArchive(shared_data) as archive:
        amda = provider(archive)
        known = {r.ref.path: r for r in amda.inventory(deadline=Deadline(60)).records if r.ref}
        assert sum(r.path[0] == "Parameters" for r in known.values()) == 1046 + 5420 + 4834
        assert len([r for r in known.values() if r.kind == "timetable"]) == 141
        span = TimeRange("2023-01-02T01:00", "2023-01-02T02:00")
        v = amda.fetch(ProductRef("amda", "imf"), span, deadline=Deadline(60)).variable
        assert (v.columns, v.shape) == (["bx", "by", "bz"], (225, 3))
        with pytest.raises(UnknownProduct, match="not found"):
            amda.fetch(ProductRef("amda", "mms1_b_gse"), span, deadline=Deadline(60))
        table = amda.events(ProductRef("amda", "sharedtimeTable_4"), deadline=Deadline(60))
        assert (table.name, len(table)) == ("Event_list_tail_hall_reconnection_SC1", 17)
        assert (table.meta["nbIntervals"], str(table[0].start)[:19]) == (
            "17",
            "2001-08-22T09:43:00",
        )
        (helcats,) = [r for r in known.values() if r.name == "HCME_WP3_V02"]
        assert len(amda.events(helcats.ref, deadline=Deadline(60))) == 1269


def test_settings_of_the_archive_reach_no_other_host(archive):
    assert archive.settings().amda_url == f"{archive.url}/amda"
    assert Settings().amda_url == "https://amda.irap.omp.eu"


def test_names_are_those_of_the_server(shared_data, archive):
    """Ids, names, units and components of what the real server has, too."""
    recorded = (shared_data / "amda" / "obsdatatree_speasy_tests.xml").read_bytes()
    theirs = {r.ref.path: r for r in read_tree(recorded, source="t", root="P") if r.ref is not None}
    ours = {r.ref.path: r for r in provider(archive).inventory(deadline=Deadline(60)).records
            if r.ref is not None}  # fmt: skip
    shared = [ident for ident, *_ in _PARAMETERS.values()]
    assert set(shared) <= set(ours)
    assert set(shared) <= set(theirs)
    for ident in shared:
        mine, other = ours[ident], theirs[ident]
        assert mine.name == other.name, ident
        assert mine.kind == other.kind, ident
        assert mine.meta.get("components") == other.meta.get("components"), ident
        assert fits(mine.unit, other.unit) is not False, (ident, mine.unit, other.unit)


def test_columns_are_the_trees(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        imf, velocity = session.get_data(["amda/imf", "amda/mms1_dis_vgse"], DAY)
        assert imf.columns == ["bx", "by", "bz"]
        assert velocity.columns == ["vx", "vy", "vz"]
        assert np.array_equal(session.get_data("amda/imf(1)", DAY).values, imf["by"].values)


def test_a_period_that_is_not_public_becomes_a_gap(archive, tmp_path):
    opened = TimeRange("2017-08-31T23:00", "2017-09-01")
    span = ("2017-08-31T23:00", "2017-09-01T01:00")
    with spz.Session(archive.settings(tmp_path)) as session:
        session.inventory.refresh(["amda"])
        product = "amda/cass_bmag_orb1s"
        with pytest.raises(MissingCredentials, match=r"after 2017-09-01.*log in"):
            session.get_data(product, *span)
        with pytest.warns(SpeasyWarning, match="log in"):
            v = session.get_data(product, *span, on_error="gaps")
        assert len(v) > 0
        assert v.time_ns.max() < opened.stop_ns
        (gap,) = v.gaps
        assert (gap.range, gap.retryable) == (TimeRange(opened.stop, span[1]), False)
        assert "log in" in gap.reason
        same = session.get_data(product, opened)
        np.testing.assert_array_equal(same.time, v.time)
        archive.requests.clear()
        with pytest.warns(SpeasyWarning, match="log in"):
            closed = session.get_data(product, "2017-09-02", "2017-09-03", on_error="gaps")
        assert len(closed) == 0
        assert not [path for _, path in archive.requests if "getParameter" in path]


def test_a_wrong_login_gets_what_is_public(archive, tmp_path):
    settings = archive.settings(tmp_path).with_(amda_user=USER, amda_password="guess")
    with spz.Session(settings) as session:
        session.inventory.refresh(["amda"])
        with pytest.warns(SpeasyWarning, match="wrong user or password"):
            v = session.get_data(
                "amda/cass_bmag_orb1s", "2017-08-31T23:59", "2017-09-01T00:01", on_error="gaps"
            )
        assert len(v) == 60
        assert [gap.retryable for gap in v.gaps] == [False]


def test_a_users_lists_go_with_a_login_that_is_refused(archive, tmp_path):
    def own(password: str) -> tuple[list[str], tuple[str, ...]]:
        settings = archive.settings(tmp_path).with_(amda_user=USER, amda_password=password)
        with spz.Session(settings) as session:
            state = session.inventory.refresh(["amda"], force=True)["amda"]
            ids = session.inventory.flat
            return [one for one in ("amda/ws_0", "amda/tt_0", "amda/imf") if one in ids], (
                state.warnings
            )

    assert own(PASSWORD) == (["amda/ws_0", "amda/tt_0", "amda/imf"], ())
    found, warnings = own("guess")
    assert found == ["amda/imf"]
    assert "wrong user or password" in warnings[0]
    with archive.faults.on(match=r"userID", status=503, retry_after="0"):
        assert own(PASSWORD)[0] == ["amda/imf"]
    assert own(PASSWORD)[0] == ["amda/ws_0", "amda/tt_0", "amda/imf"]
    with archive.faults.on(match=r"userID", status=503, retry_after="0"):
        assert own(PASSWORD)[0] == ["amda/ws_0", "amda/tt_0", "amda/imf"]
