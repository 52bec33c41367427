"""Limits of functions in scripts: an endless one ends, whoever waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab.virtual import virtual_product
from sciqlop_lab.virtual.guard import LimitPassed
from speasy_core.errors import DeadlineExceeded, InvalidRequest, VirtualProductError

SPAN = ("2020-01-01", "2020-01-02")


@pytest.fixture
def real(tmp_path):
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        yield made


def ended(stopped):
    end = time.monotonic() + 10
    while not stopped:
        assert time.monotonic() < end, "the function runs on"
        time.sleep(0.01)


def looping(stopped):
    def endless(start: float, stop: float, gain: float = 1.0):
        number = 0
        try:
            while True:
                number += 1
        finally:
            stopped.append(number)

    return endless


def test_the_limit_of_a_product_holds_in_a_script(real):
    stopped = []
    virtual_product("t/endless", test=False, timeout=0.3, session=real)(looping(stopped))
    began = time.monotonic()
    with pytest.raises(LimitPassed, match=r"endless took longer than its limit of 0\.3 s") as said:
        real.get_data("vp/t/endless", *SPAN)
    assert time.monotonic() - began < 10
    assert "timeout=" in said.value.hint
    assert said.value.product == "vp/t/endless"
    ended(stopped)


def test_the_limit_of_the_call_holds_too(real):
    stopped = []
    virtual_product("t/endless", test=False, session=real)(looping(stopped))
    with pytest.raises(DeadlineExceeded, match=r"0\.3 s while computing endless"):
        real.get_data("vp/t/endless", *SPAN, timeout=0.3)
    ended(stopped)


def test_a_product_without_a_limit_of_its_own_has_that_of_the_call(real):
    product = virtual_product("t/slow", test=False, session=real)(looping([]))
    assert product.timeout == 60, "in panels"
    assert product.limit == float("inf"), "a script's call of ten minutes may take them"
    assert virtual_product("t/x", test=False, timeout=5, session=real)(looping([])).limit == 5
    for wrong in (0, -1, float("nan"), "soon", True):
        with pytest.raises(InvalidRequest, match="timeout"):
            virtual_product("t/x", test=False, timeout=wrong, session=real)(looping([]))


def test_what_waits_in_c_code_keeps_nobody(real):
    free = threading.Event()
    virtual_product("t/asleep", test=False, timeout=0.2, session=real)(
        lambda start, stop: free.wait(30)
    )
    began = time.monotonic()
    with pytest.raises(LimitPassed):
        real.get_data("vp/t/asleep", *SPAN)
    assert time.monotonic() - began < 10
    free.set()


def test_the_limit_of_what_a_function_asks_for(real):
    stopped, caught = [], []
    virtual_product("t/endless", test=False, timeout=0.2, session=real)(looping(stopped))

    @virtual_product("t/asks", test=False, session=real)
    def asks(start: float, stop: float):
        try:
            return real.get_data("vp/t/endless", start, stop)
        except VirtualProductError as error:
            caught.append(error)
            return [start], [1.0]

    assert real.get_data("vp/t/asks", *SPAN).values.tolist() == [1.0]
    assert isinstance(caught[0], LimitPassed)
    ended(stopped)


def test_a_cachable_one_and_one_with_knobs(real):
    stopped = []
    virtual_product("t/endless", test=False, timeout=0.2, cachable=True, session=real)(
        looping(stopped)
    )
    with pytest.raises(LimitPassed):
        real.get_data("vp/t/endless", *SPAN, gain=2.0)
    ended(stopped)
    virtual_product("t/endless", test=False, timeout=5, cachable=True, session=real)(
        lambda start, stop: ([start], [3.0])
    )
    assert real.get_data("vp/t/endless", *SPAN).values.tolist() == [3.0]


def test_one_in_a_process_of_its_own(real):
    pytest.importorskip("cloudpickle")

    def endless(start: float, stop: float):
        while True:
            pass

    virtual_product("t/apart", test=False, timeout=3, process=True, session=real)(endless)
    with pytest.raises(LimitPassed):
        real.get_data("vp/t/apart", *SPAN)


def test_errors_keep_their_frames(real):
    def fails(start: float, stop: float):
        return 1 / 0

    virtual_product("t/fails", test=False, timeout=5, session=real)(fails)
    with pytest.raises(VirtualProductError, match="ZeroDivisionError") as said:
        real.get_data("vp/t/fails", *SPAN)
    assert isinstance(said.value.__cause__, ZeroDivisionError)


def test_what_a_function_prints_and_warns_is_seen(real, capsys):
    def talks(start: float, stop: float):
        print("here")  # noqa: T201
        np.log(np.array([0.0]))
        return [start], [1.0]

    virtual_product("t/talks", test=False, timeout=5, session=real)(talks)
    with pytest.warns(RuntimeWarning):
        real.get_data("vp/t/talks", *SPAN)
    assert capsys.readouterr().out == "here\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_a_function_in_a_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import threading, time
            import speasy_core as spz
            from sciqlop_lab import virtual_product

            @virtual_product("t/endless", test=False)
            def endless(start: float, stop: float):
                print("running", flush=True)
                while True:
                    pass

            try:
                spz.get_data("vp/t/endless", "2020-01-01", "2020-01-02")
            except KeyboardInterrupt:
                def running():
                    return [t.name for t in threading.enumerate() if t.name.startswith("vp ")]

                end = time.monotonic() + 10
                while running() and time.monotonic() < end:
                    time.sleep(0.01)
                left = running()
                print("left", left, flush=True)
            """
        )
    )
    environ = {**os.environ, "SPZ_OFFLINE": "1", "SPZ_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "left []\n"
        assert process.wait(30) == 0
