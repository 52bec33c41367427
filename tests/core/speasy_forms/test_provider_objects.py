"""Providers as objects: every method that Speasy's have."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.archives.amda import ProductType
from speasy_core.errors import (
    InvalidRequest,
    MissingCredentials,
    OfflineError,
    UnknownOption,
    UnknownProduct,
)

from .conftest import PASSWORD, T0, T1, USER

IMF_RANGE = spz.TimeRange("1998-01-01", "2027-01-01")


def ids(nodes):
    return [node.ref.path for node in nodes]


def test_each_provider_is_an_attribute(session, default):
    for name in ("amda", "cda", "csa", "ssc", "archive", "uiowaephtool", "cdpp3dview", "hapi"):
        assert getattr(spz, name).name == name
        assert getattr(session, name).title in repr(getattr(session, name))
    assert session.cdaweb.name == "cda"
    with pytest.raises(AttributeError):
        _ = session.nobody
    assert "amda" in dir(session)


def test_names_and_aliases(session, default):
    names = spz.list_providers()
    for name in ("amda", "csa", "cda", "cdaweb", "ssc", "sscweb", "archive", "generic_archive",
                 "file", "uiowaephtool", "UiowaEphTool", "cdpp3dview", "3DView"):  # fmt: skip
        assert name in names


def test_a_provider_that_is_switched_off_is_none(tmp_path):
    settings = spz.Settings(cache_dir=tmp_path, offline=True, disabled_providers=("amda",))
    with spz.Session(settings) as session:
        assert session.amda is None
        assert "amda" not in session.list_providers()


# -- AMDA ------------------------------------------------------------------------------------------


def test_amda_data(session):
    imf = session.amda.get_data("imf", T0, T1)
    assert imf.shape == (225, 3)
    for found in (
        session.amda.get_parameter("imf", T0, T1),
        session.amda.get_parameter("amda/imf", T0, T1, extra_http_headers=None, output_format=None),
        session.amda.get_parameter(session.inventories.flat["amda/imf"], T0, T1),
        session.get_data("amda/imf", T0, T1),
    ):
        assert found.equals(imf)
    assert session.amda.get_data("imf(1)", T0, T1).values.tolist() == imf.values[:, 1].tolist()
    assert [v.name for v in session.amda.get_data(["imf", "imf_mag"], T0, T1)] == ["imf", "imf_mag"]
    dataset = session.amda.get_dataset("ace-imf-all", T0, T1)
    assert dataset["imf"].equals(imf)
    with pytest.raises(InvalidRequest):
        session.amda.get_dataset("imf", T0, T1)
    with pytest.raises(InvalidRequest, match="not a product of amda"):
        session.amda.get_data(session.inventories.flat["cda/AC_H0_MFI/BGSEc"], T0, T1)


def test_amda_goes_through_the_cache(session, archive):
    session.amda.get_parameter("imf", T0, T1)
    asked = len(archive.requests)
    session.amda.get_parameter("imf", T0, T1)
    session.get_data("amda/imf", T0, T1)
    assert len(archive.requests) == asked


def test_amda_tables(session):
    table = session.amda.get_timetable("sharedtimeTable_0")
    assert isinstance(table, spz.TimeTable)
    assert session.amda.get_data("sharedtimeTable_0") == table
    catalogue = session.amda.get_catalog(session.amda.list_catalogs()[0])
    assert isinstance(catalogue, spz.Catalog)
    assert len(catalogue) == len(table) == 27
    with pytest.raises(InvalidRequest, match="not a catalogue"):
        session.amda.get_catalog("sharedtimeTable_0")
    with pytest.raises(InvalidRequest, match="not a time table"):
        session.amda.get_timetable(session.amda.list_catalogs()[0])


def test_amda_lists(session):
    assert "ace-imf-all" in ids(session.amda.list_datasets())
    assert all(node.kind == "dataset" for node in session.amda.list_datasets())
    inside = ids(session.amda.list_parameters("ace-imf-all"))
    assert inside[:2] == ["imf_mag", "imf"]
    everything = ids(session.amda.list_parameters())
    assert set(inside) < set(everything)
    assert not any("(" in name for name in everything)  # components are no parameters
    assert ids(session.amda.list_timetables()) == ["sharedtimeTable_0"]
    assert ids(session.amda.list_catalogs()) == [
        "sharedcatalog_0", "sharedcatalog_8001", "sharedcatalog_8002"
    ]  # fmt: skip
    with pytest.raises(UnknownProduct):
        session.amda.list_parameters("no-such-set")
    with pytest.raises(InvalidRequest, match="not a data set"):
        session.amda.list_parameters("imf")


def test_amda_about_a_product(session):
    amda = session.amda
    assert amda.parameter_range("imf") == amda.dataset_range("ace-imf-all") == IMF_RANGE
    kinds = {
        "imf": "PARAMETER", "imf(0)": "COMPONENT", "ace-imf-all": "DATASET",
        "sharedtimeTable_0": "TIMETABLE", "sharedcatalog_0": "CATALOG", "zzz": "UNKNOWN",
    }  # fmt: skip
    assert {id_: amda.product_type(id_).name for id_ in kinds} == kinds
    assert amda.product_type("imf") is ProductType.PARAMETER
    assert amda.to_index("amda/imf").ref.path == "imf"
    assert amda.find_parent_dataset("imf") == "ace-imf-all"
    assert not amda.is_user_parameter("imf")
    assert not amda.is_user_timetable("sharedtimeTable_0")
    assert not amda.is_user_catalog("sharedcatalog_0")
    assert not amda.is_private_parameter("imf")
    assert not amda.has_time_restriction("imf", T0, T1)
    assert amda.product_version("imf") == "2025-01-01T00:00:00Z"
    assert amda.get_real_product_id("imf") == "imf"
    with pytest.raises(UnknownOption):
        amda.get_real_product_id("imf", {"side": 1})
    with pytest.raises(InvalidRequest):
        amda.parameter_range("ace-imf-all")
    with pytest.raises(UnknownProduct):
        amda.dataset_range("none")


def test_amda_a_users_own(session, user):
    assert user.amda.credential_are_valid()
    assert ids(user.amda.list_user_timetables()) == ["tt_0"]
    assert ids(user.amda.list_user_parameters()) == ["ws_0"]
    assert user.amda.list_user_catalogs() == []
    assert isinstance(user.amda.get_user_timetable("tt_0"), spz.TimeTable)
    assert len(user.amda.get_user_parameter("ws_0", T0, T1)) == 225
    assert user.amda.is_user_parameter("ws_0")
    assert user.amda.is_user_timetable("tt_0")
    assert not session.amda.credential_are_valid()
    for refused in (
        session.amda.list_user_parameters,
        session.amda.list_user_timetables,
        session.amda.list_user_catalogs,
        lambda: session.amda.get_user_parameter("ws_0", T0, T1),
        lambda: session.amda.get_user_timetable("tt_0"),
        lambda: session.amda.get_user_catalog("cat_0"),
    ):
        with pytest.raises(MissingCredentials):
            refused()


def test_amda_other_credentials_in_a_running_session(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        vp = session.providers["vp"]
        assert session.amda.product_type("tt_0") is ProductType.UNKNOWN
        session.amda.reset_credentials(USER, PASSWORD)
        assert ids(session.amda.list_user_timetables()) == ["tt_0"]
        assert PASSWORD not in repr(session.settings)
        session.amda.reset_credentials()
        assert session.amda.product_type("tt_0") is ProductType.UNKNOWN
        assert session.providers["vp"] is vp


def test_amda_is_up(session, archive, tmp_path):
    assert session.amda.is_server_up() is True
    with spz.offline():
        assert session.amda.is_server_up() is False
    closed = archive.settings(tmp_path).with_(amda_url="http://127.0.0.1:9")
    with spz.Session(closed) as other:
        assert other.amda.is_server_up() is False


# -- the others ------------------------------------------------------------------------------------


def test_cda(session, field):
    cda = session.cda
    assert cda.get_variable("AC_H0_MFI", "BGSEc", T0, T1).equals(field)
    assert cda.get_variable(dataset="AC_H0_MFI", variable="BGSEc", start_time=T0, stop_time=T1,
                            method="API").equals(field)  # fmt: skip
    assert cda.get_data("AC_H0_MFI/BGSEc", T0, T1).equals(field)
    assert cda.parameter_range("AC_H0_MFI/BGSEc") == cda.dataset_range("AC_H0_MFI") == IMF_RANGE
    assert "AC_H0_MFI" in ids(cda.list_datasets())
    assert "AC_H0_MFI/BGSEc" in ids(cda.list_parameters("AC_H0_MFI"))
    with pytest.raises(UnknownProduct):
        cda.parameter_range("AC_H0_MFI/none")
    with pytest.raises(InvalidRequest):
        cda.get_variable("AC_H0_MFI", "", T0, T1)


def test_csa(session):
    dataset = session.csa.list_datasets()[0]
    parameter = session.csa.list_parameters(dataset)[0]
    span = session.csa.parameter_range(parameter)
    assert span == session.csa.dataset_range(dataset.ref.path)
    start = span.start + np.timedelta64(30, "D")
    name = parameter.ref.path.partition("/")[2]
    found = session.csa.get_variable(dataset.ref.path, name, start, start + np.timedelta64(1, "h"))
    assert len(found)
    assert session.csa.get_data(parameter, start, start + np.timedelta64(1, "h")).equals(found)
    assert session.csa.product_last_update(parameter) == np.datetime64("2025-01-01")


def test_ssc(session):
    orbit = session.ssc.get_data("mms1", T0, "2023-01-03", coordinate_system="gse")
    assert orbit.columns == ["X", "Y", "Z"]
    assert orbit.unit == "km"
    assert orbit.meta["CoordinateSystem"] == "GSE"
    assert session.ssc.get_trajectory("mms1", T0, "2023-01-03", "gse").equals(orbit)
    assert session.ssc.get_data("mms1", T0, "2023-01-03", "gse").equals(orbit)
    assert session.ssc.get_data("mms1", [T0, "2023-01-03"]).equals(orbit)
    moved = session.ssc.get_data("mms1", T0, "2023-01-03", "gsm")
    assert moved.meta["CoordinateSystem"] == "GSM"
    assert session.ssc.get_trajectory("ssc/mms1", T0, "2023-01-03").equals(orbit)
    observatories = {item["Id"]: item for item in session.ssc.get_observatories()}
    assert observatories["ace"]["ResourceId"].startswith("spase://")
    span = session.ssc.parameter_range("mms1")
    assert (span.start, span.stop) == tuple(
        observatories["mms1"][key] for key in ("StartTime", "EndTime")
    )


def test_ephemerides(session):
    found = session.uiowaephtool.get_data("Sun_Venus_Ecliptic", T0, "2023-01-03")
    assert found.columns == ["X", "Y", "Z"]
    assert "Sun_Venus_Ecliptic" in ids(session.uiowaephtool.list_parameters())
    frames = session.cdpp3dview.get_frames()
    assert {"name", "center", "desc"} == set(frames[0])
    assert "J2000" in [frame["name"] for frame in frames]
    assert session.cdpp3dview.get_data("ACE", T0, "2023-01-03").columns == ["x", "y", "z"]
    with spz.offline(), pytest.raises(OfflineError):
        session.cdpp3dview.get_frames()


def test_described_archives_and_hapi(session, archive):
    assert str(session.archive.user_inventory_dir()) == session.settings.archive_dirs[0]
    found = session.archive.get_data("SPDF/ACE/MFI/AC_H0_MFI/BGSEc", T0, T1)
    assert found.shape == (225, 3)
    assert session.hapi.servers() == {"local": f"{archive.url}/hapi"}
    assert session.hapi.get_data("local/AC_H0_MFI/BGSEc", T0, T1).shape == (225, 3)


def test_flat_inventories(session, default):
    flat = spz.inventories.flat_inventories
    assert flat.amda.parameters["imf"].unit == "nT"
    assert flat.amda["imf"] == flat["amda/imf"] == spz.inventories.flat["amda/imf"]
    assert set(flat.amda.datasets) >= {"ace-imf-all", "ace-swe-all"}
    assert list(flat.amda.timetables) == ["sharedtimeTable_0"]
    assert "sharedcatalog_0" in flat.amda.catalogs
    assert all(name.startswith("sharedcatalog_") for name in flat.amda.catalogs)
    assert "imf(0)" in flat.amda.components
    assert "imf(0)" not in flat.amda.parameters
    assert flat.cdaweb.parameters["AC_H0_MFI/BGSEc"].ref.provider == "cda"
    assert "imf" in flat.amda
    assert "none" not in flat.amda
    with pytest.raises(AttributeError):
        _ = flat.nobody
    tree = spz.inventories.tree
    assert tree == spz.inventories.data_tree
    assert tree.ssc.Trajectories.mms1.ref.path == "mms1"
    assert spz.update_inventories()["amda"].loaded
