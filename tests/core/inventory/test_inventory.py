"""The inventory: snapshot, tree, states and refreshes."""

from __future__ import annotations

import keyword
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.config import Settings
from speasy_core.errors import (
    CacheWarning,
    DeadlineExceeded,
    InvalidRequest,
    OfflineError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnknownProvider,
)
from speasy_core.http import Deadline
from speasy_core.inventory import Inventory, Node, keeper, refresh
from speasy_core.inventory.db import FILE_NAME, IndexDb
from speasy_core.inventory.tree import attribute_name, attribute_names
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from speasy_core.timerange import TimeRange
from tests.bench.products import products

SPAN = TimeRange("1997-09-02", "2024-01-01")


def product(*path: str, provider: str = "cda", kind: str = "vector", **more: object) -> ProductInfo:
    ref = ProductRef(provider, "/".join(path[-2:]))
    return ProductInfo(path, ref, kind, **more)  # type: ignore[arg-type]


RECORDS = (
    ProductInfo(
        ("ACE", "MFI", "AC_H0_MFI"), ProductRef("cda", "AC_H0_MFI"), "dataset",
        "ACE Magnetic Field 16-Second Level 2 Data", coverage=SPAN, meta={"DOI": "10.1/x"},
    ),
    product("ACE", "MFI", "AC_H0_MFI", "Magnitude", kind="scalar", title="B-field magnitude",
            unit="nT", coverage=SPAN, cadence=16.0, meta={"CATDESC": "B-field magnitude"}),
    product("ACE", "MFI", "AC_H0_MFI", "BGSEc", title="Magnetic Field Vector", unit="nT",
            coverage=SPAN, cadence=16.0, meta={"CATDESC": "Magnetic Field Vector"}),
    product("MMS", "FGM", "MMS1_FGM", "mms1_fgm_b_gse", title="Field", unit="nT",
            coverage=TimeRange("2015-09-01", "2024-01-01")),
    product("Wind", "3DP", "WI_3DP", "class", kind="spectrogram", unit="eV/cm^2"),
    product("Wind", "3DP", "WI_3DP", "path", kind="scalar"),
    product("Wind", "3DP", "WI_3DP", "B-x", kind="scalar"),
    product("Wind", "3DP", "WI_3DP", "B_x", kind="scalar"),
)  # fmt: skip


class FakeProvider:
    """A provider whose answers and failures are set by the test."""

    max_request_ns = None
    options: frozenset[str] = frozenset()
    cachable = True

    def __init__(self, name: str = "cda", records: tuple[ProductInfo, ...] = RECORDS) -> None:
        self.name, self.title, self.source = name, f"Fake {name}", "http://fake"
        self.records = records
        self.version = "v1"
        self.error: Exception | None = None
        self.gate: threading.Event | None = None
        self.asked: list[str | None] = []

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        self.asked.append(since)
        if self.gate is not None:
            deadline.wait_for(self.gate)
        if self.error is not None:
            raise self.error
        if since == self.version:
            return None
        return InventoryUpdate(self.version, self.records, ("one left out",))

    def fetch(self, *args: object, **kwargs: object) -> object:
        raise NotImplementedError


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[object]:
    made: list[Inventory] = []

    def build(*providers: FakeProvider, path: object = tmp_path / "inv", **more: object) -> object:
        lifetime = more.pop("lifetime", 86_400.0)
        settings = Settings(cache_dir=tmp_path, timeout=10.0).with_(**more)
        inventory = Inventory(path, {p.name: p for p in providers}, settings, lifetime=lifetime)
        made.append(inventory)
        return inventory

    yield build
    for inventory in made:
        inventory.close()


def settle(inventory: Inventory) -> None:
    """Wait until no load runs."""
    end = time.monotonic() + 10
    while any(state.loading for state in inventory.states().values()):
        assert time.monotonic() < end
        time.sleep(0.005)


# -- tree ------------------------------------------------------------------------------------------


