"""Every notebook runs from start to end on the local archive, and none carries outputs."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot
from nbclient import NotebookClient

from speasy_core.demo import LocalArchive

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# what must be true after the last cell; run in the notebook's own kernel
CHECKS = {
    "00-getting-data": """
assert len(crossings) == len(table) == 27 and all(len(v) for v in crossings)
assert not len(nothing) and "connect" in nothing.gaps[0].reason
assert same.equals(longer) or np.array_equal(same.time, longer.time)
assert [str(gap.range) for gap in known.gaps] == ["2019-01-02T09:00:00Z/2019-01-02T12:00:00Z"]
""",
    "02-arrays": """
plain = B.values.astype(float)
along = np.median(plain, axis=0)
along /= np.linalg.norm(along)
assert np.allclose(B_mfa.values[:, 0], (plain - np.median(plain, axis=0)) @ along, atol=1e-4)
length = np.linalg.norm(plain - np.median(plain, axis=0), axis=1)
assert np.allclose(np.linalg.norm(B_mfa.values, axis=1), length, atol=1e-4)
assert np.array_equal(spz.get_data("vp/demo/field-aligned waves", start, stop).values, waves.values)
again = sosfiltfilt(sos=sos, var=mean_field_aligned(B[narrow.start : narrow.stop]))
assert np.array_equal(zoomed.values, again.values)
assert np.abs(zoomed.values - cut_out.values).max() > 0.05
""",
    "03-mms-panel": """
assert [tuple(map(str, pair)) for pair in asked[before : before + 1]] == [
    ("2019-01-02T17:00:00.000000000", "2019-01-02T20:00:00.000000000")
]
assert len(panel.plots) == 6 and not panel.errors
again = spz.get_data([ions + "temppara_fast", ions + "tempperp_fast"], start, stop)
pressure = n[0].values.astype(float) * 1e6 * again[1].values * e
strength = np.interp(n[0].time_ns, b.time_ns, b.values[:, 3].astype(float)) * 1e-9
plain = pressure * 2 * mu0 / strength**2 * (again[1].values / again[0].values.astype(float) - 1)
fine = np.isfinite(mirror.values)
assert fine.mean() > 0.99 and np.allclose(mirror.values[fine], plain[fine], rtol=1e-4)
assert 0 < np.mean(unstable[sheath]) < 0.5 and not unstable[~sheath].any()
""",
    "04-boundary-layers": """
assert len(catalogue) == 640 and len(passages) > 200
assert {"full", "partial"} == {event.meta["kind"] for event in passages}
assert all(a.stop <= b.start for a, b in zip(windows, windows[1:]))
assert not set(window_of[train]) & set(window_of[test]) and len(train) + len(test) == len(X)
held = [w for w in windows if meets(w, spz.TimeTable("", {}, held_out))]
assert len(held) == len(held_out) == len(set(window_of[test]))
# the areas, without scikit-learn
def average_precision(truth, score):
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order], score[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)  # equal scores go together
    hits = np.cumsum(truth)[last]
    return np.sum(np.diff(hits, prepend=0) / truth.sum() * hits / (last + 1))
assert abs(average_precision(y[test], probability) - area) < 1e-9
assert abs(average_precision(y[test], baseline) - baseline_area) < 1e-9
assert area > 0.9 and 0.4 < baseline_area < 0.8 and low > 0.1
assert average_precision(y[test], -closeness(middle)[test]) < baseline_area
assert 0.2 < y.mean() < 0.5 and 0.2 < threshold < 0.8
assert found.mean() > 0.9 and false_alarms < 0.2 * len(detected)
assert found[kinds == "partial"].mean() > 0.8
assert len(panel.plots) == 4 and not panel.errors
assert len(panel.spans) == len(that_morning) + len(detected_then) > 8
assert np.array_equal(first.values, likely.values[: len(first)]) and np.nanmax(first.values) > 0.9
truly = labelled(likely.time, that_morning)
assert average_precision(truly, likely.values) > 0.9
if measured:
    assert [str(event.start)[11:16] for event in published] == ["12:25", "12:34", "12:37"]
    assert real_likely.shape == real[0].shape and len(real_panel.spans) == 3 + len(real_detected)
    assert sum(near) >= 1
""",
    "05-several-missions": """
