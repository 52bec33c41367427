"""The command line: stubs into a folder, and mistakes said on stderr."""

from __future__ import annotations

import json

import pytest

import speasy_core as spz
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


# -- data ------------------------------------------------------------------------------------

B = "cda/AC_H0_MFI/BGSEc"
DAY = ("2015-10-22T00:00", "2015-10-22T06:00")


@pytest.fixture
def fresh(environment, monkeypatch):
    """Let the commands have a session of their own, as a process has."""
    import speasy_core.session as module

    monkeypatch.setattr(module, "_default", None)
    yield
    if module._default is not None:
        module._default.close()


def run_json(capsys, *argv):
    code = main([*argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_search_finds_and_says_so(fresh, capsys):
    code, found = run_json(capsys, "search", "magnetic", "field", "provider:cda", "--limit", "3")
    assert code == 0
    assert 0 < len(found) <= 3
    assert all(one["id"].startswith("cda/") and one["unit"] == "nT" for one in found)
    assert main(["search", "magnetic", "field", "--provider", "cda", "--limit", "3"]) == 0
    assert found[0]["id"] in capsys.readouterr().out
    assert main(["search", "xyzzy"]) == 3
    assert "no product" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".csv", ".cdf", ".npz"])
def test_get_into_a_file(fresh, tmp_path, capsys, suffix):
    file = tmp_path / f"b{suffix}"
    code, said = run_json(capsys, "get", B, *DAY, "-o", str(file))
    assert code == 0
    assert said["unit"] == "nT"
    assert said["shape"][1] == 3
    assert said["gaps"] == []
    assert said["provenance"][0]["state"] == "fresh"
    back = {".csv": spz.SpeasyVariable.from_csv, ".npz": spz.SpeasyVariable.from_npz}.get(
        suffix, lambda path: next(iter(spz.read_file(path).values()))
    )(file)
    asked = spz.get_data(B, *DAY)
    assert (back.time == asked.time).all()
    assert (back.values == asked.values).all()


def test_get_to_stdout_is_csv(fresh, tmp_path, capsys):
    assert main(["get", B, *DAY]) == 0
    file = tmp_path / "said.csv"
    file.write_text(capsys.readouterr().out)
    assert len(spz.SpeasyVariable.from_csv(file)) == len(spz.get_data(B, *DAY))


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["get", B, *DAY, "-o", "b.xyz"], 2, "suffix"),
        (["get", B, "yesterday", "today"], 2, "yesterday"),
        (["get", "nowhere/x", *DAY], 2, "nowhere"),
        (["get", "cda/AC_H0_MFI/NOT_THERE", *DAY], 2, "NOT_THERE"),
        (["plot", B, *DAY, "-o", "b.xyz"], 2, "format"),
    ],
)
def test_what_goes_wrong_is_said(fresh, capsys, argv, code, words):
    assert main(argv) == code
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err


def test_no_samples_is_a_code_of_its_own(fresh, capsys):
    assert main(["get", B, "1970-01-01", "1970-01-02"]) == 3


def test_plot_to_a_file(fresh, tmp_path, capsys):
    file = tmp_path / "figure.svg"
    assert main(["plot", B, "cda/AC_H0_MFI/Magnitude", *DAY, "-o", str(file)]) == 0
    assert "BGSEc" in file.read_text() or "nT" in file.read_text()
    assert str(file) in capsys.readouterr().out


def test_cache_from_the_command_line(fresh, tmp_path, capsys):
    assert main(["get", B, *DAY, "-o", str(tmp_path / "b.csv")]) == 0
    capsys.readouterr()
    code, info = run_json(capsys, "cache", "info")
    assert (code, info["place"], info["products"]) == (0, "disk", 1)
    _, kept = run_json(capsys, "cache", "list")
    assert kept[0]["product"] == B
    assert kept[0]["range"][0].startswith("2015-10-22T00:00")
    assert main(["cache", "pin", B]) == 0
    assert main(["cache", "clear"]) == 0
    _, kept = run_json(capsys, "cache", "list") if capsys.readouterr() else (0, [])
    assert kept, "what is pinned stays"
    bundle = tmp_path / "bundle.zip"
    assert main(["cache", "export", str(bundle)]) == 0
    assert main(["cache", "clear", "--pinned"]) == 0
    capsys.readouterr()
    code, taken = run_json(capsys, "cache", "import", str(bundle))
    assert (code, taken["products"]) == (0, [B])
    assert main(["get", B, *DAY, "--offline", "-o", str(tmp_path / "again.csv")]) == 0
    again, before = tmp_path / "again.csv", tmp_path / "b.csv"
    assert len(again.read_text().splitlines()) == len(before.read_text().splitlines())
    assert main(["cache", "import", str(before)]) == 1
    assert "b.csv" in capsys.readouterr().err


def test_doctor_is_well_here(fresh, capsys):
    code, said = run_json(capsys, "doctor")
    assert code == 0, said
    assert said["well"]
    found = {one["what"]: one["found"] for one in said["findings"]}
    assert found["server cda"].endswith("404") or "answers" in found["server cda"]
    assert "environment" in found["setting cda_url"]


def test_doctor_names_what_is_ill(fresh, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SPZ_SSC_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SPZ_AMDA_PASSWORD", "canary-in-a-mine")
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "ILL" in said
    assert "127.0.0.1:9" in said
    assert "canary" not in said


@pytest.mark.parametrize("command", ["get", "plot", "cache"])
def test_a_place_that_cannot_be_is_said_before_anything_is_fetched(
    command, environment, tmp_path, capsys, monkeypatch
):
    def asked(*args, **options):
        raise AssertionError("something is fetched for nothing")

    monkeypatch.setattr("sciqlop_lab.cli.data._fetch", asked)
    monkeypatch.setattr("sciqlop_lab.cli.cache.session", asked)
    suffix = {"get": ".csv", "plot": ".png", "cache": ".zip"}[command]
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / "file").write_text("x")
    for name, words in (
        (f"none/a{suffix}", "none: there is no such folder"),
        (f"file/a{suffix}", "file: there is no such folder"),
        (f"folder{suffix}", f"folder{suffix}: it is a folder"),
    ):
        place = str(tmp_path / name)
        argv = [command, "cda/a/b", "2020-01-01", "2020-01-02", "-o", place, "--json"]
        if command == "cache":
            argv = ["cache", "export", place, "--json"]
        assert main(argv) == 1
        said = capsys.readouterr()
        assert words in said.err
        assert "Errno" not in said.err
        assert words in json.loads(said.out)["error"]["message"]


@pytest.mark.parametrize(
    "argv",
    [["demo", "--port", "99999999"], ["demo", "--port", "-1"], ["demo", "--port", "x"],
     ["search", "mms", "--limit", "x"], ["search", "mms", "--limit", "0"]],
)  # fmt: skip
def test_numbers_that_are_none_are_asked_wrongly(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert f"{argv[-1]!r} is no" in capsys.readouterr().err or argv[-1] == "-1"