def test_first_use_loads_and_attributes_lead_to_products(make, fake):
    node = make(fake).tree.cda.ACE.MFI.AC_H0_MFI.BGSEc
    assert (node.name, node.unit, node.kind, node.cadence) == ("BGSEc", "nT", "vector", 16.0)
    assert node.ref == ProductRef("cda", "AC_H0_MFI/BGSEc")
    assert node.coverage == SPAN
    assert node.meta == {"CATDESC": "Magnetic Field Vector"}
    assert node.path == ("ACE", "MFI", "AC_H0_MFI", "BGSEc")
    assert ProductRef.parse(node) == node.ref


def test_nothing_is_asked_or_opened_before_the_first_use(make, fake, tmp_path):
    make(fake)
    assert fake.asked == []
    assert not (tmp_path / "inv").exists()


def test_dataset_node_keeps_its_metadata_apart_from_its_children(make, fake):
    dataset = make(fake).tree.cda.ACE.MFI.AC_H0_MFI
    assert dataset.kind == "dataset"
    assert dataset.meta == {"DOI": "10.1/x"}
    assert [child.name for child in dataset] == ["Magnitude", "BGSEc"]
    assert len(dataset) == 2
    assert "BGSEc" in dataset
    assert dataset.title.startswith("ACE Magnetic")


def test_items_are_original_names_and_attributes_safe_ones(make, fake):
    folder = make(fake).tree["cda"]["Wind"].n_3DP.WI_3DP
    assert folder["class"] == folder.class_
    assert folder["path"] == folder.path_
    assert folder.path == ("Wind", "3DP", "WI_3DP")
    assert folder.B_x.name == "B_x"
    assert folder.B_x_2.name == "B-x"
    assert {"class_", "path_", "B_x", "B_x_2", "children", "meta"} <= set(dir(folder))
    with pytest.raises(KeyError, match="no 'nothing'"):
        folder["nothing"]
    with pytest.raises(AttributeError, match="cda/Wind/3DP/WI_3DP has no 'nothing'"):
        folder.nothing  # noqa: B018
    assert not hasattr(folder, "_repr_html_")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("3DP", "n_3DP"), ("a-b:c.d e;f,g%h#i", "a_b_c_d_e_f_g_h_i"), ("f(x)/{y}", "fxy"),
     ("R⊙", "Ro"), ("", "n_"), ("for", "for_"), ("match", "match_"), ("__class__", "n__class__"),
     ("name", "name_"), ("x\x00y", "x_y"), ("données", "données"),
     ("x²", "x2"), ("ﬁeld", "field"), ("·", "n_·")],
)  # fmt: skip
def test_attribute_names_follow_the_rules(name, expected):
    assert attribute_name(name) == expected


def test_siblings_never_share_an_attribute():
    names = ["a b", "a-b", "a_b", "A_b", "a_b_2", "", "()"]
    attributes = attribute_names(names)
    assert sorted(attributes.values()) == sorted(names)
    assert attributes["a_b"] == "a_b"
    assert attributes["a_b_2"] == "a_b_2"
    assert all(attribute.isidentifier() for attribute in attributes)


@given(st.lists(st.text(max_size=6), unique=True, max_size=12))
def test_every_name_gets_its_own_attribute(names):
    attributes = attribute_names(names)
    assert sorted(attributes.values()) == sorted(names)
    for attribute in attributes:
        assert attribute.isidentifier()
        assert not attribute.startswith("_")
        assert not keyword.iskeyword(attribute)
        assert not hasattr(Node, attribute)


def test_repr_tells_what_a_node_is(make, fake):
    tree = make(fake).tree
    assert "BGSEc: Magnetic Field Vector [nT], vector, 1997-09-02T00:00" in repr(
        tree.cda.ACE.MFI.AC_H0_MFI.BGSEc
    )
    assert "2: Magnitude, BGSEc" in repr(tree.cda.ACE.MFI.AC_H0_MFI)
    assert repr(tree.cda) == "<cda: Fake cda, 7 products>"
    assert "cda: Fake cda, 7 products" in repr(tree)


