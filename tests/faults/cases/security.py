"""Secrets, and servers that try to reach what is not theirs."""

from __future__ import annotations

from tests.faults.world import Asked, World

from .base import Area

area = Area("secrets")
AMDA = "amda/imf"


def _amda(name: str, expect: str, **fault: object) -> None:
    @area.case(f"AMDA with a password: {name}", expect, "X" if "500" in name else "")
    def _(world: World) -> Asked:
        world.fault(**fault)
        return world.ask(AMDA)


_amda("no fault", "R", match="/no-such-path/")
_amda("500 for ever", "E", match="/amda/php/rest/getParameter", status=500)
_amda("an error page that repeats the request", "E", match="/amda/php/rest/getParameter",
      body=b'{"success": false, "message": "userID=canary&password=canary-of-the-password"}',
      content_type="application/json")  # fmt: skip
_amda("reset", "E", match="/amda/", reset=True)
_amda("never answers", "E", match="/amda/", delay=6.0)
_amda("redirected to another server", "E", match="/amda/php/rest/getParameter",
      redirect="http://127.0.0.1:9/php/rest/getParameter.php")  # fmt: skip


@area.case("AMDA names a file on another server", "E")
def _(world: World) -> Asked:
    world.fault(
        match="/amda/php/rest/getParameter",
        body=b'{"success": true, "dataFileURLs": "http://169.254.169.254/latest/meta-data"}',
        content_type="application/json",
    )
    return world.ask(AMDA)


@area.case("a description of an archive names a local file", "E")
def _(world: World) -> Asked:
    folder = world.folder / "descriptions"
    folder.mkdir()
    (folder / "evil.yaml").write_text(
        "passwords:\n  inventory_path: evil\n  split_rule: random\n  split_frequency: none\n"
        "  url_pattern: file:///etc/\n  fname_regex: 'passwd'\n"
    )
    session = world.session(archive_dirs=(str(folder),))
    return world.ask("archive/evil/passwords/x", session=session, truth=())


@area.case("a description of an archive with tags of Python", "R", "R")
def _(world: World) -> Asked:
    folder = world.folder / "descriptions"
    folder.mkdir()
    (folder / "evil.yaml").write_text(
        f"x: !!python/object/apply:builtins.open ['{world.canary}', 'w']\n"
    )
    session = world.session(archive_dirs=(str(folder),))
    return world.ask("archive/SPDF/ACE/MFI/AC_H0_MFI/BGSEc", session=session)
