"""The matrix as a table, on the terminal and in README.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .cases import CASES
from .judge import CLASSES, GOOD

__all__ = ["README", "in_readme", "render", "summary", "write_readme"]

README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- table: written by python -m tests.faults -->", "<!-- end of table -->"


def render(found: Mapping[str, str]) -> str:
    """Return the table in Markdown; `found` has the observed class of each fault by name."""
    lines = ["| fault | must be | is | speasy 1.9.1 |", "|---|---|---|---|"]
    area = ""
    for case in CASES:
        if case.area != area:
            area = case.area
            lines.append(f"| **{area}** | | | |")
        lines.append(f"| {case.name} | {case.expect} | {found[case.name]} | {case.peer or '-'} |")
    return "\n".join(lines)


def summary(classes: Iterable[str]) -> str:
    """Return how many of each class there are, as ``R 40, E 25``."""
    counts = Counter(classes)
    return ", ".join(f"{c} {counts[c]}" for c in CLASSES if counts[c])


def write_readme(found: Mapping[str, str]) -> None:
    """Put the table into README.md."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    good = sum(found[case.name] in GOOD for case in CASES)
    lines = [
        _BEGIN,
        "",
        f"{good} of {len(CASES)} handled well: {summary(found.values())}. Of the 58 faults that "
        "Speasy 1.9.1 was measured under, 26 were; where one of these is of the same kind, its "
        "class is in the last column.",
        "",
        render(found),
        "",
        _END,
    ]
    README.write_text(head + "\n".join(lines) + tail, encoding="utf-8")


def in_readme() -> dict[str, tuple[str, str]]:
    """Return what the document says: the wanted and the observed class by name."""
    rows = re.findall(r"^\| ([^|*]+) \| (\w) \| (\w) \|", README.read_text("utf-8"), re.MULTILINE)
    return {name: (must, found) for name, must, found in rows}
