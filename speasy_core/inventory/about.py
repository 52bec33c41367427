"""What a product is, in the same words for every archive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from speasy_core.product import ProductInfo

__all__ = ["about"]

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_FRAME = re.compile(
    r"(?<![A-Z])(GSE|GSM|GSEQ|SM|MAG|GEO|GEI|J2000|RTN|HCI|HEE|HEEQ|HAE|DBCS|DSL|ISR2|KSM|KSO|MSO|"
    r"MSM|VSO|JSE|JSO|IAU|ICRF|ECLIPJ2000)(?![A-Z])"
)
#: fact: attributes that hold it, the best first; compared without case and underscores
_FACTS = {
    "coordinates": ("coordinatesystem", "coordinatesystems", "frame", "coordinateframe"),
    "acknowledgement": ("acknowledgement", "acknowledgment", "acknowledgements", "credits"),
    "rules_of_use": ("rulesofuse", "datause", "accessrights", "termsofuse", "license"),
    "citation": ("citation", "howtocite"),
    "contact": ("contact", "piname", "dataproducer", "pi"),
    "processing": ("processinglevel", "datatype"),
    "spase_id": ("spaseid", "spasedatasetresourceid", "resourceid"),
}
_SHAPES = ("shape", "sizes", "size")
_LINKS = ("httplink", "url", "urls", "resourceurl", "mastercdf", "link", "links", "doi", "desc")


def about(info: ProductInfo, above: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the facts that are known of a product; what nobody says is left out.

    Parameters
    ----------
    info : ProductInfo
        The product.
    above : sequence of mapping
        Attributes of the nodes above it, the nearest first: most of them say for a whole data set
        who has to be thanked.

    Returns
    -------
    dict
        ``id``, ``description``, ``kind``, ``unit``, ``shape``, ``coverage``, ``cadence`` (s),
        ``coordinates``, ``acknowledgement``, ``rules_of_use``, ``links`` and more.

    Examples
    --------
    >>> facts = about(ProductInfo(("ACE", "b"), None, "vector", "B in GSE", "nT"))
    >>> facts["coordinates"], facts["shape"], facts["unit"]
    ('GSE', [3], 'nT')
    """
    metas = [_plain(meta) for meta in (info.meta, *above)]
    facts: dict[str, Any] = {
        "id": "" if info.ref is None else str(info.ref),
        "description": info.title,
        "kind": info.kind,
        "unit": info.unit,
        "shape": _shape(info, metas[0]),
        "coverage": info.coverage,
        "cadence": info.cadence,
    }
    for fact, names in _FACTS.items():
        facts[fact] = _first(metas, names)
    facts["coordinates"] = facts["coordinates"] or _frame(info)
    facts["links"] = _links(metas)
    return {key: value for key, value in facts.items() if value not in (None, "", [])}


def _plain(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("_", "").lower(): value for key, value in meta.items()}


def _first(metas: Iterable[Mapping[str, Any]], names: Iterable[str]) -> Any:
    for meta in metas:
        for name in names:
            value = meta.get(name)
            if isinstance(value, str):
                value = value.strip()
            if value not in (None, "", []):
                return value
    return None


def _shape(info: ProductInfo, meta: Mapping[str, Any]) -> list[int] | None:
    """Return the shape of one sample; empty, and left out, for a single number."""
    told = _first([meta], _SHAPES)
    sizes = re.findall(r"\d+", str(told)) if told is not None else []
    if sizes:
        return [] if sizes == ["1"] else [int(size) for size in sizes]
    parts = meta.get("components") or meta.get("labels") or meta.get("lablptr1")
    if isinstance(parts, (Mapping, list, tuple)) and parts:
        return [len(parts)]
    return [3] if info.kind == "vector" else None


def _frame(info: ProductInfo) -> str | None:
    """Return the frame that id or title name; what is one number has none."""
    if info.kind not in ("vector", "multicomponent"):
        return None
    name = info.path[-1] if info.path else ""
    for text in (name.upper().replace("_", " "), info.title.upper().replace("_", " "), name):
        found = _FRAME.search(text) or _FRAME.search(re.sub(r"(?<=[A-Z])(?=GS[EM])", " ", text))
        if found:
            return found[1]
    return None


def _links(metas: Iterable[Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for meta in metas:
        for name in _LINKS:
            value = meta.get(name)
            for text in value if isinstance(value, (list, tuple)) else [value]:
                if not isinstance(text, str):
                    continue
                found.update(dict.fromkeys(link.rstrip(".,;") for link in _LINK.findall(text)))
                if name == "doi" and (doi := _DOI.search(text)) and "//" not in text:
                    found[f"https://doi.org/{doi[0]}"] = None
    return list(found)
