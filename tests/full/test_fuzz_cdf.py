"""Thousands of damaged CDFs: each decodes or is refused, none crashes, hangs or eats memory.

`SPZ_FUZZ` sets how many (400 without it).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.variable import SpeasyVariable

CASES = int(os.environ.get("SPZ_FUZZ", "400"))
WORKER = Path(__file__).with_name("cdf_fuzz_worker.py")
SHARED_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
# small files of each kind: rVariables, gzip variables, version 2, whole-file compression, EPOCH16,
# checksum, no records
NAMES = (
    "ac_k2_mfi_20220101_v03.cdf", "solo_L1_swa-pas-mom_20200706_V01.cdf",
    "ac_h0_mfi_20230102_v07.cdf", "psp_fld_l2_mag_rtn_1min_20200104_v02.cdf",
    "ge_k0_cpi_19921231_v02.cdf", "fa_esa_l2_eeb_00000000_v01.cdf",
    "solo_l2_mag-rtn-normal-1-minute_20210711_v01.cdf",
    "C4_CP_EFW_L1_P34__20010226_051830_20010226_051836_V110503.cdf",
)  # fmt: skip


def made(folder: Path) -> Path:
    time = np.datetime64("2020-01-01", "ns") + np.arange(2000) * np.timedelta64(1, "s")
    flux = SpeasyVariable(time, np.ones((2000, 8), "f4"), axes=[np.arange(8.0)], name="flux")
    path = folder / "made.cdf"
    path.write_bytes(encode([flux]))
    return path


@pytest.mark.timeout(60 + CASES // 10)
def test_no_damage_crashes_the_decoder(tmp_path: Path) -> None:
    files = [made(tmp_path)]
    if SHARED_DATA.is_dir():
        files += [next(SHARED_DATA.rglob(name)) for name in NAMES]
    done = subprocess.run(
        [sys.executable, str(WORKER), "0", str(CASES), *map(str, files)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    last = lines[-1] if lines else "nothing"
    assert done.returncode == 0, (
        f"ended with {done.returncode} at case {last!r}:\n{done.stderr[-4000:]}"
    )
    outcomes = [line.split()[1] for line in lines]
    assert len(outcomes) == CASES
    assert set(outcomes) <= {"read", "CorruptFile", "UnsupportedFormat"}, set(outcomes)
    assert outcomes.count("CorruptFile") > CASES // 5
