"""Described archives: patterns, listings, local folders, metadata, and what is refused."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import CorruptFile, InvalidRequest, SpeasyError, UnknownProduct
from speasy_core.http import Deadline, Headers, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.providers._archive_files import Places, _names
from speasy_core.providers._archive_template import Template, natural_key, periods
from speasy_core.providers.archive import ArchiveProvider
from speasy_core.session import Session
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

HOUR = np.timedelta64(1, "h")


def cdf(start: str, count: int = 24, value: float = 0.0, name: str = "b", **meta: Any) -> bytes:
    clock = np.datetime64(start, "ns") + np.arange(count) * HOUR
    values = np.full(count, value) + np.arange(count)
    return encode([SpeasyVariable(clock, values, name=name, unit="nT", meta=meta)])


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder of descriptions and one of data."""
    for name in ("descriptions", "data"):
        (tmp_path / name).mkdir()
    return tmp_path / "descriptions", tmp_path / "data"


def provider(folder: Path, *, local: bool = True) -> ArchiveProvider:
    settings = Settings(
        archive_dirs=(str(folder),), allow_local_files=local,
        cda_archive_url="http://127.0.0.1:9", cda_url="http://127.0.0.1:9",
    )  # fmt: skip
    return ArchiveProvider(settings, HttpClient(settings))


def describe(folder: Path, text: str, name: str = "d.yaml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def fetch(made: ArchiveProvider, path: str, start: str, stop: str, **more: Any) -> Any:
    ref = ProductRef("archive", path)
    return made.fetch(ref, TimeRange(start, stop), deadline=Deadline(30), **more)


# -- patterns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "filled"),
    [
        ("{Y}/{M:02d}/{D:02d}", "2005/03/07"),
        ("{y}{j:03d}", "05066"),
        ("{M}-{D}", "3-7"),
        ("{H:02d}{I:02d}{p}", "0012AM"),
        (r"f_{Y}_v\d{2}.cdf", r"f_2005_v\d{2}.cdf"),
        (r"f_\d{4,}", r"f_\d{4,}"),
        ("{{Y}}", "{Y}"),
    ],
)
def test_fields(pattern: str, filled: str) -> None:
    assert Template.parse(pattern).fill(date(2005, 3, 7)) == filled


