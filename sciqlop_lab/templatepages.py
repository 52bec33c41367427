"""Templates in the interface: those of the user in a panel's menu, any file as a document."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from speasy_core.errors import InvalidRequest, SpeasyWarning

from . import templates
from .reading import read_mapping, read_text
from .spec import PanelSpec
from .templates import PanelTemplate
from .templatetext import MOST_BYTES, read_document, write_document

__all__ = ["listed", "of_text", "open_text", "opened", "saved", "spec_text", "written_text"]


def of_text(text: str, name: str) -> PanelTemplate:
    """Return the template that a file's text holds; its ending says whether it is YAML.

    Raises
    ------
    InvalidRequest
        It is no template; says why.
    """
    path = PurePath(name)
    document = read_document(text, path.suffix, path.name)
    try:
        return PanelTemplate.from_dict(document, path.stem)
    except InvalidRequest as error:
        raise InvalidRequest(
            f"{path.name} is no template: {error.message}", hint=error.hint
        ) from error


# -- questions of a page ------------------------------------------------------------------------
def listed(_panel: Any, _args: Mapping[str, Any]) -> list[str]:
    """Return the names of the user's templates."""
    return templates.list_templates()


def opened(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Show a template in a panel, as one step to undo.

    Parameters
    ----------
    args : mapping
        ``name`` of one of the user's, and ``text`` where it is a file of another place.
    """
    name = read_text(args.get("name"), "name")
    text = args.get("text")
    if text is None:
        template = templates.load(name)
    elif isinstance(text, str) and len(text) <= MOST_BYTES:
        template = of_text(text, name)
    else:
        raise InvalidRequest(f"{name} is too large for a template")
    spec, missing = templates.without_missing(template.spec, panel.session)
    panel.command({"op": "show_spec", "spec": spec.to_json()})
    return {"name": template.name, "said": [*template.warnings, *missing]}


def saved(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a panel shows among the user's templates.

    Parameters
    ----------
    args : mapping
        ``name``, ``description``, and ``replace`` where one of that name may go.

    Returns
    -------
    dict
        ``exists`` is true where one of that name is there and was left alone.
    """
    name = read_text(args.get("name"), "name").strip()
    about = read_text(args.get("description") or "", "description")
    if name in templates.list_templates() and args.get("replace") is not True:
        return {"name": name, "exists": True}
    template = PanelTemplate.from_panel(panel, name, about)
    templates.save(template)
    return {"name": name, "exists": False}


# -- a file as a document -----------------------------------------------------------------------
def open_text(text: str, name: str) -> Any:
    """Return a panel that shows a template; products that are missing stay in it."""
    from .panel import Panel

    template = of_text(text, name)
    for said in template.warnings:
        warnings.warn(said, SpeasyWarning, stacklevel=2)
    panel = Panel(template.time_range)
    panel.spec = template.spec.to_json()
    return panel


def spec_text(text: str, name: str) -> str:
    """Return base64 of what a panel of this template shows."""
    return _packed(json.dumps(of_text(text, name).spec.to_json()))


def written_text(text: str, name: str, spec: str) -> str:
    """Return base64 of the text of a template that now shows `spec`, JSON text."""
    template = of_text(text, name)
    now = PanelSpec.from_json(read_mapping(json.loads(spec), "spec"))
    return _packed(write_document(replace(template, spec=now).to_dict(), PurePath(name).suffix))


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
