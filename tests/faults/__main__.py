"""``python -m tests.faults``: run the matrix and write its table into README.md."""

from __future__ import annotations

import json
import sys

import pytest

from .report import FILE
from .table import write_readme

if __name__ == "__main__":
    FILE.unlink(missing_ok=True)
    status = pytest.main(["tests/faults/test_matrix.py", "-q", "-p", "no:randomly"])
    if FILE.exists():
        rows = json.loads(FILE.read_text(encoding="utf-8"))
        write_readme({row["fault"]: row["class"] for row in rows})
    sys.exit(status)
