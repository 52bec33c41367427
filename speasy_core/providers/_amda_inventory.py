"""AMDA's inventory: the documents it is made of, each behind an address of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from speasy_core.errors import Cancelled, MissingCredentials, SpeasyError
from speasy_core.http import Deadline
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.secret import Secret

from ._amda_service import AmdaService
from ._amda_tree import read_events_list, read_tree

__all__ = ["gather", "public_tree"]

_TREE = "getObsDataTree.php"
_LISTS = (("getTimeTablesList.php", "TimeTables"), ("getCatalogsList.php", "Catalogs"))


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the documents."""

    endpoint: str
    root: tuple[str, ...]
    parameters: Mapping[str, str | Secret]
    required: bool = False

    def read(self, data: bytes, source: str) -> list[ProductInfo]:
        """Return the records of the document, which are all below `root`."""
        if self.endpoint == _TREE:
            return read_tree(data, source=source, root=self.root[0])
        return read_events_list(data, source=source, root=self.root)


_PUBLIC = _Source(_TREE, ("Parameters",), {"templateInfo": "True"}, True)


def _sources(login: Mapping[str, str | Secret]) -> list[_Source]:
    sources = [_PUBLIC, *(_Source(page, (n, f"Shared{n}"), {}) for page, n in _LISTS)]
    if login:
        sources += [_Source(page, (n, f"My{n}"), login) for page, n in _LISTS]
        sources.append(_Source("getParameterList.php", ("DerivedParameters",), login))
        private = {"privateOnly": "True", **login}
        sources.append(_Source(_TREE, ("PrivateParameters",), private))
    return sources


def public_tree(service: AmdaService, deadline: Deadline) -> list[ProductInfo]:
    """Return the tree that everybody sees."""
    answer = service.listing(_PUBLIC.endpoint, _PUBLIC.parameters, deadline)
    return _PUBLIC.read(answer.body, _PUBLIC.endpoint)


def gather(
    service: AmdaService, *, deadline: Deadline, since: str | None
) -> InventoryUpdate | None:
    """Return the whole inventory, or None when the documents are those of version `since`.

    Parameters
    ----------
    service : AmdaService
        With credentials the user's own lists are added.
    deadline : Deadline
        For all documents.
    since : str or None
        Version at hand.

    Raises
    ------
    ServerError, UnexpectedContent
        The tree of public parameters cannot be had. Where another list is missing, a warning of
        the result says so.
    """
    bodies: list[tuple[_Source, bytes]] = []
    warnings: list[str] = []
    missing: list[tuple[str, ...]] = []
    digest = blake2b(digest_size=16)  # the documents are written anew for each request: no dates
    for source in _sources(service.login):
        try:
            answer = service.listing(source.endpoint, source.parameters, deadline)
        except SpeasyError as error:
            if source.required or isinstance(error, Cancelled) or not deadline.left():
                raise
            warnings.append(_warning(service, source, error))
            if not _is_refused(error):  # what was another's, or is not shown any more, goes
                missing.append(source.root)
            digest.update(f"{source.endpoint} missing\n".encode())
            continue
        bodies.append((source, answer.body))
        digest.update(f"{source.endpoint} {len(answer.body)}\n".encode())
        digest.update(answer.body)
    version = digest.hexdigest()
    if version == since:
        return None
    records: list[ProductInfo] = []
    for source, body in bodies:
        deadline.check("reading the inventory of AMDA")
        try:
            records += source.read(body, source.endpoint)
        except SpeasyError as error:
            if source.required:
                raise
            warnings.append(_warning(service, source, error))
            missing.append(source.root)
    return InventoryUpdate(version, _once(records), tuple(warnings), tuple(missing))


def _is_refused(error: SpeasyError) -> bool:
    return isinstance(error, MissingCredentials) or getattr(error, "status", None) in (401, 403)


def _warning(service: AmdaService, source: _Source, error: SpeasyError) -> str:
    whose = "the user's own part of " if "userID" in source.parameters else ""
    return f"{whose}{source.endpoint} is left out: {service.mask(error.message)}"


def _once(records: Iterable[ProductInfo]) -> list[ProductInfo]:
    """Return the records without those that come again: a user's lists may repeat the shared."""
    refs: set[ProductRef] = set()
    paths: set[tuple[str, ...]] = set()
    out = []
    for record in records:
        if record.path in paths or (record.ref is not None and record.ref in refs):
            continue
        paths.add(record.path)
        if record.ref is not None:
            refs.add(record.ref)
        out.append(record)
    return out
