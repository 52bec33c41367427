"""A local archive for a module's tests, and a world for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from speasy_core.demo import LocalArchive

from .world import Truths, World

__all__ = ["archive", "truths", "world"]


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


@pytest.fixture(scope="module")
def truths(archive: LocalArchive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Truths]:
    known = Truths(archive, tmp_path_factory.mktemp("truth"))
    yield known
    known.close()


@pytest.fixture
def world(archive: LocalArchive, truths: Truths, tmp_path: Path) -> Iterator[World]:
    archive.start()
    archive.faults.clear()
    made = World(archive, truths, tmp_path)
    yield made
    made.close()
