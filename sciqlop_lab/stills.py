"""A still picture of a panel for pages without a kernel: drawn of what was computed so far.

It goes into the first output of a cell, so the page waits for it: 5 to 10 ms. The data
of the picture is on its way by then.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import time
from typing import Any

from .firstpicture import FirstPicture
from .sources import StaticSource
from .stillpaint import draw

# Loaded here and not by the first picture, for which a page waits.
with contextlib.suppress(ImportError):
    from PIL import Image, ImageDraw, ImageFont, PngImagePlugin  # noqa: F401

__all__ = ["Still"]

_log = logging.getLogger(__name__)

# Seconds that a cell's output may wait for data. What is asked of a server takes longer than that
# to be shown anyway; what lies in memory must not wait for its own picture.
_FETCHED, _AT_HAND = 0.6, 0.03


class Still:
    """The part of a panel that puts a picture beside it into the notebook.

    A panel has `_pictures`: the newest items that the kernel has at hand.
    """

    _pictures: FirstPicture

    def _still_items(self) -> Any:
        return self._pictures.items()

    def still(self) -> bytes | None:
        """Return the panel as PNG, from what is computed; None without Pillow or in vain."""
        panel: Any = self
        try:
            import PIL  # noqa: F401 - optional: found missing before anything waits
        except ImportError:
            return None
        fetched = any(not isinstance(s, StaticSource) for s in panel._sources.values())
        panel.wait(_FETCHED if fetched else _AT_HAND)
        try:
            return draw(panel.model, self._still_items())
        except Exception:  # noqa: BLE001 - a picture less is no reason to show no panel
            _log.exception("no still picture of a panel")
            return None

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        began = time.monotonic()
        picture = self.still() if data else None
        if picture is not None:
            data = {**data, "image/png": base64.b64encode(picture).decode()}
        _log.debug("still picture: %.3f s", time.monotonic() - began)
        return (data, metadata) if isinstance(bundle, tuple) else data
