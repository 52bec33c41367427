"""CDAWeb's data: requests as its service takes them, and every kind of answer."""

from __future__ import annotations

import json

import numpy as np
import pytest

from speasy_core.codecs.cdf import encode
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    HttpStatusError,
    InvalidRequest,
    ServerError,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

RANGE = TimeRange("2023-01-02T00:00:00.25", "2023-01-02T01:00:00.5")
REF = ProductRef("cda", "AC_H0_MFI/BGSEc")
PAGE = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Oops</title>'
    '</head><body><p class="ErrorMessage">Server &amp; disk</p>'
    "<p class='ErrorDescription'>are <b>tired</b></p></body></html>"
)


@pytest.fixture
def provider(http) -> CdaProvider:
    return CdaProvider(Settings(cda_url="https://h/c", cda_archive_url="https://archive"), http)


def ask(provider: CdaProvider, ref: ProductRef = REF, since: str | None = None) -> Fetched:
    return provider.fetch(ref, RANGE, deadline=Deadline(30), since=since)


def answer(*urls: str, **more: object) -> str:
    files = [{"Name": url, "MimeType": "application/x-cdf", "Length": 1} for url in urls]
    empty = {key: [] for key in ("Message", "Warning", "Status", "Error")}
    return json.dumps({"FileDescription": files, **empty, **more})


def samples(start: str = "2023-01-02", hours: float = 2.0, name: str = "BGSEc") -> SpeasyVariable:
    time = np.datetime64(start, "ns") + np.arange(int(hours * 3600)) * np.timedelta64(1, "s")
    values = np.arange(len(time) * 3, dtype=np.float32).reshape(-1, 3)
    return SpeasyVariable(time, values, name=name, unit="nT", columns=["x", "y", "z"])


def test_request_has_the_form_that_the_service_takes(provider, http):
    http.set("/data/", answer())
    ask(provider, ProductRef("cda", "SOLO_L2-X/a b/c%"), since="Mon, 01 Jan 2024 00:00:00 GMT")
    ((method, url, headers),) = http.asked
    assert (method, url) == (
        "GET",
        "https://h/c/WS/cdasr/1/dataviews/sp_phys/datasets/SOLO_L2-X/data/"
        "20230102T000000Z,20230102T010001Z/a%20b%2Fc%25?format=cdf",
    )
    assert headers == {
        "Accept": "application/json", "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"
    }  # fmt: skip


def test_times_before_1970_are_rounded_outwards_too(provider, http):
    http.set("/data/", answer())
    provider.fetch(REF, TimeRange("1965-01-01T00:00:00.9", "1965-01-01T00:00:01.1"),
                   deadline=Deadline(5))  # fmt: skip
    assert "/19650101T000000Z,19650101T000002Z/" in http.asked[0][1]


def test_file_is_read_and_cut_to_the_exact_range(provider, http):
    http.set("/data/", answer("https://h/tmp/ws1/f.cdf"))
    http.set("/tmp/ws1/f.cdf", encode([samples()]))
    found = ask(provider)
    v = found.variable
    assert v.name == "BGSEc"
    assert (v.shape, v.unit, v.columns) == ((3600, 3), "nT", ["x", "y", "z"])
    assert v.time[0] == np.datetime64("2023-01-02T00:00:01")
    assert v.time[-1] == np.datetime64("2023-01-02T01:00:00")
    assert v.values[0].tolist() == [3.0, 4.0, 5.0]
    assert found.request.endswith("/BGSEc?format=cdf")


def test_all_files_of_an_answer_count(provider, http):
    http.set("/data/", answer("https://h/tmp/a.cdf", "https://h/tmp/b.cdf"))
    http.set("/tmp/a.cdf", encode([samples(hours=0.5)]))
    http.set("/tmp/b.cdf", encode([samples("2023-01-02T00:30", 1.0)]))
    v = ask(provider).variable
    assert v.shape == (3600, 3)
    assert np.all(np.diff(v.time_ns) == 10**9)


def test_mangled_names_are_matched(provider, http):
    http.set("/data/", answer("https://h/tmp/a.cdf"))
    http.set("/tmp/a.cdf", encode([samples(name="H$$flux$$1$")]))
    v = ask(provider, ProductRef("cda", "DS/H+ flux (1)")).variable
    assert (len(v), v.name) == (3600, "H+ flux (1)")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (answer(), 200),
        (answer(Message=["No data available."]), 200),
        (answer(Message=["No data available for requested times"]), 404),
        (PAGE.replace("Server &amp; disk", "No data available"), 404),
    ],
)
def test_no_data_is_an_empty_variable(provider, http, body, status):
    http.set("/data/", body, status)
    found = ask(provider)
    assert len(found.variable) == 0
    assert found.variable.name == "BGSEc"
    assert found.version is not None