def test_nodes_survive_a_refresh_and_keep_their_id(make, fake):
    inventory = make(fake)
    dataset = inventory.tree.cda.ACE.MFI.AC_H0_MFI
    fake.version = "v2"
    fake.records = (*RECORDS, product("ACE", "MFI", "AC_H0_MFI", "New"))
    inventory.refresh(force=True)
    assert [child.name for child in dataset] == ["Magnitude", "BGSEc", "New"]
    assert inventory.tree.cda.ACE.MFI.AC_H0_MFI.id == dataset.id
    assert dataset.BGSEc.meta == {"CATDESC": "Magnetic Field Vector"}
    assert 0 < dataset.id < 2**53


def test_children_pages_for_a_view(make, fake):
    inventory = make(fake)
    inventory.refresh()
    nodes, total = inventory.children(None)
    assert [(n.name, n.has_children) for n in nodes] == [("cda", True)]
    assert total == 1
    groups, total = inventory.children(nodes[0].id, limit=2)
    assert ([g.name for g in groups], total) == (["ACE", "MMS"], 3)
    rest, _ = inventory.children(nodes[0].id, offset=2)
    assert [g.name for g in rest] == ["Wind"]
    assert inventory.children(12345) == ([], 0)


def test_flat_view(make, fake):
    inventory = make(fake)
    inventory.refresh()
    assert len(inventory.flat) == 7
    assert inventory.flat["cda/AC_H0_MFI/BGSEc"].unit == "nT"
    assert list(inventory.flat)[:2] == ["cda/AC_H0_MFI/Magnitude", "cda/AC_H0_MFI/BGSEc"]
    with pytest.raises(KeyError):
        inventory.flat["cda/none/x"]
    assert inventory.info("cda/none/x") is None
    assert inventory.info("other/none") is None
    assert inventory.info("cda/AC_H0_MFI").kind == "dataset"


# -- upkeep ----------------------------------------------------------------------------------------


def test_snapshot_is_used_at_once_by_the_next_process(make, fake):
    make(fake).refresh()
    again = FakeProvider()
    again.error = ServerUnreachable("down")
    inventory = make(again)
    assert inventory.tree.cda.ACE.MFI.AC_H0_MFI.BGSEc.unit == "nT"
    assert again.asked == []
    state = inventory.states()["cda"]
    assert state.loaded
    assert (state.count, state.version, state.warnings) == (7, "v1", ("one left out",))
    assert state.updated.endswith("Z")


def test_old_snapshot_answers_and_is_refreshed_behind(make, fake):
    make(fake).refresh()
    inventory = make(fake, lifetime=0.0)
    fake.gate = threading.Event()
    started = time.monotonic()
    assert inventory.tree.cda.ACE.name == "ACE"
    assert time.monotonic() - started < 2
    assert inventory.states()["cda"].loading
    fake.gate.set()
    settle(inventory)
    assert fake.asked[-1] == "v1"


def test_failed_refresh_keeps_the_old_tree_and_says_so(make, fake):
    inventory = make(fake)
    inventory.refresh()
    fake.error = ServerUnreachable("no route")
    state = inventory.refresh(force=True)["cda"]
    assert state.loaded
    assert "no route" in state.error
    assert "the last refresh failed: no route" in repr(inventory.tree.cda)
    assert inventory.tree.cda.ACE


