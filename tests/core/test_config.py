from __future__ import annotations

import dataclasses
import logging

import pytest

from speasy_core.config import Secret, Settings
from speasy_core.errors import ConfigError


def test_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('timeout = 20\ncda_url = "http://a/"\n[hapi_servers]\nx = "http://x/hapi/"\n')
    settings = Settings.load(file, {"SPZ_CDA_URL": "http://b"})
    assert (settings.cda_url, settings.timeout) == ("http://b", 20.0)
    assert settings.hapi_servers == {"x": "http://x/hapi"}
    assert settings.sources["cda_url"] == "environment"
    assert settings.sources["timeout"] == str(file)


def test_every_setting_travels_through_the_environment(tmp_path):
    settings = Settings(
        cache_dir=tmp_path, cache_size=5, offline=True, timeout=1.5, view_timeout=2.0,
        max_connections=2, max_memory=7, disabled_providers=("csa", "ssc"),
        cda_url="http://h1", cda_archive_url="http://h2", ssc_url="http://h3",
        csa_url="http://h4", amda_url="http://h5", uiowa_url="http://h6",
        cdpp3dview_url="http://h7", hapi_servers={"a": "http://a", "b": "http://b/hapi"},
            hapi_public=False,
        archive_dirs=(str(tmp_path / "a"), str(tmp_path / "b")), allow_local_files=True,
        amda_user="u", amda_password=Secret("p=,x"),
    )  # fmt: skip
    again = Settings.load(tmp_path / "absent.toml", settings.to_env())
    assert again == settings
    assert set(again.sources) == {f.name for f in dataclasses.fields(Settings)} - {
        "logins",
        "sources",
    }


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("colour = 1", {}, "unknown setting 'colour'"),
        ("timeout = 0", {}, "timeout"),
        ("timeout = [", {}, "cannot read the settings"),
        pytest.param("x = " + "[" * 5000, {}, "cannot read the settings", id="deep"),
        pytest.param("timeout = " + "9" * 5000, {}, "cannot read the settings", id="long"),
        ("", {"SPZ_OFFLINE": "perhaps"}, "SPZ_OFFLINE"),
        ("", {"SPZ_CDA_URL": "ftp://x"}, "http"),
        ("", {"SPZ_HAPI_SERVERS": "http://x"}, "name=url"),
    ],
)
def test_a_bad_setting_is_named(tmp_path, text, environ, words):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        Settings.load(file, environ)


def test_a_secret_does_not_show(caplog):
    settings = Settings(amda_password=Secret("canary"))
    assert settings.amda_password.reveal() == "canary"
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").debug("%s %r", settings.amda_password, settings)
    shown = (
        f"{settings!r} {settings} {settings.amda_password} {caplog.text} {settings.amda_password!r}"
    )
    assert "canary" not in shown
