"""A bundle: what the cache holds of some products, as one file to share and to cite.

A ZIP file that anybody can read without this package::

    README.txt        what this is, and how to read it
    CITATION.txt      whom to thank: servers, versions, dates, acknowledgements
    manifest.json     {"format", "version", "created", "software", "products": [...]}
    manifest.sha256   checksum of the manifest, which holds those of all else
    data/<n>/<m>/time.npy, values.npy, axis0.npy ...

A product in the manifest has its ``key`` (``provider/path``, with ``?options``), ``about`` and
``pieces``; a piece has ``start``, ``stop`` (ns since 1970, half-open), ``state``, ``version``,
``agrees``, ``request``, ``received``, ``checked`` (seconds since 1970), ``labels`` and ``arrays``:
name to ``file``, ``bytes`` and ``sha256``. Writing is here, reading in `unbundle`.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

import numpy as np

from speasy_core.errors import OfflineError
from speasy_core.timerange import TimeRange, format_ns
from speasy_core.variable import SpeasyVariable

from . import fragments as frag
from .keeper import Keeper
from .serial import describe

__all__ = ["CITATION", "FORMAT", "MANIFEST", "README", "SEAL", "VERSION", "write_bundle"]

FORMAT, VERSION = "speasy-data-bundle", 1
README, CITATION = "README.txt", "CITATION.txt"
MANIFEST, SEAL = "manifest.json", "manifest.sha256"

# attributes of a data set, in lower case, that say how to cite it
_CREDITS = (
    "title", "logical_source_description", "pi_name", "pi_affiliation", "doi", "data_version",
    "acknowledgement", "acknowledgment", "rules_of_use", "http_link", "link_text", "synthetic",
)  # fmt: skip

_README = """\
Measurements of space physics, as archives delivered them
==========================================================

Made {created} by {software}. CITATION.txt says whom to thank.

Read with speasy_core:

    import speasy_core as spz
    spz.cache.import_("{name}")
    with spz.offline():
        v = spz.get_data("{product}", "{start}", "{stop}")

Read with anything else: manifest.json lists the products and their pieces in time. Each piece has
arrays in NumPy's .npy format: time.npy (int64, nanoseconds since 1970-01-01 UTC), values.npy (first
dimension: time), and axis0.npy ... for spectrograms. Units, columns and metadata are in "labels".
manifest.sha256 is the SHA-256 of manifest.json, which has the SHA-256 of every array.
"""


class _Hashing:
    """A file that counts and hashes what is written to it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.sha256 = hashlib.sha256()
        self.bytes = 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.sha256.update(view)
        self.bytes += len(view)
        return self._out.write(view)


def write_bundle(keeper: Keeper, file: Path, wanted: Mapping[str, Sequence[TimeRange]]) -> None:
    """Write what is kept of some keys in some ranges.

    Parameters
    ----------
    keeper : Keeper
    file : Path
        Appears when it is whole, in the place of a file of that name.
    wanted : mapping of str to sequence of TimeRange
        Keys of the cache and ranges.

    Raises
    ------
    OfflineError
        Nothing of it is kept.
    OSError
        The file cannot be written.
    """
    temporary = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            products = [
                product
                for number, (key, spans) in enumerate(sorted(wanted.items()))
                if (product := _write_product(keeper, bundle, number, key, spans))["pieces"]
            ]
            if not products:
                raise OfflineError(
                    "nothing of this is in the cache", hint="get_data() it first, then export"
                )
            _write_texts(bundle, products, file.name)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _write_product(
    keeper: Keeper, bundle: zipfile.ZipFile, number: int, key: str, spans: Sequence[TimeRange]
) -> dict[str, Any]:
    product: dict[str, Any] = {"key": key, "about": {}, "pieces": []}
    known = keeper.fragments(key)
    for fragment in [f for span in spans for f in frag.overlapping(known, span)]:
        variable = keeper.read(key, fragment)
        if variable is None:
            continue
        product["about"] = product["about"] or _about(variable)
        labels, arrays = describe(variable)
        place = f"data/{number}/{len(product['pieces'])}"
        written = {}
        for name, array in arrays.items():
            member = f"{place}/{name}.npy"
            with bundle.open(member, "w", force_zip64=True) as out:
                hashing = _Hashing(out)
                np.lib.format.write_array(hashing, np.asarray(array), allow_pickle=False)
            digest = hashing.sha256.hexdigest()
            written[name] = {"file": member, "bytes": hashing.bytes, "sha256": digest}
        (entry,) = frag.to_entries([fragment])
        kept = {k: v for k, v in entry.items() if k not in ("blob", "size")}
        product["pieces"].append({**kept, "labels": labels, "arrays": written})
    return product


def _about(variable: SpeasyVariable) -> dict[str, str]:
    """Return what the archive says of a product and how to cite it."""
    meta = variable.meta
    dataset = meta.get("dataset")
    credits = (
        {str(k).lower(): v for k, v in dataset.items()} if isinstance(dataset, Mapping) else {}
    )
    about = {"description": _text(meta.get("CATDESC", ""))}
    about |= {name: _text(credits[name]) for name in _CREDITS if name in credits}
    return {name: text for name, text in about.items() if text}


def _text(value: Any) -> str:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return " ".join(str(part).strip() for part in parts).strip()


def _write_texts(bundle: zipfile.ZipFile, products: Sequence[Mapping[str, Any]], name: str) -> None:
    created, software = frag.iso(time.time()), _software()
    first = products[0]
    readme = _README.format(
        created=created, software=software, name=name, product=first["key"].partition("?")[0],
        start=format_ns(first["pieces"][0]["start"]), stop=format_ns(first["pieces"][-1]["stop"]),
    )  # fmt: skip
    bundle.writestr(README, readme)
    bundle.writestr(CITATION, "\n\n".join(map(_citation, products)) + "\n")
    manifest = {
        "format": FORMAT, "version": VERSION, "created": created, "software": software,
        "products": products,
    }  # fmt: skip
    data = json.dumps(manifest, indent=1).encode()
    bundle.writestr(MANIFEST, data)
    bundle.writestr(SEAL, f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n")


def _software() -> str:
    try:
        return f"speasy_core {version('sciqlop-lab')}"
    except PackageNotFoundError:  # run from its source
        return "speasy_core"


def _citation(product: Mapping[str, Any]) -> str:
    pieces = product["pieces"]
    received = [piece["received"] for piece in pieces]
    versions = sorted({str(piece["version"]) for piece in pieces if piece["version"]})
    requests = list(dict.fromkeys(piece["request"] for piece in pieces if piece["request"]))
    lines = [
        product["key"],
        f"  range: {format_ns(pieces[0]['start'])} to {format_ns(pieces[-1]['stop'])}",
        f"  server: {product['key'].partition('/')[0]}",
        f"  received: {frag.iso(min(received))} to {frag.iso(max(received))}",
    ]
    lines += [f"  version: {version}" for version in versions]
    lines += [f"  request: {request}" for request in requests[:3]]
    lines += [f"  {name}: {' '.join(text.split())}" for name, text in product["about"].items()]
    return "\n".join(lines)
