"""The cache through public calls: listing, pinning, deleting, sharing."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    InvalidRequest,
    OfflineError,
    RequestTooLarge,
    SpeasyWarning,
    UnsupportedFormat,
)

FIELD = "cda/AC_H0_MFI/BGSEc"
START, STOP = "2016-01-02", "2016-01-03"


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as served:
        yield served


@pytest.fixture
def session(archive, tmp_path):
    archive.requests.clear()
    archive.faults.clear()
    with spz.Session(archive.settings(cache_dir=tmp_path / "cache")) as made:
        yield made


@pytest.fixture
def other(archive, tmp_path):
    with spz.Session(archive.settings(cache_dir=tmp_path / "other")) as made:
        yield made


def equal(a, b):
    np.testing.assert_array_equal(a.time, b.time)
    np.testing.assert_array_equal(a.values, b.values)
    assert (a.unit, a.columns, a.name) == (b.unit, b.columns, b.name)
    assert dict(a.meta) == dict(b.meta)


# --- info, entries, clear, pin ----------------------------------------


def test_info_tells_everything(session, tmp_path):
    empty = session.cache.info()
    assert (empty["size"], empty["products"], empty["oldest"]) == (0, 0, None)
    v = session.get_data(FIELD, START, STOP)
    session.get_data(FIELD, START, STOP)
    info = session.cache.info()
    assert info["place"] == "disk"
    assert str(tmp_path) in info["folder"]
    assert v.nbytes < info["size"] < info["limit"]
    assert (info["products"], info["fragments"], info["files"]) == (1, 1, 1)
    assert (info["hits"], info["misses"], info["pinned"]) == (1, 1, 0)
    assert info["states"] == {"data": 1, "empty": 0, "provisional": 0, "failed": 0}
    assert info["oldest"].startswith("20")


def test_entries_are_listed(session):
    session.get_data(FIELD, START, STOP)
    session.cache.pin(FIELD, START, STOP)
    (entry,) = session.cache.entries(FIELD)
    assert entry == session.cache.entries()[0]
    assert (entry.product, entry.range) == (FIELD, spz.TimeRange(START, STOP))
    assert (entry.state, entry.pinned) == ("data", True)
    assert session.cache.entries("cda/AC_H0_MFI/other") == []
    assert session.cache.info()["pinned"] == entry.bytes


def test_failures_are_listed(session, archive):
    with archive.faults.on(status=404, match="AC_H0_MFI"), pytest.raises(spz.errors.SpeasyError):
        session.get_data(FIELD, START, STOP)
    failed = [entry for entry in session.cache.entries() if entry.state == "failed"]
    assert session.cache.info()["states"]["failed"] == len(failed)


def test_clear_by_product_and_age(session):
    moments = "cda/AC_H0_MFI/Magnitude"
    session.get_data([FIELD, moments], START, STOP)
    session.cache.clear(older_than=timedelta(hours=1))
    session.cache.clear(older_than="2000-01-01")
    assert session.cache.info()["products"] == 2
    session.cache.clear(FIELD)
    assert [entry.product for entry in session.cache.entries()] == [moments]
    session.cache.clear(older_than=0.0)
    assert session.cache.info()["size"] == 0
    with pytest.raises(InvalidRequest):
        session.cache.clear(older_than=-1)


def test_pinned_data_survives_all_but_being_told(session):
    session.get_data(FIELD, START, STOP)
    session.cache.pin([FIELD], START, "2016-01-02T12:00")
    session.cache.clear()
    session.cache.evict()
    with pytest.warns(SpeasyWarning, match="offline"):
        kept = session.get_data(FIELD, START, STOP, offline=True)
    assert [gap.reason for gap in kept.gaps] == ["offline"]
    session.cache.unpin(FIELD)
    session.cache.evict()
    with pytest.raises(OfflineError):
        session.get_data(FIELD, START, STOP, offline=True)
    session.get_data(FIELD, START, STOP)
    session.cache.pin(FIELD)
    session.cache.clear(pinned=True)
    assert session.cache.entries() == []


def test_the_least_recently_used_goes_first_and_the_index_knows(session):
    days = [f"2016-01-0{n}" for n in range(1, 7)]
    for first, last in pairwise(days):
        session.get_data(FIELD, first, last)
    session.cache.pin(FIELD, days[0], days[1])
    whole = session.cache.info()["size"]
    session.cache.evict(whole // 2)
    info = session.cache.info()
    assert 0 < info["size"] <= whole // 2
    starts = [str(entry.range)[:10] for entry in session.cache.entries()]
    assert starts[0] == days[0]
    assert starts[1:] == days[6 - len(starts) : 5]
    assert info["fragments"] < info["files"]  # one file holds the pins
    again = session.get_data(FIELD, days[0], days[5])
    assert again.gaps == ()


def test_default_session_has_a_cache(monkeypatch, session):
    monkeypatch.setattr("speasy_core.session._default", session)
    session.get_data(FIELD, START, STOP)
    assert spz.cache.info()["fragments"] == 1
    assert "pin" in dir(spz.cache)
    assert getattr(spz.cache, "import") == spz.cache.import_
    with pytest.raises(AttributeError):
        _ = spz.cache.no_such_thing


# --- offline and refresh ----------------------------------------


def test_offline_block_answers_from_the_cache_alone(session, archive):
    session.get_data(FIELD, START, STOP)
    archive.requests.clear()
    with spz.offline(), pytest.warns(SpeasyWarning, match="offline"):
        v = session.get_data(FIELD, START, "2016-01-04")
    assert [str(gap.range)[:10] for gap in v.gaps] == [STOP]
    assert not archive.requests
    assert session.get_data(FIELD, START, "2016-01-04").gaps == ()


def test_a_bundle_answers_for_servers_that_are_not_set_up(session, tmp_path_factory, tmp_path):
    product = "hapi/local/AC_H0_SWE/Np"
    mine = session.get_data(product, START, STOP)
    file = session.cache.export(tmp_path / "b.zip", [product])
    settings = spz.Settings(cache_dir=tmp_path_factory.mktemp("elsewhere"), offline=True)
    with spz.Session(settings) as elsewhere:
        assert elsewhere.cache.import_(file) == [product]
        equal(elsewhere.get_data(product, START, STOP), mine)


def test_refresh_fetches_and_writes_back(session, archive):
    session.get_data(FIELD, START, STOP)
    archive.requests.clear()
    session.get_data(FIELD, START, STOP, refresh=True)
    assert archive.requests
    archive.requests.clear()
    session.get_data(FIELD, START, STOP)
    assert not archive.requests


# --- bundles ----------------------------------------


@pytest.fixture
def bundle(session, tmp_path):
    session.get_data(FIELD, START, STOP)
    return session.cache.export(tmp_path / "bundle.zip")


def test_a_bundle_answers_offline_elsewhere(session, other, bundle, archive):
    archive.requests.clear()
    assert other.cache.import_(bundle) == [FIELD]
    with spz.offline():
        v = other.get_data(FIELD, START, STOP)
    assert v.gaps == ()
    assert not archive.requests
    mine = session.get_data(FIELD, START, STOP)
    equal(v, mine)
    assert [p.version for p in v.provenance] == [p.version for p in mine.provenance]
    assert [p.date for p in v.provenance] == [p.date for p in mine.provenance]


def test_a_bundle_holds_what_was_used(session, other, tmp_path):
    session.get_data(FIELD, START, STOP)
    with spz.Session(session.settings) as later:
        later.get_data(FIELD, "2016-01-02T06:00", "2016-01-02T07:00")
        file = later.cache.export(tmp_path / "used.zip")
        everything = later.cache.export(tmp_path / "all.zip", FIELD)
        part = later.cache.export(tmp_path / "part.zip", [FIELD], stop="2016-01-02T03:00")
    for path, hours in ((file, 1), (everything, 24), (part, 3)):
        other.cache.clear()
        other.cache.import_(path)
        (entry,) = other.cache.entries()
        assert entry.range.duration_ns == hours * 3600 * 10**9


def test_spectrograms_and_options_survive(session, other, tmp_path):
    product = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"
    orbit = "ssc/ace"
    span = ("2015-12-01T12:00", "2015-12-01T12:10")
    mine = session.get_data(product, *span)
    path = session.get_data(orbit, *span, coordinate_system="gsm")
    other.cache.import_(session.cache.export(tmp_path / "b.zip"))
    with spz.offline():
        equal(other.get_data(product, *span), mine)
        equal(other.get_data(orbit, *span, coordinate_system="gsm"), path)


def test_a_bundle_is_plain_for_everybody(session, bundle):
    v = session.get_data(FIELD, START, STOP)
    with zipfile.ZipFile(bundle) as members:
        manifest = json.loads(members.read("manifest.json"))
        seal = members.read("manifest.sha256").decode()
        assert seal.startswith(hashlib.sha256(members.read("manifest.json")).hexdigest())
        (product,) = manifest["products"]
        (piece,) = product["pieces"]
        with members.open(piece["arrays"]["values"]["file"]) as file:
            np.testing.assert_array_equal(np.lib.format.read_array(file), v.values)
        readme = members.read("README.txt").decode()
        citation = members.read("CITATION.txt").decode()
    assert f'spz.get_data("{FIELD}", "2016-01-02T00:00:00Z"' in readme
    assert FIELD in citation
    assert "received: 20" in citation
    assert product["about"]


def test_nothing_to_export(session, tmp_path):
    with pytest.raises(OfflineError, match="nothing"):
        session.cache.export(tmp_path / "none.zip")
    assert list(tmp_path.glob("*.zip")) == list(tmp_path.glob(".*.zip*")) == []


def rewritten(bundle, change):
    """Write a bundle again with its members changed."""
    with zipfile.ZipFile(bundle) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members = change(dict(members)) or members
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    return bundle


def resealed(members, change):
    """Change the manifest and its checksum with it."""
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    members["manifest.json"] = json.dumps(manifest).encode()
    members["manifest.sha256"] = hashlib.sha256(members["manifest.json"]).hexdigest().encode()
    return members


def values_of(members):
    return next(name for name in members if name.endswith("values.npy"))


def flip(members):
    data = bytearray(members[values_of(members)])
    data[-1] ^= 1
    return {**members, values_of(members): bytes(data)}


def object_array(members):
    """As a pickle would come: with a sound checksum."""
    name = values_of(members)
    data = members[name].replace(b"'<f4'", b"'|O' ").replace(b"'<f8'", b"'|O' ")
    digest = hashlib.sha256(data).hexdigest()

    def change(manifest):
        manifest["products"][0]["pieces"][0]["arrays"]["values"]["sha256"] = digest

    return resealed({**members, name: data}, change)


def set_piece(**fields):
    return lambda m: resealed(m, lambda man: man["products"][0]["pieces"][0].update(fields))


def set_file(name):
    def change(manifest):
        manifest["products"][0]["pieces"][0]["arrays"]["values"]["file"] = name

    return lambda members: resealed({**members, name: members[values_of(members)]}, change)


@pytest.mark.parametrize(
    "change",
    [
        flip,
        object_array,
        lambda m: {**m, "manifest.json": m["manifest.json"].replace(b'"nT"', b'"uT"')},
        lambda m: {k: v for k, v in m.items() if not k.endswith("time.npy")},
        lambda m: {**m, "../../escape": b"x"},
        lambda m: {**m, "more.pickle": b"cos\nsystem\n(S'true'\ntR."},
        set_file("../../escape.npy"),
        set_file("/tmp/escape.npy"),
        set_piece(start=1451736000 * 10**9),
        set_piece(stop="x"),
        set_piece(state="odd"),
        set_piece(labels={}),
        set_piece(version=["v"]),
        lambda m: resealed(m, lambda man: man["products"][0].update(key="#pins")),
        lambda m: resealed(m, lambda man: man.update(version=2)),
        lambda m: resealed(m, lambda man: man.update(products=[[]])),
    ],
)
def test_what_was_tampered_with_is_refused_whole(other, bundle, change, tmp_path):
    rewritten(bundle, change)
    with pytest.raises(CorruptFile, match="not taken") as caught:
        other.cache.import_(bundle)
    assert caught.value.source == str(bundle)
    assert other.cache.info()["size"] == 0
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"PK\x03\x04 cut", None])
def test_what_is_no_bundle_is_refused(other, tmp_path, content):
    file = tmp_path / "b.zip"
    if content is None:
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("a.txt", "hello")
    else:
        file.write_bytes(content)
    with pytest.raises(UnsupportedFormat, match="bundle"):
        other.cache.import_(file)
    with pytest.raises(FileNotFoundError):
        other.cache.import_(tmp_path / "missing.zip")


def test_a_cut_bundle_is_refused(other, bundle):
    data = bundle.read_bytes()
    for keep in range(0, len(data), max(1, len(data) // 50)):
        bundle.write_bytes(data[:keep])
        with pytest.raises((CorruptFile, UnsupportedFormat)):
            other.cache.import_(bundle)


def test_a_bomb_is_refused(other, bundle, archive, tmp_path):
    def bomb(members):
        name = values_of(members)
        data = members[name] + bytes(50_000_000)
        digest = hashlib.sha256(data).hexdigest()

        def change(manifest):
            manifest["products"][0]["pieces"][0]["arrays"]["values"].update(
                sha256=digest, bytes=len(data)
            )

        return resealed({**members, name: data}, change)

    rewritten(bundle, bomb)
    with (
        spz.Session(
            archive.settings(cache_dir=tmp_path / "small").with_(cache_size=10_000_000)
        ) as small,
        pytest.raises(RequestTooLarge, match="cache_size"),
    ):
        small.cache.import_(bundle)
    with pytest.raises(CorruptFile):
        other.cache.import_(bundle)


def test_what_is_newer_stays(session, bundle):
    session.get_data(FIELD, START, STOP, refresh=True)
    before = session.cache.entries()
    session.cache.import_(bundle)
    assert session.cache.entries() == before


def test_no_warning_on_import(other, bundle, recwarn):
    other.cache.import_(bundle)
    assert not [w for w in recwarn if issubclass(w.category, SpeasyWarning)]
