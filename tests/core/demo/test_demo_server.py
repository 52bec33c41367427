"""How the local archive speaks HTTP."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from demo_tools import SERVICE, ask, data, fetch

from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.demo.cdaweb import Results
from speasy_core.demo.holdings import Answer
from speasy_core.errors import ConfigError
from speasy_core.timerange import TimeRange

NS = {"c": "http://cdaweb.gsfc.nasa.gov/schema"}
HOUR = ("20230102T000000Z", "20230102T010000Z")
POST = (
    '<DataRequest xmlns="http://cdaweb.gsfc.nasa.gov/schema"><CdfRequest><TimeInterval>'
    "<Start>2023-01-02T00:00:00Z</Start><End>2023-01-02T01:00:00Z</End></TimeInterval>"
    "<DatasetRequest><DatasetId>AC_H0_MFI</DatasetId><VariableName>BGSEc</VariableName>"
    "</DatasetRequest><CdfVersion>3</CdfVersion><CdfFormat>Binary</CdfFormat></CdfRequest>"
    "</DataRequest>"
)


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def test_json_and_xml_on_the_same_url(archive: LocalArchive) -> None:
    url = f"{archive.url}{SERVICE}/datasets/AC_H0_MFI/variables"
    from_json = ask(url, Accept="application/json").json["VariableDescription"]
    answer = ask(url, Accept="application/xml", Content_Type="application/xml")
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.body)
    names = [e.findtext("c:Name", namespaces=NS) for e in root.findall("c:VariableDescription", NS)]
    assert names == [v["Name"] for v in from_json]
    weighted = ask(url, Accept="application/xml;q=0.5, application/json")
    assert weighted.headers["content-type"] == "application/json"


def test_post_answers_as_get(archive: LocalArchive) -> None:
    url = f"{archive.url}{SERVICE}/datasets"
    headers = {"Accept": "application/xml", "Content_Type": "application/xml"}
    root = ElementTree.fromstring(ask(url, "POST", POST.encode(), **headers).body)
    name = root.findtext("c:FileDescription/c:Name", namespaces=NS)
    assert name is not None
    described = data(archive.url, "AC_H0_MFI", "BGSEc", *HOUR).json["FileDescription"][0]
    assert ask(name).body == ask(described["Name"]).body
    assert root.findtext("c:FileDescription/c:Length", namespaces=NS) == str(described["Length"])


@pytest.mark.parametrize(
    "body", [b"<a", b"<!DOCTYPE x><a/>", b"<a/>", POST.replace("BGSEc", "").encode()]
)
def test_bad_posts(archive: LocalArchive, body: bytes) -> None:
    assert ask(f"{archive.url}{SERVICE}/datasets", "POST", body).status == 400


def test_lists_can_be_narrowed(archive: LocalArchive) -> None:
    def ids(query: str) -> list[str]:
        got = ask(f"{archive.url}{SERVICE}/datasets?{query}", Accept="application/json")
        return [d["Id"] for d in got.json["DatasetDescription"]]

    assert ids("observatoryGroup=ACE") == ["AC_H0_MFI", "AC_H0_SWE"]
    assert ids("idPattern=.%2AMOMS") == ["MMS1_FPI_FAST_L2_DES-MOMS", "MMS1_FPI_FAST_L2_DIS-MOMS"]
    assert ids("stopDate=2000-01-01") == ["AC_H0_MFI", "AC_H0_SWE"]
    assert ids("observatory=MMS1&instrument=FGM") == ["MMS1_FGM_SRVY_L2"]
    assert ask(f"{archive.url}{SERVICE}/datasets?idPattern=%5B").status == 400


def test_last_modified_and_304(archive: LocalArchive) -> None:
    url = archive.url + "/spdf/pub/catalogs/all.xml"
    head = ask(url, "HEAD")
    assert head.body == b""
    assert int(head.headers["content-length"]) == len(ask(url).body)
    known = {"If_Modified_Since": head.headers["last-modified"]}
    assert (ask(url, **known).status, ask(url, **known).body) == (304, b"")
    first = data(archive.url, "AC_H0_MFI", "BGSEc", *HOUR)
    again = data(
        archive.url, "AC_H0_MFI", "BGSEc", *HOUR, If_Modified_Since=first.headers["last-modified"]
    )
    assert again.status == 304
    old = {"If_Modified_Since": "Thu, 01 Jan 1998 00:00:00 GMT"}
    assert data(archive.url, "AC_H0_MFI", "BGSEc", *HOUR, **old).status == 200
    odd = {"If_Modified_Since": "Thu Jan  1 00:00:00 1998"}
    assert data(archive.url, "AC_H0_MFI", "BGSEc", *HOUR, **odd).status == 400


def test_one_connection_serves_many_requests(archive: LocalArchive) -> None:
    connection = http.client.HTTPConnection(archive.url.removeprefix("http://"), timeout=10)
    for path in ("/", "/nowhere", "/spdf/pub/catalogs/all.xml"):
        connection.request("GET", path)
        connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


def test_result_urls_carry_the_host_of_the_request(archive: LocalArchive) -> None:
    port = archive.url.rpartition(":")[2]
    got = data(archive.url, "AC_H0_MFI", "BGSEc", *HOUR, Host=f"localhost:{port}")
    name = got.json["FileDescription"][0]["Name"]
    assert name.startswith(f"http://localhost:{port}/cdaweb/tmp/ws")


def test_cors_and_other_servers(archive: LocalArchive) -> None:
    assert ask(archive.url, Origin="http://x").headers["access-control-allow-origin"] == "*"
    assert ask(archive.url, "OPTIONS").status == 200
    assert ask(archive.url + "/not-played/php/rest/auth.php").status == 404
    assert archive.requests[-1] == ("GET", "/not-played/php/rest/auth.php")


def test_settings_and_environment_agree(archive: LocalArchive, tmp_path: Path) -> None:
    environ = archive.environ(tmp_path)
    assert environ["SPZ_CDA_URL"] == archive.url + "/cdaweb"
    loaded = Settings.load(path=tmp_path / "none.toml", environ=environ)
    assert loaded == archive.settings(tmp_path)


def test_stop_ends_kept_connections_and_start_takes_the_same_port() -> None:
    archive = LocalArchive().start()
    url = archive.url
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    archive.stop()
    assert not archive.running
    with pytest.raises(OSError):  # noqa: PT012 - either call may find the connection closed
        connection.request("GET", "/")
        connection.getresponse()
    connection.close()
    with pytest.raises(OSError):
        ask(url)
    with archive:
        assert archive.url == url
        assert ask(url).status == 200


def test_faults(archive: LocalArchive) -> None:
    url = archive.url + "/spdf/pub/catalogs/all.xml"
    with archive.faults.on(status=503, retry_after="7", match="all.xml", times=1):
        got = ask(url)
        assert (got.status, got.headers["retry-after"]) == (503, "7")
        assert ask(url).status == 200
    with archive.faults.on(html=True):
        assert b"maintenance" in ask(url).body
    with archive.faults.on(cut=10), pytest.raises(http.client.IncompleteRead):
        ask(url)
    with archive.faults.on(cut=10, cut_silently=True):
        assert len(ask(url).body) == 10
    with archive.faults.on(reset=True), pytest.raises((http.client.HTTPException, OSError)):
        ask(url)
    with archive.faults.on(empty=True):
        assert ask(url).body == b""
    with archive.faults.on(redirect="http://127.0.0.1:9/"):
        assert ask(url).headers["location"] == "http://127.0.0.1:9/"
    with archive.faults.on(delay=0.2):
        began = time.monotonic()
        ask(url)
        assert time.monotonic() - began >= 0.2
    assert ask(url).status == 200


def test_missing_folder_and_taken_port(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        LocalArchive(tmp_path / "nowhere")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)):
            LocalArchive(tmp_path, port=port).start()


def test_results_are_bounded() -> None:
    results = Results(max_count=3, max_bytes=100)
    span = TimeRange("2020-01-01", "2020-01-02")

    def answer(held: int) -> Answer:
        return Answer("x.cdf", span, held, 0, lambda: iter(()), held=held)

    small = [results.add(answer(1)) for _ in range(4)]
    assert results.get(small[0], "x.cdf") is None
    assert results.get(small[3], "x.cdf") is not None
    assert results.get(small[3], "other.cdf") is None
    big = results.add(answer(1000))
    assert results.get(small[3], "x.cdf") is None
    assert results.get(big, "x.cdf") is not None


def test_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "speasy_core.demo"]
    failed = subprocess.run(
        [*command, "--data", str(tmp_path / "no")], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert "no folder" in failed.stderr
    assert "Traceback" not in failed.stderr
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        line = run.stdout.readline().strip()
        assert line.startswith("SPZ_CDA_URL=http://127.0.0.1:")
        assert ask(line.removeprefix("SPZ_CDA_URL=").removesuffix("/cdaweb")).status == 200
        run.send_signal(2)
        assert run.wait(timeout=10) == 0


def test_a_day_of_ace_is_quick(archive: LocalArchive) -> None:
    fetch(archive.url, "AC_H0_MFI", "BGSEc", "20230201T000000Z", "20230202T000000Z")
    took = []
    for _ in range(3):
        began = time.monotonic()
        got = fetch(archive.url, "AC_H0_MFI", "BGSEc", "20230202T000000Z", "20230203T000000Z")
        took.append(time.monotonic() - began)
    assert got["BGSEc"].shape == (5401, 3)
    # 0.1 s on an idle machine; this one may be shared
    assert np.min(took) < 1.0
