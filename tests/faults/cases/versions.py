"""Long requests, of which a piece fails, and data that change while somebody asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.faults.world import CDA, Asked, World

from .base import Area
from .caches import later
from .hapi import DATA, HAPI, csv_only, on_rows
from .transport import LIST

area = Area("pieces and versions")

# three requests of a week each
LONG = {"start": "2019-01-01", "stop": "2019-01-22", "timeout": 20.0}
SECOND = ("2019-01-08", "2019-01-15")
OF_SECOND = LIST + "20190108"


def _piece(name: str, expect: str, peer: str = "", **fault: Any) -> None:
    @area.case(f"one piece of three {name}", expect, peer)
    def _(world: World) -> Asked:
        world.fault(match=OF_SECOND, **fault)
        return world.ask(CDA, **LONG, lost=SECOND, on_error="gaps")


_piece("is an HTML page", "P", "U", html=True)
_piece("answers 404", "P", "W", status=404)
_piece("answers 500", "P", status=500)
_piece("answers 500 once", "R", times=1, status=500)
_piece("is reset", "P", reset=True)
_piece(
    "names a file without a name",
    "P",
    body=b'{"FileDescription": [{}]}',
    content_type="application/json",
)


@area.case("one piece of three answers 404, gaps not taken", "E")
def _(world: World) -> Asked:
    world.fault(match=OF_SECOND, status=404)
    return world.ask(CDA, **LONG)


@area.case("one piece of three stalls", "P")
def _(world: World) -> Asked:
    world.fault(match=OF_SECOND, delay=8.0)
    return world.ask(CDA, **(LONG | {"timeout": 5.0}), lost=SECOND, on_error="gaps")


@area.case("a piece that failed is asked again, the others are not", "R")
def _(world: World) -> Asked:
    session = world.session()
    world.fault(match=OF_SECOND, status=404)
    world.ask(CDA, **LONG, session=session)
    later(world, 400.0)  # it is not asked at once again
    before = len(world.archive.requests)
    asked = world.ask(CDA, **LONG, session=session)
    again = [p for _, p in world.archive.requests[before:] if "/data/2019" in p]
    if any("20190108" not in path for path in again):
        asked.died = f"asked for what was there already: {again}"
    return asked


@area.case("one product of two is not there", "R")
def _(world: World) -> Asked:
    session = world.session()
    world.fault(match="AC_H0_SWE/data", status=500)
    failed = world.ask(["cda/AC_H0_SWE/Np", CDA], session=session, timeout=8.0, truth=())  # type: ignore[arg-type]
    assert failed.error is not None
    return world.ask(CDA, session=session)


@area.case("one server down among several", "R")
def _(world: World) -> Asked:
    world.fault(match="/(ssc|csa|amda|hapi|3dview|uiowa)/", reset=True)
    return world.ask(CDA)


# -- versions ------------------------------------------------------------------------------------
def _date(date: str) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        return json.dumps(json.loads(body) | {"modificationDate": date}).encode()

    return change


def _doubled(rows: list[bytes]) -> list[bytes]:
    changed = []
    for row in rows:
        time, *numbers = row.rstrip().split(b",")
        changed.append(b",".join([time, *(b"%r" % (2 * float(n)) for n in numbers)]) + b"\n")
    return changed


def _second_version(world: World) -> None:
    """From now on the server has reprocessed data."""
    world.mend()
    csv_only(world)
    world.fault(match="/hapi/info", change=_date("2026-01-01T00:00:00Z"))
    world.fault(match=DATA, change=on_rows(_doubled))


def _twice(truth: Any) -> Any:
    return truth.copy(values=np.asarray(truth.values) * 2)


HALF = {"start": "2019-01-02T15:00", "stop": "2019-01-02T15:30"}
WHOLE = {"start": "2019-01-02T15:00", "stop": "2019-01-02T16:00"}


@area.case("new version between two requests", "R", "W")
def _(world: World) -> Asked:
    csv_only(world)
    world.ask(HAPI, **HALF)
    _second_version(world)
    truth = _twice(world.truths.get(HAPI, *WHOLE.values()))
    return world.ask(HAPI, **WHOLE, truth=truth)


@area.case("new version on both sides of what is kept", "R")
def _(world: World) -> Asked:
    csv_only(world)
    world.ask(HAPI, "2019-01-02T15:20", "2019-01-02T15:40")
    _second_version(world)
    truth = _twice(world.truths.get(HAPI, *WHOLE.values()))
    return world.ask(HAPI, **WHOLE, truth=truth)


@area.case("new version under the old mark, asked by refresh", "R")
def _(world: World) -> Asked:
    csv_only(world)
    world.ask(HAPI, **WHOLE)
    csv_only(world)
    world.fault(match=DATA, change=on_rows(_doubled))
    truth = _twice(world.truths.get(HAPI, *WHOLE.values()))
    return world.ask(HAPI, **WHOLE, truth=truth, refresh=True)


@area.case("new version, and the request for it fails", "S")
def _(world: World) -> Asked:
    csv_only(world)
    world.ask(HAPI, **WHOLE)
    later(world, 30 * 86_400)
    world.fault(match="/hapi/info", change=_date("2026-01-01T00:00:00Z"))
    world.fault(match=DATA, status=404)
    return world.ask(HAPI, **WHOLE)


@area.case("'not changed' though the body has changed", "R")
def _(world: World) -> Asked:
    # what was kept is what the server still vouches for
    world.warm()
    later(world, 30 * 86_400)
    world.fault(match=LIST, status=304)
    return world.ask()
