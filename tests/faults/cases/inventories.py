"""Inventories that stall, break off, or come back empty."""

from __future__ import annotations

from tests.faults.world import Asked, Listed, World

from .base import Area

area = Area("inventory")
CATALOGUE = "/spdf/pub/catalogs/all.xml"
WORDS = "magnetic field"


@area.case("one server's inventory answers 500, the others are listed", "P")
def _(world: World) -> Listed:
    truth = world.truths.listing(WORDS)
    world.fault(match="^/hapi/", status=500)
    return world.find(WORDS, timeout=10.0, truth=truth)


@area.case("one server's inventory never answers, the others are listed", "P", "H")
def _(world: World) -> Listed:
    truth = world.truths.listing(WORDS)
    world.fault(match=CATALOGUE, delay=6.0)
    return world.find(WORDS, timeout=3.0, truth=truth)


@area.case("inventory stalls while data are asked for", "R")
def _(world: World) -> Asked:
    world.fault(match=CATALOGUE, delay=6.0)
    world.fault(match="^/(ssc/WS/sscr/2/observatories|amda|hapi|csa|3dview)", delay=6.0)
    return world.ask()


def _kept(world: World) -> frozenset[str]:
    """Load the inventory well once; returns what is listed of CDAWeb."""
    session = world.session()
    session.update_inventories()
    found = frozenset(str(node.ref) for node in session.find_product("provider:cda field"))
    session.close()
    return found


def _broken(name: str, expect: str, peer: str = "", **fault: object) -> None:
    @area.case(f"inventory {name}, after a good one", expect, peer)
    def _(world: World) -> Listed:
        truth = _kept(world)
        world.fault(match=CATALOGUE, headers={"Last-Modified": "Sat, 01 Jan 2050 00:00:00 GMT"},
                    **fault)  # fmt: skip
        session = world.session(timeout=8.0)
        session.update_inventories()
        return world.find("provider:cda field", timeout=8.0, truth=truth, session=session, old=True)


_broken("cut in half", "S", change=lambda body: body[: len(body) // 2])
_broken("is empty", "S", change=lambda body: b"<?xml version='1.0'?><sites/>")
_broken("is an HTML page", "S", html=True)
_broken("answers 500", "S", status=500)
_broken("is a document with entities", "S",
        body=b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>')  # fmt: skip


@area.case("half of the masters' archive", "P")
def _(world: World) -> Listed:
    truth = world.truths.listing("provider:cda field")
    world.fault(match="master.tar", change=lambda body: body[: len(body) // 2])
    return world.find("provider:cda field", timeout=10.0, truth=truth)


@area.case("import while all servers stall", "R", "R")
def _(world: World) -> Asked:
    world.warm()
    world.fault(delay=5.0)
    return world.ask_elsewhere()
