"""Jupyter server extension: the product inventory over REST, so the tree needs no kernel.

====== ============ ==================================== ==========================================
GET    ``nodes``    ``parent=ID offset=0 limit=1000``    ``{nodes: [...], total}``; without parent
                                                         the providers
GET    ``search``   ``q=WORDS limit=50 provider=NAME``   ``{hits: [{..., path, score}], took_ms}``
GET    ``product``  ``ref=PROVIDER/PATH``                all that is known of a product
GET    ``preview``  ``ref=PROVIDER/PATH``                a small picture, if the cache has one
POST   ``preview``  ``{"ref": PROVIDER/PATH}``           the same, after asking the archive
GET    ``status``                                        ``{providers: {...}, version, error}``
POST   ``refresh``  ``{"provider": NAME or null}``       status; the work goes on behind
GET    ``fields``                                        filters of a search and their values
GET    ``activity``                                      downloads of this process
POST   ``cancel``                                        activity, after all were cancelled
GET    ``settings``                                      ``{values, sources, file}``
PUT    ``settings`` ``{NAME: VALUE, ...}``               the same, after the file was written
====== ============ ==================================== ==========================================

All below ``sciqlop-lab/api/``, all for authenticated and authorised users only. A bad request gets
400, an unknown product or provider 404, trouble with the inventory 503, each as ``{message: ...}``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import responses
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets import Bool
from traitlets.config import Configurable

from speasy_core.errors import (
    InvalidRequest,
    SpeasyError,
    UnknownProduct,
    UnknownProvider,
)

from ._inventory_service import InventoryService

__all__ = ["SciqlopLab"]

_SETTING = "sciqlop_lab"
_MAX_BODY = 1 << 20
_MAX_QUERY = 500
_MAX_LIMIT = 5000
# The page would rather be told than wait longer, in seconds.
_DEADLINE = 20.0


class SciqlopLab(Configurable):
    """Options of the server extension, set as ``c.SciqlopLab.name = value``."""

    refresh_at_start = Bool(True, config=True, help="Read the inventories when the server starts.")
    nodelay = Bool(
        True,
        config=True,
        help="Set TCP_NODELAY on kernel websockets. Without it the network stack holds back the "
        "small messages of a zooming panel, some 40 ms each.",
    )


class _PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own kernel websocket, which sends small messages at once."""

    @staticmethod
    def _set_prompt(handler: Any) -> None:
        handler.set_nodelay(True)

    def connect(self) -> Any:
        self._set_prompt(self.websocket_handler)
        return super().connect()


class _Extension:
    """What lives as long as the server."""

    def __init__(self, service: InventoryService) -> None:
        self.service = service
        self.pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sciqlop-rest")
        # Its own threads: slow archives must not keep the tree waiting.
        self.slow = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sciqlop-preview")

    async def run(self, call: Callable[..., dict[str, Any]], *args: Any, slow: bool = False) -> str:
        """Return the JSON text of a call's answer; both are made in a worker thread."""

        def work() -> str:
            return json.dumps(call(*args), allow_nan=False)

        future = asyncio.get_running_loop().run_in_executor(self.slow if slow else self.pool, work)
        return await asyncio.wait_for(future, _DEADLINE)


