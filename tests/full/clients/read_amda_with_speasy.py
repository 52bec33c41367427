"""Run in the environment of speasy: read AMDA's products from the archive and write them down."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import speasy

wanted, target = json.loads(sys.argv[2]), sys.argv[3]


def nanoseconds(event: Any) -> list[int]:
    ends = (event.start_time, event.stop_time)
    return [int(np.datetime64(t.replace(tzinfo=None), "ns").astype("i8")) for t in ends]


found: dict[str, Any] = {"parameters": len(speasy.inventories.flat_inventories.amda.parameters)}
for number, (ident, *times) in enumerate(wanted["data"]):
    got = speasy.get_data(f"amda/{ident}", *times)
    assert got is not None, ident
    found[f"time{number}"] = np.asarray(got.time).astype("datetime64[ns]").astype("i8")
    found[f"values{number}"] = np.asarray(got.values)
    found[f"columns{number}"] = np.array(got.columns)
    found[f"unit{number}"] = got.unit
for number, ident in enumerate(wanted["events"]):
    events = speasy.get_data(f"amda/{ident}")
    found[f"name{number}"] = events.name
    found[f"events{number}"] = np.array([nanoseconds(event) for event in events])
    metas = [getattr(event, "meta", {}) for event in events]
    found[f"metas{number}"] = json.dumps(metas, default=str)
np.savez(target, **found)
