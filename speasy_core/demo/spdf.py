"""SPDF's file tree: the catalogue of data sets, master files, and the data files themselves."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from urllib.parse import quote

import numpy as np

from speasy_core.timerange import TimeRange

from .holdings import ArchiveError, Holding, SourceFile
from .server import Reply, Request

__all__ = ["Archive"]

# where the real archive keeps data sets that are served under a plainer path too
_REAL_PLACES = {
    ("ace", "mag", "level_2_cdaweb", "mfi_h0"): "AC_H0_MFI",
    ("ace", "swepam", "level_2_cdaweb", "swe_h0"): "AC_H0_SWE",
    ("wind", "mfi", "mfi_h0"): "WI_H0_MFI",
    ("omni", "omni_cdaweb", "hro_1min"): "OMNI_HRO_1MIN",
}
_MASTERS = ("software", "cdawlib", "0MASTERS")


class Missing(ArchiveError):
    """No such file."""

    status = 404


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "other"


def _clock(ns: int) -> str:
    return str(np.datetime64(ns, "ns").astype("datetime64[s]")).replace("T", " ")


class Archive:
    """The tree below ``/pub``, and CDAWeb's ``/sp_phys/data``, which is ``/pub/data``.

    Parameters
    ----------
    holdings : mapping of str to Holding
        Data sets by id.
    """

    def __init__(self, holdings: Mapping[str, Holding]) -> None:
        self._holdings = holdings
        self._modified_ns = max((h.modified_ns for h in holdings.values()), default=0)
        self._by_folder = {self._folder(h): h for h in holdings.values()}

    @staticmethod
    def _folder(holding: Holding) -> tuple[str, str]:
        return _slug(holding.description.group), holding.description.id.lower()

    def path_of(self, holding: Holding, file: SourceFile) -> str:
        """Return where a data file is, below ``data``."""
        parts = [*self._folder(holding), file.name]
        if holding.description.subdivided == "%Y":
            parts.insert(2, str(file.span.start)[:4])
        return quote("/".join(parts))

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below ``/pub``."""
        match request.segments:
            case ["catalogs", "all.xml"]:
                body = self._catalogue(request.base)
                return Reply(200, "application/xml", body, modified_ns=self._modified_ns)
            case ["software", "cdawlib", "0MASTERS", *rest]:
                return self._masters(rest)
            case ["data", *rest]:
                return self._data(rest)
            case []:
                return _index("/pub", ["catalogs/", "data/", "software/"])
            case ["catalogs"]:
                return _index("/pub/catalogs", ["all.xml"])
            case [*rest] if tuple(rest) == _MASTERS[: len(rest)]:
                return _index("/pub/" + "/".join(rest), [f"{_MASTERS[len(rest)]}/"])
        raise Missing("/" + "/".join(request.segments))

    def _masters(self, rest: list[str]) -> Reply:
        if rest == ["master.tar"]:
            return Reply(200, "application/x-tar", self._tar, modified_ns=self._modified_ns)
        named = {h.master_name: h for h in self._holdings.values() if h.master_name}
        if not rest:
            return _index("/pub/software/cdawlib/0MASTERS", [*named, "master.tar"])
        holding = named.get(rest[0]) if len(rest) == 1 else None
        if holding is None:
            raise Missing("/".join(rest))
        return Reply(200, "application/x-cdf", holding.master(), modified_ns=holding.modified_ns)

    @cached_property
    def _tar(self) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for holding in self._holdings.values():
                if holding.master_name is None:
                    continue
                body = holding.master()
                entry = tarfile.TarInfo(holding.master_name)
                entry.size, entry.mtime = len(body), holding.modified_ns // 1_000_000_000
                tar.addfile(entry, io.BytesIO(body))
        return stream.getvalue()

    def _data(self, rest: list[str]) -> Reply:
        here = "/pub/data/" + "/".join(rest)
        for real, name in _REAL_PLACES.items():
            if tuple(rest[: len(real)]) == real and name in self._holdings:
                rest = [*self._folder(self._holdings[name]), *rest[len(real) :]]
        match rest:
            case []:
                return _index(here, sorted({f"{group}/" for group, _ in self._by_folder}))
            case [group]:
                inside = [f"{name}/" for g, name in self._by_folder if g == group]
                if inside:
                    return _index(here, inside)
            case [group, name, *below] if (group, name) in self._by_folder:
                return self._dataset(self._by_folder[group, name], below, here)
        raise Missing(here)

    def _dataset(self, holding: Holding, below: list[str], here: str) -> Reply:
        yearly = holding.description.subdivided == "%Y"
        span = holding.span
        if yearly and not below and span is not None:
            first, last = str(span.start)[:4], str(span.stop)[:4]
            return _index(here, [f"{y}/" for y in range(int(first), int(last) + 1)])
        wanted = None
        if yearly:
            year = below[0] if below else ""
            if not re.fullmatch(r"(19|20)\d\d", year):
                raise Missing(here)
            wanted = TimeRange(f"{year}-01-01", f"{int(year) + 1}-01-01")
            below = below[1:]
        files = {f.name: f for f in holding.files(wanted)}
        if not below:
            if not files:
                raise Missing(here)
            return _index(here, files, files)
        chunks = holding.read_file(below[0]) if len(below) == 1 and below[0] in files else None
        if chunks is None:
            raise Missing(here)
        file = files[below[0]]
        return Reply(
            200, "application/x-cdf", chunks=chunks, size=file.size, modified_ns=file.modified_ns
        )

    def _catalogue(self, base: str) -> bytes:
        items = "".join(_element(h, base, self._folder(h)) for h in self._holdings.values())
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<sites xmlns="cdas">\n'
            '<datasite ID="CDAWeb_HTTPS" serviceprovider_ID="CDAWeb_HTTPS">\n'
            f"{items}</datasite>\n</sites>\n"
        ).encode()


