"""The pages of the documentation: what they show runs, and each is in the table of contents."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from speasy_core.config import Settings
from speasy_core.demo import LocalArchive

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PAGES = sorted((NOTEBOOKS / "docs").glob("*.md"))
# pages that include others' text, or lists of names
LISTS = {"architecture", "changes", "modules", "reference"}
_BLOCK = re.compile(
    r"(?:^% not run: (?P<reason>[^\n]+)\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
# blocks run one after the other as cells of one notebook do; the first that fails ends it
_RUNNER = """
import json, sys, warnings
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
for text in json.load(sys.stdin):
    result = shell.run_cell(text)
    if not result.success:
        sys.exit("this block failed:\\n" + text)
"""
_COMMANDS = """
import json, shlex, sys
from sciqlop_lab.cli import main
for line in json.load(sys.stdin):
    code = main(shlex.split(line, comments=True)[1:])
    if code != 0:
        sys.exit(f"exit code {code}: {line}")
"""


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    reason: str | None  # why it is not run


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(m["language"], m["text"], m["reason"]) for m in found]


def texts(page: Path, *languages: str) -> list[str]:
    return [b.text for b in blocks(page) if b.language in languages and b.reason is None]


def with_blocks(*languages: str) -> list[Path]:
    return [page for page in PAGES if page.stem not in LISTS and texts(page, *languages)]


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as archive:
        yield archive


@pytest.fixture
def environment(archive, tmp_path, monkeypatch):
    """What a person has who started the local archive: its settings, and an empty cache."""
    for name in [name for name in os.environ if name.startswith("SPZ_")]:
        monkeypatch.delenv(name)
    descriptions = tmp_path / "archive"
    descriptions.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    return {
        **os.environ,
        **archive.environ(cache_dir=str(tmp_path / "cache")),
        "SPZ_CONFIG": str(tmp_path / "settings.toml"),
        "SPZ_ARCHIVE_DIRS": str(descriptions),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }


def run(program, lines, environment, folder):
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(lines), text=True, cwd=folder,
        env=environment, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("page", with_blocks("python", "ipython"), ids=lambda p: p.stem)
def test_its_code_runs(page, environment, tmp_path):
    for number, text in enumerate(texts(page, "yaml")):
        (tmp_path / "archive" / f"{number}.yaml").write_text(text, encoding="utf-8")
    run(_RUNNER, texts(page, "python", "ipython"), environment, tmp_path)


@pytest.mark.parametrize("page", with_blocks("sh"), ids=lambda p: p.stem)
def test_its_commands_run(page, environment, tmp_path):
    lines = "".join(texts(page, "sh")).replace("\\\n", " ").splitlines()
    ours = [line for line in lines if line.startswith("sciqlop-lab ")]
    assert ours, "mark blocks of other commands as not run"
    run(_COMMANDS, ours, environment, tmp_path)


@pytest.mark.parametrize("page", with_blocks("toml"), ids=lambda p: p.stem)
def test_its_settings_are_settings(page, tmp_path):
    for text in texts(page, "toml"):
        file = tmp_path / "settings.toml"
        file.write_text(text, encoding="utf-8")
        assert Settings.load(file, environ={}).sources


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem not in LISTS], ids=lambda p: p.stem)
def test_a_page_says_something_and_is_in_the_contents(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text) > 500
    assert f"docs/{page.stem}\n" in (NOTEBOOKS / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_its_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).is_file(), target


def test_the_reference_has_every_public_name():
    import sciqlop_lab
    import speasy_core

    text = "".join((NOTEBOOKS / "docs" / f"{n}.md").read_text() for n in ("reference", "modules"))
    archives = {
        "inventories",
        "amda",
        "archive",
        "cda",
        "cdpp3dview",
        "csa",
        "hapi",
        "ssc",
        "uiowaephtool",
    }
    modules = {"cache", "config", "core", "errors", "products", "signal"}
    others = {"__version__", "DateTimeRange", "inventories"}  # two are told elsewhere
    for name in set(speasy_core.__all__) - archives - modules - others:
        assert f"   {name}\n" in text, name
    for name in modules:
        assert f"speasy_core.{name}" in text, name
    for name in set(sciqlop_lab.__all__) - {"__version__"}:
        assert f"   {name}\n" in text, name
