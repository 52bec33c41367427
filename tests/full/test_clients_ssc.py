"""Clients of SSCWeb that others wrote read the same positions from the local archive as we do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import speasy_core
from speasy_core.demo import LocalArchive

from .clients import client_python, speasy_environment

SCRIPTS = Path(__file__).parent / "clients"
SCRIPT = {"sscws": "read_with_sscws.py", "speasy": "read_ssc_with_speasy.py"}
SPAN = ("2019-01-02T10:00:00Z", "2019-01-02T11:00:00Z")
#: spacecraft, coordinate system, start, stop
COMPUTED = [
    *(("mms1", s, *SPAN) for s in ("geo", "gm", "gse", "gsm", "sm", "geitod", "geij2000")),
    ("ace", "gse", "2019-01-02T00:00:00Z", "2019-01-05T12:00:00Z"),
    ("cluster3", "gsm", *SPAN),
    ("moon", "geo", *SPAN),
]
RECORDED = [("moon", "gse", "2006-01-08T01:00:00Z", "2006-01-08T02:00:00Z")]


@pytest.fixture(scope="module")
def computed() -> Iterator[LocalArchive]:
    with LocalArchive() as archive:
        yield archive


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> Iterator[LocalArchive]:
    with LocalArchive(shared_data / "ssc") as archive:
        yield archive


def _read(
    client: str, archive: LocalArchive, products: list[tuple[str, ...]], folder: Path
) -> list[tuple[Any, Any]]:
    target = folder / "read.npz"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPEASY"))}
    speasy = speasy_environment(archive.url, folder) | {
        "SPEASY_CORE_HTTP_REWRITE_RULES": repr(
            {"https://sscweb.gsfc.nasa.gov": f"{archive.url}/ssc"}
        ),
        "SPEASY_CORE_DISABLED_PROVIDERS": "amda,csa,cda,cdpp3dview,uiowa_eph_tool,archive",
    }
    done = subprocess.run(
        [
            str(client_python(client)), str(SCRIPTS / SCRIPT[client]), archive.url,
            json.dumps(products), str(target),
        ],
        capture_output=True, text=True, timeout=300, check=False,
        env=environ | speasy | {"HOME": str(folder), "no_proxy": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(target) as found:
        return [(found[f"time{i}"], found[f"values{i}"]) for i in range(len(products))]


@pytest.mark.parametrize("client", list(SCRIPT))
@pytest.mark.parametrize("kind", ["computed", "recorded"])
def test_same_values(
    client: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    archive: LocalArchive = request.getfixturevalue(kind)
    products = COMPUTED if kind == "computed" else RECORDED
    theirs = _read(client, archive, products, tmp_path)
    with speasy_core.Session(archive.settings(tmp_path / "ours")) as session:
        for (satellite, system, start, stop), (time, values) in zip(products, theirs, strict=True):
            ours = session.get_data(f"ssc/{satellite}", start, stop, coordinate_system=system)
            assert len(ours) >= 60 or satellite == "ace"
            # sscws gets the sample at the end of the range as well
            last = np.datetime64(stop.rstrip("Z"), "ns").astype("i8")
            inside = time < last
            assert np.array_equal(ours.time_ns, time[inside])
            assert np.array_equal(np.asarray(ours.values), values[inside])
