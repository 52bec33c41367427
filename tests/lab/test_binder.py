"""What mybinder.org builds and starts: enough for every notebook, on the local archive."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS = {"speasy_core", "sciqlop_lab"}
USES = """
import speasy_core as spz

labels = spz.get_data("amda/sharedcatalog_8001")
b = spz.get_data("cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2", labels[0])
c = spz.get_data("csa/C1_CP_FGM_SPIN/B_mag__C1_CP_FGM_SPIN", "2020-01-01T13", "PT1M")
orbit = spz.get_data("ssc/mms1", "2020-01-01", "PT1H")
print(len(labels), len(b) > 0, len(c) > 0, len(orbit) > 0)
"""


def imported() -> dict[str, set[str]]:
    """By notebook, the top-level modules that its cells import."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        names = set()
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").partition(".")[0])
        found[path.name] = names - OURS - set(sys.stdlib_module_names)
    return found


def installed_by_binder() -> set[str]:
    """Distributions that ``binder/postBuild`` brings, with what they need themselves."""
    line = re.search(r'pip install .*"\.\[([a-z,]+)\]"', (ROOT / "binder/postBuild").read_text())
    assert line is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    todo = [Requirement(text) for text in project["dependencies"]]
    for extra in line[1].split(","):
        todo += [Requirement(text) for text in project["optional-dependencies"][extra]]
    found: set[str] = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in found and not wanted.extras:
            continue
        try:
            below = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # needed on another system or Python
        found.add(name)
        todo += [r for r in below if applies(r, {"", *wanted.extras})]
    return found


def applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


@pytest.mark.parametrize(("notebook", "modules"), imported().items(), ids=list(imported()))
def test_every_import_is_installed(notebook, modules):
    there = installed_by_binder()
    where = packages_distributions()
    missing = {m for m in modules if not there & {canonicalize_name(d) for d in where.get(m, ())}}
    assert not missing, f"{notebook}: binder/postBuild does not install {missing}"


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_it_starts_with_the_local_archive(tmp_path):
    """One step: the archive runs beside what is started, and is what every provider asks."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SPZ_")}
    clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    clean |= {"SPZ_CACHE_DIR": str(tmp_path / "cache"), "SPZ_CONFIG": str(tmp_path / "none.toml")}
    started = subprocess.Popen(
        ["bash", str(ROOT / "binder/start"), "python", "-c", USES],
        env=clean, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert started.stdout is not None
        line = started.stdout.readline()
    finally:
        os.killpg(started.pid, signal.SIGKILL)  # the archive goes on after what was started
        _, told = started.communicate()
    assert line == "640 True True True\n", told
