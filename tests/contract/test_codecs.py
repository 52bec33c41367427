"""What every codec promises; runs over all that are found."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.codecs import votable
from speasy_core.codecs.cdf import encode
from speasy_core.errors import SpeasyError, UnknownProduct
from speasy_core.events import Catalog, Dataset
from speasy_core.variable import SpeasyVariable

TIME = np.datetime64("2020-01-01", "ns") + np.arange(500) * np.timedelta64(1, "s")


def cdf_sample() -> bytes:
    flux = SpeasyVariable(TIME, np.ones((500, 4), "f4"), axes=[np.arange(4.0)], name="flux")
    field = SpeasyVariable(TIME, np.ones((500, 3), "f4"), columns=["x", "y", "z"], name="field")
    return encode([field, flux])


def votable_sample() -> bytes:
    events = [(t, t + np.timedelta64(500, "ms"), {"speed": 1.5, "kind": "x"}) for t in TIME[:20]]
    return votable.encode(Catalog("sample", events=events))


def cef_sample() -> bytes:
    from speasy_core.demo._cef_write import to_cef

    flux = SpeasyVariable(TIME, np.ones((500, 4), "f4"), axes=[np.arange(4.0)], name="flux")
    field = SpeasyVariable(TIME, np.ones((500, 3), "f4"), columns=["x", "y", "z"], name="field")
    # the last line without its end: every byte then counts
    return to_cef([field, flux], "SAMPLE", "sample.cef").rstrip(b"\n")


def netcdf_sample() -> bytes:
    netCDF4 = pytest.importorskip("netCDF4", reason="the extra 'io' is not installed")
    file = netCDF4.Dataset("sample.nc", "w", memory=1024)
    for name, size in (("time", 500), ("energy", 4), ("axis", 3)):
        file.createDimension(name, size)
    time = file.createVariable("time", "f8", ("time",))
    time.units = "seconds since 2020-01-01 00:00:00"
    time[:] = np.arange(500.0)
    for name, dim, size in (("flux", "energy", 4), ("field", "axis", 3)):
        file.createVariable(name, "f4", ("time", dim))[:] = np.ones((500, size), "f4")
    body = bytes(file.close())
    # kept in memory it is padded; its superblock says where it ends
    return body[: int.from_bytes(body[28:36], "little")]


def hapi_sample(form: str, parameters: list[dict[str, object]], body: bytes) -> bytes:
    """A HAPI answer: records of 37 or 74 bytes, as a cut between two cannot be seen in them."""
    time = {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
    header: dict[str, object] = {"HAPI": "3.0", "format": form, "parameters": [time, *parameters]}
    while (len(json.dumps(header)) + 2 - 8) % 37 != 5:
        header["x_pad"] = str(header.get("x_pad", "")) + "."
    return b"#" + json.dumps(header).encode() + b"\n" + body


VECTOR = {"name": "v", "type": "double", "size": [3], "units": "nT", "fill": "-1e31"}


def hapi_csv_sample() -> bytes:
    lines = [f"{str(t)[:23]}Z,1.00,2.50,{i % 10}\n" for i, t in enumerate(TIME)]
    return hapi_sample("csv", [VECTOR], "".join(lines).encode())


def hapi_binary_sample() -> bytes:
    text = {"name": "s", "type": "string", "length": 26, "units": None, "fill": None}
    records = np.zeros(500, [("t", "S24"), ("v", "<f8", 3), ("s", "S26")])
    records["t"] = [f"{str(t)[:23]}Z" for t in TIME]
    records["v"] = np.arange(1500.0).reshape(500, 3)
    records["s"] = "good"
    return hapi_sample("binary", [VECTOR, text], records.tobytes())


# how to make a small whole file of each format; a new codec adds its own here
SAMPLES = {
    "hapi_csv": hapi_csv_sample,
    "hapi_binary": hapi_binary_sample,
    "cdf": cdf_sample,
    "cef": cef_sample,
    "netcdf": netcdf_sample,
    "votable": votable_sample,
}


@pytest.fixture(scope="module", params=codecs.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sample(name: str) -> bytes:
    assert name in SAMPLES, f"add a sample of the format {name!r} to this test"
    return SAMPLES[name]()


def codec(name: str) -> codecs.Codec:
    return codecs._table()[name]


def test_the_table_entry_is_complete(name: str) -> None:
    entry = codec(name)
    assert entry.name == name == name.lower()
    assert entry.title
    assert entry.magics or entry.extensions or entry.mimes
    parameters = inspect.signature(entry.load().read).parameters
    assert list(parameters) == ["data", "source", "variables"]
    assert entry.load().__doc__
    assert entry.load().read.__doc__


def test_whole_file(name: str, sample: bytes) -> None:
    ending = (codec(name).extensions or ("",))[0]
    dataset = codecs.read(sample, source=f"sample{ending}")
    assert isinstance(dataset, Dataset)
    assert dataset
    for key, v in dataset.items():
        assert v.name == key
        assert v.time.dtype == np.dtype("M8[ns]")
        assert (np.diff(v.time_ns) > 0).all()
        assert v.values.dtype.isnative
        if v.ndim == 2:
            assert v.values.flags.f_contiguous
        assert all(k == "dataset" or k.upper() == k or k == "time_repairs" for k in v.meta)


def test_only_what_is_asked_for(name: str, sample: bytes) -> None:
    everything = codec(name).load().read(sample, source="s")
    one = next(iter(everything))
    assert list(codec(name).load().read(sample, source="s", variables=[one])) == [one]
    with pytest.raises(UnknownProduct):
        codec(name).load().read(sample, source="s", variables=["no such variable"])


def test_rule_06_every_cut_is_found(name: str, sample: bytes) -> None:
    for length in {0, 1, 7, *range(8, len(sample), 37), len(sample) - 1}:
        with pytest.raises(SpeasyError) as caught:
            codec(name).load().read(sample[:length], source="cut.file")
        assert caught.value.source == "cut.file"


def test_noise_is_an_error_of_ours(name: str, sample: bytes) -> None:
    rng = np.random.default_rng(1)
    for length in (1, 100, 10_000):
        with pytest.raises(SpeasyError):
            codec(name).load().read(rng.bytes(length), source="noise")
        head = sample[:64] + rng.bytes(length)
        with pytest.raises(SpeasyError):
            codec(name).load().read(head, source="noise")


def test_real_files(name: str, shared_data: Path) -> None:
    for ending in codec(name).extensions:
        for path in shared_data.rglob(f"*{ending}"):
            try:
                dataset = codecs.read_file(path)
            except SpeasyError as error:
                assert path.name in str(error)  # noqa: PT017 - most files must read
            else:
                assert dataset.name == path.name
