"""What is neither a codec nor behind a provider's address: local files, and single documents."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tarfile
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from speasy_core import codecs
from speasy_core.cache import Cache
from speasy_core.codecs._hapi_info import parse_info
from speasy_core.config import Settings
from speasy_core.errors import CacheWarning, OfflineError
from speasy_core.http import Deadline, Response
from speasy_core.inventory import Inventory, Node
from speasy_core.inventory.db import FILE_NAME, IndexDb
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.providers._amda_tree import read_events_list
from speasy_core.providers._archive_entry import read_entries
from speasy_core.providers._cda_masters import iter_masters
from speasy_core.providers._csa_tar import iter_files
from speasy_core.providers._ssc_answers import read_locations, read_observatories
from speasy_core.providers._uiowa_answers import read_table
from speasy_core.store import MemoryStore
from speasy_core.store.blob import Blob, write_blob
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable
from tests.codec_samples import SAMPLES

from .target import Seed, Target, ToldError, real

__all__ = ["document_targets"]

_TOML = b"""\
# settings as people write them
timeout = 60.0
view_timeout = 10
cache_size = 20_000_000_000
offline = false
hapi_public = true
cda_url = "https://cdaweb.gsfc.nasa.gov"
amda_user = "me"
amda_password = "secret"

[hapi_servers]
mine = "https://example.org/hapi"
"""

_YAML = b"""\
# two data sets, one with all there is
omni_hro_1min:
  inventory_path: SPDF/OMNI
  master_cdf: http://127.0.0.1:9/omni_hro_1min_00000000_v01.cdf
  split_rule: regular
  split_frequency: monthly
  url_pattern: http://127.0.0.1:9/omni/{Y}/omni_hro_1min_{Y}{M:02d}01_v01.cdf
  use_file_list: true
wi_h0_mfi: &base
  inventory_path: SPDF/Wind
  master_cdf: http://127.0.0.1:9/wi_h0_mfi_00000000_v01.cdf
  split_rule: random
  split_frequency: daily
  url_pattern: http://127.0.0.1:9/wind/{Y}/
  fname_regex: 'wi_h0_mfi_(?P<start>\\d{8})_v(?P<version>\\d+).cdf'
