"""Rule 21: text enters a page through `textContent`; nothing turns text into markup or code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "js" / "src"
FILES = sorted(path for path in SOURCES.rglob("*.ts*") if "__tests__" not in path.parts)
SINKS = {
    "markup": r"\b(?:inner|outer)HTML\b|\bsrcdoc\b|\binsertAdjacentHTML\b|\bsetHTML(?:Unsafe)?\b"
    r"|\bparseHTMLUnsafe\b|\bcreateContextualFragment\b|\bdangerouslySetInnerHTML\b",
    "document": r"\bdocument\s*\.\s*write(?:ln)?\b|\bDOMParser\b",
    "code": r"\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(|\bimportScripts\b"
    r"|\bset(?:Timeout|Interval)\s*\(\s*['\"`]",
    "handlers": r"setAttribute\(\s*['\"`]on\w+|\.on(?:click|error|load)\s*=\s*['\"`]",
    "addresses": r"['\"`]javascript:|\bwindow\s*\.\s*open\b",
}  # fmt: skip
_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)


def sinks(text: str) -> list[str]:
    code = _COMMENT.sub("", text)
    return [f"{kind}: {found.group()}" for kind, pattern in SINKS.items()
            for found in re.finditer(pattern, code)]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "a.innerHTML = b", "a.outerHTML += b", "frame['srcdoc'] = x",
        "a.insertAdjacentHTML('x', b)",
        "document.write(x)", "new DOMParser()", "eval (x)", "new Function('a', x)", "Function(x)()",
        "setTimeout('x()', 1)", "a.setAttribute('onclick', x)", "a.onerror = 'x()'",
        "href = 'javascript:x'", "range.createContextualFragment(x)",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(text):
    assert sinks(text)


def test_the_search_leaves_the_rest_alone():
    assert not sinks("a.textContent = b; // not innerHTML\nsetTimeout(() => x(), 1); a.onclick = f")


def test_there_is_something_to_search():
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCES)))
def test_rule_21_no_text_becomes_markup_or_code(path):
    assert sinks(path.read_text(encoding="utf-8")) == []
