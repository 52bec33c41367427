"""The tab key in a real IPython: trees, variables, and their keys."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.archives.inventories import Inventories
from speasy_core.config import Settings
from speasy_core.inventory import Inventory
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate

completer = pytest.importorskip("IPython.core.completer")


class Toy:
    name = title = "toy"
    max_request_ns = None
    options: frozenset[str] = frozenset()
    cachable = True
    source = ""

    def inventory(self, *, deadline, since=None):
        ref = ProductRef("toy", "D/b c")
        return InventoryUpdate("1", [ProductInfo(("Earth", "D", "b c"), ref, "scalar")])

    def fetch(self, *args, **kwargs):
        raise NotImplementedError


@pytest.fixture
def names():
    inventory = Inventory(None, {"toy": Toy()}, Settings())
    inventory.refresh()
    times = np.arange(3).astype("M8[ns]")
    v = spz.SpeasyVariable(times, np.zeros((3, 2)), columns=["bx", "by"])
    yield {"inv": Inventories(inventory), "v": v}
    inventory.close()


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("inv.", "tree"),
        ("inv.tree.", "toy"),
        ("inv.tree.toy.Earth.D.", "b_c"),
        ('inv.tree["', "toy"),
        ('inv.tree.toy["Earth"]["D"]["', "b c"),
        ("v.", "to_xarray"),
        ('v["', "by"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:jedi", "ignore::DeprecationWarning:parso")
def test_the_tab_key_offers(names, typed, offered, jedi):
    shell = completer.IPCompleter(namespace=names, use_jedi=jedi)
    with completer.provisionalcompleter():
        found = {c.text.lstrip(".") for c in shell.completions(typed, len(typed))}
    assert offered in found
