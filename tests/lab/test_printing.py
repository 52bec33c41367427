"""What a cell prints belongs below that cell, whatever panels compute meanwhile."""

from __future__ import annotations

import sys

import pytest

from sciqlop_lab.usercode import captured_output

CELLS = 30
BUSY = """
import threading, time
from sciqlop_lab.usercode import captured_output

def compute():
    for _ in range(2000):
        with captured_output():
            print("hidden")
            time.sleep(0.005)
        time.sleep(0.002)

threading.Thread(target=compute, daemon=True).start()
"""


class Stream:
    """As a kernel's: it is told to which cell belongs what comes."""

    cell = None
    encoding = "utf-8"

    def __init__(self):
        self.printed = []

    def set_parent(self, cell):
        self.cell = cell

    def write(self, text):
        self.printed.append((self.cell, text))
        return len(text)

    def flush(self):
        pass

    def fileno(self):
        return 7


def test_a_stream_hears_of_the_next_cell_while_something_is_captured(monkeypatch):
    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    with captured_output() as captured:
        assert hasattr(sys.stdout, "set_parent")
        sys.stdout.set_parent("second")
        print("kept")  # noqa: T201
        assert sys.stdout.fileno() == 7
        assert not hasattr(sys.stdout, "no_such_thing")
    assert sys.stdout is stream
    print("shown")  # noqa: T201
    assert captured.text == "kept\n"
    assert stream.printed == [("second", "shown"), ("second", "\n")]


@pytest.mark.filterwarnings("ignore")
def test_every_cell_has_what_it_prints_while_a_thread_computes():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        assert _run(client, BUSY) == ""
        for i in range(CELLS):
            assert _run(client, f"print('cell {i}')") == f"cell {i}\n"
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def _run(client, code):
    """Return what a cell printed."""
    name, texts = client.execute(code), []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != name:
            continue
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])
        if message["content"].get("execution_state") == "idle":
            return "".join(texts)
