"""What the local archive gives through AMDA: parameters, their tree, and their files."""

from __future__ import annotations

import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pycdfpp

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange

from ._source import Source
from .holdings import ArchiveError, Holding

__all__ = ["XML_ID", "Product", "build_tree", "file_of", "products"]

log = logging.getLogger(__name__)

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_MAX_BYTES = 600_000_000
#: what AMDA calls data that it has from the same source
_DATASETS = {
    "AC_H0_MFI": "ace-imf-all", "AC_H0_SWE": "ace-swe-all", "CO_MAG_1SEC": "cass-mag-orb1",
}  # fmt: skip
_V = ("vx", "vy", "vz")
#: what AMDA calls variables: id, name, components
_PARAMETERS: dict[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {
    ("AC_H0_MFI", "BGSEc"): ("imf", "b_gse", ("bx", "by", "bz")),
    ("AC_H0_MFI", "BGSM"): ("imf_gsm", "b_gsm", ("bx", "by", "bz")),
    ("AC_H0_MFI", "Magnitude"): ("imf_mag", "|b|", ()),
    ("AC_H0_SWE", "Np"): ("sw_n", "density", ()),
    ("AC_H0_SWE", "Vp"): ("sw_vb", "v_bulk", ()),
    ("AC_H0_SWE", "V_GSE"): ("sw_v_gse", "v_gse", _V),
    ("CO_MAG_1SEC", "B_KSM"): ("cass_b_ksm1s", "b_ksm", ("bx", "by", "bz")),
    ("CO_MAG_1SEC", "B_RTN"): ("cass_b_rtn1s", "b_rtn", ("br", "bt", "bn")),
    ("CO_MAG_1SEC", "B_TOTAL"): ("cass_bmag_orb1s", "|b|", ()),
} | {
    (f"MMS1_FPI_FAST_L2_{kind.upper()}-MOMS", f"mms1_{kind}_{variable}_fast"):
        (f"mms1_{kind}_{ident.replace('#', kind[1])}", name.replace("#", word), components)
    for kind, word in (("des", "elec"), ("dis", "ion"))
    for variable, ident, name, components in (
        ("numberdensity", "n#", "density", ()), ("bulkv_gse", "vgse", "v_gse", _V),
        ("temppara", "tpara", "t_para", ()), ("tempperp", "tperp", "t_perp", ()),
        ("energyspectr_omni", "omni", "# eflux : omni", ()),
    )
}  # fmt: skip
#: as with the real server, the newest data of some are for those who log in
RESTRICTED_AFTER = {"CO_MAG_1SEC": "2017-09-01T00:00:00.000Z"}


@dataclass(frozen=True, slots=True)
class Product:
    """One parameter.

    Attributes
    ----------
    id : str
        AMDA's id.
    name : str
        As it stands in the tree.
    holding : Holding
        The data set it is in.
    variable : str
        Its name there.
    meta : mapping
        ISTP attributes.
    columns : sequence of str
        Names of the components; empty for a scalar or a spectrogram.
    size : int
        Values per sample.
    """

    id: str
    name: str
    holding: Holding
    variable: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[str] = ()
    size: int = 1

    @property
    def restricted_after(self) -> str:
        """From when on a login is needed; empty for never."""
        return RESTRICTED_AFTER.get(self.holding.description.id, "")


def products(holdings: Mapping[str, Holding]) -> dict[str, Product]:
    """Return all parameters by id.

    Parameters
    ----------
    holdings : mapping of str to Holding
        Data sets by CDAWeb's ids. One that cannot be described is left out.
    """
    found: dict[str, Product] = {}
    for holding in holdings.values():
        if holding.master_name is None:
            continue
        try:
            master = CdfFile(holding.master(), holding.master_name)
            for product in _products_of(holding, master):
                found.setdefault(product.id, product)
        except SpeasyError as error:
            log.warning("%s is not in AMDA's tree: %s", holding.description.id, error.message)
    return found


def _products_of(holding: Holding, master: CdfFile) -> Iterator[Product]:
    dataset = holding.description.id
    for info in holding.variables():
        if info.name not in master.names:
            continue
        meta = master.attributes(info.name)
        shape = master.shape(info.name)[1:]
        size = int(np.prod(shape, dtype=np.int64))
        plain = re.sub(r"[^a-z0-9]+", "_", info.name.lower()).strip("_")
        prefix = re.sub(r"[^a-z0-9]+", "_", dataset.lower())
        # long names say already where they come from
        generic = plain if plain.startswith(prefix.partition("_")[0]) else f"{prefix}_{plain}"
        labels = _labels(master, meta) if len(shape) == 1 else []
        plain_name = _first(meta.get("FIELDNAM")) or info.name
        own = generic, plain_name, tuple(labels)
        ident, name, columns = _PARAMETERS.get((dataset, info.name), own)
        if len(columns) != size or size == 1:
            columns = ()
        yield Product(ident, name, holding, info.name, meta, columns, size)


def _labels(master: CdfFile, meta: Mapping[str, Any]) -> list[str]:
    pointer = meta.get("LABL_PTR_1")
    if isinstance(pointer, (list, tuple)):
        return [str(label).strip() for label in pointer]
    if not isinstance(pointer, str) or pointer not in master.names:
        return []
    values = master.values(pointer)
    return [str(text).strip() for text in values[0].ravel()] if len(values) else []


def _first(value: Any) -> str:
    text = value[0] if isinstance(value, (list, tuple)) and value else value
    return " ".join(str(text).split()) if isinstance(text, str) else ""


def build_tree(known: Mapping[str, Product]) -> bytes:
    """Return the data tree of some parameters, in the form of AMDA's."""
    root = ET.Element("dataRoot", {XML_ID: "DATAROOT"})
    center = ET.SubElement(
        root, "dataCenter",
        {XML_ID: "myLocalData-treeRootNode", "name": "Local archive", "desc": "Local archive"},
    )  # fmt: skip
    places: dict[tuple[str, ...], ET.Element] = {}
    for product in known.values():
        _add_parameter(_dataset_node(center, places, product), product)
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def _dataset_node(
    center: ET.Element, places: dict[tuple[str, ...], ET.Element], product: Product
) -> ET.Element:
    about = product.holding.description
    node = center
    path: tuple[str, ...] = ()
    levels = [("mission", about.group, about.group)]
    if about.observatory != about.group:
        levels.append(("observatory", about.observatory, about.observatory_title))
    levels.append(("instrument", about.instrument, about.instrument_title))
    for tag, name, title in levels:
        path = (*path, name)
        if path not in places:
            ident = re.sub(r"\W+", "_", "_".join(path))
            attributes = {XML_ID: ident, "name": name, "desc": title or name}
            places[path] = ET.SubElement(node, tag, attributes)
        node = places[path]
    path = (*path, about.id)
    if path not in places:
        places[path] = ET.SubElement(node, "dataset", _dataset_attributes(product))
    return places[path]


def _dataset_attributes(product: Product) -> dict[str, str]:
    about, span = product.holding.description, product.holding.span
    ident = _DATASETS.get(about.id, about.id.lower().replace("_", "-"))
    modified = str(np.datetime64(product.holding.modified_ns, "ns").astype("M8[s]")) + "Z"
    attributes = {
        XML_ID: ident,
        "name": about.id,
        "desc": f"{about.title}<br/> Provider: local archive",
        "dataSource": "local archive",
        "lastUpdate": modified,
        "lastModificationDate": modified,
        "spaseId": about.spase_id,
        "measurement_type": " ".join(about.instrument_types),
        "processing_level": "Calibrated",
    }
    if span is not None:
        ends = (span.start_ns, span.stop_ns)
        start, stop = (str(np.datetime64(ns, "ns").astype("M8[s]")) for ns in ends)
        attributes |= {"dataStart": f"{start}Z", "dataStop": f"{stop}Z"}
    if product.restricted_after:
        attributes["timeRestriction"] = product.restricted_after
    return attributes


def _add_parameter(node: ET.Element, product: Product) -> None:
    meta = product.meta
    attributes = {
        XML_ID: product.id,
        "name": product.name,
        "units": _first(meta.get("UNITS")),
        "description": _first(meta.get("CATDESC")),
    }
    is_image = product.size > 1 and not product.columns
    display = _first(meta.get("DISPLAY_TYPE")).lower()
    if is_image and display.startswith("spectrogram"):
        attributes["display_type"] = "spectrogram"
    elif product.size > 1:
        attributes |= {"display_type": "timeseries", "size": str(product.size)}
    element = ET.SubElement(node, "parameter", attributes)
    for index, name in enumerate(product.columns):
        ET.SubElement(
            element, "component",
            {XML_ID: f"{product.id}({index})", "index1": str(index), "name": name},
        )  # fmt: skip


def file_of(product: Product, wanted: TimeRange) -> bytes:
    """Return the CDF of a parameter in ``[start, stop)``, its variable under AMDA's name.

    Raises
    ------
    ArchiveError
        No data, or too many.
    """
    last = TimeRange.from_ns(wanted.start_ns, max(wanted.start_ns + 1, wanted.stop_ns - 1))
    answer = product.holding.answer([product.variable], last, mangled=False)
    if answer.size > _MAX_BYTES:
        raise ArchiveError(f"the answer would hold {answer.size} bytes: ask for a shorter range")
    data = b"".join(answer.chunks())
    try:
        source = Source(data, answer.name)
    except SpeasyError:
        return data  # a damaged file is handed on as it is
    out = pycdfpp.CDF()
    source.copy_globals(out)
    renamed = {product.variable: product.id}
    for name in source:
        source.copy_variable(
            out, name, source.values(name), renamed=renamed.get(name), replace=renamed
        )
    return bytes(pycdfpp.save(out))
