"""What the servers of the local archive say of one thing agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive

AFTERNOON = ("2019-01-02T12:00", "2019-01-02T18:00")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[spz.Session]:
    folder: Path = tmp_path_factory.mktemp("cache")
    with LocalArchive() as archive, spz.Session(archive.settings(folder)) as made:
        yield made


def assert_same(one: spz.SpeasyVariable, other: spz.SpeasyVariable, columns: int) -> None:
    """Compare where both have samples; files hold 32 bits."""
    shared, left, right = np.intersect1d(one.time_ns, other.time_ns, return_indices=True)
    assert len(shared) > 20
    a, b = one.values[left], other.values[right]
    if a.ndim == 2:
        a, b = a[:, :columns], b[:, :columns]
    assert one.unit == other.unit
    np.testing.assert_allclose(a.astype("f8"), b.astype("f8"), rtol=1e-6, atol=0.1)


@pytest.mark.parametrize(
    ("orbit", "files", "span"),
    [
        ("mms1", "MMS1_FGM_SRVY_L2/mms1_fgm_r_gse_srvy_l2", AFTERNOON),
        ("ace", "AC_H0_MFI/SC_pos_GSE", ("2019-01-02", "2019-01-07")),
    ],
)
def test_positions_are_those_of_the_orbit(session, orbit, files, span):
    """SSCWeb, CDAWeb, HAPI and AMDA have a spacecraft at the same place at the same time."""
    track = session.get_data(f"ssc/{orbit}", *span, coordinate_system="gse")
    name = files.partition("/")[2]
    ids = [hit.ref for provider in ("cda", "amda", "hapi")
           for hit in session.find_product(f"{name} provider:{provider}")
           if "(" not in hit.ref.path]  # fmt: skip
    assert {ref.provider for ref in ids} == {"cda", "amda", "hapi"}
    for ref in ids:
        found = session.get_data(ref, *span)
        assert_same(track, found, 3)
    distance = np.linalg.norm(track.values, axis=1)
    assert 6_378 < distance.min() < distance.max() < 2e6


def test_positions_of_cluster(session):
    span = ("2005-02-14", "2005-02-14T06:00")
    track = session.get_data("ssc/cluster1", *span, coordinate_system="gse")
    found = session.get_data("csa/C1_CP_FGM_SPIN/sc_pos_xyz_gse__C1_CP_FGM_SPIN", *span)
    for axis in range(3):
        there = np.interp(track.time_ns, found.time_ns, found.values[:, axis])
        inside = (track.time_ns >= found.time_ns[0]) & (track.time_ns <= found.time_ns[-1])
        assert inside.sum() > 20
        np.testing.assert_allclose(track.values[inside, axis], there[inside], rtol=1e-4, atol=5.0)


@pytest.mark.parametrize(
    ("amda", "dataset", "variable", "columns"),
    [("imf", "AC_H0_MFI", "BGSEc", 3), ("sw_n", "AC_H0_SWE", "Np", 1),
     ("mms1_dis_ni", "MMS1_FPI_FAST_L2_DIS-MOMS", "mms1_dis_numberdensity_fast", 1),
     ("mms1_dis_vgse", "MMS1_FPI_FAST_L2_DIS-MOMS", "mms1_dis_bulkv_gse_fast", 3)],
)  # fmt: skip
def test_one_event_through_three_servers(session, amda, dataset, variable, columns):
    """The same crossings of the magnetopause, the same solar wind."""
    ours = session.get_data(
        [f"cda/{dataset}/{variable}", f"amda/{amda}", f"hapi/local/{dataset}/{variable}"],
        "2019-01-02T15:00", "2019-01-02T16:00",
    )  # fmt: skip
    for other in ours[1:]:
        assert np.array_equal(ours[0].time_ns, other.time_ns)
        assert_same(ours[0], other, columns)
