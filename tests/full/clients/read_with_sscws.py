"""Run in the environment of sscws: read positions from the archive and write them down."""

from __future__ import annotations

import json
import sys

import numpy as np
from sscws.coordinates import CoordinateSystem
from sscws.sscws import SscWs

url, wanted, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
client = SscWs(endpoint=f"{url}/ssc/WS/sscr/2/", disable_cache=True)
listed = client.get_observatories()
assert listed["HttpStatus"] == 200
ids = {observatory["Id"] for observatory in listed["Observatory"]}
found = {}
for number, (satellite, system, start, stop) in enumerate(wanted):
    assert satellite in ids, satellite
    spelled = next(s for s in CoordinateSystem if s.value.lower() == system)
    got = client.get_locations([satellite], [start, stop], [spelled])
    assert got["HttpStatus"] == 200, got
    (data,) = got["Data"]
    (place,) = data["Coordinates"]
    assert place["CoordinateSystem"] is spelled
    assert len(place["Latitude"]) == len(place["LocalTime"]) == len(data["Time"])
    stamps = [time.replace(tzinfo=None) for time in data["Time"]]
    found[f"time{number}"] = np.array(stamps, "M8[ns]").astype("i8")
    found[f"values{number}"] = np.stack([place[c].astype(float) for c in "XYZ"], axis=-1)

refused = client.get_locations(["no_such_thing"], [wanted[0][2], wanted[0][3]])
assert refused["StatusSubCode"].value == "InvalidSatellite", refused
np.savez(target, **found)
