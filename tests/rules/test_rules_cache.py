"""Rules 10 to 17: what is kept, by whom, and in which version."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.errors import CacheWarning, DeadlineExceeded, SpeasyError
from tests.faults.cases import caches, processes, versions
from tests.faults.cases.base import Area
from tests.faults.cases.caches import blob_file, home, index_file, later
from tests.faults.cases.transport import LIST
from tests.faults.judge import judge
from tests.faults.world import CDA, REPOSITORY, START, STOP


def play(world, area: Area, name: str) -> str:
    """Play a case of the matrix, and return the class of what came."""
    case = next(case for case in area.cases if case.name == name)
    return judge(case.expect, case.play(world), world)[0]


def test_rule_10_entries_are_checksummed_and_import_opens_nothing(world):
    world.warm()
    data = blob_file(world).read_bytes()
    header = json.loads(data[24 : 24 + int.from_bytes(data[8:12], "little")])
    assert header["format"] >= 1
    assert header["meta"]["key"] == CDA
    assert all(buffer["crc"] for buffer in header["arrays"] if buffer["nbytes"])
    assert not list(home(world).rglob("*.tmp*"))
    assert not any((home(world) / "tmp").iterdir()), "what was being written has its name now"
    for at in (len(data) // 3, len(data) // 2, len(data) - 70):
        blob = blob_file(world)
        damaged = bytearray(blob.read_bytes())
        damaged[at % len(damaged)] ^= 0xFF
        blob.write_bytes(damaged)
        asked = world.ask()
        assert judge("R", asked, world)[0] == "R"
    place = world.folder / "untouched"
    code = "import speasy_core, sciqlop_lab; speasy_core.Session()"
    environ = {**os.environ, "SPZ_CACHE_DIR": str(place)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environ, cwd=REPOSITORY)
    assert not place.exists()


def test_rule_11_a_failing_cache_loses_no_data(world):
    world.cache.write_text("a file where the folder must be")
    session = world.session()
    asked = world.ask(session=session)
    assert judge("R", asked, world)[0] == "R"
    assert len([w for w in asked.warned if "cache" in w]) == 1
    assert session.cache.info()["place"] == "memory"
    before = len(world.archive.requests)
    again = world.ask(session=session)
    assert again.warned == [], "said once"
    assert len(world.archive.requests) == before, "kept in memory"


def test_rule_12_the_index_takes_plain_values_on_local_disks_only(world):
    from speasy_core.store.index import TIMEOUT, Index, IndexTrouble

    index = Index(world.folder / "index")
    with pytest.raises((IndexTrouble, ValueError, TypeError)):
        index.update("key", lambda old: {"an": "object"})
    index.close()
    assert TIMEOUT <= 2.0
    assert play(world, caches.area, "network file system") == "R"
    assert not (world.cache / "data" / "v1").exists()


def test_rule_13_one_fetch_for_all_who_ask_and_death_frees(world):
    session, found = world.session(), []
    before = len(world.archive.requests)
    world.fault(match=LIST, times=1, delay=0.3)
    threads = [
        threading.Thread(target=lambda: found.append(session.get_data(CDA, START, STOP)))
        for _ in range(64)
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):  # a waiter's deadline is its own
        session.get_data(CDA, START, STOP, timeout=0.1)
    assert time.monotonic() - began < 0.6
    for thread in threads:
        thread.join(20)
    assert len(found) == 64
    assert sum(LIST in path for _, path in world.archive.requests[before:]) == 1


def test_rule_13_takeover_within_a_second_of_a_kill(world):
    assert play(world, processes.area, "process killed while it fetches and another waits") == "R"


def test_rule_14_one_version_in_a_result(world):
    assert play(world, versions.area, "new version on both sides of what is kept") == "R"


def test_rule_15_older_data_only_when_marked_and_within_two_seconds(world):
    world.warm()
    later(world, 30 * 86_400)
    world.fault(match=LIST, delay=5.0)
    asked = world.ask(timeout=60.0)
    assert asked.seconds < 2.5
    assert {origin.state for origin in asked.result.provenance} == {"stale"}
    assert len([w for w in asked.warned if "out of date" in w]) == 1


def test_rule_16_time_leaves_a_codec_strictly_increasing(world):
    truth = world.truths.get(CDA, START, STOP)
    assert truth.time.dtype == np.dtype("M8[ns]")
    text = (
        b'#{"HAPI": "3.0", "status": {"code": 1200, "message": "OK"}, "format": "csv",\n'
        b'#"startDate": "2019-01-01T00:00:00Z", "stopDate": "2019-01-02T00:00:00Z",\n'
        b'#"parameters": [{"name": "Time", "type": "isotime", "units": "UTC", "length": 20,'
        b' "fill": null}, {"name": "b", "type": "double", "units": "nT", "fill": null}]}\n'
        b"2019-01-01T00:00:02Z,3\n2019-01-01T00:00:00Z,1\n2019-01-01T00:00:01Z,2\n"
        b"2019-01-01T00:00:01Z,2\n"
    )
    v = codecs.decode(text, source="x.csv")["b"]
    assert np.all(np.diff(v.time_ns) > 0)
    assert v.values.tolist() == [1.0, 2.0, 3.0]
    assert v.meta["time_repairs"]


def test_rule_17_formats_live_apart_and_only_our_own_is_deleted(world):
    world.warm()
    assert home(world).name.startswith("v")
    assert home(world).name[1:].isdigit()
    assert stat.S_IMODE(home(world).stat().st_mode) == 0o700
    foreign = world.cache / "data" / "v999"
    foreign.mkdir()
    (foreign / "kept").write_text("of another version")
    (world.cache / "data" / "thesis.tex").write_text("not ours")
    with pytest.warns(CacheWarning, match="another version .v999"):
        world.session().cache.clear()
    assert (foreign / "kept").exists()
    assert (world.cache / "data" / "thesis.tex").exists()
    marker = [file for file in home(world).iterdir() if file.name.startswith(".")]
    assert marker, "a folder of ours says so"
    assert index_file(world).exists()
    with pytest.raises(SpeasyError), pytest.warns(CacheWarning, match="another version .v999"):
        world.session().get_data(CDA, START, STOP, offline=True)