@pytest.mark.parametrize(
    "pattern",
    ["{x}", "{Y.__class__}", "{0.__class__}", "{Y!r}", "{}", "{", "}", "{Y:>99999999}", "{Y[0]}"],
)
def test_no_other_fields(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a field"):
        Template.parse(pattern)


@given(st.integers(-(10**18), 4 * 10**18), st.integers(1, 400 * 86_400 * 10**9),
       st.sampled_from(["daily", "monthly", "yearly"]))  # fmt: skip
def test_periods_cover_the_range(start: int, length: int, frequency: str) -> None:
    span = TimeRange.from_ns(start, start + length)
    found = [whole for _, whole in periods(span, frequency)]
    assert found[0].start_ns <= span.start_ns
    assert found[-1].stop_ns >= span.stop_ns
    assert all(a.stop_ns == b.start_ns for a, b in itertools.pairwise(found))
    assert all(whole.overlaps(span) for whole in found)


def test_natural_order() -> None:
    names = ["f_v1.10.0.cdf", "f_v1.9.0.cdf", "f_v2.0.0.cdf", "f_v10.cdf"]
    assert max(names, key=natural_key) == "f_v10.cdf"
    assert sorted(names[:3], key=natural_key)[1] == "f_v1.10.0.cdf"


# -- local folders -----------------------------------------------------------------------------


def test_regular_files_without_a_listing(places: tuple[Path, Path]) -> None:
    folder, data = places
    for day in (1, 3):
        (data / f"f_2020010{day}.cdf").write_bytes(cdf(f"2020-01-0{day}"))
    describe(
        folder,
        f"""
set_a:
  inventory_path: mine/here
  split_rule: regular
  split_frequency: daily
  url_pattern: {data.as_uri()}/f_{{Y}}{{M:02d}}{{D:02d}}.cdf
""",
    )
    made = provider(folder)
    found = fetch(made, "mine/here/set_a/b", "2020-01-01T12", "2020-01-04").variable
    assert len(found) == 12 + 24
    assert found.name == "b"
    assert found.unit == "nT"
    # the path may be left out
    assert len(fetch(made, "set_a/b", "2020-01-02", "2020-01-03").variable) == 0
    with pytest.raises(InvalidRequest, match="is a data set"):
        fetch(made, "mine/here/set_a", "2020-01-01", "2020-01-02")
    with pytest.raises(UnknownProduct, match="zz"):
        fetch(made, "mine/here/set_a/zz", "2020-01-01", "2020-01-02")
    with pytest.raises(UnknownProduct, match="no description"):
        fetch(made, "mine/other/b", "2020-01-01", "2020-01-02")


def test_listing_takes_the_highest_version_in_natural_order(places: tuple[Path, Path]) -> None:
    folder, data = places
    for version, value in (("v9", 900), ("v10", 1000), ("v1.2", 100)):
        (data / f"f_20200101_{version}.cdf").write_bytes(cdf("2020-01-01", value=value))
    (data / "f_20200101_v99.cdf.part").write_bytes(b"not whole")
    describe(
        folder,
        rf"""
s:
  split_rule: regular
  split_frequency: monthly
  url_pattern: {data}/f_{{Y}}{{M:02d}}01_v[\d.]+\.cdf
  use_file_list: true
""",
    )
    assert fetch(provider(folder), "s/b", "2020-01-01", "2020-01-02").variable.values[0] == 1000


def test_random_files(places: tuple[Path, Path]) -> None:
    folder, data = places
    for start, version, count, value in (
        ("20200101T06", "v1", 10, 0), ("20200101T16", "v1", 20, 100),
        ("20200101T16", "v2", 20, 200), ("20200102T20", "v1", 2, 300),
        ("20200301T00", "v1", 2, 400),
    ):  # fmt: skip
        name = f"r_{start.replace('T', '')}0000_{version}.cdf"
        iso = f"{start[:4]}-{start[4:6]}-{start[6:]}"
        (data / name).write_bytes(cdf(iso, count, value))
    describe(
        folder,
        rf"""
r:
  split_rule: random
  split_frequency: none
  url_pattern: {data}/
  fname_regex: 'r_(?P<start>\d{{14}})_(?P<version>v\d+)\.cdf'
  date_format: '%Y%m%d%H%M%S'
""",
    )
    made = provider(folder)
    got = fetch(made, "r/b", "2020-01-01T15", "2020-01-01T18")
    assert got.variable.values.tolist() == [9.0, 200.0, 201.0]
    # the file that began the day before lasts into the next
    assert len(fetch(made, "r/b", "2020-01-02", "2020-01-02T02").variable) == 2
    assert len(fetch(made, "r/b", "2020-02-01", "2020-02-02").variable) == 0


def test_a_date_that_cannot_be_read_is_named(places: tuple[Path, Path]) -> None:
    folder, data = places
    (data / "r_2020.cdf").write_bytes(b"x")
    describe(
        folder,
        rf"""
r:
  split_rule: random
  url_pattern: {data}/
  fname_regex: 'r_(?P<start>.+)\.cdf'
  date_format: '%Y%m%d'
""",
    )
    with pytest.raises(InvalidRequest, match=r"r_2020\.cdf"):
        fetch(provider(folder), "r/b", "2020-01-01", "2020-01-02")


def test_metadata_of_file_and_description(places: tuple[Path, Path]) -> None:
    folder, data = places
    (data / "f_2020.cdf").write_bytes(cdf("2020-01-01", CATDESC="of the file"))
    text = f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data}/f_{{Y}}.cdf
  meta: {{owner: me, Time_resolution: 1 hour}}
  meta_priority: PRIORITY
  start_date: 2020-01-01
  stop_date: 2021-01-01
  variables:
    b: {{UNITS: T, CATDESC: of the description, EXTRA: 5, SHAPE: 1}}
    c:
