"""CDAWeb's files read directly: lists, versions, masters, damage."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import formatdate

import numpy as np
import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.errors import (
    CorruptFile,
    DeadlineExceeded,
    HttpStatusError,
    InvalidRequest,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, Response
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched
from speasy_core.providers import _cda_remote
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, SpeasyVariable

FOLDER = "/pub/data/x/ds"
REF = ProductRef("cda", "DS/B")
OLD = "Mon, 01 Jan 2018 00:00:00 GMT"


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
