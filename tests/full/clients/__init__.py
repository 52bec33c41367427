"""Other people's clients, each in an environment of its own under ``build/clients``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
REQUIREMENTS = {
    "cdasws": ["cdasws>=1.8,<1.9", "cdflib", "xarray", "requests"],
    "hapiclient": ["hapiclient==0.3.3", "setuptools"],
    "pyvo": ["pyvo>=1.6,<2"],
    "speasy": ["speasy==1.9.1"],
    "sscws": ["sscws>=2.5,<2.6", "cdflib", "xarray", "requests"],
}


def client_python(name: str, requirements: Sequence[str] = ()) -> Path:
    """Return the interpreter of a client's environment, made where it is not there yet."""
    requirements = list(requirements) or REQUIREMENTS[name]
    folder = REPOSITORY / "build" / "clients" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements.json"
    wanted = json.dumps(requirements)
    if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
        stamp.write_text(wanted)
    return python


def speasy_environment(url: str, folder: Path) -> dict[str, str]:
    """Return the variables that point speasy at a local archive, with state below `folder`."""
    rules = {
        "https://cdaweb.gsfc.nasa.gov": f"{url}/cdaweb",
        "https://spdf.gsfc.nasa.gov": f"{url}/spdf",
    }
    return {
        "SPEASY_CORE_HTTP_REWRITE_RULES": repr(rules),
        "SPEASY_PROXY_ENABLED": "false",
        "SPEASY_CACHE_PATH": f"{folder}/cache",
        "SPEASY_INDEX_PATH": f"{folder}/index",
        "SPEASY_CDAWEB_INVENTORY_DATA_PATH": f"{folder}/inventory",
        "SPEASY_CORE_DISABLED_PROVIDERS": "amda,csa,ssc,cdpp3dview,uiowa_eph_tool,archive",
    }
