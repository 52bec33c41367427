"""Every notebook runs from start to end on the local archive, and none carries outputs."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from speasy_core.demo import LocalArchive

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_stripped(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs"), "strip the outputs before committing"
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_it_runs(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    with LocalArchive() as archive:
        for name, value in archive.environ(cache_dir=str(tmp_path)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SPZ_CONFIG", str(tmp_path / "settings.toml"))
        client = NotebookClient(
            notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
        )
        client.execute()
    problems = [
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "stream" and output["name"] == "stderr"
    ]
    assert not problems
