"""Run in the environment of speasy: read positions from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
import speasy

wanted, target = json.loads(sys.argv[2]), sys.argv[3]
found = {}
for number, (product, options, start, stop) in enumerate(wanted):
    got = speasy.get_data(product, start, stop, **options)
    assert got is not None, product
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
    found[f"about{number}"] = json.dumps([got.unit, got.columns])
np.savez(target, **found)
