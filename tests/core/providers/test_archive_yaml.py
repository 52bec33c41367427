"""Descriptions with mistakes: each is named with its line, and none does harm."""

from __future__ import annotations

import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.errors import ConfigError
from speasy_core.providers._archive_entry import read_entries
from speasy_core.providers._archive_yaml import parse

GOOD = r"""# a comment
one:
  inventory_path: a/b
  split_rule: regular
  split_frequency: daily
  url_pattern: http://h/{Y}/f_{Y}{M:02d}{D:02d}_v\d+.cdf
  use_file_list: true
  variables:
    b: {UNITS: nT}
two:
  split_rule: random
  split_frequency: None
  url_pattern: http://h/x/
  fname_regex: 'x_(?P<start>\d{8})\.cdf'
"""


def read(text: str, **more: object):
    return read_entries(text, "d.yaml", **more)  # type: ignore[arg-type]


def test_good() -> None:
    entries, mistakes, warnings = read(GOOD)
    assert (mistakes, warnings) == ([], [])
    one, two = entries
    assert (one.id, one.listed, one.frequency, one.where) == ("a/b/one", True, "daily",
                                                              "d.yaml, line 3")  # fmt: skip
    assert one.variables == {"b": {"UNITS": "nT"}}
    assert (two.id, two.rule, two.frequency, two.listed) == ("two", "random", "none", True)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("split_rule: regular", "split_rule: regulr", 4, "did you mean 'regular'"),
        ("split_frequency: daily", "split_frequency: weekly", 5, "one of daily"),
        ("split_frequency: daily", "split_frequency: [daily]", 5, "is not known"),
        ("  split_frequency: daily\n", "", 3, "needs the key 'split_frequency'"),
        ("  url_pattern: http://h/{Y}", "  url_patern: http://h/{Y}", 6, "'url_pattern'"),
        ("{D:02d}_v", "_v", 6, "no field that changes daily"),
        ("{Y}/f_", "{Y.__class__}/f_", 6, "is not a field"),
        ("{Y}/f_", "{0.__class__.__mro__}/f_", 6, "is not a field"),
        ("use_file_list: true", "use_file_list: 'maybe'", 7, "neither true nor false"),
        ("http://h/{Y}", "ftp://h/{Y}", 6, "neither http"),
        ("http://h/{Y}", "file:///etc/{Y}", 6, "allow_local_files"),
        ("http://h/{Y}", "/etc/{Y}", 6, "allow_local_files"),
        ("b: {UNITS: nT}", "b: nT", 9, "is not a mapping"),
        ("use_file_list: true", "use_file_list: true\n  codec: jpeg", 8, "one of"),
        ("use_file_list: true", "use_file_list: true\n  meta_priority: both", 8, "file"),
        ("inventory_path: a/b", "inventory_path: 5", 3, "is not a text"),
        ("inventory_path: a/b", "start_date: soon\n  stop_date: later", 3, "soon"),
    ],
)
def test_mistakes(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    entries, mistakes, _ = read(GOOD.replace(old, new))
    assert [entry.name for entry in entries] == ["two"], "the others are read all the same"
    assert len(mistakes) == 1
    assert mistakes[0].source == f"d.yaml, line {line}"
    assert message in str(mistakes[0])
    assert mistakes[0].message.startswith("one: ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(?P<start>", "(?P<begin>", "no group 'start'"),
        (r"\d{8})", r"\d{8}", "not a regular expression"),
        ("  fname_regex", "  # fname_regex", "needs the key 'fname_regex'"),
    ],
)
def test_mistakes_of_random_files(old: str, new: str, message: str) -> None:
    entries, mistakes, _ = read(GOOD.replace(old, new))
    assert [entry.name for entry in entries] == ["one"]
    assert message in str(mistakes[0])


def test_unknown_key_is_a_warning() -> None:
    entries, mistakes, warnings = read(GOOD.replace("use_file_list", "colour"))
    assert not mistakes
    assert len(entries) == 2
    assert warnings == ["d.yaml, line 7: one: unknown key 'colour'"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1\nb: 2\n", 2),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 1\nb: !!python/object/apply:os.system ['true']\n", 2),
        ("a: !!python/name:os.system x\n", 1),
        ("a: 1\nb: !mine 3\n", 2),
        ("a: !!set {x}\n", 1),
        ("a: !!binary aGVsbG8=\n", 1),
        ("a: 1\na: 2\n", 2),
        ("? [a]\n: 1\n", 1),
        ("a: &x\n  b: *x\n", 1),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "x.yaml")
    assert caught.value.source.startswith("x.yaml, line ")
    if "*x" not in text:
        assert caught.value.source == f"x.yaml, line {line}"


def test_bomb_of_aliases_ends_soon() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    began = time.perf_counter()
    with pytest.raises(ConfigError, match="more values"):
        parse("\n".join(lines), "bomb.yaml")
    assert time.perf_counter() - began < 5


def test_deep_nesting_is_an_error_of_ours() -> None:
    for text in ("[" * 100_000, "a: " + "{b: " * 500 + "1" + "}" * 500):
        with pytest.raises(ConfigError):
            parse(text, "deep.yaml")


def test_anchors_and_merges() -> None:
    text = "base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}\n"
    assert parse(text, "m.yaml").data["other"].plain() == {"x": 1, "y": 3}


def test_values() -> None:
    text = "a: 1\nb: 1.5\nc: yes\nd: null\ne: 2020-01-01\nf: '1'\ng: 0x10\nh: .nan\ni: 1e3\n"
    found = parse(text, "v.yaml").plain()
    assert repr(found.pop("h")) == "nan"
    assert found == {"a": 1, "b": 1.5, "c": True, "d": None, "e": "2020-01-01", "f": "1",
                     "g": 16, "i": "1e3"}  # fmt: skip


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    _, mistakes, _ = read(text)
    assert all(isinstance(mistake, ConfigError) for mistake in mistakes)


def test_shipped_descriptions_have_no_mistakes() -> None:
    folder = resources.files("speasy_core.providers").joinpath("archives")
    files = [item for item in folder.iterdir() if item.name.endswith(".yaml")]
    assert files
    for item in files:
        entries, mistakes, warnings = read(item.read_text(encoding="utf-8"))
        assert entries
        assert (mistakes, warnings) == ([], [])
