from __future__ import annotations

import pytest

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductInfo, ProductRef


def test_only_the_first_slash_separates():
    ref = ProductRef.parse("cda/ISIS/a/b")
    assert (ref.provider, ref.path) == ("cda", "ISIS/a/b")
    assert ProductRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    ("alias", "name"), [("cdaweb", "cda"), ("CDA", "cda"), ("sscweb", "ssc"), ("amda", "amda")]
)
def test_provider_aliases(alias, name):
    assert ProductRef.parse(f"{alias}/x").provider == name


def test_a_node_stands_for_its_ref():
    info = ProductInfo(path=("a", "b"), ref=ProductRef("cda", "DS/v"))
    assert ProductRef.parse(info) == info.ref
    assert info.name == "b"


@pytest.mark.parametrize(
    "what", ["", "cda", "cda/", "/x", 3, None, b"cda/x", ProductInfo(path=("a",))]
)
def test_what_names_no_product_says_so(what):
    with pytest.raises(InvalidRequest, match="product"):
        ProductRef.parse(what)
