"""Derived products over data of every shape, what is refused and why, and the way back."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab import asks, virtual
from sciqlop_lab import panel as panel_module
from sciqlop_lab.recipes import RECIPES
from speasy_core.errors import InvalidRequest, SpeasyError, VirtualProductError
from speasy_core.variable import Axis, SpeasyVariable

SPAN = ("2019-01-02T15:00", "2019-01-02T16:00")
ROWS = 3600
TIME = np.datetime64(SPAN[0], "ns") + np.arange(ROWS) * np.timedelta64(1, "s")
WAVE = np.sin(np.arange(ROWS) / 20)
VECTOR = np.stack([WAVE, np.cos(np.arange(ROWS) / 20), np.ones(ROWS)], 1)
XYZ = ["x", "y", "z"]


def _data() -> dict[str, SpeasyVariable]:
    rng = np.random.default_rng(0)
    kept = np.ones(ROWS, bool)
    kept[1000:1400] = False
    odd = np.sort(rng.choice(ROWS * 10, ROWS, replace=False)) * np.timedelta64(100, "ms")
    holes = VECTOR.copy()
    holes[500:520] = np.nan
    energy = np.logspace(1, 4, 16)
    flux = rng.lognormal(size=(ROWS, 16)).astype("f4")
    moving = Axis(np.tile(energy, (kept.sum(), 1)), name="energy", unit="eV", time_varying=True)
    hostile = ['x"]+1', "<img src=x onerror=alert(1)>", "β\\⊥\n"]
    made = {
        "scalar": SpeasyVariable(TIME, WAVE, unit="nT"),
        "holes": SpeasyVariable(TIME[kept], holes[kept, 0], unit="nT"),
        "vector": SpeasyVariable(TIME, VECTOR, columns=XYZ, unit="nT"),
        "broken": SpeasyVariable(TIME[kept], holes[kept], columns=XYZ, unit="nT"),
        "uneven": SpeasyVariable(TIME[0] + odd, VECTOR, columns=XYZ, unit="nT"),
        "counts": SpeasyVariable(TIME, (VECTOR * 100).astype("i2"), columns=XYZ, unit="nT"),
        "hostile": SpeasyVariable(TIME, VECTOR, columns=hostile, unit='<b>"'),
        "flux": SpeasyVariable(TIME, flux, axes=[Axis(energy, name="energy", unit="eV")]),
        "moving": SpeasyVariable(TIME[kept], flux[kept], axes=[moving]),
        "nothing": SpeasyVariable(TIME[:0], WAVE[:0], unit="nT"),
        "no_vectors": SpeasyVariable(TIME[:0], VECTOR[:0], columns=XYZ, unit="nT"),
    }
    return {name: v.copy(name=name) for name, v in made.items()}


DATA = _data()
PICTURES = ["flux", "moving"]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    with spz.Session(spz.Settings(cache_dir=cache, offline=True)) as made:
        yield made


@pytest.fixture
def shell(monkeypatch, session):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr("speasy_core.session.default_session", lambda: session)
    shell, before = InteractiveShell.instance(), set(virtual.products())
    shell.user_ns.update(DATA)
    yield shell
    InteractiveShell.clear_instance()
    for product in virtual.products():
        if product not in before:
            virtual.remove(product)


@pytest.fixture
def panel(session, monkeypatch, shell):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    made = panel_module.CanvasPanel(*SPAN, session=session)
    yield made
    made.close()


def show(panel, *names):
    for name in names:
        panel.command({"op": "add_product", "product": f"kernel/{name}", "plot": None})


def ask_form(panel, op, **more):
    """Ask as a page does, that has drawn everything."""
    names = {g.id: g.product.partition("/")[2] for _, g in panel.model.graphs}
    columns = {i: list(DATA[n].columns or []) for i, n in names.items() if n in DATA}
    pictures = [i for i, n in names.items() if n in PICTURES]
    about = {"op": op, "plot": "p1", "graph": "g1", "columns": columns, "pictures": pictures}
    return asks.answer(panel, "derive", {**about, **more}).value


def define(panel, source):
    return asks.answer(panel, "define", {"source": source, "plot": "p1"}).value


def derive(panel, op, **more):
    form = ask_form(panel, op, **more)
    return panel.session.get_data(define(panel, form["source"])["product"], *SPAN)


@pytest.mark.parametrize("op", list(RECIPES))
@pytest.mark.parametrize("name", [n for n in DATA if n not in ("uneven", "hostile", *PICTURES)])
def test_every_recipe_over_lines(panel, name, op):
    other = "vector" if np.ndim(DATA[name].values) == 2 else "scalar"
    show(panel, name, other if other != name else ("counts" if other == "vector" else "holes"))
    if op == "field_aligned" and np.ndim(DATA[name].values) == 1:
        with pytest.raises(InvalidRequest, match="three components are needed"):
            ask_form(panel, op)
        return
    if op == "spectrum" and not len(DATA[name]):
        with pytest.raises(VirtualProductError, match="samples"):
            derive(panel, op)
        return
    found = derive(panel, op)
    assert found.unit == ("nT² Hz⁻¹" if op == "spectrum" else "nT")
    assert (len(found) > 0) == (len(DATA[name]) > 0)
    if op == "magnitude":
        whole = np.abs(DATA[name].values)
        wanted = whole if whole.ndim == 1 else np.linalg.norm(DATA[name].values, axis=1)
        np.testing.assert_allclose(found.values, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("op", list(RECIPES))
def test_every_recipe_over_spectrograms(panel, name, op):
    show(panel, name, "vector")
    if op in ("magnitude", "field_aligned"):
        with pytest.raises(InvalidRequest, match="a spectrogram has no components"):
            ask_form(panel, op)
    elif op == "difference":
        with pytest.raises(InvalidRequest, match="no second product that fits"):
            ask_form(panel, op)
    elif op == "component":
        found = derive(panel, op, params={"channel": 3})
        np.testing.assert_array_equal(found.values, DATA[name].values[:, 2])
    else:
        assert derive(panel, op).ndim == 2


@pytest.mark.filterwarnings("ignore:.*too short")
def test_samples_at_uneven_steps(panel):
    show(panel, "uneven", "vector")
    for op in ("magnitude", "component", "difference", "resample", "rolling_mean", "field_aligned"):
        assert len(derive(panel, op))
    with pytest.raises(VirtualProductError, match="not sampled regularly"):
        derive(panel, "low_pass")
    made = derive(panel, "low_pass", params={"irregular": "resample"})
    assert np.isfinite(made.values).any()
    with pytest.raises(VirtualProductError, match="resample"):
        derive(panel, "spectrum")


def test_names_that_would_end_a_text_stay_text(panel):
    show(panel, "hostile")
    for op in ("component", "spectrum"):
        assert len(derive(panel, op))


def test_a_name_that_is_taken(panel, shell):
    show(panel, "vector")
    first = ask_form(panel, "magnitude", name="mine/vector")
    assert "def vector_2(start" in first["source"]  # the variable of that name stays
    assert define(panel, first["source"])["product"] == "vp/mine/vector"
    assert shell.user_ns["vector"] is DATA["vector"]
    with pytest.raises(InvalidRequest, match="there is a function mine/vector already"):
        ask_form(panel, "component", name="mine/vector")
    with pytest.raises(InvalidRequest, match="vector is a variable of this kernel"):
        define(panel, first["source"].replace("def vector_2", "def vector"))
    assert shell.user_ns["vector"] is DATA["vector"]


def test_a_panel_without_its_data_has_nothing_to_derive(panel):
    show(panel, "scalar")
    for op in ("difference", "field_aligned"):
        with pytest.raises(InvalidRequest) as caught:
            ask_form(panel, op)
        assert str(caught.value)
    with pytest.raises(InvalidRequest, match="no second product besides"):
        ask_form(panel, "difference")


def test_undo_takes_back_the_plot_and_the_function_at_once(panel):
    show(panel, "vector")
    before = panel.model
    form = ask_form(panel, "magnitude")
    define(panel, form["source"])
    after = panel.model
    panel.undo()
    assert panel.model == before
    panel.redo()
    assert panel.model == after


def test_undo_of_an_edit_brings_the_earlier_function_back(panel, session):
    show(panel, "vector")
    source = ask_form(panel, "magnitude")["source"]
    product = define(panel, source)["product"]
    define(panel, source.replace("return np", "return 3 * np"))
    thrice = session.get_data(product, *SPAN).values
    panel.undo()
    assert panel.model.functions[product] == source
    once = session.get_data(product, *SPAN).values
    np.testing.assert_allclose(thrice, 3 * once)
    panel.redo()
    np.testing.assert_array_equal(session.get_data(product, *SPAN).values, thrice)


def test_undo_of_an_edit_brings_the_function_of_a_cell_back(panel, session, shell):
    cell = (
        "import numpy as np\nfrom sciqlop_lab import virtual_product\n\n"
        '@virtual_product("mine/one", test=False)\n'
        "def one(start: float, stop: float):\n    return np.array([start, stop - 1]), [1.0, 1.0]\n"
    )
    shell.run_cell(cell)
    panel.command({"op": "add_product", "product": "vp/mine/one", "plot": None})
    define(panel, cell.replace("[1.0, 1.0]", "[2.0, 2.0]"))
    assert session.get_data("vp/mine/one", *SPAN).values.tolist() == [2, 2]
    panel.undo()
    assert "vp/mine/one" not in panel.model.functions
    assert session.get_data("vp/mine/one", *SPAN).values.tolist() == [1, 1]
    told = asks.answer(panel, "source", {"plot": "p1", "graph": "g1"}).value
    assert "[1.0, 1.0]" in told["source"]


def test_a_definition_that_never_ends_can_be_interrupted(panel):
    endless = (
        'from sciqlop_lab import virtual_product\n@virtual_product("a")\ndef a(start, stop):\n'
        "    return None\nwhile True:\n    pass\n"
    )
    before = signal.getsignal(signal.SIGINT)

    kernels = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a kernel between two cells
    try:
        threading.Timer(0.5, lambda: signal.pthread_kill(_main(), signal.SIGINT)).start()
        with pytest.raises(SpeasyError, match="interrupted"):
            define(panel, endless.replace('"a")', '"a", test=False)'))
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, kernels)
    assert signal.getsignal(signal.SIGINT) == before
    assert panel.model.plots == ()


def _main() -> int:
    return int(threading.main_thread().ident or 0)
