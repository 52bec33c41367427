"""Speasy reads the same ephemerides of UIowa and 3DView from the local archive as we do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

import speasy_core
from speasy_core.demo import LocalArchive

from .clients import client_python, speasy_environment

SCRIPT = Path(__file__).parent / "clients" / "read_ephemerides_with_speasy.py"
SPAN = ("2001-01-02T10:00:00", "2001-01-02T11:00:00")
LATER = ("2019-01-02T10:00:00", "2019-01-02T13:00:00")
#: product, options, start, stop
PRODUCTS: list[tuple[str, dict[str, Any], str, str]] = [
    *(
        (f"uiowaephtool/{name}", {}, *SPAN)
        for name in (
            "Jupiter_Io_Equatorial", "Io_Galileo_Co-rotational", "Saturn geocentric_Cassini_KSM",
            "Saturn baricentric_Titan_Ecliptic", "Sun_Earth_Ecliptic", "Io_Galileo_Geographic",
            "Hyperion_Cassini_Equatorial",
        )
    ),
    ("cdpp3dview/MMS1", {}, *LATER),
    ("cdpp3dview/MMS1", {"coordinate_frame": "GSE"}, *LATER),
    ("cdpp3dview/67P", {"coordinate_frame": "ECLIPJ2000", "sampling": "60"}, *LATER),
]  # fmt: skip


def test_same_values(tmp_path: Path) -> None:
    with LocalArchive() as archive:
        target = tmp_path / "read.npz"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPEASY"))}
        rules = {
            "https://planet.physics.uiowa.edu": f"{archive.url}/uiowa",
            "https://3dview.irap.omp.eu": f"{archive.url}/3dview",
        }
        done = subprocess.run(
            [str(client_python("speasy")), str(SCRIPT), archive.url, json.dumps(PRODUCTS),
             str(target)],
            capture_output=True, text=True, timeout=300, check=False,
            env=environ
            | speasy_environment(archive.url, tmp_path)
            | {
                "SPEASY_CORE_HTTP_REWRITE_RULES": repr(rules),
                "SPEASY_CORE_DISABLED_PROVIDERS": "amda,csa,cda,ssc,archive",
                "HOME": str(tmp_path), "no_proxy": "*",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        theirs = np.load(target)
        with speasy_core.Session(archive.settings(tmp_path / "ours")) as session:
            for number, (product, options, start, stop) in enumerate(PRODUCTS):
                ours = session.get_data(product, start, stop, **options)
                values = theirs[f"values{number}"]
                unit, columns = json.loads(str(theirs[f"about{number}"]))
                assert len(ours) > 10
                assert np.array_equal(ours.time_ns, theirs[f"time{number}"])
                # of geographic coordinates we keep the last two columns as well
                assert np.array_equal(np.asarray(ours.values)[:, : values.shape[1]], values)
                assert ours.columns[: len(columns)] == columns
                assert unit in (ours.unit, ours.meta.get("COLUMN_UNITS", [])[:3])
