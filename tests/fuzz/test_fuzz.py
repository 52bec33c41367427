"""Thousands of damaged files for every decoder: right, or refused; ``make fuzz`` runs more.

`SPZ_FUZZ` sets how many for each decoder (400 without it), `SPZ_FUZZ_SEED` which ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speasy_core import codecs, providers

from .mutations import KINDS, mutate

REPOSITORY = Path(__file__).resolve().parents[2]
COUNT = int(os.environ.get("SPZ_FUZZ", "400"))
#: providers whose answers come from no server
_OWN = {"vp"}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    out = REPOSITORY / "build" / "fuzz.json"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--count", str(COUNT), "--out", str(out)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.exists(), done.stderr[-4000:]
    sys.stdout.write(done.stdout)  # the table, for those who run with -s
    return dict(json.loads(out.read_text()))


@pytest.mark.timeout(120 + COUNT)
def test_no_damage_is_taken_for_data_or_ends_the_process(report):
    assert not report["failed"], "\n".join(report["failed"])
    for name, row in report["rows"].items():
        assert row["failures"] == 0, name
        assert row["cases"] == COUNT, name
        assert row["error"] > COUNT // 20, f"{name}: the damage does not reach the decoder"


def test_every_codec_and_provider_is_there(report):
    names = set(report["rows"])
    assert set(codecs.names()) <= names
    for provider in set(providers.names()) - _OWN:
        assert any(name.startswith(f"{provider}: ") for name in names), provider


def test_every_cut_of_small_files_is_tried(report):
    tried = {name: row["cuts"] for name, row in report["rows"].items()}
    for name in codecs.names():
        assert tried[name] >= 250, f"{name}: no small file to cut everywhere"


def test_the_same_seed_makes_the_same_damage():
    seeds = [bytes(range(256)) * 4, b"a line\nand 42\n"]
    for number in range(4 * len(KINDS)):
        assert mutate(seeds, number, "a") == mutate(seeds, number, "a")
    assert any(mutate(seeds, n, "a") != mutate(seeds, n, "b") for n in range(len(KINDS)))
    assert {mutate(seeds, n, "a")[1] for n in range(len(KINDS))} == set(KINDS)
