"""Resampling, filters, spectra, rolling statistics and rotations."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.errors import SpeasyWarning, TimeAxisMismatch, VariableError
from speasy_core.signal import (
    butterworth,
    fft,
    field_aligned,
    field_aligned_matrix,
    generate_time_vector,
    interpolate,
    minimum_variance,
    moving_average,
    psd,
    resample,
    rolling_mean,
    rolling_std,
    rotate,
    sosfiltfilt,
    spectrogram,
)  # fmt: skip
from speasy_core.signal.filtering import apply_sos_filter
from speasy_core.variable import SpeasyVariable
from tests.core.samples import seconds
from tests.core.samples import spectrogram as energies

signal = pytest.importorskip("scipy.signal")
V = SpeasyVariable
SOS = signal.butter(2, 0.2, output="sos")


def noise(n: int = 400, k: int = 3, step: float = 1.0, **labels: object) -> SpeasyVariable:
    values = np.random.default_rng(0).normal(size=(n, k)).cumsum(axis=0)
    options = {"unit": "nT", "name": "b", "columns": [f"c{i}" for i in range(k)], **labels}
    return V(seconds(n, step), values, **options)


def without(v: SpeasyVariable, first: int, last: int) -> SpeasyVariable:
    keep = np.ones(len(v), bool)
    keep[first:last] = False
    return v[keep]


class TestTimeVector:
    def test_stop_is_left_out(self) -> None:
        grid = generate_time_vector("2020-01-01", "2020-01-01T00:00:10", 2)
        assert grid.dtype == "M8[ns]"
        assert len(grid) == 5
        for dt in (timedelta(seconds=2), np.timedelta64(2, "s"), 2.0):
            np.testing.assert_array_equal(
                generate_time_vector(grid[0], "2020-01-01T00:00:10", dt), grid
            )
        assert len(generate_time_vector("2020", "2020-01-01T00:00:01", 0.1)) == 10

    @pytest.mark.parametrize("dt", [0, -1, np.nan, "x", None, True])
    def test_a_bad_step_is_refused(self, dt: object) -> None:
        with pytest.raises(VariableError):
            generate_time_vector("2020", "2021", dt)


class TestInterpolate:
    def test_linear_is_numpys(self) -> None:
        v = noise(50)
        since = np.unique(np.random.default_rng(1).integers(0, 49 * 10**9, 200))
        at = v.time[0] + since.view("m8[ns]")
        got = interpolate(at, v)
        x = (v.time_ns - v.time_ns[0]) / 1e9
        for k in range(3):
            expected = np.interp((at.view(np.int64) - v.time_ns[0]) / 1e9, x, v.values[:, k])
            np.testing.assert_allclose(got.values[:, k], expected, rtol=1e-12)
        np.testing.assert_array_equal(got.time, at)
        assert (got.unit, got.columns, got.name) == (v.unit, v.columns, v.name)

    def test_exact_at_samples_to_the_nanosecond(self) -> None:
        base = 1_600_000_000_000_000_000
        v = V(base + np.array([0, 1, 3]), [0.1, 0.7, 0.3])
        got = interpolate(V(base + np.arange(4), np.zeros(4)), v)
        np.testing.assert_array_equal(got.values[[0, 1, 3]], v.values)
        assert got.values[2] == pytest.approx(0.5)

    def test_no_line_over_a_hole(self) -> None:
        v = without(noise(30), 10, 20)
        ref = noise(30)
        got = interpolate(ref, v)
        assert np.isnan(got.values[10:20]).all()
        assert np.isfinite(got.values[:10]).all()
        np.testing.assert_array_equal(got.values[20:], v.values[10:])
        assert np.isfinite(interpolate(ref, v, max_gap=None).values).all()
        assert np.isfinite(interpolate(ref, v, max_gap=12).values).all()
        for method in ("nearest", "previous", "cubic", "pchip"):
            assert np.isnan(interpolate(ref, v, method=method).values[10:20]).all()
        with pytest.raises(VariableError, match="max_gap"):
            interpolate(ref, v, max_gap=0.5)

    def test_no_extrapolation_unless_asked(self) -> None:
        v, ref = noise(30)[10:20], noise(30)
        for method in ("linear", "nearest", "previous", "cubic", "pchip"):
            got = interpolate(ref, v, method=method)
            np.testing.assert_array_equal(np.isnan(got.values[:, 0]),
                                          (np.arange(30) < 10) | (np.arange(30) > 19))  # fmt: skip
            held = interpolate(ref, v, method=method, extrapolate="hold").values
            np.testing.assert_allclose(held[0], v.values[0])
            np.testing.assert_allclose(held[-1], v.values[-1])
            assert np.isfinite(interpolate(ref, v, method=method, extrapolate=True).values).all()
        line = V(seconds(3), [0.0, 1.0, 2.0])
        got = interpolate(seconds(6), line, extrapolate=True)
        np.testing.assert_allclose(got.values, np.arange(6.0))

    def test_fill_values_and_nan_are_absent(self) -> None:
        values = np.arange(20.0)
        values[5], values[10:16] = -1e31, np.nan
        v = V(seconds(20), values, meta={"FILLVAL": -1e31})
        got = interpolate(seconds(39, 0.5), v).values
        assert got[10] == pytest.approx(5.0)
        assert np.isnan(got[20:31]).all()
        assert np.isfinite(got[:19]).all()
        both = V(seconds(20), np.stack([values, np.arange(20.0)], 1), meta={"FILLVAL": -1e31})
        assert np.isfinite(interpolate(seconds(39, 0.5), both).values[:, 1]).all()
        assert np.isnan(interpolate(seconds(3), V(seconds(3, 2), [np.nan] * 3)).values).all()

    def test_integers_are_promoted_and_float32_stays(self) -> None:
        got = interpolate(seconds(3, 0.5), V(seconds(2), np.array([0, 1], "i2")))
        assert got.values.tolist() == [0, 0.5, 1]
        assert interpolate(seconds(3, 0.5), V(seconds(2), np.zeros(2, "f4"))).dtype == np.float32
        with pytest.raises(VariableError, match="not numbers"):
            interpolate(seconds(3, 0.5), V(seconds(2), ["a", "b"]))

    @pytest.mark.parametrize("method", ["linear", "nearest", "previous", "cubic", "pchip"])
    def test_any_dimension_and_axes(self, method: str) -> None:
        v = V(seconds(6), np.arange(54.0).reshape(6, 3, 3), unit="nPa")
        got = interpolate(seconds(11, 0.5), v, method=method)
        assert got.shape == (11, 3, 3)
        np.testing.assert_allclose(got.values[::2], v.values)
        spec = interpolate(seconds(11, 0.5), energies(varying=True), method=method)
        assert spec.axes[0].values.shape == (11, 4)
        first = energies(varying=True).axes[0].values[0]
        np.testing.assert_array_equal(spec.axes[0].values[1], first)

    def test_methods(self) -> None:
        v = V(seconds(3), [0.0, 10.0, 20.0])
        at = seconds(1) + np.array([400, 600, 1500], "m8[ms]")
        assert interpolate(at, v, method="nearest").values.tolist() == [0, 10, 10]
        assert interpolate(at, v, method="previous").values.tolist() == [0, 0, 10]
        smooth = V(seconds(50, 0.1), np.sin(np.arange(50) / 10))
        fine = interpolate(seconds(99, 0.05), smooth, method="cubic")
        np.testing.assert_allclose(fine.values, np.sin(np.arange(99) / 20), atol=1e-5)

    def test_lists_references_and_callbacks(self) -> None:
        v, ref = noise(20), noise(10, step=2.0)
        many = interpolate(ref, [v, v["c0"]])
        assert [m.shape for m in many] == [(10, 3), (10,)]
        assert (many[0] + ref).shape == (10, 3)  # the times are the same now
        for times in (ref.time, list(ref.time.astype("M8[us]").tolist())):
            np.testing.assert_array_equal(interpolate(times, v).values, many[0].values)

        def callback(x: np.ndarray, y: np.ndarray, scale: float):  # type: ignore[no-untyped-def]
            return lambda new: np.interp(new, x, y) * scale

        got = interpolate(ref, v, callback, 2.0)
        np.testing.assert_allclose(got.values, 2 * many[0].values)
        with pytest.raises(TypeError, match="unexpected"):
            interpolate(ref, v, nonsense=1)
        with pytest.raises(VariableError, match="unknown method"):
            interpolate(ref, v, method="x")
        with pytest.raises(VariableError, match="increasing"):
            interpolate(ref.time[::-1], v)
        with pytest.raises(VariableError, match="DataArray is needed"):
            interpolate(ref, 3)

    def test_edge_sizes(self) -> None:
        empty = noise(5)[:0]
        assert np.isnan(interpolate(seconds(3), empty).values).all()
        assert interpolate(empty.time, noise(5)).shape == (0, 3)
        one = noise(5)[:1]
        got = interpolate(seconds(3), one).values
        np.testing.assert_array_equal(got[0], one.values[0])
        assert np.isnan(got[1:]).all()
        assert np.isnan(interpolate(seconds(3), energies(varying=True)[:0]).values).all()

    def test_the_time_axis_of_the_result_cannot_be_written(self) -> None:
        grid = seconds(3, 0.5)
        got = interpolate(grid, noise(5))
        with pytest.raises(ValueError, match="read-only"):
            got.time[0] = 0

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(0, 10**10), min_size=2, max_size=30, unique=True), st.data())
    def test_between_neighbours(self, stamps: list[int], data: st.DataObject) -> None:
        """A linear value lies between its neighbours, whatever the sampling."""
        ns = np.sort(np.array(stamps)) + 2**60
        values = np.random.default_rng(len(stamps)).normal(size=len(ns))
        new = np.unique(data.draw(st.lists(st.integers(0, 10**10), min_size=1, max_size=30)))
        got = interpolate((new + 2**60).view("M8[ns]"), V(ns, values), max_gap=None).values
        for t, y in zip(new + 2**60, got, strict=True):
            at = np.searchsorted(ns, t, side="right") - 1
            if at < 0 or t > ns[-1]:
                assert np.isnan(y)
            else:
                low, high = sorted((values[at], values[min(at + 1, len(ns) - 1)]))
                assert low - 1e-12 <= y <= high + 1e-12
                if t == ns[at]:
                    assert y == values[at]

    def test_many_times_in_chunks_and_threads(self) -> None:
        n = 300_000
        v = V(np.arange(n) * 10, np.arange(n) * 0.5)
        new = (np.arange(2 * n - 1) * 5).view("M8[ns]")
        np.testing.assert_allclose(interpolate(new, v).values, np.arange(2 * n - 1) * 0.25)
        jitter = V(np.arange(n) * 10 + np.arange(n) % 3, np.arange(n) * 1.0)
        assert np.isfinite(interpolate(new, jitter).values[: 2 * n - 2]).all()


class TestResample:
    def test_grid(self) -> None:
        v = noise(11)
        assert len(resample(v, 0.5)) == 21
        assert len(resample(v, timedelta(seconds=2))) == 6
        np.testing.assert_array_equal(resample(v, 2).values, v.values[::2])
        assert len(resample(v, 3)) == 4
        assert resample(v[:0], 1).shape == (0, 3)
        got = resample([v, v["c0"]], 2)
        assert got[1].shape == (6,)
        assert not np.shares_memory(got[0].values, v.values)

    def test_average(self) -> None:
        v = V(seconds(8), [0.0, 1, 2, 3, 4, 5, np.nan, 7])
        got = resample(v, 2, average=True)
        assert got.values.tolist() == [0.0, 1.5, 3.5, 5.0]
        holes = resample(without(noise(40), 10, 30), 4, average=True)
        assert np.isnan(holes.values[3:7]).all()
        integers = V(seconds(4), np.array([0, 1, 2, 3], "i2"))
        assert resample(integers, 2, average=True).values.tolist() == [0.0, 1.5]


class TestFilters:
    def test_is_scipys(self) -> None:
        v = noise()
        got = sosfiltfilt(SOS, v)
        np.testing.assert_allclose(got.values, signal.sosfiltfilt(SOS, v.values, axis=0))
        assert (got.unit, got.columns, got.name) == (v.unit, v.columns, v.name)
        assert sosfiltfilt(sos=SOS, var=[v])[0].shape == v.shape
        forward = apply_sos_filter(SOS, signal.sosfilt, v)
        np.testing.assert_allclose(forward.values, signal.sosfilt(SOS, v.values, axis=0))
        assert sosfiltfilt(SOS, v.astype("f4")).dtype == np.float32
        assert sosfiltfilt(SOS, V(v.time, np.arange(400))).dtype == np.float64
        assert sosfiltfilt(SOS, v[:0]).shape == (0, 3)

    def test_much_data_is_filtered_in_threads(self) -> None:
        v = noise(400_000)
        expected = signal.sosfiltfilt(SOS, v.values, axis=0)
        np.testing.assert_array_equal(sosfiltfilt(SOS, v).values, expected)
        with pytest.raises(VariableError, match="long enough"):
            sosfiltfilt(SOS, V([1, 2], np.zeros((2, 600_000))))

    def test_segment_by_segment(self) -> None:
        v = without(noise(), 150, 250)
        got = sosfiltfilt(SOS, v).values
        np.testing.assert_allclose(got[:150], signal.sosfiltfilt(SOS, v.values[:150], axis=0))
        np.testing.assert_allclose(got[150:], signal.sosfiltfilt(SOS, v.values[150:], axis=0))

    def test_nan_does_not_spread(self) -> None:
        values = np.array(noise().values)
        values[100, 0], values[200:240, 1] = np.nan, np.nan
        got = sosfiltfilt(SOS, noise().copy(values=values)).values
        np.testing.assert_array_equal(np.isnan(got), np.isnan(values))
        np.testing.assert_allclose(
            got[:, 2], signal.sosfiltfilt(SOS, values[:, 2]), rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(got[:200, 1], signal.sosfiltfilt(SOS, values[:200, 1]))

    def test_short_pieces_are_nan_with_a_warning(self) -> None:
        v = without(noise(), 200, 395)
        with pytest.warns(SpeasyWarning, match="5 samples"):
            got = sosfiltfilt(SOS, v)
        assert np.isnan(got.values[200:]).all()
        with pytest.raises(VariableError, match="long enough"):
            sosfiltfilt(SOS, noise(5))

    def test_irregular_sampling(self) -> None:
        v = noise()
        jitter = V(v.time_ns + np.random.default_rng(0).integers(-4 * 10**8, 4 * 10**8, 400),
                   v.values, unit="nT")  # fmt: skip
        with pytest.raises(VariableError, match="not sampled regularly"):
            sosfiltfilt(SOS, jitter)
        got = sosfiltfilt(SOS, jitter, irregular="resample")
        assert np.isfinite(got.values).all()
        np.testing.assert_array_equal(got.time, jitter.time)
        slow = V(jitter.time, np.sin(np.arange(400) / 60))
        done = sosfiltfilt(SOS, slow, irregular="resample").values
        np.testing.assert_allclose(done[20:-20], slow.values[20:-20], atol=0.03)

    def test_butterworth(self) -> None:
        t = np.arange(2000) / 10
        v = V(seconds(2000, 0.1), np.sin(2 * np.pi * 0.05 * t) + np.sin(2 * np.pi * 2 * t))
        low = butterworth(v, 4, high=0.5).values[100:-100]
        np.testing.assert_allclose(low, np.sin(2 * np.pi * 0.05 * t)[100:-100], atol=1e-3)
        high = butterworth(v, 4, low=0.5).values[100:-100]
        np.testing.assert_allclose(high, np.sin(2 * np.pi * 2 * t)[100:-100], atol=1e-3)
        assert butterworth(v, 2, 1.0, 3.0).shape == v.shape
        for low_, high_ in ((None, None), (1.0, 0.5), (None, 5.0), (0.0, None)):
            with pytest.raises(VariableError):
                butterworth(v, 2, low_, high_)

    def test_bad_sections(self) -> None:
        with pytest.raises(VariableError, match="sos"):
            sosfiltfilt(np.zeros((2, 3)), noise())


class TestSpectra:
    def test_fft(self) -> None:
        v = noise(128, step=0.25)
        got = fft(v)
        np.testing.assert_allclose(got.values, np.fft.rfft(v.values, axis=0))
        np.testing.assert_allclose(got.frequency, np.fft.rfftfreq(128, 0.25))
        assert got.columns == ("c0", "c1", "c2")
        with pytest.raises(VariableError, match="regularly"):
            fft(without(v, 3, 9))
        with pytest.raises(VariableError, match="NaN"):
            fft(v.copy(values=np.where(v.values > 0, np.nan, 1.0)))

    def test_psd_is_welch_and_keeps_the_power(self) -> None:
        v = V(seconds(20_000, 0.1), np.random.default_rng(0).normal(size=20_000), unit="nT")
        got = psd(v, 512)
        expected = signal.welch(v.values, 10.0, "hann", 512, 256)
        np.testing.assert_allclose(got.values, expected[1])
        assert got.unit == "nT² Hz⁻¹"
        power = got.values.sum() * got.frequency[1]
        assert power == pytest.approx(1.0, rel=0.05)
        holey = psd(without(v, 8000, 9000), 512)
        assert holey.windows < got.windows
        np.testing.assert_allclose(holey.values[1:], got.values[1:], rtol=0.6)
        with pytest.raises(VariableError, match="nperseg"):
            psd(v, 10**6)
        with pytest.raises(VariableError, match="overlap"):
            psd(v, 64, overlap=1.0)

    def test_spectrogram_is_a_variable(self) -> None:
        t = np.arange(6000) / 10
        v = V(seconds(6000, 0.1), np.sin(2 * np.pi * 2.5 * t), unit="nT", name="b",
              meta={"CATDESC": "B"})  # fmt: skip
        got = spectrogram(v, 256)
        assert got.kind == "spectrogram"
        assert got.axes[0].unit == "Hz"
        assert got.unit == "nT² Hz⁻¹"
        assert got.axes[0].values[got.values.mean(axis=0).argmax()] == pytest.approx(2.5, abs=0.04)
        assert got.time[0] == v.time[0] + np.timedelta64(12_750, "ms")
        three = spectrogram(without(noise(3000), 1000, 1500), 128)
        assert three.shape[1] == 65
        assert len(three.find_gaps()) == 1
        with pytest.raises(VariableError, match="nperseg"):
            spectrogram(v[:10])


class TestRolling:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(2, 60), st.integers(1, 12))
    def test_against_loops(self, n: int, window: int) -> None:
        rng = np.random.default_rng(n)
        ns = np.cumsum(rng.integers(1, 3 * 10**9, n))
        values = rng.normal(size=(n, 2))
        values[rng.random((n, 2)) < 0.1] = np.nan
        v = V(ns, values)
        mean, std = rolling_mean(v, window).values, rolling_std(v, window).values
        average = moving_average(v, window, max_gap=None).values
        for i in range(n):
            near = np.abs(ns - ns[i]) <= window * 10**9 // 2
            rows = values[max(i - (window - 1) // 2, 0) : i + window // 2 + 1]
            for k in range(2):
                inside = values[near, k][np.isfinite(values[near, k])]
                some = rows[:, k][np.isfinite(rows[:, k])]
                for got, data, function in (
                    (mean, inside, np.mean), (std, inside, np.std), (average, some, np.mean),
                ):  # fmt: skip
                    if data.size:
                        assert got[i, k] == pytest.approx(function(data), abs=1e-7)
                    else:
                        assert np.isnan(got[i, k])

    def test_small_variations_on_a_large_drift(self) -> None:
        n = 60_000
        small = np.random.default_rng(0).normal(size=n) * 1e-3
        v = V(seconds(n), np.arange(n) * 1e-6 + 1e6 + small)
        got = rolling_std(v, 100).values[1000:-1000]
        assert got.mean() == pytest.approx(1e-3, rel=0.02)

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(
            st.one_of(st.floats(-1e6, 1e6, width=32), st.just(np.nan)), min_size=2, max_size=80
        ),
        st.floats(-1e9, 1e9),
        st.integers(1, 40),
        st.integers(0, 2),
        st.data(),
    )
    def test_a_window_gives_the_same_wherever_the_range_starts(
        self, numbers: list[float], offset: float, window: int, ddof: int, data: st.DataObject
    ) -> None:
        values = np.array(numbers, float) + offset
        v = V(seconds(len(values)), values)
        mean, std = rolling_mean(v, window), rolling_std(v, window, ddof=ddof)
        half = window // 2
        for i, got in enumerate(zip(mean.values, std.values, strict=True)):
            near = values[max(i - half, 0) : i + half + 1]
            near = near[np.isfinite(near)]
            if near.size > ddof:
                size = np.abs(near).max()
                assert got[0] == pytest.approx(near.mean(), rel=1e-13, abs=1e-13 * size)
                assert got[1] == pytest.approx(near.std(ddof=ddof), rel=1e-7, abs=1e-12 * size)
            else:
                assert np.isnan(got[1])
        first = data.draw(st.integers(0, len(values) - 1))
        for function, whole in ((rolling_mean, mean), (lambda *a: rolling_std(*a, ddof=ddof), std)):
            part = function(v[first:], window).values[half:]
            np.testing.assert_array_equal(part, whole.values[first + half :])

    def test_a_long_range_gives_what_its_parts_give(self) -> None:
        n, margin = 50_000, 150
        rng = np.random.default_rng(1)
        values = np.cumsum(rng.normal(size=(n, 2)), axis=0) * 100
        values[rng.random(n) < 0.01] = np.nan
        v = V(seconds(n), values)
        for function in (rolling_mean, rolling_std):
            whole = function(v, 2 * margin).values
            for first, last in ((3, 20_000), (19_850, n)):
                part = function(v[first:last], 2 * margin).values[margin:-margin]
                np.testing.assert_array_equal(part, whole[first + margin : last - margin])

    def test_what_is_elsewhere_changes_no_bit(self) -> None:
        """A hole or a NaN far away: the windows here are no slices any more."""
        n = 30_000
        values = np.random.default_rng(2).normal(size=n).cumsum() + 1e5
        plain = V(seconds(n), values)
        broken = values.copy()
        broken[20_000:20_100:3] = np.nan
        holes = np.r_[0:14_000, 14_003:n]
        for function in (rolling_mean, lambda *a: rolling_std(*a, ddof=1)):
            for window in (2, 30, 777):
                whole = function(plain, window).values
                with_nan = function(V(seconds(n), broken), window).values
                far = np.r_[0:19_500, 20_600:n]
                np.testing.assert_array_equal(with_nan[far], whole[far])
                cut = function(plain[holes], window).values
                far = np.r_[0:13_500, 14_600:n]
                np.testing.assert_array_equal(cut[np.searchsorted(holes, far)], whole[far])

    @given(
        st.lists(st.integers(1, 9), min_size=0, max_size=60),
        st.integers(0, 3),
        st.integers(1, 40),
    )
    def test_windows_are_those_of_the_times(
        self, steps: list[int], regular: int, window: int
    ) -> None:
        steps = [regular] * len(steps) if regular else steps
        ns = np.cumsum([1000, *steps])
        values = 2.0 ** (np.arange(len(ns)) % 50)
        got = rolling_mean(V(ns, values), np.timedelta64(window, "ns")).values
        for i, t in enumerate(ns):
            inside = values[(ns >= t - window // 2) & (ns <= t + window // 2)]
            assert got[i] == pytest.approx(inside.mean(), rel=1e-14)

    def test_moving_average_stops_at_holes(self) -> None:
        values = np.r_[np.zeros(20), np.ones(20)]
        v = V(np.r_[np.arange(20), np.arange(100, 120)] * 10**9, values, unit="nT")
        np.testing.assert_array_equal(moving_average(v, 5).values, values)
        assert moving_average(v, 5).unit == "nT"
        for bad in (0, 1.5, True):
            with pytest.raises(VariableError):
                moving_average(v, bad)  # type: ignore[arg-type]

    def test_options(self) -> None:
        v = V(seconds(4), [0.0, 2.0, 4.0, 6.0])
        assert np.isnan(rolling_mean(v, 2, min_samples=3).values).tolist() == [1, 0, 0, 1]
        assert rolling_std(v, 2, ddof=1).values[1] == pytest.approx(2.0)
        assert rolling_mean(v[:0], 2).shape == (0,)


class TestGeometry:
    def test_field_aligned(self) -> None:
        b0 = np.array([1.0, 2.0, 2.0])
        matrix = field_aligned_matrix(b0)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-15)
        np.testing.assert_allclose(matrix[0], b0 / 3)
        theta = np.cross(b0 / 3, [1, 0, 0])
        np.testing.assert_allclose(matrix[1], theta / np.linalg.norm(theta))
        v = noise()
        got = field_aligned(v, b0)
        np.testing.assert_allclose(got.values, v.values @ matrix.T)
        assert got.columns == ["par", "theta", "phi"]
        assert (got.unit, got.name) == ("nT", "b")
        assert field_aligned(v).shape == v.shape
        background = rolling_mean(v, 30) + 5.0
        moving = field_aligned(v, background)
        np.testing.assert_allclose(
            moving.values[:, 0],
            np.sum(v.values * background.values, 1) / np.linalg.norm(background.values, axis=1),
        )
        with pytest.raises(TimeAxisMismatch):
            field_aligned(v, background[1:])
        for bad in ([0, 0, 0], [1, 0, 0], [np.nan, 0, 1], [1, 2]):
            with pytest.raises(VariableError):
                field_aligned(v, bad)

    def test_rotate(self) -> None:
        v = noise()
        np.testing.assert_allclose(rotate(v, np.eye(3)[::-1]).values, v.values[:, ::-1])
        with pytest.raises(VariableError, match="does not rotate"):
            rotate(v, np.eye(2))
        with pytest.raises(VariableError, match="vectors"):
            rotate(v["c0"], np.eye(3))

    def test_minimum_variance(self) -> None:
        rng = np.random.default_rng(0)
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        lengths = np.array([5.0, 2.0, 0.5])
        values = rng.normal(size=(5000, 3)) * lengths @ axes.T
        got = minimum_variance(V(np.arange(5000), values, unit="nT"))
        np.testing.assert_allclose(got.eigenvalues, lengths**2, rtol=0.1)
        np.testing.assert_allclose(np.abs(got.matrix @ axes), np.eye(3), atol=0.05)
        assert np.linalg.det(got.matrix) == pytest.approx(1.0)
        assert got.rotated.columns == ["l", "m", "n"]
        np.testing.assert_allclose(got.rotated.values.var(axis=0), got.eigenvalues)
        with pytest.raises(VariableError, match="three samples"):
            minimum_variance(V([1, 2], np.ones((2, 3))))


class TestPosterScripts:
    def test_mean_field_aligned_coordinates(self) -> None:
        b = noise(2000, columns=["br", "bt", "bp"])
        b0 = np.median(b, axis=0)
        delta = b - b0
        er = b0 / np.linalg.norm(b0)
        etheta = np.cross(er, [1.0, 0.0, 0.0])
        etheta /= np.linalg.norm(etheta)
        ephi = np.cross(er, etheta)
        ephi /= np.linalg.norm(ephi)
        b_mfa = np.einsum("kj,ij->ik", np.array([er, etheta, ephi]), delta)
        filtered = sosfiltfilt(sos=SOS, var=b_mfa)
        plain = np.array(b.values)
        expected = (plain - np.median(plain, axis=0)) @ np.array([er, etheta, ephi]).T
        expected = signal.sosfiltfilt(SOS, expected, axis=0)
        np.testing.assert_allclose(filtered.values, expected, rtol=1e-6)
        assert isinstance(filtered, V)
        assert (filtered.name, filtered.unit) == ("b", "nT")
        np.testing.assert_array_equal(filtered.time, b.time)

    def test_mirror_mode_threshold(self) -> None:
        rng = np.random.default_rng(0)
        n = 100
        tpara = V(seconds(n, 4.5), 300 + rng.random(n), unit="eV", name="tpara")
        tperp = V(tpara.time, 500 + rng.random(n), unit="eV", name="tperp")
        density = V(tpara.time, 20 + rng.random(n), unit="cm^-3", name="n")
        b = V(seconds(7200, 1 / 16), 20 + rng.random((7200, 4)), columns=["Bx", "By", "Bz", "Bt"],
              unit="nT", name="b")  # fmt: skip
        e, mu0 = 1.602176634e-19, 4e-7 * np.pi
        on_ions = interpolate(tperp, b)
        bt = on_ions["Bt"]
        beta = density * 1e6 * tperp * e * 2 * mu0 / (bt * 1e-9) ** 2
        mirror = beta.with_unit("") * (tperp / tpara - 1)
        x = np.interp(tperp.time_ns.astype(float), b.time_ns.astype(float), b.values[:, 3])
        plain = (density.values * 1e6 * tperp.values * e * 2 * mu0 / (x * 1e-9) ** 2) * (
            tperp.values / tpara.values - 1
        )
        inside = tperp.time <= b.time[-1]
        np.testing.assert_allclose(mirror.values[inside], plain[inside], rtol=1e-6)
        assert isinstance(mirror, V)
        assert mirror.unit == ""
        assert (tperp / tpara - 1).unit == ""
        np.testing.assert_array_equal(mirror.time, tperp.time)
        assert beta.name == "n"
