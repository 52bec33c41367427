"""CDAWeb's master CDFs: what variables a data set has, and what they mean."""

from __future__ import annotations

import io
import math
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import CorruptFile, SpeasyError, UnexpectedContent
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

from ._tar import StrictMember

__all__ = ["dataset_meta", "iter_masters", "parse_cadence", "variable_records"]

MAX_MASTER = 64 * 2**20
MAX_MASTERS = 50_000
# attributes of a variable worth keeping beside title and unit
_KEPT = (
    "CATDESC", "FIELDNAM", "VAR_NOTES", "UNITS", "DISPLAY_TYPE", "LABLAXIS", "FILLVAL", "VALIDMIN",
    "VALIDMAX", "SCALETYP", "DEPEND_0", "DEPEND_1", "DEPEND_2", "DEPEND_3", "VIRTUAL", "FUNCT",
    "COORDINATE_SYSTEM", "TENSOR_ORDER", "SI_CONVERSION", "DICT_KEY",
)  # fmt: skip
# global attributes worth keeping, under the name on the right
_GLOBALS = {
    name.lower(): name
    for name in (
        "Project", "Source_name", "Discipline", "Data_type", "Descriptor", "Data_version", "TITLE",
        "TEXT", "MODS", "PI_name", "PI_affiliation", "Mission_group", "Instrument_type",
        "Logical_source", "Logical_source_description", "Time_resolution", "Rules_of_use",
        "Acknowledgement", "spase_DatasetResourceID", "DOI", "HTTP_LINK", "LINK_TEXT", "LINK_TITLE",
        "Caveats", "Generated_by", "Synthetic", "Web_site",
    )
} | {"acknowledgment": "Acknowledgement", "caveat": "Caveats"}  # fmt: skip
_MAX_TEXT = 20_000
_MAX_LABELS = 64
_CADENCE = re.compile(
    r"\s*(?:~|about |approx\w*\.? )?(?P<number>\d+(?:\.\d*)?|\.\d+)?\s*-?\s*(?P<unit>[a-z]+)\.?\s*",
    re.IGNORECASE,
)
_SECONDS = {
    1e-6: ("us", "microsecond", "microseconds"),
    1e-3: ("ms", "msec", "millisecond", "milliseconds"),
    1.0: ("s", "sec", "secs", "second", "seconds"),
    60.0: ("m", "min", "mins", "minute", "minutes"),
    3600.0: ("h", "hr", "hrs", "hour", "hours", "hourly"),
    86_400.0: ("d", "day", "days", "daily"),
}
_UNIT_SECONDS = {word: seconds for seconds, words in _SECONDS.items() for word in words}
_SPASE_CADENCE = re.compile(
    r"/P(?:(?P<d>[\d.]+)D)?(?:T(?:(?P<h>[\d.]+)H)?(?:(?P<m>[\d.]+)M)?(?:(?P<s>[\d.]+)S)?)?$"
)


