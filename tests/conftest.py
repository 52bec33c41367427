"""What all tests share: where the real recorded files lie."""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no bug: examples are judged by what they give, not by how long they take. Where
# a change is judged they are the same every time, so that a failure is the change's; elsewhere new.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recorded files; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real recorded files (shared/data) is not beside the repository")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _no_trace_of_ipython():
    """A shell that a test made and cleared leaves a mark, which astropy takes for a shell."""
    yield
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is None:
        vars(builtins).pop("__IPYTHON__", None)
