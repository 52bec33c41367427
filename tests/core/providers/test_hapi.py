"""HAPI servers as a provider: names by version, splitting, status codes, ids, several servers."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    IncompleteBody,
    InvalidRequest,
    RequestTooLarge,
    ServerError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, Headers, HttpClient, Response
from speasy_core.inventory import Inventory, keeper
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched
from speasy_core.providers import hapi
from speasy_core.providers._hapi_client import HapiError
from speasy_core.providers._hapi_servers import PUBLIC, chosen_servers
from speasy_core.providers.hapi import HapiProvider
from speasy_core.session import Session
from speasy_core.store import MemoryStore
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.variable import SpeasyVariable

RANGE = TimeRange("2020-01-01T00:00:00", "2020-01-01T00:00:10")
TIME = {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
OK = {"code": 1200, "message": "OK"}


class FakeServer:
    """A HAPI server with one sample a second, in a table of answers."""

    def __init__(self, http: Any, root: str = "http://h/hapi", version: str = "3.1") -> None:
        self.http, self.root, self.version = http, root, version
        self.formats = ["csv"]
        self.infos: dict[str, dict[str, Any]] = {}
        self.queries: list[dict[str, str]] = []
        self.longest: float | None = None
        self.whole_headers = False
        self.catalog: list[dict[str, Any]] = []
        for endpoint in ("capabilities", "catalog", "info", "data"):
            http.answers[f"{root}/{endpoint}"] = getattr(self, f"_{endpoint}")

    def add(self, name: str, *parameters: dict[str, Any], **more: Any) -> None:
        span = {"startDate": "2019-01-01Z", "stopDate": "2021-01-01Z"}
        self.infos[name] = {**span, "parameters": [TIME, *parameters], **more}
        self.catalog.append({"id": name, "title": f"set {name}"})

    def _reply(self, content: dict[str, Any], status: dict[str, Any] = OK, http: int = 200) -> Any:
        document = {"HAPI": self.version, "status": status, **content}
        return Response(http, Headers(), json.dumps(document).encode())

    def fail(self, code: int, http: int = 400) -> Any:
        return self._reply({}, {"code": code, "message": "so it is"}, http)

    def _capabilities(self, url: str, headers: Any) -> Any:
        return self._reply({"outputFormats": self.formats})

    def _catalog(self, url: str, headers: Any) -> Any:
        return self._reply({"catalog": self.catalog})

    def _query(self, url: str) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}

    def _info(self, url: str, headers: Any) -> Any:
        name = self._query(url)["id" if self.version < "3" else "dataset"]
        found = self.infos.get(name)
        return self.fail(1406, 404) if found is None else self._reply(found)

    def _data(self, url: str, headers: Any) -> Any:
        query = self._query(url)
        self.queries.append(query)
        old = self.version < "3"
        start, stop = (to_ns(query[k]) for k in (("time.min", "time.max") if old else
                                                ("start", "stop")))  # fmt: skip
        if self.longest is not None and stop - start > self.longest * 1e9:
            return self.fail(1408)
        info = self.infos[query["id" if old else "dataset"]]
        names = query["parameters"].split(",")
        chosen = [p for p in info["parameters"] if p["name"] in ("Time", *names)]
        width = sum(int(np.prod(p.get("size", [1]))) for p in chosen[1:])
        lines = [
            f"{np.datetime64(t, 'ms')}Z," + ",".join([str(t // 1000 % 60)] * width)
            for t in range(-(-start // 10**9) * 1000, -(-stop // 10**6), 1000)
        ]
        told = info if self.whole_headers else {}
        head = json.dumps({**told, "HAPI": self.version, "status": OK, "parameters": chosen})
        return Response(200, Headers(), ("\n".join([f"#{head}", *lines]) + "\n").encode())


def double(name: str = "x", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "double", "units": "nT", "fill": "-1e31", **more}


@pytest.fixture
def server(http) -> FakeServer:
    made = FakeServer(http)
    made.add("DS", double(), double("v", size=[3]))
    return made


@pytest.fixture
def provider(http) -> HapiProvider:
    return HapiProvider(Settings(hapi_servers={"one": "http://h/hapi"}, hapi_public=False), http)


def ask(
    provider: HapiProvider, path: str = "one/DS/x", span: TimeRange = RANGE, **more: Any
) -> Fetched:
    return provider.fetch(ProductRef("hapi", path), span, deadline=Deadline(30), **more)


# -- which servers -------------------------------------------------------------------------------


def test_public_servers_are_known_and_can_be_left_out():
    assert len(PUBLIC) == 13
    assert PUBLIC["CDAWeb"].url == "https://cdaweb.gsfc.nasa.gov/hapi"
    assert all(s.url.endswith("/hapi") and "/" not in s.name for s in PUBLIC.values())
    assert set(chosen_servers(Settings())) == {name.lower() for name in PUBLIC}
    assert chosen_servers(Settings(hapi_public=False)) == {}


def test_own_servers_come_first_and_replace_public_ones():
    chosen = chosen_servers(Settings(hapi_servers={"cdaweb": "http://h/mine", "a/b": "http://h"}))
    assert list(chosen)[:2] == ["cdaweb", "a_b"]
    assert chosen["cdaweb"].url == "http://h/mine/hapi"
    assert len(chosen) == 14


def test_the_public_list_is_that_of_the_registry(shared_data):
    listed = json.loads((shared_data / "hapi" / "servers_abouts.json").read_text())
    assert sorted(s["x_url"] for s in listed) == sorted(s.url for s in PUBLIC.values())
    assert {s["id"].replace("/", "_") for s in listed} == set(PUBLIC)


def test_local_archive_is_the_only_server_of_its_settings():
    with LocalArchive() as archive:
        settings = archive.settings()
        assert settings.hapi_servers == {"local": f"{archive.url}/hapi"}
        assert list(chosen_servers(settings)) == ["local"]
        again = Settings.load("absent.toml", archive.environ())
        assert list(chosen_servers(again)) == ["local"]


# -- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "keys"),
    [("2.0", ("id", "time.min", "time.max")), ("2.1.1", ("id", "time.min", "time.max")),
     ("3.0", ("dataset", "start", "stop")), ("3.3", ("dataset", "start", "stop"))],
)  # fmt: skip
def test_version_decides_names(provider, server, http, version, keys):
    server.version = version
    v = ask(provider).variable
    assert v.values.tolist() == list(map(float, range(10)))
    (query,) = server.queries
    assert [query[k] for k in keys] == ["DS", "2020-01-01T00:00:00Z", "2020-01-01T00:00:10Z"]
    assert not {"id", "dataset", "start", "stop", "time.min", "time.max"} - set(keys) & set(query)
    assert (query["parameters"], query["include"]) == ("x", "header")


def test_binary_is_preferred(provider, server):
    server.formats = ["csv", "binary"]
    ask(provider)
    assert server.queries[0]["format"] == "binary"


def test_descriptions_are_asked_for_once(provider, server, http):
    for _ in range(3):
        ask(provider)
    kinds = [urlsplit(url).path.rpartition("/")[2] for _, url, _ in http.asked]
    assert kinds == ["capabilities", "info", "data", "data", "data"]


def test_range_is_half_open_and_exact(provider, server):
    span = TimeRange("2020-01-01T00:00:00.5", "2020-01-01T00:00:03")
    assert ask(provider, span=span).variable.values.tolist() == [1, 2]
    assert server.queries[0]["start"] == "2020-01-01T00:00:00.500Z"


def test_bins_that_vary_are_asked_for_too(provider, server):
    bins = [{"name": "E", "units": "eV", "centers": "e"}]
    server.add("SP", double("flux", size=[2], bins=bins), double("z"), double("e", size=[2]))
    v = ask(provider, "one/SP/flux").variable
    assert server.queries[0]["parameters"] == "flux,e"
    assert v.axes[0].time_varying
    assert (v.kind, v.name) == ("spectrogram", "flux")


def test_odd_names_are_quoted(provider, server, http):
    server.add("a b+c", double("x&y z"))
    ask(provider, "one/a b+c/x&y z")
    url = http.asked[-1][1]
    assert "dataset=a%20b%2Bc&parameters=x%26y%20z&" in url


def test_requests_are_split_by_the_servers_limit(provider, server):
    server.infos["DS"]["maxRequestDuration"] = "PT3S"
    assert ask(provider).variable.values.tolist() == list(range(10))
    assert len(server.queries) == 4
    with pytest.raises(RequestTooLarge, match="at most 3 s"):
        ask(provider, span=TimeRange("2020-01-01", "2020-02-01"))


def test_too_much_is_asked_for_in_halves(provider, server):
    server.longest = 3
    assert ask(provider).variable.values.tolist() == list(range(10))
    assert len(server.queries) == 7


def test_cadence_bounds_one_request(provider, server):
    server.infos["DS"]["cadence"] = "PT0.000001S"
    ask(provider, span=TimeRange("2020-01-01", "2020-01-01T00:00:20"))
    assert len(server.queries) > 1


# -- several parameters in one request -----------------------------------------------------------


def products(*names: str, dataset: str = "one/DS") -> list[ProductRef]:
    return [ProductRef("hapi", f"{dataset}/{name}") for name in names]


def test_one_request_brings_several_parameters(provider, server):
    refs = products("v", "x")
    assert [provider.together(ref) for ref in refs] == ["one/DS"] * 2
    found = provider.fetch_many(refs, RANGE, deadline=Deadline(9))
    assert [q["parameters"] for q in server.queries] == ["x,v"]
    for ref in refs:
        alone = ask(provider, ref.path)
        assert np.array_equal(found[ref].variable.values, alone.variable.values)
        assert np.array_equal(found[ref].variable.time_ns, alone.variable.time_ns)
        assert found[ref].variable.name == alone.variable.name


def test_pieces_bins_and_other_data_sets(provider, server):
    bins = [{"name": "E", "units": "eV", "centers": "e"}]
    server.add("SP", double("flux", size=[2], bins=bins), double("z"), double("e", size=[2]),
               maxRequestDuration="PT4S")  # fmt: skip
    refs = products("z", "flux", dataset="ONE/SP")
    found = provider.fetch_many([*refs, *products("x")], RANGE, deadline=Deadline(9))
    assert set(found) == set(refs)
    assert [q["parameters"] for q in server.queries] == ["flux,z,e"] * 3
    assert len(found[refs[0]].variable) == len(found[refs[1]].variable) == 10
    assert found[refs[1]].variable.axes[0].time_varying
    early = TimeRange("2001", "2002")
    nothing_there = provider.fetch_many(refs, early, deadline=Deadline(9))
    assert [len(f.variable) for f in nothing_there.values()] == [0, 0]
    assert len(server.queries) == 3


def test_what_is_not_shared(provider, server):
    server.add("C", double("a,b"))
    for path in ("one/DS", "one", "nobody/DS/x", "one/C/a,b"):
        assert provider.together(ProductRef("hapi", path)) is None
    server.infos["DS"]["modificationDate"] = "2021-06-01Z"
    found = provider.fetch_many(products("v", "x"), RANGE, deadline=Deadline(9),
                                since="2021-06-01Z")  # fmt: skip
    assert [f.variable for f in found.values()] == [None, None]
    with pytest.raises(UnknownProduct, match="'nope'"):
        provider.fetch_many(products("x", "nope"), RANGE, deadline=Deadline(9))


# -- outside of what there is --------------------------------------------------------------------


def test_outside_of_the_coverage_nothing_is_asked(provider, server):
    v = ask(provider, "one/DS/v", TimeRange("2001-01-01", "2001-01-02")).variable
    assert (v.shape, v.unit) == ((0, 3), "nT")
    assert server.queries == []


def test_last_sample_at_the_stop_date_is_not_lost(provider, server):
    server.infos["DS"]["stopDate"] = "2020-01-01T00:00:05Z"
    assert len(ask(provider).variable) == 10


def test_1405_is_met_with_the_range_that_the_server_has(provider, server, http):
    server.infos["DS"]["stopDate"] = "2020-01-01T00:00:05Z"
    plain = server._data
    http.answers["http://h/hapi/data"] = lambda url, headers: (
        plain(url, headers) if "stop=2020-01-01T00:00:05Z" in url else server.fail(1405)
    )
    assert len(ask(provider).variable) == 5
    late = TimeRange("2020-01-01T12:00", "2020-01-01T13:00")
    assert len(ask(provider, span=late).variable) == 0


@pytest.mark.parametrize(
    "answer",
    [Response(204), Response(200, body=json.dumps({"status": {"code": 1201}}).encode()),
     Response(200, body=b"#" + json.dumps({"status": {"code": 1201, "message": "none"},
                                           "parameters": [TIME, double()]}).encode() + b"\n")],
)  # fmt: skip
def test_no_data_is_an_empty_variable(provider, server, http, answer):
    http.answers["http://h/hapi/data"] = answer
    v = ask(provider).variable
    assert (len(v), v.name, v.unit) == (0, "x", "nT")


# -- failures ------------------------------------------------------------------------------------


def test_codes_and_messages_are_told(provider, server, http):
    for code, status in ((1500, 500), (1400, 400), (1501, 200)):
        http.answers["http://h/hapi/data"] = server.fail(code, status)
        with pytest.raises(HapiError, match=f"one answered HAPI {code} so it is") as caught:
            ask(provider)
        assert isinstance(caught.value, ServerError)
        assert (caught.value.code, caught.value.status) == (code, status)
    http.answers["http://h/hapi/data"] = server.fail(1407, 404)
    with pytest.raises(UnknownProduct, match="parameter: HAPI 1407"):
        ask(provider)


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"<html><title>Login</title></html>", UnexpectedContent), (b"", UnexpectedContent),
     (b"2020-01-01T00:00:00.000Z,1\n2020-01-01T00:0", CorruptFile), (b"#{", CorruptFile),
     (b"2020-01-01T00:00:00.000Z,1,2\n", CorruptFile)],
)  # fmt: skip
def test_rule_06_what_is_not_data_is_an_error(provider, server, http, body, error):
    http.answers["http://h/hapi/data"] = Response(200, Headers(), body)
    with pytest.raises(error):
        ask(provider)


def test_rule_06_body_without_proof_of_its_end(provider, server, http):
    body = b"2020-01-01T00:00:00.000Z,1\n"
    plain = http._answer

    def unproven(*arguments: Any) -> Response:
        reply = plain(*arguments)
        if "/data" not in reply.url:
            return reply
        return Response(200, Headers(), body, reply.url, proven=False)

    http._answer = unproven
    with pytest.raises(IncompleteBody):
        ask(provider)


def test_answer_without_header_is_read_by_the_description(provider, server, http):
    http.answers["http://h/hapi/data"] = Response(200, body=b"2020-01-01T00:00:01.000Z,7\n")
    assert ask(provider).variable.values.tolist() == [7.0]


def test_server_without_a_version(provider, server):
    server.version = "latest"
    with pytest.raises(UnexpectedContent, match="which version"):
        ask(provider)


# -- ids -----------------------------------------------------------------------------------------


def test_ids_of_data_sets_may_hold_slashes(provider, server):
    server.add("aae/definitive/PT1M", double("F"))
    assert ask(provider, "ONE/aae/definitive/PT1M/F").variable.name == "F"


def test_parameters_with_slashes_are_found_by_the_list(provider, server):
    server.add("A", double("b/c"))
    assert ask(provider, "one/A/b/c").variable.name == "b/c"
    server.add("A/b", double("c"))
    provider.inventory(deadline=Deadline(10))
    assert ask(provider, "one/A/b/c").variable.name == "c"


def test_data_set_without_parameter_lists_them(provider, server):
    with pytest.raises(InvalidRequest, match="its parameters: x, v"):
        ask(provider, "one/DS")
    with pytest.raises(InvalidRequest, match="is a server"):
        ask(provider, "one")


def test_data_set_as_a_whole(provider, server):
    refs = [ProductRef("hapi", f"one/DS/{name}") for name in ("x", "v")]
    assert provider.dataset(ProductRef("hapi", "one/DS")) is None
    assert provider.dataset(ProductRef("hapi", "one/DS"), deadline=Deadline(9)) == refs
    assert provider.dataset(ProductRef("hapi", "one/DS")) == refs
    assert provider.dataset(refs[0], deadline=Deadline(9)) is None
    assert provider.dataset(ProductRef("hapi", "one"), deadline=Deadline(9)) is None


def test_the_inventory_tells_where_the_name_of_a_data_set_ends(provider, server):
    server.add("A", double("b/c"))
    server.add("D/e", double("f"))
    described = [ProductInfo(("one", n), ProductRef("hapi", f"one/{n}"), "dataset")
                 for n in ("A", "D/e")]  # fmt: skip
    provider.inform({info.ref: info for info in described}.get)
    assert ask(provider, "one/A/b/c").variable.name == "b/c"
    whole = provider.dataset(ProductRef("hapi", "ONE/D/e"), deadline=Deadline(9))
    assert whole == [ProductRef("hapi", "one/D/e/f")]


def test_names_that_are_unknown(provider, server):
    with pytest.raises(UnknownProduct, match="servers: one"):
        ask(provider, "two/DS/x")
    with pytest.raises(UnknownProduct, match="1406"):
        ask(provider, "one/NOPE/x")
    with pytest.raises(UnknownProduct, match="no parameter 'y'"):
        ask(provider, "one/DS/y")


# -- revalidation --------------------------------------------------------------------------------


def test_modification_date_spares_the_data(provider, server):
    server.infos["DS"]["modificationDate"] = "2021-06-01Z"
    first = ask(provider)
    assert first.version == "2021-06-01Z"
    assert ask(provider, since=first.version).variable is None
    assert len(server.queries) == 1
    assert len(ask(provider, since="2021-05-01Z").variable) == 10
    beyond = TimeRange("2020-12-31T23:59:55", "2021-01-01T00:00:05")
    assert ask(provider, span=beyond).version == "2021-06-01Z 2021-01-01Z"


@pytest.mark.parametrize("whole_headers", [True, False])
def test_the_version_is_that_of_the_samples(provider, server, whole_headers, monkeypatch):
    monkeypatch.setattr(hapi, "_JUST", 0.0)
    server.whole_headers = whole_headers
    server.infos["DS"]["modificationDate"] = "2021-06-01Z"
    assert ask(provider).version == "2021-06-01Z"
    server.infos["DS"]["modificationDate"] = "2021-07-01Z"  # the description at hand is the old one
    assert ask(provider).version == "2021-07-01Z"
    assert ask(provider, since="2021-07-01Z").variable is None
    server.infos["DS"]["modificationDate"] = "2021-08-01Z"
    assert len(ask(provider, since="2021-07-01Z").variable) == 10


@pytest.mark.parametrize("behind", ["header", "description"])
def test_the_later_of_two_dates_holds(provider, server, http, behind):
    server.whole_headers = True
    server.infos["DS"]["modificationDate"] = "2021-06-01Z"
    page = f"{server.root}/{'data' if behind == 'header' else 'info'}"
    plain = http.answers[page]

    def late(url: str, headers: Any) -> Any:
        with_old = server.infos["DS"] | {"modificationDate": "2021-06-01Z"}
        server.infos["DS"], now = with_old, server.infos["DS"]
        try:
            return plain(url, headers)
        finally:
            server.infos["DS"] = now

    http.answers[page] = late
    server.infos["DS"]["modificationDate"] = "2021-07-01Z"
    assert ask(provider).version == "2021-07-01Z"


@pytest.mark.parametrize("whole_headers", [True, False])
def test_a_version_that_comes_between_two_pieces(provider, server, http, whole_headers):
    server.whole_headers = whole_headers
    server.infos["DS"] |= {"modificationDate": "2021-06-01Z", "maxRequestDuration": "PT5S"}
    plain = http.answers[f"{server.root}/data"]

    def publish(url: str, headers: Any) -> Any:
        if len(server.queries) == 1:
            server.infos["DS"]["modificationDate"] = "2021-07-01Z"
        return plain(url, headers)

    http.answers[f"{server.root}/data"] = publish
    found = ask(provider)
    assert found.version == "2021-07-01Z"
    assert len(found.variable) == 10
    asked = [query["start"] for query in server.queries]
    assert asked == ["2020-01-01T00:00:00Z", "2020-01-01T00:00:05Z"] * 2


def test_dates_that_change_at_every_answer_are_no_version(provider, server, http):
    server.whole_headers = True
    server.infos["DS"]["maxRequestDuration"] = "PT5S"
    plain = http.answers[f"{server.root}/data"]

    def now(url: str, headers: Any) -> Any:
        server.infos["DS"]["modificationDate"] = f"2021-06-01T00:00:{len(server.queries):02d}Z"
        return plain(url, headers)

    http.answers[f"{server.root}/data"] = now
    found = ask(provider)
    assert found.version is None
    assert len(found.variable) == 10


@pytest.mark.parametrize("whole_headers", [True, False])
def test_no_result_is_of_two_versions(provider, server, whole_headers):
    cache = Cache(MemoryStore(), Settings())

    def get(span: TimeRange) -> SpeasyVariable:
        def fetch(part: TimeRange, since: str | None) -> Fetched:
            return ask(provider, span=part, since=since)

        return cache.get("hapi/one/DS/x", span, fetch, deadline=Deadline(30))

    server.whole_headers = whole_headers
    server.infos["DS"]["modificationDate"] = "2021-06-01Z"
    get(RANGE)
    server.infos["DS"]["modificationDate"] = "2021-07-01Z"
    found = get(TimeRange("2020-01-01T00:00:05", "2020-01-01T00:00:15"))
    assert {part.version for part in found.provenance} == {"2021-07-01Z"}
    assert len(found) == 10


def test_without_modification_date_there_is_no_version(provider, server):
    assert ask(provider).version is None


# -- inventory -----------------------------------------------------------------------------------


def test_records(provider, server):
    server.infos["DS"] |= {"cadence": "PT1S", "description": "more", "x_extra": float("nan")}
    bins = [{"name": "E", "units": "eV", "centers": [1, 2]}]
    text = {"name": "s", "type": "string", "length": 3, "units": None, "fill": None}
    server.add("SP", double("flux", size=[2], bins=bins, description="Flux"), text)
    update = provider.inventory(deadline=Deadline(10))
    found = {r.path: r for r in update.records}
    assert found["one",].kind == "folder"
    dataset = found["one", "DS"]
    assert (dataset.kind, dataset.title, dataset.cadence) == ("dataset", "set DS", 1.0)
    assert str(dataset.coverage) == "2019-01-01T00:00:00Z/2021-01-01T00:00:00Z"
    flux = found["one", "SP", "flux"]
    assert (str(flux.ref), flux.kind, flux.unit) == ("hapi/one/SP/flux", "spectrogram", "nT")
    assert flux.title == "Flux"
    assert [found["one", "DS", n].kind for n in ("x", "v")] == ["scalar", "vector"]
    assert found["one", "SP", "s"].kind == "unknown"
    json.dumps([dict(r.meta) for r in update.records], allow_nan=False)


def test_large_server_is_listed_without_parameters(provider, server, http):
    server.catalog += [{"id": f"D{i}"} for i in range(500)]
    update = provider.inventory(deadline=Deadline(10))
    assert sum(r.kind == "dataset" for r in update.records) == 501
    assert not any(r.kind == "scalar" for r in update.records)
    assert not any("/info" in url for _, url, _ in http.asked)


def test_all_descriptions_in_one_answer(provider, server, http):
    server.catalog = [{"id": "DS", "info": server.infos["DS"]}]
    update = provider.inventory(deadline=Deadline(10))
    assert {r.name for r in update.records if r.ref} == {"DS", "x", "v"}
    assert not any("/info" in url for _, url, _ in http.asked)


def test_one_bad_description_costs_only_itself(provider, server):
    server.add("BAD", {"name": "b", "type": "complex"})
    update = provider.inventory(deadline=Deadline(10))
    assert {r.path for r in update.records} > {("one", "BAD"), ("one", "DS", "x")}
    (warning,) = update.warnings
    assert "BAD" in warning
    assert "'complex'" in warning


def two_servers(http: Any) -> tuple[HapiProvider, FakeServer, FakeServer]:
    servers = FakeServer(http, "http://a/hapi"), FakeServer(http, "http://b/hapi")
    for s in servers:
        s.add("DS", double())
    urls = {"a": "http://a/hapi", "b": "http://b/hapi"}
    return HapiProvider(Settings(hapi_servers=urls, hapi_public=False), http), *servers


def test_one_server_that_is_down_never_loses_the_others(http):
    provider, _, _ = two_servers(http)
    whole = provider.inventory(deadline=Deadline(10))
    assert {r.path[0] for r in whole.records} == {"a", "b"}
    http.answers["http://b/hapi/catalog"] = ServerUnreachable("refused")
    fresh = HapiProvider(Settings(hapi_servers={"a": "http://a/hapi", "b": "http://b/hapi"},
                                  hapi_public=False), http)  # fmt: skip
    part = fresh.inventory(deadline=Deadline(10))
    assert {r.path[0] for r in part.records} == {"a"}
    assert part.warnings == ("b does not answer: refused",)
    assert part.kept == [("b",)]
    assert fresh.inventory(deadline=Deadline(10), since=whole.version) is None


def test_one_server_that_stalls_delays_no_other(http, monkeypatch):
    monkeypatch.setattr(hapi, "_QUICK", 0.2)
    provider, _, _ = two_servers(http)
    gate, ask = threading.Event(), http.get

    def get(url: str, *, deadline: Deadline, **more: Any) -> Any:
        if url.startswith("http://b/"):
            deadline.wait_for(gate)
        return ask(url, deadline=deadline, **more)

    http.get = get
    parts = provider.inventory_parts(deadline=Deadline(20))
    first = next(parts)
    assert {r.path[0] for r in first.records} == {"a"}
    assert "b does not answer: nothing came within" in first.warnings[0]
    gate.set()
    (whole,) = parts
    assert {r.path[0] for r in whole.records} == {"a", "b"}
    assert whole.warnings == ()


def test_the_tree_of_a_server_that_is_down_outlives_restarts_and_changes(http, tmp_path):
    """Over every restart the other server changes, and the one that is down keeps its products."""

    def tree() -> tuple[set[str], dict[str, Any], tuple[str, ...]]:
        urls = {"a": "http://a/hapi", "b": "http://b/hapi"}
        settings = Settings(hapi_servers=urls, hapi_public=False)
        inventory = Inventory(tmp_path, {"hapi": HapiProvider(settings, http)}, settings)
        state = inventory.refresh(force=True)["hapi"]
        assert state.error is None
        found = set(inventory.flat), inventory.info("hapi/b/DS/x"), state.warnings
        folder = next(n for n in inventory.tree["hapi"].children() if n.name == "b")
        inventory.close()
        return *found, dict(folder.info.meta)

    _, a, _ = two_servers(http)
    ids, described, warnings, folder = tree()
    assert ids == {"hapi/a/DS/x", "hapi/b/DS/x"}
    assert warnings == ()
    catalog = http.answers["http://b/hapi/catalog"]
    http.answers["http://b/hapi/catalog"] = ServerUnreachable("refused")
    for name in ("ONE", "TWO"):
        a.add(name, double())
        ids, again, warnings, still = tree()
        assert {"hapi/b/DS/x", f"hapi/a/{name}/x"} <= ids
        assert again == described
        assert still == folder
        assert warnings == (
            "b does not answer: refused", f"b is shown as received on {folder['received']}"
        )  # fmt: skip
    http.answers["http://b/hapi/catalog"] = catalog
    a.add("THREE", double())
    ids, _, warnings, _ = tree()
    assert {"hapi/b/DS/x", "hapi/a/THREE/x"} <= ids
    assert warnings == ()


def test_a_server_that_was_down_is_asked_again_and_no_other(http):
    provider, _, _ = two_servers(http)
    whole = provider.inventory(deadline=Deadline(10))
    catalog = http.answers["http://b/hapi/catalog"]
    http.answers["http://b/hapi/catalog"] = ServerUnreachable("refused")
    part = provider.inventory(deadline=Deadline(10))
    http.asked.clear()
    again = {"deadline": Deadline(10), "since": part.version}
    assert provider.inventory_again(part.kept, **again) is None
    http.answers["http://b/hapi/catalog"] = catalog
    update = provider.inventory_again(part.kept, **again)
    assert {r.path[0] for r in update.records} == {"b"}
    assert (update.version, update.kept) == (whole.version, [("a",)])
    assert not [url for _, url, _ in http.asked if url.startswith("http://a/")]


def test_a_server_that_comes_back_is_in_the_tree_of_the_session(http, tmp_path, monkeypatch):
    provider, _, _ = two_servers(http)
    monkeypatch.setattr(keeper, "AGAIN_FIRST", 0.0)
    catalog = http.answers["http://b/hapi/catalog"]
    http.answers["http://b/hapi/catalog"] = ServerUnreachable("refused")
    inventory = Inventory(tmp_path, {"hapi": provider}, Settings())
    assert inventory.refresh()["hapi"].warnings == ("b does not answer: refused",)
    assert set(inventory.flat) == {"hapi/a/DS/x"}
    http.answers["http://b/hapi/catalog"] = catalog
    state = inventory.refresh()["hapi"]  # not forced: it is due
    assert (state.warnings, state.error) == ((), None)
    assert set(inventory.flat) == {"hapi/a/DS/x", "hapi/b/DS/x"}
    inventory.close()


def test_changes_are_noticed(http):
    provider, a, _ = two_servers(http)
    version = provider.inventory(deadline=Deadline(10)).version
    assert provider.inventory(deadline=Deadline(10), since=version) is None
    a.add("NEW", double())
    assert provider.inventory(deadline=Deadline(10), since=version) is not None


def test_no_server_at_all(http):
    provider, _, _ = two_servers(http)
    http.answers = {
        "/catalog": ServerUnreachable("refused"),
        "/capab": ServerUnreachable("refused"),
    }
    with pytest.raises(ServerError, match="none of the 2 HAPI servers answered"):
        provider.inventory(deadline=Deadline(10))
    nobody = HapiProvider(Settings(hapi_public=False), http)
    assert nobody.inventory(deadline=Deadline(10)).records == []


# -- against the local archive -------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


@pytest.mark.parametrize("below", ["", "/2.0/hapi"], ids=["3.2", "2.0"])
@pytest.mark.parametrize("form", ["csv", "binary"])
@pytest.mark.parametrize(
    ("dataset", "name"),
    [("AC_H0_MFI", "BGSEc"), ("AC_H0_SWE", "Np"), ("MMS1_FGM_SRVY_L2", "mms1_fgm_b_gse_srvy_l2"),
     ("MMS1_FPI_FAST_L2_DES-MOMS", "mms1_des_energyspectr_omni_fast")],
)  # fmt: skip
def test_the_same_data_through_both_faces(archive, tmp_path, below, form, dataset, name):
    settings = archive.settings(tmp_path)
    settings = settings.with_(hapi_servers={"local": f"{archive.url}/hapi{below}"})
    http = HttpClient(settings)
    provider = HapiProvider(settings, http)
    client = provider._clients["local"]
    client._abilities = {**client.capabilities(Deadline(10)), "outputFormats": [form]}
    span = TimeRange("2019-01-02T15:00", "2019-01-02T15:10")
    ours = provider.fetch(
        ProductRef("hapi", f"local/{dataset}/{name}"), span, deadline=Deadline(30)
    )
    v = ours.variable
    with Session(settings) as session:
        other = session.get_data(f"cda/{dataset}/{name}", span.start, span.stop)
    http.close()
    assert len(v) > 5
    assert np.array_equal(v.time_ns, other.time_ns)
    assert np.array_equal(v.values.astype(other.dtype), other.values)
    measured = other.values != other.fill_value
    assert np.array_equal(v.values[measured], other.values[measured].astype(v.dtype))
    assert (v.unit, v.kind, v.columns) == (other.unit, other.kind, other.columns)
    assert other.dtype.type(v.fill_value) == other.fill_value
    assert v.meta["dataset"]["Synthetic"].startswith("yes")
    if v.kind == "spectrogram" and not below:
        assert np.array_equal(v.axes[0].values, other.axes[0].values.astype("f8"))
        assert v.axes[0].unit == other.axes[0].unit


def test_a_call_for_several_parameters_asks_once(archive, tmp_path):
    names = ["BGSEc", "Magnitude", "BGSM"]
    start, stop = "2019-01-02T15:00", "2019-01-02T15:10"
    with Session(archive.settings(tmp_path)) as session:
        archive.requests.clear()
        found = session.get_data([f"hapi/local/AC_H0_MFI/{n}" for n in names], start, stop)
        asked = [path for _, path in archive.requests if "/hapi/data" in path]
        others = session.get_data([f"cda/AC_H0_MFI/{n}" for n in names], start, stop)
    assert len(asked) == 1
    assert [v.name for v in found] == names
    for v, other in zip(found, others, strict=True):
        assert np.array_equal(v.values.astype(other.dtype), other.values)


def test_get_data_and_tree(archive, tmp_path):
    with Session(archive.settings(tmp_path)) as session:
        v = session.get_data("hapi/local/AC_H0_MFI/Magnitude", "2019-01-02", "2019-01-03")
        assert len(v) > 1000
        node = session.inventories.tree["hapi"]["local"]["AC_H0_MFI"]["Magnitude"]
        assert str(node.ref) == "hapi/local/AC_H0_MFI/Magnitude"
        assert session.get_data(node, "2019-01-02", "2019-01-03").equals(v)
        whole = session.get_data("hapi/local/AC_H0_MFI", "2019-01-02", "2019-01-02T01")
        assert len(whole) == 4
        assert all(len(part) > 200 for part in whole.values())
        with pytest.warns(SpeasyWarning, match="has data from"):
            assert len(session.get_data(node, "1950-01-01", "1950-01-02")) == 0


def test_what_is_no_description_of_a_server_is_asked_for_again(archive, tmp_path):
    with Session(archive.settings(tmp_path)) as session:
        product = ("hapi/local/AC_H0_SWE/Np", "2019-01-02", "2019-01-03")
        with archive.faults.on(match="/capabilities", body=b"{}"), pytest.raises(SpeasyError):
            session.get_data(*product)
        assert len(session.get_data(*product)) > 1000
