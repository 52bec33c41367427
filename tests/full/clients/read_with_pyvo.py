"""Run in the environment of pyvo: query the archive's tables and write the answers down."""

from __future__ import annotations

import json
import sys

import pyvo

url, queries, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
service = pyvo.dal.TAPService(f"{url}/csa/csa-sl-tap/tap")
answers = []
for query in queries:
    table = service.run_sync(query).to_table()
    answers.append([{name: str(row[name]) for name in table.colnames} for row in table])
with open(target, "w", encoding="utf-8") as file:
    json.dump(answers, file)