def test_provider_without_tree_says_why_and_does_not_vanish(make, fake):
    other = FakeProvider("ssc", ())
    fake.error = ServerUnreachable("connection refused")
    inventory = make(fake, other)
    with pytest.raises(AttributeError, match="connection refused"):
        inventory.tree.cda.ACE  # noqa: B018
    with pytest.raises(ServerUnreachable, match="connection refused"):
        list(inventory.tree.cda)
    assert len(fake.asked) == 1  # not asked again at once
    assert [node.name for node in inventory.tree] == ["cda", "ssc"]
    assert "not loaded: connection refused; ids given directly work" in repr(inventory.tree)
    assert "cda" in dir(inventory.tree)
    assert "ACE" not in dir(inventory.tree.cda)


def test_foreign_failure_is_reported_not_raised(make, fake):
    fake.error = ZeroDivisionError("bug")
    state = make(fake).refresh()["cda"]
    assert "ZeroDivisionError('bug')" in state.error
    assert not state.loaded


def test_slow_provider_delays_no_other(make, fake):
    fast = FakeProvider("ssc", (product("x", "y", provider="ssc"),))
    fake.gate = threading.Event()
    inventory = make(fake, fast)
    started = time.monotonic()
    assert inventory.tree.ssc.x.y.name == "y"
    states = inventory.refresh(deadline=Deadline(0.2))
    assert time.monotonic() - started < 5
    assert states["ssc"].loaded
    assert states["cda"].loading
    assert "loading now" in repr(inventory.tree.cda)
    fake.gate.set()
    settle(inventory)
    assert inventory.states()["cda"].loaded


def test_search_waits_for_no_server_that_is_silent(make, fake, monkeypatch):
    monkeypatch.setattr(refresh, "SILENT_SECONDS", 0.3)
    fast = FakeProvider("ssc", (product("x", "y", provider="ssc"),))
    fake.gate = threading.Event()
    inventory = make(fake, fast)
    started = time.monotonic()
    for _ in range(2):
        with pytest.warns(SpeasyWarning, match="not searched: cda: .*loading now"):
            assert [node.name for node in inventory.find("y", wait=True)] == ["y"]
    assert time.monotonic() - started < 5
    fake.gate.set()
    settle(inventory)
    assert inventory.find("BGSEc", wait=True)


def test_parts_are_shown_before_the_whole(make, fake):
    class InParts(FakeProvider):
        def inventory_parts(self, *, deadline):
            yield InventoryUpdate("part", [product("x", "y", provider="ssc")])
            deadline.wait_for(gate)
            yield InventoryUpdate("whole", [product("x", n, provider="ssc") for n in "yz"])

    gate = threading.Event()
    inventory = make(InParts("ssc", ()))
    assert [node.name for node in inventory.tree.ssc.x] == ["y"]
    assert [node.name for node in inventory.find("y", wait=True)] == ["y"]
    assert inventory.states()["ssc"].loading
    gate.set()
    settle(inventory)
    assert [node.name for node in inventory.tree.ssc.x] == ["y", "z"]


def test_a_part_that_did_not_answer_is_asked_again_within_minutes(make, monkeypatch):
    class TwoServers(FakeProvider):
        down = True

        def inventory(self, *, deadline, since=None):
            self.asked.append("all")
            records = [product("a", "x", provider="ssc"), product("c", "x", provider="ssc")]
            return InventoryUpdate("a:1", records, ("b does not answer", "c: odd"), [("b",)])

        def inventory_again(self, paths, *, deadline, since):
            assert (paths, since) == ((("b",),), "a:1")
            self.asked.append("b")
            if self.down:
                return None
            new = [product("b", "y", provider="ssc")]
            return InventoryUpdate("a:1 b:1", new, ("b: odd",), [("a",), ("c",)])

    now = time.time()
    monkeypatch.setattr(keeper.time, "time", lambda: now)
    servers = TwoServers("ssc", ())
    inventory = make(servers)
    inventory.refresh()

    def look() -> list[str]:
        inventory.find("x")
        settle(inventory)
        return [node.name for node in inventory.tree.ssc]

    assert look() == ["a", "c"]
    assert servers.asked == ["all"]
    for minutes in (2, 4, 8, 16, 32, 60, 60):
        now += minutes * 60 - 1
        look()
        before = len(servers.asked)
        now += 1
        look()
        assert servers.asked[before:] == ["b"]
    assert inventory.states()["ssc"].error is None
    servers.down = False
    now += 3600
    look()
    assert sorted(look()) == ["a", "b", "c"]
    assert inventory.states()["ssc"].warnings == ("c: odd", "b: odd")
    asked = len(servers.asked)
    now += 7200
    look()
    assert len(servers.asked) == asked


