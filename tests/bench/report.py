"""One table on the terminal, the same figures as JSON under ``build/bench``."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"


def report(
    name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], note: str = ""
) -> None:
    """Print a table and write it as JSON."""
    texts = [[_text(value) for value in row] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in texts)) for i, column in enumerate(columns)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True))]
    lines += ["  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) for row in texts]
    sys.stdout.write(f"\n\n{name}\n" + "\n".join(lines) + f"\n{note}\n")
    FOLDER.mkdir(parents=True, exist_ok=True)
    document = {
        "name": name,
        "note": note,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
    }
    (FOLDER / f"{name.replace(' ', '_')}.json").write_text(json.dumps(document, indent=1))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)
