from __future__ import annotations

import inspect

from speasy_core import errors


def test_the_drawn_tree_is_the_tree():
    drawn = errors.__doc__
    for name, item in vars(errors).items():
        if inspect.isclass(item) and item.__module__ == errors.__name__:
            assert name in drawn, f"{name} is missing in the docstring's tree"
            assert name in errors.__all__


def test_a_message_says_what_where_and_what_to_do():
    error = errors.CorruptFile("cut short", source="x.cdf", hint="download it again")
    error.locate(product="cda/A/b", range="2015")
    assert str(error) == (
        "cut short [product: cda/A/b; range: 2015; file: x.cdf]. Hint: download it again"
    )


def test_locate_keeps_what_was_known():
    error = errors.SpeasyError("x", product="first").locate(product="second")
    assert error.product == "first"


def test_urls_are_scrubbed():
    error = errors.HttpStatusError("no", status=403, url="https://u:pw@h/p?token=abc&x=1")
    assert "abc" not in str(error)
    assert "pw" not in str(error)
    assert error.status == 403
