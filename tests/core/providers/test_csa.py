"""The Cluster archive's provider: tables, requests, refusals, and tars that are made to harm."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    Cancelled,
    CorruptFile,
    DeadlineExceeded,
    HttpStatusError,
    InvalidRequest,
    RequestTooLarge,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.providers._csa_tables import build_records, read_csv
from speasy_core.providers._csa_tar import iter_files
from speasy_core.providers.csa import CsaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

REF = ProductRef("csa", "C1_CP_X/b-x__C1_CP_X")
DAY = TimeRange("2003-01-01", "2003-01-02")


class Http:
    """Answers with one response, and remembers the parameters."""

    def __init__(self, answer: Response | Callable[[Mapping[str, Any]], Response]) -> None:
        self.answer, self.asked = answer, []

    def get(
        self, url: str, *, deadline: Deadline, params: Mapping[str, Any] | None = None,
        ok: frozenset[int] = frozenset({200}), **_: Any,
    ) -> Response:  # fmt: skip
        deadline.check()
        self.asked.append(dict(params or {}))
        got = self.answer if isinstance(self.answer, Response) else self.answer(params or {})
        if got.status not in ok:
            raise HttpStatusError("refused", status=got.status, body=got.body, url=url)
        return Response(got.status, got.headers, got.body, url)


def provider(answer: Any) -> CsaProvider:
    return CsaProvider(Settings(csa_url="http://h"), Http(answer))


def fetch(made: CsaProvider, **more: Any) -> Any:
    return made.fetch(REF, DAY, deadline=Deadline(30), **more)


def cdf(name: str = "b_x__C1_CP_X", start: str = "2003-01-01", count: int = 24) -> bytes:
    clock = np.datetime64(start, "ns") + np.arange(count) * np.timedelta64(1, "h")
    return encode([SpeasyVariable(clock, np.arange(float(count)), name=name, unit="nT")])


def tar(*members: tuple[str, bytes], packed: bool = True) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if packed else "w") as file:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            file.addfile(info, io.BytesIO(body))
    return out.getvalue()


def reply(body: bytes, status: int = 200, **headers: str) -> Response:
    return Response(status, Headers(headers), body)


# -- data --------------------------------------------------------------------------------------


def test_request_as_the_archive_wants_it() -> None:
    made = provider(reply(tar(("CSA/C1_CP_X/a.cdf", cdf()))))
    range_ = TimeRange("2003-01-01T00:00:00.5", "2003-01-01T03:00:00.25")
    got = made.fetch(REF, range_, deadline=Deadline(30))
    assert made._http.asked == [{
        "RETRIEVAL_TYPE": "product", "DATASET_ID": "C1_CP_X",
        "START_DATE": "2003-01-01T00:00:00Z", "END_DATE": "2003-01-01T03:00:01Z",
        "DELIVERY_FORMAT": "CDF_ISTP", "DELIVERY_INTERVAL": "all",
    }]  # fmt: skip
    # asked for with '-', in the file with '_'; cut to the half-open range
    assert got.variable.name == "b-x__C1_CP_X"
    assert got.variable.values.tolist() == [1.0, 2.0, 3.0]
    assert made.max_request_ns == 7 * 86_400 * 10**9


@pytest.mark.parametrize("packed", [True, False])
def test_all_members_are_merged(packed: bool) -> None:
    body = tar(
        ("d/b.cdf", cdf(start="2003-01-01T12", count=24)), ("d/readme.txt", b"hello"),
        ("d/a.cdf", cdf(count=12)), packed=packed,
    )  # fmt: skip
    found = fetch(provider(reply(body))).variable
    assert len(found) == 24
    assert (np.diff(found.time_ns) > 0).all()


def test_tar_without_data_is_an_error() -> None:
    # "no data" is said in words; an archive with none may be one whose members were refused
    with pytest.raises(UnexpectedContent, match="without a data file"):
        fetch(provider(reply(tar(("d/readme.txt", b"none")))))


def test_unknown_parameter_names_those_there_are() -> None:
    with pytest.raises(UnknownProduct, match="other") as caught:
        fetch(provider(reply(tar(("a.cdf", cdf("other"))))))
    assert caught.value.product == str(REF)


def page(text: str) -> bytes:
    return f"<html><head><title>Error</title></head><body><p>{text}</p></body></html>".encode()


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (400, "Request exceeds the 1 GB limit", RequestTooLarge),
        (500, "too large: use RETRIEVAL_ACCESS=DEFERRED", RequestTooLarge),
        (413, "no", RequestTooLarge),
        (200, "The archive is in maintenance", UnexpectedContent),
        (400, "START_DATE is wrong", HttpStatusError),
        (503, "come back later", HttpStatusError),
        (404, "The dataset C1_CP_X does not exist", UnknownProduct),
    ],
)
def test_refusals_are_quoted(status: int, text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=text) as caught:
        fetch(provider(reply(page(text), status)))
    assert caught.value.product == str(REF)


def test_no_data_is_an_empty_variable() -> None:
    got = fetch(provider(reply(page("No data found for this interval"), 404)))
    assert len(got.variable) == 0


def test_data_set_without_a_parameter() -> None:
    with pytest.raises(InvalidRequest, match="not a parameter"):
        provider(reply(b"")).fetch(ProductRef("csa", "C1_CP_X"), DAY, deadline=Deadline(1))


def test_version_is_the_day_and_is_checked_against_the_tables() -> None:
    table = "dataset_id,instruments,date_last_update\r\nC1_CP_X,X1,{}\r\n"
    changed = ["2003-05-01 10:00:00.0"]

    def answer(parameters: Mapping[str, Any]) -> Response:
        if "QUERY" in parameters:
            assert "dataset_id='C1_CP_X'" in parameters["QUERY"]
            return reply(table.format(changed[0]).encode())
        return reply(tar(("a.cdf", cdf())), date="Fri, 02 May 2003 11:00:00 GMT")

    made = provider(answer)
    first = fetch(made)
    assert first.version == "2003-05-02T00:00:00Z"
    asked = len(made._http.asked)
    assert fetch(made, since=first.version).variable is None
    assert fetch(made, since=first.version).variable is None
    assert len(made._http.asked) == asked + 1  # the date is kept for a while
    changed[0] = "2003-05-03"
    assert fetch(provider(answer), since=first.version).variable is not None
    changed[0] = ""
    assert fetch(provider(answer), since=first.version).variable is not None


# -- tars that are made to harm ----------------------------------------------------------------


def members(data: bytes, **more: Any) -> list[tuple[str, bytes]]:
    return list(iter_files(data, source="x.tgz", **more))


def test_names_are_labels_and_links_are_passed_over(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        for name in ("../../evil.cdf", "/etc/abs.cdf", "a\\b\\win.cdf"):
            info = tarfile.TarInfo(name)
            info.size = 4
            file.addfile(info, io.BytesIO(b"data"))
        for kind, name in (
            (tarfile.SYMTYPE, "s.cdf"), (tarfile.LNKTYPE, "h.cdf"), (tarfile.FIFOTYPE, "p.cdf"),
            (tarfile.CHRTYPE, "c.cdf"), (tarfile.DIRTYPE, "d.cdf"),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
    found = members(out.getvalue())
    assert found == [("evil.cdf", b"data"), ("abs.cdf", b"data"), ("win.cdf", b"data")]
    assert list(tmp_path.iterdir()) == []


def test_every_cut_is_found() -> None:
    data = tar(("a/b.cdf", np.random.default_rng(0).bytes(5000)))
    for length in range(2, len(data), 13):
        with pytest.raises(CorruptFile):
            members(data[:length])
    spoilt = bytearray(data)
    spoilt[len(data) // 2] ^= 1
    with pytest.raises(CorruptFile):
        members(bytes(spoilt))
    plain = tar(("a/b.cdf", b"x" * 5000), packed=False)
    for length in (0, 300, 600, 5000):
        with pytest.raises(CorruptFile):
            members(plain[:length])


def test_several_gzip_files_are_one() -> None:
    plain = tar(("a.cdf", b"x" * 3000), packed=False)
    assert members(gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]))[0][0] == "a.cdf"


def test_bombs_are_refused() -> None:
    bomb = tar(("zero.cdf", bytes(80 * 2**20)))
    assert len(bomb) < 10**6
    with pytest.raises(UnexpectedContent, match="unpacks to more"):
        members(bomb)
    with pytest.raises(UnexpectedContent, match="more than"):
        members(tar(("big.cdf", bytes(2000))), max_bytes=1000)
    with pytest.raises(UnexpectedContent, match="more than an answer may hold"):
        members(tar(*((f"{i}", b"") for i in range(10_001))))


def test_deadline_is_looked_at() -> None:
    late = Deadline(30)

    def answer(parameters: Mapping[str, Any]) -> Response:
        late.cancel()
        return reply(tar(("a.cdf", cdf())))

    with pytest.raises(Cancelled):
        provider(answer).fetch(REF, DAY, deadline=late)


# -- tables ------------------------------------------------------------------------------------


def tables(**changes: Any) -> dict[str, list[dict[str, str]]]:
    made = {
        "mission": [{"name": "Cluster"}, {"name": "DoubleStar"}],
        "observatory": [
            {"name": "Cluster-1", "mission_name": "Cluster"},
            {"name": "TC-1", "mission_name": "DoubleStar"},
        ],
        "instrument": [
            {"name": "FGM1", "observatories": "Cluster-1"},
            {"name": "AUX", "observatories": "Cluster-1,Cluster-2"},
            {"name": "MYSTERY", "observatories": "Elsewhere"},
        ],
        "dataset": [
            {"dataset_id": "C1_CP_FGM_SPIN", "instruments": "FGM1",
             "start_date": "2001-01-01 00:00:00.0", "end_date": "2002-01-01 00:00:00.0",
             "time_resolution": "4", "title": "Field"},
            {"dataset_id": "CL_SP_AUX", "instruments": "AUX", "start_date": "", "end_date": ""},
            {"dataset_id": "CX", "instruments": "MYSTERY"},
            {"dataset_id": "CL_BOTH", "instruments": "FGM1,AUX"},
        ],
        "parameter": [
            {"dataset_id": "C1_CP_FGM_SPIN", "parameter_id": "B", "units": "nT", "sizes": "3"},
            {"dataset_id": "C1_CP_FGM_SPIN", "parameter_id": "E", "sizes": "31", "depend_1": "e"},
            {"dataset_id": "C1_CP_FGM_SPIN", "parameter_id": "T", "sizes": "3,3"},
            {"dataset_id": "C1_CP_FGM_SPIN", "parameter_id": "S", "sizes": "1"},
            {"dataset_id": "CL_SP_AUX", "parameter_id": "A"},
            {"dataset_id": "CL_BOTH", "parameter_id": "A"},
        ],
    }  # fmt: skip
    return made | changes


def test_tree() -> None:
    records, warnings = build_records(tables())
    paths = {"/".join(r.path): r for r in records}
    field = paths["Cluster/Cluster-1/FGM1/C1_CP_FGM_SPIN"]
    assert field.kind == "dataset"
    assert field.cadence == 4.0
    assert field.coverage == TimeRange("2001-01-01", "2002-01-01")
    kinds = {name: paths[f"Cluster/Cluster-1/FGM1/C1_CP_FGM_SPIN/{name}"].kind for name in "BEST"}
    assert kinds == {"B": "vector", "E": "spectrogram", "S": "scalar", "T": "multicomponent"}
    assert str(paths["Cluster/Cluster-1/FGM1/C1_CP_FGM_SPIN/B"].ref) == "csa/C1_CP_FGM_SPIN/B"
    assert "Cluster/MULTIPLE/AUX/CL_SP_AUX/A" in paths
    assert "Cluster/MULTIPLE/FGM1,AUX/CL_BOTH/A" in paths
    assert "MULTIPLE/MULTIPLE/MYSTERY/CX" in paths
    assert any("CX" in w for w in warnings)


def test_several_observatories_belong_where_the_archive_says() -> None:
    own = {"name": "MULTIPLE", "mission_name": "DoubleStar"}
    records, _ = build_records(tables(observatory=[*tables()["observatory"], own]))
    paths = {"/".join(r.path) for r in records}
    assert "DoubleStar/MULTIPLE/AUX/CL_SP_AUX/A" in paths
    assert "DoubleStar/MULTIPLE/MYSTERY/CX" in paths
    assert "Cluster/Cluster-1/FGM1/C1_CP_FGM_SPIN/B" in paths


def test_table_that_is_cut_or_another() -> None:
    with pytest.raises(UnexpectedContent, match="lacks dataset_id"):
        read_csv("a,b\n1,2\n", "dataset")
    with pytest.raises(UnexpectedContent, match="has 2 columns, not 3"):
        read_csv("dataset_id,instruments,x\nA,B,1\nC,D\n", "dataset")
    rows = read_csv('Dataset_ID,instruments\n"a","say ""x"",\ny"\n', "dataset")
    assert rows == [{"dataset_id": "a", "instruments": 'say "x",\ny'}]


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def test_inventory_asks_five_tables_then_four(archive: LocalArchive) -> None:
    settings = archive.settings()
    made = CsaProvider(settings, HttpClient(settings))
    before = len(archive.requests)
    first = made.inventory(deadline=Deadline(30))
    assert first is not None
    assert len(archive.requests) == before + 5
    assert made.inventory(deadline=Deadline(30), since=first.version) is None
    assert len(archive.requests) == before + 9
    again = made.inventory(deadline=Deadline(30), since="another")
    assert again is not None
    assert again.version == first.version


def test_real_file_through_the_local_archive(shared_data: Path) -> None:
    import pycdfpp

    path = next((shared_data / "csa").glob("C4_CP_EFW*.cdf"))
    cdf_ = pycdfpp.load(str(path))
    name = "P34__C4_CP_EFW_L1_P34"
    with LocalArchive(shared_data / "csa") as archive:
        settings = archive.settings()
        made = CsaProvider(settings, HttpClient(settings))
        ref = ProductRef("csa", f"C4_CP_EFW_L1_P34/{name}")
        span = TimeRange("2001-02-26T05:18:30", "2001-02-26T05:18:36")
        got = made.fetch(ref, span, deadline=Deadline(30)).variable
    assert np.array_equal(got.values, cdf_[name].values)
    clock = pycdfpp.to_datetime64(cdf_["time_tags__C4_CP_EFW_L1_P34"]).astype("M8[ns]")
    # picoseconds are rounded here, and cut there
    assert np.abs(got.time_ns - clock.astype("i8")).max() <= 1


@pytest.mark.parametrize("silently", [False, True])
def test_cut_answer_is_never_data(archive: LocalArchive, silently: bool) -> None:
    settings = archive.settings()
    made = CsaProvider(settings, HttpClient(settings))
    ref = ProductRef("csa", "C1_CP_FGM_SPIN/B_mag__C1_CP_FGM_SPIN")
    with archive.faults.on(cut=300, cut_silently=silently), pytest.raises(SpeasyError):
        made.fetch(ref, DAY, deadline=Deadline(10))


def test_stalled_server_ends_at_the_deadline(archive: LocalArchive) -> None:
    settings = archive.settings()
    made = CsaProvider(settings, HttpClient(settings))
    with archive.faults.on(delay=2.0), pytest.raises(DeadlineExceeded):
        made.inventory(deadline=Deadline(0.3))
