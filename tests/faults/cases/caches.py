"""Every trouble that a disk, a clock or somebody else can make for the cache."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np

from speasy_core.store import folder
from tests.faults.world import CDA, START, STOP, Asked, World

from .base import Area

area = Area("cache")
_NOBODY = 65534


def later(world: World, seconds: float) -> None:
    """Let the wall clock jump, until the case is over."""
    real = time.time
    jump = patch("time.time", lambda: real() + seconds)
    jump.start()
    world.finally_(jump.stop)


def home(world: World) -> Path:
    """Return the folder of the format that is in use."""
    return next(p for p in (world.cache / "data").iterdir() if (p / "index").is_dir())


def index_file(world: World) -> Path:
    return next(p for p in (home(world) / "index").rglob("*.db"))


def blob_file(world: World) -> Path:
    return next(p for p in home(world).rglob("*.blob"))


def _damaged(
    name: str, damage: Callable[[World], None], peer: str = "", *, said: bool | None = True
) -> None:
    """Damage a warm cache: the data arrive all the same, and once it is said what was found.

    `said` is None where it depends on SQLite whether the damage is seen at all.
    """

    @area.case(name, "R", peer)
    def _(world: World) -> Asked:
        world.warm()
        damage(world)
        asked = world.ask()
        found = [text for text in asked.warned if "the disk cache in" in text]
        if said is not None and len(found) != int(said):
            asked.died = f"{len(found)} warnings of the cache, not {int(said)}: {found}"
        return asked


# -- files that are not what they were -----------------------------------------------------------
def _overwrite(file: Path, at: int, data: bytes) -> None:
    with open(file, "r+b") as out:
        out.seek(at)
        out.write(data)


def _flip(world: World) -> None:
    truth = world.truths.get(CDA, START, STOP)
    file = blob_file(world)
    stored = file.read_bytes()
    column = np.ascontiguousarray(truth.values[:, 0]).tobytes()
    at = stored.find(column)
    at = stored.find(truth.values.tobytes()) if at < 0 else at
    assert at > 0, "the values are stored as they are"
    _overwrite(file, at + 402, bytes([stored[at + 402] ^ 1]))


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _without_index(world: World) -> None:
    for file in (home(world) / "index").rglob("*.db*"):
        file.unlink()


_damaged("index: its header is garbage", lambda w: _overwrite(index_file(w), 0, b"garbage!" * 12),
         "R")  # fmt: skip
_damaged("index: a page is garbage", lambda w: _overwrite(index_file(w), 4096, b"\xa5" * 4096), "R",
         said=None)  # fmt: skip
_damaged("index: halved", lambda w: _cut(index_file(w)), "R")
_damaged("index: empty", lambda w: os.truncate(index_file(w), 0))
_damaged("index: deleted", _without_index)
_damaged("one bit of a stored float flipped", _flip, "W")
_damaged("stored arrays cut", lambda w: _cut(blob_file(w)))
_damaged("stored arrays empty", lambda w: os.truncate(blob_file(w), 0))
_damaged("stored arrays deleted", lambda w: blob_file(w).unlink(), said=False)
_damaged("stored arrays: a header of zeros", lambda w: _overwrite(blob_file(w), 8, bytes(200)))


class _Sing:
    """What runs when somebody unpickles it."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (self.canary, "w"))


def _payload(world: World) -> bytes:
    return pickle.dumps(_Sing(world.canary))


def _plant_in_index(world: World) -> None:
    with sqlite3.connect(index_file(world)) as db:
        db.execute("UPDATE Cache SET mode = 4, value = ?", (_payload(world),))
    db.close()


def _plant_in_settings(world: World) -> None:
    with sqlite3.connect(index_file(world)) as db:
        db.execute("UPDATE Cache SET key = ?, raw = 0", (_payload(world),))
    db.close()


_damaged("pickle planted as a value of the index", _plant_in_index, "X")
_damaged("pickle planted as a key of the index", _plant_in_settings)
_damaged("pickle planted as stored arrays", lambda w: _plant(blob_file(w), w))
_damaged("pickle planted as the index", lambda w: _plant(index_file(w), w))


def _plant(file: Path, world: World) -> None:
    file.write_bytes(_payload(world))


# -- folders that are not ours, or not there -----------------------------------------------------
def _link_blob(world: World) -> None:
    blob, outside = blob_file(world), world.folder / "outside"
    blob.rename(outside)
    blob.symlink_to(outside)


