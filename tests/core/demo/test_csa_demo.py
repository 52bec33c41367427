"""The local copy of Cluster's archive, asked as clients of the real one ask it."""

from __future__ import annotations

import io
import json
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.demo import LocalArchive
from speasy_core.demo._tap import QueryError, Table, run_query

TABLE = Table(("id", "kind"), [{"id": "A", "kind": "x"}, {"id": "B_GRMB", "kind": "y"},
                               {"id": "it's", "kind": "y"}])  # fmt: skip


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def get(url: str) -> bytes:
    with urlopen(url, timeout=30) as reply:
        return bytes(reply.read())


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("", ["A", "B_GRMB", "it's"]),
        ("WHERE id like '%GRMB' OR (kind='x' AND id<>'Z')", ["A", "B_GRMB"]),
        ("where NOT kind = 'x' and id LIKE 'B%'", ["B_GRMB"]),
        ("WHERE id='it''s'", ["it's"]),
        ("WHERE id = 'x'' OR ''1''=''1'", []),
    ],
)
def test_queries(where: str, ids: list[str]) -> None:
    found = run_query(f"SELECT * FROM t {where}", {"t": TABLE})
    assert [row["id"] for row in found.rows] == ids


def test_top_and_columns() -> None:
    found = run_query("select TOP 2 id from t", {"t": TABLE})
    assert (found.columns, len(found.rows)) == (["id"], 2)


@pytest.mark.parametrize(
    "query",
    ["DROP TABLE t", "SELECT * FROM u", "SELECT z FROM t", "SELECT * FROM t WHERE id =",
     "SELECT * FROM t WHERE (id='A'", "SELECT * FROM t WHERE id='A' 1",
     "SELECT * FROM t WHERE z='A'", "SELECT * FROM t; SELECT * FROM t"],
)  # fmt: skip
def test_queries_that_are_refused(query: str) -> None:
    with pytest.raises(QueryError):
        run_query(query, {"t": TABLE})


def test_sync_csv_and_votable(archive: LocalArchive) -> None:
    base = f"{archive.url}/csa/csa-sl-tap/tap/sync?"
    ask = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": "SELECT * FROM csa.v_observatory"}
    lines = get(base + urlencode(ask | {"FORMAT": "CSV"})).decode().splitlines()
    assert lines[0] == "name,mission_name,description"
    assert "Cluster-1,Cluster," in lines
    root = ET.fromstring(get(base + urlencode(ask)))
    names = [e.get("name") for e in root.iter() if e.tag.endswith("FIELD")]
    assert names == ["name", "mission_name", "description"]
    with pytest.raises(HTTPError) as caught:
        get(base + urlencode(ask | {"QUERY": "SELECT nothing"}))
    assert b"ERROR" in caught.value.read()
    caught.value.close()


def test_async_as_astroquery_does_it(archive: LocalArchive, shared_data: Path) -> None:
    requests = [
        json.loads(line)
        for line in (shared_data / "captures" / "speasy_csa.jsonl").read_text().splitlines()
    ]
    opener = build_opener(_Stay)
    jobs = 0
    for recorded in requests:
        if recorded["method"] != "POST":
            continue
        jobs += 1
        post = Request(archive.url + recorded["path"], recorded["body"].encode(), method="POST",
                       headers={"Accept": "text/plain"})  # fmt: skip
        assert "//async" in recorded["path"]
        with pytest.raises(HTTPError) as caught:
            opener.open(post, timeout=30)
        assert caught.value.code == recorded["answered"] == 303
        number = caught.value.headers["Location"].rpartition("/")[2]
        caught.value.close()
        job = f"{archive.url}/csa/csa-sl-tap/tap//async/{number}"
        assert get(f"{job}/phase") == b"COMPLETED"
        assert ET.fromstring(get(f"{job}/results/result")).tag.endswith("VOTABLE")
    assert jobs == 5


