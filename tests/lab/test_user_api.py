from __future__ import annotations

import numpy as np
import pytest

from sciqlop_lab import panel as panel_module
from sciqlop_lab.user_api import TimeRange
from sciqlop_lab.user_api import plot as plot_module
from sciqlop_lab.user_api.plot import create_plot_panel, plot_panel, product_id
from sciqlop_lab.user_api.virtual_products import (
    VirtualProductType,
    VirtualScalar,
    VirtualSpectrogram,
    create_virtual_product,
)
from speasy_core.errors import InvalidRequest


@pytest.fixture(autouse=True)
def quiet(monkeypatch, session):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    monkeypatch.setattr("speasy_core.session.default_session", lambda: session)
    monkeypatch.setattr("sciqlop_lab.basepanel.default_session", lambda: session)
    monkeypatch.setattr(plot_module, "_panels", {})


def test_time_range_has_methods():
    r = TimeRange("1970-01-01", "1970-01-02")
    assert (r.start(), r.stop()) == (0.0, 86400.0)
    assert r.datetime_stop().isoformat() == "1970-01-02T00:00:00+00:00"
    assert r == TimeRange(0.0, 86400.0)
    assert hash(r) == hash(TimeRange(0, 86400))


def test_a_panel_under_its_old_names(session):
    panel = create_plot_panel()
    assert plot_panel("Panel0") is panel
    assert plot_panel("other") is None
    panel.time_range = TimeRange("2023-01-02", "2023-01-03")
    assert panel.time_range == TimeRange("2023-01-02", "2023-01-03")
    plot, graph = panel.plot("cda/D/x")
    assert (plot.id, graph.product) == ("p1", "cda/D/x")
    _, second = panel.plot_product("speasy//cda//MMS//FGM//DATA//b_gse", plot_index=0)
    assert (second.plot, second.product) == ("p1", "cda/DATA/b_gse")
    _, third = panel.plot(lambda start, stop: None, plot_index=-1)
    assert third.plot == "p2"
    x = np.arange(3.0)
    panel.plot(x, x)
    panel.plot_data(x, np.arange(2.0), np.ones((3, 2)))
    panel.plot_function(lambda start, stop: None, name="ignored")
    assert len(panel.plots) == 5
    panel.remove_plot(0)
    assert len(panel.plots) == 4
    assert "Panel0" in repr(panel)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("amda/imf", "amda/imf"),
        ("speasy//amda//Parameters//ACE//imf", "amda/imf"),
        (["root", "speasy", "cda", "ACE", "AC_H0_MFI", "BGSEc"], "cda/AC_H0_MFI/BGSEc"),
    ],
)
def test_paths_become_ids(path, expected):
    assert product_id(path) == expected


def test_a_path_of_nothing_is_refused():
    with pytest.raises(InvalidRequest):
        product_id("speasy//")


def test_virtual_products_under_their_old_names(session):
    def callback(start: float, stop: float):
        return [start], [1.0]

    kinds = VirtualProductType
    product = create_virtual_product("my/v", callback, kinds.Scalar, labels=["|B|"], cachable=True)
    assert product_id("my/v") == product_id("my//v") == "vp/my/v"
    assert session.registered["my/v"][1]["kind"] == "scalar"
    assert create_plot_panel().plot(product)[1].product == "vp/my/v"
    VirtualScalar("my/s", callback, "s")
    VirtualSpectrogram("my/i", lambda start, stop: ([start], [1.0, 2.0], [[3.0, 4.0]]))
    for kind, labels in [
        (kinds.Scalar, ["a", "b"]),
        (kinds.Vector, ["a"]),
        (kinds.MultiComponent, None),
    ]:
        with pytest.raises(InvalidRequest, match="label"):
            create_virtual_product("my/bad", callback, kind, labels=labels)
