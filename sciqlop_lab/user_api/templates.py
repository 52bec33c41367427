"""SciQLop's names for templates of panels."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from sciqlop_lab import templates
from sciqlop_lab.templates import delete, list_templates, rename

from .plot import PlotPanel, create_plot_panel

__all__ = ["PanelTemplate", "delete", "list_templates", "load", "rename"]


class PanelTemplate(templates.PanelTemplate):
    """A panel that can be made again, under SciQLop's names."""

    @classmethod
    def _of(cls, found: templates.PanelTemplate) -> PanelTemplate:
        return cls(**{one.name: getattr(found, one.name) for one in fields(found)})

    def create_panel(self, main_window: Any = None, session: Any = None) -> PlotPanel:
        """Make a panel of it; in a notebook it appears below the cell.

        Parameters
        ----------
        main_window : optional
            As SciQLop's; there is one only.
        session : Session, optional
        """
        panel = create_plot_panel(session=session)
        self.apply(panel)
        return panel

    def apply(self, panel: Any) -> None:
        """Show it in a panel that is there, in place of what that shows."""
        self.show_in(getattr(panel, "panel", panel))

    def to_file(self, path: str | Path) -> Path:
        """Write it as JSON or YAML, as the ending says."""
        return self.save(path)

    @classmethod
    def from_file(cls, path: str | Path) -> PanelTemplate:
        """Read a file; raises InvalidRequest when it is no template."""
        return cls._of(templates.read(path))


def load(name: str | Path) -> PanelTemplate:
    """Return a template of the user by its name, or of any file by its path."""
    return PanelTemplate._of(templates.load(name))
