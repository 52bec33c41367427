"""The table of providers, and those of other packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from speasy_core import providers
from speasy_core.config import Settings
from speasy_core.errors import SpeasyError, UnknownProvider
from speasy_core.http import HttpClient
from speasy_core.providers.functions import FunctionProvider


class Third(FunctionProvider):
    name = "third"


def broken(settings: object, http: object) -> object:
    raise RuntimeError("cannot start")


@pytest.fixture
def points(monkeypatch):
    """Install entry points for one test."""

    def install(**targets: str) -> None:
        found = [EntryPoint(n, f"{__name__}:{t}", providers.GROUP) for n, t in targets.items()]
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found)
        providers._foreign.cache_clear()

    yield install
    monkeypatch.undo()
    providers._foreign.cache_clear()


def load(name: str):
    settings = Settings()
    return providers.load(name, settings, HttpClient(settings))


def test_own_providers_load():
    assert providers.names()[:1] == ["cda"]
    assert load("cda").title == "CDAWeb"
    assert load("vp").live


def test_provider_of_another_package(points):
    points(third="Third")
    assert providers.names()[-1] == "third"
    assert load("third").name == "third"


@pytest.mark.parametrize(
    ("target", "words"),
    [("broken", "RuntimeError"), ("missing", "AttributeError"), ("dict", "cannot be loaded"),
     ("FunctionProvider", "calls itself 'vp'"), ("not_a_provider", "lacks a part")],
)  # fmt: skip
def test_one_that_fails_is_named(points, target, words):
    points(other=target)
    with pytest.raises(SpeasyError, match=rf"'other'.*{words}"):
        load("other")


def not_a_provider(settings: object, http: object) -> object:
    return object()


def test_names_that_are_taken_or_odd_are_left_out(points, caplog):
    points(cda="Third", **{"Bad Name": "Third"})
    assert providers.names() == list(providers._TABLE)
    assert "provider 'cda'" in caplog.text
    assert "Bad Name" in caplog.text


def test_unknown_name():
    with pytest.raises(UnknownProvider, match="no provider 'nope'"):
        load("nope")
