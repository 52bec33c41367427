"""The settings file over REST and in several processes: who writes it, who wins, who follows."""

from __future__ import annotations

import gc
import os

import pytest

from sciqlop_lab import _settings_service as service
from sciqlop_lab.settings_watch import SettingsWatch, watch
from speasy_core import Session, Settings
from speasy_core.errors import InvalidRequest


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    for name in list(os.environ):
        if name.startswith("SPZ_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPZ_CONFIG", str(path))
    return path


def test_values_and_where_they_come_from(file, monkeypatch):
    file.write_text("cache_size = 5000\n")
    monkeypatch.setenv("SPZ_OFFLINE", "1")
    told = service.written_settings()
    assert told["file"] == str(file)
    assert told["values"]["cache_size"] == 5000
    assert told["values"]["offline"] is True
    assert told["sources"] == {
        "cache_size": "file",
        "offline": "environment",
        "timeout": "default",
        "view_timeout": "default",
        "disabled_providers": "default",
    }


def test_a_change_is_in_the_file_and_comments_stay(file):
    file.write_text("# mine\ntimeout = 12\n")
    told = service.change_settings({"cache_size": 10**9, "disabled_providers": ["csa"]})
    assert told["values"]["disabled_providers"] == ["csa"]
    written = Settings.load(file, environ={})
    assert (written.cache_size, written.timeout) == (10**9, 12.0)
    assert "# mine" in file.read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"cda_url": "http://127.0.0.1:1"},
        {"amda_password": "x"},
        {"cache_size": -1},
        {"cache_size": True},
        {"cache_size": "many"},
        {"offline": "yes"},
        {"timeout": 0},
        {"disabled_providers": [1]},
        {"timeout": 5, "no_such": 1},
    ],
)
def test_what_cannot_be_used_changes_nothing(file, changes):
    with pytest.raises(InvalidRequest):
        service.change_settings(changes)
    assert not file.exists()


def test_the_environment_wins_and_says_so(file, monkeypatch):
    monkeypatch.setenv("SPZ_TIMEOUT", "7")
    with pytest.raises(InvalidRequest, match="SPZ_TIMEOUT"):
        service.change_settings({"timeout": 9.0})
    assert service.change_settings({"timeout": 7.0})["values"]["timeout"] == 7.0


def test_a_session_follows_the_file(file, tmp_path):
    with Session(Settings(cache_dir=tmp_path / "cache")) as session:
        follower = SettingsWatch(session, file)
        assert follower.look() == []
        file.write_text("offline = true\ntimeout = 3\n")
        assert sorted(follower.look()) == ["offline", "timeout"]
        assert session.is_offline
        file.write_text("offline = maybe\n")
        assert follower.look() == [], "half of an edit changes nothing"
        assert session.is_offline
        file.unlink()
        assert sorted(follower.look()) == ["offline", "timeout"]
        assert not session.is_offline


def test_a_server_takes_over_providers_at_once(file, tmp_path):
    with Session(Settings(cache_dir=tmp_path / "cache", offline=True)) as session:
        follower = SettingsWatch(session, file, reopen=True)
        assert "csa" in session.providers
        file.write_text('offline = true\ndisabled_providers = ["csa"]\n')
        assert follower.look() == ["disabled_providers"]
        assert "csa" not in session.providers


def test_one_watch_for_a_session_and_none_when_it_is_gone(file, tmp_path):
    session = Session(Settings(cache_dir=tmp_path / "cache"))
    follower = watch(session)
    assert watch(session) is follower
    follower.stop()
    session.close()
    del session
    gc.collect()
    assert follower.look() == []
