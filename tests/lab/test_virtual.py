from __future__ import annotations

import functools
import warnings
from datetime import UTC, datetime

import numpy as np
import pytest
import xarray

from sciqlop_lab import adapt, virtual
from sciqlop_lab.usercode import captured_output, describe_error
from speasy_core.errors import (
    InvalidRequest,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    VirtualProductError,
)
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

SPAN = TimeRange("2023-01-02T00:00:00.5", "2023-01-03")


def give(value, **options):
    return adapt.to_variable(value, name="f", **options)


# ---------------------------------------------------------------------------- arguments


def floats(start: float, stop: float):
    return start, stop


def plain(a, b):
    return a, b


def datetimes(start: datetime, stop: datetime):
    return start, stop


def datetime64s(start: np.datetime64, stop: np.datetime64, knob=3):
    return start, stop


def anything(*args):
    return args


class Callable:
    def __call__(self, start: datetime, stop: datetime):
        return start, stop


SECONDS = (1672617600.5, 1672704000.0)
DATETIMES = (datetime(2023, 1, 2, 0, 0, 0, 500_000, UTC), datetime(2023, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (floats, SECONDS),
        (plain, SECONDS),
        (anything, SECONDS),
        (lambda start, stop: (start, stop), SECONDS),
        (functools.partial(datetime64s, knob=4), tuple(SPAN)),
        (datetimes, DATETIMES),
        (Callable(), DATETIMES),
        (datetime64s, tuple(SPAN)),
    ],
)
def test_arguments_follow_the_annotations(function, expected):
    assert adapt.argument_form(function, "x")(SPAN) == expected


def mixed(start: float, stop: datetime):
    """Take two kinds."""


def other(start: str, stop: str):
    """Take text."""


def unknown(start: NoSuchName, stop: NoSuchName):  # noqa: F821
    """Take what is not defined."""


@pytest.mark.parametrize(
    "function",
    [mixed, other, unknown, lambda: 0, lambda a: 0, lambda a, b, c: 0, lambda a, b, *, c: 0],
)
def test_a_function_that_cannot_take_a_range_is_refused_with_advice(function):
    with pytest.raises(InvalidRequest) as caught:
        virtual.VirtualProduct("x", function)
    assert caught.value.hint


def test_a_path_is_needed():
    with pytest.raises(InvalidRequest, match="path"):
        virtual.VirtualProduct(" / ", plain)
    with pytest.raises(InvalidRequest, match="not a function"):
        virtual.VirtualProduct("x", 3)


# ---------------------------------------------------------------------------- returns


@pytest.mark.parametrize(
    "time",
    [
        np.array([1.5, 2.5, 3.5]),
        np.array([1.5, 2.5, 3.5], dtype=">f8"),
        [1.5, 2.5, 3.5],
        np.array([1_500, 2_500, 3_500], dtype="datetime64[ms]"),
        np.array([1_500, 2_500, 3_500], dtype="datetime64[ms]").astype("datetime64[ns]"),
    ],
)
def test_times_as_seconds_or_datetime64(time):
    assert give((time, [1, 2, 3])).time_ns.tolist() == [15 * 10**8, 25 * 10**8, 35 * 10**8]


def test_whole_numbers_are_seconds_unless_they_are_nanoseconds():
    assert give(([1, 2], [1, 2])).time_ns.tolist() == [10**9, 2 * 10**9]
    assert give(([1672617600 * 10**9] * 1, [1])).time_ns.tolist() == [1672617600 * 10**9]


def test_what_may_be_returned():
    t = np.arange(4.0)
    assert give((t, np.ones(4))).kind == "scalar"
    assert give((t, np.ones((4, 1)))).shape == (4,)
    vector = give((t, np.ones((4, 3))), labels=["x", "y", "z"], unit="nT")
    assert (vector.kind, vector.columns, vector.unit) == ("vector", ["x", "y", "z"], "nT")
    assert give((t, t, t, t)).shape == (4, 3)
    assert len(give(None)) == 0
    assert len(give(([], []))) == 0
    image = give((t, np.arange(5.0), np.ones((4, 5))))
    assert image.kind == "spectrogram"
    assert give((t, np.ones((4, 5)), np.ones((4, 5)))).axes[0].time_varying
    variable = SpeasyVariable([0, 1], [1.0, 2.0], unit="K", name="own")
    kept = give(variable, unit="nT", labels=["q"])
    assert (kept.unit, kept.name, kept.columns) == ("K", "own", ["q"])


def test_unsorted_and_missing_times_are_put_right():
    v = give((np.array([3.0, np.nan, 1.0, 2.0]), np.array([30, 0, 10, 20])))
    assert v.values.tolist() == [10, 20, 30]


@pytest.mark.skipif(not hasattr(SpeasyVariable, "from_xarray"), reason="no from_xarray yet")
def test_a_dataarray_may_be_returned():
    time = np.array([0, 1], dtype="datetime64[s]").astype("datetime64[ns]")
    v = give(xarray.DataArray([1.0, 2.0], dims="time", coords={"time": time}, name="q"))
    assert v.values.tolist() == [1.0, 2.0]
    with pytest.raises(VirtualProductError, match="not a series in time"):
        give(xarray.DataArray([1.0, 2.0], dims="x", coords={"x": [1, 2]}))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones(3), "without times"),
        (7, "a int"),
        (([1, 2],), "a tuple"),
        (([1, 2], [1, 2, 3]), "2 times"),
        (([1, 2, 3, 4], np.ones((2, 4))), "values.T"),
        (([[1, 2]], [1]), "one time per sample"),
        ((["x"], [1]), "not data"),
        (([1.0], ["a"]), "give numbers"),
        (([1.0], [1.0, 2.0], [[1.0]]), "channels of shape"),
        (([1.0, 2.0], [[1.0], [2.0]], [1.0, 2.0]), "channels of shape"),
    ],
)
def test_what_is_not_data_is_refused_with_advice(value, words):
    with pytest.raises(VirtualProductError) as caught:
        give(value)
    assert words in str(caught.value)


