"""Settings by the names of Speasy's sections and entries."""

from __future__ import annotations

import tomllib

import pytest

import speasy_core as spz
from speasy_core.errors import ConfigError


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    path.write_text('# mine\ncache_size = 1000\nhapi_servers = {a = "http://h/hapi"}\n')
    path.chmod(0o600)
    monkeypatch.setenv("SPZ_CONFIG", str(path))
    monkeypatch.setenv("SPZ_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SPZ_OFFLINE", "1")
    monkeypatch.setattr("speasy_core.session._default", None)
    return path


def test_get_call_and_show(file, capsys):
    assert spz.config.cache.size.get() == spz.config.cache.size() == 1000
    assert spz.config.cache.path().name == "cache"
    assert spz.config.core.disabled_providers() == ()
    assert spz.config.amda.entry_point.get().startswith("https://")
    spz.config.show()
    shown = capsys.readouterr().out
    assert "[amda]" in shown
    assert "size: 1000" in shown
    with pytest.raises(AttributeError, match="there are size, path"):
        _ = spz.config.cache.colour
    with pytest.raises(AttributeError):
        _ = spz.config.colour


def test_set_is_kept_and_used(file):
    spz.config.cache.size.set(2000)
    spz.config.core.disabled_providers.set("csa, ssc")
    spz.config.amda.username.set('me "and" you')
    assert spz.config.cache.size() == 2000
    assert spz.amda is not None
    assert file.read_text().count("# mine") == 1
    assert tomllib.loads(file.read_text()) == {
        "cache_size": 2000, "disabled_providers": ["csa", "ssc"], "amda_user": 'me "and" you',
        "hapi_servers": {"a": "http://h/hapi"},
    }  # fmt: skip
    assert spz.Settings.load().cache_size == 2000
    assert not list(file.parent.glob(".settings-*"))


def test_a_mistake_changes_nothing(file):
    before = file.read_text()
    with pytest.raises(ConfigError):
        spz.config.cache.size.set(-1)
    with pytest.raises(ConfigError, match="needs a user"):
        spz.config.amda.password.set("secret")
    assert file.read_text() == before
    assert spz.config.cache.size() == 1000


def test_a_value_of_several_lines_is_replaced(file):
    file.write_text('disabled_providers = [\n  "csa",\n]\ncache_size = 5\n')
    spz.config.core.disabled_providers.set(["ssc"])
    assert tomllib.loads(file.read_text()) == {"disabled_providers": ["ssc"], "cache_size": 5}


def test_a_password_is_not_written_into_the_settings(file, capsys, monkeypatch):
    kept = []
    monkeypatch.setattr(
        "speasy_core.credentials.save", lambda *args, settings: kept.append(args[:2])
    )
    spz.config.amda.username.set("me")
    spz.config.amda.password.set("hush-hush")
    assert kept == [("amda", "me")]
    assert "hush" not in file.read_text()
    spz.config.show()
    assert "hush" not in capsys.readouterr().out
    assert spz.amda.credential_are_valid()
