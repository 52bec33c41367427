"""What one HAPI server offers, as records of the inventory."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from speasy_core.codecs._hapi_build import empty, meta_of
from speasy_core.codecs._hapi_info import Info, Parameter
from speasy_core.errors import Cancelled, ServerError, SpeasyError
from speasy_core.http import Deadline
from speasy_core.product import Kind, ProductInfo, ProductRef

from ._hapi_client import HapiClient, coverage, duration_ns

__all__ = ["all_failed", "digest", "marks_of", "read_server", "unchanged", "version_of"]

# above this a server's list would take thousands of requests: its data sets are listed alone
_MAX_INFOS = 200
_PARALLEL = 4


def read_server(client: HapiClient, deadline: Deadline) -> tuple[list[ProductInfo], list[str]]:
    """Return the records of one server, and what is missing from them.

    A server with few data sets, or one that describes all of them in one answer, is listed down
    to its parameters; of the others the data sets alone are.

    Parameters
    ----------
    client : HapiClient
        The server.
    deadline : Deadline
        When descriptions are not complete by then, the data sets without one are listed alone.

    Raises
    ------
    ServerError
        Its list of data sets cannot be had.
    """
    listed = client.catalog(deadline)
    infos, problems = _infos(client, listed, deadline)
    server = client.server
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    about = {"url": server.url, "contact": server.contact, "received": now}
    records = [ProductInfo((server.name,), None, "folder", server.title, meta=about)]
    for item in listed:
        records += _dataset(server.name, item, infos.get(item["id"]))
    warnings = []
    if problems:
        name, reason = next(iter(problems.items()))
        warnings.append(
            f"{server.name}: the parameters of {len(problems)} data sets are not known "
            f"({name}: {reason})"
        )
    return records, warnings


def _infos(
    client: HapiClient, listed: Sequence[Mapping[str, Any]], deadline: Deadline
) -> tuple[dict[str, Info], dict[str, str]]:
    """Return the descriptions by data set, and why others could not be had."""
    found: dict[str, Info] = {}
    problems: dict[str, str] = {}
    missing: list[str] = []
    for item in listed:
        if "info" not in item:
            missing.append(item["id"])
            continue
        try:
            found[item["id"]] = client.keep_info(item["id"], item["info"])
        except SpeasyError as error:
            problems[item["id"]] = error.message
    if len(missing) > _MAX_INFOS:
        return found, problems

    def load(name: str) -> Info | SpeasyError:
        try:
            return client.info(name, deadline)
        except Cancelled:
            raise
        except SpeasyError as error:  # one data set that is wrong is no reason to lose the rest
            return error

    with ThreadPoolExecutor(_PARALLEL, "hapi-info") as pool:
        for name, info in zip(missing, pool.map(load, missing), strict=True):
            if isinstance(info, Info):
                found[name] = info
            else:
                problems[name] = info.message
    return found, problems


def _dataset(server: str, item: Mapping[str, Any], info: Info | None) -> Iterable[ProductInfo]:
    name = item["id"]
    path = (server, name)
    told = {} if info is None else {k.removeprefix("x_"): v for k, v in info.meta.items()}
    title = item.get("title") or told.get("description") or ""
    span = None if info is None else coverage(info.meta)
    step = duration_ns(told.get("cadence"))
    cadence = None if step is None else step / 1e9
    yield ProductInfo(
        path, ProductRef("hapi", f"{server}/{name}"), "dataset", str(title).strip(),
        coverage=span, cadence=cadence, meta=_json(told),
    )  # fmt: skip
    if info is None:
        return
    seen = set()
    for parameter in info.parameters[1:]:
        if not parameter.name or parameter.name in seen:
            continue
        seen.add(parameter.name)
        meta = {**meta_of(parameter, np.dtype("f8" if parameter.type == "double" else "i4"))}
        if parameter.size:
            meta["SHAPE"] = list(parameter.size)
        yield ProductInfo(
            (*path, parameter.name),
            ProductRef("hapi", f"{server}/{name}/{parameter.name}"),
            _kind(parameter, info),
            str(meta.get("CATDESC", "")),
            str(meta.get("UNITS", "")),
            span,
            cadence,
            _json(meta),
        )


def _kind(parameter: Parameter, info: Info) -> Kind:
    if parameter.type in ("string", "isotime"):
        return "unknown"  # data to read, and nothing to draw
    return cast(Kind, empty(info, parameter.name, "info").kind)


def _json(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if _fits(value)}


def _fits(value: Any) -> bool:
    """Whether JSON has this value."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and _fits(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(_fits, value))
    return isinstance(value, (str, int))


def digest(records: Iterable[ProductInfo]) -> str:
    """Return what changes when a server's records do."""
    sums = hashlib.sha256()
    for r in records:
        meta = {key: value for key, value in r.meta.items() if key != "received"}
        line = [r.path, r.kind, r.title, r.unit, str(r.coverage), r.cadence, meta]
        sums.update(json.dumps(line, sort_keys=True).encode())
    return sums.hexdigest()[:16]


def version_of(marks: Mapping[str, str]) -> str:
    """Return the version of an inventory from the digest of each server's part."""
    return " ".join(f"{server}:{mark}" for server, mark in sorted(marks.items()))


def marks_of(version: str) -> dict[str, str]:
    """Return the digests that a version is made of."""
    pairs = (item.rpartition(":") for item in version.split())
    return {server: mark for server, _, mark in pairs}


def unchanged(marks: Mapping[str, str], before: Mapping[str, str], failed: Any) -> bool:
    """Return whether servers have what they had; those that failed do not count."""
    same = all(before.get(server) == mark for server, mark in marks.items())
    return same and (bool(failed) or before.keys() == marks.keys())


def all_failed(failed: Mapping[str, SpeasyError]) -> SpeasyError:
    """Return the one error of several servers of which none answered."""
    errors = list(failed.values())
    if len(errors) == 1:
        return errors[0]
    return ServerError(
        f"none of the {len(errors)} HAPI servers answered; the first: {errors[0].message}",
        hint="is there a network?",
    )
