"""Products and variables reduced to columns, through the public calls."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core import SpeasyVariable, errors
from speasy_core.demo import LocalArchive

DAY = ("2019-01-02T00:00", "2019-01-02T06:00")
FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as archive:
        yield archive


@pytest.fixture
def session(archive, tmp_path):
    with spz.Session(archive.settings(cache_dir=tmp_path)) as session:
        yield session


def test_a_product_in_columns_is_its_samples_in_columns(session):
    found = session.get_lod(FIELD, *DAY, 300)
    v = session.get_data(FIELD, *DAY)
    mine = v.lod(*DAY, 300)
    assert 300 <= len(found) < 602
    assert found.edges[0] == np.datetime64(DAY[0])
    assert found.edges[-1] == np.datetime64(DAY[1])
    assert found.count.sum() == len(v)
    assert (found.unit, found.columns) == (v.unit, tuple(v.columns))
    for name in ("edges", "count", "min", "max", "first", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(mine, name))
    np.testing.assert_array_equal(
        np.nanmax(found.max, axis=0), np.nanmax(v.fill_to_nan().values, axis=0)
    )
    assert found.gaps == ()
    assert found.provenance


def test_what_is_kept_is_not_asked_again_and_offline_says_what_is_missing(session, archive):
    session.get_lod(FIELD, *DAY, 10)
    before = len(archive.requests)
    session.get_lod(FIELD, *DAY, 500)
    assert len(archive.requests) == before
    with pytest.warns(errors.SpeasyWarning, match="offline"):
        wider = session.get_lod(FIELD, DAY[0], "2019-01-02T12:00", 100, offline=True)
    assert [gap.reason for gap in wider.gaps] == ["offline"]
    assert np.isnan(wider.min[wider.count == 0]).all()
    with pytest.raises(errors.OfflineError):
        session.get_lod(FIELD, "2019-03-01", "2019-03-02", offline=True)


def test_a_function_in_columns(session):
    def wave(span):
        t = np.arange(span.start_ns, span.stop_ns, 10**9)
        return SpeasyVariable(t, np.arange(float(len(t))), name="wave")

    session.providers["vp"].register("wave", wave, kind="scalar")
    found = session.get_lod("vp/wave", *DAY, 100)
    assert found.count.sum() == 6 * 3600
    assert found.max[-1] == 6 * 3600 - 1


def test_one_of_the_times_may_be_a_duration(session):
    found = session.get_lod(FIELD, DAY[0], "PT6H", 10)
    assert found.count.sum() == len(session.get_data(FIELD, DAY[0], "PT6H"))


def test_mistakes_are_named(session):
    v = SpeasyVariable([0, 1], [1.0, 2.0])
    for ask in (lambda **how: v.lod(**how), lambda **how: session.get_lod(FIELD, *DAY, **how)):
        with pytest.raises(errors.InvalidRequest, match="mean='median'"):
            ask(mean="median")
        with pytest.raises(errors.InvalidRequest, match="columns=0"):
            ask(columns=0)
        with pytest.raises(errors.InvalidRequest, match="columns='many'"):
            ask(columns="many")
    with pytest.raises(errors.VariableError, match="no minimum"):
        SpeasyVariable([0, 1], ["a", "b"]).lod()
    with pytest.raises(errors.InvalidRequest, match="empty variable"):
        SpeasyVariable([], []).lod()
    with pytest.raises(errors.UnknownProduct):
        session.get_lod("cda/NO_SUCH/thing", *DAY)


def test_empty_ranges_and_one_sample():
    v = SpeasyVariable(np.array([5, 50, 500]) * 10**9, [[1, 2], [3, 4], [5, 6]], columns=["a", "b"])
    empty = v.lod("1970-01-01T00:01", "1970-01-01T00:02", 10)
    assert empty.count.sum() == 0
    assert empty.min.shape == (len(empty), 2)
    assert np.isnan(empty.max).all()
    one = v[:1].lod()
    assert one.count.tolist() == [1]
    assert one.min.tolist() == [[1, 2]]
    assert "1 samples" in repr(one)
