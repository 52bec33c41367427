"""What fuzzing found, each as the smallest case; and cuts that only the transport can see."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile

import numpy as np
import pytest

from speasy_core import Session
from speasy_core.cache import Cache
from speasy_core.codecs import read
from speasy_core.codecs._hapi_file import status_of
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CacheWarning,
    ConfigError,
    CorruptFile,
    ServerError,
    SpeasyError,
    UnexpectedContent,
    UnsupportedFormat,
)
from speasy_core.http import HttpClient, Response
from speasy_core.inventory import Inventory, Node
from speasy_core.inventory.db import FILE_NAME, IndexDb, SnapshotError
from speasy_core.inventory.inventory import _below
from speasy_core.inventory.rows import node_id
from speasy_core.inventory.snapshot import Snapshot
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.providers._amda_service import AmdaService
from speasy_core.providers._archive_entry import read_entries
from speasy_core.providers._cda_masters import iter_masters
from speasy_core.providers._common import split_link
from speasy_core.providers._csa_tar import iter_files
from speasy_core.providers._hapi_client import duration_ns
from speasy_core.store import MemoryStore
from tests.codec_samples import SAMPLES


def two_members() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("a.cdf", "b.cdf"):
            info = tarfile.TarInfo(name)
            info.size = 600
            archive.addfile(info, io.BytesIO(bytes(600)))
    return out.getvalue()


@pytest.mark.parametrize("read_all", [iter_files, iter_masters])
def test_a_tar_cut_between_or_inside_headers_is_cut(read_all):
    whole = two_members()
    assert len(list(read_all(whole, source="x.tar"))) == 2
    first = 512 + 1024
    # behind the first member, inside the second header, behind the second member
    for length in (first, first + 170, 2 * first):
        with pytest.raises(CorruptFile) as caught:
            list(read_all(whole[:length], source="x.tar"))
        assert caught.value.source == "x.tar"


@pytest.mark.parametrize("read_all", [iter_files, iter_masters])
def test_a_damaged_header_does_not_end_a_tar(read_all):
    data = bytearray(two_members())
    data[512 + 1024 + 150] ^= 1  # in the checksum of the second header
    with pytest.raises(CorruptFile):
        list(read_all(bytes(data), source="x.tar"))


@pytest.mark.parametrize("link", ["http://[host/a.cdf", "http://host:x/]", "//["])
def test_an_address_that_is_none_is_refused(link):
    settings = Settings()
    assert split_link(link).path in ("", "/]")
    with pytest.raises(ServerError):
        AmdaService(settings, HttpClient(settings)).own_url(link)


@pytest.mark.parametrize(
    "line",
    ["timeout = 1e999", "cache_size = inf", 'cda_url = "http://[host"', 'ssc_url = "http://h:x/"',
     'hapi_servers = {mine = "https://[h/hapi"}'],
)  # fmt: skip
def test_settings_that_no_number_or_address_fits(tmp_path, line):
    file = tmp_path / "settings.toml"
    file.write_text(line)
    if line.startswith("timeout"):
        assert Settings.load(file, environ={}).timeout == float("inf")
        return
    with pytest.raises(ConfigError) as caught:
        Settings.load(file, environ={})
    assert caught.value.source == str(file)


def test_a_regular_expression_beyond_all_bounds():
    text = (
        "X:\n  split_rule: random\n  split_frequency: daily\n  url_pattern: http://h/{Y}/\n"
        "  fname_regex: 'a{99999999999999}(?P<start>.*)'\n"
    )
    entries, mistakes, _ = read_entries(text, "mine.yaml")
    assert not entries
    assert "not a regular expression" in str(mistakes[0])


def test_a_node_above_itself_is_damage(tmp_path):
    info = ProductInfo(("a", "b"), ProductRef("cda", "b"), "scalar")
    db = IndexDb(tmp_path / FILE_NAME)
    db.replace("cda", "here", InventoryUpdate("1", [info]), 1.0)
    tree = db.tree("cda", "here")
    (top,) = db.children(tree, node_id("cda", ()))
    db._db.execute("UPDATE nodes SET up = seq WHERE id = ?", (top.id,))
    db.close()
    inventory = Inventory(tmp_path, {}, Settings(offline=True))
    node = Node(inventory, id_=top.id, provider="cda", path=("a", "a"))  # the second time round
    db = IndexDb(tmp_path / FILE_NAME)
    with pytest.raises(SnapshotError) as caught:
        _below(node, db, tree)
    assert caught.value.damaged
    db.close()
    inventory.close()


def test_a_hapi_status_that_is_no_number():
    assert status_of(b'{"HAPI": "3.0", "status": {"code": 1e999, "message": "OK"}}') is None


def test_a_hapi_cadence_longer_than_all_time():
    assert duration_ns("PT" + "9" * 400 + "S") is None
    assert duration_ns("P9999999999Y") is None


def test_json_nested_beyond_all_bounds():
    with pytest.raises(UnexpectedContent):
        Response(200, body=b"[" * 100_000, url="http://h/catalog").json()


def test_a_described_archive_with_an_address_that_is_none():
    text = "X:\n  split_rule: regular\n  url_pattern: http://h/{Y}.cdf\n  master_cdf: http://[h/m.cdf\n"
    entries, mistakes, _ = read_entries(text, "mine.yaml")
    assert not entries
    assert "mine.yaml, line" in str(mistakes[0])


def test_a_snapshot_whose_content_is_damaged_is_set_aside(tmp_path):
    db = IndexDb(tmp_path / FILE_NAME)
    db.replace("cda", "here", InventoryUpdate("1", []), 1.0)
    db.close()
    snapshot = Snapshot(tmp_path)

    def unpack(db, tree):
        raise IndexError("list index out of range")

    with pytest.warns(CacheWarning, match="damaged"):
        assert snapshot.read("cda", "here", unpack) is None
    snapshot.close()
    assert (tmp_path / FILE_NAME).with_suffix(".damaged").exists()


def test_bytes_that_are_no_text_in_a_message_of_sqlite(tmp_path):
    db = IndexDb(tmp_path / FILE_NAME)
    with pytest.raises(SnapshotError) as caught, db._guard():
        b"\xd3".decode()
    assert caught.value.damaged
    db.close()


def test_a_bundle_whose_names_are_no_text(tmp_path):
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("µ.txt", "x")
    path.write_bytes(path.read_bytes().replace("µ".encode(), b"\xad\xad"))
    cache = Cache(MemoryStore(), Settings())
    with pytest.raises(UnsupportedFormat) as caught:
        cache.import_(path)
    assert caught.value.source == str(path)
    cache.close()


# -- cuts that leave a whole file ------------------------------------------------------------------
@pytest.mark.parametrize("name", ["hapi_csv", "hapi_binary"])
def test_records_that_are_missing_at_the_end_do_not_show_in_the_file(name):
    """Why the next test is there: such a file is right by itself."""
    whole = SAMPLES[name](20)
    record = 37 if name == "hapi_csv" else 74
    cut = read(whole[:-record], source=f"x{'.csv' if name == 'hapi_csv' else '.bin'}")
    assert len(next(iter(cut.variables.values()))) == 19


@pytest.mark.parametrize("silently", [False, True])
@pytest.mark.parametrize("csv", [False, True])
def test_rule_06_the_transport_sees_them(tmp_path, silently, csv):
    with LocalArchive() as archive:
        product, span = "hapi/local/AC_H0_MFI/BGSEc", ("2016-01-02", "2016-01-02T06:00")
        if csv:  # a server without the binary form
            archive.faults.add(
                match="/capabilities", change=lambda body: body.replace(b'"binary"', b'"none"')
            )
        with Session(archive.settings(cache_dir=tmp_path / "whole")) as session:
            whole = session.get_data(product, *span)
            body = next(path for _, path in archive.requests if "/hapi/data" in path)
        assert ("format=csv" in body) == csv
        size = 37 * 3  # of whole records
        archive.faults.add(
            match="/hapi/data", cut=size, cut_silently=silently, change=lambda body: body
        )  # not compressed
        with (
            Session(archive.settings(cache_dir=tmp_path / "cut")) as session,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            with pytest.raises(SpeasyError):
                session.get_data(product, *span, timeout=10)
        archive.faults.clear()
        with Session(archive.settings(cache_dir=tmp_path / "cut")) as session:
            again = session.get_data(product, *span, refresh=True)
        np.testing.assert_array_equal(again.values, whole.values)