def product(archive: LocalArchive, **more: str) -> str:
    ask = {"RETRIEVAL_TYPE": "product", "DATASET_ID": "C1_CP_FGM_SPIN",
           "START_DATE": "2003-01-01T00:00:00Z", "END_DATE": "2003-01-01T01:00:00Z"}  # fmt: skip
    return f"{archive.url}/csa/csa-sl-tap/data?{urlencode(ask | more)}"


def test_product_forms_hold_the_same_numbers(archive: LocalArchive) -> None:
    found = {}
    for form in ("CDF_ISTP", "CEF"):
        body = get(product(archive, DELIVERY_FORMAT=form, DELIVERY_INTERVAL="all"))
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as file:
            [member] = file.getmembers()
            assert "/" in member.name
            stream = file.extractfile(member)
            assert stream is not None
            found[form] = codecs.decode(stream.read(), source=member.name)
    found["streamed"] = codecs.decode(get(product(archive, RETRIEVAL_ACCESS="streamed")),
                                      source="x.cef")  # fmt: skip
    for name, v in found["CDF_ISTP"].items():
        for form in ("CEF", "streamed"):
            assert np.array_equal(found[form][name].values, v.values)
            assert np.array_equal(found[form][name].time, v.time)
            assert "Synthetic" in found[form][name].meta["dataset"]


def test_the_event_is_the_one_of_the_other_servers(archive: LocalArchive) -> None:
    from speasy_core.demo.synthetic import magnetopause

    body = get(product(archive, RETRIEVAL_ACCESS="streamed"))
    b = codecs.decode(body, source="x.cef")["B_mag__C1_CP_FGM_SPIN"]
    assert np.allclose(b.values, magnetopause.crossing(b.time_ns).strength, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"DATASET_ID": "NO_SUCH"}, 404), ({"START_DATE": "x"}, 400),
        ({"RETRIEVAL_TYPE": "HEADER"}, 400), ({"RETRIEVAL_ACCESS": "DEFERRED"}, 400),
        ({"DELIVERY_FORMAT": "PNG"}, 400),
        ({"START_DATE": "1990-01-01T00:00:00Z", "END_DATE": "1990-01-02T00:00:00Z"}, 404),
        ({"END_DATE": "2024-01-01T00:00:00Z", "DELIVERY_FORMAT": "CDF"}, 413),
    ],
)  # fmt: skip
def test_refusals(archive: LocalArchive, changes: dict[str, str], status: int) -> None:
    with pytest.raises(HTTPError) as caught:
        get(product(archive, **changes))
    assert caught.value.code == status
    caught.value.close()


def test_cef_files_of_a_folder(shared_data: Path) -> None:
    with LocalArchive(shared_data / "csa") as archive:
        url = product(
            archive, DATASET_ID="C4_CP_FGM_SPIN", RETRIEVAL_ACCESS="streamed",
            START_DATE="2001-07-06T21:30:00Z", END_DATE="2001-07-06T22:30:00Z",
        )  # fmt: skip
        got = codecs.decode(get(url), source="x.cef")
    name = next((shared_data / "csa").glob("*.cef"))
    real = codecs.read_file(name)["B_mag__C4_CP_FGM_SPIN"]
    part = real["2001-07-06T21:30":"2001-07-06T22:30"]
    assert np.array_equal(got["B_mag__C4_CP_FGM_SPIN"].values, part.values)


@pytest.mark.parametrize("name", ["C4_CP_EFW_L1_P34", "C4_CP_FGM_SPIN"])
def test_a_renamed_file_is_still_of_its_data_set(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    (recorded,) = (shared_data / "csa").glob(f"{name}__*")
    (tmp_path / "below").mkdir()
    copy = tmp_path / "below" / f"copy (1){recorded.suffix.upper()}"
    copy.write_bytes(recorded.read_bytes())
    query = urlencode({"QUERY": "SELECT dataset_id FROM csa.v_dataset", "FORMAT": "csv"})
    with LocalArchive(tmp_path) as archive:
        listed = get(f"{archive.url}/csa/csa-sl-tap/tap/sync?{query}")
    assert listed.split() == [b"dataset_id", name.encode()]
