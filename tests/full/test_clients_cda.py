"""Clients that others wrote read the same values from the local archive as we do.

Each has its own environment under ``build/clients``, made once by ``venv`` and ``pip``.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pycdfpp
import pytest

import speasy_core
from speasy_core.demo import LocalArchive
from speasy_core.demo.synthetic import datasets
from speasy_core.timerange import TimeRange

from .clients import client_python, speasy_environment

SCRIPTS = Path(__file__).parent / "clients"
#: data set, variable, start, stop
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

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return ``run(client, archive, products, **options)``, giving [(time ns, values), ...]."""

    def read(
        client: str, archive: LocalArchive, products: list[tuple[str, ...]], **options: Any
    ) -> list[tuple[Any, Any]]:
        target = tmp_path_factory.mktemp(client) / "read.npz"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPEASY"))}
        done = subprocess.run(
            [
                str(client_python(client)), str(SCRIPTS / f"read_with_{client}.py"), archive.url,
                json.dumps(products), str(target), json.dumps(options),
            ],
            capture_output=True, text=True, timeout=300, check=False,
            env=environ
            | speasy_environment(archive.url, target.parent)
            | {"HOME": str(target.parent), "no_proxy": "*"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        with np.load(target) as found:
            return [(found[f"time{i}"], found[f"values{i}"]) for i in range(len(products))]

    return read


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Iterator[LocalArchive]:
    with LocalArchive(shared_data / "cda") as archive:
        yield archive


@pytest.fixture(scope="module")
def synthetic() -> Iterator[LocalArchive]:
    with LocalArchive() as archive:
        yield archive


def _original(folder: Path, dataset: str, variable: str) -> tuple[Any, Any]:
    """Read a variable from the original files, with nothing of ours between."""
    stem = {"SOLO_L2_MAG-RTN": "solo_l2_mag-rtn"}.get(dataset, dataset.lower())
    times, values = [], []
    for path in sorted(folder.rglob(f"{stem}*.cdf")):
        if "_00000000_" in path.name or "_20151201000000_" in path.name:
            continue  # the master, and the file that is cut
        cdf = pycdfpp.load(path.read_bytes())
        clock = cdf[variable].attributes["DEPEND_0"].value
        times.append(pycdfpp.to_datetime64(cdf[clock]).ravel())
        values.append(np.array(cdf[variable].values))
    return np.concatenate(times).astype("datetime64[ns]").astype("i8"), np.concatenate(values)


def _same(got: tuple[Any, Any], want: tuple[Any, Any], start: str, stop: str) -> None:
    """Compare bit for bit inside [start, stop); fill values may have become NaN."""
    low, high = (np.datetime64(t.rstrip("Z"), "ns").astype("i8") for t in (start, stop))
    (time, values), (want_time, want_values) = (
        (t[keep], v[keep])
        for t, v, keep in ((t, v, (t >= low) & (t < high)) for t, v in (got, want))
    )
    assert len(time) > 0
    assert np.array_equal(time, want_time)
    values = values.reshape(want_values.shape)
    filled = np.isnan(values) & (want_values < -1e30)
    assert np.array_equal(
        np.where(filled, 0, values).astype(want_values.dtype),
        np.where(filled, 0, want_values), equal_nan=True,
    )  # fmt: skip


CLIENTS = [("cdasws", {}), ("speasy", {}), ("speasy", {"method": "API"})]
IDS = ["cdasws", "speasy files", "speasy service"]


@pytest.mark.parametrize(("client", "options"), CLIENTS, ids=IDS)
def test_real_files(
    run: Run, real: LocalArchive, shared_data: Path, client: str, options: dict[str, str]
) -> None:
    for (dataset, variable, start, stop), got in zip(
        REAL, run(client, real, REAL, **options), strict=True
    ):
        _same(got, _original(shared_data / "cda", dataset, variable), start, stop)


def _served(dataset: str, variable: str, start: str, stop: str) -> tuple[Any, Any]:
    """Compute a synthetic variable here, in one piece, with no server between."""
    holding = {d.description.id: d for d in datasets()}[dataset]
    answer = holding.answer([variable], TimeRange(start, stop), mangled=False)
    cdf = pycdfpp.load(b"".join(answer.chunks()))
    clock = cdf[variable].attributes["DEPEND_0"].value
    time = pycdfpp.to_datetime64(cdf[clock]).astype("datetime64[ns]").astype("i8")
    return time, np.array(cdf[variable].values)


@pytest.mark.parametrize(("client", "options"), CLIENTS, ids=IDS)
def test_synthetic_data(
    run: Run, synthetic: LocalArchive, client: str, options: dict[str, str]
) -> None:
    for product, got in zip(SYNTHETIC, run(client, synthetic, SYNTHETIC, **options), strict=True):
        _same(got, _served(*product), *product[2:])


def test_our_session_reads_the_same_values(
    real: LocalArchive, synthetic: LocalArchive, shared_data: Path, tmp_path: Path
) -> None:
    for archive, products in ((real, REAL), (synthetic, SYNTHETIC)):
        session = speasy_core.Session(archive.settings(tmp_path / archive.url[-5:]))
        try:
            for dataset, variable, start, stop in products:
                ours = session.get_data(f"cda/{dataset}/{variable}", start, stop)
                want = (
                    _original(shared_data / "cda", dataset, variable)
                    if archive is real
                    else _served(dataset, variable, start, stop)
                )
                _same((ours.time.astype("i8"), np.asarray(ours.values)), want, start, stop)
        finally:
            session.close()
