"""The provider of AMDA against answers that the test sets."""

from __future__ import annotations

import json
import logging
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from speasy_core.codecs import votable
from speasy_core.codecs.cdf import encode
from speasy_core.config import Secret, Settings
from speasy_core.errors import (
    CorruptFile,
    DeadlineExceeded,
    HttpStatusError,
    InvalidRequest,
    MissingCredentials,
    ServerError,
    SpeasyError,
    UnexpectedContent,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.events import Catalog, TimeTable
from speasy_core.http import Deadline, Headers, Response
from speasy_core.product import ProductRef
from speasy_core.providers.amda import AmdaProvider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

HOST = "https://amda.test"
SPAN = TimeRange("2020-01-01T00:00:00.5", "2020-01-01T00:10:00.2")
TIME = np.datetime64("2020-01-01", "ns") + np.arange(700) * np.timedelta64(1, "s")
PASSWORD = "c4nary-passw0rd"
TREE = """<dataRoot><dataCenter name="d"><mission name="ACE"><instrument name="MFI">
<dataset xml:id="ace-imf" name="final / prelim" dataStart="1997-09-02T00:00:12Z"
 dataStop="2025-01-01T00:00:00Z" sampling="16S" lastModificationDate="2024-12-01T22:02:16Z">
<parameter xml:id="imf" name="b_gse" units="nT" size="3"><component xml:id="imf(0)" name="bx"/>
<component xml:id="imf(1)" name="by"/><component xml:id="imf(2)" name="bz"/></parameter>
<parameter xml:id="tpl" name="flux ²" units="cm⁻²" template="tpl_##side##"><arguments>
<argument key="side" name="Side" type="generated-list" minkey="0" maxkey="3" default="1"/>
</arguments></parameter></dataset>
<dataset xml:id="new" name="new" timeRestriction="2019-12-31T00:00:00Z" dataStart="2000-01-01"
 dataStop="2025-01-01"><parameter xml:id="fresh" name="fresh"/></dataset>
</instrument></mission></dataCenter></dataRoot>"""


def field(name: str = "imf", **more: object) -> bytes:
    values = np.arange(2100.0).reshape(700, 3)
    return encode([SpeasyVariable(TIME, values, name=name, unit="nT", **more)])


def served(http, *, data: bytes | None = None) -> None:
    """Set the answers of a server in good order."""
    http.set("auth.php", "0123456789abcdef")
    for page, name in (
        ("getObsDataTree", "tree"),
        ("getTimeTablesList", "tt"),
        ("getCatalogsList", "cat"),
    ):
        http.set(f"{page}.php", f"<r>http://amda.test/WSRESULT/{name}.xml</r>")
    http.set("WSRESULT/tree.xml", TREE)
    leaf = "<timeTable xml:id='sharedtimeTable_0' name='FTE' nbIntervals='1'/>"
    tables = f"<timeTableList><folder name='E'>{leaf}</folder></timeTableList>"
    http.set("WSRESULT/tt.xml", tables)
    http.set("WSRESULT/cat.xml", "<catalogList/>")
    http.set("getParameter.php", json.dumps(
        {"success": True, "dataFileURLs": "http://amda.test/WSRESULT/x.cdf"}))  # fmt: skip
    http.set("x.cdf", field() if data is None else data)


@pytest.fixture
def provider(http) -> AmdaProvider:
    served(http)
    return AmdaProvider(Settings(amda_url=HOST), http)


def user(http) -> AmdaProvider:
    served(http)
    settings = Settings(amda_url=HOST, amda_user="bob", amda_password=Secret(PASSWORD))
    return AmdaProvider(settings, http)


def fetch(provider: AmdaProvider, path: str = "imf", seconds: float = 30, **options: object):
    since = options.pop("since", None)
    return provider.fetch(
        ProductRef("amda", path), SPAN, deadline=Deadline(seconds), since=since, options=options
    )


def asked(http, page: str) -> list[dict[str, str]]:
    return [
        {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        for _, url, _ in http.asked if page in url
    ]  # fmt: skip


def test_a_parameter(http, provider):
    answer = fetch(provider)
    v = answer.variable
    assert (v.name, v.unit, v.shape, v.columns) == ("imf", "nT", (600, 3), ["bx", "by", "bz"])
    assert v.time_ns[0] >= SPAN.start_ns
    assert v.time_ns[-1] < SPAN.stop_ns
    assert answer.version == "2024-12-01T22:02:16Z"
    (query,) = asked(http, "getParameter.php")
    assert query == {
        "startTime": "2020-01-01T00:00:00Z", "stopTime": "2020-01-01T00:10:01Z",
        "parameterID": "imf", "outputFormat": "CDF_ISTP", "timeFormat": "UNIXTIME",
        "token": "0123456789abcdef",
    }  # fmt: skip
    assert "0123456789abcdef" not in answer.request
    # files are named without encryption, and had with it
    assert all(url.startswith(HOST) for _, url, _ in http.asked)


def test_a_component_is_a_column_of_its_parameter(http, provider):
    v = fetch(provider, "imf(1)").variable
    assert (v.name, v.kind, v.columns, v.unit) == ("imf(1)", "scalar", ["by"], "nT")
    assert v.values[:2].tolist() == [4.0, 7.0]
    assert asked(http, "getParameter.php")[0]["parameterID"] == "imf"
    with pytest.raises(UnknownProduct, match=r"amda/imf\(3\) does not exist.*3 components"):
        fetch(provider, "imf(3)")


def test_components_in_variables_of_their_own(http, provider):
    parts = [SpeasyVariable(TIME, np.full(700, float(i)), name=f"imf_{i}") for i in (1, 0, 2)]
    http.set("x.cdf", encode(parts))
    v = fetch(provider).variable
    assert v.shape == (600, 3)
    assert v.values[0].tolist() == [0.0, 1.0, 2.0]
    assert (v.columns, v.unit) == (["bx", "by", "bz"], "nT")


def test_templates(http, provider):
    http.set("x.cdf", encode([SpeasyVariable(TIME, np.ones(700), name="tpl_2")]))
    v = fetch(provider, "tpl", product_inputs={"side": 2}).variable
    assert (v.name, v.unit) == ("tpl", "cm⁻²")
    assert v.meta["PRODUCT_INPUTS"] == {"side": "2"}
    fetch(provider, "tpl")
    assert [q["parameterID"] for q in asked(http, "getParameter.php")] == ["tpl_2", "tpl_1"]
    with pytest.raises(UnknownOption, match="side=9"):
        fetch(provider, "tpl", product_inputs={"side": 9})
    with pytest.raises(UnknownOption, match="takes no product_inputs"):
        fetch(provider, "imf", product_inputs={"side": 1})
    with pytest.raises(UnknownOption, match="not a mapping"):
        fetch(provider, "tpl", product_inputs="side")
    with pytest.raises(UnknownOption, match="output_format='ASCII'"):
        fetch(provider, output_format="ASCII")


def test_nothing_changed_needs_no_request_for_data(http, provider):
    answer = fetch(provider, since="2024-12-01T22:02:16Z")
    assert answer.variable is None
    assert asked(http, "getParameter.php") == []
    assert fetch(provider, since="2024-11-01T00:00:00Z").variable is not None


def test_the_tree_is_asked_for_once_and_can_be_missing(http, provider):
    fetch(provider)
    fetch(provider)
    assert len(asked(http, "getObsDataTree.php")) == 1
    http.asked.clear()
    http.answers["WSRESULT/tree.xml"] = ServerError("down")
    blind = AmdaProvider(Settings(amda_url=HOST), http)
    v = fetch(blind).variable
    assert len(v) == 600
    fetch(blind)
    assert len(asked(http, "getObsDataTree.php")) == 1


def test_what_the_inventory_says_is_used_without_a_request(http, provider):
    records = provider.inventory(deadline=Deadline(30)).records
    known = {r.ref: r for r in records if r.ref}
    fresh = AmdaProvider(Settings(amda_url=HOST), http)
    fresh.inform(known.get)
    http.asked.clear()
    assert fetch(fresh).variable.columns == ["bx", "by", "bz"]
    assert fresh.dataset(ProductRef("amda", "ace-imf")) == [
        ProductRef("amda", "imf"), ProductRef("amda", "tpl")
    ]  # fmt: skip
    assert fresh.dataset(ProductRef("amda", "imf")) is None
    assert asked(http, "getObsDataTree.php") == []


def test_requests_that_take_long_are_asked_about(http, provider):
    states = iter(["in progress", "in progress", None])

    def status(url, headers):
        state = next(states)
        done = {"success": True, "dataFileURLs": "http://amda.test/WSRESULT/x.cdf"}
        body = {"success": True, "status": state, "id": "job 7"} if state else done
        return Response(200, Headers(), json.dumps(body).encode())

    http.set(
        "getParameter.php", json.dumps({"success": True, "status": "in progress", "id": "job 7"})
    )
    http.answers["getStatus.php"] = status
    assert len(fetch(provider).variable) == 600
    assert asked(http, "getStatus.php") == [{"id": "job 7"}] * 3


def test_a_request_that_never_ends_ends_with_the_deadline(http, provider):
    body = json.dumps({"success": True, "status": "in progress", "id": 7})
    http.set("getParameter.php", body)
    http.set("getStatus.php", body)
    with pytest.raises(DeadlineExceeded, match=r"still at work on amda/imf after 1.2 s"):
        fetch(provider, seconds=1.2)


@pytest.mark.parametrize(
    ("message", "kind"),
    [("Parameter imf not found", UnknownProduct), ("internal failure", ServerError),
     ("", ServerError), ("access denied, log in", MissingCredentials)],
)  # fmt: skip
def test_refusals_quote_the_server(http, provider, message, kind):
    http.set("getParameter.php", json.dumps({"success": False, "message": message}))
    with pytest.raises(kind) as caught:
        fetch(provider)
    assert message in str(caught.value)
    assert caught.value.url.endswith("token=***")


def test_no_data_is_an_empty_variable(http, provider):
    http.set("getParameter.php", json.dumps({"success": False, "message": "No data in interval"}))
    answer = fetch(provider)
    assert len(answer.variable) == 0
    assert answer.variable.name == "imf"


@pytest.mark.parametrize(
    ("key", "body", "kind", "message"),
    [
        ("auth.php", "<html><title>Maintenance</title></html>", UnexpectedContent, "Maintenance"),
        ("auth.php", "two words", UnexpectedContent, "a token was expected"),
        ("auth.php", "", UnexpectedContent, "empty"),
        ("getParameter.php", "<html><title>Oops</title></html>", UnexpectedContent, "Oops"),
        ("getParameter.php", "[]", UnexpectedContent, "not of a known form"),
        ("getParameter.php", '{"success": true}', ServerError, "does not say why"),
        ("getParameter.php", '{"success": true, "dataFileURLs": "http://evil.test/x.cdf"}',
         UnexpectedContent, "another host"),
        ("getParameter.php", '{"success": true, "dataFileURLs": "file:///etc/passwd"}',
         UnexpectedContent, "another host"),
        ("x.cdf", field()[:900], CorruptFile, "x.cdf"),
        ("x.cdf", encode([SpeasyVariable(TIME, np.ones(700), name=n) for n in "ab"]),
         UnexpectedContent, "holds a, b"),
    ],
)  # fmt: skip
def test_answers_that_are_none(http, provider, key, body, kind, message):
    http.set(key, body)
    with pytest.raises(kind, match=message):
        fetch(provider)


def test_lists_and_data_sets_are_not_parameters(provider):
    with pytest.raises(InvalidRequest, match=r"list of events.*get_data\(product"):
        fetch(provider, "sharedtimeTable_0")
    with pytest.raises(InvalidRequest, match=r"is a data set.*imf, tpl"):
        fetch(provider, "ace-imf")


# -- time tables and catalogues ------------------------------------------------------------------


def table_at(http, page: str, table: TimeTable | Catalog) -> None:
    http.set(page, json.dumps({"success": True, "dataFileURLs": "http://amda.test/WSRESULT/t.xml"}))
    http.set("WSRESULT/t.xml", votable.encode(table))


def test_a_time_table(http, provider):
    table_at(http, "getTimeTable.php", TimeTable("t", {"Contact": "x"}, [("2020", "2021")]))
    provider.inventory(deadline=Deadline(30))
    ref = ProductRef("amda", "sharedtimeTable_0")
    table = provider.events(ref, deadline=Deadline(30))
    assert isinstance(table, TimeTable)
    assert (table.name, len(table), str(table[0].start)[:4]) == ("FTE", 1, "2020")
    assert {
        "nbIntervals": "1",
        "Contact": "x",
        "id": "sharedtimeTable_0",
    }.items() <= table.meta.items()
    del table[0]
    assert len(provider.events(ref, deadline=Deadline(30))) == 1
    assert asked(http, "getTimeTable.php") == [{"ttID": "sharedtimeTable_0"}]


def test_a_catalogue_and_an_address_without_json(http, provider):
    table_at(http, "getCatalog.php", Catalog("c", None, [("2020", "2021", {"k": 1.5})]))
    http.set("getCatalog.php", "http://amda.test/WSRESULT/t.xml")
    catalog = provider.events(ProductRef("amda", "sharedcatalog_3"), deadline=Deadline(30))
    assert isinstance(catalog, Catalog)
    assert catalog[0].meta == {"k": 1.5}
    with pytest.raises(InvalidRequest, match=r"not a list of events.*start, stop"):
        provider.events(ProductRef("amda", "imf"), deadline=Deadline(30))


# -- the user's own ------------------------------------------------------------------------------


def test_restricted_periods_need_credentials(http, provider):
    with pytest.raises(MissingCredentials, match=r"after 2019-12-31.*SPZ_AMDA_USER") as caught:
        fetch(provider, "fresh")
    assert caught.value.range == SPAN
    assert asked(http, "getParameter.php") == []
    with pytest.raises(MissingCredentials, match="a user's own"):
        fetch(provider, "ws_0")
    with pytest.raises(MissingCredentials, match="a user's own"):
        provider.events(ProductRef("amda", "tt_0"), deadline=Deadline(30))
    opened = user(http)
    http.set("x.cdf", encode([SpeasyVariable(TIME, np.ones(700), name="fresh")]))
    answer = fetch(opened, "fresh")
    assert asked(http, "getParameter.php")[-1]["password"] == PASSWORD
    assert PASSWORD not in answer.request
    fetch(opened, "imf")
    assert "password" not in asked(http, "getParameter.php")[-1]


def test_private_lists_are_in_the_inventory(http):
    provider = user(http)
    http.set("getParameterList.php", "<r>http://amda.test/WSRESULT/own.xml</r>")
    http.set(
        "WSRESULT/own.xml",
        "<ws><paramList><param xml:id='ws_0' name='mine' size='3'/></paramList></ws>",
    )
    public = http.answers.pop("getTimeTablesList.php")
    http.set("getTimeTablesList.php?userID", "<r>http://amda.test/WSRESULT/tts.xml</r>")
    http.set(
        "WSRESULT/tts.xml", "<timetabList><timetab xml:id='tt_0' name='my list'/></timetabList>"
    )
    http.answers["getTimeTablesList.php"] = public
    update = provider.inventory(deadline=Deadline(30))
    paths = {r.path for r in update.records}
    assert ("DerivedParameters", "mine") in paths
    assert ("TimeTables", "MyTimeTables", "my list") in paths
    assert ("TimeTables", "SharedTimeTables", "E", "FTE") in paths
    assert PASSWORD not in provider.source
    assert provider.source != AmdaProvider(Settings(amda_url=HOST), http).source


def test_inventory(http, provider):
    update = provider.inventory(deadline=Deadline(30))
    assert update.warnings == ()
    assert provider.inventory(deadline=Deadline(30), since=update.version) is None
    http.set("getCatalogsList.php", "", status=500)
    partial = provider.inventory(deadline=Deadline(30), since=update.version)
    assert len(partial.warnings) == 1
    assert "getCatalogsList.php is left out" in partial.warnings[0]
    assert partial.kept == (("Catalogs", "SharedCatalogs"),)
    http.set("getObsDataTree.php", "<r>sorry</r>")
    with pytest.raises(UnexpectedContent, match=r"does not say where the list is.*sorry"):
        provider.inventory(deadline=Deadline(30))
    http.set("getObsDataTree.php", "", status=503)
    with pytest.raises(HttpStatusError):
        provider.inventory(deadline=Deadline(30))


@pytest.mark.parametrize("where", ["getParameter.php", "getTimeTable.php", "getParameterList.php"])
def test_secrets_show_nowhere(http, caplog, where):
    """Whatever the server says back, the canary is in no message, repr, log or provenance."""
    caplog.set_level(logging.DEBUG)
    provider = user(http)
    words = f"login of bob with password={PASSWORD} failed: {PASSWORD}"
    said = []
    for body, status in ((json.dumps({"success": False, "message": words}), 200), (words, 500)):
        http.set(where, body, status=status)
        for call in (
            lambda: fetch(provider, "ws_0"),
            lambda: provider.events(ProductRef("amda", "tt_0"), deadline=Deadline(30)),
            lambda: provider.inventory(deadline=Deadline(30)),
        ):
            try:
                said.append(repr(call()))
            except SpeasyError as error:
                said += [str(error), repr(error), repr(vars(error).get("url"))]
    assert said
    assert PASSWORD not in "".join(said) + caplog.text + repr(provider)
