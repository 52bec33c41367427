"""How a variable shows: text, HTML for notebooks, and how to cite it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from speasy_core.timerange import format_ns

from .alignment import cadence_ns
from .axis import flat_samples
from .cleaning import fill_to_nan, find_gaps
from .core import Array, VariableCore

__all__ = ["citation", "html", "text"]

_MAX_META = 40
_MAX_BYTES = 19_000  # a notebook keeps the text of every cell
_CITE = (
    ("Acknowledgement", ("ACKNOWLEDGEMENT", "ACKNOWLEDGMENT", "ACKNOWLEDGEMENTS", "ACKNOWLEDGE")),
    ("DOI", ("DOI", "IDENTIFIER_DOI", "DATASET_DOI")),
    ("SPASE", ("SPASE_DATASETRESOURCEID", "SPASE_ID", "RESOURCE_ID", "RESOURCEID")),
    ("Rules of use", ("RULES_OF_USE", "RULESOFUSE", "DATA_USE", "ACCESS_RIGHTS")),
    ("Principal investigator", ("PI_NAME", "PRINCIPAL_INVESTIGATOR")),
    ("Affiliation", ("PI_AFFILIATION",)),
    ("Citation", ("CITATION", "RESOURCE_CITATION", "HOW_TO_CITE")),
    ("Data version", ("DATA_VERSION", "VERSION")),
    ("Link", ("HTTP_LINK", "RESOURCEURL", "LINK")),
)


def _duration(ns: float) -> str:
    for size, label in ((86_400e9, "d"), (3600e9, "h"), (60e9, "min"), (1e9, "s"), (1e6, "ms")):
        if ns >= size:
            return f"{ns / size:.6g} {label}"
    return f"{ns:g} ns"


def _facts(v: VariableCore) -> list[tuple[str, str]]:
    """Return what the representations say, one line each."""
    ns = v._ns
    facts = [("shape", f"{v.shape} {v.dtype}, {v.kind}"), ("unit", v._unit or "none given")]
    if len(ns):
        facts.insert(0, ("time", f"{format_ns(int(ns[0]))} to {format_ns(int(ns[-1]))}"))
        step = cadence_ns(v)
        if step:
            holes = find_gaps(v, 3.0)
            missing = sum(hole.duration_ns - step for hole in holes)
            share = missing / max(1, int(ns[-1]) - int(ns[0]))
            count = f"{len(holes)} gap{'s' if len(holes) > 1 else ''}"
            gaps = f", {count} ({share:.1%})" if holes else ", no gaps"
            facts.insert(1, ("cadence", f"{_duration(step)}{gaps}"))
    if columns := v.columns:
        more = f", ... {len(columns)} in all" if len(columns) > 8 else ""
        shown = ", ".join(columns[:8]) + more
        facts.append(("columns", shown))
    for axis in v._axes[:2]:
        unit = f" [{axis.unit}]" if axis.unit else ""
        varies = ", varies with time" if axis.time_varying else ""
        facts.append(("axis", f"{axis.name or 'unnamed'}{unit} {axis.values.shape}{varies}"))
    if v._gaps:
        facts.append(("missing", f"{len(v._gaps)} ranges not delivered: {v._gaps[0].reason}"))
    if v._provenance:
        states = ", ".join(sorted({f"{p.server} ({p.state})" for p in v._provenance}))
        facts.append(("from", states))
    title = v._meta.get("CATDESC") or v._meta.get("FIELDNAM")
    if title:
        facts.append(("about", str(title)))
    return facts


def _short(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 3] + "..."


def text(v: VariableCore) -> str:
    """Return at most 12 lines."""
    lines = [f"<SpeasyVariable {_short(v._name or 'unnamed', 70)}: {len(v)} samples>"]
    lines += [f"  {label:<8} {_short(fact, 88)}" for label, fact in _facts(v)]
    return "\n".join(lines[:12])


def html(v: VariableCore) -> str:
    """Return HTML in the colours of JupyterLab, every text of the metadata escaped."""
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(_short(fact, 200))}</td></tr>"
        for label, fact in _facts(v)
    )
    title = escape(_short(v._name or "unnamed", 120))
    head = (
        f'<div class="spz-variable">{_STYLE}<div class="spz-head">{title} '
        f"<span>SpeasyVariable</span></div>{_sparkline(v)}<table>{rows}</table>"
    )
    return f"{head}{_details(v, _MAX_BYTES - len(head.encode()))}</div>"


_STYLE = """<style>
.spz-variable{font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);
color:var(--jp-ui-font-color1,#222);max-width:50em}
.spz-variable .spz-head{font-weight:600;padding:2px 0}
.spz-variable .spz-head span{font-weight:400;color:var(--jp-ui-font-color2,#666)}
.spz-variable th{text-align:left;color:var(--jp-ui-font-color2,#666);font-weight:400;
padding:0 1em 0 0;vertical-align:top}
.spz-variable td{text-align:left;padding:0;word-break:break-word}
.spz-variable svg{background:var(--jp-layout-color1,#fff);
border:1px solid var(--jp-border-color2,#ccc)}
</style>"""
_INK = (
    "var(--jp-brand-color1,#1976d2)", "var(--jp-accent-color1,#388e3c)",
    "var(--jp-warn-color1,#f57c00)", "var(--jp-error-color1,#d32f2f)",
)  # fmt: skip


def _details(v: VariableCore, room: int) -> str:
    """Return the metadata, folded, cut so that the whole stays small."""
    flat = {key: value for key, value in v.meta.items() if key != "dataset"}
    dataset = v.meta.get("dataset")
    blocks = [("Attributes", flat)]
    if isinstance(dataset, Mapping):
        blocks.append(("Data set", dict(dataset)))
    result = ""
    for title, items in blocks:
        if not items:
            continue
        body, count = "", 0
        for key, value in list(items.items())[:_MAX_META]:
            row = (
                f"<tr><th>{escape(_short(str(key), 40))}</th>"
                f"<td>{escape(_short(_value_text(value), 80))}</td></tr>"
            )
            room -= len(row.encode())
            if room < 0:
                break
            body, count = body + row, count + 1
        more = f" (first {count})" if len(items) > count else ""
        head = f"<summary>{title}: {len(items)}{more}</summary>"
        result += f"<details>{head}<table>{body}</table></details>"
    return result


def _value_text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 20:
        return f"array {value.shape} {value.dtype}"
    if isinstance(value, (list, tuple)) and len(value) > 20:
        return f"{len(value)} values: {', '.join(map(str, value[:10]))}, ..."
    return str(value)


def _sparkline(v: VariableCore, width: int = 360, height: int = 48, points: int = 120) -> str:
    """Return lowest and highest value per bin of at most three components, as inline SVG."""
    if len(v) < 2 or v.dtype.kind not in "fiu" or v.size == 0:
        return ""
    stride = max(1, len(v) // 20_000)  # a sketch: reading all of a huge variable would be felt
    part = fill_to_nan(v._like(v._values[::stride], ns=v._ns[::stride], axes=()))
    flat = flat_samples(part._values)
    count = min(flat.shape[1], 3)
    with np.errstate(invalid="ignore"):
        curves = [_envelope(part._ns, flat[:, i].astype(float), points) for i in range(count)]
    finite = [y for _, y in curves if y.size]
    if not finite:
        return ""
    low, high = min(map(np.min, finite)), max(map(np.max, finite))
    span = (high - low) or 1.0
    lines = ""
    for (x, y), ink in zip(curves, _INK, strict=False):
        px = 2 + x * (width - 4)
        py = 2 + (1 - (y - low) / span) * (height - 4)
        path = " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(px, py, strict=True))
        lines += f'<polyline points="{path}" fill="none" stroke="{ink}"/>'
    return (
        f'<svg width="{width}" height="{height}" role="img" '
        f'aria-label="values from {low:.4g} to {high:.4g}">{lines}</svg>'
    )


def _envelope(ns: Array, y: Array, bins: int) -> tuple[Array, Array]:
    good = np.isfinite(y)
    ns, y = ns[good], y[good]
    if not y.size:
        return y, y
    x = (ns - ns[0]) / max(1, int(ns[-1] - ns[0]))
    edges = np.unique(np.searchsorted(x, np.linspace(0, 1, bins, endpoint=False)))
    lows, highs = np.minimum.reduceat(y, edges), np.maximum.reduceat(y, edges)
    return np.repeat(x[edges], 2), np.column_stack([lows, highs]).ravel()


def citation(v: VariableCore) -> str:
    """Return what a paper has to say about this data, as far as the metadata knows."""
    dataset = v._meta.get("dataset")
    known: dict[str, Any] = {}
    for source in (dataset if isinstance(dataset, Mapping) else {}, v._meta):
        known.update({str(key).upper(): value for key, value in source.items()})
    lines = []
    for title, keys in _CITE:
        found = next((known[key] for key in keys if known.get(key)), None)
        if found is not None:
            parts = found if isinstance(found, (list, tuple)) else [found]
            lines.append(f"{title}: {' '.join(str(part).strip() for part in parts)}")
    for server in dict.fromkeys(p.server for p in v._provenance):
        dates = sorted(p.date for p in v._provenance if p.server == server and p.date)
        lines.append(f"Obtained from {server}" + (f" on {dates[-1][:10]}" if dates else ""))
    if not lines:
        return "The metadata says nothing on how to cite this data; ask the archive."
    return "\n".join(lines)
