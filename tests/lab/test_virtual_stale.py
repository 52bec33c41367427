"""The cache of what functions computed never answers with what holds no more."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import textwrap
import threading
import time
import types

import pytest

import speasy_core as spz
from sciqlop_lab.virtual import virtual_product
from speasy_core.errors import SpeasyWarning

SPAN = ("2020-01-01", "2020-01-02")
# (what is defined, what is changed then); `value` returns 1 before and 2 after
CHANGES = {
    "global": ("A = 1\ndef value(): return A", "A = 2"),
    "global of a helper": ("A = 1\ndef h(): return A\ndef value(): return h()", "A = 2"),
    "helper": ("def h(): return 1\ndef value(): return h()", "def h(): return 2"),
    "helper of a helper": (
        "def g(): return 1\ndef h(): return g()\ndef value(): return h()", "def g(): return 2"
    ),
    "in an inner function": (
        "A = 1\ndef value():\n  def inner(): return [A for _ in 'x'][0]\n  return inner()", "A = 2"
    ),
    "dict": ("A = {'a': [1]}\ndef value(): return A['a'][0]", "A['a'][0] = 2"),
    "deque": ("import collections\nA = collections.deque([1])\ndef value(): return A[0]",
              "A[0] = 2"),
    "array": ("import numpy as np\nA = np.ones(3)\ndef value(): return A[1]", "A[1] = 2"),
    "default": ("def value(a=[1]): return a[0]", "value.__defaults__[0][0] = 2"),
    "attribute of an object": (
        "class C:\n  def __init__(self): self.a = 1\nc = C()\ndef value(): return c.a", "c.a = 2"
    ),
    "slot": (
        "class C:\n  __slots__ = ('a',)\nc = C()\nc.a = 1\ndef value(): return c.a", "c.a = 2"
    ),
    "method": (
        "class C:\n  def m(self): return 1\nc = C()\ndef value(): return c.m()",
        "C.m = lambda self: 2",
    ),
    "global of a property": (
        "A = 1\nclass C:\n  @property\n  def p(self): return A\nc = C()\ndef value(): return c.p",
        "A = 2",
    ),
    "attribute of a class": ("class C:\n  a = 1\ndef value(): return C.a", "C.a = 2"),
    "list of a class": ("class C:\n  a = [1]\ndef value(): return C.a[0]", "C.a[0] = 2"),
    "base class": (
        "class B:\n  a = 1\nclass C(B): pass\ndef value(): return C().a", "B.a = 2"
    ),
    "dict with methods": (
        "class C(dict):\n  f = 1\n  def m(self): return self['a'] * self.f\n"
        "c = C(a=1)\ndef value(): return c.m()", "c.f = 2",
    ),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n  a: int = 1\n"
        "c = C()\ndef value(): return c.a", "c.a = 2",
    ),
    "namespace": (
        "import types\nc = types.SimpleNamespace(a=1)\ndef value(): return c.a", "c.a = 2"
    ),
    "a dict that it writes to as well": (
        "A = {'a': 1}\ndef value():\n  A.setdefault('b', 3)\n  return A['a']", "A['a'] = 2"
    ),
    "a dict whose count it keeps": (
        "A = {'a': 1}\ndef value():\n  A['n'] = A.get('n', 0) + 1\n  return A['a']", "A['a'] = 2"
    ),
    "a global that it may set": (
        "A = 1\ndef value():\n  global A\n  if A is None: A = 7\n  return A", "A = 2"
    ),
    "a list that another adds to": (
        "A = [1]\ndef add(): A.append(2)\ndef value(): return A[-1]", "add()"
    ),
    "wraps of numpy": (
        "import functools, numpy as np\nA = 1\n@functools.wraps(np.mean)\ndef h(): return A\n"
        "def value(): return h()", "A = 2",
    ),
    "globals()": ("A = 1\ndef value(): return globals()['A']", "A = 2"),
    "environment": (
        "import os\nos.environ['QA_VALUE'] = '1'\n"
        "def value(): return float(os.environ['QA_VALUE'])",
        "os.environ['QA_VALUE'] = '2'",
    ),
}  # fmt: skip


@pytest.fixture
def real(tmp_path):
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        yield made


def make(real, function, **options):
    return virtual_product("t/x", test=False, session=real, cachable=True, **options)(function)


def ask(real, **knobs):
    return real.get_data("vp/t/x", *SPAN, **knobs).values[0]


def samples(value):
    return [1_577_840_000.0], [float(value)]


@pytest.mark.filterwarnings("ignore:.*computed each time")
@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_is_computed_again(real, what, monkeypatch):
    monkeypatch.setenv("QA_VALUE", "")
    before, change = CHANGES[what]
    space = {"__name__": "__main__", "samples": samples}
    exec(before, space)
    exec("def f(start: float, stop: float): return samples(value())", space)
    make(real, space["f"])
    assert (ask(real), ask(real)) == (1, 1)
    exec(change, space)
    assert ask(real) == 2


def test_partials_methods_and_callables(real):
    class Own:
        def __init__(self, value):
            self.value = value

        def __call__(self, start, stop):
            return samples(self.value)

        def method(self, start: float, stop: float):
            return samples(self.value)

    own, held = Own(1), [1]
    for function, change in (
        (own, lambda: setattr(own, "value", 2)),
        (own.method, lambda: setattr(own, "value", 2)),
        (functools.partial(lambda a, start, stop: samples(a[0]), held),
         lambda: held.__setitem__(0, 2)),
        (lambda start, stop: samples(held[0]), lambda: held.__setitem__(0, 2)),
    ):  # fmt: skip
        own.value = held[0] = 1
        make(real, function)
        assert (ask(real), ask(real)) == (1, 1)
        change()
        assert ask(real) == 2


@pytest.mark.parametrize("edit", ["attribute", "file"])
def test_modules_of_the_user(real, tmp_path, monkeypatch, edit):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "qa_below.py").write_text("VALUE = 1\n")
    (tmp_path / "qa_above.py").write_text("import qa_below\ndef value(): return qa_below.VALUE\n")
    above, below = importlib.import_module("qa_above"), importlib.import_module("qa_below")
    make(real, lambda start, stop: samples(above.value()))
    assert (ask(real), ask(real)) == (1, 1)
    if edit == "attribute":
        below.VALUE = 2
    else:
        (tmp_path / "qa_below.py").write_text("VALUE = 2\n")
        later = time.time() + 5
        os.utime(tmp_path / "qa_below.py", (later, later))
        importlib.reload(below)
    assert ask(real) == 2
    for name in ("qa_above", "qa_below"):
        del sys.modules[name]


def test_counts_and_logs_are_no_inputs(real):
    """Each of these is written at every call, and read by nobody."""
    space = {"__name__": "__main__", "samples": samples}
    code = """
        import collections, threading
        number, log, table, count = 0, [], {"n": 0}, collections.Counter()
        lock = threading.Lock()

        class Own:
            def __init__(self):
                self.calls, self.lines, self.by = 0, [], {}

            def __call__(self, start, stop):
                global number
                with lock:
                    number += 1
                log.append((start, stop))
                table["n"] += 1
                count["x"] += 1
                self.calls += 1
                self.lines.append(start)
                self.by[start] = stop
                return samples(1)

        own = Own()
    """
    exec(textwrap.dedent(code), space)
    make(real, space["own"])
    assert [ask(real) for _ in range(3)] == [1, 1, 1]
    own = space["own"]
    assert (space["number"], len(space["log"]), space["table"]["n"], space["count"]["x"]) == (
        1, 1, 1, 1
    )  # fmt: skip
    assert (own.calls, len(own.lines), len(own.by)) == (1, 1, 1)


def test_what_depends_on_its_own_count_is_never_kept(real):
    space = {"__name__": "__main__", "samples": samples, "number": 0}
    code = "def f(a, b):\n    global number\n    number += 1\n    return samples(number)"
    exec(code, space)
    make(real, space["f"])
    with pytest.warns(SpeasyWarning, match="changed while it ran"):
        assert ask(real) == 1
    assert (ask(real), ask(real)) == (2, 3)


@pytest.mark.filterwarnings("ignore:.*changed while it ran")
@pytest.mark.parametrize("how", ["global", "redefined"])
def test_a_change_while_it_runs(real, how):
    held = types.SimpleNamespace(value=1)
    started = []

    def slow(start: float, stop: float):
        value = held.value
        started.append(1)
        time.sleep(0.3)
        return samples(value)

    make(real, slow)
    thread = threading.Thread(target=ask, args=(real,))
    thread.start()
    while not started:
        time.sleep(0.005)
    if how == "global":
        held.value = 2
    else:
        make(real, lambda start, stop: samples(2))
    thread.join()
    assert ask(real) == 2


def test_what_reads_files_is_computed_each_time(real, tmp_path):
    file = tmp_path / "gain.txt"
    file.write_text("1")

    def f(start: float, stop: float):
        with open(file) as text:
            return samples(text.read())

    make(real, f)
    with pytest.warns(SpeasyWarning, match="f uses open: what it reads may change"):
        assert ask(real) == 1
    file.write_text("2")
    assert ask(real) == 2
