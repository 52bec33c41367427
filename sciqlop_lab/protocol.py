"""Messages between a panel in the browser and its kernel object; twin of js/src/protocol.ts.

Slow state (the panel's `spec`) travels as a widget trait. Views travel as custom messages, which
are neither throttled nor echoed, with numbers in binary buffers. Times are strings of integer
nanoseconds, because a JSON number is a float in the browser and loses them.

Browser to kernel
-----------------
``hello``    ``{v, type, view}``: a view is there; answered by ``welcome``.
``view``     ``{v, type, view, gen, start, stop, width, plots: {plot_id: height}, wants, ahead}``:
             all that the view needs now. One is in flight per view until the first answer of its
             generation; the newest wins on both sides, and one without an answer is sent again.
    ``wants: {graph_id: [[level, index], ...] | null}`` names the tiles that the page lacks of
    each graph, and no graph of which it has all; null where the page does not know (yet) of
    tiles. ``ahead: {start, stop, wants} | null`` names tiles that the next movement will probably
    need, and the range that they serve: fetched when nothing else is to do.
``views``    ``{v, type, views: [...]}``: ``view`` messages of linked panels, as one.
``stop``     ``{v, type, view, graph}``: do not wait for this graph any more.
``cancel``   ``{v, type, view}``: drop what is queued for this view.
``exported`` ``{v, type, view, id}`` and one buffer: the picture that ``export`` asked for.
``ask``      ``{v, type, view, id, what, args}``: a question (see asks.py), answered by ``answer``.
``command``  ``{v, type, id, command: {op, ...}}``: an edit of the spec (see spec.py); answered by
             the changed trait, or by ``refused`` with the reason.

Kernel to browser
-----------------
``welcome``  ``{v, type, view, version}``
``tiles``    ``{v, type, view, gen, start, stop, items: [...], pending: [graph_id]}``: finished
             graphs, at most some 30 ms after the request; the rest follow in further ``tiles``
             of the same generation, each item once, until `pending` is empty. What was fetched
             ahead comes marked ``ahead: true``; what stands in for the exact tiles of a graph that
             stays in `pending`, ``draft: true``.
``progress`` ``{v, type, view, gen, start, stop, items: [{graph, seconds, bytes, rate}]}``: graphs
             that take longer than half a second; bytes that came from servers, and bytes a second.
``export``   ``{v, type, id, format}``: send the picture as "svg" or "png".
``answer``   ``{v, type, view, id, value}`` and buffers, or ``{..., error: {message, hint}}``
``refused``  ``{v, type, id, message, hint}``
``notice``   ``{v, type, level, message}``

The trait `first` holds a ``tiles`` message for no view in particular, its buffers under
``buffers``: the picture that the kernel makes before any view asks.

An item is ``{graph, plot, status, start, stop, ...}``. `start` and `stop` are what it covers. With
``level`` and ``index`` (text) it is a tile: the columns of ``2**level`` ns from the one numbered
``index * 1024`` on, counted from 1970; it may cover a part of its place when no more is known.
Without, it belongs to the range that was asked for, as what a function returns does.

``status: "ok", kind: "line"``
    ``mode, t0, n, columns, unit, label, scale, log, gaps, notes, t, y``: `t` and `y` are indices
    into the message's buffers. `t` holds n float64, seconds after `t0` (ns text). With ``mode:
    "raw"`` `y` holds ``[column][n]``, NaN lifts the pen. With ``mode: "m4"`` each of the n entries
    is one pixel column starting at `t`, all `dt` seconds wide, and `y` holds ``[column][first,
    min, max, last][n]``; NaN marks a column without samples.
``status: "ok", kind: "image"``
    ``t0, n, m, unit, label, log, y_unit, y_label, y_log, y_varying, gaps, notes, x0, x1, y, z``:
    `x0` and `x1` hold n float64, left and right edge of each column in seconds after `t0`; `y`
    channel centres, ``[m]`` or, with `y_varying`, ``[n][m]``; `z` ``[n][m]``.
    Of a two-dimensional histogram ``x_label, x_unit, x_log`` too: `x0` and `x1` are values then,
    and `t0` is 0; NaN marks an empty bin.
``status: "ok", kind: "curve"``
    ``t0, n, rows, columns, unit, label, color, gaps, notes, t, y``: components against each other
    in the order of time, made of `rows` samples; `y` ``[column][n]``, NaN lifts the pen.
    Of two values ``x_label, x_unit, y_label, y_unit``; of an orbit ``frame``, ``planet`` (name,
    radius, lit) and ``shapes``, boundaries as `x` and distance `rho` from the x axis.
``y_form, z_form`` say of what type the numbers of `y` and `z` are, and what is to be added to them
    (see packing.py); without them they are float32.
``status: "empty"``   ``message, gaps``: the server said that it has nothing here.
``status: "error"``   ``error: {type, title, message, hint, traceback}``
``status: "stopped"`` the user did not want to wait.
"""

from __future__ import annotations

from typing import Any

__all__ = ["MIME_PRODUCT", "PROTOCOL_VERSION", "ProtocolError", "check_message", "parse_ns"]

PROTOCOL_VERSION = 3
MIME_PRODUCT = "application/vnd.sciqlop.product+json"

_MAX_NS = 2**63 - 1
_TYPES = (
    "hello",
    "view",
    "views",
    "stop",
    "cancel",
    "command",
    "ask",
)  # no set: a type may be anything


class ProtocolError(ValueError):
    """A message that this kernel cannot take; its text is fit to be shown."""


def parse_ns(value: Any) -> int:
    """Return a time sent as text of integer nanoseconds."""
    if not isinstance(value, str) or len(value) > 20:
        raise ProtocolError("a time is text of integer nanoseconds")
    try:
        ns = int(value)
    except ValueError as error:
        raise ProtocolError(f"{value!r:.40} is not an integer of nanoseconds") from error
    if abs(ns) > _MAX_NS:
        raise ProtocolError("a time lies outside what 64 bits of nanoseconds can hold")
    return ns


def check_message(content: Any) -> dict[str, Any]:
    """Return `content` when it is a message of our version, else raise ProtocolError."""
    if not isinstance(content, dict) or content.get("type") not in _TYPES:
        raise ProtocolError("not a message of a SciQLop panel")
    if content.get("v") != PROTOCOL_VERSION:
        raise ProtocolError(
            f"the page speaks protocol {content.get('v')!r}, this kernel {PROTOCOL_VERSION}: "
            "install the same sciqlop-lab for JupyterLab and for the kernel, then reload the page"
        )
    return content
