"""With the archive stopped, and after a new start of everything else, what was seen is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from speasy_core.demo import LocalArchive

from .conftest import SCREENSHOTS, TOKEN, start_server, stop
from .labpage import LabPage
from .steps import expand_to, panel, wait_for_graphs
from .waiting import new_context

FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
DENSITY = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_numberdensity_fast"
CELL = f"""
from sciqlop_lab import Panel
panel = Panel("2019-01-02T15:00", "2019-01-02T16:00")
panel.plot({FIELD!r})
panel
"""


@pytest.fixture
def two_starts(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[LabPage]]:
    """JupyterLab beside a running archive; then, the archive stopped, one with the same cache."""
    cache = tmp_path_factory.mktemp("cache")
    running = []

    def start() -> LabPage:
        folder = tmp_path_factory.mktemp("lab")
        server, process = start_server(folder, archive.environ(cache_dir=str(cache)))
        context = new_context(browser, viewport={"width": 1440, "height": 900})
        page = LabPage(context.new_page(), server.url, TOKEN, server.root, SCREENSHOTS)
        page.open()
        running.append((page, context, process))
        return page

    archive = LocalArchive()
    with archive:
        first = start()
        first.notebook("first.ipynb", [CELL])
        first.run(0)
        wait_for_graphs(first, panel(first), 1)
        expand_to(first, FIELD)
    yield [first, start()]
    for page, context, process in running:
        page.shutdown_kernels()
        context.close()
        stop(process)


def test_tree_and_cached_data_are_still_there(two_starts: list[LabPage]) -> None:
    _, lab = two_starts
    lab.notebook("second.ipynb", [CELL])
    lab.run(0)
    root = panel(lab)
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["status"] == "ok", graph
    lab.drag(expand_to(lab, DENSITY), root, at=(0.5, 0.93))
    field, density = wait_for_graphs(lab, root, 2)
    assert field["status"] == "ok"
    assert density["status"] == "error"
    root.get_by_text("cannot connect").first.wait_for()
    lab.theme("JupyterLab Dark")
    lab.shot("archive-stopped")
