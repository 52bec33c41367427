"""CDAWeb's files read directly: names, lists, versions, masters, and which way is taken when."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import speasy_core as spz
from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    DeadlineExceeded,
    HttpStatusError,
    InvalidRequest,
    SpeasyError,
    UnexpectedContent,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, HttpClient, Response
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched
from speasy_core.providers import _cda_remote
from speasy_core.providers._cda_naming import Naming, NoRule
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, SpeasyVariable

FOLDER = "/pub/data/x/ds"
REF = ProductRef("cda", "DS/B")
OLD = "Mon, 01 Jan 2018 00:00:00 GMT"
SECOND = 10**9


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "name", "start", "stop", "version"),
    [
        ("a_%Y%m%d_%Q.cdf", "a_20200229_v07.cdf", "2020-02-29", None, "v07"),
        ("a_%Y%m%d_%Q.n.n.cdf", "a_20200229_v5.87.0.cdf", "2020-02-29", None, "v5.87.0"),
        ("a_%Y%j_%Q.cdf", "a_2020060_v1.cdf", "2020-02-29", None, "v1"),
        ("a_%y%m%d.cdf", "a_790102.cdf", "1979-01-02", None, ""),
        ("a_%y%m%d.cdf", "a_040102.cdf", "2004-01-02", None, ""),
        ("a_%Y%m%d%H%M%S_%Q.cdf", "a_20151201120005_v3.3.0.cdf", "2015-12-01T12:00:05", None,
         "v3.3.0"),
        ("a_%Y%m%d%H%M%S_%Q.cdf", "a_20151201T120005_v1.cdf", "2015-12-01T12:00:05", None, "v1"),
        ("a_%Y%m%dT%H%M%S-%Y%m%dT%H%M%S_%Q.cdf", "a_20200101T000000-20200101T235959_V02.cdf",
         "2020-01-01", "2020-01-02", "V02"),
        ("a_%Y%m%d-%Y%m%d_%Q.cdf", "a_20200101-20200131_V02.cdf", "2020-01-01", "2020-02-01",
         "V02"),
        ("a_%Y%m%d%H%M_%H%M_%Q.cdf", "a_202001010600_0659_v1.cdf", "2020-01-01T06",
         "2020-01-01T07", "v1"),
        ("a_%Y-%m-%d_%Q.nc", "a_2020-03-04_v01.nc", "2020-03-04", None, "v01"),
        ("a_%Y%m%d%I%p.cdf", "a_2020030412PM.cdf", "2020-03-04T12", None, ""),
        ("a_%Y%m%d%I%p.cdf", "a_2020030412AM.cdf", "2020-03-04", None, ""),
        ("a_%Y%m_%Q.cdf", "a_202003_v01.cdf", "2020-03-01", None, "v01"),
        ("A+(1)_%Y_%Q.cdf", "a+(1)_2020_v01.CDF", "2020-01-01", None, "v01"),
        ("a?_*_%Y%m%d.cdf", "ab_anything_20200101.cdf", "2020-01-01", None, ""),
    ],
)  # fmt: skip
def test_a_name_says_when_and_which_version(rule, name, start, stop, version):
    file = Naming.parse(rule).read(name)
    assert file is not None
    assert (file.start, file.stop) == (ns(start), None if stop is None else ns(stop))
    assert file.version == version


@pytest.mark.parametrize(
    "name",
    ["a_20201301_v1.cdf", "a_20200230_v1.cdf", "b_20200101_v1.cdf", "a_2020011_v1.cdf",
     "a_20200101_v1.cdf.md5", "a_20200101_.cdf", "../a_20200101_v1.cdf", ""],
)  # fmt: skip
def test_other_names_are_passed_over(name):
    assert Naming.parse("a_%Y%m%d_%Q.cdf").read(name) is None


@pytest.mark.parametrize(
    ("rule", "folders", "words"),
    [
        ("", "%Y", "does not say"),
        ("  ", "None", "does not say"),
        ("a_%Q.cdf", "%Y", "no date"),
        ("a_%H%M_%Q.cdf", "%Y/%j", "no date"),
        ("a_%m%d_%Q.cdf", "None", "the year"),
        ("a_%Y%m%d_%X.cdf", "None", "not known"),
        ("a_%Y%m%d.cdf", "%Q", "not known"),
        ("a_%Y%m%d.cdf", "%m", "not known"),
        ("a_%Y%m%d.cdf", "../%Y", "not known"),
        ("a_%Y%m%d.cdf", "%Y?x=1", "not known"),
    ],
)
def test_rules_by_which_nothing_is_found(rule, folders, words):
    with pytest.raises(NoRule, match=words):
        Naming.parse(rule, folders)


@pytest.mark.parametrize(
    ("rule", "expected", "before"),
    [
        ("%Y", ["2019", "2020"], "2018"),
        ("%Y/%m", ["2019/12", "2020/01"], "2019/11"),
        ("%Y/%j", ["2019/365", "2020/001"], "2019/364"),
        ("%Y/%m/%d", ["2019/12/31", "2020/01/01"], "2019/12/30"),
        ("%y/%j", ["19/365", "20/001"], "19/364"),
        ("%Y%j", ["2019365", "2020001"], "2019364"),
        ("None", [""], None),
        ("", [""], None),
    ],
)
def test_folders_of_a_range(rule, expected, before):
    naming = Naming.parse("a_%Y%m%d.cdf", rule)
    folders = naming.list_folders(TimeRange("2019-12-31T12:00", "2020-01-01T12:00"))
    assert [name for name, _ in folders] == expected
    assert naming.folder_before(folders[0][1]) == before


def test_what_the_folder_says_need_not_be_in_the_name():
    file = Naming.parse("a_%d_%Q.cdf", "%Y/%m").read("a_05_v1.cdf", "2020/03")
    assert file.start == ns("2020-03-05")


def test_before_1970_too():
    naming = Naming.parse("a_%Y%m%d.cdf", "%Y")
    span = TimeRange("1965-12-31T23:59:59.5", "1966-01-01T00:00:01")
    assert [name for name, _ in naming.list_folders(span)] == ["1965", "1966"]
    assert naming.read("a_19651231.cdf").start == ns("1965-12-31")


def test_the_highest_version_counts_and_stops_are_the_next_starts():
    naming = Naming.parse("a_%Y%m%d_%Q.cdf")
    names = ["a_20200103_v1.cdf", "a_20200101_v9.cdf", "a_20200101_v10.cdf", "a_20200101_v2.cdf"]
    newest = naming.newest(naming.read(name) for name in names)
    assert [file.name for file in newest] == ["a_20200101_v10.cdf", "a_20200103_v1.cdf"]
    assert [file.stop for file in newest] == [ns("2020-01-03"), None]


@given(st.datetimes(datetime(1951, 1, 1), datetime(2049, 12, 31)))
@pytest.mark.parametrize(
    "rule", ["%Y%m%d%H%M%S", "%Y%j%H%M%S", "%y%m%dT%H%M%S", "%Y-%m-%d_%H:%M:%S"]
)
def test_names_are_read_as_they_are_written(rule, when):
    when = when.replace(microsecond=0)
    file = Naming.parse(f"x_{rule}_%Q.cdf").read(f"x_{when.strftime(rule)}_v1.cdf")
    assert file.start == int(when.replace(tzinfo=UTC).timestamp()) * SECOND


# -- an archive of a few files -------------------------------------------------------------------


class Tree:
    """Folders and files behind the stand-in for the http client."""

    def __init__(self, http) -> None:
        self.http = http
        self.files: dict[str, tuple[bytes, str]] = {}
        self.ghosts: set[str] = set()
        self.fault: Response | None = None
        http.answers[""] = self.answer

    def put(self, path: str, body: bytes, modified: str = OLD) -> None:
        self.files[path] = (body, modified)

    def answer(self, url: str, headers) -> Response:
        assert url.startswith("https://archive/"), "nothing outside the archive is asked"
        path = url.removeprefix("https://archive")
        if path.endswith("/"):
            if self.fault is not None:
                return self.fault
            inside = {p[len(path) :] for p in [*self.files, *self.ghosts] if p.startswith(path)}
            if not inside:
                return Response(404, Headers(), b"<html><title>404</title></html>")
            shown = sorted({re.sub("/.*", "/", name) for name in inside})
            links = "".join(f'<a href="{name}">{name}</a>' for name in ["../", *shown])
            page = f"<html><title>Index of {path}</title><body>{links}</body></html>"
            return Response(200, Headers({"date": formatdate(usegmt=True)}), page.encode())
        if path not in self.files:
            return Response(404, Headers(), b"<html><title>404</title></html>")
        body, modified = self.files[path]
        if headers.get("If-Modified-Since") == modified:
            return Response(304, Headers({"last-modified": modified}))
        return Response(200, Headers({"last-modified": modified}), body)

    @property
    def asked(self) -> list[str]:
        return [f"{m} {u.removeprefix('https://archive')}" for m, u, _ in self.http.asked]


def samples(start: str, hours: float = 24.0, offset: float = 0.0, name: str = "B", **meta: object):
    time = np.datetime64(start, "ns") + np.arange(int(hours * 60)) * np.timedelta64(1, "m")
    values = offset + np.arange(len(time) * 3, dtype=np.float32).reshape(-1, 3)
    return SpeasyVariable(time, values, name=name, unit="nT", meta=meta)


def day(start: str, **more: object) -> bytes:
    return encode([samples(start, **more)])


@pytest.fixture
def tree(http) -> Tree:
    made = Tree(http)
    for number in (1, 2, 3):
        date = f"2020-01-0{number}"
        made.put(f"{FOLDER}/2020/ds_{date.replace('-', '')}_v1.cdf", day(date))
    return made


META = {
    "url": f"https://elsewhere.example{FOLDER}/",
    "filenaming": "ds_%Y%m%d_%Q.cdf",
    "subdividedby": "%Y",
}


def make(http, **meta: str) -> CdaProvider:
    provider = CdaProvider(Settings(cda_url="https://h/c", cda_archive_url="https://archive"), http)
    info = ProductInfo(("DS",), ProductRef("cda", "DS"), "dataset", meta={**META, **meta})
    provider.inform(lambda ref: info if ref.path == "DS" else None)
    return provider


def ask(
    provider: CdaProvider,
    start: str,
    stop: str,
    *,
    since: str | None = None,
    ref=REF,
    method="FILE",
) -> Fetched:
    return provider.fetch(
        ref, TimeRange(start, stop), deadline=Deadline(20), since=since, options={"method": method}
    )


def test_files_of_the_range_are_read_and_cut(tree, http):
    v = ask(make(http), "2020-01-01T12:00", "2020-01-02T12:00").variable
    assert (v.name, v.unit, v.shape) == ("B", "nT", (24 * 60, 3))
    assert v.time[0] == np.datetime64("2020-01-01T12:00")
    assert tree.asked[0] == f"GET {FOLDER}/2020/"
    assert sorted(tree.asked[1:]) == [
        f"GET {FOLDER}/2020/ds_20200101_v1.cdf", f"GET {FOLDER}/2020/ds_20200102_v1.cdf",
    ]  # fmt: skip


def test_lists_and_files_are_asked_for_once(tree, http):
    provider = make(http)
    for hour in range(5):
        ask(provider, f"2020-01-02T0{hour}", f"2020-01-02T0{hour + 1}")
    assert len(tree.asked) == 2


def test_a_list_is_asked_for_again_after_half_a_day(tree, http, monkeypatch):
    provider = make(http)
    ask(provider, "2020-01-02", "2020-01-03")
    later = _cda_remote.time.monotonic() + 13 * 3600
    monkeypatch.setattr(_cda_remote.time, "monotonic", lambda: later)
    ask(provider, "2020-01-02", "2020-01-03")
    file = f"GET {FOLDER}/2020/ds_20200102_v1.cdf"
    assert tree.asked == [f"GET {FOLDER}/2020/", file] * 2
    assert http.asked[-1][2] == {"If-Modified-Since": OLD}


def test_files_kept_in_memory_have_a_limit(tree, http):
    size = len(day("2020-01-01"))
    remote = _cda_remote.Remote(http, int(1.5 * size))
    urls = [f"https://archive{FOLDER}/2020/ds_2020010{i}_v1.cdf" for i in (1, 2, 1)]
    for url in urls:
        remote.read(url, deadline=Deadline(5))
    assert len(tree.asked) == 3
    remote.read(urls[-1], deadline=Deadline(5))
    assert len(tree.asked) == 3


def test_the_highest_version_is_read(tree, http):
    tree.put(f"{FOLDER}/2020/ds_20200102_v9.cdf", day("2020-01-02", offset=9e6))
    tree.put(f"{FOLDER}/2020/ds_20200102_v10.cdf", day("2020-01-02", offset=1e7))
    v = ask(make(http), "2020-01-02", "2020-01-03").variable
    assert v.values[0, 0] == 1e7


def test_the_last_file_of_a_year_goes_on_into_the_next(tree, http):
    tree.put(f"{FOLDER}/2019/ds_20191231_v1.cdf", day("2019-12-31", hours=30))
    del tree.files[f"{FOLDER}/2020/ds_20200101_v1.cdf"]
    v = ask(make(http), "2020-01-01T01:00", "2020-01-01T02:00").variable
    assert len(v) == 60


@pytest.mark.parametrize("rule", ["%Y/%m", "%Y/%j", "None"])
def test_other_subdivisions(http, rule):
    tree = Tree(http)
    for date in ("2020-02-29", "2020-03-01"):
        below = "" if rule == "None" else datetime.fromisoformat(date).strftime(rule) + "/"
        tree.put(f"{FOLDER}/{below}ds_{date.replace('-', '')}_v1.cdf", day(date))
    v = ask(make(http, subdividedby=rule), "2020-02-29", "2020-03-02").variable
    assert len(v) == 2 * 1440


def test_a_year_without_a_folder_has_no_data(tree, http):
    found = ask(make(http), "2015-05-01", "2015-05-02")
    assert len(found.variable) == 0


def test_no_folder_at_all_is_an_error(http):
    Tree(http)
    with pytest.raises(UnexpectedContent, match="no folder for DS"):
        ask(make(http), "2020-01-01", "2020-01-02")
    with pytest.raises(UnexpectedContent, match="no folder for DS"):
        ask(make(http, subdividedby="None"), "2020-01-01", "2020-01-02")


@pytest.mark.parametrize(
    "page", ["<html><title>Scheduled maintenance</title></html>", "", "{}", "<html><body/></html>"]
)
def test_another_page_than_a_list_is_never_no_data(tree, http, page):
    tree.fault = Response(200, Headers(), page.encode())
    with pytest.raises(UnexpectedContent):
        ask(make(http), "2020-01-01", "2020-01-02")


def test_links_that_lead_elsewhere_are_left_alone(tree, http):
    links = ["//evil.example/pub/ds_20200101_v2.cdf", "../ds_20200101_v3.cdf", "?C=M;O=A",
             "https://evil.example/ds_20200101_v4.cdf", "sub/ds_20200101_v5.cdf",
             f"{FOLDER}/2020/ds_20200102_v1.cdf", "ds%5F20200101_v1.cdf"]  # fmt: skip
    page = "<title>Index of x</title>" + "".join(f'<a href="{link}">x</a>' for link in links)
    tree.fault = Response(200, Headers(), page.encode())
    v = ask(make(http), "2020-01-01", "2020-01-03").variable
    assert len(v) == 2 * 1440
    assert len(tree.asked) == 3


def test_a_file_that_is_gone_makes_the_list_new_once(tree, http):
    provider = make(http)
    ask(provider, "2020-01-01", "2020-01-02")
    body, _ = tree.files.pop(f"{FOLDER}/2020/ds_20200102_v1.cdf")
    tree.put(f"{FOLDER}/2020/ds_20200102_v2.cdf", body)
    v = ask(provider, "2020-01-02", "2020-01-03").variable
    assert len(v) == 1440
    assert tree.asked[2:] == [
        f"GET {FOLDER}/2020/ds_20200102_v1.cdf", f"GET {FOLDER}/2020/",
        f"GET {FOLDER}/2020/ds_20200102_v2.cdf",
    ]  # fmt: skip
    tree.ghosts.add(f"{FOLDER}/2020/ds_20200102_v3.cdf")
    with pytest.raises(HttpStatusError, match="does not have a file that it lists"):
        ask(make(http), "2020-01-02", "2020-01-03")


def test_revalidation_by_last_modified(tree, http):
    provider = make(http)
    first = ask(provider, "2020-01-01", "2020-01-03")
    assert first.version.endswith(" 00:00:00 GMT")
    http.asked.clear()
    same = ask(provider, "2020-01-01", "2020-01-03", since=first.version)
    assert same.variable is None
    assert same.version == first.version
    assert sorted(tree.asked) == [
        f"HEAD {FOLDER}/2020/ds_20200101_v1.cdf", f"HEAD {FOLDER}/2020/ds_20200102_v1.cdf",
    ]  # fmt: skip
    # made a day before the answer at hand: it may have been put in place after it
    tree.put(f"{FOLDER}/2020/ds_20200102_v1.cdf", day("2020-01-02", offset=5.0),
             "Sat, 01 Feb 2020 00:00:00 GMT")  # fmt: skip
    new = ask(make(http), "2020-01-01", "2020-01-03", since="Sun, 02 Feb 2020 00:00:00 GMT")
    assert new.variable.values[1440, 0] == 5.0


def test_a_version_that_is_no_date_is_fetched_anew(tree, http):
    assert ask(make(http), "2020-01-01", "2020-01-02", since="v7").variable is not None


def test_the_master_gives_what_files_lack(tree, http):
    master = f"{FOLDER}/m.cdf"
    tree.put(master, encode([samples("2000-01-01", 0.1, SCALETYP="log")]))
    provider = make(http, mastercdf=f"ftp://elsewhere{master}")
    v = ask(provider, "2020-01-01", "2020-01-02").variable
    assert (v.meta["SCALETYP"], len(v)) == ("log", 1440)
    tree.put(master, b"junk")
    assert len(ask(make(http, mastercdf=f"http://e{master}"), "2020-01-01", "2020-01-02").variable)
    del tree.files[master]
    assert len(ask(make(http, mastercdf=f"http://e{master}"), "2020-01-01", "2020-01-02").variable)


def test_virtual_variables_are_in_no_file(tree, http):
    master = f"{FOLDER}/m.cdf"
    tree.put(master, encode([
        samples("2000-01-01", 0.1), samples("2000-01-01", 0.1, name="V", VIRTUAL="TRUE"),
        samples("2000-01-01", 0.1, name="W").copy(
            axes=(Axis(np.arange(3.0), name="energy", meta={"VIRTUAL": "true"}),)
        ),
    ]))  # fmt: skip
    provider = make(http, mastercdf=f"http://e{master}")
    for name, words in (("V", "it is computed"), ("W", "its axis energy is computed")):
        with pytest.raises(InvalidRequest, match=words) as caught:
            ask(provider, "2020-01-01", "2020-01-02", ref=ProductRef("cda", f"DS/{name}"))
        assert "method='API'" in str(caught.value)
    assert len(ask(provider, "2020-01-01", "2020-01-02").variable) == 1440


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"filenaming": ""}, "how its files are named"),
        ({"filenaming": "ds_%Q.cdf"}, "no date"),
        ({"url": ""}, "no folder"),
        ({"url": "https://elsewhere.example/private/ds"}, "no folder"),
        ({"url": "https://archive/pub/../etc"}, "no folder"),
    ],
)
def test_where_there_is_no_way_it_is_said(tree, http, meta, words):
    with pytest.raises(InvalidRequest, match=words) as caught:
        ask(make(http, **meta), "2020-01-01", "2020-01-02")
    assert "method='API'" in str(caught.value)
    assert tree.asked == []


def test_a_variable_that_is_not_there(tree, http):
    with pytest.raises(UnknownProduct, match="nope"):
        ask(make(http), "2020-01-01", "2020-01-02", ref=ProductRef("cda", "DS/nope"))


def test_a_variable_that_only_some_files_have(tree, http):
    both = encode([samples("2020-01-02"), samples("2020-01-02", name="C")])
    tree.put(f"{FOLDER}/2020/ds_20200102_v1.cdf", both)
    tree.put(f"{FOLDER}/m.cdf", both)
    provider = make(http, mastercdf=f"http://e{FOLDER}/m.cdf")
    v = ask(provider, "2020-01-01", "2020-01-04", ref=ProductRef("cda", "DS/C")).variable
    assert (len(v), v.time[0]) == (1440, np.datetime64("2020-01-02"))


def test_a_damaged_file_is_named(tree, http):
    path = f"{FOLDER}/2020/ds_20200102_v1.cdf"
    tree.put(path, tree.files[path][0][:-100])
    with pytest.raises(CorruptFile, match="ds_20200102_v1"):
        ask(make(http), "2020-01-01", "2020-01-04")


def test_no_time_left(tree, http):
    with pytest.raises(DeadlineExceeded):
        make(http).fetch(REF, TimeRange("2020-01-01", "2020-01-02"), deadline=Deadline(0),
                         options={"method": "FILE"})  # fmt: skip


def test_netcdf_files(http, tmp_path):
    netcdf = pytest.importorskip("netCDF4")
    tree = Tree(http)
    file = tmp_path / "x.nc"
    with netcdf.Dataset(file, "w") as made:
        made.createDimension("time", 24)
        time = made.createVariable("time", "f8", ("time",))
        time.units = "seconds since 2020-01-01T00:00:00Z"
        time[:] = np.arange(24) * 3600.0
        field = made.createVariable("B", "f4", ("time",))
        field.units = "nT"
        field[:] = np.arange(24)
    tree.put(f"{FOLDER}/2020/ds_20200101_v1.nc", file.read_bytes())
    provider = make(http, filenaming="ds_%Y%m%d_%Q.nc")
    v = ask(provider, "2020-01-01T06", "2020-01-01T09").variable
    assert (v.values.tolist(), v.unit) == ([6.0, 7.0, 8.0], "nT")


# -- which way -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["FIEL", "", "files", None, 3, ["FILE"]])
def test_another_method_is_an_error(http, method):
    provider = make(http)
    with pytest.raises(UnknownOption, match="'BEST', 'FILE' or 'API'"):
        ask(provider, "2020-01-01", "2020-01-02", method=method)
    with pytest.raises(UnknownOption):
        provider.check_options({"method": method})


def test_spellings_of_a_method_are_one(http):
    provider = make(http)
    assert provider.check_options({"method": "file"}) == {"method": "FILE"}
    assert provider.check_options({"method": "Best"}) == provider.check_options({}) == {}


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


@pytest.fixture
def live(archive):
    settings = archive.settings()
    http = HttpClient(settings)
    archive.requests.clear()
    yield CdaProvider(settings, http)
    archive.faults.clear()
    http.close()


FGM = ProductRef("cda", "MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2")


@pytest.mark.parametrize(
    ("ref", "start", "stop"),
    [
        ("AC_H0_MFI/BGSEc", "2018-12-31T22:00:05", "2019-01-01T01:00:00.5"),
        ("MMS1_FPI_FAST_L2_DES-MOMS/mms1_des_energyspectr_omni_fast", "2019-01-02T15",
         "2019-01-02T16"),
        ("CO_MAG_1SEC/B_RTN", "2009-01-02", "2009-01-02T01"),
    ],
)  # fmt: skip
def test_both_ways_give_the_same(live, ref, start, stop):
    product = ProductRef("cda", ref)
    by_file, by_service = (
        ask(live, start, stop, ref=product, method=m).variable for m in ("FILE", "API")
    )
    assert len(by_service)
    assert np.array_equal(by_file.time, by_service.time)
    assert np.array_equal(by_file.values, by_service.values, equal_nan=True)
    assert (by_file.unit, by_file.columns, by_file.kind) == (
        by_service.unit, by_service.columns, by_service.kind,
    )  # fmt: skip
    for ours, theirs in zip(by_file.axes, by_service.axes, strict=True):
        assert np.array_equal(ours.values, theirs.values)


def test_without_an_inventory_only_the_catalogue_is_asked_once(live, archive):
    for _ in range(2):
        ask(live, "2019-01-02", "2019-01-02T01", ref=ProductRef("cda", "AC_H0_MFI/BGSEc"))
    paths = [path for _, path in archive.requests]
    assert sum("all.xml" in path for path in paths) == 1
    assert not any("master.tar" in path or "/WS/" in path for path in paths)
    with pytest.raises(UnknownProduct, match="no data set 'NOPE'"):
        ask(live, "2019-01-02", "2019-01-03", ref=ProductRef("cda", "NOPE/x"))


def test_what_has_no_file_names_goes_by_the_service(live):
    ref = ProductRef("cda", "MMS1_SCM_BRST_L2_SCB/mms1_scm_acb_gse_scb_brst_l2")
    with pytest.raises(InvalidRequest, match="how its files are named"):
        ask(live, "2019-01-02T15", "2019-01-02T15:01", ref=ref)


def test_best_asks_the_service(live, archive):
    ask(live, "2019-01-02", "2019-01-03", ref=ProductRef("cda", "AC_H0_MFI/BGSEc"), method="best")
    assert all("/cdaweb/" in path for _, path in archive.requests)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"html": True}])
def test_best_reads_files_where_the_service_fails(live, archive, fault):
    live.inventory(deadline=Deadline(20))
    ref = ProductRef("cda", "AC_H0_MFI/BGSEc")
    expected = ask(live, "2019-01-02", "2019-01-03", ref=ref).variable
    with archive.faults.on(match="/WS/", **fault):
        v = ask(live, "2019-01-02", "2019-01-03", ref=ref, method="BEST").variable
        with pytest.raises(SpeasyError):
            ask(live, "2019-01-02", "2019-01-03", ref=ref, method="API")
    assert np.array_equal(v.values, expected.values)


def test_the_services_error_is_the_one_that_counts(live, archive):
    live.inventory(deadline=Deadline(20))
    ref = ProductRef("cda", "AC_H0_MFI/BGSEc")
    with archive.faults.on(status=500), pytest.raises(HttpStatusError) as caught:
        ask(live, "2019-01-02", "2019-01-03", ref=ref, method="BEST")
    assert "/WS/" in caught.value.url


def test_a_session_keeps_spellings_together_and_ways_apart(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        archive.requests.clear()
        job = ("cda/AC_H0_MFI/BGSEc", "2019-01-02", "2019-01-02T06")
        first = session.get_data(*job, method="file")
        count = len(archive.requests)
        again = session.get_data(*job, method="FILE")
        assert len(archive.requests) == count
        assert np.array_equal(first.values, again.values)
        session.get_data(*job)
        count = len(archive.requests)
        session.get_data(*job, method="BEST")
        assert len(archive.requests) == count
        with pytest.raises(UnknownOption, match="BEST"):
            session.get_data(*job, method="fiel")


def test_real_files(shared_data: Path, tmp_path):
    with LocalArchive(shared_data / "cda") as running:
        settings = running.settings(tmp_path)
        http = HttpClient(settings)
        provider = CdaProvider(settings, http)
        for ref, start, stop in (
            ("AC_H0_MFI/BGSEc", "2023-01-02T01", "2023-01-02T05"),
            ("SOLO_L2_MAG-RTN/B_RTN", "2021-07-11T01", "2021-07-11T02"),
            ("MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast", "2015-12-01T12:10",
             "2015-12-01T13"),
            ("OMNI_COHO1HR_MERGED_MAG_PLASMA/BR", "2024-09-10", "2024-09-20"),
        ):  # fmt: skip
            product = ProductRef("cda", ref)
            ours, theirs = (
                ask(provider, start, stop, ref=product, method=m).variable for m in ("FILE", "API")
            )
            assert len(ours), ref
            assert np.array_equal(ours.time, theirs.time)
            assert np.array_equal(ours.values, theirs.values, equal_nan=True)
        http.close()
