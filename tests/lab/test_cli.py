"""The command line: stubs into a folder, and mistakes said on stderr."""

from __future__ import annotations

import pytest

from sciqlop_lab.cli import main
from speasy_core.demo import LocalArchive


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


@pytest.fixture
def environment(archive, tmp_path, monkeypatch):
    for name, value in archive.environ(tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPZ_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_stubs_into_a_folder(environment, tmp_path, capsys):
    assert main(["stubs", "--folder", str(tmp_path / "typings")]) == 0
    said = capsys.readouterr().out
    package = tmp_path / "typings" / "speasy_core-stubs"
    assert str(tmp_path / "typings") in said
    assert "extraPaths" in said
    ace = (package / "trees" / "cda" / "ace.pyi").read_text()
    assert "BGSEc: Node" in ace
    assert (package / ".gitignore").read_text() == "*\n"


def test_a_server_that_is_down_does_not_stop_it(archive, environment, tmp_path, capsys):
    with archive.faults.on(match="^/ssc/", status=404):
        assert main(["stubs", "--folder", str(tmp_path / "typings")]) == 0
    assert "ssc is left out" in capsys.readouterr().err
    assert (tmp_path / "typings" / "speasy_core-stubs" / "trees" / "cda").is_dir()


def test_a_folder_that_cannot_be_is_an_error(environment, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["stubs", "--folder", str(tmp_path / "file")]) == 1
    assert "sciqlop-lab: the stubs cannot be written" in capsys.readouterr().err


def test_a_command_is_needed(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "stubs" in capsys.readouterr().err
    assert main(["demo", "no-such-notebook.ipynb"]) == 2
