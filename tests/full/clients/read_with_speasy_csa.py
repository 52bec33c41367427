"""Run in the environment of speasy: read products of Cluster and write them down."""

from __future__ import annotations

import functools
import json
import sys

import numpy as np
import speasy
import speasy.data_providers.csa as provider

url, wanted, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
# its list of products comes through astroquery, which no rewriting of addresses reaches
provider.build_inventory = functools.partial(
    provider.build_inventory, tapurl=f"{url}/csa/csa-sl-tap/tap/"
)

found = {}
for number, (dataset, variable, start, stop) in enumerate(wanted):
    assert dataset in speasy.inventories.flat_inventories.csa.datasets, dataset
    got = speasy.get_data(f"csa/{dataset}/{variable}", start, stop)
    assert got is not None, (dataset, variable)
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
np.savez(target, **found)
