"""The picture in the README: ``build/screenshots/readme.png`` (copied to notebooks/images)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from speasy_core.demo import LocalArchive

from .conftest import SCREENSHOTS, TOKEN, start_server, stop
from .labpage import LabPage
from .steps import expand_to, panel, wait_for_graphs
from .waiting import new_context

CELL = """
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel, virtual_product

field = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
moments = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_"

@virtual_product("demo/field strength", unit="nT")
def field_strength(start, stop):
    b = spz.get_data(field, start, stop)
    return np.linalg.norm(b[b.columns[:3]], axis=1)

panel = Panel("2019-01-02T16:00", "2019-01-02T18:30")
for product in (field, moments + "numberdensity_fast", moments + "energyspectr_omni_fast"):
    panel.plot(product)
panel.plot(field_strength)
panel
"""


@pytest.fixture
def synthetic_lab(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    folder = tmp_path_factory.mktemp("readme")
    with LocalArchive() as archive:
        server, process = start_server(folder, archive.environ(cache_dir=str(folder / "cache")))
        context = new_context(browser, viewport={"width": 1500, "height": 1010})
        page = LabPage(context.new_page(), server.url, TOKEN, server.root, SCREENSHOTS)
        page.open()
        yield page
        page.shutdown_kernels()
        context.close()
        stop(process)


def test_the_picture_in_the_readme(synthetic_lab: LabPage) -> None:
    lab = synthetic_lab
    lab.notebook("first-light.ipynb", [CELL.strip()])
    lab.run(0)
    root = panel(lab)
    states = [g["status"] for g in wait_for_graphs(lab, root, 4)]
    assert states == ["ok"] * 4
    spectrum = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"
    expand_to(lab, spectrum).click()
    root.evaluate("node => node.scrollIntoView({block: 'end'})")
    lab.page.mouse.move(1000, 640)
    root.locator(".sq-readout:visible").first.wait_for()
    lab.page.locator(".sqlab-details").get_by_text(spectrum).first.wait_for(state="attached")
    lab.shot("readme")
