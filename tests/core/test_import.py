"""What `import speasy_core` may cost: no socket, no file of the cache, no heavy package."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "xarray", "pandas", "scipy", "matplotlib", "requests", "diskcache", "pycdfpp", "yaml", "tqdm",
    "astropy", "sqlite3",
)  # fmt: skip

SCRIPT = """
import json, sys
events = []
def watch(event, args):
    path = str(args[0]).split("site-packages")[-1] if event == "open" else ""
    if event.startswith("socket.") or ("cache" in path and "__pycache__" not in path):
        events.append([event, str(args[:1])])
sys.addaudithook(watch)
import speasy_core as spz
names = [spz.SpeasyVariable, spz.TimeRange, spz.Session, spz.errors, spz.Catalog]
heavy = [m for m in %r if m in sys.modules]
print(json.dumps({"events": events, "heavy": heavy}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT % (HEAVY,)], capture_output=True, text=True, check=True,
        env={"PATH": "", "HOME": str(folder), "SPZ_CACHE_DIR": str(folder / "spz-cache")},
    )  # fmt: skip
    assert not (folder / "spz-cache").exists()
    return json.loads(done.stdout)


def test_opens_no_socket_and_no_cache(seen):
    assert seen["events"] == []


def test_imports_nothing_heavy(seen):
    assert seen["heavy"] == []


def test_public_names_are_exactly_what_is_exported(monkeypatch, tmp_path):
    import speasy_core as spz

    # a provider that somebody's settings switch off is None
    own = spz.Session(spz.Settings(cache_dir=tmp_path, offline=True))
    monkeypatch.setattr("speasy_core.session._default", own)

    for name in spz.__all__:
        assert getattr(spz, name) is not None
    assert set(spz.__all__) == set(dir(spz))
    with pytest.raises(AttributeError, match="no_such_name"):
        spz.no_such_name  # noqa: B018
