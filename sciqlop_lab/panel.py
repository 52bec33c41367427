"""The panel that draws itself on canvases in the browser."""

from __future__ import annotations

import importlib
import logging
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from speasy_core.errors import ConfigError, InvalidRequest, SpeasyError

from . import spec as specs
from .basepanel import PanelCore

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


class CanvasPanel(PanelCore, anywidget.AnyWidget):
    """Stacked plots over one axis of time; made by :func:`Panel`."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict(help="PanelSpec as JSON").tag(sync=True)

    def __init__(self, start: Any, stop: Any = None, *, session: Any = None) -> None:
        self._setup(start, stop, session)
        super().__init__(
            _esm=_bundle("panel.js"), _css=_bundle("panel.css"), spec=self._model.to_json()
        )
        self.on_msg(self._take)

    def _take(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self.handle_message(content)

    def _publish(self, spec: specs.PanelSpec) -> None:
        self.spec = spec.to_json()

    def _post(self, content: dict[str, Any], buffers: list[Any]) -> None:
        self.send(content, buffers)

    @traitlets.validate("spec")
    def _check_spec(self, proposal: Any) -> dict[str, Any]:
        try:
            return specs.PanelSpec.from_json(proposal["value"]).to_json()
        except SpeasyError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.observe("spec")
    def _spec_set(self, change: Any) -> None:
        with self._lock:
            new = specs.PanelSpec.from_json(change["new"])
            if new != self._model:  # assigned by the user, not by a command
                self._history.record(self._model)
                self._adopt(new)

    def close(self) -> None:
        """Stop computing and remove the panel from the page."""
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
