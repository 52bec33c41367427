"""Run in the environment of speasy: read products from the archive and write them down."""

from __future__ import annotations

import json
import os
import sys

import numpy as np

url, wanted, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
folder = os.path.dirname(target)
os.environ.update(
    SPEASY_CORE_HTTP_REWRITE_RULES=repr(
        {
            "https://cdaweb.gsfc.nasa.gov": f"{url}/cdaweb",
            "https://spdf.gsfc.nasa.gov": f"{url}/spdf",
        }
    ),
    SPEASY_PROXY_ENABLED="false",
    SPEASY_CACHE_PATH=f"{folder}/cache",
    SPEASY_INDEX_PATH=f"{folder}/index",
    SPEASY_CDAWEB_INVENTORY_DATA_PATH=f"{folder}/inventory",
    SPEASY_CORE_DISABLED_PROVIDERS="amda,csa,ssc,cdpp3dview,uiowa_eph_tool,archive",
)
import speasy  # noqa: E402 - it reads its settings when it is imported

found = {}
for number, (dataset, variable, start, stop) in enumerate(wanted):
    assert dataset in speasy.inventories.flat_inventories.cda.datasets, dataset
    got = speasy.get_data(f"cda/{dataset}/{variable}", start, stop, **json.loads(sys.argv[4]))
    assert got is not None, (dataset, variable)
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
np.savez(target, **found)
