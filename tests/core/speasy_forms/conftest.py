"""One local archive and one session for all call forms that scripts written for Speasy use."""

from __future__ import annotations

import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.demo.amda import PASSWORD, USER

T0, T1 = "2023-01-02", "2023-01-02T01"
B = "cda/AC_H0_MFI/BGSEc"


@pytest.fixture(scope="module")
def archive():
    with LocalArchive(synthetic=True) as running:
        yield running


@pytest.fixture(scope="module")
def session(archive, tmp_path_factory):
    with spz.Session(archive.settings(tmp_path_factory.mktemp("cache"))) as made:
        yield made


@pytest.fixture(scope="module")
def user(archive, tmp_path_factory):
    settings = archive.settings(tmp_path_factory.mktemp("user"))
    with spz.Session(settings.with_(amda_user=USER, amda_password=PASSWORD)) as made:
        yield made


@pytest.fixture
def default(session, monkeypatch):
    """The session as the one that module-level functions use."""
    monkeypatch.setattr("speasy_core.session._default", session)
    return session


@pytest.fixture(scope="module")
def field(session):
    return session.get_data(B, T0, T1)
