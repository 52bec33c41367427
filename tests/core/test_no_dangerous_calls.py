"""Nothing that turns data into code or text into a command, and no unpacking of archives."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    "extractall", "extract", "unpack_archive", "format_map", "vformat", "system", "popen",
    "read_pickle", "to_pickle",
}  # fmt: skip
# speasy_core/xml.py is the one way to read XML
READS_XML = "speasy_core/xml.py"
# the one way to send the user's own code to his own child process; data never goes through it
PICKLES = "sciqlop_lab/virtual/sending.py"
DEMO = REPOSITORY / "speasy_core" / "demo"  # reads its own files, and requests of this machine
ETREE = {"parse", "fromstring", "fromstringlist", "XML", "XMLID", "iterparse", "XMLParser",
         "XMLPullParser"}  # fmt: skip
XML_PARSERS = (
    "xml.sax", "xml.dom", "xml.parsers", "lxml",
    *(f"xml.etree.ElementTree.{name}" for name in ETREE),
)  # fmt: skip
HARMLESS = ("xml.sax.saxutils",)
# methods that others have too, so the owner tells
OWNED = {
    "yaml": {"load", "load_all", "unsafe_load", "unsafe_load_all", "full_load", "full_load_all"},
    "os": {"execv", "execve", "execvp", "spawnl", "spawnv", "spawnve"},
    "builtins": FORBIDDEN_CALLS,
    "string": {"Formatter"},
    "ssl": {"_create_unverified_context"},
    "tempfile": {"mktemp"},
    "ET": ETREE,
    "ElementTree": ETREE,
}  # fmt: skip
FORBIDDEN_MODULES = {
    "pickle", "cPickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "code",
    "codeop", "telnetlib", "ftplib", "xmlrpc",
}  # fmt: skip
FILES = sorted(
    path
    for package in ("speasy_core", "sciqlop_lab")
    for path in (REPOSITORY / package).rglob("*.py")
)


def _imports(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [a.name for a in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            return []
        names = [str(node.module), *(f"{node.module}.{name}" for name in names)]
    bad = [n for n in names if n.split(".")[0] in FORBIDDEN_MODULES]
    return bad + [n for n in names if n.startswith(XML_PARSERS) and not n.startswith(HARMLESS)]


def _is_literal(node: ast.expr) -> bool:
    """Whether text stands in the source itself: as it is, joined, or a named constant's repeat."""
    if isinstance(node, ast.BinOp):
        return _is_literal(node.left) and _is_literal(node.right)
    return isinstance(node, ast.Constant)


def _constants(tree: ast.AST) -> set[str]:
    """Names that a module gives to literals, and to nothing else."""
    given: dict[str, list[bool]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(_is_literal(node.value))
        elif isinstance(node, ast.arg):
            given.setdefault(node.arg, []).append(False)
        elif isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
            given.setdefault(node.target.id, []).append(False)
    return {name for name, literal in given.items() if all(literal)}


def _method(node: ast.Call, constants: set[str]) -> str | None:
    function = node.func
    assert isinstance(function, ast.Attribute)
    name, owner = function.attr, getattr(function.value, "id", "")
    if name in FORBIDDEN_METHODS or name in OWNED.get(owner, ()):
        return f".{name}()"
    if name == "format" and not _is_literal(function.value) and owner not in constants:
        return ".format() of text that is not in the source"
    return None


def _keyword(keyword: ast.keyword) -> str | None:
    value = getattr(keyword.value, "value", None)
    safe = {"shell": False, "allow_pickle": False, "verify": True}
    if keyword.arg in safe and isinstance(keyword.value, ast.Constant):
        return f"{keyword.arg}={value}" if value is not safe[keyword.arg] else None
    return f"{keyword.arg}=?" if keyword.arg in ("shell", "allow_pickle") else None


def offences(tree: ast.AST) -> list[str]:
    found, constants = [], _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += _imports(node)
        elif isinstance(node, ast.Call):
            said = [_keyword(keyword) for keyword in node.keywords]
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                said.append(f"{node.func.id}()")
            elif isinstance(node.func, ast.Attribute):
                said.append(_method(node, constants))
            found += [f"{what} in line {node.lineno}" for what in said if what]
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from pickle import loads", "import marshal as m", "import shelve",
        "from lxml import etree", "import xml.dom.minidom", "from xml import sax",
        "eval('1')", "exec(text)", "compile(text, '', 'exec')", "__import__(name)",
        "builtins.eval(text)", "tar.extractall()", "zip.extract(name, where)",
        "shutil.unpack_archive(file)", "yaml.load(x)", "yaml.unsafe_load(x)", "os.system('ls')",
        "os.popen('ls')", "subprocess.run(text, shell=True)", "subprocess.run(text, shell=flag)",
        "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=flag)",
        "pattern.format(year=1)", "def f(PATTERN): PATTERN.format(1)", "self.pattern.format(1)",
        "pattern.format_map(d)", "string.Formatter().vformat(p, (), {})",
        "get(url, verify=False)", "pd.read_pickle(f)", "tempfile.mktemp()",
        "ET.fromstring(text)", "from xml.etree.ElementTree import parse",
        "import xml.parsers.expat",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(code):
    assert offences(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "'{}'.format(1)", "A = 'x{}'\nA.format(1)", "('a' 'b{}').format(1)", "yaml.safe_load(x)",
        "np.load(f, allow_pickle=False)", "re.compile(x)", "from .pickle import x", "json.load(f)",
        "subprocess.run(['ls'])", "get(url, verify=bundle)", "executor.submit(f)",
    ],
)  # fmt: skip
def test_the_search_leaves_the_rest_alone(code):
    assert offences(ast.parse(code)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_rule_9_no_pickle_eval_exec_or_unpacking(path):
    found = offences(ast.parse(path.read_text(encoding="utf-8")))
    if path == REPOSITORY / READS_XML:
        found = [what for what in found if not what.startswith("xml.parsers")]
    if path == REPOSITORY / PICKLES:
        found = [what for what in found if what != "cloudpickle"]
    if DEMO in path.parents:
        found = [what for what in found if not what.startswith(".fromstring")]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_files_stay_readable(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 420, f"{path.name} has {lines} lines: two files would tell the story better"
