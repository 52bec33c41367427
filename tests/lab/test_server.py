"""The inventory over REST: what the page may ask, and what it is told when it may not."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("jupyter_server")
pytest.importorskip("pytest_jupyter")

from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from sciqlop_lab import _jupyter_labextension_paths, _jupyter_server_extension_points, server
from sciqlop_lab._inventory_service import InventoryService
from speasy_core.config import Settings
from speasy_core.errors import ConfigError, ServerUnreachable
from speasy_core.http import Deadline, HttpClient
from speasy_core.inventory import Inventory
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.timerange import TimeRange

pytest_plugins = ["pytest_jupyter.jupyter_server"]

HOSTILE = "<script>alert('%s')</script>"
LOG = logging.getLogger(__name__)


class Toy:
    """An archive with one data set; down when told so."""

    name = "toy"
    title = "Toy archive"
    max_request_ns = None
    options = frozenset()
    cachable = True

    def __init__(self):
        self.failure = None
        self.asked = 0

    def inventory(self, *, deadline, since=None):
        self.asked += 1
        if self.failure:
            raise self.failure
        products = {
            "field": ("vector", "nT", "magnetic field"),
            "density": ("scalar", "cm^-3", HOSTILE),
        }
        records = [
            ProductInfo(
                ("SAT", "MAG", name),
                ProductRef("toy", f"MAG/{name}"),
                kind,
                title=title,
                unit=unit,
                coverage=TimeRange("2015-01-01", "2015-02-01T00:00:00.123456789"),
                cadence=4.5,
                meta={"FILLVAL": float("nan"), "VALIDMIN": [-1.0, float("inf")], "CATDESC": title},
            )
            for name, (kind, unit, title) in products.items()
        ]
        return InventoryUpdate("v1", records)


class Nothing(Toy):
    """An archive that has nothing, as the functions of a process that has none."""

    name = "nothing"

    def inventory(self, *, deadline, since=None):
        return InventoryUpdate("v1", [])


class Held:
    """A session as far as the service knows one."""

    def __init__(self, inventory, providers):
        self.inventory, self.providers, self.settings = inventory, providers, Settings()

    def change(self, _provider, **settings):
        self.settings = self.settings.with_(**settings)

    def close(self):
        pass


@pytest.fixture
def toy():
    return Toy()


@pytest.fixture
def service(toy):
    providers = {"toy": toy, "nothing": Nothing()}
    inventory = Inventory(None, providers, Settings())
    inventory.refresh()
    session = Held(inventory, providers)
    yield InventoryService(LOG, lambda: session)
    inventory.close()


@pytest.fixture
def api(jp_serverapp, jp_fetch, service):
    """Call the API; returns the status and the decoded answer."""
    server._load_jupyter_server_extension(jp_serverapp, service)

    async def call(path, *, method="GET", body=None, params=None, headers=None):
        try:
            answer = await jp_fetch(
                "sciqlop-lab",
                "api",
                path,
                method=method,
                body=body,
                params=params or {},
                headers=headers or {},
            )
        except HTTPClientError as error:
            answer = error.response
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.code, json.loads(answer.body)

    return call


async def test_the_tree_comes_level_by_level(api):
    status, roots = await api("nodes")
    assert status == 200
    assert [(n["name"], n["title"], n["has_children"]) for n in roots["nodes"]] == [
        ("toy", "Toy archive", True)
    ]
    parent, names = roots["nodes"][0]["id"], []
    for _ in range(2):
        _, page = await api("nodes", params={"parent": str(parent)})
        names.append([n["name"] for n in page["nodes"]])
        parent = page["nodes"][0]["id"]
    assert names == [["SAT"], ["MAG"]]
    _, page = await api("nodes", params={"parent": str(parent), "limit": "1", "offset": "1"})
    assert page["total"] == 2
    (leaf,) = page["nodes"]
    assert leaf["ref"] == "toy/MAG/density"
    assert leaf["unit"] == "cm^-3"
    assert not leaf["has_children"]


async def test_search_ranks_and_tells_the_place(api):
    status, answer = await api("search", params={"q": "magnetic", "limit": "5"})
    assert status == 200
    (hit,) = answer["hits"]
    assert hit["path"] == ["toy", "SAT", "MAG", "field"]
    assert answer["took_ms"] >= 0


async def test_details_are_json_that_every_browser_reads(api):
    status, details = await api("product", params={"ref": "toy/MAG/density"})
    assert status == 200
    assert details["path"] == ["toy", "SAT", "MAG", "density"]
    assert details["title"] == HOSTILE
    assert details["cadence"] == 4.5
    assert details["coverage"] == {
        "start": "2015-01-01T00:00:00.000000000Z",
        "stop": "2015-02-01T00:00:00.123456789Z",
    }
    assert details["meta"]["FILLVAL"] is None
    assert details["meta"]["VALIDMIN"] == [-1.0, None]


async def test_status_and_refresh(api, toy):
    _, status = await api("status")
    assert status["error"] is None
    state = status["providers"]["toy"]
    assert (state["title"], state["loaded"], state["count"]) == ("Toy archive", True, 2)
    assert state["error"] is None
    before = toy.asked
    for body in ('{"provider": "toy"}', '{"provider": null}', ""):
        code, answer = await api("refresh", method="POST", body=body)
        assert code == 200
        assert "toy" in answer["providers"]
    for _ in range(200):
        _, status = await api("status")
        if not status["providers"]["toy"]["refreshing"]:
            break
    assert toy.asked > before


async def test_a_server_that_is_down_is_told_and_the_tree_stays(api, toy):
    toy.failure = ServerUnreachable("no route to the archive")
    await api("refresh", method="POST", body="{}")
    for _ in range(200):
        _, status = await api("status")
        if status["providers"]["toy"]["error"]:
            break
    assert "no route to the archive" in status["providers"]["toy"]["error"]
    assert status["providers"]["toy"]["loaded"]
    _, answer = await api("search", params={"q": "field"})
    assert answer["hits"]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("nodes", {"parent": "x"}, 400),
        ("nodes", {"parent": "-1"}, 400),
        ("nodes", {"parent": "1e3"}, 400),
        ("nodes", {"limit": "0"}, 400),
        ("nodes", {"limit": "999999"}, 400),
        ("nodes", {"offset": "99999999999999999999"}, 400),
        ("search", {}, 400),
        ("search", {"q": " "}, 400),
        ("search", {"q": "x" * 501}, 400),
        ("search", {"q": "after:soon"}, 400),
        ("search", {"q": "field", "provider": "nobody"}, 404),
        ("product", {}, 400),
        ("product", {"ref": "noslash"}, 400),
        ("product", {"ref": "toy/MAG/100%s"}, 404),
        ("product", {"ref": "nobody/x"}, 404),
    ],
)
async def test_bad_questions_are_refused_with_a_reason(api, path, params, status):
    code, answer = await api(path, params=params)
    assert code == status
    assert set(answer) == {"message"}
    assert answer["message"]
    assert "%%" not in answer["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("{", 400),
        ('"toy"', 400),
        (b"\xff\xfe", 400),
        ("[" * 100_000, 400),
        ('{"provider": 7}', 400),
        ('{"provider": "nobody"}', 404),
        (" " * (1 << 20) + "{}", 413),
    ],
)
async def test_bad_bodies_are_refused_with_a_reason(api, body, status):
    code, answer = await api("refresh", method="POST", body=body)
    assert code == status
    assert answer["message"]


@pytest.mark.parametrize("path", ["nodes", "search", "product", "status"])
async def test_nobody_gets_in_without_the_token(api, path):
    code, _ = await api(path, headers={"Authorization": "token wrong"})
    assert code == 403


async def test_a_session_that_cannot_be_made_does_not_take_the_server_down(jp_serverapp, jp_fetch):
    def fail():
        raise ConfigError("settings.toml: line 3 is not TOML")

    server._load_jupyter_server_extension(jp_serverapp, InventoryService(LOG, fail))
    answer = json.loads((await jp_fetch("sciqlop-lab", "api", "status")).body)
    assert answer["providers"] == {}
    assert "line 3" in answer["error"]
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("sciqlop-lab", "api", "nodes")
    assert refused.value.code == 503
    assert "line 3" in json.loads(refused.value.response.body)["message"]


async def test_kernel_websockets_send_small_messages_at_once(jp_serverapp, service):
    used = "kernel_websocket_connection_class"
    theirs = jp_serverapp.web_app.settings[used]
    server._load_jupyter_server_extension(jp_serverapp, service)
    ours = jp_serverapp.web_app.settings[used]
    assert issubclass(ours, theirs)
    assert ours is not theirs
    asked = []
    handler = SimpleNamespace(set_nodelay=asked.append)
    ours._set_prompt(handler)
    assert asked == [True]


def test_a_class_that_a_deployment_chose_is_left_alone(service):
    class Theirs:
        pass

    settings = {"base_url": "/", "kernel_websocket_connection_class": Theirs}
    web_app = SimpleNamespace(settings=settings, add_handlers=lambda *_: None)
    server._load_jupyter_server_extension(
        SimpleNamespace(web_app=web_app, log=LOG, config=Config()), service
    )
    assert settings["kernel_websocket_connection_class"] is Theirs


def test_what_jupyter_asks_the_package():
    assert _jupyter_server_extension_points() == [{"module": "sciqlop_lab.server"}]
    assert _jupyter_labextension_paths() == [{"src": "labextension", "dest": "sciqlop-lab"}]


def test_importing_the_package_imports_neither_server_nor_widgets():
    code = (
        "import sys, sciqlop_lab; "
        "print([m for m in ('jupyter_server', 'ipywidgets', 'anywidget', 'tornado', 'numpy')"
        " if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert out.stdout.strip() == "[]"


async def test_fields_have_the_values_that_occur(api):
    status, answer = await api("fields")
    assert status == 200
    fields = {field["name"]: [v["value"] for v in field["values"]] for field in answer["fields"]}
    assert fields["provider"] == ["toy"]
    assert set(fields["unit"]) == {"nT", "cm^-3"}
    assert fields["mission"] == ["SAT"]
    assert fields["instrument"] == ["MAG"]
    assert "vector" in fields["type"]
    assert fields["after"] == []


async def test_details_say_the_same_of_every_archive(api):
    _, details = await api("product", params={"ref": "toy/MAG/field"})
    assert details["about"]["shape"] == [3]


async def test_downloads_are_told_and_cancelled(api, service):
    session = service.session()
    session.http = HttpClient(Settings())
    status, now = await api("activity")
    assert (status, now["active"], now["hosts"]) == (200, 0, [])
    deadline = Deadline(60)
    with session.http._meter.call("toy:80", deadline), session.http._meter.active("toy:80"):
        _, now = await api("activity")
        assert [(h["name"], h["active"]) for h in now["hosts"]] == [("toy:80", 1)]
        status, _ = await api("cancel", method="POST", body="{}")
        assert status == 200
        assert deadline.cancelled


async def test_settings_are_read_and_written(api, tmp_path, monkeypatch):
    file = tmp_path / "settings.toml"
    monkeypatch.setenv("SPZ_CONFIG", str(file))
    monkeypatch.delenv("SPZ_TIMEOUT", raising=False)
    status, told = await api("settings")
    assert (status, told["sources"]["timeout"]) == (200, "default")
    status, told = await api("settings", method="PUT", body='{"timeout": 5}')
    assert (status, told["values"]["timeout"], told["sources"]["timeout"]) == (200, 5.0, "file")
    assert "timeout" in file.read_text()
    status, refused = await api("settings", method="PUT", body='{"cda_url": "http://x"}')
    assert status == 400
    assert "cda_url" in refused["message"]


def cached_session(folder):
    from speasy_core import Session
    from speasy_core.demo import LocalArchive

    archive = LocalArchive()
    archive.start()
    session = Session(archive.settings(cache_dir=folder))
    return archive, session


@pytest.mark.parametrize("ref", ["cda/AC_H0_MFI/BGSEc", "cda/AC_H0_MFI/Magnitude"])
def test_a_preview_asks_the_archive_only_when_told(tmp_path, ref):
    archive, session = cached_session(tmp_path)
    try:
        session.inventory.refresh(["cda"])
        service = InventoryService(LOG, lambda: session)
        before = len(archive.requests)
        assert service.preview(ref) == {"state": "absent"}
        assert len(archive.requests) == before
        shown = service.preview(ref, fetch=True)
        assert shown["state"] == "shown", shown
        assert shown["low"] < shown["high"]
        assert {len(side) for line in shown["lines"] for side in line} != {0}
        assert shown["unit"] == "nT"
        json.dumps(shown, allow_nan=False)
        asked = len(archive.requests)
        again = service.preview(ref)
        assert again["state"] == "shown"
        assert len(archive.requests) == asked, "the cache answers"
    finally:
        session.close()
        archive.stop()


async def test_a_preview_of_what_nobody_knows_is_refused(api):
    for body in ('{"ref": 7}', '{"ref": ""}', "{}"):
        status, answer = await api("preview", method="POST", body=body)
        assert (status, "ref" in answer["message"]) == (400, True)
    status, _ = await api("preview", params={"ref": "toy/MAG/none"})
    assert status == 404