def test_offline_asks_nobody(make, fake):
    inventory = make(fake, offline=True)
    with pytest.raises(OfflineError, match="no snapshot"):
        list(inventory.tree.cda)
    assert "offline" in repr(inventory.tree.cda)
    assert inventory.find("b", wait=True) == []
    inventory.refresh(force=True)
    inventory.refresh_in_background()
    assert fake.asked == []


def test_unchanged_inventory_is_confirmed(make, fake):
    inventory = make(fake)
    inventory.refresh()
    before = inventory.states()["cda"]
    time.sleep(0.02)
    after = inventory.refresh(force=True)["cda"]
    assert fake.asked == [None, "v1"]
    assert after.updated == before.updated
    assert after.age < 1.0


def test_empty_inventory_does_not_replace_a_good_one(make, fake):
    inventory = make(fake)
    inventory.refresh()
    fake.version, fake.records = "v2", ()
    state = inventory.refresh(force=True)["cda"]
    assert state.count == 7
    assert "empty inventory" in state.error


def test_many_threads_share_one_load(make, fake):
    inventory = make(fake)
    fake.gate = threading.Event()
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(len(inventory.tree.cda))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    fake.gate.set()
    for thread in threads:
        thread.join()
    assert results == [3] * 8
    assert len(fake.asked) == 1


def test_forced_refresh_follows_a_load_that_began_before(make, fake, monkeypatch):
    inventory = make(fake)
    fake.gate = threading.Event()
    inventory.refresh_in_background()
    inventory.refresh(force=True, deadline=Deadline(0.05))  # as good as begun at the same time
    monkeypatch.setattr("speasy_core.inventory.refresh.JOIN_SECONDS", 0.0)
    inventory.refresh(deadline=Deadline(0.05))  # what is missing is being loaded
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(inventory.refresh(force=True)["cda"].version))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert fake.asked == [None]
    fake.version = "v2"
    fake.gate.set()
    for thread in threads:
        thread.join()
    assert fake.asked == [None, "v2"], "all who wait share the load that follows"
    assert found == ["v2"] * 3
    assert not inventory.states()["cda"].loading


def test_close_withdraws_the_load_that_was_to_follow(make, fake, monkeypatch):
    monkeypatch.setattr("speasy_core.inventory.refresh.JOIN_SECONDS", 0.0)
    fake.gate = threading.Event()
    inventory = make(fake)
    inventory.refresh_in_background()
    waiting = threading.Thread(target=inventory.refresh, kwargs={"force": True})
    waiting.start()
    time.sleep(0.1)
    inventory.close()
    waiting.join(2)
    assert not waiting.is_alive()
    assert fake.asked == [None]


def test_copy_of_a_server_never_shows_as_the_server(make, fake):
    make(fake).refresh()
    copy = FakeProvider(records=(product("Copy", "d", "v"),))
    copy.source = "http://127.0.0.1:1"
    assert [n.name for n in make(copy).tree.cda] == ["Copy"]
    assert [n.name for n in make(fake).tree.cda] == ["ACE", "MMS", "Wind"]
    assert len(fake.asked) == 1


