"""Rule 24: a password and a token go to their server, and are found nowhere else."""

from __future__ import annotations

import dataclasses
import gc
import json
import logging
import pickle
import traceback
import warnings
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest

import speasy_core as spz
from speasy_core.config import Secret
from speasy_core.demo import LocalArchive
from speasy_core.demo import amda as demo_amda

CANARY = "canary-9d1f &/é"
FORMS = {
    form
    for text in (CANARY, f"visitor:{CANARY}")
    for form in (
        text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1],
        b64encode(text.encode()).decode(),
    )
}  # fmt: skip
FORMS.add("canary-9d1f")
PRODUCT, DAY = "amda/ws_0", ("2017-08-31", "2017-08-31T01:00")

ECHO = f"<html><head><title>no entry for {CANARY}</title></head></html>".encode()
FAULTS = {
    "right": {},
    "401": {"status": 401, "body": ECHO},
    "403": {"status": 403, "body": f"wrong password {CANARY}".encode()},
    "404": {"status": 404, "body": ECHO},
    "429": {"status": 429, "retry_after": "3600"},
    "500": {"status": 500, "body": ECHO},
    "html": {"body": ECHO},
    "words": {"body": json.dumps({"success": False, "message": f"bad {CANARY}"}).encode()},
    "garbage": {"body": f"\0\1{CANARY}".encode()},
    "empty": {"empty": True},
    "reset": {"reset": True},
    "cut": {"cut": 3},
    "lie": {"lie": 7},
    "loop": {"status": 302, "headers": {"Location": "?again"}},
    "away": {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
    "stall": {"delay": 30.0},
}


@pytest.fixture
def archive(monkeypatch):
    monkeypatch.setattr(demo_amda, "PASSWORD", CANARY)
    with LocalArchive() as running:
        yield running


@pytest.fixture
def session(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    settings = archive.settings(tmp_path / "cache")
    servers = {
        name: url.replace("http://", f"http://visitor:{quote(CANARY, safe='')}@")
        for name, url in settings.hapi_servers.items()
    }
    settings = settings.with_(amda_user="visitor", amda_password=CANARY, hapi_servers=servers)
    with spz.Session(settings) as running:
        yield running


def found_in(texts):
    """Return what shows the canary, cut short."""
    return [
        f"{name}: ...{text[max(0, text.find(form) - 60) : text.find(form) + 40]!r}"
        for name, text in texts.items()
        for form in FORMS
        if form in text
    ]


def described(error):
    """Return an error as people and programs print it, with all that led to it."""
    chain, seen = error, {}
    while chain is not None:
        seen[f"{type(chain).__name__} str"] = str(chain)
        seen[f"{type(chain).__name__} repr"] = repr(chain)
        seen[f"{type(chain).__name__} args"] = repr(chain.args)
        attributes = {k: v for k, v in vars(chain).items() if k != "body"}
        seen[f"{type(chain).__name__} attributes"] = repr(attributes)
        chain = chain.__cause__ or chain.__context__
    seen["traceback"] = "".join(traceback.format_exception(error))
    # what verbose tracebacks, debuggers and services that collect errors show of every frame
    with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
    seen["locals"] = "".join(with_locals.format())
    return seen


def on_disk(folder):
    return {
        str(path): path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("page", ["php/rest", "getParameter"])
@pytest.mark.parametrize("fault", FAULTS)
def test_rule_24_the_canary_is_nowhere(session, archive, tmp_path, caplog, fault, page):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "speasy_core"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    if fault != "right":
        archive.faults.add(match=page, **FAULTS[fault])
    shown = {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            variable = session.get_data(PRODUCT, *DAY, timeout=0.5 if fault == "stall" else 20)
        except spz.errors.SpeasyError as error:
            shown.update(described(error))
            if fault in ("words", "garbage"):  # the frames hold what the server made public itself
                del shown["locals"]
        else:
            shown["variable"] = f"{variable!r} {variable.provenance} {variable.meta}"
        if fault in ("right", "500"):
            shown["refresh"] = repr(session.inventory.refresh(["amda", "hapi"], force=True))
            shown["states"] = repr(session.inventory.states())
    shown["log"] = caplog.text + repr([vars(record) for record in caplog.records])
    shown["warnings"] = " ".join(str(w.message) for w in warned)
    for name, thing in {
        "session": session, "settings": session.settings, "http": session.http,
        "providers": session.providers, "amda": session.providers["amda"],
        "vars": [vars(p) for p in session.providers.values()],
        "service": vars(session.providers["amda"]._service),
        "activity": session.http.activity(), "asdict": dataclasses.asdict(session.settings),
    }.items():  # fmt: skip
        shown[name] = f"{thing} {thing!r}"
    session.close()
    shown.update(on_disk(tmp_path))
    assert fault != "right" or "variable" in shown
    assert found_in(shown) == []


def test_the_search_would_find_it(tmp_path):
    (tmp_path / "a").write_text("x" + quote(CANARY))
    assert found_in(on_disk(tmp_path))
    assert found_in({"a": b64encode(f"visitor:{CANARY}".encode()).decode()})


def test_rule_24_the_server_gets_it(session, archive):
    """Otherwise the other tests would show nothing."""
    asked = []
    send = type(session.http._transport).send

    def note(self, request, timeout):
        asked.append((request.url, dict(request.headers)))
        return send(self, request, timeout)

    type(session.http._transport).send, before = note, send
    try:
        session.inventory.refresh(["hapi"], force=True)
        assert len(session.get_data("amda/ws_0", *DAY)) >= 0
    finally:
        type(session.http._transport).send = before
    basic = "Basic " + b64encode(f"visitor:{CANARY}".encode()).decode()
    assert any(headers.get("Authorization") == basic for _, headers in asked)
    assert any("canary" in url for url, _ in asked)


def test_rule_24_neither_settings_nor_sessions_are_pickled_with_it(session):
    with pytest.raises(TypeError) as caught:
        pickle.dumps(session.settings)
    assert "canary" not in str(caught.value)
    gc.collect()
    assert Secret(CANARY) == session.settings.amda_password
