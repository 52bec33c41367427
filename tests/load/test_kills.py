"""Eight processes at work on one cache, forty of them killed at random moments."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.errors import OfflineError
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.store.blob import Blob
from speasy_core.timerange import TimeRange

from .mixed_worker import SHARED_DAYS, check, day, made

PROCESSES, KILLS = 8, 40
WORKER = Path(__file__).with_name("mixed_worker.py")


class Worker:
    """One process, and the file of what it says it has done."""

    def __init__(self, folder: Path, seed: int, log: Path) -> None:
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER), str(folder), str(seed)], stdout=out,
                stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip

    def ready(self) -> bool:
        return self.log.stat().st_size > 0

    def kill(self) -> None:
        assert self.process.poll() is None, self.process.stderr.read().decode()
        self.process.kill()
        self.process.communicate()

    def acknowledged(self) -> list[tuple[str, int]]:
        text = self.log.read_text()
        whole = text[: text.rfind("\n") + 1]
        found = [line.split() for line in whole.splitlines()]
        return [(parts[1], int(parts[2])) for parts in found if parts[0] == "put"]


def refuse(span: TimeRange, since: str | None) -> Fetched:
    raise OfflineError("nobody is asked")


def test_40_kills_lose_and_tear_nothing(tmp_path):
    folder, rng = tmp_path / "cache", random.Random(7)
    workers = [Worker(folder, n, tmp_path / f"{n}.log") for n in range(PROCESSES)]
    ended = []
    for kill in range(KILLS):
        victim = workers.pop(rng.randrange(len(workers)))
        while not victim.ready():
            time.sleep(0.01)
        time.sleep(rng.uniform(0.02, 0.2))
        victim.kill()
        ended.append(victim)
        if KILLS - kill > PROCESSES:
            number = PROCESSES + kill
            workers.append(Worker(folder, number, tmp_path / f"{number}.log"))
    assert not workers
    assert len(ended) == KILLS
    acknowledged = [item for worker in ended for item in worker.acknowledged()]
    assert len(acknowledged) >= KILLS // 2, "the processes hardly came to work"

    started = time.monotonic()
    cache = Cache(DiskStore(folder, 10**9), Settings(cache_dir=folder))
    assert cache.info()["place"] == "disk"
    assert time.monotonic() - started < 20
    for key, number in acknowledged:
        found = cache.get(key, day(number), refuse, deadline=Deadline(60), offline=True)
        check(key, day(number), found)  # there, whole, and the right one
    shared = 0
    for number in range(SHARED_DAYS):
        try:
            found = cache.get("p/shared", day(number), refuse, deadline=Deadline(60), offline=True)
        except OfflineError:
            continue  # nobody got to it
        check("p/shared", day(number), found)
        shared += 1
    assert shared
    cache.close()
    # nothing torn lies about: what has its final name is whole
    blobs = list(folder.glob("*/blobs/*/*.blob"))
    assert blobs
    for path in blobs:
        blob = Blob(path)
        for name in blob.names():
            blob.rows(name, 0, 2**62)


def test_what_killed_processes_left_is_swept(tmp_path):
    folder = tmp_path / "cache"
    worker = Worker(folder, 0, tmp_path / "0.log")
    while not worker.ready():
        time.sleep(0.01)
    time.sleep(0.2)
    worker.kill()
    (unfinished,) = (path for path in folder.glob("*/tmp"))
    orphan = unfinished / f"{worker.process.pid}-0123456789abcdef"
    orphan.write_bytes(b"half a blob")
    long_ago = time.time() - 40 * 86_400
    os.utime(orphan, (long_ago, long_ago))
    (mark,) = folder.glob("*/swept")  # the last sweep is long ago, too
    os.utime(mark, (long_ago, long_ago))
    cache = Cache(DiskStore(folder, 10**9), Settings(cache_dir=folder))
    cache.get("p/new", day(0), lambda span, _: Fetched(made("p/new", span)), deadline=Deadline(60))
    cache.close()
    assert not orphan.exists()
