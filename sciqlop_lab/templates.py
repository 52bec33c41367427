"""Templates of panels: SciQLop's form, read and written, with what this one keeps besides.

A template is a JSON or YAML file: ``name, description, version, time_range{start, stop},
plots[{products[{path, label}], y_axis{log, range}, z_axis{log, range}}], intervals[{start, stop,
color, label}], max_zoom_seconds``. What SciQLop does not know stands under ``sciqlop_lab``, which
it passes over.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from speasy_core.errors import InvalidRequest, SpeasyError, SpeasyWarning
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange, format_ns

from .reading import SpecError, read_color, read_mapping, read_range, read_text
from .spec import PanelSpec
from .templatepaths import path_of, product_of
from .templatetext import ENDINGS, MOST_BYTES, read_document, write_document

__all__ = ["PanelTemplate", "delete", "folder", "list_templates", "load", "read", "rename", "save"]

_VERSION = 1


@dataclass(frozen=True)
class PanelTemplate:
    """A panel that can be made again, over the same or another range of time.

    Parameters
    ----------
    name, description : str
    spec : PanelSpec
    max_zoom_seconds : float, optional
        Kept for SciQLop.
    warnings : tuple of str
        What of a file could not be taken.
    """

    name: str
    spec: PanelSpec
    description: str = ""
    max_zoom_seconds: float | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def time_range(self) -> TimeRange:
        """The range that it was made for."""
        return self.spec.time_range

    @classmethod
    def from_panel(cls, panel: Any, name: str, description: str = "") -> PanelTemplate:
        """Take what a panel shows."""
        own = getattr(panel, "panel", panel)
        return cls(_checked(name), own.model, description)

    def create_panel(self, time_range: Any = None, session: Any = None) -> Any:
        """Make a panel of it; products that the archives do not have are left out with a warning.

        Parameters
        ----------
        time_range : TimeRange or pair of times, optional
            In place of the template's own.
        """
        from .panel import Panel

        panel = Panel(self.time_range, session=session)
        self.show_in(panel)
        if time_range is not None:
            panel.time_range = time_range
        return panel

    def show_in(self, panel: Any) -> None:
        """Let a panel show it, in place of what that shows."""
        spec, missing = without_missing(self.spec, panel.session)
        for text in (*self.warnings, *missing):
            warnings.warn(text, SpeasyWarning, stacklevel=3)
        panel.spec = spec.to_json()

    def to_dict(self) -> dict[str, Any]:
        """Return the file's content; JSON types only."""
        spec = self.spec
        document: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "version": _VERSION,
            "time_range": {"start": format_ns(spec.start_ns), "stop": format_ns(spec.stop_ns)},
            "plots": [
                {
                    "products": [
                        {"path": path_of(g.product), "label": g.label or ""} for g in plot.graphs
                    ],
                    "y_axis": _axis(plot.y),
                    "z_axis": _axis(plot.z),
                }
                for plot in spec.plots
            ],
            "intervals": [
                {
                    "start": format_ns(span.start_ns),
                    "stop": format_ns(span.stop_ns),
                    "color": span.color,
                    "label": span.label,
                }
                for span in spec.spans
            ],
            "sciqlop_lab": spec.to_json(),
        }
        if self.max_zoom_seconds is not None:
            document["max_zoom_seconds"] = self.max_zoom_seconds
        return document

    @classmethod
    def from_dict(cls, document: Any, name: str = "template") -> PanelTemplate:
        """Read what `to_dict` or SciQLop wrote.

        Raises
        ------
        SpecError
            Says which field is wrong.
        """
        document = read_mapping(document, "template")
        name = read_text(document.get("name") or name, "template.name")
        about = read_text(document.get("description") or "", "template.description")
        zoom = document.get("max_zoom_seconds")
        zoom = float(zoom) if isinstance(zoom, (int, float)) else None
        if "sciqlop_lab" in document:
            return cls(name, PanelSpec.from_json(document["sciqlop_lab"]), about, zoom)
        spec, said = _foreign(document)
        return cls(name, spec, about, zoom, tuple(said))

    def save(self, path: str | Path) -> Path:
        """Write it as JSON or YAML, as the ending says."""
        target = Path(path).expanduser()
        if target.suffix not in ENDINGS:
            raise InvalidRequest(f"{target.name}: a template ends in {', '.join(ENDINGS)}")
        text = write_document(self.to_dict(), target.suffix)
        part = target.with_name(f".{target.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(target)
        return target


def _axis(axis: Any) -> dict[str, Any]:
    bounds = None if axis.range is None else list(axis.range)
    return {"log": axis.log is not None and axis.log is not False, "range": bounds}


# -- SciQLop's own files ------------------------------------------------------------------------
def _foreign(document: Mapping[str, Any]) -> tuple[PanelSpec, list[str]]:
    """Return the spec of a template without our part, and what was left out of it."""
    times = read_mapping(document.get("time_range"), "template.time_range")
    span = _span(times, "template.time_range")
    said: list[str] = []
    count = itertools.count(1)
    plots = [
        plot
        for i, value in enumerate(_list(document, "plots"))
        if (plot := _plot(read_mapping(value, f"template.plots[{i}]"), i, count, said)) is not None
    ]
    spans = []
    for i, value in enumerate(_list(document, "intervals")):
        row = read_mapping(value, f"template.intervals[{i}]")
        one = _span(row, f"template.intervals[{i}]")
        color = _color(row.get("color"), said)
        label = str(row.get("label") or "")
        spans.append({
            "id": f"s{i + 1}", "start": str(one.start_ns), "stop": str(one.stop_ns),
            "label": label, "color": color,
        })  # fmt: skip
    value = {
        "version": 1, "title": str(document.get("name") or ""), "plots": plots, "spans": spans,
        "time_range": {"start": str(span.start_ns), "stop": str(span.stop_ns)},
    }  # fmt: skip
    return PanelSpec.from_json(value), said


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key) or []
    if not isinstance(value, list):
        raise SpecError(f"template.{key}: expected a list")
    return value


