"""The fuzzing itself: a crash, a hang and a memory hog are seen as what they are."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speasy_core.errors import CorruptFile

from . import pool
from .case import Judge
from .target import Seed, Target

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")


def decode(data: bytes, seed: Seed, proven: bool) -> object:
    """Fail in the way that the file's name says."""
    if data == seed.data:
        return "whole"
    if seed.name == "crash":
        ctypes.string_at(0)
    if seed.name == "hang":
        while True:
            pass
    if seed.name == "memory":
        return bytearray(4 * 2**30)
    if seed.name == "foreign":
        raise KeyError("x")
    if seed.name == "unnamed":
        raise CorruptFile("somewhere")
    return "something"


def run_here(name: str, folder: str) -> None:
    """Run in a process of its own: children are forked from it."""
    target = Target(name, decode, lambda: [Seed(name, b"0123456789")])
    judge = Judge(target, target.make(), "0")
    block = pool.Block(name, 12, lambda i: judge.judge(0, b"0123456789"[:i], is_cut=True))
    pool.CASE_SECONDS = 1.0
    pool.run_blocks([block], 1, Path(folder), lambda block: None)
    sys.stdout.write(block.outcomes.decode("ascii", "replace"))


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("crash", "KKK"), ("hang", "HHH"), ("memory", "M" * 10 + "RR"),
        ("foreign", "X" * 10 + "RR"), ("unnamed", "N" * 10 + "RR"), ("silent", "S" * 10 + "RR"),
    ],
)  # fmt: skip
def test_failures_are_seen(name, outcomes, tmp_path):
    code = f"from tests.fuzz.test_pool import run_here; run_here({name!r}, {str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], text=True,
        capture_output=True, check=True, env={**os.environ, "PYTHONFAULTHANDLER": ""},
    )  # fmt: skip
    assert done.stdout.rstrip("\0") == outcomes