"""
    describe(folder, text.replace("PRIORITY", "file"))
    v = fetch(provider(folder), "s/b", "2020-01-01", "2020-01-02").variable
    assert (v.unit, v.meta["CATDESC"], v.meta["EXTRA"]) == ("nT", "of the file", 5)
    assert v.meta["dataset"]["owner"] == "me"
    describe(folder, text.replace("PRIORITY", "yaml"))
    made = provider(folder)
    v = fetch(made, "s/b", "2020-01-01", "2020-01-02").variable
    assert (v.unit, v.meta["CATDESC"]) == ("T", "of the description")
    update = made.inventory(deadline=Deadline(30))
    mine = {r.name: r for r in update.records if r.path[0] == "s"}
    assert mine["b"].kind == "scalar"
    assert mine["b"].unit == "T"
    assert mine["b"].cadence == 3600
    assert mine["s"].coverage == TimeRange("2020-01-01", "2021-01-01")
    assert str(mine["c"].ref) == "archive/s/c"


def test_master_gives_variables_and_metadata(places: tuple[Path, Path]) -> None:
    folder, data = places
    (data / "f_2020.cdf").write_bytes(cdf("2020-01-01"))
    (data / "master.cdf").write_bytes(cdf("2020-01-01", 0, CATDESC="from the master"))
    describe(
        folder,
        f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data}/f_{{Y}}.cdf
  master_cdf: {data}/master.cdf
""",
    )
    made = provider(folder)
    update = made.inventory(deadline=Deadline(30))
    names = [r.name for r in update.records if r.path[0] == "s"]
    assert names == ["s", "b"]
    v = fetch(made, "s/b", "2020-01-01", "2020-01-02").variable
    assert len(v) == 24


def test_unchanged_files_are_not_read_again(places: tuple[Path, Path]) -> None:
    folder, data = places
    path = data / "f_2020.cdf"
    path.write_bytes(cdf("2020-01-01"))
    describe(
        folder,
        f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data}/f_{{Y}}.cdf
""",
    )
    made = provider(folder)
    first = fetch(made, "s/b", "2020-01-01", "2020-01-02")
    assert first.version
    again = fetch(made, "s/b", "2020-01-01", "2020-01-02", since=first.version)
    assert again.variable is None
    path.write_bytes(cdf("2020-01-01", value=7))
    os.utime(path, (1, 1))
    changed = fetch(made, "s/b", "2020-01-01", "2020-01-02", since=first.version)
    assert changed.variable.values[0] == 7
    refreshed = fetch(made, "s/b", "2020-01-01", "2020-01-02", since=changed.version,
                      options={"force_refresh": True})  # fmt: skip
    assert refreshed.variable is not None


def test_other_codecs(places: tuple[Path, Path]) -> None:
    from speasy_core.demo._cef_write import to_cef

    folder, data = places
    clock = np.datetime64("2020-01-01", "ns") + np.arange(5) * HOUR
    made = SpeasyVariable(clock, np.arange(5.0), name="b")
    (data / "f_2020.dat").write_bytes(to_cef([made], "D", "f"))
    describe(
        folder,
        f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data}/f_{{Y}}.dat
  codec: cef
""",
    )
    assert len(fetch(provider(folder), "s/b", "2020-01-01", "2020-01-02").variable) == 5


def test_damaged_file_is_named(places: tuple[Path, Path]) -> None:
    folder, data = places
    (data / "f_2020.cdf").write_bytes(cdf("2020-01-01")[:-100])
    describe(
        folder,
        f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data}/f_{{Y}}.cdf
""",
    )
    with pytest.raises(CorruptFile, match=r"f_2020\.cdf"):
        fetch(provider(folder), "s/b", "2020-01-01", "2020-01-02")


def test_local_files_need_the_setting(places: tuple[Path, Path]) -> None:
    folder, data = places
    describe(
        folder,
        f"""
s:
  split_rule: regular
  split_frequency: yearly
  url_pattern: {data.as_uri()}/f_{{Y}}.cdf
