"""The forms of `get_data`, in the order of Speasy's documentation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import speasy_core as spz
from speasy_core.errors import (
    InvalidRequest,
    SpeasyError,
    UnknownOption,
    UnknownProduct,
    UnknownProvider,
)
from speasy_core.http import extra_headers
from speasy_core.http.redirect import make_request, redirected

from .conftest import T0, T1, B

EPOCH = 1672617600  # T0
TABLE = "amda/sharedtimeTable_0"
FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"


@pytest.mark.parametrize(
    ("args", "keywords"),
    [
        ((B, T0, T1), {}),
        ((), {"product": B, "start_time": T0, "stop_time": T1}),
        ((), {"product": B, "time_range": (T0, T1)}),
        ((B,), {"start_time": T0, "stop_time": T1}),
        ((B,), {"time_range": spz.TimeRange(T0, T1)}),
        ((B, [T0, T1]), {}),
        ((B, (T0, T1)), {}),
        ((B, spz.DateTimeRange(T0, T1)), {}),
        ((B, spz.Event(T0, T1, {"kind": "shock"})), {}),
        (("cdaweb/AC_H0_MFI/BGSEc", T0, T1), {}),
        (("CDA/AC_H0_MFI/BGSEc", T0, T1), {}),
        ((spz.ProductRef("cda", "AC_H0_MFI/BGSEc"), T0, T1), {}),
    ],
)
def test_one_product_over_one_range(session, field, args, keywords):
    assert session.get_data(*args, **keywords).equals(field)


def test_an_index_object_in_place_of_the_id(session, field):
    node = session.inventories.tree.cda.ACE.MAG.AC_H0_MFI.BGSEc
    assert session.get_data(node, T0, T1).equals(field)
    assert session.get_data(session.find_product("ace b gse", provider="cda")[0], T0, T1).equals(
        field
    )


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (pd.Timestamp(T0), pd.Timestamp(T1)),
        (pd.Timestamp(T0, tz="UTC"), pd.Timestamp("2023-01-02T02", tz="Europe/Paris")),
        (date(2023, 1, 2), datetime(2023, 1, 2, 1)),
        (datetime(2023, 1, 2, tzinfo=UTC), datetime(2023, 1, 2, 1)),
        (np.datetime64(T0), np.datetime64(T1, "ms")),
        (EPOCH, EPOCH + 3600),
        (float(EPOCH), EPOCH + 3600.0),
        (np.int64(EPOCH), np.float64(EPOCH + 3600)),
        ("2023-01-02T00:00:00Z", "2023-01-02T01:00:00+00:00"),
        ("2023-002", "20230102T010000"),
        ("2023/1/2", "2 Jan 2023 1:00"),
        (T0, timedelta(hours=1)),
        (T0, np.timedelta64(60, "m")),
        (T0, "PT1H"),
        (pd.Timedelta("1h"), T1),
    ],
)
def test_kinds_of_times(session, field, start, stop):
    assert session.get_data(B, start, stop).equals(field)
    assert session.get_data(B, [start, stop]).equals(field)


@pytest.mark.parametrize(
    "bad", ["01/02/2023", "soon", None, True, np.timedelta64(1, "h"), object()]
)
def test_what_is_no_time_is_refused(session, bad):
    with pytest.raises(ValueError):
        session.get_data(B, [bad, T1] if not isinstance(bad, np.timedelta64) else [bad, bad])


RANGES = [[T0, T1], ["2023-01-03", "2023-01-03T02"]]


@pytest.mark.parametrize(
    "ranges",
    [
        RANGES,
        tuple(map(tuple, RANGES)),
        [spz.TimeRange(*r) for r in RANGES],
        spz.TimeTable("two", {}, RANGES),
        spz.Catalog("two", {}, [spz.Event(*r) for r in RANGES]),
    ],
    ids=["lists", "tuples", "ranges", "time table", "catalogue"],
)
def test_several_ranges_give_a_list_in_their_order(session, ranges):
    found = session.get_data(B, ranges)
    assert [len(v) for v in found] == [225, 450]
    assert [str(v.time[0])[:10] for v in found] == ["2023-01-02", "2023-01-03"]


def test_a_table_of_the_archive_in_place_of_ranges(session):
    table = session.get_data(TABLE)
    assert isinstance(table, spz.TimeTable)
    by_id = session.get_data(FIELD, TABLE)
    assert len(by_id) == len(table) == 27
    node = session.amda.list_timetables()[0]
    assert [len(v) for v in session.get_data(FIELD, node)] == [len(v) for v in by_id]
    catalogue = session.amda.list_catalogs()[0]
    assert len(session.get_data(FIELD, catalogue)) == len(session.get_data(catalogue))
    assert isinstance(session.get_data(catalogue), spz.Catalog)


def test_lists_dicts_generators_and_nests_of_products(session, field):
    other = "cda/AC_H0_MFI/BGSM"
    for several in ([B, other], (B, other), {B: 1, other: 2}, (p for p in (B, other))):
        a, b = session.get_data(several, T0, T1)
        assert a.equals(field)
        assert (a.name, b.name) == ("BGSEc", "BGSM")
    nested = session.get_data([B, [other, [B]]], T0, T1)
    assert nested[0].equals(field)
    assert nested[1][0].name == "BGSM"
    assert nested[1][1][0].equals(field)


def test_products_outermost_then_ranges(session):
    found = session.get_data([B, "cda/AC_H0_MFI/BGSM"], RANGES)
    assert [[(v.name, len(v)) for v in row] for row in found] == [
        [("BGSEc", 225), ("BGSEc", 450)],
        [("BGSM", 225), ("BGSM", 450)],
    ]


def test_a_data_set_of_amda_and_none_of_the_others(session):
    found = session.get_data("amda/ace-imf-all", T0, T1)
    assert isinstance(found, spz.Dataset)
    assert found["imf"].shape == (225, 3)
    for whole in ("cda/AC_H0_MFI", "csa/C1_CP_FGM_SPIN"):
        with pytest.raises(ValueError):
            session.get_data(whole, T0, T1)


def test_mistakes(session):
    with pytest.raises(ValueError, match="not a product id"):
        session.get_data("nothing", T0, T1)
    with pytest.raises(UnknownProvider):
        session.get_data("nobody/x", T0, T1)
    with pytest.raises(UnknownProduct):
        session.get_data("cda/AC_H0_MFI/none", T0, T1)
    with pytest.raises(InvalidRequest):
        session.get_data(12, T0, T1)
    with pytest.raises(TypeError, match=r"its options: .*method"):
        session.get_data(B, T0, T1, methd="API")
    with pytest.raises(UnknownOption, match="'BEST', 'FILE' or 'API'"):
        session.get_data(B, T0, T1, method="APY")


def test_outside_the_coverage_is_empty_with_a_warning(session):
    assert session.cda.parameter_range(B) is not None  # which loads the inventory
    with pytest.warns(spz.errors.SpeasyWarning, match="has data from 1998") as warned:
        assert len(session.get_data(B, "1990-01-01", "1990-01-02")) == 0
    assert warned[0].filename == __file__


def test_common_keywords(session, archive, field, capsys):
    asked = len(archive.requests)
    assert session.get_data(B, T0, T1, disable_proxy=True, prefer_cache=True).equals(field)
    assert len(archive.requests) == asked
    assert session.get_data(B, T0, T1, disable_cache=True).equals(field)
    assert len(archive.requests) > asked
    session.get_data([B, FIELD], T0, T1, progress=True, disable_cache=True)
    shown = capsys.readouterr().err
    assert "2 of 2" in shown
    assert "B/s" in shown
    assert " 0.00B" not in shown.rpartition("\r")[2]


@pytest.mark.parametrize("timeout", ["5", float("nan"), -1, True, [3]])
def test_a_limit_of_time_is_a_number_of_seconds(session, timeout):
    with pytest.raises(InvalidRequest, match="timeout="):
        session.get_data(B, T0, T1, timeout=timeout)


def test_headers_of_ones_own(archive, session, monkeypatch):
    sent = []
    send = session.http._transport.send

    def note(request, timeout):
        sent.append(dict(request.headers))
        return send(request, timeout)

    monkeypatch.setattr(session.http._transport, "send", note)
    options = {"disable_cache": True, "extra_http_headers": {"X-Who": "me"}}
    session.get_data([B, "ssc/mms1"], T0, T1, **options)
    assert sent
    assert all(headers["X-Who"] == "me" for headers in sent)
    sent.clear()
    session.get_data(B, T0, T1, disable_cache=True)
    assert sent
    assert not any("X-Who" in headers for headers in sent)
    for bad in ({"a b": "c"}, {"A": "b\r\nc"}, {"Host": "x"}, {"A": 1}, "A: b"):
        with pytest.raises(InvalidRequest):
            session.get_data(B, T0, T1, extra_http_headers=bad)


def test_options_of_each_provider(session, field):
    imf = session.get_data("amda/imf", T0, T1)
    assert session.get_data("amda/imf", T0, T1, output_format="CDF_ISTP").equals(imf)
    with pytest.raises(UnknownOption):
        session.get_data("amda/imf", T0, T1, output_format="ASCII")
    for method in ("best", "FILE", "api"):
        assert np.array_equal(session.get_data(B, T0, T1, method=method).values, field.values)
    gse = session.get_data("ssc/mms1", T0, "2023-01-03")
    assert session.get_data(
        "ssc/mms1", T0, "2023-01-03", coordinate_system="GSE", debug=True
    ).equals(gse)
    gsm = session.get_data("ssc/mms1", T0, "2023-01-03", coordinate_system="gsm")
    assert not np.allclose(gsm.values, gse.values)
    orbit = session.get_data(
        "cdpp3dview/ACE", T0, "2023-01-03", coordinate_frame="gse", sampling="600"
    )
    same = session.get_data("3DView/ACE", T0, "2023-01-03", coordinate_system="GSE", format="cdf")
    assert same.equals(orbit)
    with pytest.raises(UnknownOption, match="two different frames"):
        session.get_data(
            "cdpp3dview/ACE", T0, T1, coordinate_system="GSE", coordinate_frame="J2000"
        )
    with pytest.raises(UnknownOption, match="use 'cdf'"):
        session.get_data("cdpp3dview/ACE", T0, T1, format="ascii")


def test_only_what_is_newer(session, field):
    for product in (B, "cdpp3dview/ACE"):
        assert session.get_data(product, T0, T1, if_newer_than="2099-01-01") is None
        assert len(session.get_data(product, T0, T1, if_newer_than=datetime(1980, 1, 1)))
    assert session.get_data(B, T0, T1, if_newer_than=datetime(1980, 1, 1)).equals(field)


def test_force_refresh_reads_the_archive_anew(session, archive):
    product = "file/AC_H0_MFI/BGSEc"
    first = session.get_data(product, T0, T1)
    asked = len(archive.requests)
    session.get_data(product, T0, T1)
    assert len(archive.requests) == asked
    for _ in range(2):
        before = len(archive.requests)
        again = session.get_data(
            product, T0, T1, force_refresh=True, progress=True, extra_http_headers={"X-A": "b"}
        )
        assert again.equals(first)
        assert len(archive.requests) > before


def test_errors_collected_in_their_places(session, field):
    found = session.get_data([B, "cda/AC_H0_MFI/none", "nobody/x", B], T0, T1, on_error="collect")
    assert found[0].equals(field)
    assert found[3].equals(field)
    assert isinstance(found[1], UnknownProduct)
    assert isinstance(found[2], UnknownProvider)
    grid = session.get_data([B, "cda/AC_H0_MFI/none"], RANGES, on_error="collect")
    assert [len(v) for v in grid[0]] == [225, 450]
    assert all(isinstance(error, SpeasyError) for error in grid[1])
    with pytest.raises(UnknownProduct):  # there is no list for it to stand in
        session.get_data("cda/AC_H0_MFI/none", T0, T1, on_error="collect")
    with pytest.raises(UnknownOption, match="'collect'"):
        session.get_data(B, T0, T1, on_error="ignore")


def test_headers_of_ones_own_stay_with_the_host_that_was_asked():
    with extra_headers({"X-Key": "secret"}):
        request = make_request("GET", "https://a.org/x", None, None, None)
        assert redirected(request, 302, "https://a.org/y").headers["X-Key"] == "secret"
        assert "X-Key" not in redirected(request, 302, "https://b.org/y").headers
