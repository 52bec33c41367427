"""A gigabyte in a megabyte: refused, with little memory, whatever it is packed as."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from speasy_core.demo import LocalArchive
from speasy_core.errors import Cancelled
from speasy_core.http import Deadline
from speasy_core.providers._csa_tar import iter_files

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts as Linux does")

WORKER = Path(__file__).with_name("bomb_worker.py")
SIZE = 2**30
LIMIT_MB = 400


def gzip_of(head: bytes, filling: bytes, size: int = SIZE, level: int = 9) -> bytes:
    """Return a gzip file of `head` and then `size` bytes of filling, packed piece by piece."""
    piece = filling * (2**20 // len(filling))
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # after a full flush nothing refers back: one packed piece can be repeated
    middle = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    count, crc = size // len(piece), zlib.crc32(head)
    for _ in range(count):
        crc = zlib.crc32(piece, crc)
    total = len(head) + count * len(piece)
    trailer = crc.to_bytes(4, "little") + (total % 2**32).to_bytes(4, "little")
    return bytes.fromhex("1f8b08000000000000ff") + begin + middle * count + packer.flush() + trailer


def tar_head(name: str, size: int = SIZE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf()


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    row = b"2020-01-01T00:00:00Z,1.0,2.0,3.0\n".ljust(64, b"\n")
    return {
        "xml": gzip_of(b"<?xml version='1.0'?><Response>", b"<a/>"),
        "cdf": gzip_of(bytes.fromhex("cdf300010000ffff"), b"\0"),
        "csv": gzip_of(b'#{"HAPI": "3.0"}\n', row),
        "csv, in haste": gzip_of(b'#{"HAPI": "3.0"}\n', row, level=1),
        "tar": gzip_of(tar_head("a.cdf"), b"\0"),
        "tar, in haste": gzip_of(tar_head("a.cdf"), b"\0", level=1),
    }


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


# where the bomb is put, and whether the server calls it the compression of its answer
PLACES = {
    "xml": ("/locations/", "xml", True),
    "list": ("/observatories", "xml", True),
    "cdf": (r"/tmp/.*\.cdf", "cdf", True),
    "csv": ("/hapi/data", "csv", True),
    "csv, in haste": ("/hapi/data", "csv, in haste", True),
    "tar": ("/csa-sl-tap/data", "tar", False),
    "tar, in haste": ("/csa-sl-tap/data", "tar, in haste", False),
}  # fmt: skip


def ask(archive: LocalArchive, folder: Path, kind: str, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(WORKER), kind, *more], capture_output=True, text=True, check=True,
        env={**os.environ, **archive.environ(cache_dir=folder),
             "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("kind", PLACES)
def test_a_gigabyte_in_a_megabyte(archive, bombs, tmp_path, kind):
    match, bomb, is_coding = PLACES[kind]
    archive.faults.clear()
    archive.faults.add(
        match=match, body=bombs[bomb], headers={"Content-Encoding": "gzip"} if is_coding else {}
    )
    told = ask(archive, tmp_path, kind.partition(",")[0])
    assert told["error"] in ("UnexpectedContent", "CorruptFile", "RequestTooLarge"), told
    assert "more than" in told["message"] or "larger than" in told["message"], told
    assert told["peak"] < LIMIT_MB, told
    assert told["seconds"] < 60


@pytest.mark.parametrize("kind", ["xml", "tar"])
def test_noise_is_read_to_the_limit_of_the_setting(archive, tmp_path, kind, monkeypatch):
    """What is no bomb by its ratio: the setting is the limit."""
    match, _, is_coding = PLACES[kind]
    head = tar_head("a.cdf", 2**28) if kind == "tar" else b"<a>"
    body = gzip_of(head, os.urandom(2**16), 2**28, level=1)
    archive.faults.clear()
    archive.faults.add(
        match=match, body=body, headers={"Content-Encoding": "gzip"} if is_coding else {}
    )
    monkeypatch.setenv("SPZ_MAX_MEMORY", str(100 * 2**20))
    told = ask(archive, tmp_path, kind)
    assert told["error"] in ("UnexpectedContent", "RequestTooLarge"), told
    assert told["peak"] < LIMIT_MB, told


def test_cancelling_while_it_unpacks(archive, bombs, tmp_path):
    """The bomb comes slowly: the caller does not have to wait for it to be recognised."""
    archive.faults.clear()
    archive.faults.add(
        match="/locations/", body=bombs["xml"][: 2**16], drip=0.2,
        headers={"Content-Encoding": "gzip"},
    )  # fmt: skip
    told = ask(archive, tmp_path, "xml", "0.7")
    assert told["error"] == "Cancelled", told
    assert told["seconds"] < 10


def test_cancelling_while_a_tar_unpacks():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for number in range(50):
            info = tarfile.TarInfo(f"{number}.cdf")
            info.size = 1000
            archive.addfile(info, io.BytesIO(bytes(1000)))
    deadline = Deadline(60)
    files = iter_files(out.getvalue(), source="x.tar", check=deadline.check)
    assert [next(files)[0] for _ in range(3)] == ["0.cdf", "1.cdf", "2.cdf"]
    deadline.cancel()
    with pytest.raises(Cancelled):
        next(files)