""",
    )
    made = provider(folder, local=False)
    update = made.inventory(deadline=Deadline(30))
    assert any("allow_local_files" in w and "line 5" in w for w in update.warnings)
    with pytest.raises(UnknownProduct, match="allow_local_files"):
        fetch(made, "s/b", "2020-01-01", "2020-01-02")
    with pytest.raises(InvalidRequest, match="not allowed"):
        Places(HttpClient(Settings()), local=False, max_bytes=10).read("file:///x", Deadline(1))


def test_a_server_that_is_down_leaves_what_is_described(places: tuple[Path, Path]) -> None:
    update = provider(places[0]).inventory(deadline=Deadline(30))
    assert any(r.name == "AC_H0_MFI" for r in update.records)
    assert update.version.startswith("incomplete-")
    assert any("its master cannot be used" in w for w in update.warnings)


# -- remote listings ---------------------------------------------------------------------------


def listing(body: str, url: str = "http://h/a/b/") -> list[str]:
    return _names(Response(200, Headers({"Content-Type": "text/html"}), body.encode(), url))


def test_autoindex_pages() -> None:
    body = """<a href="?C=N;O=D">Name</a> <a href="/a/">Parent</a> <A HREF='x_v1.cdf'>x</A>
    <a href="/a/b/y.cdf">y</a> <a href="http://h/a/b/z%20z.cdf">z</a> <a href="sub/">s</a>
    <a href="http://evil/a/b/e.cdf">e</a> <a href="../up.cdf">u</a> <a href="x_v1.cdf">again</a>
    <a href="..%2f..%2fetc">d</a> <a href="javascript:alert(1)">j</a>"""
    assert listing(body) == ["x_v1.cdf", "y.cdf", "z z.cdf", "sub/"]


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def test_shipped_description_reads_the_archive_it_is_pointed_to(archive: LocalArchive) -> None:
    settings = archive.settings().with_(archive_dirs=())
    http = HttpClient(settings)
    made = ArchiveProvider(settings, http)
    before = len(archive.requests)
    got = fetch(made, "SPDF/ACE/MFI/AC_H0_MFI/BGSEc", "2019-01-02T12", "2019-01-04")
    asked = [path for _, path in archive.requests[before:]]
    assert len(got.variable) == 36 * 225
    assert asked[0].endswith("/mfi_h0/2019/")
    assert sum(path.endswith("_v01.cdf") and "0MASTERS" not in path for path in asked) == 2
    # listing and files are still at hand
    fetch(made, "AC_H0_MFI/Magnitude", "2019-01-02T12", "2019-01-04")
    assert len(archive.requests) == before + len(asked)
    assert fetch(made, "AC_H0_MFI/BGSEc", "2019-01-02T12", "2019-01-04",
                 since=got.version).variable is None  # fmt: skip
    http.close()


def test_a_file_that_went_is_looked_for_in_a_new_listing(archive: LocalArchive) -> None:
    settings = archive.settings().with_(archive_dirs=())
    made = ArchiveProvider(settings, HttpClient(settings))
    folder = f"{settings.cda_archive_url}/pub/data/ace/mag/level_2_cdaweb/mfi_h0/2019/"
    made._places.list(folder, Deadline(30))
    _, names = made._places._listings[folder]
    made._places._listings[folder] = (
        made._places._listings[folder][0], [n.replace("_v01", "_v02") for n in names],
    )  # fmt: skip
    got = fetch(made, "AC_H0_MFI/Magnitude", "2019-01-02", "2019-01-02T01").variable
    assert len(got) == 225


SWEPAM = "archive/SPDF/ACE/SWEPAM/AC_H0_SWE/Np"


@pytest.mark.parametrize(
    ("match", "fault"),
    [
        (r"/swe_h0/2019/$", {"status": 404}),
        (r"/pub/data", {"status": 404}),
        (r"/swe_h0/2019/$", {"html": True}),
        (r"/swe_h0/2019/$", {"body": b"{}"}),
        (r"/swe_h0/2019/$", {"body": b"<p>We are down", "content_type": "text/html"}),
        (r"/swe_h0/2019/$", {"change": lambda body: body[:400]}),
        (r"ac_h0_swe_2019", {"status": 404}),
        (r"ac_h0_swe_2019", {"cut": 3000, "cut_silently": True}),
        (r"ac_h0_swe_2019", {"change": lambda body: body[:-40]}),
    ],
)
def test_what_is_lost_on_the_way_is_not_taken_for_no_data(
    archive: LocalArchive, tmp_path: Path, match: str, fault: dict[str, Any]
) -> None:
    day = ("2019-01-02", "2019-01-03")
    with Session(archive.settings(cache_dir=tmp_path)) as session:
        with archive.faults.on(match=match, **fault), pytest.raises(SpeasyError):
            session.get_data(SWEPAM, *day)
        assert len(session.get_data(SWEPAM, *day)) > 1000


def test_a_year_without_a_folder_has_no_data(archive: LocalArchive, tmp_path: Path) -> None:
    with Session(archive.settings(cache_dir=tmp_path)) as session:
        v = session.get_data(SWEPAM, "1970-01-02", "1970-01-03")
        assert not len(v)
        assert not v.gaps
        assert v.provenance[0].request
