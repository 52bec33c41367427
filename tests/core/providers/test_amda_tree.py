"""AMDA's trees and lists, those recorded from the real server among them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from speasy_core.config import Settings
from speasy_core.errors import UnexpectedContent, UnknownOption
from speasy_core.inventory import Inventory
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.providers._amda_template import resolve
from speasy_core.providers._amda_tree import read_events_list, read_tree

CURRENT = "amda/obsdatatree_speasy_tests.xml"
OLDER = "speasy_cache_2022/amda/get_obs_data_tree.xml"


def by_id(records: list[ProductInfo]) -> dict[str, ProductInfo]:
    return {record.ref.path: record for record in records if record.ref is not None}


@pytest.mark.parametrize(
    ("name", "datasets", "parameters", "components", "unknown_times"),
    [(CURRENT, 1046, 5420, 4834, 0), (OLDER, 968, 4846, 4328, 14)],
)
def test_recorded_trees(shared_data: Path, name, datasets, parameters, components, unknown_times):
    records = read_tree((shared_data / name).read_bytes(), source=name)
    known = by_id(records)
    kinds = Counter(
        "dataset"
        if r.kind == "dataset"
        else "component"
        if "component_of" in r.meta
        else "parameter"
        for r in known.values()
    )
    assert kinds == {"dataset": datasets, "parameter": parameters, "component": components}
    assert len({r.path for r in records}) == len(records)
    json.dumps([dict(r.meta) for r in records], allow_nan=False)
    imf = known["imf"]
    assert imf.path == ("Parameters", "ACE", "MFI", "ace-imf-all", "imf")
    assert (imf.kind, imf.unit, imf.cadence) == ("vector", "nT", 16.0)
    assert imf.meta["components"] == {"imf(0)": "bx", "imf(1)": "by", "imf(2)": "bz"}
    assert imf.title == "b_gse: Magnetic field vector in GSE Cartesian coordinates (16 sec)"
    assert str(imf.coverage.start) == "1997-09-02T00:00:12.000000000"
    assert known["imf(1)"].path == (*imf.path, "imf(1)")
    assert known["ace-imf-all"].meta["parameters"] == ["imf_mag", "imf", "imf_gsm"]
    assert any("²" in r.unit for r in known.values())
    # the server fills what it does not know with 2222-08-11, or with a word
    uncovered = {r.meta["dataset"] for r in known.values() if r.coverage is None}
    assert len(uncovered) == unknown_times


def test_what_only_the_current_tree_has(shared_data: Path):
    known = by_id(read_tree((shared_data / CURRENT).read_bytes(), source=CURRENT))
    assert sum("template" in r.meta for r in known.values()) == 287
    assert known["ace_epam_ca60_he"].unit == "1/(cm² s sr MeV/nuc)"
    assert known["pas_3d_sum"].meta["restricted_after"] == "2024-10-11T23:59:59.999Z"
    restricted = [r for r in known.values() if r.kind == "dataset" and "restricted_after" in r.meta]
    assert len(restricted) == 25
    # every templated parameter resolves with its defaults, and the predefined ones to themselves
    for ident, info in known.items():
        if "template" in info.meta:
            predefined = bool(info.meta.get("predefined"))
            arguments = info.meta["arguments"]
            name, values = resolve(
                ident, info.meta["template"], arguments, {}, predefined=predefined
            )
            assert "##" not in name
            assert set(values) == {a["key"] for a in arguments}
            assert not predefined or name == ident
            again, _ = resolve(ident, info.meta["template"], arguments, values)
            assert again == name or predefined


def test_the_tree_can_be_walked_under_its_paths(shared_data: Path):
    records = read_tree((shared_data / CURRENT).read_bytes(), source=CURRENT)

    class Recorded:
        name = title = "amda"
        max_request_ns, options, cachable = None, frozenset(), True

        def inventory(self, *, deadline, since=None):
            return InventoryUpdate("1", records)

    inventory = Inventory(None, {"amda": Recorded()}, Settings())
    inventory.refresh()
    tree = inventory.tree
    assert tree.amda.Parameters.ACE.MFI.ace_imf_all.imf.ref == ProductRef("amda", "imf")
    assert tree.amda.Parameters.ACE.MFI.ace_imf_all.imf.imf0.ref == ProductRef("amda", "imf(0)")
    assert inventory.find("amda/imf")[0].ref == ProductRef("amda", "imf")
    inventory.close()


def test_recorded_lists(shared_data: Path):
    folder = shared_data / "speasy_cache_2022" / "amda"

    def read(name: str, *root: str) -> list[ProductInfo]:
        return read_events_list((folder / name).read_bytes(), source=name, root=root)

    tables = read("get_timetables_xml_tree.xml", "TimeTables", "SharedTimeTables")
    assert (len(tables), {t.kind for t in tables}) == (141, {"timetable"})
    first = by_id(tables)["sharedtimeTable_0"]
    assert first.path == ("TimeTables", "SharedTimeTables", "EARTH", "FTE_c1")
    assert first.meta["nbIntervals"] == "782"
    assert str(first.coverage.start)[:19] == "2001-02-02T16:39:57"
    catalogs = read("get_catalogs_xml_tree.xml", "Catalogs", "SharedCatalogs")
    assert (len(catalogs), {c.kind for c in catalogs}) == (18, {"catalog"})
    (own,) = read("user_get_user_timetables_xml_tree.xml", "TimeTables", "MyTimeTables")
    assert (own.path[-1], str(own.ref)) == ("dsdsd", "amda/tt_0")
    assert read("user_get_user_catalogs_xml_tree.xml", "Catalogs", "MyCatalogs") == []
    derived = by_id(read("user_get_user_parameters_xml_tree.xml", "DerivedParameters"))
    assert {k: (p.name, p.kind) for k, p in derived.items()} == {
        "ws_1": ("private_param", "vector"), "ws_0": ("imf_squared", "scalar"),
        "ws_2": ("imf_cubed", "scalar"),
    }  # fmt: skip
    assert derived["ws_0"].title == "imf_real_mag * imf_real_mag"


def test_names_twice_in_one_folder():
    data = (
        b"<catalogList><folder name='a'><catalog xml:id='c_1' name='x'/>"
        b"<catalog xml:id='c_2' name='x'/></folder></catalogList>"
    )
    assert [r.path for r in read_events_list(data, source="l", root=("C",))] == [
        ("C", "a", "x"), ("C", "a", "x (c_2)")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"<html/>",
        b"<!DOCTYPE d><dataRoot/>",
        b"<dataRoot>",
        b"",
        b"<dataRoot><parameter/></dataRoot>",
    ],
)
def test_what_is_not_a_tree_is_refused(data):
    with pytest.raises(UnexpectedContent) as caught:
        read_tree(data, source="tree.xml")
    assert caught.value.source == "tree.xml"
    with pytest.raises(UnexpectedContent):
        read_events_list(b"<html/>", source="l", root=())


ARGUMENTS = [
    {"key": "side", "name": "Side", "type": "generated-list", "minkey": "0", "maxkey": "3",
     "default": "0"},
    {"key": "mode", "name": "Mode", "type": "list", "default": "all",
     "items": {"all": "All", "scan": "Scan"}},
    {"key": "on", "name": "On", "type": "bool", "default": "0"},
    {"key": "dt", "name": "Step", "type": "float", "default": "60"},
]  # fmt: skip
TEMPLATE = "p_##side##_##mode##_##on##_##dt##"


@pytest.mark.parametrize(
    ("inputs", "name"),
    [({}, "p_0_all_0_60"), ({"side": 3}, "p_3_all_0_60"),
     ({"mode": "Scan", "on": True}, "p_0_scan_1_60"),
     ({"dt": 0.5, "side": "2"}, "p_2_all_0_0.5"), ({"dt": 30.0, "mode": "scan"}, "p_0_scan_0_30")],
)  # fmt: skip
def test_arguments_make_the_name(inputs, name):
    assert resolve("p", TEMPLATE, ARGUMENTS, inputs)[0] == name


@pytest.mark.parametrize(
    ("inputs", "message"),
    [({"side": 4}, "side=4.*0 to 3"), ({"side": "x"}, "0 to 3"),
     ({"mode": "no"}, "'all' .All., 'scan'"), ({"on": "maybe"}, "true or false"),
     ({"dt": "fast"}, "a number"), ({"dt": float("nan")}, "a number"),
     ({"sied": 1}, "no argument sied.*side .Side.; mode")],
)  # fmt: skip
def test_bad_arguments_are_named(inputs, message):
    with pytest.raises(UnknownOption, match=message):
        resolve("p", TEMPLATE, ARGUMENTS, inputs)


def test_a_predefined_parameter_keeps_the_values_in_its_name():
    name, values = resolve("p_2_scan_1_30", TEMPLATE, ARGUMENTS, {}, predefined=True)
    assert (name, values) == ("p_2_scan_1_30", {"side": "2", "mode": "scan", "on": "1", "dt": "30"})
    changed, _ = resolve("p_2_scan_1_30", TEMPLATE, ARGUMENTS, {"side": 1}, predefined=True)
    assert changed == "p_1_scan_1_30"
