"""Rules 26 to 30: documents and archives of files, memory, floors, and these tests themselves."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from speasy_core.errors import CorruptFile, RequestTooLarge, UnexpectedContent
from speasy_core.xml import walk
from tests.faults.cases import formats
from tests.faults.judge import judge
from tests.faults.world import REPOSITORY


def test_rule_26_members_are_read_as_streams_and_names_are_no_paths(world):
    played = 0
    for case in formats.area.cases:
        if case.name.startswith("tar with"):
            outcome = case.play(world)
            assert judge(case.expect, outcome, world)[0] == case.expect, case.name
            played += 1
            outside = {p.name for p in world.folder.iterdir()} - {"cache"}
            assert not outside, case.name
            world.session().cache.clear()
    assert played == 6


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<?xml version="1.0"?>\n<!-- c --><!DOCTYPE x><x/>',
        b"<a>" * 5000 + b"</a>" * 5000,
        "<!DOCTYPE x><x/>".encode("utf-16"),
    ],
)
def test_rule_27_xml_without_dtd_and_of_bounded_depth(text):
    with pytest.raises((UnexpectedContent, CorruptFile)):
        walk(text, source="x.xml", start=lambda *_: None, end=lambda *_: None)


def test_rule_28_too_large_is_refused_before_the_first_byte(world):
    session = world.session(max_memory=1_000_000)
    session.update_inventories()
    known = [p for p in session.inventory.flat.values() if session.info(p.ref).cadence]
    products = sorted({str(p.ref) for p in known if str(p.ref).startswith(("hapi/", "amda/"))})[:3]
    assert products, "inventories that name a cadence"
    for product in products:
        before = len(world.archive.requests)
        with pytest.raises(RequestTooLarge, match=r"about [\d.,]+ [MG]B would come") as caught:
            session.get_data(product, "2019-01-01", "2022-01-01")
        assert caught.value.hint
        assert len(world.archive.requests) == before, "nobody was asked"


def test_rule_29_floors():
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    floors = {
        match[1]: tuple(map(int, match[2].split(".")))
        for match in (re.match(r"([\w-]+)>=([\d.]+)", item) for item in wanted)
        if match
    }
    for name, floor in (
        ("urllib3", (2, 6, 3)),
        ("jupyterlab", (4, 6)),
        ("jupyter_server", (2, 20)),
    ):
        assert floors[name] >= floor, name
    import pyexpat

    assert pyexpat.version_info >= (2, 4, 1)


def test_rule_29_import_opens_no_socket_and_the_bundle_fetches_no_code():
    program = (
        "import socket\n"
        "def no(*a, **k): raise SystemExit('a socket was opened')\n"
        "socket.socket.connect = no\n"
        "import speasy_core, sciqlop_lab, speasy_core.session, sciqlop_lab.panel\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY, timeout=60)
    for path in (REPOSITORY / "js" / "src").rglob("*.ts"):
        assert not re.search(r"(import\(|from\s+|src\s*=\s*)['\"]https?:", path.read_text("utf-8"))


def test_rule_30_every_rule_has_a_test():
    text = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tests/rules").glob("test_*"))
    named = {int(number) for number in re.findall(r"def test_rule_(\d\d)_", text)}
    assert named == set(range(1, 31))