def test_labels_must_fit():
    with pytest.raises(VirtualProductError, match="2 components, but has 3 labels"):
        give(([1.0], [[1.0, 2.0]]), labels=["a", "b", "c"])


# ---------------------------------------------------------------------------- products


def test_a_product_is_called_with_exactly_the_range(session):
    asked = []

    @virtual.virtual_product("tests/exact", unit="nT", test=False, session=session)
    def exact(start: np.datetime64, stop: np.datetime64):
        """Give one sample.

        Nothing else.
        """
        asked.append((start, stop))
        return [start], [1.0]

    function, options = session.registered["tests/exact"]
    v = function(SPAN)
    assert asked == [tuple(SPAN)]
    assert (v.name, v.unit, len(v)) == ("exact", "nT", 1)
    assert options["title"] == "Give one sample."
    assert exact(np.datetime64(0, "ns"), 0)[1] == [1.0]
    assert virtual.find("tests/exact") is exact


def test_as_a_bare_decorator_and_with_a_type(session, monkeypatch):
    monkeypatch.setattr("speasy_core.session.default_session", lambda: session)

    @virtual.virtual_product
    def bare(start, stop):
        return None

    @virtual.virtual_product(product_type="spectrogram")
    def image(start, stop):
        return None

    assert str(bare.ref) == "vp/bare"
    assert session.registered["image"][1]["kind"] == "spectrogram"


def test_errors_show_the_users_frames_alone(session):
    def inner():
        raise KeyError("bx")

    def fails(start, stop):
        return inner()

    product = virtual.create("tests/fails", fails, session=session)
    with pytest.raises(VirtualProductError) as caught:
        product.compute(SPAN)
    shown = describe_error(caught.value)
    assert shown["type"] == "KeyError"
    assert "in inner" in shown["traceback"]
    assert "in fails" in shown["traceback"]
    assert "sciqlop_lab/virtual" not in shown["traceback"]


def test_an_error_of_a_server_inside_a_function_keeps_its_hint():
    error = ServerUnreachable("nobody answers", url="http://x/", hint="look at the cable")
    assert describe_error(error) == {
        "type": "ServerUnreachable",
        "title": "No connection",
        "message": "nobody answers [url: http://x/]",
        "hint": "look at the cable",
        "traceback": None,
    }
    assert describe_error(ZeroDivisionError())["message"] == "ZeroDivisionError"


@pytest.mark.filterwarnings("always")
def test_output_of_a_call_is_kept_and_that_of_others_is_not(capsys):
    with captured_output() as first:
        print("inside")  # noqa: T201
        warnings.warn("mind the gap", SpeasyWarning, stacklevel=1)
        with captured_output() as second:
            print("further in")  # noqa: T201
        print("again")  # noqa: T201
    print("outside")  # noqa: T201
    assert (first.text, second.text) == ("inside\nagain\n", "further in\n")
    assert [str(w) for w in first.warnings] == ["mind the gap"]
    with pytest.warns(SpeasyWarning):
        warnings.warn("for all", SpeasyWarning, stacklevel=1)
    assert capsys.readouterr().out == "outside\n"


def test_a_redefined_product_tells_its_listeners(session):
    class Listener:
        heard = ()

        def product_changed(self, product):
            self.heard = (*self.heard, product)

    listener = Listener()
    virtual.subscribe(listener)
    virtual.create("tests/again", plain, session=session)
    virtual.create("tests/again", plain, session=session)
    assert listener.heard == ("vp/tests/again",) * 2


def test_plotted_functions_take_a_name_of_their_own(session):
    def of(function):
        return virtual.of_function(function, session=session)

    def scaled(factor):
        def part(start, stop):
            return [start], [factor]

        return part

    one, two = scaled(1), scaled(2)
    assert of(one).path.endswith("scaled.part")
    assert of(two).path.endswith("scaled.part-2")
    assert of(one) is of(one)
    lambdas = {of(lambda a, b: (a, b)).path, of(lambda a, b: None).path}
    assert len(lambdas) == 2
    partials = {of(functools.partial(plain)).path, of(functools.partial(floats)).path}
    assert len(partials) == 2


def test_a_function_written_anew_takes_the_place_of_the_old(session):
    paths = []
    for source in ("return [a], [1.0]", "return [a], [2.0]"):
        space = {}
        exec(f"def cell_function(a, b): {source}", space)
        paths.append(virtual.of_function(space["cell_function"], session=session).path)
    assert paths == ["cell_function"] * 2
    assert virtual.find("cell_function").compute(SPAN).values.tolist() == [2.0]


def _kinds(kind: type[BaseException]):
    yield kind
    for below in kind.__subclasses__():
        if below.__module__.startswith(("speasy_core", "sciqlop_lab")):
            yield from _kinds(below)


@pytest.mark.parametrize("kind", list(_kinds(SpeasyError)), ids=lambda kind: kind.__name__)
def test_errors_have_a_heading_in_words(kind):
    error = kind.__new__(kind)
    SpeasyError.__init__(error, "what happened")
    title = describe_error(error)["title"]
    assert title
    assert kind.__name__ not in title or kind.__name__ == "Cancelled"
    assert title[0].isupper()
    assert describe_error(ValueError("x"))["title"] == "ValueError in the function"
