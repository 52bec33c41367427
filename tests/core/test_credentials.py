"""Where credentials are kept, who gets them, and who does not."""

from __future__ import annotations

import base64
import sys
import threading
import types

import pytest

from speasy_core import credentials
from speasy_core.config import Secret, Settings
from speasy_core.errors import ConfigError, InvalidRequest, SpeasyWarning
from speasy_core.http import Deadline, HttpClient

AMDA = "https://amda.irap.omp.eu/php/rest/auth.php"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPZ_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setattr(credentials, "_kept", None)
    monkeypatch.setattr(credentials, "find_spec", lambda name: None)
    yield tmp_path
    credentials._kept = None


@pytest.fixture
def keyring(monkeypatch):
    """A keyring that works."""
    held = {}
    module = types.ModuleType("keyring")
    module.get_password = lambda service, name: held.get((service, name))
    module.set_password = lambda service, name, text: held.__setitem__((service, name), text)
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setattr(credentials, "find_spec", lambda name: module)
    module.held = held
    return module


def test_a_file_for_its_owner_alone(home):
    where = credentials.save("amda", "bob", "canary")
    file = home / "credentials.json"
    assert where == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    found = credentials.find(AMDA)
    assert (found.user, found.password.reveal()) == ("bob", "canary")
    assert [path.name for path in home.iterdir()] == ["credentials.json"]


def test_credentials_belong_to_one_server(home):
    credentials.save("amda", "bob", "canary")
    for other in ("http://amda.irap.omp.eu/", "https://amda.irap.omp.eu:8443/", "https://x.org/"):
        assert credentials.find(other) is None
    settings = Settings(amda_url="https://evil.example")
    assert credentials.login_for(settings, settings.amda_url) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_read_is_not_used(home, mode):
    credentials.save("amda", "bob", "canary")
    (home / "credentials.json").chmod(mode)
    with pytest.warns(SpeasyWarning, match="chmod 600"):
        assert credentials.find(AMDA) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"https://amda.irap.omp.eu": 7}', "\0"])
def test_a_damaged_file_is_no_crash(home, text):
    file = home / "credentials.json"
    file.write_text(text)
    file.chmod(0o600)
    if text.startswith('{"'):
        assert credentials.find(AMDA) is None
    else:
        with pytest.warns(SpeasyWarning, match="cannot be read"):
            assert credentials.find(AMDA) is None


def test_several_servers_and_forgetting(home):
    settings = Settings(hapi_servers={"Mine": "https://x.org/hapi"})
    credentials.save("amda", "bob", "one!")
    credentials.save("hapi/mine", "eve", "two!", settings=settings)
    credentials.save("https://y.org:1/deep/path", "kim", "three")
    assert credentials.find("https://x.org/hapi/info").user == "eve"
    assert credentials.find("https://y.org:1/").user == "kim"
    credentials.forget("amda")
    assert credentials.find(AMDA) is None
    assert credentials.find("https://x.org/hapi").user == "eve"
    with pytest.raises(InvalidRequest, match="no server 'nobody'"):
        credentials.save("nobody", "a", "b")


def test_a_folder_that_cannot_be_written(home, monkeypatch):
    (home / "file").write_text("")
    monkeypatch.setenv("SPZ_CONFIG", str(home / "file" / "settings.toml"))
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        credentials.save("amda", "bob", "canary", settings=Settings())
    assert "canary" not in str(caught.value)


def test_the_environment_wins_then_the_keyring_then_the_file(home, keyring, monkeypatch):
    monkeypatch.setattr(credentials, "find_spec", lambda name: None)
    credentials.save("amda", "of the file", "canary")
    monkeypatch.setattr(credentials, "find_spec", lambda name: keyring)
    assert credentials.find(AMDA).user == "of the file"
    held = '{"https://amda.irap.omp.eu": {"user": "of the keyring", "password": "canary"}}'
    keyring.held["sciqlop-lab", "credentials"] = held
    credentials._kept = None
    assert credentials.find(AMDA).user == "of the keyring"
    settings = Settings(amda_user="of the environment", amda_password=Secret("canary"))
    assert credentials.login_for(settings, AMDA).user == "of the environment"


def test_what_goes_into_the_keyring_leaves_the_file(home, keyring, monkeypatch):
    monkeypatch.setattr(credentials, "find_spec", lambda name: None)
    credentials.save("amda", "bob", "canary")
    monkeypatch.setattr(credentials, "find_spec", lambda name: keyring)
    assert credentials.save("amda", "bob", "canary-2") == "keyring"
    assert not (home / "credentials.json").exists()
    assert credentials.find(AMDA).password.reveal() == "canary-2"
    credentials.forget("amda")
    assert credentials.find(AMDA) is None


def test_a_keyring_that_fails_gives_way_to_the_file(home, keyring, caplog):
    def fail(*args):
        raise RuntimeError(f"no daemon {args}")

    keyring.get_password = keyring.set_password = fail
    with caplog.at_level("DEBUG"):
        assert credentials.save("amda", "bob", "canary").endswith("credentials.json")
    assert credentials.find(AMDA).user == "bob"
    assert "canary" not in caplog.text


def test_a_keyring_that_hangs_gives_way_to_the_file(home, keyring, monkeypatch):
    gate = threading.Event()
    keyring.get_password = keyring.set_password = lambda *args: gate.wait(20)
    monkeypatch.setattr(credentials, "_PATIENCE", 0.1)
    with pytest.warns(SpeasyWarning, match="does not answer"):
        assert credentials.find(AMDA) is None
    gate.set()


class Canned:
    """A transport that keeps what it was to send."""

    status, headers = 200, {"content-length": "2"}

    def __init__(self):
        self.sent = []

    def send(self, request, timeout):
        self.sent.append(request)
        return self

    def chunks(self):
        yield b"ok"

    def close(self):
        pass


def test_a_hapi_server_gets_its_credentials_and_nobody_else_does(home):
    credentials.save("https://x.org", "bob", "canary")
    credentials.save("amda", "bob", "canary")
    transport = Canned()
    settings = Settings(hapi_servers={"x": "https://x.org/hapi", "y": "https://me:pass@y.org"})
    client = HttpClient(settings, transport)
    urls = ["https://x.org/hapi/info", "http://x.org/", "https://y.org/", "https://z.org/", AMDA]
    for url in urls:
        client.get(url, deadline=Deadline(5))
    given = [dict(request.headers).get("Authorization") for request in transport.sent]
    assert given == [
        "Basic " + base64.b64encode(b"bob:canary").decode(),
        None,
        "Basic " + base64.b64encode(b"me:pass").decode(),
        None,
        None,  # its provider sends them, in a form of its own
    ]
    assert "canary" not in repr(transport.sent)
    client.get(urls[0], deadline=Deadline(5), headers={"authorization": "Bearer mine"})
    assert dict(transport.sent[-1].headers)["authorization"] == "Bearer mine"