def _span(row: Mapping[str, Any], where: str) -> TimeRange:
    try:
        return TimeRange(str(row.get("start")), str(row.get("stop")))
    except SpeasyError as error:
        raise SpecError(f"{where}: {error.message}", hint=error.hint) from error


def _color(value: Any, said: list[str]) -> str | None:
    """Return a colour; the form of Qt has its opacity first."""
    if value is None:
        return None
    text = str(value)
    if re.fullmatch(r"#[0-9a-fA-F]{8}", text):
        text = f"#{text[3:]}"
    try:
        return read_color(text, "color")
    except SpecError as error:
        said.append(error.message)
        return None


def _plot(
    value: Mapping[str, Any], number: int, count: Iterator[int], said: list[str]
) -> dict[str, Any] | None:
    graphs = []
    for row in _list(value, "products"):
        row = {"path": row} if isinstance(row, str) else read_mapping(row, "products")
        path = row.get("path")
        try:
            product = str(ProductRef.parse(product_of(str(path))))
        except SpeasyError as error:
            said.append(f"left out {path!r:.100}: {error.message}")
            continue
        label = str(row["label"]) if row.get("label") else None
        graphs.append({"id": f"g{next(count)}", "product": product, "label": label})
    axes = {
        name: _axis_of(value.get(f"{name}_axis"), f"template.plots[{number}].{name}_axis")
        for name in ("y", "z")
    }
    return {"id": f"p{number + 1}", "graphs": graphs, **axes} if graphs else None


def _axis_of(value: Any, where: str) -> dict[str, Any]:
    value = read_mapping(value or {}, where)
    # SciQLop writes false for "not set" as well: the product's own scale is the better guess
    return {
        "log": True if value.get("log") else None,
        "range": read_range(value.get("range"), where),
    }