class _Handler(APIHandler):
    """Checks what comes in, and turns our errors into statuses."""

    auth_resource = "sciqlop-lab"
    # A page that polls must not keep an idle server from being culled.
    _track_activity = False

    @property
    def extension(self) -> _Extension:
        found: _Extension = self.settings[_SETTING]
        return found

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = responses.get(status_code, "error")
        if isinstance(error, web.HTTPError) and error.log_message:
            message = error.log_message % error.args
        self.finish(json.dumps({"message": message}))

    async def answer(
        self, call: Callable[..., dict[str, Any]], *args: Any, slow: bool = False
    ) -> None:
        try:
            text = await self.extension.run(call, *args, slow=slow)
        except (UnknownProduct, UnknownProvider) as error:
            raise _refusal(404, error) from error
        except InvalidRequest as error:
            raise _refusal(400, error) from error
        except TimeoutError as error:
            raise web.HTTPError(503, f"no answer within {_DEADLINE:.0f} s; try again") from error
        except (SpeasyError, ImportError, OSError) as error:
            raise _refusal(503, error) from error
        self.finish(text)

    def integer(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """Return a query argument within bounds; refuse what is none."""
        text = self.get_query_argument(name, None)
        if text is None or text == "":
            return default
        try:
            value = int(text)
        except ValueError:
            raise web.HTTPError(400, f"{name} is not an integer") from None
        if not low <= value <= high:
            raise web.HTTPError(400, f"{name} lies outside {low} to {high}")
        return value

    def text(self, name: str) -> str:
        """Return a query argument that must be there, of a length that makes sense."""
        return self._sensible(name, self.get_query_argument(name, ""))

    def _sensible(self, name: str, value: str) -> str:
        value = value.strip()
        if not value:
            raise web.HTTPError(400, f"{name} is missing")
        if len(value) > _MAX_QUERY:
            raise web.HTTPError(400, f"{name} is longer than {_MAX_QUERY} characters")
        return value

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        if len(self.request.body) > _MAX_BODY:
            raise web.HTTPError(413, f"the body is longer than {_MAX_BODY} bytes")
        try:
            value = json.loads(self.request.body.decode("utf-8") or "{}")
        except (ValueError, RecursionError):
            raise web.HTTPError(400, "the body is not JSON") from None
        if not isinstance(value, dict):
            raise web.HTTPError(400, "the body is not a JSON object")
        return value


def _refusal(status: int, error: Exception) -> web.HTTPError:
    # As an argument, because a percent sign in the text is not a format.
    return web.HTTPError(status, "%s", str(error) or type(error).__name__)


class NodesHandler(_Handler):
    """Children of a node, page by page."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        parent = self.integer("parent", None, 0, 2**53)
        offset = self.integer("offset", 0, 0, 2**53)
        limit = self.integer("limit", 1000, 1, _MAX_LIMIT)
        await self.answer(self.extension.service.nodes, parent, offset, limit)


class SearchHandler(_Handler):
    """Ranked matches of some words."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        query = self.text("q")
        limit = self.integer("limit", 50, 1, _MAX_LIMIT)
        provider = self.get_query_argument("provider", "") or None
        await self.answer(self.extension.service.search, query, limit, provider)


class ProductHandler(_Handler):
    """All that is known of one product."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.product, self.text("ref"))


class PreviewHandler(_Handler):
    """A small picture of one product; only a POST may ask the archive."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.preview, self.text("ref"))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        ref = self.body().get("ref")
        if not isinstance(ref, str):
            raise web.HTTPError(400, "ref is not text")
        ref = self._sensible("ref", ref)
        await self.answer(self.extension.service.preview, ref, True, slow=True)


class StatusHandler(_Handler):
    """How each provider's inventory stands."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.status)


class RefreshHandler(_Handler):
    """Have inventories read again."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        provider = self.body().get("provider")
        if provider is not None and not isinstance(provider, str):
            raise web.HTTPError(400, "provider is neither a name nor null")
        names = None if provider is None else [provider]
        await self.answer(self.extension.service.refresh, names)


class FieldsHandler(_Handler):
    """Filters of a search, and what they can be set to."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.fields)


class ActivityHandler(_Handler):
    """Downloads of this process."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.activity)


class CancelHandler(_Handler):
    """Cancels them."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.answer(self.extension.service.cancel)


class SettingsHandler(_Handler):
    """The settings file, which all processes of the user share."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(self.extension.service.settings)

    @web.authenticated
    @authorized
    async def put(self) -> None:
        await self.answer(self.extension.service.settings, self.body())


_HANDLERS = {
    "fields": FieldsHandler,
    "activity": ActivityHandler,
    "cancel": CancelHandler,
    "settings": SettingsHandler,
    "nodes": NodesHandler,
    "search": SearchHandler,
    "product": ProductHandler,
    "preview": PreviewHandler,
    "status": StatusHandler,
    "refresh": RefreshHandler,
}


def _load_jupyter_server_extension(
    server_app: Any, service: InventoryService | None = None
) -> None:
    """Add the handlers to a Jupyter server and start reading the inventories behind.

    Parameters
    ----------
    server_app : jupyter_server.serverapp.ServerApp
    service : InventoryService, optional
        Tests give their own.
    """
    options = SciqlopLab(config=server_app.config)
    web_app = server_app.web_app
    extension = _Extension(service or InventoryService(server_app.log))
    web_app.settings[_SETTING] = extension
    base = web_app.settings["base_url"]
    web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "sciqlop-lab", "api", name), handler)
            for name, handler in _HANDLERS.items()
        ],
    )
    # Only Jupyter's own class is replaced: a gateway's or a deployment's stays as it is.
    used = web_app.settings.get("kernel_websocket_connection_class")
    if options.nodelay and used is ZMQChannelsWebsocketConnection:
        web_app.settings["kernel_websocket_connection_class"] = _PromptConnection
    if options.refresh_at_start:
        extension.pool.submit(extension.service.start)
    server_app.log.info("sciqlop_lab: product inventory at %ssciqlop-lab/api/", base)
