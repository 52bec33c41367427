"""Speasy reads the same data and lists of events through the local archive's AMDA as we do."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.http import Deadline, HttpClient
from speasy_core.providers.amda import AmdaProvider

from .clients import client_python, speasy_environment

SCRIPT = Path(__file__).parent / "clients" / "read_amda_with_speasy.py"
Wanted = Mapping[str, list[Any]]
SYNTHETIC: Wanted = {
    "data": [
        ("imf", "2019-01-02T00:00:00Z", "2019-01-02T03:00:00Z"),
        ("imf_mag", "2019-01-02T00:00:00Z", "2019-01-14T00:00:00Z"),
        ("mms1_dis_ni", "2019-01-02T15:00:00Z", "2019-01-02T15:10:00Z"),
        ("mms1_dis_omni", "2019-01-02T15:00:00Z", "2019-01-02T15:10:00Z"),
    ],
    "events": ["sharedtimeTable_0", "sharedcatalog_0"],
}
RECORDED: Wanted = {
    "data": [("imf", "2023-01-02T01:00:00Z", "2023-01-02T02:00:00Z")],
    "events": ["sharedtimeTable_4", "sharedcatalog_9000"],
}


FIRST_TREE = """
import time
import speasy
start = time.perf_counter()
assert len(speasy.inventories.flat_inventories.amda.parameters) == 5420
print(time.perf_counter() - start)
"""


def _run(archive: LocalArchive, arguments: list[str], folder: Path) -> str:
    """Run Python in the environment of speasy, and return what it writes."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPEASY"))}
    speasy = speasy_environment(archive.url, folder) | {
        "SPEASY_CORE_HTTP_REWRITE_RULES": repr({"https://amda.irap.omp.eu": f"{archive.url}/amda"}),
        "SPEASY_CORE_DISABLED_PROVIDERS": "cda,csa,ssc,cdpp3dview,uiowa_eph_tool,archive",
    }
    done = subprocess.run(
        [str(client_python("speasy")), *arguments],
        capture_output=True, text=True, timeout=300, check=False,
        env=environ | speasy | {"HOME": str(folder), "no_proxy": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _read_with_speasy(archive: LocalArchive, wanted: Wanted, folder: Path) -> Any:
    target = folder / "read.npz"
    _run(archive, [str(SCRIPT), archive.url, json.dumps(wanted), str(target)], folder)
    with np.load(target) as found:
        return dict(found)


@pytest.mark.parametrize("kind", ["synthetic", "recorded"])
def test_speasy_agrees(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder, wanted = None, SYNTHETIC
    if kind == "recorded":
        folder, wanted = request.getfixturevalue("shared_data"), RECORDED
    with (
        LocalArchive(folder) as archive,
        spz.Session(archive.settings(tmp_path / "ours")) as session,
    ):
        theirs = _read_with_speasy(archive, wanted, tmp_path)
        if kind == "recorded":
            assert theirs["parameters"] == 5420
        for number, (ident, *times) in enumerate(wanted["data"]):
            ours = session.get_data(f"amda/{ident}", *times)
            assert len(ours) > 0
            assert np.array_equal(ours.time_ns, theirs[f"time{number}"])
            shape = theirs[f"values{number}"].shape
            assert np.array_equal(
                np.asarray(ours.values).reshape(shape), theirs[f"values{number}"], equal_nan=True
            )
            assert ours.unit == str(theirs[f"unit{number}"])
        for number, ident in enumerate(wanted["events"]):
            events = session.get_data(f"amda/{ident}")
            spans = np.array([[event.start_ns, event.stop_ns] for event in events])
            # speasy keeps microseconds
            assert np.array_equal(spans // 1000, theirs[f"events{number}"] // 1000)
            # speasy keeps the rest of the line as it is
            assert events.name == str(theirs[f"name{number}"]).strip(" ;")
            for mine, other in zip(events, json.loads(str(theirs[f"metas{number}"])), strict=True):
                for key, value in getattr(mine, "meta", {}).items():
                    assert str(value) == str(other.get(key, value)) or value == pytest.approx(
                        float(other[key])
                    )


def test_the_tree_is_ready_no_later_than_in_speasy(shared_data: Path, tmp_path: Path) -> None:
    """5,420 parameters, from the first request to the last record, both from the same server."""
    with LocalArchive(shared_data / "amda") as archive:
        settings = archive.settings(tmp_path / "ours")
        theirs, ours = [], []
        for run in range(3):
            provider = AmdaProvider(settings, HttpClient(settings))
            start = time.perf_counter()
            update = provider.inventory(deadline=Deadline(60))
            ours.append(time.perf_counter() - start)
            assert update is not None
            folder = tmp_path / f"run{run}"
            folder.mkdir()
            theirs.append(float(_run(archive, ["-c", FIRST_TREE], folder)))
    assert min(ours) <= min(theirs), (ours, theirs)
