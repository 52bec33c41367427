"""Collects what the matrix found, also from worker processes, and prints it at the end."""

from __future__ import annotations

import json
from typing import Any

from .table import summary
from .world import REPOSITORY

__all__ = ["FILE", "pytest_terminal_summary"]

FILE = REPOSITORY / "build" / "faults.json"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the matrix and write build/faults.json, when it was run whole."""
    rows: dict[str, dict[str, Any]] = {}
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, ()):
            found = dict(getattr(report, "user_properties", ())).get("fault")
            if found is not None:
                rows[found["fault"]] = found
    from .cases import CASES

    ordered = [rows[case.name] for case in CASES if case.name in rows]
    if len(ordered) < len(CASES):
        return
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    terminalreporter.section("fault matrix")
    for row in ordered:
        mark = " " if row["class"] == row["expected"] else "!"
        terminalreporter.write_line(
            f"{mark}{row['class']} {row['seconds']:5.2f} s  {row['fault']}: {row['why'][:110]}"
        )
    terminalreporter.write_line(f"{len(ordered)} faults: {summary(r['class'] for r in ordered)}")
