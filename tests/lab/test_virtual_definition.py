"""What is checked when a product is defined, and what is said."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab import virtual
from sciqlop_lab.virtual import MultiComponent, Scalar, Spectrogram, Vector, virtual_product
from speasy_core.errors import InvalidRequest, SpeasyWarning, VirtualProductError

SPAN = ("2020-01-01", "2020-01-02")


@pytest.fixture
def real(tmp_path):
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        yield made


def times(start, stop, count=100):
    return np.linspace(start, stop, count, endpoint=False)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a, b: np.ones(3), "without times"),
        (lambda a, b: 7, "a int"),
        (lambda a, b: (times(a, b), np.ones(3)), "100 times"),
        (lambda a, b: (times(a, b), np.ones((3, 100))), "values.T"),
        (lambda a, b: (times(a, b) * 1000, np.ones(100)), "seconds since 1970"),
        (lambda a, b: 1 / 0, "ZeroDivisionError"),
        (lambda a, b: (times(a, b), ["x"] * 100), "give numbers"),
    ],
)
def test_what_gives_no_data_is_refused_with_advice(real, function, words):
    with pytest.raises(VirtualProductError, match="(?s)" + words) as caught:
        virtual_product("t/refused", test=SPAN, session=real)(function)
    assert caught.value.hint
    assert virtual.find("t/refused") is None


async def waiting(start, stop):
    return times(start, stop), np.ones(100)


def giving(start, stop):
    yield times(start, stop)


@pytest.mark.parametrize(
    ("function", "advice"),
    [
        (waiting, "def in place of async def"),
        (giving, "return in place of yield"),
        (lambda a, b: (times(a, b), np.ones(3)), "for each time"),
        (lambda a, b: (times(a, b), np.ones((100, 0))), "return None"),
    ],
)
def test_the_advice_says_what_to_change(real, function, advice):
    with pytest.raises(VirtualProductError) as caught:
        virtual_product("t/refused", test=SPAN, session=real)(function)
    assert advice in caught.value.hint


def test_times_with_a_zone_are_instants(real):
    zone = timezone(timedelta(hours=2))

    @virtual_product("t/zone", test=SPAN, session=real)
    def in_paris(start: datetime, stop: datetime):
        return [start.astimezone(zone), start + timedelta(hours=1)], [1.0, 2.0]

    found = real.get_data("vp/t/zone", *SPAN)  # a warning would be an error here
    assert found.time.tolist() == list(
        np.array(["2020-01-01T00", "2020-01-01T01"], "M8[ns]").tolist()
    )


def test_times_in_single_precision_are_said_to_be_coarse(real):
    virtual_product("t/coarse", test=False, session=real)(
        lambda a, b: (times(a, b).astype(np.float32), np.ones(100))
    )
    with pytest.warns(SpeasyWarning, match="float32 come in steps of 128 s"):
        real.get_data("vp/t/coarse", *SPAN)


def test_folders_may_be_written_as_in_sciqlop(real):
    virtual_product("t//folder//wave", test=SPAN, session=real)(
        lambda a, b: (times(a, b), np.ones(100))
    )
    for name in ("vp/t/folder/wave", "vp/t//folder//wave", "vp//t//folder//wave"):
        assert len(real.get_data(name, *SPAN)) == 100


def test_a_margin_that_is_no_number_is_refused(real):
    with pytest.raises(InvalidRequest, match="not a duration"):
        virtual_product("t/margin", margin=float("nan"), session=real)(lambda a, b: None)


def test_without_a_range_the_last_day_is_tried(real):
    asked = []

    @virtual_product("t/day", session=real)
    def day(start: float, stop: float):
        asked.append(stop - start)
        return times(start, stop), np.ones(100)

    assert asked == [86400.0]
    with pytest.raises(VirtualProductError, match="without times"):
        virtual_product("t/no", session=real)(lambda a, b: np.ones(3))
    virtual_product("t/no", session=real, test=False)(lambda a, b: np.ones(3))


def test_defaults_of_the_times_are_the_test(real):
    asked = []

    @virtual_product("t/defaults", session=real)
    def f(start: float = 1.5e9, stop: float = 1.5e9 + 60):
        asked.append((start, stop))
        return [start], [1.0]

    assert asked == [(1.5e9, 1.5e9 + 60)]


@pytest.mark.parametrize(
    ("kind", "width", "good"),
    [
        (Scalar["b"], 3, False), (Scalar["b"], 1, True), (Vector["x", "y", "z"], 3, True),
        (Vector["x", "y", "z"], 2, False), (MultiComponent["a", "b"], 2, True),
        (MultiComponent["a", "b"], 3, False), (Vector, 3, True), (Scalar, 2, False),
    ],
)  # fmt: skip
def test_annotations_say_what_comes(real, kind, width, good):
    def f(start, stop) -> kind:
        return times(start, stop), np.ones((100, width))

    f.__annotations__["return"] = kind
    if good:
        product = virtual_product("t/kinds", test=SPAN, session=real)(f)
        v = real.get_data(product, *SPAN)
        assert kind.labels is None or v.columns == list(kind.labels)
    else:
        with pytest.raises(VirtualProductError):
            virtual_product("t/kinds", test=SPAN, session=real)(f)


def test_annotations_as_text(real):
    def f(start, stop) -> Vector["bx", "by", "bz"]:  # noqa: F821, UP037
        return times(start, stop), np.ones((100, 3))

    product = virtual_product("t/text", test=SPAN, session=real)(f)
    assert (product.kind, product.labels) == ("vector", ["bx", "by", "bz"])

    def g(start: float, stop: float) -> Spectrogram:
        return times(start, stop), np.arange(4.0), np.ones((100, 4))

    assert virtual_product("t/image", test=SPAN, session=real)(g).kind == "spectrogram"
    with pytest.raises(InvalidRequest, match="3 labels"):
        Vector["x"]


def test_what_is_odd_is_said(real):
    def backwards(start, stop):
        return times(start, stop)[::-1], np.ones(100)

    with pytest.warns(SpeasyWarning, match="not in order"):
        virtual_product("t/odd", test=SPAN, session=real)(backwards)
    with pytest.warns(SpeasyWarning, match="NaN"):
        virtual_product("t/nan", test=SPAN, session=real)(
            lambda a, b: (times(a, b), np.full(100, np.nan))
        )


def test_what_it_prints_while_tested_is_not_shown(real, capsys):
    def f(start, stop):
        print("inside")  # noqa: T201
        return times(start, stop), np.ones(100)

    virtual_product("t/print", test=SPAN, session=real)(f)
    assert capsys.readouterr().out == ""


# ---------------------------------------------------------------------------- cycles


def test_a_cycle_is_refused_when_it_is_defined(real):
    def base(start, stop):
        return times(start, stop), np.ones(100)

    def above(start, stop):
        return real.get_data("vp/t/base", start, stop) * 2

    virtual_product("t/base", test=SPAN, session=real)(base)
    virtual_product("t/above", test=SPAN, session=real, cachable=True)(above)
    assert real.get_data("vp/t/above", *SPAN).values[0] == 2

    def round_about(start, stop):
        return real.get_data("vp/t/above", start, stop)

    with pytest.raises(VirtualProductError, match=r"vp/t/base -> vp/t/above -> vp/t/base"):
        virtual_product("t/base", test=SPAN, session=real)(round_about)
    assert virtual.find("t/base").function is base, "the old one stays"

    def itself(start, stop):
        return real.get_data("vp/t/self", start, stop)

    with pytest.raises(VirtualProductError, match="ask for each other"):
        virtual_product("t/self", test=SPAN, session=real)(itself)
    assert virtual.find("t/self") is None
    # not seen at definition, it is seen when it runs
    virtual_product("t/base", test=False, session=real)(round_about)
    with pytest.raises(VirtualProductError, match="ask for each other"):
        real.get_data("vp/t/base", *SPAN)


# ---------------------------------------------------------------------------- locality


def wave(start, stop, cadence=10.0):
    t = np.arange(np.ceil(start / cadence), np.ceil(stop / cadence)) * cadence
    return t, np.sin(t / 1000.0) + 2


def test_a_true_claim_is_taken(real):
    virtual_product("t/point", locality="pointwise", test=SPAN, session=real)(wave)

    def smooth(start, stop):
        t, y = wave(start, stop)
        return t, np.convolve(y, np.ones(5) / 5, mode="same")

    virtual_product("t/margin", margin="10min", test=SPAN, session=real)(smooth)
    asked = []

    def seen(start: float, stop: float):
        asked.append((start, stop))
        return smooth(start, stop)

    virtual_product("t/seen", margin="10min", test=False, session=real)(seen)
    v = real.get_data("vp/t/seen", *SPAN)
    assert asked == [(1577836800.0 - 600, 1577923200.0 + 600)]
    assert len(v) == 8640


def test_the_last_digit_of_float32_refutes_no_claim(real):
    def rounded(start, stop):
        t, y = wave(start, stop)
        y = y.astype(np.float32)
        # as when a mean is summed up from another sample on
        return t, y if len(y) > 8000 else np.nextafter(y, np.float32(9))

    virtual_product("t/rounded", margin="10min", test=SPAN, session=real)(rounded)


def test_a_false_claim_is_refused_with_the_numbers(real):
    def centred(start, stop):
        t, y = wave(start, stop)
        return t, y - np.median(y)

    with pytest.raises(VirtualProductError, match=r"at 2020-01-01T.* it gives .* and .* half"):
        virtual_product("t/false", locality="pointwise", test=SPAN, session=real)(centred)

    def on_its_own_grid(start, stop):
        return times(start, stop), np.ones(100)

    with pytest.raises(VirtualProductError, match="samples in the whole"):
        virtual_product("t/false", locality="pointwise", test=SPAN, session=real)(on_its_own_grid)

    def smooth(start, stop):
        t, y = wave(start, stop)
        return t, np.convolve(y, np.ones(500) / 500, mode="same")

    with pytest.raises(VirtualProductError, match="larger margin"):
        virtual_product("t/false", margin="10s", test=SPAN, session=real)(smooth)
    assert virtual.find("t/false") is None


@pytest.mark.parametrize(
    "options", [{"locality": "blocks"}, {"margin": "soon"}, {"margin": -3}, {"timeout": 0}]
)
def test_options_that_make_no_sense(real, options):
    with pytest.raises(InvalidRequest):
        virtual_product("t/options", session=real, test=False, **options)(wave)


# ---------------------------------------------------------------------------- returns and hints


def test_an_array_alone_has_the_times_of_what_was_asked_for(real):
    virtual_product("t/source", test=SPAN, session=real)(wave)

    def plain(start, stop):
        v = real.get_data("vp/t/source", start, stop)
        return np.asarray(v.values) * 2

    virtual_product("t/plain", test=SPAN, session=real)(plain)
    v = real.get_data("vp/t/plain", *SPAN)
    source = real.get_data("vp/t/source", *SPAN)
    assert np.array_equal(v.time, source.time)
    assert np.array_equal(v.values, source.values * 2)


def test_resolution_is_told_to_those_who_ask(real):
    told = []

    def f(start, stop, pixels, max_points=7):
        told.append((pixels, max_points))
        return times(start, stop), np.ones(100)

    product = virtual_product("t/pixels", test=False, session=real)(f)
    product.compute(spz.TimeRange(*SPAN), pixels=640)
    real.get_data(product, *SPAN)
    assert told[0] == (640, 2560)
    assert product.knobs == ()


def test_redefinition_of_a_refused_product_keeps_warnings_quiet(real):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        virtual_product("t/quiet", test=SPAN, session=real, cachable=True)(wave)


def test_a_function_that_never_ends_is_defined_all_the_same(real):
    def forever(start, stop):
        while True:
            pass

    with pytest.warns(SpeasyWarning, match="longer than its limit of 0.3 s"):
        virtual_product("t/forever", test=SPAN, timeout=0.3, session=real)(forever)
    assert virtual.find("t/forever").function is forever


def test_a_range_without_data_refuses_nothing(real):
    virtual_product("t/empty", test=False, session=real)(lambda a, b: None)

    def last_value(start, stop):
        v = real.get_data("vp/t/empty", start, stop)
        return v.time[-1:], v.values[[-1]]

    virtual_product("t/last", session=real)(last_value)
    with pytest.warns(SpeasyWarning, match="could not be tested"):
        virtual_product("t/last", test=SPAN, session=real)(last_value)
