"""Whose thread handles a page's messages."""

from __future__ import annotations

import threading

import pytest

import sciqlop_lab
from sciqlop_lab.subshells import keep_apart


class Comm:
    """As in an ipykernel that sends messages to the thread that used the comm last."""

    def _reply_subshell_for(self, data, named):
        return None


def test_messages_go_where_the_page_sends_them():
    comm = Comm()
    keep_apart(comm)
    assert comm._reply_subshell_for({"content": {"id": "x"}}, "subshell") == "subshell"


def test_other_kernels_are_left_alone():
    plain = threading.local()
    keep_apart(plain)
    keep_apart(None)
    assert not hasattr(plain, "_reply_subshell_for")


def test_a_panel_of_this_kernel_keeps_its_comm_apart(day, session):
    kernel = pytest.importorskip("ipykernel.comm.comm")
    if not hasattr(kernel.BaseComm, "_reply_subshell_for"):
        pytest.skip("this ipykernel sends messages to the thread that they name")
    panel = sciqlop_lab.Panel(day, session=session)
    comm = kernel.BaseComm(target_name="jupyter.widget", comm_id="c")
    panel.comm = comm
    comm._reply_subshell_id = None
    assert comm._reply_subshell_for({}, "subshell") == "subshell"
    panel.comm = None