def _link_folder(world: World) -> None:
    there = home(world)
    there.rename(world.folder / "elsewhere")
    there.symlink_to(world.folder / "elsewhere")


_damaged("stored arrays behind a symbolic link", _link_blob)
_damaged("folder behind a symbolic link", _link_folder)


@area.case("folder of an older format", "R")
def _(world: World) -> Asked:
    old = world.cache / "data" / "v0"
    old.mkdir(parents=True)
    (old / "values").write_bytes(_payload(world))
    asked = world.ask()
    if not (old / "values").exists():
        asked.died = "what another version left was deleted"
    if sum("another version (v0)" in text for text in asked.warned) != 1:
        asked.died = f"it is not said once: {asked.warned}"
    return asked


@area.case("folder full of other things", "R")
def _(world: World) -> Asked:
    world.warm()
    name = home(world).name
    shutil.rmtree(home(world))
    other = world.cache / "data" / name / "thesis.tex"
    other.parent.mkdir()
    other.write_text("years of work")
    asked = world.ask()
    if not other.exists():
        asked.died = "a file of somebody else was deleted"
    return asked


@area.case("folder of another user", "R")
def _(world: World) -> Asked:
    world.warm()
    folder = home(world)
    if os.getuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
        return world.ask()
    world.truths.get(CDA, START, STOP)  # the truths have a folder too, which is nobody else's
    with patch("os.getuid", lambda: _NOBODY):
        return world.ask()


@area.case("folder that everybody may read is closed", "R")
def _(world: World) -> Asked:
    world.warm()
    home(world).chmod(0o777)
    asked = world.ask()
    if stat.S_IMODE(home(world).stat().st_mode) != 0o700:
        asked.died = "the folder is open to others"
    return asked


def _read_only(world: World) -> Asked:
    for path in (world.cache, *world.cache.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    asked = world.ask_elsewhere(job={"ordinary": True})
    for path in (world.cache, *world.cache.rglob("*")):
        path.chmod(0o700)
    return asked


@area.case("read-only from the start", "R", "L")
def _(world: World) -> Asked:
    world.cache.mkdir()
    return _read_only(world)


@area.case("read-only after the same was asked once", "R")
def _(world: World) -> Asked:
    world.warm()
    return _read_only(world)


@area.case("the folder's place is a file", "R")
def _(world: World) -> Asked:
    world.cache.write_text("not a folder")
    return world.ask()


@area.case("disk full at the first write", "R", "L")
def _(world: World) -> Asked:
    return world.ask_elsewhere(job={"largest_file": 1})


@area.case("disk full in the middle of the arrays", "R")
def _(world: World) -> Asked:
    return world.ask_elsewhere(job={"largest_file": 100_000}, stop="2019-01-03T15:00")


@area.case("no home folder", "R")
def _(world: World) -> Asked:
    place = "/proc/nowhere" if sys.platform == "linux" else "/dev/null/nowhere"
    nowhere = {"HOME": place, "SPZ_CACHE_DIR": None, "SPZ_CONFIG": None}
    return world.ask_elsewhere(environ=nowhere)


@area.case("network file system", "R")
def _(world: World) -> Asked:
    real = folder.file_system

    def kind(path: Path) -> str:  # the folder of the truths stays where it is
        return "nfs4" if path.is_relative_to(world.cache) else real(path)

    with patch("speasy_core.store.folder.file_system", kind):
        return world.ask()


@area.case("smaller than one answer", "R")
def _(world: World) -> Asked:
    session = world.session(cache_size=1000)
    world.ask(session=session)
    return world.ask(session=session)


# -- clocks --------------------------------------------------------------------------------------
def _clock(name: str, seconds: float) -> None:
    @area.case(name, "R")
    def _(world: World) -> Asked:
        world.warm()
        later(world, seconds)
        return world.ask()


_clock("clock ten years ahead", 10 * 3.15e7)
_clock("clock ten years back", -10 * 3.15e7)


@area.case("clock jumps while data are asked for", "R")
def _(world: World) -> Asked:
    real, count = time.time, iter(range(10**9))
    # hours forward and back at each look
    jump = patch("time.time", lambda: real() + (next(count) % 7 - 3) * 3600)
    jump.start()
    world.finally_(jump.stop)
    return world.ask()
