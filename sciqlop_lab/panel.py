"""The panel that draws itself on canvases in the browser."""

from __future__ import annotations

import importlib
import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from speasy_core.errors import ConfigError, InvalidRequest, SpeasyError

from . import spec as specs
from .basepanel import PanelCore
from .export import Exports
from .firstpicture import FirstPicture
from .protocol import PROTOCOL_VERSION, ProtocolError
from .stills import Still
from .subshells import keep_apart

__all__ = ["CanvasPanel", "Panel"]

_log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_RENDERERS = {"canvas": f"{__name__}:CanvasPanel", "bqplot": "sciqlop_lab.bq:BqPanel"}


@cache
def _bundle(name: str) -> str:
    """Return a built file of the browser's half."""
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            "the browser's half of the panel is not built",
            source=str(_STATIC / name),
            hint="run 'make build' in the source tree, or install the package with pip",
        ) from error


class CanvasPanel(Still, PanelCore, anywidget.AnyWidget):
    """Stacked plots over one axis of time; made by :func:`Panel`."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict(help="PanelSpec as JSON").tag(sync=True)
    group = traitlets.Unicode(help="of panels that move together").tag(sync=True)
    knob_specs = traitlets.Dict(help="knobs of each graph that has some").tag(sync=True)
    first = traitlets.Dict(help="the picture made before any view asks").tag(sync=True)

    def __init__(self, start: Any, stop: Any = None, *, session: Any = None) -> None:
        self._pictures = FirstPicture()
        self._exports = Exports()
        self._setup(start, stop, session)
        super().__init__(
            _esm=_bundle("panel.js"), _css=_bundle("panel.css"), spec=self._model.to_json()
        )
        self.on_msg(self._take)

    def _take(self, _widget: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "exported":
            self._write(content, buffers)
        else:
            self.handle_message(content)

    def _write(self, content: dict[str, Any], buffers: list[Any]) -> None:
        try:
            written = self._exports.take(content, buffers)
        except (OSError, ProtocolError, SpeasyError) as error:
            self._notice("error", f"the picture was not saved: {error}")
        else:
            if written is not None:
                self._notice("info", f"saved {written.name}")

    def _notice(self, level: str, text: str) -> None:
        content = {"v": PROTOCOL_VERSION, "type": "notice", "level": level, "message": text}
        self._post(content, [])

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Save the picture as it is on the screen.

        The page that shows the panel draws it, so the file is there a moment after this returns;
        while no page shows the panel it never comes. The panel says when it was written.

        Parameters
        ----------
        path : path
            Of the file; its ending chooses the format.
        format : {"svg", "png", "pdf"}, optional
            Replaces the ending's choice.

        Raises
        ------
        InvalidRequest
            Not a format of pictures, or there is no such folder.

        Examples
        --------
        >>> panel.save("magnetopause.svg")  # doctest: +SKIP
        """
        self._post(self._exports.ask(path, format), [])

    def _publish(self, spec: specs.PanelSpec) -> None:
        self.spec = spec.to_json()

    def _knobs_changed(self) -> None:
        self.knob_specs = self.describe_knobs()

    def _post(self, content: dict[str, Any], buffers: list[Any]) -> None:
        self.send(content, buffers)

    def _first(self, content: dict[str, Any], buffers: list[Any]) -> None:
        # A trait, because a page that does not yet know of the panel drops messages; and because
        # a new page's own request may wait behind a running cell.
        self.first = self._pictures.take(content, buffers)

    def _joined(self, name: str) -> None:
        self.group = name

    def _gone(self, graphs: list[str]) -> None:
        if self._pictures.drop(graphs):
            self.first = self._pictures.state()

    @traitlets.observe("comm")
    def _connected(self, change: Any) -> None:
        keep_apart(change["new"])

    @traitlets.validate("spec")
    def _check_spec(self, proposal: Any) -> dict[str, Any]:
        try:
            return specs.PanelSpec.from_json(proposal["value"]).to_json()
        except SpeasyError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.observe("spec")
    def _spec_set(self, change: Any) -> None:
        with self._lock:
            new, moved = specs.PanelSpec.from_json(change["new"]), False
            if new != self._model:  # assigned by the user, not by a command
                self._history.record(self._model)
                moved = new.time_range != self._model.time_range
                self._adopt(new)
        if moved:
            self._spread(new.time_range)

    def close(self) -> None:
        """Stop computing and remove the panel from the page."""
        self.unlink()
        self._engine.close()
        super().close()

    def __repr__(self) -> str:
        return self.describe()


def Panel(start: Any, stop: Any = None, renderer: str = "canvas", session: Any = None) -> Any:
    """Make a panel: stacked plots over one axis of time.

    Parameters
    ----------
    start, stop : str, datetime, numpy.datetime64, float
        The range shown first; a TimeRange may stand for both.
    renderer : {"canvas", "bqplot"}
        What draws: our own canvases, or bqplot figures that take part in other widgets.
    session : Session, optional
        Where data comes from; by default the session of ``speasy_core.get_data``.

    Returns
    -------
    CanvasPanel or BqPanel
        Both have `plot`, `time_range`, `plots`, `spec`, `undo`, `redo` and `wait`.

    Raises
    ------
    InvalidRequest
        Not a range, or an unknown renderer.

    Examples
    --------
    >>> panel = Panel("2019-01-02T15:00", "2019-01-02T22:00")  # doctest: +SKIP
    >>> panel.plot("cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2")  # doctest: +SKIP
    """
    if renderer not in _RENDERERS:
        raise InvalidRequest(
            f"there is no renderer {renderer!r}", hint=f"renderers: {', '.join(_RENDERERS)}"
        )
    module, _, name = _RENDERERS[renderer].partition(":")
    return getattr(importlib.import_module(module), name)(start, stop, session=session)
