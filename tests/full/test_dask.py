"""`map_intervals` over a cluster: the same numbers, and a worker that is killed."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from speasy_core.intervals import map_intervals
from speasy_core.timerange import TimeRange

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of the cluster when it is taken down
]

DAYS = [TimeRange("2020-01-01", "2020-01-02").shifted(i * 86_400 * 10**9) for i in range(24)]


@pytest.fixture
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as made,
    ):
        yield made


def test_equal_results_in_order(client):
    def statistic(start: float, stop: float):
        t = np.arange(start, stop, 60.0)
        return {"mean": float(np.sin(t / 1e3).mean()), "count": len(t)}

    spread = map_intervals(statistic, DAYS, client.get_executor())
    assert spread == map_intervals(statistic, DAYS)
    assert len(spread.to_dataframe()) == len(DAYS)


def test_errors_come_back_with_their_place(client):
    def third_fails(start: np.datetime64, stop: np.datetime64):
        if start == DAYS[2].start:
            raise ZeroDivisionError("by nought")
        return 1

    found = map_intervals(third_fails, DAYS, client.get_executor())
    assert [error.interval for error in found.errors] == [DAYS[2]]
    assert "third_fails" in found.errors[0].traceback


def test_a_killed_worker_is_survived(client, tmp_path):
    mark = tmp_path / "killed"

    def once(start: float, stop: float):
        time.sleep(0.05)
        if start == DAYS[5].start_ns / 1e9 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return stop - start

    found = map_intervals(once, DAYS, client.get_executor())
    assert mark.exists()
    assert found == [86_400.0] * len(DAYS)
