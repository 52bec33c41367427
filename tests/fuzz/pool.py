"""Child processes that may crash, hang or run out of memory, and what is left of them.

The single-threaded parent forks one child per block of cases. A child notes each outcome in
memory shared with the parent before it goes on, so that the case that ended it is known.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .case import FAILURES, Outcome
from .target import MEMORY

__all__ = ["Block", "run_blocks"]

#: that one case may take; a busy machine is no bug
CASE_SECONDS = 30.0
_MAX_DETAIL = 4000
_MAX_ENDED = 3


@dataclass
class Block:
    """Some cases of one target, run one after the other in one child.

    Parameters
    ----------
    name : str
        For messages.
    count : int
        How many cases.
    run : callable
        Runs the case of an index below `count`.
    """

    name: str
    count: int
    run: Callable[[int], Outcome]
    outcomes: bytearray = field(default_factory=bytearray)
    details: dict[int, str] = field(default_factory=dict)
    peak: int = 0
    slowest: float = 0.0
    ended: int = 0

    def __post_init__(self) -> None:
        self.shared = mmap.mmap(-1, self.count + 8)
        self.done = 0


def _virtual_size() -> int:
    """Return the size of this process's address space; 0 where nothing tells."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(pages[0]) * resource.getpagesize()


def _child(block: Block, first: int, log: Path) -> None:
    size = _virtual_size()
    if size:
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    slowest = 0.0
    with open(log, "ab", buffering=0) as out:
        faulthandler.enable(out.fileno(), all_threads=False)
        # a case that hangs, be it in C, says where and ends the process
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.register(signal.SIGALRM, out.fileno(), all_threads=True, chain=True)
        for index in range(first, block.count):
            signal.setitimer(signal.ITIMER_REAL, CASE_SECONDS)
            started = time.perf_counter()
            outcome = block.run(index)
            slowest = max(slowest, time.perf_counter() - started)
            if outcome.letter in FAILURES:
                detail = outcome.detail[-_MAX_DETAIL:].encode("utf-8", "replace")
                out.write(b"%d\0%s\0\0" % (index, detail))
            block.shared[index] = ord(outcome.letter)
    signal.setitimer(signal.ITIMER_REAL, 0)
    block.shared[block.count :] = int(slowest * 1e6).to_bytes(8, "little")


def _start(block: Block, folder: Path) -> int:
    log = folder / f"{id(block)}.log"
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _child(block, block.done, log)
        status = 0
    finally:
        os._exit(status)


def _finish(block: Block, status: int, usage: resource.struct_rusage, folder: Path) -> None:
    """Note what a child did, and which case ended it when one did."""
    noted = block.shared[: block.count]
    block.done = next((i for i in range(block.done, block.count) if not noted[i]), block.count)
    log = folder / f"{id(block)}.log"
    tail = b""
    if log.exists():
        *records, tail = log.read_bytes().split(b"\0\0")
        for record in records:
            number, _, detail = record.partition(b"\0")
            block.details[int(number)] = detail.decode("utf-8", "replace")
        log.unlink()
    block.peak = max(block.peak, usage.ru_maxrss * 1024)
    block.slowest = max(block.slowest, int.from_bytes(block.shared[block.count :], "little") / 1e6)
    if block.done < block.count:
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        letter = "H" if killed == signal.SIGALRM else "K"
        how = (
            signal.Signals(killed).name if killed else f"status {os.waitstatus_to_exitcode(status)}"
        )
        block.details[block.done] = (
            f"the process ended: {how}\n{tail[-2000:].decode(errors='replace')}"
        )
        block.shared[block.done] = ord(letter)
        block.done += 1
        block.ended += 1
        if block.ended >= _MAX_ENDED:  # enough is known; the rest would take hours
            block.done = block.count
    if block.done == block.count:
        block.outcomes = bytearray(block.shared[: block.count])


def run_blocks(
    blocks: Iterable[Block], jobs: int, folder: Path, tell: Callable[[Block], None]
) -> None:
    """Run blocks, `jobs` at a time; a child that ends early is followed by another one."""
    waiting, running = deque(blocks), dict[int, Block]()
    while waiting or running:
        while waiting and len(running) < jobs:
            block = waiting.popleft()
            running[_start(block, folder)] = block
        pid, status, usage = os.wait4(-1, 0)
        ended = running.pop(pid, None)
        if ended is None:
            continue
        _finish(ended, status, usage, folder)
        if ended.done < ended.count:
            waiting.appendleft(ended)
        else:
            tell(ended)
