"""Run in the environment of cdasws: read products from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
from cdasws import CdasWs

url, wanted, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
client = CdasWs(endpoint=f"{url}/cdaweb/WS/cdasr/1/dataviews/sp_phys/", disable_cache=True)
found = {}
for number, (dataset, variable, start, stop) in enumerate(wanted):
    assert variable in client.get_variable_names(dataset), (dataset, variable)
    status, data = client.get_data(dataset, [variable], start, stop)
    assert data is not None, status
    time = data[variable].dims[0]
    found[f"time{number}"] = np.asarray(data[time].values).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(data[variable].values)
groups = {g["Name"]: g["ObservatoryId"] for g in client.get_observatory_groups()}
assert groups["ACE"] == ["AC"], groups
assert client.get_inventory("AC_H0_MFI")
np.savez(target, **found)
