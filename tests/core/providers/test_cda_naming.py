"""How CDAWeb's archive names folders and files: rules of its catalogue, read and refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.providers._cda_naming import Naming, NoRule
from speasy_core.timerange import TimeRange

SECOND = 10**9


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


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
