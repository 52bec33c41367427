"""Every codec of the table, and forms of files that its one sample does not show."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pycdfpp

from speasy_core import codecs
from speasy_core.codecs import _netcdf_apart
from speasy_core.codecs._hapi_info import parse_info, split_header
from speasy_core.codecs.cdf import CdfFile
from speasy_core.codecs.hapi_binary import record_type
from speasy_core.errors import SpeasyError
from tests.codec_samples import SAMPLES

from .target import Seed, Target, real

__all__ = ["codec_targets"]

# what a damaged file keeps the NetCDF library busy for; every hundredth does
_netcdf_apart.PATIENCE = 4.0
_GZIP, _RLE = (pycdfpp.CompressionType.gzip_compression, pycdfpp.CompressionType.rle_compression)


# -- files ---------------------------------------------------------------------------------------
def _cdf(rows: int, *, variable: object = None, whole: object = None) -> bytes:
    file = pycdfpp.CDF()
    if whole is not None:
        file.compression = whole
    options = {} if variable is None else {"compression": variable}
    time = np.datetime64("2020-01-01", "ns") + np.arange(rows) * np.timedelta64(1, "s")
    file.add_variable("Epoch", values=time, attributes={"VAR_TYPE": "support_data"})
    file.add_variable("b", values=np.arange(3.0 * rows).reshape(rows, 3) % 7, **options,
                      attributes={"DEPEND_0": "Epoch", "UNITS": "nT", "VAR_TYPE": "data",
                                  "FILLVAL": [-1e31]})  # fmt: skip
    # zeros, so that run lengths are used
    file.add_variable("n", values=np.zeros(rows, np.int16), **options,
                      attributes={"DEPEND_0": "Epoch", "VAR_TYPE": "data"})  # fmt: skip
    file.add_attribute("TEXT", ["made for a test"])
    return bytes(pycdfpp.save(file))


def _cdf_files() -> list[Seed]:
    forms: dict[str, dict[str, object]] = {
        "plain": {}, "gzip": {"variable": _GZIP}, "rle": {"variable": _RLE},
        "gzip-whole": {"whole": _GZIP}, "rle-whole": {"whole": _RLE},
    }  # fmt: skip
    made = [Seed(f"{name}-{rows}.cdf", _cdf(rows, **form))
            for name, form in forms.items() for rows in (3, 300)]  # fmt: skip
    # version 2, compressed whole, EPOCH16, checksums, rVariables, no records
    return made + real("*.cdf", most=16)


def _netcdf_classic(form: str) -> bytes:
    import netCDF4

    file = netCDF4.Dataset("sample.nc", "w", memory=1024, format=form)
    file.createDimension("time", None)
    file.createDimension("axis", 3)
    time = file.createVariable("time", "f8", ("time",))
    time.units = "seconds since 2020-01-01 00:00:00"
    field = file.createVariable("field", "f4", ("time", "axis"))
    field.units = "nT"
    time[:] = np.arange(5.0)
    field[:] = np.ones((5, 3), "f4")
    return bytes(file.close())


def _classic_files() -> list[Seed]:
    forms = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA")
    return [Seed(f"{form.lower()}.nc", _netcdf_classic(form)) for form in forms]


def _large_cdf_files() -> list[Seed]:
    """Recorded files of a megabyte and more; one of them arrived cut."""
    return [s for s in real("*.cdf", largest=2_500_000, most=40) if len(s.data) > 300_000]


_MORE: dict[str, Callable[[], Sequence[Seed]]] = {
    "cdf": _cdf_files,
    "netcdf": lambda: [*_classic_files(), *real("*.nc")],
    "hapi_csv": lambda: real("hapi/**/*.csv", "hapi/*.csv"),
    "hapi_binary": lambda: real("hapi/**/*.binary", "hapi/*.binary", "hapi/**/*.bin"),
    "votable": lambda: real("*votable.xml", "*.vot"),
    "cef": lambda: real("*.cef"),
}


def _files(name: str) -> list[Seed]:
    ending = (codecs.get(name).extensions or ("",))[0]
    made = [Seed(f"made-{rows}{ending}", SAMPLES[name](rows)) for rows in (3, 200)]
    return made + list(_MORE.get(name, list)())


# -- cuts that leave a whole file ----------------------------------------------------------------
def _at_line_end(data: bytes, length: int) -> bool:
    """Rows end with a line; which is the last one, nothing says."""
    return data[:length].rstrip(b"\r").endswith(b"\n") or data[length : length + 1] in (b"\n", b"")


def _between_records(data: bytes, length: int) -> bool:
    """Records all have one size; which is the last one, nothing says."""
    document, body = split_header(data, "whole")
    size = record_type(parse_info(document, "whole"), "whole").itemsize
    start = len(data) - len(body)
    return length >= start and (length - start) % size == 0


_UNSEEN = {"hapi_csv": _at_line_end, "hapi_binary": _between_records}


# -- decoding ------------------------------------------------------------------------------------
def _decode_with(name: str) -> Callable[[bytes, Seed, bool], object]:
    module = codecs.get(name).load()

    def decode(data: bytes, seed: Seed, proven: bool) -> object:
        return module.read(data, source=seed.name)

    return decode


def _every_cdf_variable(data: bytes, seed: Seed, proven: bool) -> object:
    """Also what no time belongs to, variable by variable: one damaged must not hide another."""
    file = CdfFile(data, seed.name)
    found: list[object] = [dict(file.global_attributes)]
    errors: list[SpeasyError] = []
    for name in file.names:
        for use in (file.attributes, file.values, file.variable):
            try:
                found.append(use(name))
            except SpeasyError as error:
                if error.source is None:
                    raise
                errors.append(error)
                found.append(type(error).__name__)
    if errors and not any(isinstance(item, np.ndarray) for item in found):
        raise errors[0]
    return found


def _from_disk(data: bytes, seed: Seed, proven: bool) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / seed.name
        path.write_bytes(data)
        return codecs.read_file(path)


def codec_targets() -> list[Target]:
    """Return one target for each codec found, and some for forms of their own."""
    found = [
        Target(name, _decode_with(name), lambda n=name: _files(n),  # type: ignore[misc]
               _UNSEEN.get(name, lambda data, length: False))
        for name in codecs.names()
    ]  # fmt: skip
    return [
        *found,
        Target("cdf, each variable", _every_cdf_variable, _cdf_files),
        *([Target("cdf, large files", _decode_with("cdf"), _large_cdf_files)]
          if _large_cdf_files() else []),
        Target("any file, by what it is", _from_disk,
               lambda: [Seed(f"any{codecs.get(n).extensions[0]}", SAMPLES[n](20)) for n in SAMPLES],
               lambda data, length: True, exhaustive=0),
    ]  # fmt: skip
