"""Run in the environment of hapiclient: read products from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
from hapiclient import hapi

root, wanted, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
options = {"cache": False, "usecache": False, **json.loads(sys.argv[4])}
ids = {item["id"] for item in hapi(root)["catalog"]}
found = {}
for number, (dataset, name, start, stop) in enumerate(wanted):
    assert dataset in ids, dataset
    assert name in {p["name"] for p in hapi(root, dataset)["parameters"]}, (dataset, name)
    data, meta = hapi(root, dataset, name, start, stop, **options)
    assert meta["status"]["code"] == 1200
    text = np.char.rstrip(np.asarray(data[meta["parameters"][0]["name"]]).astype("U"), "Z")
    found[f"time{number}"] = text.astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(data[name])
np.savez(target, **found)
