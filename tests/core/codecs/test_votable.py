"""VOTables: general tables, time tables and catalogues, read and written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core import codecs
from speasy_core.codecs.votable import encode, read, read_events, read_table
from speasy_core.errors import (
    CorruptFile,
    SpeasyError,
    SpeasyWarning,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
    VariableError,
)
from speasy_core.events import Catalog, TimeTable
from speasy_core.timerange import TimeRange

START = '<FIELD name="t0" ucd="time.start" datatype="char" arraysize="*"/>'
STOP = '<FIELD name="t1" ucd="time.end" datatype="char" arraysize="*"/>'


def document(fields: str, *rows: str, more: str = "") -> bytes:
    cells = "".join(
        "<TR>" + "".join(f"<TD>{cell}</TD>" for cell in row.split("|")) + "</TR>" for row in rows
    )
    return (
        f'<?xml version="1.0"?><VOTABLE version="1.3">{more}<RESOURCE><TABLE name="t">{fields}'
        f"<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


def test_cells_have_the_type_of_their_column():
    fields = (
        '<FIELD name="i" datatype="int"><VALUES null="-9"/></FIELD>'
        '<FIELD name="d" datatype="double" unit="nT"/>'
        '<FIELD name="b" datatype="boolean"/><FIELD name="s" datatype="char" arraysize="*"/>'
        '<FIELD name="v" datatype="float" arraysize="3"/><FIELD name="s" datatype="unicodeChar"/>'
    )
    table = read_table(
        document(fields, "1|-2.5|T|a &amp; b|1 2 3|é", "-9||F| |4 5 6|", "0x10|NaN|?|x|7 8 9|z"),
        source="t.vot",
    )
    assert table.columns["i"] == [1, None, 16]
    assert table.columns["b"] == [True, False, None]
    assert table.columns["s"] == ["a & b", None, "x"]
    assert table.columns["s_2"] == ["é", None, "z"]
    assert table.columns["v"] == [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)]
    assert np.isnan(table.array("i")[1])
    assert np.isnan(table.array("d")[1:]).all()
    assert table.field("d").unit == "nT"
    assert len(table) == 3
    with pytest.raises(UnknownProduct, match="no column 'q'"):
        table.array("q")


def test_description_lines_become_metadata():
    more = "<DESCRIPTION>Name:My list;\nContact: a.b@c;\nHistoric:From\nfar;\n</DESCRIPTION>"
    table = read_events(document(START + STOP, "2000-01-01|2000-01-02", more=more), source="x")
    assert isinstance(table, TimeTable)
    assert table.name == "My list"
    assert table.meta == {"Contact": "a.b@c", "Historic": "From\nfar"}


def test_links_lose_their_keys():
    link = "https://h.org/a.txt?AWSAccessKeyId=REDACTED&amp;Signature=s%3D&amp;Expires=1"
    more = f"<DESCRIPTION>from {link} it came</DESCRIPTION>"
    table = read_events(document(START + STOP, "2000|2001", more=more), source="x")
    assert table.meta["description"] == "from https://h.org/a.txt it came"


@pytest.mark.parametrize(
    ("cell", "length"),
    [("2007-04-19T13:30Z", 60 * 10**9), ("2007-04-19T13:30:05", 10**9),
     ("2007-04-19", 86_400 * 10**9), ("2007-04-19T13:30:05.123", 10**6)],
)  # fmt: skip
def test_an_instant_lasts_as_long_as_it_is_precise(cell, length):
    field = '<FIELD name="Date" datatype="char" xtype="iso8601"/>'
    (event,) = read_events(document(field, cell), source="x")
    assert event.stop_ns - event.start_ns == length


@pytest.mark.parametrize(
    ("fields", "rows", "message"),
    [
        (START + STOP, ["2000-01-02|2000-01-01"], "row 1, column 't1': the event .* stops"),
        (START + STOP, ["2000|2001", "yesterday|2000"], "row 2, column 't0': cannot read"),
        (START + STOP, ["2000-01-01|"], "row 1, column 't1': no time"),
        (START + STOP, ["2000-01-01"], "row 1 of the table has 1 cells for 2 columns"),
        (START, ["2000-01-01"], r"no column of the events' stops \(ucd time.end\).*'t0'"),
        (STOP, ["2000-01-01"], r"no column of the events' starts"),
        ('<FIELD name="n" datatype="int"/>', ["1"], "no column of the events' starts"),
        (START + STOP + '<FIELD name="n" datatype="int"/>', ["2000|2001|x"],
         r"row 1, column 'n' \(int\): 'x' is not a whole number"),
        (START + STOP + '<FIELD name="b" datatype="boolean"/>', ["2000|2001|7"],
         "not true or false"),
    ],
)  # fmt: skip
def test_mistakes_are_named(fields, rows, message):
    with pytest.raises(CorruptFile, match=message) as caught:
        read_events(document(fields, *rows), source="bad.vot")
    assert caught.value.source == "bad.vot"


def test_what_is_not_read_is_said():
    table = b"<TABLE><FIELD name='a'/><DATA><BINARY2/></DATA></TABLE>"
    binary = b"<VOTABLE><RESOURCE>" + table + b"</RESOURCE></VOTABLE>"
    with pytest.raises(UnsupportedFormat, match="BINARY2"):
        read_table(binary, source="x")
    with pytest.raises(UnsupportedFormat, match="floatComplex"):
        read_table(document('<FIELD name="c" datatype="floatComplex"/>', "1 2"), source="x")
    with pytest.raises(CorruptFile, match="no table with columns"):
        read_table(b"<VOTABLE/>", source="x")
    for other in (b"<html><body/></html>", b"<!DOCTYPE a><VOTABLE/>", b"", b"<VOTABLE>"):
        with pytest.raises(UnexpectedContent):
            read_table(other, source="x")
    with pytest.raises(VariableError, match="no column of times"):
        read(document('<FIELD name="n" datatype="int"/>', "1"), source="x")


def test_columns_of_numbers_are_variables_over_time():
    fields = (
        START
        + STOP
        + '<FIELD name="V" datatype="double" unit="km/s"><DESCRIPTION>Speed</DESCRIPTION></FIELD>'
    )
    fields += '<FIELD name="k" datatype="char"/><FIELD name="ok" datatype="boolean"/>'
    data = document(fields, "2000-01-02|2000-01-03|2|a|T", "2000-01-01|2000-01-02|1|b|F")
    found = codecs.read(data, source="list.xml")
    assert list(found) == ["V", "ok"]
    assert found["V"].values.tolist() == [1.0, 2.0]
    assert (found["V"].unit, found["V"].meta["CATDESC"]) == ("km/s", "Speed")
    with pytest.raises(UnknownProduct, match="holds no numbers"):
        read(data, source="x", variables=["k"])


def test_xml_is_known_by_its_outermost_element():
    assert codecs.sniff(document(START, "2000")).name == "votable"
    assert codecs.sniff(b'<!-- x --><v:VOTABLE xmlns:v="u">', source="a.xml").name == "votable"
    with pytest.raises(UnsupportedFormat, match="an XML document"):
        codecs.sniff(b"<?xml version='1.0'?><SomethingElse/>", source="a.vot")


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
values = st.one_of(
    st.just("bool"), st.just("int"), st.just("float"), st.just("text")
)  # fmt: skip
kinds = {
    "bool": st.booleans(), "int": st.integers(-(2**62), 2**62), "text": words,
    "float": st.floats(allow_nan=False),
}  # fmt: skip


@st.composite
def catalogs(draw):
    columns = draw(st.dictionaries(words, values, min_size=1, max_size=4))
    events = []
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, 2 * 10**18))
        meta = {k: draw(kinds[v]) for k, v in columns.items() if draw(st.booleans())}
        events.append(
            (
                np.datetime64(start, "ns"),
                np.datetime64(start + draw(st.integers(1, 10**15)), "ns"),
                meta,
            )
        )
    events[0][2].update({k: draw(kinds[v]) for k, v in columns.items()})
    return Catalog(draw(words), {"description": draw(words)}, events)


@given(catalogs())
def test_what_is_written_reads_the_same(catalog):
    again = read_events(encode(catalog), source="x")
    assert again == catalog
    for before, after in zip(catalog, again, strict=True):
        assert {k: type(v) for k, v in before.meta.items()} == {
            k: type(v) for k, v in after.meta.items()
        }


def test_units_survive():
    catalog = Catalog("c", {"units": {"V": "km/s"}}, [("2000", "2001", {"V": 1.5})])
    assert read_events(encode(catalog), source="x") == catalog


def test_recorded_helcats_list(shared_data: Path):
    folder = shared_data / "catalogs" / "helcats"
    catalog = read_events((folder / "HCME_WP3_V02.vot").read_bytes(), source="HCME_WP3_V02.vot")
    assert isinstance(catalog, Catalog)
    assert len(catalog) == 1269
    lines = [
        line.split() for line in (folder / "HCME_WP3_V02.txt").read_text().splitlines()
        if line.startswith("HCME_")
    ]  # fmt: skip
    assert len(lines) == 1269
    for event, line in zip(catalog, lines, strict=True):
        assert event.meta["ID"] == line[0]
        assert event.start == TimeRange(line[1], "2100").start
        assert event.stop_ns - event.start_ns == 60 * 10**9
    assert catalog.meta["units"]["PA-N"] == "deg"

    numbers = codecs.read_file(folder / "HCME_WP3_V02.vot")
    assert len(numbers) == 24
    assert numbers["FP Speed"].meta["time_repairs"]


def test_recorded_lists_that_depart_from_the_layout(shared_data: Path):
    folder = shared_data / "catalogs" / "tscat"
    messages = {
        "invalid-type-votable.xml": "column 'Bzmin' is of the type 'float'",
        "missing-required-field-votable.xml":
            "required column 'Stop Time' is missing; the one .* is called 'Beurk'",
    }  # fmt: skip
    for name, message in messages.items():
        data = (folder / name).read_bytes()
        with pytest.raises(CorruptFile, match=message) as caught:
            read_events(data, source=name, strict=True)
        assert caught.value.source == name
        # by the VOTable standard both are sound
        with pytest.warns(SpeasyWarning, match=f"{name}, table 'Dst_Li2020': .*{message}"):
            catalog = read_events(data, source=name)
        assert (catalog.name, len(catalog)) == ("Dst_Li2020", 95)
        assert catalog[0].meta["Bzmin"] == -7.25
        assert "Signature" not in str(catalog.meta)
        assert read_events(encode(catalog), source=name, strict=True) == catalog


@pytest.mark.parametrize(
    ("first", "second"),
    [('ID="TimeIntervalStart" ucd="time.end"', 'ID="TimeIntervalStop" ucd="time.start"'),
     ('name="Stop Time" ucd="time.start"', 'name="Start Time" ucd="time.end"'),
     ('ID="Start" ucd="time.end"', 'ID="x"')],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::speasy_core.errors.SpeasyWarning")
def test_columns_that_contradict_themselves_are_refused(first, second):
    fields = "".join(
        f'<FIELD {"" if "name=" in a else f"name={chr(34)}c{i}{chr(34)}"} {a} datatype="char"/>'
        for i, a in enumerate((first, second))
    )
    with pytest.raises(CorruptFile, match=r"'t'.*column '(c0|Stop Time)'.*by one part"):
        read_events(document(fields, "2000|2001"), source="x")


def test_every_cut_of_a_small_list_is_found():
    data = encode(Catalog("c", events=[("2000", "2001", {"a": 1})]))
    for length in range(len(data)):
        with pytest.raises(SpeasyError):
            read_events(data[:length], source="cut")


PIECES = [
    b"<TD>", b"</TD>", b"0x", b"9" * 40, b"2262-04-11T23:47:16.854775807", b"1677-09-21", b"\xff",
    b"&amp;", b'datatype="int"', b'datatype="boolean"', b'arraysize="*"', b"", b"<FIELD/>",
    b"<TR/>", b"e5", b"-", b"NaN", b"T24:00",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::speasy_core.errors.SpeasyWarning")
@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 8), st.sampled_from(PIECES)), max_size=3
    )
)
def test_damage_is_an_error_of_ours_or_a_list(damage):
    events = [("2000-01-01", "2000-01-02", {"a": 1.5, "b": True, "n": 7, "t": "q"})]
    data = bytearray(encode(Catalog("c é", {"units": {"a": "nT"}}, events)))
    for place, length, piece in damage:
        at = place % len(data)
        data[at : at + length] = piece
    for reader in (read_events, read):
        with contextlib.suppress(SpeasyError):
            reader(bytes(data), source="damaged.vot")


def test_a_column_after_the_rows_is_refused():
    data = document(START + STOP, "2000|2001").replace(b"</TABLEDATA>", b"<FIELD/></TABLEDATA>")
    with pytest.raises(CorruptFile, match="a column after its rows"):
        read_events(data, source="x")
