"""SciQLop's names for templates of panels."""

from __future__ import annotations

from sciqlop_lab.templates import PanelTemplate, delete, list_templates, load, rename

__all__ = ["PanelTemplate", "delete", "list_templates", "load", "rename"]