def _attributes(**values: str) -> str:
    # XML takes no control characters
    plain = {
        k: " ".join("".join(c if c >= " " else " " for c in v).split()) for k, v in values.items()
    }
    return "".join(f' {k}="{escape(v)}"' for k, v in plain.items())


def _named(tag: str, name: str, title: str) -> str:
    return (
        f"<{tag}{_attributes(ID=name, nssdc_ID='None', serviceprovider_ID=name)}>"
        f"<description{_attributes(short=title)}/></{tag}>\n"
    )


def _element(holding: Holding, base: str, folder: tuple[str, str]) -> str:
    d, span = holding.description, holding.span
    times: dict[str, str] = {}
    if span is not None:
        times = {
            "timerange_start": _clock(span.start_ns),
            "timerange_stop": _clock(span.stop_ns - 1),
        }
    kinds = "".join(
        f"<instrument_type{_attributes(ID=k, serviceprovider_ID=k)}/>\n" for k in d.instrument_types
    )
    master = ""
    if holding.master_name is not None:
        url = f"{base}/spdf/pub/{'/'.join(_MASTERS)}/{quote(holding.master_name)}"
        master = f"<mastercdf{_attributes(ID=url, serviceprovider_ID=url)}/>\n"
    access = dict(protocol="http", subdividedby=d.subdivided, **times)
    if d.file_naming:
        access = {"filenaming": d.file_naming, **access}
    producer = _attributes(name=d.pi_name, affiliation=d.pi_affiliation, title="None")
    ids = _attributes(ID=f"{d.id.lower()}_cdaweb", nssdc_ID="None", serviceprovider_ID=d.id)
    return (
        f"<dataset{ids}{_attributes(**times)}>\n"
        f"{_named('mission_group', d.group, d.group)}"
        f"{_named('observatory', d.observatory, d.observatory_title)}"
        f"{_named('instrument', d.instrument, d.instrument_title)}"
        f"{kinds}"
        f"<data_producer{producer}/>\n"
        f"<description{_attributes(short=d.title)}/>\n"
        f"{master}"
        f"<access{_attributes(**access)}><URL>"
        f"{escape(base + '/spdf/pub/data/' + '/'.join(folder))}</URL></access>\n"
        "<other_info/>\n"
        "</dataset>\n"
    )


def _index(path: str, names: Iterable[str], files: Mapping[str, SourceFile] | None = None) -> Reply:
    """Return a folder's page the way Apache writes it."""
    rows = ['<tr><td><a href="../">Parent Directory</a></td><td></td><td>-</td></tr>']
    for name in names:
        file = files.get(name) if files else None
        age, size = (_clock(file.modified_ns)[:16], str(file.size)) if file else ("", "-")
        rows.append(
            f'<tr><td><a href="{escape(quote(name))}">{escape(name)}</a></td>'
            f'<td align="right">{age}</td><td align="right">{size}</td></tr>'
        )
    title = f"Index of {escape(path.rstrip('/'))}"
    page = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n'
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1><table>\n"
        "<tr><th>Name</th><th>Last modified</th><th>Size</th></tr>\n"
        + "\n".join(rows)
        + "\n</table></body></html>\n"
    )
    return Reply(200, "text/html;charset=UTF-8", page.encode())