def iter_masters(
    tar: bytes, *, source: str, check: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, bytes]]:
    """Yield file name (lower case) and bytes of each master in the archive.

    The archive is read as a stream of regular files; names are labels and never paths.

    Raises
    ------
    CorruptFile
        Not a tar, or cut short.
    UnexpectedContent
        More files, or larger ones, than any real archive of masters holds.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:", tarinfo=StrictMember) as archive:
            for number, member in enumerate(archive):
                check()
                name = member.name.replace("\\", "/").rpartition("/")[2].lower()
                if number >= MAX_MASTERS or member.size > MAX_MASTER:
                    raise UnexpectedContent(
                        f"member {number} ({name[:80]!r}, {member.size:,} bytes) exceeds what an "
                        "archive of masters may hold",
                        source=source,
                    )
                if not member.isreg() or not name.endswith(".cdf"):
                    continue
                stream = archive.extractfile(member)
                if stream is not None:
                    yield name, stream.read()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise CorruptFile(f"not a whole tar archive: {error}", source=source) from error


def dataset_meta(master: CdfFile) -> dict[str, Any]:
    """Return the global attributes that describe a data set; long texts as one string."""
    meta: dict[str, Any] = {}
    for key, value in master.global_attributes.items():
        name = _GLOBALS.get(key.lower())
        cleaned = _clean(value)
        if name is None or cleaned in ("", [], None):
            continue
        if isinstance(cleaned, list) and name in ("TEXT", "Rules_of_use", "Acknowledgement"):
            cleaned = " ".join(map(str, cleaned))  # lines of one text
        meta[name] = cleaned[:_MAX_TEXT] if isinstance(cleaned, str) else cleaned
    return meta


def parse_cadence(meta: Mapping[str, Any]) -> float | None:
    """Return the seconds between samples, where the attributes say it clearly.

    Examples
    --------
    >>> parse_cadence({"Time_resolution": "16 second"}), parse_cadence({"Time_resolution": "1min"})
    (16.0, 60.0)
    >>> parse_cadence({"spase_DatasetResourceID": "spase://NASA/NumericalData/X/PT1M30S"})
    90.0
    >>> parse_cadence({"Time_resolution": "3 s to 10 min"})
    """
    text = meta.get("Time_resolution")
    match = _CADENCE.fullmatch(text) if isinstance(text, str) else None
    if match is not None:
        seconds = _UNIT_SECONDS.get(match["unit"].lower())
        is_word = match["unit"].lower() in ("hourly", "daily")
        if seconds is not None and (match["number"] or is_word):
            return _positive(float(match["number"] or 1) * seconds)
        return None
    spase = meta.get("spase_DatasetResourceID")
    duration = _SPASE_CADENCE.search(spase.strip()) if isinstance(spase, str) else None
    if duration is None or (isinstance(text, str) and text.strip()):
        return None
    try:
        parts = {unit: float(duration[unit] or 0) for unit in "dhms"}
    except ValueError:
        return None
    return _positive(sum(parts[u] * s for u, s in zip("dhms", (86_400, 3600, 60, 1), strict=True)))


def _positive(seconds: float) -> float | None:
    return seconds if seconds > 0 else None


def variable_records(
    master: CdfFile,
    path: tuple[str, ...],
    *,
    coverage: TimeRange | None,
    cadence: float | None,
) -> list[ProductInfo]:
    """Return one record for each data variable of a master.

    Parameters
    ----------
    master : CdfFile
        Checked.
    path : tuple of str
        Of the data set; its last name is the id.
    coverage, cadence
        Of the data set.
    """
    records = []
    for name in master.variables():
        attributes = master.attributes(name)
        shape = master.shape(name)[1:]
        meta = {key: _clean(attributes[key]) for key in _KEPT if key in attributes}
        meta |= {"CDF_TYPE": master.type_name(name), "SHAPE": list(shape)}
        labels = _pointed(master, attributes.get("LABL_PTR_1"))
        if labels:
            meta["LABELS"] = labels[:_MAX_LABELS]
        title = _first_text(attributes, "CATDESC", "FIELDNAM", "LABLAXIS")
        records.append(
            ProductInfo(
                path=(*path, name),
                ref=ProductRef("cda", f"{path[-1]}/{name}"),
                kind=_kind(master, shape, attributes, is_labelled=bool(labels)),
                title=title,
                unit=_unit(master, attributes),
                coverage=coverage,
                cadence=cadence,
                meta={key: value for key, value in meta.items() if value not in ("", None)},
            )
        )
    return records


def _kind(
    master: CdfFile, shape: tuple[int, ...], attributes: Mapping[str, Any], *, is_labelled: bool
) -> Kind:
    """Return what the decoded variable will call itself."""
    if math.prod(shape) <= 1:
        return "scalar"
    if len(shape) == 1:
        axis = attributes.get("DEPEND_1")
        has_numbers = (
            isinstance(axis, str) and axis in master.names and "CHAR" not in master.type_name(axis)
        )
        display = _first_text(attributes, "DISPLAY_TYPE").lower()
        if display.startswith("spectrogram") or (has_numbers and not is_labelled):
            return "spectrogram"
    return "vector" if shape == (3,) else "multicomponent"


def _unit(master: CdfFile, attributes: Mapping[str, Any]) -> str:
    unit = _first_text(attributes, "UNITS")
    if unit:
        return unit
    units = list(dict.fromkeys(_pointed(master, attributes.get("UNIT_PTR"))))
    return ", ".join(units)


def _pointed(master: CdfFile, name: Any) -> list[str]:
    """Return the texts of the variable that an attribute points to."""
    if not isinstance(name, str) or not name.strip() or name not in master.names:
        return []
    try:
        values = master.values(name)
    except SpeasyError:
        return []  # labels are worth less than the variable they label
    texts = values[0].ravel().tolist() if len(values) else []
    return [text.strip() for text in texts if isinstance(text, str)]


def _first_text(attributes: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())
    return ""


def _clean(value: Any) -> Any:
    """Return a value fit for JSON: no NaN, no blanks around texts, no empty texts in lists."""
    if isinstance(value, str):
        return value.strip(" \t\r\n\x00")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (list, tuple)):
        items = [_clean(item) for item in value]
        return [item for item in items if item != ""]
    return value
