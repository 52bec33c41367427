"""Trouble with the folder of the cache: the data arrive, with one warning, and nothing is lost."""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.errors import CacheWarning

FIELD = "cda/AC_H0_MFI/BGSEc"
DAY, NEXT, END = "2016-01-02", "2016-01-03", "2016-01-04"
NOBODY = 65534


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as served:
        yield served


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def ask(archive, folder, stop=NEXT, **options):
    """Ask in a session of its own; returns the samples and the warnings."""
    archive.requests.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with spz.Session(archive.settings(cache_dir=folder)) as session:
            v = session.get_data(FIELD, DAY, stop, **options)
            again = session.get_data(FIELD, DAY, stop, **options)
    assert np.array_equal(v.values, again.values)
    assert v.gaps == again.gaps == ()
    return v, [w for w in caught if issubclass(w.category, CacheWarning)]


@pytest.fixture
def truth(archive, tmp_path):
    return ask(archive, tmp_path / "elsewhere")[0]


def blobs(folder):
    return sorted(folder.glob("data/v1/blobs/??/*.blob"))


def in_child(archive, folder, body, uid=None):
    """Run code in another process, as another user if asked to."""
    script = f"""
        import os, sys, warnings
        import tempfile
        import speasy_core as spz
        folder, env = {str(folder)!r}, {archive.environ(folder)!r}
        settings = spz.Settings.load(path="/nonexistent", environ=env)
        caught = []
        warnings.showwarning = lambda *a, **k: caught.append(a[0])
        warnings.simplefilter("always")
        # another user may not see the packages: all is imported before
        with spz.Session(settings.with_(cache_dir=tempfile.mkdtemp())) as other:
            other.get_data("{FIELD}", "{DAY}", "{NEXT}")
        {f"os.setgid({uid}); os.setuid({uid})" if uid else ""}
        session = spz.Session(settings)
    """
    code = textwrap.dedent(script) + textwrap.dedent(body)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd="/",
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(spz.__file__))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs two users")
@pytest.mark.parametrize("owner", ["same", "administrator"])
def test_a_folder_that_can_only_be_read_is_read(archive, owner):
    # below /tmp itself: the folders of pytest are closed to others
    import tempfile

    folder = tempfile.mkdtemp()
    try:
        ask(archive, folder)
        for path, names, files in os.walk(folder):
            for name in ["", *names, *files]:
                full = os.path.join(path, name)
                os.chmod(full, 0o555 if os.path.isdir(full) else 0o444)
                if owner == "same":
                    os.chown(full, NOBODY, NOBODY)
        archive.requests.clear()
        out = in_child(
            archive, folder,
            f"""
            kept = session.get_data("{FIELD}", "{DAY}", "{NEXT}", offline=True)
            more = session.get_data("{FIELD}", "{DAY}", "{END}")
            once = session.get_data("{FIELD}", "{DAY}", "{END}", offline=True)
            info = session.cache.info()
            session.cache.clear(); session.close()
            print(len(kept), len(more), len(once), more.gaps, once.gaps)
            print(info["place"])
            print(sum("the disk cache" in str(w) for w in caught), caught)
            """,
            uid=NOBODY,
        )  # fmt: skip
        day = int(out[0].split()[0])
        assert out[0] == f"{day} {2 * day} {2 * day} () ()"
        assert out[1] == "disk (read-only)"
        assert out[2].startswith("1 "), out
        assert "cannot be written to" in out[2]
        asked = [path for _, path in archive.requests if "/data/" in path]
        assert len(asked) == 2  # one of them in preparation
        assert "/20160103T000000Z,20160104T000000Z/" in asked[1]
        assert len(list(os.scandir(os.path.join(folder, "data/v1/blobs")))) > 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs two users")
def test_another_users_folder_is_left_alone(archive, folder, truth):
    ask(archive, folder)
    os.chown(folder / "data" / "v1", NOBODY, NOBODY)
    before = blobs(folder)
    v, warned = ask(archive, folder)
    assert np.array_equal(v.values, truth.values)
    assert len(warned) == 1
    assert "another user" in str(warned[0].message)
    assert blobs(folder) == before