def test_single_record_at_the_fill_time_is_no_data(provider, http):
    http.set("/data/", answer("https://h/tmp/a.cdf"))
    fill = SpeasyVariable(np.array(["1800-01-01"], "M8[ns]"), [1.0], name="BGSEc")
    http.set("/tmp/a.cdf", encode([fill]))
    assert len(ask(provider).variable) == 0


def test_unchanged(provider, http):
    http.set("/data/", b"", 304, date="Tue, 02 Jan 2024 03:04:05 GMT")
    found = ask(provider, since="Mon, 01 Jan 2024 00:00:00 GMT")
    assert found.variable is None
    assert found.version == "Tue, 02 Jan 2024 00:00:00 GMT"
    with pytest.raises(UnexpectedContent, match="without a condition"):
        ask(provider)


DATE = "Tue, 02 Jan 2024 03:04:05 GMT"
MIDNIGHT = "Tue, 02 Jan 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("changed", "version"),
    [
        (None, MIDNIGHT),
        ("Mon, 01 Jan 2024 00:00:00 GMT", MIDNIGHT),
        ("Tue, 02 Jan 2024 02:00:00 GMT", "Tue, 02 Jan 2024 02:00:00 GMT"),
        ("Tue, 02 Jan 2030 02:00:00 GMT", MIDNIGHT),
        ("junk", MIDNIGHT),
    ],
)
def test_version_is_the_servers_day(provider, http, changed, version):
    more = {} if changed is None else {"last_modified": changed}
    http.set("/data/", answer(), date=DATE, **more)
    assert ask(provider).version == version


@pytest.mark.parametrize(
    "text",
    ["Unknown dataset", "variable BGSEc not found in dataset AC_H0_MFI", "Invalid variable name",
     "The dataset does not exist"],
)  # fmt: skip
@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("status", [400, 404])
def test_unknown_names(provider, http, text, as_json, status):
    body = answer(Message=[text]) if as_json else PAGE.replace("Server &amp; disk", text)
    http.set("/data/", body, status)
    with pytest.raises(UnknownProduct, match=text):
        ask(provider)


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        (PAGE, 404, HttpStatusError, "404: Server & disk are tired"),
        (PAGE, 500, HttpStatusError, "Server & disk are tired"),
        (PAGE, 200, UnexpectedContent, "Server & disk are tired"),
        ("<html><title>Log in</title></html>", 200, UnexpectedContent, "Log in"),
        ("<html><title>Log in</title></html>", 404, HttpStatusError, "Log in"),
        (answer(Message=["Too busy"]), 400, HttpStatusError, "400: Too busy"),
        (answer(Error=["Disk full"]), 200, UnexpectedContent, "Disk full"),
        ("{'", 200, UnexpectedContent, "JSON"),
        ("", 200, UnexpectedContent, "empty"),
        ("[1]", 200, UnexpectedContent, "no answer but"),
        ('{"FileDescription": [{}]}', 200, UnexpectedContent, "without names"),
        ("{}", 200, UnexpectedContent, "no answer of its service"),
        ('{"maintenance": true}', 200, UnexpectedContent, "no answer of its service"),
        ('{"FileDescription": {"a": 1}}', 200, UnexpectedContent, "without names"),
    ],
)
def test_every_other_answer_is_a_clear_error(provider, http, body, status, kind, words):
    http.set("/data/", body, status)
    with pytest.raises(kind, match=words) as caught:
        ask(provider)
    assert isinstance(caught.value, ServerError)


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/f.cdf", "http://127.0.0.1:8888/f.cdf", "file:///etc/passwd",
     "https://h:9999/f.cdf", "https://h.evil/f.cdf", "ftp://h/f.cdf", "f.cdf", "https://h@evil/f"],
)  # fmt: skip
def test_files_elsewhere_are_refused(provider, http, url):
    http.set("/data/", answer(url))
    with pytest.raises(UnexpectedContent, match="another host"):
        ask(provider)
    assert len(http.asked) == 1


