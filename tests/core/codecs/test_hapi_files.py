"""HAPI's csv and binary: headers, types, shapes, bins, and everything that may be wrong."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core import codecs
from speasy_core.codecs import hapi_binary, hapi_csv
from speasy_core.codecs._hapi_build import empty
from speasy_core.codecs._hapi_file import status_of
from speasy_core.codecs._hapi_info import parse_info
from speasy_core.errors import (
    CorruptFile,
    SpeasyWarning,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
)

TIME = {"name": "When", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
STAMPS = ["2020-01-01T00:00:00.000Z", "2020-01-01T00:00:01.000Z"]


def double(name: str = "x", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "double", "units": "nT", "fill": "-1e31", **more}


def header(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    status = {"code": 1200, "message": "OK"}
    return {"HAPI": "3.0", "status": status, "parameters": [TIME, *parameters], **more}


def answer(head: dict[str, Any], body: bytes | str, indent: int | None = None) -> bytes:
    text = json.dumps(head, indent=indent, ensure_ascii=False)
    lines = "".join(f"#{line}\n" for line in text.split("\n"))
    return lines.encode() + (body.encode() if isinstance(body, str) else body)


def csv(head: dict[str, Any], *lines: str, **more: Any) -> Any:
    return hapi_csv.read(answer(head, "".join(f"{line}\n" for line in lines), **more), source="f")


def rows(*values: str) -> list[str]:
    return [f"{stamp},{value}" for stamp, value in zip(STAMPS, values, strict=True)]


# -- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("indent", [None, 2])
def test_header_in_one_line_or_many(indent):
    v = csv(header(double()), *rows("1.5", "2.5"), indent=indent)["x"]
    assert v.values.tolist() == [1.5, 2.5]
    assert (v.unit, v.name, v.fill_value) == ("nT", "x", -1e31)
    assert v.time.tolist() == [1577836800000000000, 1577836801000000000]


def test_first_parameter_may_have_any_name_and_time_any_form():
    head = header(double())
    head["parameters"][0] = {**TIME, "name": "t", "length": 17}
    assert csv(head, "2020-001T00:00Z,1", "2020-001T00:01Z,2")["x"].time[1] == np.datetime64(
        "2020-01-01T00:01"
    )


def test_metadata_becomes_istp():
    head = header(
        double(description=" The field ", label="B", x_VALIDMIN=-5.0, coordinateSystemName="GSE"),
        x_Synthetic="yes", cadence="PT1S", description="A set",
    )  # fmt: skip
    v = csv(head, *rows("1", "2"))["x"]
    assert v.meta["CATDESC"] == "The field"
    assert (v.meta["LABLAXIS"], v.columns) == ("B", ["B"])
    assert (v.meta["VALIDMIN"], v.meta["COORDINATE_SYSTEM"]) == (-5.0, "GSE")
    assert v.meta["dataset"]["Synthetic"] == "yes"
    assert v.meta["dataset"]["cadence"] == "PT1S"
    assert "parameters" not in v.meta["dataset"]


@pytest.mark.parametrize(
    ("units", "unit"),
    [("nT", "nT"), (None, ""), ("  ", ""), (["nT", "nT", "nT"], "nT"), ([None] * 3, ""),
     (["nT", "deg", "deg"], "nT, deg"), ([["nT"], ["nT"], ["nT"]], "nT")],
)  # fmt: skip
def test_units_in_all_forms(units, unit):
    v = csv(header(double(size=[3], units=units)), *rows("1,2,3", "4,5,6"))["x"]
    assert v.unit == unit
    if "," in unit:
        assert v.meta["UNIT_PTR"] == units


@pytest.mark.parametrize(
    ("kind", "fill", "expected"),
    [("double", "-1.0E31", -1e31), ("double", "NaN", "nan"), ("double", None, None),
     ("double", "none", None), ("double", -9999, -9999.0), ("integer", "-2147483648", -(2**31)),
     ("integer", "-1e31", None), ("integer", "999.0", 999), ("integer", None, None)],
)  # fmt: skip
def test_fill_is_of_the_parameters_type(kind, fill, expected):
    v = csv(header(double(type=kind, fill=fill)), *rows("1", "2"))["x"]
    found = v.meta.get("FILLVAL")
    assert str(found) == "nan" if expected == "nan" else found == expected
    if kind == "integer" and expected is not None:
        assert isinstance(found, int)


def test_references_are_followed():
    head = header(
        {**double(), "units": {"$ref": "#/definitions/u"}}, {"$ref": "#/definitions/p"},
        definitions={"u": "km", "p": double("y", size=[2])},
    )  # fmt: skip
    found = csv(head, *rows("1,2,3", "4,5,6"))
    assert (found["x"].unit, found["y"].shape) == ("km", (2, 2))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"parameters": []}, "no parameters"), ({"parameters": "x"}, "no parameters"),
     ({"parameters": [double()]}, "not a time"),
     ({"parameters": [TIME, {"type": "double"}]}, "name"),
     ({"parameters": [TIME, double(type="float")]}, "'float'"),
     ({"parameters": [TIME, double(size=[-1])]}, "size"),
     ({"parameters": [TIME, double(size=[10**9, 10**9])]}, "size"),
     ({"parameters": [TIME, double(), double()]}, "twice"),
     ({"parameters": [TIME, double(length=-4)]}, "length"), ({"parameters": [TIME, 5]}, "name")],
)  # fmt: skip
def test_header_that_cannot_be_is_named(change, said):
    with pytest.raises(CorruptFile, match=said):
        parse_info({**header(double()), **change}, "f")


def test_errors_of_servers_are_quoted():
    status = {"code": 1406, "message": "no such id"}
    with pytest.raises(UnexpectedContent, match="1406 no such id"):
        hapi_csv.read(answer({**header(double()), "status": status}, ""), source="f")
    with pytest.raises(UnexpectedContent, match="1406 no such id"):
        hapi_csv.read(json.dumps({"HAPI": "2.0", "status": status}).encode(), source="f")
    assert status_of(b'{"status": 5}') is None
    assert status_of(b"[1]") is None


def test_without_header():
    with pytest.raises(UnsupportedFormat, match="include=header"):
        hapi_csv.read(b"a,b\n1,2\n", source="f.csv")
    with pytest.raises(UnexpectedContent, match="empty"):
        hapi_csv.read(b"", source="f.csv")


# -- csv -----------------------------------------------------------------------------------------


def test_shapes_are_in_c_order():
    cells = ",".join(map(str, range(6)))
    v = csv(header(double(size=[2, 3])), *rows(cells, cells))["x"]
    assert v.values[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert csv(header(double(size=[1])), *rows("1", "2"))["x"].shape == (2,)


def test_texts_and_times_as_values():
    head = header(
        {"name": "s", "type": "string", "length": 9, "units": None, "fill": "?"},
        {"name": "t", "type": "isotime", "length": 20, "units": "UTC", "fill": "0001-01-01T00:00Z"},
    )
    found = csv(head, *rows('"a, ""b""",2020-01-02Z', "é,0001-01-01T00:00:00Z"))
    assert found["s"].values.tolist() == ['a, "b"', "é"]
    assert found["s"].fill_value == "?"
    assert found["t"].values[0] == np.datetime64("2020-01-02")
    assert np.isnat(found["t"].values[1])


