"""Names in modules, under the paths that Speasy gives them."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.core.any_files import any_loc_open, list_files
from speasy_core.core.codecs import get_codec, register_codec
from speasy_core.core.direct_archive_downloader import get_product
from speasy_core.core.hapi import HapiProvider
from speasy_core.errors import (
    ConfigError,
    InvalidRequest,
    OfflineError,
    UnknownOption,
    UnknownProduct,
    UnsupportedFormat,
)
from speasy_core.signal.filtering import apply_sos_filter, sosfiltfilt
from speasy_core.signal.resampling import generate_time_vector, interpolate, resample

from .conftest import T0, T1

PATTERN = r"{Y}/ac_h0_mfi_{Y}{M:02d}{D:02d}_v\d+.cdf"


@pytest.fixture
def folder(archive, default):
    return f"{archive.url}/spdf/pub/data/ace/mag/level_2_cdaweb/mfi_h0/"


def test_modules_are_there_without_an_import():
    assert spz.signal.resampling.interpolate is interpolate
    assert spz.signal.filtering.sosfiltfilt is sosfiltfilt
    assert spz.products.variable.merge is spz.merge
    assert spz.core.hapi.HapiProvider is HapiProvider
    assert spz.products.SpeasyVariable is spz.SpeasyVariable
    assert set(spz.__all__) <= set(dir(spz))
    with pytest.raises(AttributeError):
        _ = spz.core.nothing


def test_signal(field):
    from scipy import signal

    times = generate_time_vector(field.time[0], field.time[-1], 60)
    assert times[-1] < field.time[-1]
    assert np.array_equal(interpolate(times, field).time, times)
    assert np.array_equal(interpolate(field, field[::2]).time, field.time)
    a, b = interpolate(times, [field, field[field.columns[0]]])
    assert a.shape == (len(times), 3)
    assert b.shape == (len(times),)
    assert resample(field, np.timedelta64(32, "s")).equals(resample(field, 32))

    def nearest(x, y):
        return lambda new: y[np.abs(x[:, None] - new).argmin(axis=0)]

    assert set(interpolate(times, field[:, 0], nearest).values) <= set(field.values[:, 0])
    sos = signal.butter(3, 0.1, output="sos")
    smooth = sosfiltfilt(sos=sos, var=field)
    assert np.allclose(smooth.values, signal.sosfiltfilt(sos, field.values, axis=0), atol=1e-4)
    once = apply_sos_filter(sos, signal.sosfilt, [field, field])
    assert [v.unit for v in once] == ["nT", "nT"]


def test_hapi_server_by_its_address(archive, session, field):
    server = HapiProvider(f"{archive.url}/hapi", session)
    assert "<html" in server.hapi().lower()
    assert "csv" in server.capabilities()["outputFormats"]
    assert server.about()["id"]
    assert "AC_H0_MFI" in [item["id"] for item in server.catalog()]
    assert server.info("AC_H0_MFI")["startDate"].startswith("1998")
    names = [p["name"] for p in server.info("AC_H0_MFI", ["BGSEc"])["parameters"]]
    assert names == ["Time", "BGSEc"]
    found = server.data("AC_H0_MFI", T0, T1, "Magnitude,BGSEc")
    assert list(found) == ["Magnitude", "BGSEc"]
    assert np.allclose(found["BGSEc"].values, field.values)
    asked = len(archive.requests)
    assert server.data("AC_H0_MFI", T0, T1, ["BGSEc"])["BGSEc"].equals(found["BGSEc"])
    assert len(archive.requests) == asked  # from the cache
    assert set(server.data("AC_H0_MFI", T0, T1)) >= {"Magnitude", "BGSEc", "BGSM"}
    with pytest.raises(UnknownProduct):
        server.data("AC_H0_MFI", T0, T1, "none")
    server.close()


def test_folders_described_by_a_call(folder, field):
    found = get_product(folder + PATTERN, "regular", "BGSEc", T0, T1, use_file_list=True)
    assert np.array_equal(found.values, field.values)
    assert found.unit == "nT"

    def read(address, variable, scale=1):
        return scale * get_codec("cdf").load_variable(variable, address)

    twice = get_product(
        url_pattern=folder + PATTERN, split_rule="regular", variable="BGSEc", start_time=T0,
        stop_time=T1, use_file_list=True, split_frequency="daily", file_reader=read, scale=2,
    )  # fmt: skip
    assert np.array_equal(twice.values, 2 * field.values)
    random = get_product(
        folder + "{Y}/", "random", "BGSEc", T0, T1, use_file_list=True, split_frequency="yearly",
        fname_regex=r"ac_h0_mfi_(?P<start>\d{8})_v(?P<version>\d+)\.cdf", date_format="%Y%m%d",
    )  # fmt: skip
    assert np.array_equal(random.values, field.values)
    assert not len(get_product(folder + PATTERN, "regular", "BGSEc", "1990-01-01", "1990-01-02",
                               use_file_list=True))  # fmt: skip
    with pytest.raises(ConfigError, match="did you mean 'regular'"):
        get_product(folder + PATTERN, "regulr", "BGSEc", T0, T1)
    with pytest.raises(UnknownOption, match="spilt"):
        get_product(folder + PATTERN, "regular", "BGSEc", T0, T1, spilt="daily")


def test_files_and_folders_by_address(folder, tmp_path):
    names = list_files(folder + "2023", r"ac_h0_mfi_202301.*\.cdf")
    assert len(names) == 31
    assert names == sorted(names)
    with any_loc_open(f"{folder}2023/{names[0]}", cache_remote_files=False) as file:
        head = file.read(4)
    assert head == b"\xcd\xf3\x00\x01"
    (tmp_path / "a b.txt").write_bytes(b"here")
    for address in (
        tmp_path / "a b.txt",
        str(tmp_path / "a b.txt"),
        (tmp_path / "a b.txt").as_uri(),
    ):
        with any_loc_open(address) as file:
            assert file.read() == b"here"
    assert list_files(tmp_path) == ["a b.txt"]
    assert list_files(str(tmp_path), "b.*") == []
    with pytest.raises(InvalidRequest):
        any_loc_open(tmp_path / "none")
    with pytest.raises(InvalidRequest, match="no such file"):
        any_loc_open(folder + "2023/none.cdf")
    with spz.offline(), pytest.raises(OfflineError):
        any_loc_open(f"{folder}2023/{names[0]}")


def test_codecs(field, tmp_path):
    for name in ("cdf", ".cdf", "application/x-cdf"):
        assert get_codec(name).name == "cdf"
    for name in ("nc", "nc4", "hapi/csv", "hapi/binary"):
        assert get_codec(name).supported_extensions
    with pytest.raises(UnsupportedFormat):
        get_codec("fits")
    cdf, path = get_codec("cdf"), tmp_path / "b.cdf"
    assert cdf.save_variables([field], str(path)) is True
    assert cdf.list_variables(str(path)) == ["BGSEc"]
    assert cdf.load_variables(["BGSEc"], str(path))["BGSEc"].equals(
        cdf.load_variable("BGSEc", path, cache_remote_files=False)
    )
    data = cdf.save_variables([field])
    assert np.array_equal(cdf.load_variable("BGSEc", data).values, field.values)
    with pytest.raises(UnsupportedFormat):
        get_codec("nc").save_variables([field], str(path))


def test_a_codec_of_ones_own(monkeypatch):
    monkeypatch.setattr("speasy_core.core.codecs._NAMED", {})

    @register_codec
    class Mine:
        name = "mine"
        supported_extensions = ("mine",)
        supported_mimetypes = ("application/x-mine",)

        def load_variables(self, variables, file, cache_remote_files=True):
            return {}

        def load_variable(self, variable, file, cache_remote_files=True):
            return None

        def list_variables(self, file):
            return []

    assert isinstance(get_codec(".mine"), Mine)
    assert get_codec("application/x-mine").name == "mine"
    with pytest.raises(InvalidRequest):
        register_codec(type("Half", (), {"name": "half"}))
