"""Messages of a page while a cell computes: they belong to the thread that the page names.

JupyterLab gives widgets a thread of the kernel of their own, a subshell, and names it in each
message. Newer ipykernels send a message to the thread that last used the comm instead, as if it
were the answer to what that thread sent. A panel is made in a cell, and its pictures are sent by
workers: its page's messages would all end in the main thread, behind the cell that computes.
"""

from __future__ import annotations

from typing import Any

__all__ = ["keep_apart"]


def keep_apart(comm: Any) -> None:
    """Have the messages of a comm handled in the thread that they name.

    Parameters
    ----------
    comm : comm.base_comm.BaseComm
        Of a widget whose messages are no answers to what the kernel sends. Where the kernel does
        not route them elsewhere, nothing is changed.

    Examples
    --------
    >>> import comm
    >>> keep_apart(comm.create_comm("example"))
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _as_named


def _as_named(_data: Any, named: str | None) -> str | None:
    return named
