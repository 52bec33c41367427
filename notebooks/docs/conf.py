"""Sphinx: the notebooks and the pages in docs/ become a site (`make docs`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

from speasy_core import __version__

project = "SciQLop Lab"
author = "the SciQLop Lab developers"
release = __version__
root_doc = "index"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["**.ipynb_checkpoints", "images", "docs/_templates"]
html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"SciQLop Lab {release}"

# Notebooks are run by the tests; here they are shown as they lie in the repository.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

templates_path = [str(Path(__file__).parent / "_templates")]
autosummary_generate = True
autosummary_imported_members = True
autodoc_member_order = "groupwise"
autodoc_typehints = "none"  # the numpy docstrings say what a parameter takes
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(tex2mathml(node.astext(), as_block=True))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Write formulas as MathML, which browsers draw: MathJax would come over the network."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