def test_integers_stay_integers_where_they_are():
    head = header({"name": "i", "type": "integer", "units": None, "fill": "-1e31"})
    assert csv(head, *rows("1", "-7"))["i"].dtype == np.int32
    assert csv(head, *rows("1", str(2**40)))["i"].values.tolist() == [1, 2**40]
    assert csv(head, *rows("1", "-1e31"))["i"].values.tolist() == [1.0, -1e31]


def test_numbers_that_are_none():
    v = csv(header(double(size=[3])), *rows("NaN,Inf,-inf", "1e999,+1., 2 "))["x"]
    assert np.array_equal(v.values, [[np.nan, np.inf, -np.inf], [np.inf, 1, 2]], equal_nan=True)


@pytest.mark.parametrize("body", ["", "\n", "\r\n"])
def test_no_records_is_an_empty_variable(body):
    v = hapi_csv.read(answer(header(double(size=[3], label=["a", "b", "c"])), body), source="f")[
        "x"
    ]
    assert (v.shape, v.columns, v.unit) == ((0, 3), ["a", "b", "c"], "nT")


def test_line_ends_and_byte_order_mark():
    data = answer(header(double()), "\r\n".join([*rows("1", "2"), "", ""]))
    assert hapi_csv.read(b"\xef\xbb\xbf" + data, source="f")["x"].values.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("lines", "said"),
    [(rows("1", "1,5"), "record 2 has 3 values where the header says 2"),
     (rows("1", "x"), "record 2: b'x' is not a number for 'x'"), (rows("1_0", "1"), "1_0"),
     (rows("", "1"), "record 1: b''"), ([STAMPS[0]], "record 1 has 1 values"),
     (["yesterday,1"], "record 1 does not begin with a time"),
     ([*rows("1", "2"), "#{}"], "record 3"), (rows('"1', "2"), "cannot be read"),
     ([rows("1", "2")[0], "", rows("1", "2")[1]], "record 2 has 1 values")],
)  # fmt: skip
def test_what_is_wrong_is_named(lines, said):
    with pytest.raises(CorruptFile, match=said):
        csv(header(double()), *lines)


