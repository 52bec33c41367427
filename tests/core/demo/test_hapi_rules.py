"""Every data set of the local archive keeps the rules of the public HAPI verifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hapi_rules import Schema, Walk, array_problems, milliseconds, parameter_problems

from speasy_core.demo import LocalArchive
from speasy_core.demo._hapi_bodies import VERSIONS

#: matters of taste that the real servers do not follow either
TASTE = ("id ", "title of ")
#: too few records, or more than one in a millisecond
SHORT = ("MMS1_FGM_BRST_L2@1", "dataset1", "MMS1_SCM_BRST_L2_SCB")


def schema_of(folder: Path) -> Schema:
    """Return a check of documents against the standard's schemas."""
    jsonschema = pytest.importorskip("jsonschema")
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    validators: dict[tuple[str, str], Any] = {}

    def validator(kind: str, version: str) -> Any:
        whole = json.loads((folder / f"HAPI-data-access-schema-{version}.json").read_text())
        parts = {key: part for key, part in whole.items() if isinstance(part, dict)}
        known = Registry().with_resources(
            (f"/{key}", Resource(contents=part, specification=DRAFT7))
            for key, part in parts.items()
        )
        top = {key: value for key, value in parts[kind].items() if key != "id"}
        return jsonschema.Draft7Validator(top, registry=known)

    def check(kind: str, version: str, document: Any) -> list[str]:
        key = kind, version
        if key not in validators:
            validators[key] = validator(kind, version)
        found = validators[key].iter_errors(document)
        return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in found]

    return check


def walk(url: str, version: str, schema: Schema) -> Walk:
    root = f"{url}/hapi" + ("" if version == "3.2" else f"/{version}/hapi")
    walked = Walk(root, version, schema)
    walked.everything()
    return walked


def test_synthetic_data_without_schemas() -> None:
    with LocalArchive() as archive:
        walked = walk(archive.url, "3.2", lambda *_: [])
    assert walked.failures == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", [None, "cda", "hapi", "csa"])
def test_every_dataset_keeps_the_rules(shared_data: Path, folder: str | None, version: str) -> None:
    schema = schema_of(shared_data / "hapi" / "schema")
    with LocalArchive(shared_data / folder if folder else None) as archive:
        walked = walk(archive.url, version, schema)
    assert walked.failures == []
    others = [w for w in walked.warnings if not w.partition(": ")[2].startswith(TASTE)]
    short = [f"/info?id={name}: the sample is shorter than ten records" for name in SHORT]
    assert set(others) <= set(short)


def test_the_rules_notice() -> None:
    time = {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
    good = {"name": "b", "type": "double", "units": "nT", "fill": "-1e31", "size": [3]}
    energy = {"name": "e", "type": "double", "units": "eV", "fill": None, "size": [3]}
    bins = {"bins": [{"name": "x", "units": "eV", "centers": "e"}]}
    assert list(parameter_problems([time, good | bins, energy], 1, "3.2")) == []
    for spoilt in (
        {"fill": -1e31}, {"fill": "-9.9999e30"}, {"fill": "none"}, {"length": 3}, {"units": ""},
        {"label": ["x", "y"]}, {"label": ["x", "", "z"]}, {"type": "integer", "fill": "0.5"},
        {"bins": bins["bins"] * 2}, {"bins": [{"centers": [1.0]}]}, {"bins": [{"centers": "q"}]},
        {"bins": [{"centers": None, "ranges": [[0, 1]]}]},
    ):  # fmt: skip
        assert list(parameter_problems([time, good | spoilt, energy], 1, "3.2")), spoilt
    assert list(parameter_problems([time | {"units": "ms"}], 0, "3.2"))
    assert list(parameter_problems([time | {"length": None}, good], 0, "3.2")) == []
    assert list(array_problems("label", [["x", "y"], ["z", "w"]], [2, 2], str)) == []
    assert list(array_problems("label", [["x", "y"], ["z"]], [2, 2], str))
    assert milliseconds("2019-002T00:00:00.0019Z") == milliseconds("2019-01-02T00:00:00.001Z")
