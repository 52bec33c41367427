"""What HAPI servers send: rows out of order, cut or bent, errors inside of a good answer."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.faults.world import Asked, World

from .base import Area

area = Area("HAPI")
HAPI = "hapi/local/AC_H0_MFI/BGSEc"
DATA = "/hapi/data"
Rows = Callable[[list[bytes]], list[bytes]]


def csv_only(world: World) -> None:
    """Let the server offer csv alone."""

    def change(body: bytes) -> bytes:
        return json.dumps(json.loads(body) | {"outputFormats": ["csv"]}).encode()

    world.fault(match="/hapi/capabilities", change=change)


def on_rows(work: Rows) -> Callable[[bytes], bytes]:
    """Return what changes the lines of records and leaves the header's."""

    def change(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        head = [line for line in lines if line.startswith(b"#")]
        return b"".join([*head, *work(lines[len(head) :])])

    return change


def _csv(name: str, expect: str, change: Callable[[bytes], bytes], peer: str = "") -> None:
    @area.case(f"csv: {name}", expect, peer)
    def _(world: World) -> Asked:
        csv_only(world)
        world.fault(match=DATA, change=change)
        return world.ask(HAPI)


def _swap(rows: list[bytes]) -> list[bytes]:
    return [*rows[:10], rows[11], rows[10], *rows[12:]]


_csv("without a fault", "R", lambda b: b)
_csv("two rows swapped", "R", on_rows(_swap), "W")
_csv("all rows backwards", "R", on_rows(lambda rows: rows[::-1]))
_csv("a row twice", "R", on_rows(lambda rows: [*rows[:10], rows[9], *rows[10:]]), "W")
_csv("all rows twice", "R", on_rows(lambda rows: rows * 2))
_csv("rows before and after the range", "R", on_rows(lambda rows: [
    rows[0].replace(b"2019-01-02", b"2019-01-01"), *rows,
    rows[-1].replace(b"2019-01-02", b"2019-01-03")]))  # fmt: skip
_csv("cut in the middle of a line", "E", lambda b: b[: len(b) // 2 - 7], "W")
_csv("the last four bytes lost", "E", lambda b: b[:-4], "W")
_csv("the last newline lost", "E", lambda b: b[:-1])
_csv("a column too many in one row", "E", on_rows(
    lambda rows: [*rows[:5], rows[5].rstrip() + b",1.0\n", *rows[6:]]))  # fmt: skip
_csv("a column too few in one row", "E", on_rows(
    lambda rows: [*rows[:5], rows[5].rpartition(b",")[0] + b"\n", *rows[6:]]))  # fmt: skip
_csv("a number that is none", "E", on_rows(
    lambda rows: [*rows[:5], rows[5].rpartition(b",")[0] + b",1.0.0\n", *rows[6:]]))  # fmt: skip
_csv("a time that is none", "E", on_rows(
    lambda rows: [*rows[:5], b"2019-13-45T00:00:00Z" + rows[5][20:], *rows[6:]]))  # fmt: skip
_csv("lines end as on Windows", "R", lambda b: b.replace(b"\n", b"\r\n"))
_csv("a byte order mark in front", "R", lambda b: b"\xef\xbb\xbf" + b)
_csv("the header twice", "E", lambda b: b"".join(
    [*(x for x in b.splitlines(True) if x.startswith(b"#")), b]) + b"#{\"HAPI\": 1}\n")  # fmt: skip
_csv("an HTML page in place of the rows", "E", on_rows(
    lambda rows: [b"<html><title>Oops</title></html>\n"]))  # fmt: skip
_csv("the header alone, its bracket cut", "E", lambda b: b"#{\n#")


@area.case("csv cut once in the wire, no length", "R", "W")
def _(world: World) -> Asked:
    csv_only(world)
    world.fault(match=DATA, times=1, cut=3000, cut_silently=True, change=lambda b: b)
    return world.ask(HAPI)


@area.case("csv cut for ever in the wire, no length", "E", "W")
def _(world: World) -> Asked:
    csv_only(world)
    world.fault(match=DATA, cut=3000, cut_silently=True, change=lambda b: b)
    return world.ask(HAPI)


def _status(code: int, message: str) -> bytes:
    return json.dumps({"HAPI": "3.2", "status": {"code": code, "message": message}}).encode()


_JSON = "application/json"
_ASK = {"product": HAPI}
area.fault("status 1500 in a 200", "E", "E", ask=_ASK, match=DATA, content_type=_JSON,
           body=_status(1500, "the disk is on fire"))  # fmt: skip
area.fault("status 1408 in a 200", "E", ask=_ASK, match=DATA, content_type=_JSON,
           body=_status(1408, "too much time"))  # fmt: skip
area.fault("HTML page with 200 in place of records", "E", "U", ask=_ASK, match=DATA, html=True)
area.fault("empty 200 in place of records", "E", "U", ask=_ASK, match=DATA, empty=True)
area.fault("HTML page in place of the description", "E", ask=_ASK, match="/hapi/info", html=True)
area.fault("binary records cut in one of them", "E", ask=_ASK, match=DATA,
           change=lambda b: b[:-11])  # fmt: skip
area.fault("binary records with bytes too many", "E", ask=_ASK, match=DATA,
           change=lambda b: b + b"abc")  # fmt: skip
area.fault("binary cut once in the wire, no length", "R", ask=_ASK, match=DATA, times=1, cut=3000,
           cut_silently=True, change=lambda b: b)  # fmt: skip
