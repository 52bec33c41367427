"""Ways to damage a file; the same seed, target and number always give the same damage."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Sequence

__all__ = ["KINDS", "mutate"]

Mutation = Callable[[bytearray, random.Random], bytes]

_DIGITS = re.compile(rb"\d+")
_NUMBERS = (
    b"", b"0", b"-1", b"1e999", b"-1e999", b"nan", b"9" * 20, b"9" * 400, b"2147483648",
    b"-9223372036854775809", b"1_0", "٣".encode(), b"0x10", b"1.5.2", b"1,5", b"  ", b"9999",
)  # fmt: skip
_JUNK = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"\r\n", b"\r", b'"', b"'", b"<", b">", b"&", b"{",
    b"]", b"\\", b"%s", b"{0.__class__}", b"<!DOCTYPE a>", b"]]>", b"<!--", b"&#0;", b"\\u0000",
    b"\\ud800", b"&x;", b"!!python/object:os.system x", b"*a", b"../../x", b"{" * 300, b"[" * 3000,
)  # fmt: skip


def _span(data: bytearray, rng: random.Random, longest: int = 2048) -> tuple[int, int]:
    start = rng.randrange(len(data))
    # mostly short, as faults are; now and then a large part of the file
    size = rng.randint(1, longest) if rng.random() < 0.8 else rng.randint(1, len(data))
    return start, min(len(data), start + size)


def cut(data: bytearray, rng: random.Random) -> bytes:
    # half of the cuts lose only the end, which is what happens on the wire and is hardest to see
    if rng.random() < 0.5:
        return bytes(data[: max(0, len(data) - rng.randint(1, 64))])
    return bytes(data[: rng.randrange(len(data))])


def flip_bit(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def overwrite(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 64)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def fill(data: bytearray, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    data[start:stop] = bytes((rng.choice((0, 0, 255, 32)),)) * (stop - start)
    return bytes(data)


def delete(data: bytearray, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    return bytes(data[:start] + data[stop:])


def duplicate(data: bytearray, rng: random.Random) -> bytes:
    start, stop = _span(data, rng)
    block, to = data[start:stop], rng.randrange(len(data))
    if rng.random() < 0.5:  # over what is there, or in between
        data[to : to + len(block)] = block
        return bytes(data)
    return bytes(data[:to] + block + data[to:])


def swap(data: bytearray, rng: random.Random) -> bytes:
    size = rng.randint(1, max(1, min(512, len(data) // 2)))
    a, b = (rng.randrange(max(1, len(data) - size)) for _ in range(2))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return bytes(data)


def _extreme(rng: random.Random, bits: int, size: int) -> int:
    return rng.choice((
        0, 1, -1, 2, 8, 255, 312, size, size - 1, size + 1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)),
        2 ** (bits - 2), rng.randrange(size + 1), rng.getrandbits(bits - 1), 1 << min(24, bits - 2),
    ))  # fmt: skip


def _put(data: bytearray, at: int, width: int, value: int, order: str) -> None:
    masked = value & ((1 << 8 * width) - 1)
    data[at : at + width] = masked.to_bytes(width, "big" if order == ">" else "little")


def integer(data: bytearray, rng: random.Random) -> bytes:
    """Overwrite one field by a number that programs trip over."""
    width = rng.choice((1, 2, 4, 4, 8, 8))
    if len(data) > width:
        at = rng.randrange(len(data) - width) & ~(min(width, 4) - 1)
        _put(data, at, width, _extreme(rng, 8 * width, len(data)), rng.choice("<>"))
    return bytes(data)


def length_field(data: bytearray, rng: random.Random) -> bytes:
    """Overwrite what looks like a count, a length or an offset: a number below the file's size."""
    for _ in range(200):
        order, width = rng.choice("<>"), rng.choice((2, 4, 4, 8))
        if len(data) <= width:
            break
        at = rng.randrange(len(data) - width)
        (value,) = struct.unpack_from(order + {2: "H", 4: "I", 8: "Q"}[width], data, at)
        if 0 < value <= len(data):
            near = rng.choice((value + 1, value - 1, value * 2, value ^ 1))
            _put(data, at, width, rng.choice((near, _extreme(rng, 8 * width, len(data)))), order)
            break
    return bytes(data)


def insert(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    junk = rng.choice(_JUNK) if rng.random() < 0.7 else rng.randbytes(rng.randint(1, 64))
    return bytes(data[:at] + junk + data[at:])


def lines(data: bytearray, rng: random.Random) -> bytes:
    """Lose, repeat, exchange or shorten lines."""
    found = bytes(data).splitlines(keepends=True)
    a, b = rng.randrange(len(found)), rng.randrange(len(found))
    action = rng.randrange(5)
    if action == 0:
        del found[a : a + rng.randint(1, 3)]
    elif action == 1:
        found.insert(b, found[a])
    elif action == 2:
        found[a], found[b] = found[b], found[a]
    elif action == 3:
        found[a] = found[a][: rng.randrange(len(found[a]))]
    else:
        found[a] = found[a].rstrip(b"\r\n")  # two lines become one
    return b"".join(found)


def digits(data: bytearray, rng: random.Random) -> bytes:
    """Put a number that programs trip over in place of one written in the text."""
    start = rng.randrange(len(data))
    match = _DIGITS.search(data, start) or _DIGITS.search(data)
    if match is None:
        return flip_bit(data, rng)
    return bytes(data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :])


_SINGLE: dict[str, Mutation] = {
    "cut": cut, "flip": flip_bit, "overwrite": overwrite, "fill": fill, "delete": delete,
    "duplicate": duplicate, "swap": swap, "integer": integer, "length": length_field,
    "insert": insert, "lines": lines, "digits": digits,
}  # fmt: skip


def several(data: bytearray, rng: random.Random) -> bytes:
    for mutation in rng.choices(list(_SINGLE.values()), k=rng.randint(2, 4)):
        data = bytearray(mutation(data, rng)) or bytearray(b"\0")
    return bytes(data)


KINDS: dict[str, Mutation] = {**_SINGLE, "several": several}


def mutate(seeds: Sequence[bytes], number: int, key: str) -> tuple[int, str, bytes]:
    """Return which seed was damaged, how, and the damaged bytes.

    Parameters
    ----------
    seeds : sequence of bytes
        Whole files.
    number : int
        Goes through the kinds, then through the seeds.
    key : str
        Seed of the run and name of the target.
    """
    rng = random.Random(f"{key}/{number}")
    kind = list(KINDS)[number % len(KINDS)]
    index = number // len(KINDS) % len(seeds)
    return index, kind, KINDS[kind](bytearray(seeds[index]), rng)