def test_trees_of_servers_long_unused_are_forgotten(make, fake, tmp_path):
    for number in range(6):
        fake.source = f"http://127.0.0.1:{number}"
        make(fake).refresh()
    with sqlite3.connect(tmp_path / "inv" / FILE_NAME) as db:
        assert db.execute("SELECT count(*) FROM trees").fetchone() == (3,)
        tables = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'words__'"
        assert db.execute(tables).fetchone() == (3,)
        span = "SELECT min(first), max(last) FROM trees"
        for table in ("nodes", "paths", "metas"):
            inside = f"SELECT count(*) FROM {table} WHERE seq NOT BETWEEN ? AND ?"
            assert db.execute(inside, db.execute(span).fetchone()).fetchone() == (0,)
        for table in ("nodes", "refs", "folds", "vocabularies"):
            kept = f"SELECT count(DISTINCT tree) FROM {table}"
            assert db.execute(kept).fetchone() == (3,), table
    db.close()


def test_live_provider_shows_changes_at_once_and_stays_out_of_the_file(make, fake, tmp_path):
    live = FakeProvider("vp", ())
    live.live = True
    inventory = make(live, fake)
    assert len(inventory.tree.vp) == 0
    live.version, live.records = "v2", (product("mine", provider="vp"),)
    assert inventory.tree.vp.mine.name == "mine"
    assert [n.name for n in inventory.find("mine")] == ["mine"]
    inventory.refresh()
    assert IndexDb(tmp_path / "inv" / FILE_NAME).tree("vp", "http://fake") is None


def test_first_load_that_takes_too_long_goes_on_behind(make, fake):
    fake.gate = threading.Event()
    inventory = make(fake, timeout=0.1)
    with pytest.raises(DeadlineExceeded, match=r"loading the inventory of cda.*background"):
        list(inventory.tree.cda)
    assert fake.asked == [None]
    fake.gate.set()
    settle(inventory)
    assert inventory.tree.cda.ACE.name == "ACE"


def test_other_process_that_refreshes_is_waited_for_and_not_repeated(make, fake, tmp_path):
    make(fake).refresh()
    inventory = make(fake, lifetime=3600.0)
    path = tmp_path / "inv"
    with sqlite3.connect(path / FILE_NAME) as db:
        db.execute("UPDATE trees SET checked = 0")
    db.close()
    script = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute('BEGIN EXCLUSIVE')\n"
        "print('held', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path / "cda.lock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "held\n"
        assert inventory.refresh(deadline=Deadline(0.5))["cda"].loading
        assert fake.asked == [None], "another process is at it"
        with sqlite3.connect(path / FILE_NAME) as db:
            db.execute("UPDATE trees SET checked = ?", (time.time(),))
        db.close()
        holder.kill()  # the lock dies with its owner
    settle(inventory)
    assert fake.asked == [None]
    assert inventory.states()["cda"].error is None


def test_close_withdraws_a_running_load(make, fake):
    fake.gate = threading.Event()
    inventory = make(fake)
    inventory.refresh_in_background()
    started = time.monotonic()
    inventory.close()
    assert time.monotonic() - started < 5
    assert not any(thread.name == "inventory-cda" for thread in threading.enumerate())


# -- what can happen to the file -------------------------------------------------------------------


def test_two_processes_read_one_snapshot_while_it_is_written(make, fake, tmp_path):
    inventory = make(fake)
    inventory.refresh()
    script = (
        "import sys; from pathlib import Path\n"
        "from speasy_core.inventory.db import *\n"
        "db = IndexDb(Path(sys.argv[1])); n = 0\n"
        "print('ready', flush=True)\n"
        "for _ in sys.stdin:\n"
        "    with db.reading():\n"
        "        tree = db.tree('cda', 'http://fake')\n"
        "        print(tree.version, len(db.refs(tree)), flush=True)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "inv" / FILE_NAME)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
    ) as reader:  # fmt: skip
        assert reader.stdout.readline() == "ready\n"
        for version in range(2, 6):
            fake.version = f"v{version}"
            fake.records = RECORDS[:version]
            inventory.refresh(force=True)
            reader.stdin.write("\n")
            reader.stdin.flush()
            assert reader.stdout.readline().split() == [f"v{version}", str(version - 1)]
        reader.stdin.close()
        assert reader.wait(10) == 0