from speasy_core.demo._orbits import ORBITS
from speasy_core.demo.synthetic.solarwind import shocks
from speasy_core.timerange import to_ns

(true,) = shocks(to_ns(start), to_ns(stop))
assert abs(shock_time - np.datetime64(true.time_ns, "ns")) < np.timedelta64(64, "s")
assert abs(shock_speed / true.shock_speed - 1) < 0.03
l1, earth = (ORBITS[s].positions(np.array([true.time_ns]), "gse")[0, 0] for s in ("ace", "mms1"))
assert abs(lag / np.timedelta64(1, "s") * true.shock_speed / (l1 - earth) - 1) < 0.03
assert abs(measured - put_in / np.timedelta64(1, "s")) <= 16
there = spz.get_data("cda/AC_H0_SWE/Np", str(n.time[0]), str(n.time[-1]))
assert np.array_equal(at_mms.values[:-1], there.values)
assert np.all(at_mms.time[:-1] - there.time == lag)
rise = at_earth.time[np.argmax(np.diff(at_earth.values / at_earth.values.mean())) + 1]
assert expected[0] < rise < expected[1]
from speasy_core.demo.synthetic.arrivals import arrival_ns

for name, title in names_of.items():  # the model's clock; Cluster has a sample every 4 s
    really = pd.Timestamp(arrival_ns(true, name))
    assert abs((comes.loc[title, "seen"] - really).total_seconds()) < 5
    assert abs((comes.loc[title, "expected"] - really).total_seconds()) < 60
assert abs(comes.loc["MMS1", "after Cluster 1 [s]"] - comes.loc["MMS1", "by distance [s]"]) < 6
before, after = inside[expected[0] - two_minutes : expected[0]], inside[expected[1] :]
assert before.values.max() < 1 and np.median(after.values[:40]) > 20
""",
    "06-several-years": """
assert len(shocks) == 166 and len(results) == len(shocks) == len(spread)
assert len(results.values) + len(results.errors) == 166 and len(results.values) > 50
assert all("MMS1 is in the magnetosheath" in error.message for error in results.errors)
assert [error.interval for error in results.errors] == [error.interval for error in spread.errors]
assert results.values == spread.values
true = table.dropna(subset=["density"])
assert np.median(np.abs(true["density"] / true["compression"].astype(float) - 1)) < 0.05
assert (true["field"] < 1.15 * true["density"]).all() and (true["pressure"] > true["density"]).all()
assert on_time.mean() > 0.65 and abs(late[on_time].median()) < 0.5 and 0.6 < out.mean() < 1
assert len(march) == 8 and march["above 500 km/s"].between(0.1, 0.9).all()
""",
}
# pictures that a notebook saves, and how many plots are stacked in each
PICTURES = {
    "04-boundary-layers": {"precision-recall.png": 1, "detections.png": 2},
    "03-mms-panel": {"mms-panel.png": 6},
    "05-several-missions": {"where.png": 1, "arrival.png": 2, "first.png": 1, "boundary.png": 2},
    "06-several-years": {"shocks.png": 1},
}


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_outputs_are_stripped(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs"), "strip the outputs before committing"
        assert cell.get("execution_count") is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_it_runs(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    if path.stem in CHECKS:
        notebook.cells.append(nbformat.v4.new_code_cell(CHECKS[path.stem]))
    with LocalArchive() as archive:
        for name, value in archive.environ(cache_dir=str(tmp_path)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SPZ_CONFIG", str(tmp_path / "settings.toml"))
        client = NotebookClient(
            notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
        )
        client.execute()
    problems = [
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "stream" and output["name"] == "stderr"
    ]
    assert not problems
    for name, plots in PICTURES.get(path.stem, {}).items():
        assert_drawn(tmp_path / name, plots)


def assert_drawn(picture, plots):
    """Each of the stacked plots must have ink of its own: colours, not only black frames."""
    pixels = pyplot.imread(picture)[:, :, :3]
    assert pixels.shape[0] > 300
    for part in np.array_split(pixels, plots, axis=0):
        coloured = np.ptp(part, axis=2) > 0.2
        assert coloured.any(axis=1).mean() > 0.05, f"{picture.name}: a plot is empty"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_readme_leads_to_it(path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"(notebooks/{path.name})" in readme
    assert f"urlpath=lab/tree/notebooks/{path.name})" in readme
