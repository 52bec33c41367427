"""Python functions as products."""

from __future__ import annotations

import numpy as np
import pytest

from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    InvalidRequest,
    UnknownProduct,
    VirtualProductError,
)
from speasy_core.http import Deadline
from speasy_core.inventory import Inventory
from speasy_core.product import ProductRef
from speasy_core.providers.functions import FunctionProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

DAY = TimeRange("2020-01-01", "2020-01-02")


def hourly(start: str = "2019-12-31", hours: int = 72) -> SpeasyVariable:
    time = np.datetime64(start, "ns") + np.arange(hours) * np.timedelta64(1, "h")
    return SpeasyVariable(time, np.arange(hours, dtype=float), unit="nT")


@pytest.fixture
def provider() -> FunctionProvider:
    return FunctionProvider()


def fetch(provider: FunctionProvider, path: str, deadline: Deadline | None = None):
    return provider.fetch(ProductRef("vp", path), DAY, deadline=deadline or Deadline(5))


def test_function_gets_the_exact_range_and_its_answer_is_trimmed(provider):
    asked = []

    def function(range: TimeRange) -> SpeasyVariable:
        """Say what it is.

        More.
        """
        asked.append(range)
        return hourly()

    ref = provider.register("folder/wave", function, kind="scalar", unit="nT", columns=["w"])
    answer = fetch(provider, "folder/wave")
    assert asked == [DAY]
    assert str(ref) == "vp/folder/wave"
    assert len(answer.variable) == 24
    assert answer.variable.time[0] == DAY.start
    assert answer.variable.name == "wave"
    assert answer.request.startswith("vp/folder/wave = ")
    (info,) = provider.inventory(deadline=Deadline(1)).records
    assert info.path == ("folder", "wave")
    assert info.title == "Say what it is."
    assert info.meta["columns"] == ["w"]


def test_answer_inside_the_range_is_passed_on_as_it_is(provider):
    inside = hourly("2020-01-01", 3).copy(name="own name")
    provider.register("x", lambda range: inside, kind="scalar")
    assert fetch(provider, "x").variable is inside


def test_failure_keeps_the_cause(provider):
    def function(range: TimeRange) -> SpeasyVariable:
        raise ZeroDivisionError("by nought")

    provider.register("x", function, kind="scalar")
    with pytest.raises(VirtualProductError, match="ZeroDivisionError: by nought") as caught:
        fetch(provider, "x")
    assert isinstance(caught.value.cause, ZeroDivisionError)
    assert caught.value.product == "vp/x"


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError(), KeyError("k")])
def test_no_way_to_fail_escapes(provider, error):
    def function(range: TimeRange) -> SpeasyVariable:
        raise error

    provider.register("x", function, kind="scalar")
    with pytest.raises(VirtualProductError, match=type(error).__name__):
        fetch(provider, "x")


@pytest.mark.parametrize("answer", [None, 3.0, [1, 2], np.zeros(3)])
def test_what_is_not_a_variable_is_refused(provider, answer):
    provider.register("x", lambda range: answer, kind="scalar")
    with pytest.raises(VirtualProductError, match=f"returned {type(answer).__name__}"):
        fetch(provider, "x")


def test_cancellation_is_not_a_failure_of_the_function(provider):
    def function(range: TimeRange) -> SpeasyVariable:
        raise Cancelled("withdrawn")

    provider.register("x", function, kind="scalar")
    with pytest.raises(Cancelled):
        fetch(provider, "x")
    deadline = Deadline(5)
    deadline.cancel()
    with pytest.raises(Cancelled):
        fetch(provider, "x", deadline)


def test_functions_that_ask_for_each_other_are_found(provider):
    def ask(path: str):
        return lambda range: fetch(provider, path).variable

    provider.register("a", ask("b"), kind="scalar")
    provider.register("b", ask("a"), kind="scalar")
    with pytest.raises(VirtualProductError, match="vp/a -> vp/b -> vp/a"):
        fetch(provider, "a")
    provider.register("b", lambda range: hourly(), kind="scalar")
    assert len(fetch(provider, "a").variable) == 24


def test_listeners_hear_of_every_change(provider):
    heard = []
    end = provider.subscribe(heard.append)
    provider.register("/a/b/", lambda range: hourly(), kind="scalar")
    provider.register("a/b", lambda range: hourly(), kind="vector")
    provider.unregister("a/b")
    end()
    end()
    provider.register("c", lambda range: hourly(), kind="scalar")
    assert heard == ["a/b", "a/b", "a/b"]


def test_unknown_and_bad_paths(provider):
    with pytest.raises(UnknownProduct, match="no virtual product 'x'"):
        fetch(provider, "x")
    with pytest.raises(UnknownProduct):
        provider.unregister("x")
    for path in ("", "/", "a//b", " ", None, 3):
        with pytest.raises(InvalidRequest, match="is not a path"):
            provider.register(path, lambda range: hourly(), kind="scalar")
    with pytest.raises(InvalidRequest, match="is not a function"):
        provider.register("x", 3, kind="scalar")
    provider.register("x", lambda range: hourly(), kind="scalar")
    with pytest.raises(InvalidRequest, match="already"):
        provider.register("x", lambda range: hourly(), kind="scalar", replace=False)


def test_tree_follows_the_registry(provider):
    inventory = Inventory(None, {"vp": provider}, Settings(offline=True))
    assert list(inventory.tree.vp) == []
    provider.register("lab/b_rotated", lambda range: hourly(), kind="vector", unit="nT")
    assert inventory.tree.vp.lab.b_rotated.unit == "nT"
    assert inventory.find("rotated type:vector")[0].ref == ProductRef("vp", "lab/b_rotated")
    provider.unregister("lab/b_rotated")
    assert list(inventory.tree.vp) == []
    inventory.close()
