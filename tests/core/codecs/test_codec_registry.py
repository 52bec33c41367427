"""Which codec reads what, and the errors of local files."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cdfs import TRUNCATED, Maker, times

from speasy_core import codecs
from speasy_core.codecs.cdf import encode
from speasy_core.errors import (
    CorruptFile,
    InvalidRequest,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
)
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable


@pytest.fixture
def cdf(tmp_path: Path) -> Path:
    make = Maker(Project="P").put("Epoch", times(5))
    make.put("a", np.ones(5), VAR_TYPE="data", DEPEND_0="Epoch")
    make.put("b", np.ones((5, 3)), VAR_TYPE="data", DEPEND_0="Epoch")
    path = tmp_path / "file.cdf"
    path.write_bytes(make.bytes())
    return path


def test_read_file(cdf: Path) -> None:
    dataset = codecs.read_file(cdf)
    assert isinstance(dataset, Dataset)
    assert (dataset.name, list(dataset), dataset.meta["Project"]) == ("file.cdf", ["a", "b"], "P")
    assert list(codecs.read_file(str(cdf), ["b"])) == ["b"]
    assert list(codecs.read_file(cdf, variables="a")) == ["a"]
    with pytest.raises(UnknownProduct, match=r"file\.cdf"):
        codecs.read_file(cdf, ["nothing"])


def test_name_does_not_matter_when_the_beginning_is_known(cdf: Path) -> None:
    plain = cdf.with_suffix(".download")
    plain.write_bytes(cdf.read_bytes())
    assert len(codecs.read_file(plain)) == 2


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"no such file.*nowhere\.cdf"):
        codecs.read_file(tmp_path / "nowhere.cdf")
    with pytest.raises(InvalidRequest, match="a folder, not a file"):
        codecs.read_file(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(cdf: Path) -> None:
    cdf.chmod(0)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        codecs.read_file(cdf)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", UnexpectedContent, "empty"),
        (b"<!DOCTYPE html><html><title>Service  down &amp; out</title>", UnexpectedContent,
         "Service down & out"),
        (b"  \n<html><body><h1>404</h1>", UnexpectedContent, "404"),
        (b"hello", CorruptFile, "not a CDF"),
        (b"\xcd\xf3\x00\x01\x00\x00", CorruptFile, "CDF"),
        (gzip.compress(b"x", mtime=0), UnsupportedFormat, "gzip.*CDF.*unpack"),
        (b"PK\x03\x04....", UnsupportedFormat, "zip"),
        (b"\x89HDF\r\n", CorruptFile, "NetCDF"),
        (b'{"error": 1}', UnsupportedFormat, "JSON"),
    ],
)  # fmt: skip
def test_rule_07_content_is_looked_at_before_decoding(
    tmp_path: Path, content: bytes, error: type[SpeasyError], message: str
) -> None:
    path = tmp_path / "x.cdf"
    path.write_bytes(content)
    with pytest.raises(error, match=message) as caught:
        codecs.read_file(path)
    assert "x.cdf" in str(caught.value)


def test_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "notes.xyz"
    path.write_text("some text")
    with pytest.raises(UnsupportedFormat, match=r"known formats: .*CDF"):
        codecs.read_file(path)


def test_truncated_download(shared_data: Path) -> None:
    with pytest.raises(CorruptFile, match=TRUNCATED):
        codecs.read_file(next(shared_data.rglob(TRUNCATED)))


def test_decode_gives_a_dict() -> None:
    v = SpeasyVariable(times(3), np.ones(3), name="v")
    decoded = codecs.decode(encode([v]), source="x", mime="application/x-cdf; q=1", variables=["v"])
    assert list(decoded) == ["v"]
    assert type(decoded) is dict


def test_mime_and_extension_help_where_the_beginning_does_not() -> None:
    assert codecs.sniff(b"garbage", source="a.CDF").name == "cdf"
    assert codecs.sniff(b"garbage", mime="application/cdf; charset=x").name == "cdf"


def test_the_table_loads_no_codec() -> None:
    code = (
        "import sys, speasy_core.codecs as c; c.names();"
        "bad = {'pycdfpp', 'speasy_core.codecs.cdf', 'xarray', 'cdflib'} & set(sys.modules);"
        "sys.exit(', '.join(bad) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_broken_plugin_is_skipped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Point:
        def __init__(self, name: str, what: object) -> None:
            self.name, self.what = name, what

        def load(self) -> object:
            if isinstance(self.what, Exception):
                raise self.what
            return self.what

    extra = codecs.Codec("extra", "Extra (.ex)", "nowhere", extensions=(".ex",))
    points = [Point("a", ImportError("gone")), Point("b", object()), Point("c", extra)]
    monkeypatch.setattr(codecs, "entry_points", lambda group: points)
    codecs._table.cache_clear()
    try:
        assert codecs.names() == [*(c.name for c in codecs._BUILT_IN), "extra"]
        assert codecs.sniff(b"x", source="f.ex") is extra
        assert "gone" in caplog.text
    finally:
        codecs._table.cache_clear()


@pytest.mark.parametrize(
    "head", [b"! a remark\n\n  ! another\r\nFILE_NAME = x\n", b"\nSTART_META = A\n",
             b"file_format_version = 2\n"],
)  # fmt: skip
def test_cef_is_known_by_its_first_statement(head: bytes) -> None:
    assert codecs.sniff(head, source="noname").name == "cef"


def test_many_remarks_take_no_time() -> None:
    with pytest.raises(UnsupportedFormat):
        codecs.sniff(b" \n" * 2000, source="noname")
