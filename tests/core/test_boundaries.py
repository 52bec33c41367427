"""Published shapes of magnetopause and bow shock, at values that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core import boundaries as b
from speasy_core.errors import InvalidRequest

PRESSURES = st.floats(0.3, 30)
FIELDS = st.floats(-15, 15)


@pytest.mark.parametrize(
    ("model", "pdyn", "bz", "nose", "flank"),
    [
        # (10.22 + 1.29 tanh(0.184 * 8.14)) 2**(-1/6.6) and times 2**(0.58 (1 + 0.024 ln 2))
        (b.shue1998, 2.0, 0.0, 10.252, 15.43),
        (b.shue1998, 1.0, 0.0, 11.387, 17.022),
        (b.shue1998, 4.0, -10.0, 7.940, 12.647),
        (b.shue1997, 2.0, 0.0, 10.264, 15.47),
        (b.shue1997, 1.0, 10.0, 11.53, 16.176),
        (b.shue1997, 1.0, -10.0, 10.0, 16.1),
        (b.farris_russell1994, 2.0, 0.0, 13.25, 23.98),
        (b.fairfield1971, 2.0, 0.0, 14.461, 25.536),
    ],
)
def test_distances_at_the_nose_and_at_the_terminator(model, pdyn, bz, nose, flank):
    found = model([0.0, np.pi / 2], pdyn=pdyn, bz=bz)
    assert found == pytest.approx([nose, flank], rel=0.01)


def test_the_formulas_by_hand():
    r0 = (10.22 + 1.29 * np.tanh(0.184 * (-3 + 8.14))) * 5 ** (-1 / 6.6)
    alpha = (0.58 + 0.021) * (1 + 0.024 * np.log(5))
    theta = np.radians([0, 40, 110])
    expected = r0 * (2 / (1 + np.cos(theta))) ** alpha
    assert b.shue1998(theta, 5, -3) == pytest.approx(expected, rel=1e-12)
    r0 = (11.4 - 0.42) * 5 ** (-1 / 6.6)
    alpha = (0.58 + 0.03) * 1.05
    expected = r0 * (2 / (1 + np.cos(theta))) ** alpha
    assert b.shue1997(theta, 5, -3) == pytest.approx(expected, rel=1e-12)


def test_points_of_fairfield_lie_on_its_conic():
    theta = np.radians(np.linspace(0, 150, 30))
    r = b.fairfield1971(theta)
    x, y = r * np.cos(theta), r * np.sin(theta)
    left = y**2 - 0.0381 * x**2 + 45.644 * x - 652.10
    assert np.abs(left).max() < 1e-9 * (r**2).max()
    assert np.isinf(b.fairfield1971(np.pi))


@given(PRESSURES, FIELDS)
def test_the_shock_lies_outside_and_pressure_pushes_both_in(pdyn, bz):
    theta = np.radians(np.linspace(0, 100, 21))
    inner, outer = b.shue1998(theta, pdyn, bz), b.farris_russell1994(theta, pdyn, bz)
    assert (outer > inner)[:10].all()
    assert b.shue1998(0.0, 1.5 * pdyn, bz) < b.shue1998(0.0, pdyn, bz)
    assert b.farris_russell1994(0.0, pdyn, bz) / b.shue1998(0.0, pdyn, bz) == pytest.approx(
        1.2925, abs=1e-3
    )


@pytest.mark.parametrize("name", sorted(b.MODELS))
def test_sections_are_symmetric_and_end_in_the_tail(name):
    line = b.section(name, "xy", tail=40)
    assert line == pytest.approx(line[::-1] * [1, -1], abs=1e-9)
    assert line[:, 0].min() >= -40
    assert line[len(line) // 2] == pytest.approx([float(b.MODELS[name].radius(0.0)), 0])
    assert np.array_equal(line, b.section(name, "xz", tail=40))
    circle = np.hypot(*b.section(name, "yz").T)
    assert circle == pytest.approx(float(b.MODELS[name].radius(np.pi / 2)))


def test_names_are_forgiving_and_mistakes_are_explained():
    assert b.model("Bow_Shock") is b.model("bow shock") is b.MODELS["farris_russell1994"]
    for wrong in ("magnetosphere", None, 3):
        with pytest.raises(InvalidRequest, match="not a model"):
            b.model(wrong)
    for pdyn in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidRequest, match="pressure"):
            b.shue1998(0.0, pdyn)
    with pytest.raises(InvalidRequest, match="bz"):
        b.shue1997(0.0, bz=float("nan"))
    with pytest.raises(InvalidRequest, match="Mach"):
        b.farris_russell1994(0.0, mach=1.0)
    with pytest.raises(InvalidRequest, match="plane"):
        b.section("bow shock", "zx")
