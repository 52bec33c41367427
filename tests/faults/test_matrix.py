"""Every fault has the class of answer that it must have."""

from __future__ import annotations

from collections import Counter

import pytest

from .cases import CASES, Case
from .judge import GOOD, judge
from .table import in_readme
from .world import World


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_fault(case: Case, world: World, record_property):
    row = {"fault": case.name, "area": case.area, "expected": case.expect, "class": "?",
           "why": "the case itself failed", "seconds": 0.0, "peer": case.peer}  # fmt: skip
    record_property("fault", row)
    outcome = case.play(world)
    found, why = judge(case.expect, outcome, world)
    row |= {"class": found, "why": " ".join(why.split()), "seconds": round(outcome.seconds, 3)}
    assert found == case.expect, f"{found} where {case.expect} must be: {why}"


def test_the_matrix_is_as_large_as_it_says():
    assert len(CASES) >= 70
    assert [name for name, count in Counter(c.name for c in CASES).items() if count > 1] == []
    assert {case.expect for case in CASES} <= set(GOOD)


def test_the_document_is_in_step():
    wanted = {case.name: (case.expect, case.expect) for case in CASES}
    assert in_readme() == wanted, "run python -m tests.faults"
