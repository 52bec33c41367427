"""Time tables and catalogues stay on disk: offline, and while the server is down, they answer."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from speasy_core import Session
from speasy_core.demo import LocalArchive
from speasy_core.errors import OfflineError, ServerError, SpeasyWarning
from speasy_core.events import Catalog, TimeTable
from speasy_core.kept_events import KeptEvents

TABLE = TimeTable("storms", {"Contact": "x"}, [("2015-03-17T01:02:03.123456789", "2015-03-19")])
CATALOG = Catalog(
    "fast", {"units": {"v": "km/s"}},
    [("2015-03-17", "2015-03-19", {"v": 812.5, "n": np.int32(3), "good": True, "note": "α"}),
     ("2016-03-17", "2016-03-19", {"v": math.nan})],
)  # fmt: skip


@pytest.mark.parametrize("table", [TABLE, CATALOG, TimeTable("empty")])
def test_what_is_kept_reads_back(tmp_path: Path, table: TimeTable | Catalog) -> None:
    kept = KeptEvents(tmp_path / "events")
    assert kept.find("https://a", "amda/x") is None
    kept.keep("https://a", "amda/x", table)
    found = KeptEvents(tmp_path / "events").find("https://a", "amda/x")
    assert found is not None
    back, received = found
    assert type(back) is type(table)
    assert repr(back.to_dict()) == repr(
        type(table).from_dict(table.to_dict()).to_dict()
    ).replace("np.int32(3)", "3")  # fmt: skip
    assert received.endswith("Z")
    assert kept.find("https://b", "amda/x") is None
    assert kept.find("https://a", "amda/y") is None


@pytest.mark.parametrize("spoilt", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": 1}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, spoilt: bytes) -> None:
    kept = KeptEvents(tmp_path)
    kept.keep("s", "amda/x", TABLE)
    (file,) = tmp_path.glob("*.json")
    whole = file.read_bytes()
    for data in (spoilt, whole[:-20], whole.replace(b'"TimeTable"', b'"Session"')):
        file.write_bytes(data)
        assert kept.find("s", "amda/x") is None
    kept.keep("s", "amda/x", TABLE)
    assert kept.find("s", "amda/x") is not None
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


def test_a_place_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = KeptEvents(tmp_path / "file" / "events")
    kept.keep("s", "amda/x", TABLE)
    assert kept.find("s", "amda/x") is None


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speasy_core.kept_events._MOST", 3)
    kept = KeptEvents(tmp_path)
    for number in range(5):
        kept.keep("s", f"amda/{number}", TABLE)
    assert len(list(tmp_path.iterdir())) == 3
    assert kept.find("s", "amda/4") is not None


@pytest.mark.parametrize("product", ["sharedtimeTable_0", "sharedcatalog_0"])
def test_offline_and_without_the_server(tmp_path: Path, product: str) -> None:
    with LocalArchive() as archive:
        settings = archive.settings(tmp_path)
        with Session(settings) as session:
            with pytest.raises(OfflineError, match=f"amda/{product}"):
                session.get_data(f"amda/{product}", offline=True)
            fresh = session.get_data(f"amda/{product}")
            assert "received" not in fresh.meta
    assert len(fresh) > 0
    with Session(settings.with_(offline=True)) as session:
        with pytest.warns(SpeasyWarning, match=rf"amda/{product} is as received on 2.*: offline"):
            stale = session.get_data(f"amda/{product}")
        assert list(stale) == list(fresh)
        assert stale.meta.pop("received").endswith("Z")
        assert stale.meta == fresh.meta
    with Session(settings) as session, pytest.warns(SpeasyWarning, match="is as received on"):
        assert list(session.get_data(f"amda/{product}", timeout=3)) == list(fresh)
    other = settings.with_(cache_dir=tmp_path / "other")
    with Session(other) as session, pytest.raises(ServerError):
        session.get_data(f"amda/{product}", timeout=3)
