"""Tab completion after the magics: products, panels, options."""

from __future__ import annotations

from typing import Any

from speasy_core.errors import SpeasyError
from speasy_core.session import default_session

from . import virtual
from .user_api import plot as panels

__all__ = ["complete_magics", "completions"]

_MOST = 50
_OPTIONS = {
    "%%vp": ["--path", "--debug", "--start", "--stop", "--cachable", "--locality", "--margin",
             "--process", "--no-test"],
    "%%layer": ["--path", "--scope"],
}  # fmt: skip


def _products(words: str) -> list[str]:
    own = [str(p.ref) for p in virtual.registry.products() if words.lower() in p.path.lower()]
    try:
        found = default_session().find_product(words, limit=_MOST) if words.strip() else []
    except SpeasyError:  # half a word is no query
        found = []
    return own + [str(node.ref) for node in found if node.ref is not None]


def completions(line: str) -> list[str]:
    """Return what may stand in the place of the last word of a magic's line.

    Examples
    --------
    >>> completions("%%layer --sc")
    ['--scope']
    """
    magic, _, rest = line.lstrip().partition(" ")
    last = rest.rpartition(" ")[2]
    if magic in _OPTIONS:
        return [option for option in _OPTIONS[magic] if option.startswith(last)]
    names = [name for name in panels._panels if name.startswith(last)]
    return names if magic == "%timerange" else [*_products(rest), *names]


def complete_magics(shell: Any) -> None:
    """Let a shell complete what follows the magics."""

    def complete(_shell: Any, event: Any) -> list[str]:
        return completions(event.line)

    for magic in ("%plot", "%timerange", "%%vp", "%%layer"):
        shell.set_hook("complete_command", complete, str_key=magic)
