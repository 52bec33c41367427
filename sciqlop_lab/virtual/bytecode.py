"""What a function's code names, and which of it no more than is written: a log, a count of calls.

What a function notes for others is no input of it. This holds only where every use of a name is
one of ``log.append(x)``, ``count += 1``, ``table[key] = x`` and ``table[key] += 1``; anything else
may read what is there.
"""

from __future__ import annotations

import builtins
import dis
import functools
import types
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Uses", "attribute_is_written", "uses_of"]

_WRITERS = frozenset({"append", "extend", "insert", "add", "update", "appendleft"})
_LOADS = frozenset({
    "LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF",
    "LOAD_FROM_DICT_OR_GLOBALS",
})  # fmt: skip
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_STORES = frozenset({"STORE_GLOBAL", "STORE_DEREF", "STORE_NAME", "STORE_ATTR"})
_SKIPPED = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"})
_BY_NAME = frozenset({"globals", "eval", "exec"})
_CONTAINERS = (list, set, dict, deque, bytearray, np.ndarray)


@dataclass(frozen=True, slots=True)
class Uses:
    """What the code of a function, and of those inside of it, names.

    Attributes
    ----------
    names : tuple of str
        Globals, sorted.
    read, written : frozenset of str
        Globals and names of outer functions whose value it may read; that it only writes.
    added : frozenset of str
        That it only writes to by methods and indices, if they are containers.
    attributes, attributes_written, attributes_added : frozenset of str
        The same of attributes, whatever they belong to.
    words : frozenset of str
        Attributes, and texts that may be names of them.
    any_name : str
        What it uses to read any name at all: ``globals``, ``eval``; empty if nothing.
    """

    names: tuple[str, ...]
    read: frozenset[str]
    written: frozenset[str]
    added: frozenset[str]
    attributes: frozenset[str]
    attributes_written: frozenset[str]
    attributes_added: frozenset[str]
    words: frozenset[str]
    any_name: str

    def only_writes(self, name: str, value: Any) -> bool:
        """Whether `value`, of that global or outer name, is no input of the code."""
        return _only_written(name, value, self.read, self.written, self.added)


def _only_written(
    name: str, value: Any, read: frozenset[str], written: frozenset[str], added: frozenset[str]
) -> bool:
    if name in read or name not in written | added:
        return False
    return name not in added or isinstance(value, _CONTAINERS)


def attribute_is_written(uses: list[Uses], name: str, value: Any) -> bool:
    """Whether no code of `uses` reads the attribute `name`, and some writes it."""
    return _only_written(
        name,
        value,
        frozenset().union(*(one.attributes for one in uses)),
        frozenset().union(*(one.attributes_written for one in uses)),
        frozenset().union(*(one.attributes_added for one in uses)),
    )


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


@functools.lru_cache(maxsize=1024)
def uses_of(code: types.CodeType) -> Uses:
    """Return what a code and those inside of it use."""
    sets: list[set[str]] = [set() for _ in range(6)]
    names: set[str] = set()
    words: set[str] = set()
    for one in _codes(code):
        steps = [step for step in dis.get_instructions(one) if step.opname not in _SKIPPED]
        for at, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(str(step.argval))
            if step.opname in _LOADS | _ATTRIBUTES | _STORES:
                attribute = step.opname in _ATTRIBUTES or step.opname == "STORE_ATTR"
                sets[_how(steps, at) + 3 * attribute].add(str(step.argval))
        words.update(one.co_names, (text for text in one.co_consts if isinstance(text, str)))
    by_name = sorted(name for name in names & _BY_NAME if hasattr(builtins, name))
    if names & {"getattr", "vars"} or "__dict__" in words:  # of attributes anything may be read
        sets[3] |= sets[4] | sets[5]
    read, written, added, attributes, attributes_written, attributes_added = map(frozenset, sets)
    return Uses(
        names=tuple(sorted(names)),
        read=read,
        written=written,
        added=added,
        attributes=attributes,
        attributes_written=attributes_written,
        attributes_added=attributes_added,
        words=frozenset(words),
        any_name=by_name[0] if by_name else "",
    )


def _how(steps: list[dis.Instruction], at: int) -> int:
    """Return 0 where a step may read a value, 1 where it gives a new one, 2 where it adds to it."""
    step, after = steps[at], steps[at + 1 : at + 10]
    if step.opname in _STORES:
        return 1
    ops = [one.opname for one in after]
    if ops[:1] and ops[0] in _ATTRIBUTES and after[0].argval in _WRITERS:
        return 2
    if len(ops) < 2 or not _is_simple(ops[0]):
        return 0
    if ops[1] == "STORE_SUBSCR":
        return 2
    if (
        ops[1:3] == ["COPY", "COPY"]
        and ops[3:4] in (["BINARY_SUBSCR"], ["BINARY_OP"])
        and len(ops) > 8
        and _is_simple(ops[4])
        and _in_place(after[5])
        and ops[6:9] == ["SWAP", "SWAP", "STORE_SUBSCR"]
    ):
        return 2
    store = 3 if step.opname in _ATTRIBUTES and ops[2:3] == ["SWAP"] else 2
    if _in_place(after[1]) and len(ops) > store and ops[store] in _STORES:
        return 1 if after[store].argval == step.argval else 0
    return 0


def _is_simple(opname: str) -> bool:
    """Whether a step puts one value on the stack, and does nothing else."""
    return opname in _LOADS or opname in (
        "LOAD_CONST", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_CHECK", "LOAD_SMALL_INT"
    )  # fmt: skip


def _in_place(step: dis.Instruction) -> bool:
    return step.opname == "BINARY_OP" and step.argrepr.endswith("=")
