"""Templates from the interface: those of the user, files as documents, and hostile ones."""

from __future__ import annotations

import base64
import json

import pytest
import yaml

from sciqlop_lab import Panel, asks, templatepages, templates
from speasy_core.errors import InvalidRequest

TEMPLATE = {
    "name": "theirs", "description": "a field", "version": 1, "max_zoom_seconds": 3600,
    "time_range": {"start": "2019-01-02T15:00:00", "stop": "2019-01-02T16:00:00"},
    "plots": [
        {"products": [{"path": "vp/b", "label": "B"}],
         "y_axis": {"log": True, "range": [1, 60]}},
        {"products": ["nowhere//at//all"]},
    ],
    "intervals": [],
}  # fmt: skip
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def unpacked(text):
    return base64.b64decode(text).decode()


@pytest.fixture
def panel(tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "folder", lambda: tmp_path / "templates")
    made = Panel("2020-01-01", "2020-01-02")
    made.title = "before"
    yield made
    made.close()


def test_one_of_the_users_is_saved_listed_and_opened(panel):
    assert asks.answer(panel, "templates", {}).value == []
    told = asks.answer(panel, "save_template", {"name": " mine ", "description": "what"}).value
    assert told == {"name": "mine", "exists": False}
    assert asks.answer(panel, "templates", {}).value == ["mine"]
    panel.title = "after"
    again = {"name": "mine"}
    assert asks.answer(panel, "save_template", again).value == {"name": "mine", "exists": True}
    assert templates.load("mine").spec.title == "before", "it was left alone"
    asks.answer(panel, "open_template", again)
    assert panel.title == "before"
    panel.undo()
    assert panel.title == "after"
    asks.answer(panel, "save_template", {**again, "replace": True})
    assert templates.load("mine").spec.title == "after"
    for bad in ("", "../x", "a/b", ".x"):
        with pytest.raises(InvalidRequest):
            asks.answer(panel, "save_template", {"name": bad})
    with pytest.raises(InvalidRequest, match="no template"):
        asks.answer(panel, "open_template", {"name": "gone"})


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
def test_a_file_of_sciqlop_is_opened_in_one_step(panel, ending):
    text = json.dumps(TEMPLATE) if ending == "json" else yaml.safe_dump(TEMPLATE)
    args = {"name": f"theirs.{ending}", "text": text}
    told = asks.answer(panel, "open_template", args).value
    assert told["name"] == "theirs"
    assert [said for said in told["said"] if "nowhere" in said]
    assert [g.label for _, g in panel.model.graphs] == ["B"]
    assert str(panel.time_range).startswith("2019-01-02T15")
    panel.undo()
    assert panel.title == "before"


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_document_keeps_its_form_and_what_it_is_called(ending):
    name = f"theirs.{ending}"
    text = json.dumps(TEMPLATE) if ending == "json" else yaml.safe_dump(TEMPLATE)
    shown = json.loads(unpacked(templatepages.spec_text(text, name)))
    assert len(shown["plots"]) == 2, "what is missing is still there to be saved"
    made = templatepages.open_text(text, name)
    assert made.spec == shown
    made.close()
    shown["title"] = "changed"
    written = unpacked(templatepages.written_text(text, name, json.dumps(shown)))
    read = yaml.safe_load(written) if ending == "yaml" else json.loads(written)
    assert (read["name"], read["description"], read["max_zoom_seconds"]) == (
        "theirs",
        "a field",
        3600,
    )
    assert read["plots"][0]["products"][0]["label"] == "B"
    assert json.loads(unpacked(templatepages.spec_text(written, name)))["title"] == "changed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "more than 200,000 parts"),
        (MERGES, "more than 200,000 parts"),
        ("a: &a [*a]", "nested too deeply"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ("[" * 20_000, "no template"),
        ("!!python/object/apply:os.system ['true']", "python/object"),
        ("name: !!python/name:os.system ''", "python/name"),
        ("time_range: 3", "time_range: expected an object"),
        ("time_range: {start: 5, stop: [1]}", "time_range"),
        ("{time_range: {start: 2019-01-01, stop: 2019-01-02}, plots: {a: 1}}", "plots"),
        ("{time_range: {start: 2019-01-01, stop: 2019-01-02}, plots: [3]}", r"plots\[0\]"),
        ("{time_range: {start: 2019-01-01, stop: 2019-01-02}, name: [1]}", "name"),
        ("{time_range: {start: 2019-01-01, stop: 2019-01-02}, plots: [{products: [{path: vp/x/y}],"
         " y_axis: {range: [.nan, 1]}}]}", "y_axis"),
        ("{time_range: {start: 2019-01-02, stop: 2019-01-01}}", "time_range"),
        ("\0", "no template"),
        ("x: " + "a" * 1_100_000, "too large"),
        ("", "expected an object"),
    ],
)  # fmt: skip
def test_a_hostile_one_is_refused_in_words(panel, text, said):
    for where in (
        lambda: asks.answer(panel, "open_template", {"name": "bad.yaml", "text": text}),
        lambda: templatepages.open_text(text, "bad.yaml"),
    ):
        with pytest.raises(InvalidRequest, match=said) as caught:
            where()
        assert caught.value.message.count("bad.yaml") == 1
        assert len(str(caught.value)) < 600
    assert panel.title == "before"


def test_a_deep_one_of_json_is_refused(panel):
    for text in ("[" * 100_000, '{"a":' * 20_000, "nul", '{"time_range": 1e999}'):
        with pytest.raises(InvalidRequest, match=r"bad\.json"):
            asks.answer(panel, "open_template", {"name": "bad.json", "text": text})
