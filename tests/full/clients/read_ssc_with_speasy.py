"""Run in the environment of speasy: read positions from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
import speasy

wanted, target = json.loads(sys.argv[2]), sys.argv[3]
found = {}
for number, (satellite, system, start, stop) in enumerate(wanted):
    assert satellite in speasy.inventories.flat_inventories.ssc.parameters, satellite
    got = speasy.get_data(f"ssc/{satellite}", start, stop, coordinate_system=system)
    assert got is not None, satellite
    assert got.unit == "km"
    assert got.columns == ["X", "Y", "Z"]
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
np.savez(target, **found)
