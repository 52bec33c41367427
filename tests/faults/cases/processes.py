"""Processes that die while they fetch or write, and many callers at once."""

from __future__ import annotations

import threading
import time

from tests.faults.world import CDA, START, STOP, Asked, World

from .base import Area
from .caches import later
from .transport import LIST

area = Area("processes and threads")


def _wait_for(what: object, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError("the other process did not come so far")
        time.sleep(0.01)


def _first(world: World, **job: object) -> None:
    """Let a process begin the same question, and kill it when the server has been asked."""
    question = {"product": CDA, "start": START, "stop": STOP, "timeout": 60.0}
    before = len(world.archive.requests)
    child = world.start(question | job)
    if not job:
        _wait_for(lambda: any(LIST in path for _, path in world.archive.requests[before:]))
        child.kill()
    child.wait(20)
    assert child.returncode == -9


@area.case("process killed while it fetches, then another asks", "R", "H")
def _(world: World) -> Asked:
    world.fault(match=LIST, times=1, delay=8.0)
    _first(world)
    asked = world.ask()
    asked.timeout = 0.5  # with the judge's half second: taken over within one
    return asked


@area.case("process killed while it fetches and another waits", "R")
def _(world: World) -> Asked:
    world.fault(match=LIST, times=1, delay=20.0)
    question = {"product": CDA, "start": START, "stop": STOP, "timeout": 60.0}
    before = len(world.archive.requests)
    child = world.start(question)
    _wait_for(lambda: any(LIST in path for _, path in world.archive.requests[before:]))
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        child.kill()

    threading.Timer(1.0, kill).start()
    asked = world.ask(timeout=15.0)
    asked.seconds = time.monotonic() - killed[0] if killed else 99.0
    asked.timeout = 0.5
    return asked


@area.case("process killed before what it wrote has its name", "R")
def _(world: World) -> Asked:
    _first(world, die_at="fsync")
    return world.ask()


@area.case("process killed before the index knows what it wrote", "R")
def _(world: World) -> Asked:
    _first(world, die_at="index")
    return world.ask()


def _first_got_404(world: World) -> None:
    world.fault(match=LIST, times=1, status=404)
    assert world.ask_elsewhere().error is not None


@area.case("process got 404, then another asks at once", "R", "H")
def _(world: World) -> Asked:
    _first_got_404(world)
    return world.ask()


@area.case("process got 404, then another asks with refresh", "R")
def _(world: World) -> Asked:
    _first_got_404(world)
    return world.ask(refresh=True)


@area.case("process got 404, then another asks some minutes later", "R")
def _(world: World) -> Asked:
    _first_got_404(world)
    later(world, 400.0)
    return world.ask()


@area.case("thread got an error, another that waited asks itself", "R")
def _(world: World) -> Asked:
    session = world.session()
    world.fault(match=LIST, times=1, delay=1.2)
    hasty: list[BaseException] = []

    def ask() -> None:
        try:
            session.get_data(CDA, START, STOP, timeout=0.4)
        except Exception as error:  # noqa: BLE001 - it is looked at below
            hasty.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.1)
    asked = world.ask(session=session, timeout=6.0)
    thread.join()
    assert len(hasty) == 1, "the hasty one ran out of time"
    return asked


@area.case("32 threads ask the same of a server that fails once", "R")
def _(world: World) -> Asked:
    session = world.session()
    world.fault(match=LIST, times=1, status=503)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(session.get_data(CDA, START, STOP)))
        for _ in range(32)
    ]
    before = len(world.archive.requests)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    asked = world.ask(session=session)
    lists = [path for _, path in world.archive.requests[before:] if LIST in path]
    if len(found) != 32 or len(lists) != 2:
        asked.died = f"{len(found)} of 32 answers by {len(lists)} requests"
    return asked
