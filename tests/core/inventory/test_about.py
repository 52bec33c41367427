"""Each product says what it is, in the same words for every archive."""

from __future__ import annotations

import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.inventory.about import about
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

SPAN = TimeRange("2015", "2016")


def product(*path: str, kind: str = "vector", title: str = "", **meta: object) -> ProductInfo:
    return ProductInfo(path, ProductRef("x", path[-1]), kind, title, "nT", SPAN, 4.5, meta)  # type: ignore[arg-type]


def test_facts_of_product_and_data_set():
    dataset = {
        "Acknowledgement": " Thank them ", "Rules_of_use": ["a", "b"], "PI_name": "C. R.",
        "HTTP_LINK": ["http://one/x", "see https://two/y."], "DOI": "10.1234/AbC",
        "spase_DatasetResourceID": "spase://N/D", "COORDINATE_SYSTEM": "",
    }  # fmt: skip
    facts = about(product("DS", "b", title="B", SHAPE=[3]), [dataset, {"acknowledgment": "no"}])
    assert facts == {
        "id": "x/b", "description": "B", "kind": "vector", "unit": "nT", "shape": [3],
        "coverage": SPAN, "cadence": 4.5, "acknowledgement": "Thank them",
        "rules_of_use": ["a", "b"], "contact": "C. R.", "spase_id": "spase://N/D",
        "links": ["http://one/x", "https://two/y", "https://doi.org/10.1234/AbC"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "title", "frame"),
    [("BGSEc", "", "GSE"), ("mms1_fgm_b_gsm_srvy_l2", "", "GSM"), ("imf", "Field in RTN", "RTN"),
     ("B_RTN", "", "RTN"), ("magnitude", "", None), ("xgsex", "small magnets", None)],
)  # fmt: skip
def test_frames(name, title, frame):
    assert about(product(name, title=title)).get("coordinates") == frame
    assert "coordinates" not in about(product(name, title=title, kind="scalar"))


@pytest.mark.parametrize(
    ("meta", "shape"),
    [({"SIZES": "3,3"}, [3, 3]), ({"SHAPE": [32]}, [32]), ({"SIZES": "1"}, None),
     ({"components": {"a(0)": "x", "a(1)": "y"}}, [2]), ({}, [3])],
)  # fmt: skip
def test_shapes(meta, shape):
    assert about(product("v", **meta)).get("shape") == shape


def test_every_archive(tmp_path):
    """What each server of the local archive offers is said."""
    always = {"id", "description", "kind", "coverage"}
    wanted = {
        "cda/AC_H0_MFI/BGSEc": {"unit", "shape", "cadence", "coordinates", "acknowledgement",
                                "rules_of_use", "contact", "links"},
        "hapi/local/AC_H0_MFI/BGSEc": {"unit", "shape", "cadence", "coordinates", "links",
                                       "acknowledgement", "rules_of_use", "contact"},
        "amda/imf": {"unit", "shape", "coordinates"},
        "csa/C1_CP_FGM_SPIN/B_vec_xyz_gse__C1_CP_FGM_SPIN": {"unit", "shape", "coordinates"},
        "ssc/mms1": {"unit", "shape", "cadence", "coordinates", "spase_id"},
        "cdpp3dview/MMS1": {"unit", "shape", "cadence", "coordinates"},
        "uiowaephtool/Io_Cassini_Ecliptic": {"shape", "cadence", "coordinates"},
    }  # fmt: skip
    with LocalArchive() as archive, spz.Session(archive.settings(tmp_path)) as session:
        session.update_inventories()
        for name, facts in wanted.items():
            node = session.inventory.node(name)
            assert node is not None, name
            assert always | facts <= set(node.about), (name, always | facts - set(node.about))
            assert node.about["id"] == name
        assert session.inventory.node("cda/AC_H0_MFI/BGSEc").about["shape"] == [3]
        tree = session.inventories.tree
        assert tree.about["kind"] == tree.cda.about["kind"] == "folder"