def without_missing(spec: PanelSpec, session: Any) -> tuple[PanelSpec, list[str]]:
    """Return the spec without products that the archives are known not to have, and why."""
    plots, said = [], []
    for plot in spec.plots:
        reasons = {g.id: _missing(g.product, session) for g in plot.graphs}
        said += [f"left out {g.product}: {reasons[g.id]}" for g in plot.graphs if reasons[g.id]]
        kept = tuple(g for g in plot.graphs if not reasons[g.id])
        if kept:
            plots.append(replace(plot, graphs=kept))
    return replace(spec, plots=tuple(plots)), said


def _missing(product: str, session: Any) -> str:
    """Return why a product is not there, nothing where it is or may be."""
    ref = ProductRef.parse(product)
    if ref.provider in ("vp", "data", "kernel"):
        return ""  # the plot itself says what is missing
    if ref.provider not in session.list_providers():
        return f"there is no provider {ref.provider!r}"
    gone = session.info(ref) is None and _loaded(session, ref.provider)
    return "the archive does not have it" if gone else ""


def _loaded(session: Any, provider: str) -> bool:
    """Whether the archive's list of products is at hand, so that a missing one is missing."""
    inventory = getattr(session, "inventory", None)
    state = None if inventory is None else inventory.states().get(provider)
    return bool(getattr(state, "loaded", False))


# -- the user's own templates -------------------------------------------------------------------
def folder() -> Path:
    """Return where the user's templates are, the same place as SciQLop's."""
    return Path(platformdirs.user_data_dir("sciqlop", appauthor=False)) / "templates"


def _checked(name: str) -> str:
    text = str(name).strip()
    bad = (
        not text
        or len(text) > 120
        or text.startswith(".")
        or re.search(r'[/\\:*?"<>|\x00-\x1f]', text)
    )
    if bad:
        raise InvalidRequest(f"{name!r:.60} cannot be the name of a file")
    return text


def _file(name: str) -> Path:
    for ending in ENDINGS:
        path = folder() / f"{_checked(name)}{ending}"
        if path.is_file():
            return path
    raise InvalidRequest(
        f"there is no template {name!r:.60}", hint=", ".join(list_templates()) or "there are none"
    )


def list_templates() -> list[str]:
    """Return the names of the user's templates."""
    if not folder().is_dir():
        return []
    return sorted({p.stem for p in folder().iterdir() if p.suffix in ENDINGS and p.stem[:1] != "."})


def read(path: str | Path) -> PanelTemplate:
    """Read a template of any place.

    Raises
    ------
    InvalidRequest
        There is no such file, or it is no JSON or YAML of a template.
    """
    source = Path(path).expanduser()
    try:
        if source.stat().st_size > MOST_BYTES:
            raise InvalidRequest(f"{source.name} is too large for a template")
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{source} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{source.name} is no template: it is not text") from error
    content = read_document(text, source.suffix, source.name)
    return PanelTemplate.from_dict(content, source.stem)


def load(name: str | Path) -> PanelTemplate:
    """Return a template of the user by its name, or of any file by its path."""
    path = Path(name)
    given = path.suffix in ENDINGS and (len(path.parts) > 1 or path.is_file())
    return read(path if given else _file(str(name)))


def save(template: PanelTemplate) -> Path:
    """Keep a template among the user's own, in place of one of its name."""
    folder().mkdir(parents=True, exist_ok=True)
    return template.save(folder() / f"{_checked(template.name)}.json")


def delete(name: str) -> None:
    """Delete a template of the user."""
    _file(name).unlink()


def rename(old: str, new: str) -> None:
    """Give a template of the user another name; one of that name is not overwritten."""
    source = _file(old)
    target = source.with_name(f"{_checked(new)}{source.suffix}")
    if _checked(new) in list_templates():
        raise InvalidRequest(f"there is a template {new!r} already", hint="delete it first")
    template = read(source)
    PanelTemplate(
        _checked(new), template.spec, template.description, template.max_zoom_seconds
    ).save(target)
    source.unlink()
