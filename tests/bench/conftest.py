"""One browser and one server for all that is measured in a page."""

from __future__ import annotations

from tests.e2e.conftest import archive, browser, lab, server

__all__ = ["archive", "browser", "lab", "server"]
