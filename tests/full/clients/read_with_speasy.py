"""Run in the environment of speasy: read products from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
import speasy

wanted, target = json.loads(sys.argv[2]), sys.argv[3]


found = {}
for number, (dataset, variable, start, stop) in enumerate(wanted):
    assert dataset in speasy.inventories.flat_inventories.cda.datasets, dataset
    got = speasy.get_data(f"cda/{dataset}/{variable}", start, stop, **json.loads(sys.argv[4]))
    assert got is not None, (dataset, variable)
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
np.savez(target, **found)