def test_a_full_disk(archive, folder):
    body = f"""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        first = session.get_data("{FIELD}", "{DAY}", "{NEXT}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        v = session.get_data("{FIELD}", "{DAY}", "{END}")
        w = session.get_data("{FIELD}", "{DAY}", "{END}", offline=True)
        print(len(v) == len(w) == 2 * len(first), v.gaps, w.gaps)
        print(sum("the disk cache" in str(x) for x in caught), caught)
    """
    out = in_child(archive, folder, body)
    assert out[0] == "True () ()"
    assert out[1].startswith("1 "), out
    assert len(blobs(folder)) == 1
    assert resource.RLIMIT_FSIZE is not None


def test_a_network_file_system_is_not_used(archive, folder, truth, monkeypatch):
    ask(archive, folder)
    monkeypatch.setattr("speasy_core.store.folder.file_system", lambda path: "nfs4")
    v, warned = ask(archive, folder)
    assert np.array_equal(v.values, truth.values)
    assert [("network" in str(w.message)) for w in warned] == [True]


def planted(folder):
    """Put something that would run into every place where bytes are read."""

    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(folder / "executed"),))

    data = pickle.dumps(Bomb())
    for file in [*blobs(folder), *folder.glob("data/v1/index/*.db")]:
        file.write_bytes(data)
    (folder / "data" / "v1" / "index" / "cache.pickle").write_bytes(data)


def flip_all(folder):
    for file in blobs(folder):
        data = bytearray(file.read_bytes())
        for at in range(300, len(data), 997):
            data[at] ^= 4
        file.write_bytes(data)


def other_format(folder):
    for file in blobs(folder):
        data = file.read_bytes()
        assert b'"format": 1' in data
        file.write_bytes(data.replace(b'"format": 1', b'"format": 0'))
    (folder / "data" / "v0").mkdir()
    (folder / "data" / "v0" / "old").write_text("older")


def links(folder):
    for number, file in enumerate(blobs(folder)):
        target = folder.parent / f"target{number}"
        file.rename(target)
        file.symlink_to(target)


def link_of_folder(folder):
    (folder / "data" / "v1" / "blobs").rename(folder.parent / "targets")
    (folder / "data" / "v1" / "blobs").symlink_to(folder.parent / "targets")


def pipes(folder):
    for file in blobs(folder):
        file.unlink()
        os.mkfifo(file)


def empty_index(folder):
    for file in folder.glob("data/v1/index/*"):
        file.write_bytes(b"")


def garbage_index(folder):
    for file in folder.glob("data/v1/index/*"):
        file.write_bytes(b"garbage " * 1000)


def marker_gone(folder):
    (folder / "data" / "v1" / ".speasy-cache").unlink()


def not_a_folder(folder):
    shutil.rmtree(folder / "data")
    (folder / "data").write_text("mine")


TROUBLES = [
    planted, flip_all, other_format, links, link_of_folder, pipes, empty_index, garbage_index,
    marker_gone, not_a_folder,
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda f: f.__name__)
def test_the_data_arrive(archive, folder, truth, trouble, tmp_path):
    ask(archive, folder)
    trouble(folder)
    v, warned = ask(archive, folder)
    assert np.array_equal(v.values, truth.values)
    assert dict(v.meta) == dict(truth.meta)
    assert len(warned) <= 1
    assert not (folder / "executed").exists()
    for target in tmp_path.glob("target*"):
        assert target.stat().st_size > 0
    if trouble is not_a_folder:
        assert (folder / "data").read_text() == "mine"
    if trouble is other_format:
        assert (folder / "data" / "v0" / "old").read_text() == "older"
    if trouble in (empty_index, garbage_index):
        assert not archive.requests  # the index is made again of what is there


def test_clear_follows_no_link(archive, folder, tmp_path):
    ask(archive, folder)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "precious.blob").write_text("precious")
    (folder / "data" / "v1" / "blobs" / "zz").symlink_to(foreign)
    with spz.Session(archive.settings(cache_dir=folder)) as session:
        session.cache.clear()
        session.cache.evict()
    assert (foreign / "precious.blob").read_text() == "precious"
