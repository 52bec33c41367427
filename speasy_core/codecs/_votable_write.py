"""Time tables and catalogues as VOTable, in the layout of AMDA's files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from speasy_core.events import Catalog, TimeTable
from speasy_core.timerange import to_ns

__all__ = ["encode"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TIMES = (np.datetime64, datetime)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
)
_TIME_FIELD = (
    '<FIELD name="{} Time" ID="TimeInterval{}" ucd="{}" datatype="char" xtype="dateTime" '
    'arraysize="*"/>\n'
)


def encode(table: TimeTable | Catalog) -> bytes:
    """Write a time table or a catalogue as a VOTable document.

    Parameters
    ----------
    table : TimeTable or Catalog
        Each metadata key of the events becomes a column: of int, double, boolean or dateTime where
        all its values are, of text otherwise.

    Returns
    -------
    bytes
        UTF-8; `read_events` gives the same events again.

    Examples
    --------
    >>> b'name="kind"' in encode(Catalog("c", events=[("2020-01-01", "2020-01-02", {"kind": "x"})]))
    True
    """
    metas = [dict(getattr(item, "meta", {})) for item in table]
    names = list(dict.fromkeys(key for meta in metas for key in meta))
    kinds = {name: _kind(meta[name] for meta in metas if name in meta) for name in names}
    meta = dict(table.meta)
    about = str(meta.pop("description", ""))
    units = meta.pop("units", {})
    entries = {"Name": table.name, **meta}
    out = [
        _HEAD,
        "<DESCRIPTION>",
        _text("".join(f"{k}: {_line(v)};\n" for k, v in entries.items())),
    ]
    out += ["</DESCRIPTION><RESOURCE>"]
    if about:
        out += ["<DESCRIPTION>", _text(about), "</DESCRIPTION>"]
    out += [f"<TABLE name={_attribute(table.name)}>\n"]
    out += [_TIME_FIELD.format("Start", "Start", "time.start")]
    out += [_TIME_FIELD.format("Stop", "Stop", "time.end")]
    out += [
        f'<FIELD name={_attribute(name)} ID="column{i}" {kinds[name]}'
        f"{' unit=' + _attribute(str(units[name])) if name in units else ''}/>\n"
        for i, name in enumerate(names, 1)
    ]
    out += ["<DATA><TABLEDATA>\n"]
    for item, row in zip(table, metas, strict=True):
        cells = [_time(item.start_ns), _time(item.stop_ns)]
        cells += [_cell(row.get(name)) for name in names]
        out += ["<TR>", *(f"<TD>{cell}</TD>" for cell in cells), "</TR>\n"]
    out += ["</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"]
    return "".join(out).encode()


def _kind(values: Iterable[Any]) -> str:
    """Return the attributes of the column that takes all `values`."""
    found = [value for value in values if value is not None]
    if found and all(isinstance(v, (bool, np.bool_)) for v in found):
        return 'datatype="boolean"'
    if found and all(_is_integer(v) for v in found):
        size = max(abs(int(v)) for v in found)
        if size < 2**63:
            return 'datatype="int"' if size < 2**31 else 'datatype="long"'
    elif found and all(_is_integer(v) or isinstance(v, (float, np.floating)) for v in found):
        return 'datatype="double"'
    if found and all(isinstance(v, _TIMES) for v in found):
        return 'datatype="char" xtype="dateTime" ucd="time.epoch" arraysize="*"'
    return 'datatype="char" arraysize="*"'


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, _TIMES):
        return _time(to_ns(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return _text(str(value))


def _time(ns: int) -> str:
    """Return a time as AMDA writes it: no zone, at least three digits after the second."""
    head, _, fraction = str(np.datetime64(ns, "ns")).partition(".")
    keep = next(n for n in (3, 6, 9) if not fraction[n:].strip("0"))
    return f"{head}.{fraction[:keep]}"


def _line(value: Any) -> str:
    """Return a value on one line, so that the next line begins the next entry."""
    return " ".join(str(value).split())


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub(" ", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub(" ", text))
