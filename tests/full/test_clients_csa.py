"""Clients that others wrote accept the local copy of Cluster's archive, and read what we read."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from speasy_core.demo import LocalArchive
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.providers._csa_tables import QUERIES
from speasy_core.providers.csa import CsaProvider
from speasy_core.timerange import TimeRange

from .clients import client_python, speasy_environment

SCRIPTS = Path(__file__).parent / "clients"
SYNTHETIC = [
    ("C1_CP_FGM_SPIN", "B_vec_xyz_gse__C1_CP_FGM_SPIN", "2003-01-02T00:00:00Z",
     "2003-01-02T06:00:00Z"),
    ("C1_CP_FGM_SPIN", "B_mag__C1_CP_FGM_SPIN", "2003-01-02T11:00:00Z", "2003-01-02T13:00:00Z"),
    ("C1_CP_CIS-HIA_HS_1D_PEF", "flux__C1_CP_CIS-HIA_HS_1D_PEF", "2003-01-02T00:00:00Z",
     "2003-01-02T01:00:00Z"),
]  # fmt: skip
REAL = [
    ("C4_CP_EFW_L1_P34", "P34__C4_CP_EFW_L1_P34", "2001-02-26T05:18:30Z", "2001-02-26T05:18:36Z"),
    ("C4_CP_FGM_SPIN", "B_vec_xyz_gse__C4_CP_FGM_SPIN", "2001-07-06T21:30:00Z",
     "2001-07-06T23:30:00Z"),
]  # fmt: skip


def run(client: str, script: str, folder: Path, url: str, asked: object, target: Path) -> None:
    rules = {"https://csa.esac.esa.int": f"{url}/csa"}
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPEASY"))}
    environ |= speasy_environment(url, folder) | {
        "SPEASY_CORE_HTTP_REWRITE_RULES": repr(rules), "HOME": str(folder), "no_proxy": "*",
        "SPEASY_CORE_DISABLED_PROVIDERS": "amda,cda,cdaweb,ssc,cdpp3dview,uiowa_eph_tool,archive",
    }  # fmt: skip
    done = subprocess.run(
        [str(client_python(client)), str(SCRIPTS / script), url, json.dumps(asked), str(target)],
        capture_output=True, text=True, timeout=300, check=False, env=environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def synthetic() -> Iterator[LocalArchive]:
    with LocalArchive() as archive:
        yield archive


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Iterator[LocalArchive]:
    with LocalArchive(shared_data / "csa") as archive:
        yield archive


def ours(archive: LocalArchive, product: tuple[str, str, str, str]) -> tuple[object, object]:
    settings = archive.settings()
    http = HttpClient(settings)
    ref = ProductRef("csa", f"{product[0]}/{product[1]}")
    got = CsaProvider(settings, http).fetch(ref, TimeRange(*product[2:]), deadline=Deadline(60))
    http.close()
    assert got.variable is not None
    return got.variable.time_ns, got.variable.values


@pytest.mark.parametrize("which", ["synthetic", "real"])
def test_speasy_reads_what_we_read(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    archive: LocalArchive = request.getfixturevalue(which)
    products = {"synthetic": SYNTHETIC, "real": REAL}[which]
    target = tmp_path / "read.npz"
    run("speasy", "read_with_speasy_csa.py", tmp_path, archive.url, products, target)
    with np.load(target) as found:
        for number, product in enumerate(products):
            time, values = ours(archive, product)
            span = TimeRange(*product[2:])
            theirs = found[f"time{number}"]
            keep = (theirs >= span.start_ns) & (theirs < span.stop_ns)
            assert keep.any()
            # picoseconds are rounded here, and cut there
            assert np.abs(theirs[keep] - time).max() <= 1
            assert np.array_equal(found[f"values{number}"][keep].reshape(values.shape), values)


def test_pyvo_reads_the_tables(synthetic: LocalArchive, tmp_path: Path) -> None:
    target = tmp_path / "tables.json"
    run("pyvo", "read_with_pyvo.py", tmp_path, synthetic.url, list(QUERIES.values()), target)
    tables = dict(zip(QUERIES, json.loads(target.read_text()), strict=True))
    assert [row["name"] for row in tables["mission"]] == ["Cluster"]
    assert {row["dataset_id"] for row in tables["dataset"]} == {
        "C1_CP_FGM_SPIN", "C4_CP_FGM_SPIN", "C1_CP_CIS-HIA_HS_1D_PEF",
    }  # fmt: skip
    settings = synthetic.settings()
    update = CsaProvider(settings, HttpClient(settings)).inventory(deadline=Deadline(60))
    assert update is not None
    ids = {str(r.ref).removeprefix("csa/") for r in update.records if r.kind not in
           ("folder", "dataset")}  # fmt: skip
    assert ids == {f"{row['dataset_id']}/{row['parameter_id']}" for row in tables["parameter"]}