def test_rule_06_every_cut_inside_a_line_is_found():
    whole = answer(header(double(size=[2])), "".join(f"{r}\n" for r in rows("1.25,2.5", "3.75,4")))
    ends = {i + 1 for i, byte in enumerate(whole) if byte == 10}
    for length in range(len(whole)):
        if length not in ends:
            with pytest.raises((CorruptFile, UnexpectedContent)):
                hapi_csv.read(whole[:length], source="f")


def test_rows_in_any_order_and_twice():
    lines = [f"{STAMPS[1]},2", f"{STAMPS[0]},1", f"{STAMPS[1]},2"]
    v = csv(header(double()), *lines)["x"]
    assert v.values.tolist() == [1, 2]
    assert v.meta["time_repairs"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2))
def test_doubles_read_back_exactly(values):
    v = csv(header(double()), *rows(*map(repr, values)))["x"]
    assert v.values.tolist() == values


# -- binary --------------------------------------------------------------------------------------

MIXED = header(
    double("d", size=[2, 2]), {"name": "i", "type": "integer", "units": None, "fill": "-1"},
    {"name": "s", "type": "string", "length": 5, "units": None, "fill": None, "size": [2]},
)  # fmt: skip


def mixed_record(stamp: str, first: float) -> bytes:
    numbers = struct.pack("<4di", first, first + 1, first + 2, first + 3, int(first))
    return stamp.encode() + numbers + b"ab\0\0\0" + "é".encode() + b"\0\0\0"


def test_binary_of_all_types():
    body = b"".join(mixed_record(s, i * 10.0) for i, s in enumerate(STAMPS))
    found = hapi_binary.read(answer(MIXED, body), source="f")
    assert found["d"].values[1].tolist() == [[10, 11], [12, 13]]
    assert (found["i"].values.tolist(), found["i"].dtype) == ([0, 10], np.int32)
    assert found["s"].values.tolist() == [["ab", "é"]] * 2


