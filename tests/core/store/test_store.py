"""The stores: sound files, no pickle, no lost answer."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from speasy_core import errors
from speasy_core.http import Deadline
from speasy_core.store import DiskStore, MemoryStore
from speasy_core.store.blob import BLOCK, Blob, write_blob
from speasy_core.timerange import TimeRange

SPAN = TimeRange("2020-01-01", "2020-01-02")


@pytest.fixture
def store(tmp_path):
    store = DiskStore(tmp_path / "data", 10**8)
    yield store
    store.close()


@pytest.fixture(params=["disk", "memory"])
def any_store(request, tmp_path):
    store = DiskStore(tmp_path / "data", 10**8) if request.param == "disk" else MemoryStore()
    yield store
    store.close()


def blobs(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("data/v1/blobs/*/*.blob"))


def arrays(n: int = 1000):
    return {"time": np.arange(n, dtype=np.int64), "values": np.random.default_rng(0).random((n, 3))}


# --- files of arrays ------------------------------------------------------------------------


@given(
    values=hnp.arrays(
        st.sampled_from(["<f4", ">f8", "<i2", "u1", "?", "<c16", "<U5", "S3", "<M8[ns]", "<m8[s]"]),
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=7),
    ),
    order=st.sampled_from("CF"),
    rows=st.tuples(st.integers(0, 8), st.integers(0, 8)),
)
def test_any_array_comes_back(tmp_path_factory, values, order, rows):
    file = tmp_path_factory.mktemp("blob") / "x"
    values = np.array(values, order=order)
    write_blob(file, {"a": 1}, {"v": values})
    blob = Blob(file)
    first, last = min(rows), max(rows)
    got = blob.rows("v", first, last)
    np.testing.assert_array_equal(got, values[first:last])
    assert got.dtype == values.dtype
    if order == "F" and len(got) > 1:
        assert got.flags.f_contiguous
    assert blob.meta == {"a": 1}


@given(
    times=st.lists(st.integers(-(2**60), 2**60), unique=True), probe=st.integers(-(2**60), 2**60)
)
def test_find_is_searchsorted(tmp_path_factory, times, probe):
    file = tmp_path_factory.mktemp("blob") / "x"
    ns = np.array(sorted(times), np.int64)
    write_blob(file, {}, {"time": ns})
    for value in (probe, *times[:3]):
        assert Blob(file).find(value) == ns.searchsorted(value)


def test_find_over_many_blocks(tmp_path):
    ns = np.arange(0, 3 * 100_000, 3, dtype=np.int64)
    write_blob(tmp_path / "x", {}, {"time": ns})
    blob = Blob(tmp_path / "x")
    for probe in (-1, 0, 1, 3 * (BLOCK // 8) - 1, 3 * (BLOCK // 8), 3 * (BLOCK // 8) + 1, 10**9):
        assert blob.find(probe) == ns.searchsorted(probe)


def test_a_slice_reads_only_its_blocks(tmp_path):
    values = np.asfortranarray(np.random.default_rng(0).random((200_000, 3)))
    write_blob(tmp_path / "x", {}, {"values": values})
    blob = Blob(tmp_path / "x")
    np.testing.assert_array_equal(blob.rows("values", 100_000, 100_010), values[100_000:100_010])
    assert sum(blob._buffers["values"].checked) <= 6


@pytest.mark.parametrize("where", [3, 10, 20, 60, -5, -200_000, -700_000])
def test_rule_10_every_flipped_bit_is_found(tmp_path, where):
    write_blob(tmp_path / "x", {}, {"values": np.arange(100_000.0)})
    data = bytearray((tmp_path / "x").read_bytes())
    data[where] ^= 16
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(errors.CorruptFile):
        Blob(tmp_path / "x").rows("values", 0, 100_000)


@pytest.mark.parametrize("keep", [0, 5, 24, 100, -1, -1000])
def test_rule_10_cut_files_are_found(tmp_path, keep):
    write_blob(tmp_path / "x", {}, arrays())
    data = (tmp_path / "x").read_bytes()
    (tmp_path / "x").write_bytes(data[:keep])
    with pytest.raises(errors.CorruptFile):
        Blob(tmp_path / "x")


@pytest.mark.parametrize("change", [b'"|O8"', b'"|V8"', b'"<f4"'])
def test_planted_header_is_refused(tmp_path, change):
    import struct
    import zlib

    write_blob(tmp_path / "x", {}, {"values": np.arange(10.0)})
    data = (tmp_path / "x").read_bytes()
    magic, length, _, size = struct.unpack("<8sIIQ", data[:24])
    header = data[24 : 24 + length].replace(b'"<f8"', change)
    assert len(header) == length
    prologue = struct.pack("<8sIIQ", magic, length, zlib.crc32(header), size)
    (tmp_path / "x").write_bytes(prologue + header + data[24 + length :])
    with pytest.raises(errors.CorruptFile, match="contradicts"):
        Blob(tmp_path / "x")


# --- both stores ------------------------------------------------------------------------------


def test_entries_and_blobs(any_store):
    name = any_store.write({"m": 1}, arrays())
    any_store.update("k", lambda old: [*old, {"blob": name}])
    assert any_store.entries("k") == [{"blob": name}]
    found = any_store.open(name)
    assert found.meta == {"m": 1}
    assert sorted(found.names()) == ["time", "values"]
    np.testing.assert_array_equal(found.rows("values", 10, 20), arrays()["values"][10:20])
    assert any_store.entries("other") == []
    info = any_store.info()
    assert (info["products"], info["blobs"]) == (1, 1)
    any_store.discard(name)
    assert any_store.open(name) is None
    any_store.clear()
    assert any_store.entries("k") == []
    with any_store.lock("k", SPAN, Deadline(1)):
        pass


def test_memory_store_makes_room():
    store = MemoryStore(limit=3 * 8000)
    names = [store.write({}, {"v": np.zeros(1000)}) for _ in range(3)]
    store.open(names[0])
    store.write({}, {"v": np.zeros(1000)})
    assert store.open(names[1]) is None
    assert store.open(names[0]) is not None


# --- the disk ---------------------------------------------------------------------------------


def test_rule_10_nothing_is_touched_before_first_use(tmp_path):
    DiskStore(tmp_path / "data", 1)
    assert not (tmp_path / "data").exists()


def test_rule_17_place_and_mode(store, tmp_path):
    store.entries("k")
    folder = tmp_path / "data" / "v1"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".speasy-cache").exists()


def test_everything_is_there_after_reopening(store, tmp_path):
    name = store.write({"m": 1}, arrays())
    store.update("k", lambda _: [{"blob": name}])
    store.close()
    again = DiskStore(tmp_path / "data", 10**8)
    assert again.entries("k") == [{"blob": name}]
    assert again.open(name).meta == {"m": 1}
    again.close()


def test_two_stores_see_each_other(store, tmp_path):
    other = DiskStore(tmp_path / "data", 10**8)
    assert other.entries("k") == []
    store.update("k", lambda old: [*old, {"n": 1}])
    assert other.entries("k") == [{"n": 1}]
    other.update("k", lambda old: [*old, {"n": 2}])
    assert store.entries("k") == [{"n": 1}, {"n": 2}]
    other.close()


def test_rule_10_damaged_blob_is_a_miss(store, tmp_path):
    name = store.write({}, arrays())
    assert store.open(name) is not None
    (file,) = blobs(tmp_path)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.warns(errors.CacheWarning, match="damaged"):
        assert store.open(name) is None
    assert not blobs(tmp_path)


def test_names_from_outside_do_not_lead_outside(store):
    store.entries("k")
    for name in ("../../etc/passwd", "/etc/passwd", "", "a/b"):
        assert store.open(name) is None


def test_rule_9_planted_pickle_is_refused(store, tmp_path):
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (ran,))

    store.update("k", lambda _: [{"n": 1}])
    store.close()
    database = sqlite3.connect(tmp_path / "data/v1/index/cache.db")
    database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Bomb()),))
    row = (pickle.dumps(Bomb()), 0, 0.0, 0, 1, b"x")
    database.execute(
        "INSERT INTO Cache (key, raw, store_time, access_time, mode, value) VALUES (?,?,?,?,?,?)",
        row,
    )
    database.commit()
    database.close()
    with pytest.warns(errors.CacheWarning, match="not its own"):
        assert store.entries("k") == []
    store.update("k", lambda old: [*old, {"n": 2}])
    assert store.entries("k") == [{"n": 2}]
    assert store.info()["place"] == "disk"
    assert not ran.exists()


@pytest.mark.parametrize("damage", ["garbage", "halved", "page"])
def test_rule_11_damaged_index_is_made_again(store, tmp_path, damage):
    for i in range(40):
        entry = {"start": i, "pad": "x" * 300}
        name = store.write({"key": f"k{i}", "entries": [entry]}, arrays(10))
        store.update(f"k{i}", lambda _, e=entry, n=name: [{**e, "blob": n}])
    store.close()
    database = tmp_path / "data/v1/index/cache.db"
    data = bytearray(database.read_bytes())
    for log in database.parent.glob("cache.db-*"):
        log.unlink()
    if damage == "garbage":
        data[:100] = os.urandom(100)
    elif damage == "halved":
        data = data[: len(data) // 2]
    else:
        data[4096:] = os.urandom(len(data) - 4096)
    database.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.CacheWarning)
        for _ in range(2):  # damage may only be met while the database is in use
            found = [store.entries(f"k{i}") for i in range(40)]
    assert [entries[0]["start"] for entries in found if entries] == list(range(40))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs Unix permissions")
def test_rule_11_unusable_folder_falls_back_to_memory(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    store = DiskStore(tmp_path / "data", 10**8)
    with pytest.warns(errors.CacheWarning, match="kept in memory") as caught:
        name = store.write({}, arrays())
    store.update("k", lambda _: [{"blob": name}])
    assert len(caught) == 1
    assert store.entries("k") == [{"blob": name}]
    assert store.open(name) is not None
    assert store.info()["place"] == "memory"


def test_rule_11_full_disk_keeps_the_answer_in_memory(store, monkeypatch):
    first = store.write({}, arrays())
    store.update("k", lambda _: [{"blob": first}])

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("speasy_core.store.disk.write_blob", full)
    with pytest.warns(errors.CacheWarning, match="No space left"):
        second = store.write({}, arrays())
    store.update("k", lambda old: [*old, {"blob": second}])
    assert store.entries("k") == [{"blob": first}, {"blob": second}]
    assert store.open(first) is not None
    assert store.open(second) is not None


def test_rule_12_network_folders_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("speasy_core.store.folder.file_system", lambda path: "nfs4")
    store = DiskStore(tmp_path / "data", 10**8)
    with pytest.warns(errors.CacheWarning, match="network"):
        assert store.entries("k") == []
    assert not (tmp_path / "data").exists()


def test_rule_17_foreign_folder_is_left_alone(tmp_path):
    folder = tmp_path / "data" / "v1"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    store = DiskStore(tmp_path / "data", 10**8)
    with pytest.warns(errors.CacheWarning, match="other things"):
        store.clear()
    assert [p.name for p in folder.iterdir()] == ["thesis.tex"]


def test_arrays_that_are_not_plain_stay_in_memory(store, tmp_path):
    name = store.write({}, {"v": np.array([{}, None], dtype=object)})
    assert store.open(name).rows("v", 0, 1)[0] == {}
    store.update("k", lambda _: [{"blob": name}])
    assert store.entries("k") == [{"blob": name}]
    assert not blobs(tmp_path)


def test_least_recently_used_goes_first(tmp_path):
    store = DiskStore(tmp_path / "data", 100_000)
    names = []
    for i in range(4):
        names.append(store.write({}, {"v": np.zeros(2500)}))
        file = tmp_path / f"data/v1/blobs/{names[-1][:2]}/{names[-1]}.blob"
        os.utime(file, (1000 + i, file.stat().st_mtime))
    assert store.open(names[0]) is not None  # used now
    names += [store.write({}, {"v": np.zeros(2500)}) for _ in range(2)]
    assert sum(f.stat().st_size for f in blobs(tmp_path)) <= 100_000
    assert store.open(names[0]) is not None
    assert store.open(names[1]) is None
    assert store.open(names[-1]) is not None
    store.close()


def test_rule_10_leftovers_are_swept(store, tmp_path):
    orphan = store.write({"key": "k", "entries": []}, arrays())
    kept = store.write({"key": "k", "entries": []}, arrays())
    store.update("k", lambda _: [{"blob": kept}])
    temporary = tmp_path / "data/v1/tmp/123-abc"
    temporary.write_bytes(b"half")
    long_ago = time.time() - 10 * 86400
    for file in (*blobs(tmp_path), temporary, tmp_path / "data/v1/swept"):
        os.utime(file, (long_ago, long_ago))
    store.close()
    store.entries("k")
    assert not temporary.exists()
    assert store.open(kept) is not None
    assert store.open(orphan) is None


# --- several processes --------------------------------------------------------------------------


HOLD = """
import sys, time
from speasy_core.http import Deadline
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
store = DiskStore(sys.argv[1], 10**8)
with store.lock("k", TimeRange("2020-01-01", "2020-01-02"), Deadline(5)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_rule_13_locks_end_with_their_owner(store, tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "data")], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(errors.DeadlineExceeded, match="another process"),
            store.lock("k", SPAN, Deadline(0.2)),
        ):
            pass
        other_day = TimeRange("2020-01-02", "2020-01-03")
        with store.lock("k", other_day, Deadline(0.2)), store.lock("j", SPAN, Deadline(0.2)):
            pass
        threading.Timer(0.2, holder.kill).start()
        started = time.monotonic()
        with store.lock("k", SPAN, Deadline(10)):
            assert time.monotonic() - started < 5
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_rule_12_a_forked_process_opens_the_store_again(store):
    store.update("k", lambda _: [{"n": 1}])
    child = os.fork()
    if child == 0:
        try:
            store.update("k", lambda old: [*old, {"n": 2}])
            done = store.entries("k") == [{"n": 1}, {"n": 2}]
        finally:
            os._exit(0 if done else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.entries("k") == [{"n": 1}, {"n": 2}]


WRITER = """
import sys, zlib
import numpy as np
from speasy_core.store import DiskStore
store = DiskStore(sys.argv[1], 10**9)
key, n = sys.argv[2], 0
while True:
    n += 1
    data = np.random.default_rng(n).integers(0, 255, 40_000).astype("u1")
    name = store.write({"key": key, "entries": []}, {"v": data})
    store.update(key, lambda old: [*old, {"blob": name, "n": n, "sum": zlib.crc32(data)}])
    print(n, flush=True)
"""


def test_kill_9_loses_and_tears_nothing(tmp_path):
    import zlib

    acknowledged = {}
    for turn in range(4):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path / "data"), f"{turn}-{i}"],
                stdout=subprocess.PIPE,
            )
            for i in range(2)
        ]
        for writer in writers:
            writer.stdout.readline()
        time.sleep(0.1 * (turn + 1))
        for i, writer in enumerate(writers):
            writer.kill()
            lines = writer.stdout.read().split(b"\n")
            acknowledged[f"{turn}-{i}"] = max([1, *(int(line) for line in lines[:-1])])
            writer.wait()
            writer.stdout.close()
    store = DiskStore(tmp_path / "data", 10**9)
    for key, count in acknowledged.items():
        entries = store.entries(key)
        assert [entry["n"] for entry in entries][:count] == list(range(1, count + 1))
        for entry in entries:
            data = store.open(entry["blob"]).rows("v", 0, 40_000)
            assert zlib.crc32(data.tobytes()) == entry["sum"]
    store.close()


def test_a_forgotten_index_is_closed_inside_any_lock(tmp_path):
    """Garbage is collected wherever memory is asked for, for one while a thread is started."""
    code = (
        "import concurrent.futures.thread as pool, gc, pathlib, sys, threading, time\n"
        "from speasy_core.store.index import Index\n"
        "index = Index(pathlib.Path(sys.argv[1]))\n"
        "index.itself = index\n"
        "with pool._global_shutdown_lock, threading._active_limbo_lock:\n"
        "    del index\n"
        "    gc.collect()\n"
        "end = time.monotonic() + 5\n"
        "while any(t.name == 'speasy-index' for t in threading.enumerate()):\n"
        "    assert time.monotonic() < end\n"
        "    time.sleep(0.01)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "index")], check=True, timeout=30)
