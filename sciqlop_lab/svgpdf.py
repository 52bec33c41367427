"""A panel's SVG as PDF: paths stay paths, text stays text, with matplotlib's fonts.

It reads what `js/src/marks/svg.ts` writes, which uses few of SVG's elements.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from speasy_core import xml
from speasy_core.errors import InvalidRequest, SpeasyError

from .asks import Answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from matplotlib.transforms import Transform

__all__ = ["pdf_for_page", "to_pdf"]

_PX = 0.75  # points
_MOST = 64 * 2**20
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_STEP = re.compile(r"([MLhvaz])([^MLhvaz]*)")
_PNG = "data:image/png;base64,"
_SAFE = re.compile(r"rgba?\(([^)]*)\)")


@dataclass(frozen=True)
class _State:
    """What groups hand down: where, and what is cut off."""

    place: Transform
    clip: tuple[Path, Transform] | None = None
    angle: float = 0.0


def to_pdf(svg: str, title: str = "") -> bytes:
    """Return a PDF of an SVG that a panel wrote.

    Raises
    ------
    InvalidRequest
        matplotlib is not installed, or the text is not such a file.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_pdf import FigureCanvasPdf
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InvalidRequest(
            "a PDF needs matplotlib", hint="pip install 'sciqlop-lab[plot]'"
        ) from error
    try:
        root, _ = next(xml.iter_elements(svg.encode(), "svg", source="the picture"))
        width, height = _numbers(root.get("viewBox", ""))[2:]
    except (SpeasyError, StopIteration, ValueError) as error:
        raise InvalidRequest(f"the page sent no picture: {error}") from error
    if not 0 < width <= 20_000 or not 0 < height <= 50_000:
        raise InvalidRequest(f"a picture of {width:g} x {height:g} pixels is too large")
    with rc_context({"pdf.fonttype": 42, "pdf.compression": 6, "text.usetex": False}):
        figure = Figure(figsize=(width * _PX / 72, height * _PX / 72), dpi=72 / _PX)
        FigureCanvasPdf(figure)
        ax = figure.add_axes((0, 0, 1, 1), frameon=False)
        ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        _Drawing(ax, root).draw()
        out = io.BytesIO()
        figure.savefig(out, format="pdf", metadata={"Title": title or None, "CreationDate": None})
    return out.getvalue()


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _color(text: str | None) -> Any:
    """Return a CSS colour as matplotlib takes it; None for no colour."""
    if text in (None, "", "none", "transparent"):
        return None
    from matplotlib.colors import is_color_like

    found = _SAFE.fullmatch(str(text).strip())
    if found:
        r, g, b, *a = _numbers(found[1])
        return (r / 255, g / 255, b / 255, *a[:1])
    return text if is_color_like(text) else "0.5"