"""


class _Silent:
    """A provider of which only what was kept is known."""

    name, title, source = "cda", "Kept", "http://kept"
    max_request_ns = None
    options: frozenset[str] = frozenset()
    cachable = True

    def inventory(self, **_: object) -> InventoryUpdate | None:
        raise OfflineError("nobody is asked", source=FILE_NAME)

    def fetch(self, *_: object, **__: object) -> object:
        raise OfflineError("nobody is asked", source=FILE_NAME)


# -- settings and descriptions of archives -------------------------------------------------------
def _settings(data: bytes, seed: Seed, proven: bool) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        path.write_bytes(data)
        return Settings.load(path, environ={})


def _entries(data: bytes, seed: Seed, proven: bool) -> object:
    entries, mistakes, notes = read_entries(data.decode("utf-8", "replace"), seed.name)
    for mistake in mistakes:
        assert mistake.source
    if mistakes:
        raise mistakes[0]
    if notes:
        raise ToldError(notes[0], source=seed.name)
    return [repr(entry) for entry in entries]


# -- snapshot of the inventory -------------------------------------------------------------------
def _snapshot() -> Sequence[Seed]:
    records = [
        ProductInfo(("ACE", "MFI", f"S{i // 4}", f"b{i}"), ProductRef("cda", f"S{i // 4}/b{i}"),
                    "vector", f"Field {i}", "nT", None, 16.0, {"CATDESC": f"field number {i}"})
        for i in range(40)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE_NAME
        db = IndexDb(path)
        db.replace("cda", "http://kept", InventoryUpdate("v1", records), 4e9)
        db.close()
        with closing(sqlite3.connect(path)) as plain:
            plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [Seed(FILE_NAME, path.read_bytes())]


def _walk(node: Node, depth: int = 0) -> list[object]:
    if depth > 10:
        raise RecursionError("the tree has a loop")
    found: list[object] = [node.name, node.title, node.unit, str(node.ref), node.kind, node.cadence]
    found.append(dict(node.meta))
    return [*found, *(_walk(child, depth + 1) for child in node.children())]


def _read_snapshot(data: bytes, seed: Seed, proven: bool) -> object:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE_NAME).write_bytes(data)
        inventory = Inventory(folder, {"cda": _Silent()}, Settings(offline=True))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                found = [_walk(inventory.tree["cda"]), [str(n.ref) for n in inventory.find("b7")]]
            except OfflineError as error:
                raise ToldError("there is no snapshot any more", source=FILE_NAME) from error
            finally:
                inventory.close()
        told = [w for w in said if issubclass(w.category, CacheWarning)]
        if told:
            raise ToldError(str(told[0].message), source=FILE_NAME)
        return found


# -- stored arrays -------------------------------------------------------------------------------
def _blob() -> Sequence[Seed]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.blob"
        time = np.arange(60, dtype=np.int64)
        write_blob(path, {"unit": "nT"}, {"time": time, "values": np.ones((60, 3), "f4")})
        return [Seed("a.blob", path.read_bytes())]


def _read_blob(data: bytes, seed: Seed, proven: bool) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.blob"
        path.write_bytes(data)
        blob = Blob(path)
        return [dict(blob.meta), *(blob.rows(name, 0, 10**9) for name in blob.names())]


# -- bundles to share ----------------------------------------------------------------------------
_SPAN = TimeRange("2020-01-01", "2020-01-02")


def _bundle() -> Sequence[Seed]:
    time = np.arange(_SPAN.start_ns, _SPAN.stop_ns, 1800 * 10**9)
    values = np.arange(3.0 * len(time)).reshape(-1, 3)
    variable = SpeasyVariable(time, values, columns=["x", "y", "z"], unit="nT", name="b")
    cache = Cache(MemoryStore(), Settings())
    try:
        cache.get("p/x", _SPAN, lambda span, since: Fetched(variable, "v1"), deadline=Deadline(10))
        with tempfile.TemporaryDirectory() as folder:
            return [Seed("bundle.zip", cache.export(Path(folder) / "bundle.zip").read_bytes())]
    finally:
        cache.close()


def _refuse(span: TimeRange, since: str | None) -> Fetched:
    raise OfflineError("nobody is asked", source="bundle.zip")


def _import_bundle(data: bytes, seed: Seed, proven: bool) -> object:
    cache = Cache(MemoryStore(), Settings())
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / seed.name
            path.write_bytes(data)
            keys = cache.import_(path)
        return keys, cache.get("p/x", _SPAN, _refuse, deadline=Deadline(10), offline=True)
    finally:
        cache.close()


# -- archives of files ---------------------------------------------------------------------------
def _tar(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(f"folder/{name}")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _tars() -> Sequence[Seed]:
    small = _tar(a_cdf=b"first", b_cdf=b"second" * 100)
    files = {"a.cdf": SAMPLES["cdf"](20), "b.cef": SAMPLES["cef"](20)}
    return [Seed("small.tar", small[:3072]), Seed("two.tar", _tar(**files))]


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def _read_tar(data: bytes, seed: Seed, proven: bool) -> object:
    found: list[object] = []
    for name, body in iter_files(data, source=seed.name):
        found += [name, body]
        if len(body) > 1000:
            found.append(codecs.read(body, source=name))
    return found


def _read_masters(data: bytes, seed: Seed, proven: bool) -> object:
    return list(iter_masters(data, source=seed.name))


# -- documents of servers, as recorded -----------------------------------------------------------
def _hapi_info(data: bytes, seed: Seed, proven: bool) -> object:
    return parse_info(Response(200, body=data, url="http://h/info").json(), seed.name)


def _hapi_infos() -> Sequence[Seed]:
    parameters = [
        {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24},
        {"name": "flux", "type": "double", "units": ["a", "b"], "fill": "-1e31", "size": [2],
         "label": ["x", "y"], "bins": [{"name": "energy", "units": "eV", "centers": [1, 2]}]},
    ]  # fmt: skip
    made = {"HAPI": "3.0", "startDate": "2020-01-01Z", "stopDate": "2021-01-01Z",
            "cadence": "PT1M", "parameters": parameters}  # fmt: skip
    return [Seed("info.json", json.dumps(made).encode()),
            *real("cda/hapi_meta/*.json")]  # fmt: skip


def _parser(read: Callable[[bytes, str], object]) -> Callable[[bytes, Seed, bool], object]:
    return lambda data, seed, proven: read(data, seed.name)


def _only(*patterns: str) -> Callable[[], Sequence[Seed]]:
    return lambda: real(*patterns)


def document_targets() -> list[Target]:
    """Return targets whose files are made here, and those that have recorded ones only."""
    always = lambda data, length: True  # noqa: E731 - people write these; they have no end mark
    made = [
        Target("settings, TOML", _settings, lambda: [Seed("settings.toml", _TOML)], always),
        Target("archives, YAML", _entries, lambda: [Seed("archives.yaml", _YAML)], always),
        Target("inventory snapshot", _read_snapshot, _snapshot),
        Target("stored arrays", _read_blob, _blob, checked=True),
        Target("bundle, ZIP", _import_bundle, _bundle, checked=True),
        Target("tar", _read_tar, _tars),
        Target("tar in gzip", _read_tar, lambda: [Seed(s.name, _gzip(s.data)) for s in _tars()],
               checked=True),
        Target("tar in sound gzip", _read_tar, _tars, wrap=_gzip, exhaustive=0),
        Target("masters, tar", _read_masters, _tars),
        Target("HAPI info, JSON", _hapi_info, _hapi_infos),
    ]  # fmt: skip
    recorded = [
        Target("AMDA lists, XML",
               _parser(lambda data, name: read_events_list(data, source=name, root=("x",))),
               _only("get_catalogs_xml_tree.xml", "user_*_tree.xml")),
        Target("SSC observatories, XML",
               _parser(lambda data, name: read_observatories(data, source=name)),
               _only("sscweb_observatories.xml")),
        Target("SSC locations, XML",
               _parser(lambda data, name: read_locations(data, "moon", source=name)),
               _only("sscweb_trajectory.xml")),
        Target("Iowa table, text",
               _parser(lambda data, name: read_table(data.decode("utf-8", "replace"), source=name)),
               _only("uiowa_eph_tool_sample*.csv"), always),
    ]  # fmt: skip
    return made + [target for target in recorded if target.make()]
