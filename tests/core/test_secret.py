"""Text that must not be seen is not seen, however it is written."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from speasy_core.config import Secret, Settings
from speasy_core.errors import ConfigError, SpeasyError, SpeasyWarning, scrub_url
from speasy_core.secret import Login, origin_of, scrub, split_login

CANARY = "canary-7f3a &b"


def test_every_way_to_write_a_secret():
    secret = Secret(CANARY)
    shown = [
        str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", f"{secret:>9}",
        repr([secret]), repr({"a": secret}), repr(Login("me", secret)),
        "%s %r" % (secret, secret), "{} {!r}".format(secret, secret),  # noqa: UP031, UP032
    ]  # fmt: skip
    assert "canary" not in " ".join(shown)
    assert secret.reveal() == CANARY


def test_a_secret_is_no_text():
    secret = Secret(CANARY)
    for spell in (
        lambda: json.dumps(secret),
        lambda: "".join([secret]),
        lambda: "a" + secret,
        lambda: secret[0],
        lambda: len(secret),
        lambda: list(secret),
        lambda: bytes(secret),
        lambda: pickle.dumps(secret),
        lambda: pickle.dumps(Settings(amda_password=secret)),
        lambda: Secret(7),
    ):
        with pytest.raises(TypeError) as caught:
            spell()
        assert "canary" not in str(caught.value)


def test_settings_without_secrets_travel_between_processes():
    assert pickle.loads(pickle.dumps(Settings(timeout=7))) == Settings(timeout=7)


def test_copies_and_comparison():
    secret = Secret(CANARY)
    assert copy.deepcopy(secret) == secret == copy.copy(secret)
    assert secret != Secret("other")
    assert secret != CANARY
    assert "canary" not in repr(dataclasses.asdict(Settings(amda_password=secret)))
    assert (bool(secret), bool(Secret(""))) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        f"wrong password {CANARY}",
        "GET /?p=canary-7f3a+%26b",
        "x=canary-7f3a%20%26b;",
        f"{CANARY!r}",
    ],
)
def test_rule_24_words_that_repeat_a_secret_are_scrubbed(text):
    alive = Secret(CANARY)
    error = SpeasyError(text, hint=text, url=f"http://h/{text}")
    assert "canary" not in f"{error} {error!r} {error.message} {error.url} {scrub(text)}"
    del alive


@pytest.mark.parametrize("url", ["http://[::1", "https://me:canary@[bad/x?password=canary"])
def test_what_is_no_url_is_scrubbed_too(url):
    assert "canary" not in scrub_url(url)


@pytest.mark.parametrize(
    "key", ["password", "PassWord", "userID", "token", "access_token", "apikey", "sig", "secret"]
)
def test_urls_are_scrubbed(key):
    assert "canary" not in scrub_url(f"https://me:canary@h/x?a=1&{key}=canary#f")


def test_credentials_in_a_url_move_out_of_it():
    assert split_login("https://h/x")[1] is None
    settings = Settings(
        cda_url="https://me:canary@mirror.org:8443/cdaweb",
        hapi_servers={"x": "https://you:canary%2C@x.org/hapi"},
    )
    assert settings.cda_url == "https://mirror.org:8443/cdaweb"
    assert settings.hapi_servers == {"x": "https://x.org/hapi"}
    assert settings.logins[origin_of("https://x.org/")].password.reveal() == "canary,"
    assert "canary" not in repr(settings)
    assert Settings.load("none.toml", settings.to_env()) == settings


def test_credentials_of_a_hapi_server_come_from_the_environment():
    environ = {
        "SPZ_HAPI_SERVERS": "my-server=https://x.org/hapi",
        "SPZ_HAPI_MY_SERVER_USER": "me",
        "SPZ_HAPI_MY_SERVER_PASSWORD": "canary",
    }
    settings = Settings.load("none.toml", environ)
    assert settings.logins["https://x.org"] == Login("me", Secret("canary"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amda_password", 1234567),
        ("cda_url", "ftp://me:canary@h"),
        ("hapi_servers", {"x": "ftp://me:canary@h"}),
    ],
)
def test_a_bad_setting_is_named_without_its_secret(name, value):
    with pytest.raises(ConfigError) as caught:
        Settings().with_(**{name: value})
    chain = f"{caught.value} {caught.value.__cause__}"
    assert name in chain
    assert "canary" not in chain
    assert "1234567" not in chain


def test_a_password_in_a_file_for_all_eyes_is_not_used(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('timeout = 7\namda_password = "canary"\n')
    file.chmod(0o644)
    with pytest.warns(SpeasyWarning, match=r"chmod 600 '.*settings\.toml'"):
        settings = Settings.load(file, {})
    assert (settings.timeout, bool(settings.amda_password)) == (7.0, False)
    file.chmod(0o600)
    assert Settings.load(file, {}).amda_password == Secret("canary")