def test_damaged_file_costs_a_warning_and_nothing_else(make, fake, tmp_path):
    (tmp_path / "inv").mkdir()
    (tmp_path / "inv" / FILE_NAME).write_bytes(b"not a database" * 1000)
    inventory = make(fake)
    with pytest.warns(CacheWarning, match="cannot be used"):
        assert inventory.states()["cda"].loaded is False
    assert inventory.tree.cda.ACE.name == "ACE"
    assert (tmp_path / "inv" / FILE_NAME).with_suffix(".damaged").exists()
    assert make(fake).tree.cda.ACE.name == "ACE"  # the next one starts afresh


def test_file_damaged_while_in_use(make, fake, tmp_path):
    inventory = make(fake)
    inventory.refresh()
    inventory.close()
    path = tmp_path / "inv" / FILE_NAME
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    inventory = make(fake)
    with pytest.warns(CacheWarning, match="cannot be used"):
        assert inventory.tree.cda.ACE.name == "ACE"


def test_folder_that_cannot_be_made(make, fake, tmp_path):
    (tmp_path / "file").write_text("")
    inventory = make(fake, path=tmp_path / "file" / "inv")
    with pytest.warns(CacheWarning, match="cannot be written"):
        assert inventory.tree.cda.ACE.name == "ACE"


def test_file_of_another_format_is_left_alone(make, fake, tmp_path):
    (tmp_path / "inv").mkdir()
    path = tmp_path / "inv" / FILE_NAME
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    inventory = make(fake)
    with pytest.warns(CacheWarning, match="format 99"):
        assert inventory.tree.cda.ACE.name == "ACE"
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)
    db.close()


def test_folder_is_private(make, fake, tmp_path):
    make(fake).refresh()
    assert (tmp_path / "inv").stat().st_mode & 0o077 == 0


def test_snapshot_is_small(make, tmp_path):
    records = tuple(products(datasets=200))
    inventory = make(FakeProvider(records=records))
    inventory.refresh()
    size = sum(file.stat().st_size for file in (tmp_path / "inv").iterdir())
    assert size < 600 * len(records), "with its journal, while it is open"
    for record in records[::97]:
        assert inventory.info(record.ref) == record


def test_without_a_folder_everything_is_in_memory(make, fake, tmp_path):
    inventory = make(fake, path=None)
    assert inventory.tree.cda.ACE.name == "ACE"
    assert inventory.find("bgsec")[0].name == "BGSEc"
    assert list(tmp_path.iterdir()) == []


def test_hostile_names_are_kept_and_harmless(make):
    names = ["<script>", 'x"); import os #', "a" * 5000, "\x00", "__class__", "é\u202e", "'--"]
    names += ["A", "a", "\ud800"]
    records = tuple(product("d", name) for name in names)
    inventory = make(FakeProvider(records=records))
    folder = inventory.tree.cda.d
    assert [child.name for child in folder] == names
    for name, attribute in zip(names, dir(folder), strict=False):
        assert folder[name].name == name
        assert isinstance(getattr(folder, attribute), object)
    for name in names:
        inventory.find(name)


def test_node_equality_and_hash(make, fake):
    tree = make(fake).tree
    assert tree.cda["ACE"] == tree.cda.ACE
    assert len({tree.cda.ACE, tree.cda.ACE, tree.cda.MMS}) == 2
    assert tree.cda.ACE != "ACE"
    assert bool(tree)
    assert isinstance(tree, Node)


def test_bad_arguments(make, fake):
    inventory = make(fake)
    with pytest.raises(UnknownProvider, match="no provider 'nope'"):
        inventory.find("b", provider="nope")
    with pytest.raises(InvalidRequest, match="limit=0"):
        inventory.find("b", limit=0)
    with pytest.raises(SpeasyError):
        inventory.info("no-slash")