class _Drawing:
    """The elements of one file, put on axes that count its pixels."""

    def __init__(self, ax: Axes, root: Any) -> None:
        from matplotlib.transforms import Affine2D

        self._ax, self._root, self._order = ax, root, 0
        self._limits: dict[str, Any] = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
        self._identity = Affine2D
        self._clips = {
            clip.get("id"): self._path(clip[0].get("d", ""))
            for clip in root.iter()
            if _tag(clip) == "clipPath" and len(clip)
        }

    def draw(self) -> None:
        """Draw everything."""
        for child in self._root:
            self._element(child, _State(self._identity()))

    def _element(self, node: Any, state: _State) -> None:
        draw: Mapping[str, Callable[[Any, _State], None]] = {
            "g": self._group, "path": self._shape, "rect": self._rect, "text": self._text,
            "image": self._image,
        }  # fmt: skip
        if _tag(node) in draw:
            draw[_tag(node)](node, state)

    def _group(self, node: Any, state: _State) -> None:
        moved = node.get("transform", "")
        numbers = _numbers(moved)
        if moved.startswith("translate"):
            place = self._identity().translate(numbers[0], (numbers[1:] or [0.0])[0]) + state.place
            state = replace(state, place=place)
        elif moved.startswith("rotate"):
            place = self._identity().rotate_deg(numbers[0]) + state.place
            state = replace(state, place=place, angle=state.angle + numbers[0])
        clip = re.fullmatch(r"url\(#([\w-]+)\)", node.get("clip-path", ""))
        if clip and clip[1] in self._clips:
            state = replace(state, clip=(self._clips[clip[1]], state.place))
        for child in node:
            self._element(child, state)

    def _add(self, artist: Any, state: _State, add: Callable[[Any], Any]) -> None:
        self._order += 1
        artist.set_zorder(self._order)
        add(artist)
        if state.clip is not None:
            path, place = state.clip
            artist.set_clip_path(path, place + self._ax.transData)
        else:
            artist.set_clip_on(False)

    def _patch(self, path: Path, node: Any, state: _State) -> None:
        from matplotlib.patches import PathPatch

        fill, stroke = _color(node.get("fill", "black")), _color(node.get("stroke"))
        patch = PathPatch(
            path.transformed(state.place), facecolor=fill or "none", edgecolor=stroke or "none",
            linewidth=float(node.get("stroke-width", 1)) * _PX if stroke else 0,
            joinstyle=node.get("stroke-linejoin", "miter"), alpha=float(node.get("opacity", 1)),
            capstyle="butt",
        )  # fmt: skip
        self._add(patch, state, self._ax.add_patch)

    def _shape(self, node: Any, state: _State) -> None:
        path = self._path(node.get("d", ""))
        if len(np.asarray(path.vertices)):
            self._patch(path, node, state)

    def _rect(self, node: Any, state: _State) -> None:
        x, y, w, h = (float(node.get(key, 0)) for key in ("x", "y", "width", "height"))
        self._patch(self._path(f"M{x} {y}h{w}v{h}h{-w}z"), node, state)

    def _path(self, text: str) -> Path:
        """Return a path of the steps M, L, h, v, z and of whole circles (a)."""
        from matplotlib.path import Path

        points: list[tuple[float, float]] = []
        codes: list[int] = []
        x = y = 0.0
        for step, rest in _STEP.findall(text):
            given = _numbers(rest)
            if step == "a":
                circle = Path.circle((x - given[0], y), given[0])
                if len(given) >= 7 and given[5] > 0:
                    continue  # the second half
                points += [(float(px), float(py)) for px, py in np.asarray(circle.vertices)]
                codes += [int(code) for code in np.asarray(circle.codes)]
                continue
            if step in "ML":
                x, y = given
            elif step == "h":
                x += given[0]
            elif step == "v":
                y += given[0]
            points.append((x, y))
            codes.append(int({"M": Path.MOVETO, "z": Path.CLOSEPOLY}.get(step, Path.LINETO)))
        return Path(points or [(0.0, 0.0)], codes or [Path.MOVETO])

    def _text(self, node: Any, state: _State) -> None:
        from matplotlib.text import Text

        at = np.array([float(node.get("x", 0)), float(node.get("y", 0))])
        x, y = state.place.transform(at).tolist()
        anchor = {"middle": "center", "end": "right"}.get(node.get("text-anchor", ""), "left")
        text = Text(
            x, y, "".join(node.itertext()), color=_color(node.get("fill", "black")) or "none",
            fontsize=float(node.get("font-size", 10)) * _PX, ha=anchor, va="baseline",
            rotation=-state.angle, rotation_mode="anchor", alpha=float(node.get("opacity", 1)),
            parse_math=False, family="DejaVu Sans",
            fontstyle=node.get("font-style", "normal"), transform=self._ax.transData,
            fontweight="bold" if node.get("font-weight") in ("bold", "600", "700") else "normal",
        )  # fmt: skip
        self._add(text, state, self._ax.add_artist)

    def _image(self, node: Any, state: _State) -> None:
        from matplotlib.image import imread

        href = node.get("href", "")
        if not href.startswith(_PNG):
            return
        try:
            pixels = imread(io.BytesIO(base64.b64decode(href[len(_PNG) :], validate=True)), "png")
        except (binascii.Error, ValueError, OSError, SyntaxError) as error:
            raise InvalidRequest(f"a part of the picture is no PNG: {error}") from error
        x, y, w, h = (float(node.get(key, 0)) for key in ("x", "y", "width", "height"))
        x, y = state.place.transform(np.array([x, y])).tolist()
        self._order += 1
        image = self._ax.imshow(
            pixels, extent=(x, x + w, y + h, y), aspect="auto", interpolation="none",
            zorder=self._order, alpha=float(node.get("opacity", 1)),
        )  # fmt: skip
        self._ax.set(**self._limits)  # an image changes them
        if state.clip is not None:
            path, place = state.clip
            image.set_clip_path(path, place + self._ax.transData)


def _tag(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def pdf_for_page(panel: Any, args: Mapping[str, Any]) -> Answer:
    """Answer a page: its SVG as PDF."""
    svg = args.get("svg")
    if not isinstance(svg, str) or len(svg) > _MOST:
        raise InvalidRequest("the page sent no picture")
    return Answer(None, [to_pdf(svg, panel.model.title)])
