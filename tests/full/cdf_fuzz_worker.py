"""Decodes damaged CDFs in a process of its own, so that a crash is seen as one.

Usage: cdf_fuzz_worker.py FIRST LAST FILE... ; one line per case on stdout.
"""

from __future__ import annotations

import faulthandler
import random
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import SpeasyError

MEMORY = 2 << 30
SECONDS = 10

Mutation = Callable[[bytearray, random.Random], bytes]


def flip_bit(data: bytearray, rng: random.Random) -> bytes:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def change_bytes(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(2, 64)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def overwrite(size: str) -> Mutation:
    """Overwrite one aligned field by a number that programs trip over."""

    def mutate(data: bytearray, rng: random.Random) -> bytes:
        width = struct.calcsize(size)
        bits = 8 * width
        at = rng.randrange(8, len(data) - width) & ~3
        value = rng.choice((
            0, 1, -1, 2, 8, 312, len(data), len(data) - 1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)),
            2 ** (bits - 2), rng.randrange(len(data)), rng.randrange(2 ** (bits - 1)), 1 << 24,
        ))  # fmt: skip
        struct.pack_into(">" + size, data, at, value)
        return bytes(data)

    return mutate


def overwrite_field(data: bytearray, rng: random.Random) -> bytes:
    """Overwrite a field near the beginning of some record, where the pointers and counts are."""
    for _ in range(200):
        at = rng.randrange(8, len(data) - 100) & ~3
        if int.from_bytes(data[at + 8 : at + 12], "big") in range(1, 14):
            struct.pack_into(">i", data, at + 4 * rng.randrange(24), rng.choice(
                (0, 1, -1, 2**31 - 1, len(data), rng.randrange(2**20), rng.randrange(14))
            ))  # fmt: skip
            break
    return bytes(data)


def zero(data: bytearray, rng: random.Random) -> bytes:
    start, length = rng.randrange(len(data)), rng.randint(1, 4096)
    data[start : start + length] = bytes(len(data[start : start + length]))
    return bytes(data)


def duplicate(data: bytearray, rng: random.Random) -> bytes:
    start, length, to = rng.randrange(len(data)), rng.randint(1, 2048), rng.randrange(len(data))
    block = data[start : start + length]
    if rng.random() < 0.5:  # over what is there, or in between
        data[to : to + len(block)] = block
        return bytes(data)
    return bytes(data[:to] + block + data[to:])


def splice(data: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    return bytes(data[:start] + data[start + rng.randint(1, 512) :])


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, change_bytes, cut, overwrite("i"), overwrite("q"), overwrite_field, overwrite_field,
    zero, duplicate, splice,
)  # fmt: skip


def decode_everything(data: bytes, name: str) -> None:
    """Do all that a caller may do with a file; errors of ours are answers, not failures."""
    file = CdfFile(data, name)
    dict(file.global_attributes)
    for variable in file.names:
        for use in (file.attributes, file.values, file.variable):
            try:
                use(variable)
            except SpeasyError:
                continue


def without_padding(data: bytes) -> bytes:
    """Cut what old files carry behind their end, so that every further cut is damage."""
    if data[:8] != b"\x00\x00\xff\xff\x00\x00\xff\xff":
        return data
    gdr = int.from_bytes(data[16:20], "big")
    return data[: int.from_bytes(data[gdr + 20 : gdr + 24], "big")]


def one_case(number: int, files: list[tuple[str, bytes]]) -> str:
    rng = random.Random(number)
    name, original = files[number % len(files)]
    mutation = MUTATIONS[(number // len(files)) % len(MUTATIONS)]
    data = mutation(bytearray(original), rng)
    try:
        decode_everything(data, name)
    except SpeasyError as error:
        return type(error).__name__
    # a missing end is the damage that happens in practice; it must never pass
    return "SHORT" if mutation is cut and len(data) < len(original) else "read"


def main() -> None:
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a case that hangs ends the process
    warnings.simplefilter("ignore")
    first, last, *paths = sys.argv[1:]
    files = [(Path(path).name, without_padding(Path(path).read_bytes())) for path in paths]
    for number in range(int(first), int(last)):
        sys.stdout.write(f"{number} ")
        sys.stdout.flush()
        signal.alarm(SECONDS)
        sys.stdout.write(one_case(number, files) + "\n")
    signal.alarm(0)


if __name__ == "__main__":
    main()