def test_files_on_the_servers_own_hosts_are_taken(provider, http):
    http.set("/data/", answer("http://h/a.cdf", "https://archive/b.cdf"))
    http.set("/a.cdf", encode([samples(hours=0.5)]))
    http.set("/b.cdf", encode([samples("2023-01-02T00:30", 1.0)]))
    assert len(ask(provider).variable) == 3600
    assert http.asked[1][1] == "https://h/a.cdf", "never from https back to http"


def test_damaged_and_foreign_files_name_the_file(provider, http):
    http.set("/data/", answer("https://h/tmp/cut.cdf"))
    http.set("/tmp/cut.cdf", encode([samples()])[:-500])
    with pytest.raises(CorruptFile) as caught:
        ask(provider)
    assert caught.value.source == "cut.cdf"
    http.set("/tmp/cut.cdf", PAGE)
    with pytest.raises(UnexpectedContent, match="Oops"):
        ask(provider)
    http.set("/tmp/cut.cdf", encode([samples(name="other")]))
    with pytest.raises(UnknownProduct, match="BGSEc"):
        ask(provider)
    del http.answers["/tmp/cut.cdf"]
    with pytest.raises(HttpStatusError):
        ask(provider)


def test_dataset_without_variable(provider, http):
    with pytest.raises(InvalidRequest, match="find_product\\('AC_H0_MFI'\\)"):
        ask(provider, ProductRef("cda", "AC_H0_MFI"))
    with pytest.raises(InvalidRequest, match="ask for cda/AC_H0_MFI/VARIABLE"):
        ask(provider, ProductRef("cda", "AC_H0_MFI/"))
    assert http.asked == []


# -- against the local archive ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_archive(shared_data):
    with LocalArchive(data=shared_data / "cda") as archive:
        yield archive


@pytest.fixture
def real(real_archive):
    settings = real_archive.settings()
    http = HttpClient(settings)
    yield CdaProvider(settings, http)
    http.close()


@pytest.mark.parametrize(
    ("path", "start", "stop", "shape", "kind"),
    [
        ("AC_H0_MFI/BGSEc", "2023-01-02T01", "2023-01-02T02", (225, 3), "vector"),
        ("MMS1_FGM_BRST_L2/mms1_fgm_b_gse_brst_l2", "2016-12-09T09:03:30", "2016-12-09T09:03:40",
         (1280, 4), "multicomponent"),
        ("MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_numberdensity_fast", "2015-12-01T12",
         "2015-12-01T12:10", (134, ), "scalar"),
        ("MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast", "2015-12-01T12",
         "2015-12-01T12:10", (134, 32), "spectrogram"),
    ],
)  # fmt: skip
def test_real_data(real, path, start, stop, shape, kind):
    v = real.fetch(ProductRef("cda", path), TimeRange(start, stop), deadline=Deadline(60)).variable
    assert abs(v.shape[0] - shape[0]) <= 1
    assert v.shape[1:] == shape[1:]
    assert v.kind == kind
    assert v.time[0] >= np.datetime64(start)
    assert v.time[-1] < np.datetime64(stop)


def test_inventory_calls_real_variables_what_they_are_once_decoded(real):
    records = real.inventory(deadline=Deadline(60)).records
    asked = 0
    for record in records:
        if record.kind in ("folder", "dataset") or "AC_" not in str(record.ref):
            continue
        start = record.coverage.start_ns
        span = TimeRange.from_ns(start, start + 7_200 * 10**9)
        v = real.fetch(record.ref, span, deadline=Deadline(60)).variable
        if len(v):
            assert v.kind == record.kind, record.ref
            assert v.unit == record.unit, record.ref
            asked += 1
    assert asked > 8


def test_truncated_real_file_is_an_error_that_names_it(real):
    ref = ProductRef("cda", "MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_numberdensity_fast")
    span = TimeRange("2015-12-01T00:10", "2015-12-01T00:20")
    with pytest.raises(CorruptFile, match=r"mms1_fpi_fast_l2_dis-moms_20151201000000_v3\.3\.0"):
        real.fetch(ref, span, deadline=Deadline(60))


def test_unchanged_real_data_is_not_sent_again(real):
    span = TimeRange("2023-01-02T01", "2023-01-02T02")
    first = real.fetch(REF, span, deadline=Deadline(60))
    assert real.fetch(REF, span, deadline=Deadline(60), since=first.version).variable is None


def test_server_that_is_down():
    settings = Settings(cda_url="http://127.0.0.1:9/x", cda_archive_url="http://127.0.0.1:9/y")
    provider = CdaProvider(settings, HttpClient(settings))
    with pytest.raises(SpeasyError, match=r"127\.0\.0\.1"):
        ask(provider)
