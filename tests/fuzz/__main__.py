"""Fuzzes every decoder: ``python -m tests.fuzz --count 10000 -n 2 --seed 0 [--only cdf]``.

Prints a table and writes ``build/fuzz.json``; inputs that fail are kept in ``build/fuzz/``, named
after target, seed and number. ``--case NUMBER`` with ``--only`` runs one case in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# children are forked: a library with threads of its own would leave them behind
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))

from .case import FAILURES, OUTCOMES, Judge
from .codec_targets import codec_targets
from .document_targets import document_targets
from .pool import Block, run_blocks
from .provider_targets import provider_targets
from .target import Target

BUILD = Path(__file__).resolve().parents[2] / "build"
_BLOCK = 1250
_CUTS = 5000
_KEPT = 20


class Report:
    """The blocks of one target put together."""

    def __init__(self, target: Target, judge: Judge, count: int) -> None:
        self.target, self.judge = target, judge
        self.all_cuts = judge.cuts()
        self.numbered = [
            (first, self._numbered(first, min(_BLOCK, count - first)))
            for first in range(0, count, _BLOCK)
        ]
        self.cut = [
            (first, self._cut(first, min(_CUTS, len(self.all_cuts) - first)))
            for first in range(0, len(self.all_cuts), _CUTS)
        ]

    def _numbered(self, first: int, count: int) -> Block:
        return Block(self.target.name, count, lambda i: self.judge.run(first + i))

    def _cut(self, first: int, count: int) -> Block:
        return Block(f"{self.target.name}, every cut", count, lambda i: self._judge_cut(first + i))

    def _judge_cut(self, number: int):  # type: ignore[no-untyped-def]
        index, length = self.all_cuts[number]
        return self.judge.judge(index, self.judge._bytes[index][:length], is_cut=True)

    @property
    def blocks(self) -> list[Block]:
        return [block for _, block in (*self.numbered, *self.cut)]

    def failures(self) -> list[tuple[str, str, str, bytes]]:
        """Return label, outcome, detail and input of each case that failed."""
        found = []
        for first, block in self.numbered:
            for i, detail in sorted(block.details.items()):
                _, kind, data = self.judge.case(first + i)
                found.append((f"{first + i}-{kind}", chr(block.outcomes[i]), detail, data))
        for first, block in self.cut:
            for i, detail in sorted(block.details.items()):
                index, length = self.all_cuts[first + i]
                data = self.judge._bytes[index][:length]
                found.append((f"cut-{index}-{length}", chr(block.outcomes[i]), detail, data))
        return found

    def row(self) -> dict[str, object]:
        """Return the figures."""
        plain = b"".join(bytes(block.outcomes) for _, block in self.numbered).decode()
        cuts = b"".join(bytes(block.outcomes) for _, block in self.cut).decode()
        both = plain + cuts
        return {
            "cases": len(plain), "cuts": len(cuts),
            **{what: both.count(letter) for letter, what in OUTCOMES.items()},
            "failures": sum(both.count(letter) for letter in FAILURES),
            "peak MB": round(max(b.peak for b in self.blocks) / 2**20),
            "slowest s": round(max(b.slowest for b in self.blocks), 2),
        }  # fmt: skip


def all_targets(only: Sequence[str]) -> list[Target]:
    """Return all targets, or those whose name contains one of `only`."""
    found = [*codec_targets(), *document_targets()]
    if not only or any(":" in part for part in only):
        found += provider_targets()
    return [t for t in found if not only or any(part in t.name for part in only)]


def _table(rows: dict[str, dict[str, object]]) -> str:
    columns = ["cases", "cuts", "right", "other values", "error", "left to the transport",
               "failures", "peak MB", "slowest s"]  # fmt: skip
    width = max(map(len, rows))
    lines = [" | ".join([f"{'decoder':{width}}", *columns])]
    for name, row in rows.items():
        cells = [f"{row[c]!s:>{len(c)}}" for c in columns]
        lines.append(" | ".join([f"{name:{width}}", *cells]))
    return "\n".join(lines)


def _tell(block: Block) -> None:
    failed = sum(chr(letter) in FAILURES for letter in block.outcomes)
    sys.stderr.write(f"{block.name}: {block.count} cases, {failed} failures\n")


def _keep(report: Report, seed: str) -> list[str]:
    """Save inputs that fail, and return what to say of them."""
    said = []
    for label, letter, detail, data in report.failures()[:_KEPT]:
        folder = BUILD / "fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", f"{report.target.name}-{seed}-{label}")
        (folder / f"{name}.bin").write_bytes(data)
        (folder / f"{name}.txt").write_text(f"{OUTCOMES[letter]}\n{detail}\n", encoding="utf-8")
        said.append(f"{name}: {OUTCOMES[letter]}\n{detail}")
    return said


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=int(os.environ.get("SPZ_FUZZ", "400")))
    parser.add_argument("--seed", default=os.environ.get("SPZ_FUZZ_SEED", "0"))
    parser.add_argument("-n", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--case", type=int)
    parser.add_argument("--out", type=Path, default=BUILD / "fuzz.json")
    given = parser.parse_args(arguments)
    targets = all_targets(given.only)
    reports = [Report(t, Judge(t, t.make(), given.seed), given.count) for t in targets]
    if given.case is not None:
        for report in reports:
            sys.stdout.write(f"{report.target.name}: {report.judge.run(given.case)}\n")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        blocks = [block for report in reports for block in report.blocks]
        run_blocks(blocks, given.jobs, Path(folder), _tell)
    rows = {report.target.name: report.row() for report in reports}
    failed = [text for report in reports for text in _keep(report, given.seed)]
    summary = {"seed": given.seed, "count": given.count, "rows": rows,
               "seconds": round(time.monotonic() - started, 1), "failed": failed}  # fmt: skip
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    sys.stdout.write(_table(rows) + f"\n{summary['seconds']} s\n")
    sys.stdout.write("".join(f"\n{text}\n" for text in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