def test_binary_cut_anywhere_inside_a_record():
    body = b"".join(mixed_record(s, 1.0) for s in STAMPS)
    for lost in range(1, len(body) // 2):
        with pytest.raises(CorruptFile):
            hapi_binary.read(answer(MIXED, body[:-lost]), source="f")


def test_records_of_another_size_are_not_read_as_if_they_fitted():
    wrong = header(double("d", size=[2, 2]))
    body = b"".join(mixed_record(s, 1.0) for s in STAMPS) * 28
    with pytest.raises(CorruptFile):
        hapi_binary.read(answer(wrong, body), source="f")
    head = header(double())
    head["parameters"][0] = {k: v for k, v in TIME.items() if k != "length"}
    with pytest.raises(CorruptFile, match="how long"):
        hapi_binary.columns(parse_info(head, "f"), b"", "f")


def test_the_records_say_what_they_are_and_not_the_header():
    numbers = np.frombuffer(b",2.5,\n0," * 2, "<f8")
    body = b"".join(s.encode() + n.tobytes() for s, n in zip(STAMPS, numbers, strict=True))
    for form in ("csv", "binary"):
        data = answer(header(double(), format=form), body + STAMPS[1].encode() + b"\0" * 8)
        for codec in (hapi_csv, hapi_binary):
            assert codec.read(data, source="f")["x"].values[0] == numbers[0]
        lines = answer(header(double(), format=form), "".join(f"{r}\n" for r in rows("1", "2")))
        assert hapi_binary.read(lines, source="f")["x"].values.tolist() == [1, 2]


@pytest.mark.parametrize(("length", "comma"), [(10, ","), (24, " , ")])
def test_lines_that_are_not_laid_out_as_the_header_says(length, comma):
    head = header(double())
    head["parameters"][0] = TIME | {"length": length}
    found = csv(
        head, *[f"{stamp}{comma}{value}" for stamp, value in zip(STAMPS, (1.5, 2), strict=True)]
    )
    assert found["x"].values.tolist() == [1.5, 2.0]
    assert found["x"].time.astype(str).tolist() == [
        stamp.replace("Z", "000000") for stamp in STAMPS
    ]


def test_binary_that_is_text_alone():
    head = header({"name": "s", "type": "string", "length": 3, "units": None, "fill": None})
    body = "".join(f"{s}abc" for s in STAMPS).encode()
    assert hapi_binary.read(answer(head, body), source="f")["s"].values.tolist() == ["abc", "abc"]


# -- bins ----------------------------------------------------------------------------------------


def bins(**more: Any) -> dict[str, Any]:
    return {"name": "energy", "units": "eV", **more}


def test_static_bins():
    v = csv(header(double(size=[2], bins=[bins(centers=[1, 10])])), *rows("1,2", "3,4"))["x"]
    assert v.kind == "spectrogram"
    (axis,) = v.axes
    assert (axis.name, axis.unit, axis.values.tolist()) == ("energy", "eV", [1, 10])
    assert not axis.time_varying
    ranged = bins(ranges=[[0, 2], [2, 6]])
    v = csv(header(double(size=[2], bins=[ranged])), *rows("1,2", "3,4"))["x"]
    assert v.axes[0].values.tolist() == [1, 4]
    assert v.axes[0].meta["RANGES"] == [[0, 2], [2, 6]]


@pytest.mark.parametrize("centers", [[1, 10**400], [None, None], [1, "x"], [[1], [2]]])
def test_bins_without_usable_numbers_are_left_out(centers):
    v = csv(header(double(size=[2], bins=[bins(centers=centers)])), *rows("1,2", "3,4"))["x"]
    assert v.values.tolist() == [[1, 2], [3, 4]]


def test_centres_that_are_missing_are_the_middle_of_their_range():
    p = double(
        size=[3], bins=[{"name": "e", "centers": [1, None, 9], "ranges": [[0, 2], [2, 8], [8, 20]]}]
    )
    assert csv(header(p), *rows("1,2,3", "4,5,6"))["x"].axes[0].values.tolist() == [1, 5, 9]


def test_bins_that_vary_with_time():
    head = header(double(size=[2], bins=[bins(units="", centers="e")]),
                  double("e", size=[2], units="keV", fill="-1"))  # fmt: skip
    v = csv(head, *rows("1,2,10,20", "3,4,11,-1"))["x"]
    (axis,) = v.axes
    assert axis.time_varying
    assert (axis.unit, v.kind) == ("keV", "spectrogram")
    assert np.array_equal(axis.values, [[10, 20], [11, np.nan]], equal_nan=True)


def test_ranges_that_vary_with_time():
    head = header(double(size=[2], bins=[bins(ranges="r")]), double("r", size=[2, 2]))
    v = csv(head, *rows("1,2,0,10,2,20", "3,4,1,11,3,21"))["x"]
    assert v.axes[0].values.tolist() == [[1, 15], [2, 16]]


def test_dimensions_without_numbers_are_counted():
    two = [bins(centers=None), bins(centers=[5, 6, 7])]
    v = csv(header(double(size=[2, 3], bins=two)), *rows("1,2,3,4,5,6", "1,2,3,4,5,6"))["x"]
    assert [a.values.tolist() for a in v.axes] == [[0, 1], [5, 6, 7]]
    v = csv(header(double(size=[2], bins=[bins(centers=None)])), *rows("1,2", "3,4"))["x"]
    assert v.axes == ()


@pytest.mark.parametrize("wrong", [{"centers": "nobody"}, {"centers": [1, 2, 3]}])
def test_bins_that_do_not_fit_are_left_out_with_a_word(wrong):
    with pytest.warns(SpeasyWarning, match="positions are numbered"):
        v = csv(header(double(size=[2], bins=[bins(**wrong)])), *rows("1,2", "3,4"))["x"]
    assert v.values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("more", "columns"),
    [({"label": ["bx", "by", "bz"]}, ["bx", "by", "bz"]),
     ({"vectorComponents": ["x", "y", "z"]}, ["x", "y", "z"]),
     ({"label": ["a", "a", "a"]}, ["a", "a", "a"]), ({}, ["x_0", "x_1", "x_2"])],
)  # fmt: skip
def test_names_of_components(more, columns):
    v = csv(header(double(size=[3], **more)), *rows("1,2,3", "4,5,6"))["x"]
    assert (v.columns, v.kind) == (columns, "vector")


def test_empty_variable_from_a_description():
    info = parse_info(
        header(double(size=[2], bins=[bins(centers="e")]), double("e", size=[2])), "f"
    )
    v = empty(info, "x", "f")
    assert (v.shape, v.kind, v.unit) == ((0, 2), "spectrogram", "nT")


# -- as a file -----------------------------------------------------------------------------------


def test_as_a_local_file(tmp_path):
    data = answer(header(double("x"), double("y")), "".join(f"{r}\n" for r in rows("1,2", "3,4")))
    for name in ("a.csv", "b.bin", "c.txt", "d"):
        (tmp_path / name).write_bytes(data)
        dataset = codecs.read_file(tmp_path / name, "y")
        assert list(dataset) == ["y"]
        assert dataset["y"].values.tolist() == [2, 4]
    with pytest.raises(UnknownProduct, match="no parameter 'z'"):
        codecs.read_file(tmp_path / "d", ["z"])
    (tmp_path / "list.csv").write_text("begin,end\n2020,2021\n")
    with pytest.raises(UnsupportedFormat, match="no HAPI header"):
        codecs.read_file(tmp_path / "list.csv")
