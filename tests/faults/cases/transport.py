"""What goes wrong between us and a server that is there: connections, bodies, time."""

from __future__ import annotations

from tests.faults.world import Asked, World

from .base import Area
from .caches import later

area = Area("connection and body")

BODY = "/cdaweb/tmp/"  # the CDF of an answer
LIST = "/datasets/AC_H0_MFI/data/"  # what names it
SSC = "/ssc/WS/sscr/2/locations"
SSC_ASK = {"product": "ssc/ace"}
SOON = {"timeout": 1.5}
fault = area.fault

fault("CDF cut once, length declared", "R", "R", match=BODY, times=1, cut=2000)
fault("CDF cut for ever, length declared", "E", "E", match=BODY, cut=2000)
fault("CDF cut once, no length", "R", "C", match=BODY, times=1, cut=2000, cut_silently=True)
fault("CDF cut for ever, no length", "E", "C", match=BODY, cut=2000, cut_silently=True)
fault("CDF without its last byte, no length", "E", match=BODY, cut_silently=True,
      change=lambda body: body[:-1], cut=10**9)  # fmt: skip
fault("XML cut once, length declared", "R", "R", ask=SSC_ASK, match=SSC, times=1, cut=300)
fault("XML cut once, no length", "R", "U", ask=SSC_ASK, match=SSC, times=1, cut=300,
      cut_silently=True)  # fmt: skip
fault("XML cut for ever, no length", "E", "U", ask=SSC_ASK, match=SSC, cut=300, cut_silently=True)
fault("stalled in the middle of the body, once", "R", "R", match=BODY, times=1,
      cut=2000, stall=6.0)  # fmt: skip
fault("stalled in the middle of the body, for ever", "E", ask=SOON, match=BODY, cut=2000,
      stall=3.0)  # fmt: skip
fault("body drips", "E", "H", ask=SOON, match=BODY, drip=0.2)
fault("body drips without a length", "E", "H", ask=SOON, match=BODY, drip=0.2, cut=10**9,
      cut_silently=True)  # fmt: skip
fault("headers drip", "E", ask=SOON, match=BODY, slow_headers=0.5)
fault("never answers", "E", ask=SOON, match=LIST, delay=3.0)
fault("answers late, in time", "R", match=LIST, delay=1.0)
fault("connection reset once", "R", "R", match=LIST, times=1, reset=True)
fault("connection reset for ever", "E", "E", match=LIST, reset=True)
fault("connection reset in the middle of the body, once", "R", match=BODY, times=1, reset=True,
      cut=2000)  # fmt: skip
fault("connection reset in the middle of the body, for ever", "E", match=BODY, reset=True,
      cut=2000)  # fmt: skip
fault("declared longer than it is", "E", match=BODY, lie=500)
fault("declared shorter than it is", "E", match=BODY, lie=-500)
fault("chunked and whole", "R", match=BODY, chunked=True)
fault("chunked without an end, once", "R", match=BODY, times=1, chunked=True, cut=3000)
fault("chunked without an end, for ever", "E", match=BODY, chunked=True, cut=3000)
fault("a chunk's size is no number", "E", match=BODY, chunked=True, bad_chunk=True)
fault("a header of 200 kB", "E", match=LIST, headers={"X-Large": "x" * 200_000})
fault("500 headers", "E", match=LIST, headers={f"X-{n}": "x" for n in range(500)})
fault("compressed by a code not asked for", "E", match=BODY, encoding="br")
fault("said to be gzip and is not", "E", "E", match=BODY, encoding="gzip")


@area.case("server stopped", "E")
def _(world: World) -> Asked:
    world.archive.stop()
    world.finally_(world.archive.start)
    asked = world.ask(truth=())
    world.archive.start()
    return asked


@area.case("stopped after the same was asked once", "R", "R")
def _(world: World) -> Asked:
    truth = world.truths.get("cda/AC_H0_MFI/BGSEc", "2019-01-02T15:00", "2019-01-02T16:00")
    world.warm()
    world.archive.stop()
    world.finally_(world.archive.start)
    asked = world.ask(truth=truth)
    world.archive.start()
    return asked


@area.case("stopped when what is kept is past its lifetime", "S", "R")
def _(world: World) -> Asked:
    truth = world.truths.get("cda/AC_H0_MFI/BGSEc", "2019-01-02T15:00", "2019-01-02T16:00")
    world.warm()
    later(world, 30 * 86_400)
    world.archive.stop()
    world.finally_(world.archive.start)
    asked = world.ask(truth=truth)
    world.archive.start()
    return asked


@area.case("stalls when what is kept is past its lifetime", "S")
def _(world: World) -> Asked:
    world.warm()
    later(world, 30 * 86_400)
    world.fault(match=LIST, delay=4.0)
    asked = world.ask(timeout=60.0)
    asked.timeout = 2.5  # cached data are there within two seconds, whatever was allowed
    return asked
