"""hapiclient, which others wrote, reads the same values from the local archive as we do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import speasy_core
from speasy_core.demo import LocalArchive
from speasy_core.demo._hapi_bodies import VERSIONS

from .clients import client_python

SCRIPT = Path(__file__).parent / "clients" / "read_with_hapiclient.py"
#: data set, parameter, start, stop
REAL = [
    ("AC_H0_MFI", "BGSEc", "2023-01-02T01:00:00Z", "2023-01-02T02:00:00Z"),
    ("AC_H0_MFI", "Magnitude", "2023-01-02T01:00:00Z", "2023-01-02T05:00:00Z"),
    ("MMS1_FPI_FAST_L2_DIS-MOMS", "mms1_dis_energyspectr_omni_fast",
     "2015-12-01T12:10:00Z", "2015-12-01T13:00:00Z"),
    ("SOLO_L2_MAG-RTN", "B_RTN", "2021-07-11T01:00:00Z", "2021-07-11T02:00:00Z"),
]  # fmt: skip
SYNTHETIC = [
    ("MMS1_FGM_SRVY_L2", "mms1_fgm_b_gse_srvy_l2", "2019-01-02T15:00:00Z", "2019-01-02T15:10:00Z"),
    ("MMS1_FPI_FAST_L2_DES-MOMS", "mms1_des_energyspectr_omni_fast",
     "2019-01-02T15:00:00Z", "2019-01-02T16:00:00Z"),
    ("AC_H0_SWE", "Np", "2019-01-02T00:00:00Z", "2019-01-03T00:00:00Z"),
    ("CO_MAG_1SEC", "B_RTN", "2009-01-02T00:00:00Z", "2009-01-02T01:00:00Z"),
]  # fmt: skip


def read(root: str, products: list[tuple[str, ...]], folder: Path, **options: Any) -> list[Any]:
    """Return [(time ns, values), ...] as hapiclient reads them."""
    target = folder / "read.npz"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(client_python("hapiclient")), str(SCRIPT), root, json.dumps(products), str(target),
         json.dumps(options)],
        capture_output=True, text=True, timeout=300, check=False,
        env=environ | {"HOME": str(folder), "TMPDIR": str(folder), "no_proxy": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(target) as found:
        return [(found[f"time{i}"], found[f"values{i}"]) for i in range(len(products))]


@pytest.mark.parametrize("form", ["binary", "csv"])
@pytest.mark.parametrize("version", ["2.0", "3.2", VERSIONS[-1]])
@pytest.mark.parametrize("real", [True, False], ids=["real", "synthetic"])
def test_hapiclient_reads_what_we_read(
    shared_data: Path, tmp_path: Path, real: bool, version: str, form: str
) -> None:
    products = REAL if real else SYNTHETIC
    with LocalArchive(shared_data / "cda" if real else None) as archive:
        root = f"{archive.url}/hapi" + ("" if version == "3.2" else f"/{version}/hapi")
        got = read(root, products, tmp_path, format=form)
        settings = archive.settings(tmp_path / "cache").with_(hapi_servers={"local": root})
        with speasy_core.Session(settings) as session:
            for (dataset, name, start, stop), (time, values) in zip(products, got, strict=True):
                ours = session.get_data(f"hapi/local/{dataset}/{name}", start, stop)
                face = session.get_data(f"cda/{dataset}/{name}", start, stop)
                assert len(time) > 5
                assert np.array_equal(ours.time_ns, time)
                assert np.array_equal(ours.values, values, equal_nan=True)
                assert np.array_equal(face.time_ns, time)
                # bit for bit in the type of the data: HAPI has doubles alone
                assert np.array_equal(face.values, values.astype(face.dtype), equal_nan=True)
