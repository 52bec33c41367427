"""What ISTP attributes make of a CDF's arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cdfs import TRUNCATED, Maker, real_files, times

from speasy_core.codecs.cdf import CdfFile, read
from speasy_core.errors import SpeasyWarning, UnknownProduct, VariableError

N = 6


def maker(n: int = N, **globals_: Any) -> Maker:
    return Maker(**globals_).put("Epoch", times(n), VAR_TYPE="support_data")


def file_of(make: Maker, master: Maker | None = None) -> CdfFile:
    above = CdfFile(master.bytes(), "master.cdf") if master else None
    return CdfFile(make.bytes(), "data.cdf", above)


def data(make: Maker, name: str, values: Any, **attributes: Any) -> Maker:
    return make.put(name, values, **{"VAR_TYPE": "data", "DEPEND_0": "Epoch", **attributes})


def test_ace_magnetic_field(shared_data: Path) -> None:
    path = next(shared_data.rglob("ac_h0_mfi_20230102_v07.cdf"))
    b = CdfFile(path.read_bytes(), path.name).variable("BGSEc")
    assert (b.shape, b.dtype, b.unit, b.kind) == ((5400, 3), np.float32, "nT", "vector")
    assert b.columns == ["Bx GSE", "By GSE", "Bz GSE"]
    assert str(b.time[0]) == "2023-01-02T00:00:13.000000000"
    assert b.values.flags.f_contiguous
    assert b.axes == ()
    assert b.meta["LABL_PTR_1"] == b.columns
    assert np.float32(b.meta["FILLVAL"]) == np.float32(-1e31)
    assert b.meta["dataset"]["Logical_source"].lower() == "ac_h0_mfi"
    assert "time_repairs" not in b.meta


def test_mms_spectrogram_has_time_varying_energies(shared_data: Path) -> None:
    path = next(shared_data.rglob("mms1_fpi_fast_l2_dis-moms_20151201100000_v3.3.0.cdf"))
    file = CdfFile(path.read_bytes(), path.name)
    spectrum = file.variable("mms1_dis_energyspectr_omni_fast")
    assert (spectrum.shape, spectrum.kind, spectrum.columns) == ((1600, 32), "spectrogram", [])
    (axis,) = spectrum.axes
    assert (axis.values.shape, axis.unit, axis.time_varying) == ((1600, 32), "eV", True)
    tensor = file.variable("mms1_dis_prestensor_gse_fast")
    assert (tensor.shape, tensor.axes) == ((1600, 3, 3), ())
    assert file.variable("mms1_dis_numberdensity_fast").kind == "scalar"
    assert "mms1_dis_compressionloss_fast" not in file.variables()
    with pytest.raises(VariableError, match="does not vary with time"):
        file.variable("mms1_dis_compressionloss_fast")


def test_every_data_variable_of_every_real_file_decodes_without_a_warning(
    shared_data: Path,
) -> None:
    for path in real_files(shared_data):
        if path.name != TRUNCATED:
            dataset = read(path.read_bytes(), source=path.name)
            for variable in dataset.values():
                assert variable.name in dataset
                assert len(variable.meta["dataset"]) > 5
                if variable.ndim == 2 and variable.kind != "spectrogram":
                    assert len(variable.columns) == variable.shape[1]


def test_two_time_axes_and_a_variable_without_records(shared_data: Path) -> None:
    path = next(shared_data.rglob("ela_l1_fgs_20201001_v01.cdf"))
    dataset = read(path.read_bytes(), source=path.name)
    assert len(dataset["ela_fgs"]) == 28_090
    assert len(dataset["ela_fgs_fsp_res_gei"]) == 945
    assert dataset["ela_fgs_att_flag"].shape == (0, 3)


def test_zero_records_everywhere(shared_data: Path) -> None:
    path = next(shared_data.rglob("solo_L1_swa-pas-mom_20200706_V01.cdf"))
    dataset = read(path.read_bytes(), source=path.name)
    assert set(dataset) == {"density", "velocity", "pressure", "temperature"}
    assert all(len(v) == 0 for v in dataset.values())
    assert dataset["velocity"].unit == "km/s"


def test_csa_style(shared_data: Path) -> None:
    path = next(shared_data.rglob("C4_CP_EFW_L1_P34__*.cdf"))
    dataset = read(path.read_bytes(), source=path.name)
    (potential,) = dataset.values()
    assert (len(potential), potential.unit) == (2700, "V")
    assert str(potential.time[0]).startswith("2001-02-26T05:18:30.002")


def test_master_gives_axes_labels_and_attributes(shared_data: Path) -> None:
    master = maker(0).put("energy", np.arange(4.0), nrv=True, UNITS="eV")
    data(master, "flux", np.zeros((0, 4)), UNITS="1/cm2", DEPEND_1="energy", CATDESC="flux",
         DISPLAY_TYPE="spectrogram")  # fmt: skip
    flux = file_of(data(maker(), "flux", np.ones((N, 4)), CATDESC="mine", UNITS=" "), master)
    variable = flux.variable("flux")
    assert (variable.kind, variable.meta["CATDESC"]) == ("spectrogram", "mine")
    assert variable.axes[0].values.tolist() == [0, 1, 2, 3]
    assert variable.axes[0].unit == "eV"
    assert flux.attributes("flux")["CATDESC"] == "mine"
    # the smallest complete pair of real files
    real = next(shared_data.rglob("ac_h0_mfi_20230102_v07.cdf"))
    above = next(shared_data.rglob("ac_h0_mfi_00000000_v01.cdf"))
    pair = CdfFile(real.read_bytes(), real.name, CdfFile(above.read_bytes(), above.name))
    assert pair.variable("BGSEc").shape == (5400, 3)
    assert set(above_globals := CdfFile(above.read_bytes(), "m").global_attributes) <= set(
        pair.global_attributes
    ), above_globals


def test_unit_pointer_and_labels() -> None:
    make = maker()
    make.put("units", np.array(["km/s", "km/s"]), nrv=True)
    make.put("mixed", np.array(["km/s", "deg"]), nrv=True)
    make.put("names", np.array(["vx ", "vy"]), nrv=True)
    data(make, "v", np.ones((N, 2)), UNIT_PTR="units", LABL_PTR_1="names")
    data(make, "w", np.ones((N, 2)), UNIT_PTR="mixed", LABLAXIS="W")
    data(make, "x", np.ones((N, 2)), DEPEND_1="names")
    file = file_of(make)
    v, w = file.variable("v"), file.variable("w")
    assert (v.unit, v.columns, v.meta["UNIT_PTR"]) == ("km/s", ["vx", "vy"], ["km/s", "km/s"])
    assert (w.unit, w.columns) == ("km/s, deg", ["W[0]", "W[1]"])
    assert file.variable("x").columns == ["vx", "vy"]


def test_text_axis_with_sig_digits_counts_as_numbers() -> None:
    make = maker().put("energies", np.array(["10.5", "20.0"]), nrv=True, SIG_DIGITS="5", UNITS="eV")
    data(make, "flux", np.ones((N, 2)), DEPEND_1="energies")
    (axis,) = file_of(make).variable("flux").axes
    assert axis.values.tolist() == [10.5, 20.0]
    assert axis.unit == "eV"


def test_cube_with_one_known_axis_numbers_the_other() -> None:
    make = maker().put("energy", np.array([1.0, -1e31, 3.0]), nrv=True, FILLVAL=np.array([-1e31]))
    data(make, "cube", np.ones((N, 3, 2)), DEPEND_1="energy")
    first, second = file_of(make).variable("cube").axes
    assert np.isnan(first.values[1])
    assert second.values.tolist() == [0, 1]


def test_axis_of_one_record_and_of_no_record() -> None:
    for n in (0, 1):
        make = Maker().put("Epoch", times(n)).put("energy", np.ones((n, 3)), DEPEND_0="Epoch")
        data(make, "flux", np.ones((n, 3)), DEPEND_1="energy", DISPLAY_TYPE="spectrogram")
        flux = file_of(make).variable("flux")
        assert (flux.shape, flux.kind) == ((n, 3), "spectrogram")
        assert [(a.values.shape, a.time_varying) for a in flux.axes] == [((1, 3), True)] * n


def test_grid_axis() -> None:
    grid = np.arange(6.0).reshape(3, 2)
    make = maker().put("grid", grid, nrv=True)
    data(make, "cube", np.ones((N, 3, 2)), DEPEND_1="grid", DEPEND_2="grid")
    axes = file_of(make).variable("cube").axes
    assert [a.values.tolist() for a in axes] == [grid.tolist()] * 2
    assert not any(a.time_varying for a in axes)


def test_axis_that_does_not_fit_warns_and_keeps_the_data() -> None:
    make = maker().put("energy", np.arange(5.0), nrv=True)
    data(make, "flux", np.ones((N, 4)), DEPEND_1="energy")
    data(make, "lost", np.ones((N, 4)), DEPEND_1="nowhere")
    file = file_of(make)
    with pytest.warns(SpeasyWarning, match="does not fit"):
        assert file.variable("flux").shape == (N, 4)
    make.put("rare", np.ones((N + 2, 4)))
    data(make, "table", np.ones((N, 4)), DEPEND_1="rare")
    with pytest.warns(SpeasyWarning, match="does not fit"):
        assert file_of(make).variable("table").axes == ()
    with pytest.warns(SpeasyWarning, match="is not there"):
        assert file.variable("lost").shape == (N, 4)


def test_depend_time_replaces_a_virtual_depend_0() -> None:
    make = Maker().put("range_epoch", np.zeros(0, "M8[ns]"), VIRTUAL="TRUE")
    make.put("tha_time", times(N).astype("i8") / 1e9, UNITS="sec")
    make.put("e", np.arange(6.0), VAR_TYPE="data", DEPEND_0="range_epoch", DEPEND_TIME="tha_time")
    variable = file_of(make).variable("e")
    assert variable.time.tolist() == times(N).tolist()


def test_seconds_count_only_when_they_say_from_when() -> None:
    seconds = times(N).astype("i8") / 1e9
    for catdesc, fine in (("Unix time", True), ("since the start of the day", False)):
        make = Maker().put("t", seconds, UNITS="s", CATDESC=catdesc)
        file = file_of(make.put("x", np.ones(N), VAR_TYPE="data", DEPEND_0="t"))
        if fine:
            assert file.variable("x").time.tolist() == times(N).tolist()
        else:
            with pytest.raises(VariableError, match="no time axis"):
                file.variable("x")


@pytest.mark.parametrize("asked", ["H+ flux (hot)", "H$$flux$$hot$"])
@pytest.mark.parametrize("written", ["H+ flux (hot)", "H$$flux$$hot$"])
def test_idl_safe_names(asked: str, written: str) -> None:
    assert len(file_of(data(maker(), written, np.ones(N))).variable(asked)) == N


def test_rule_16_time_is_repaired_and_counted() -> None:
    order = [3, 1, 2, 2, 0, 5]
    when = times(N)[order]
    when[5] = np.datetime64("NaT", "ns")
    make = Maker().put("Epoch", when)
    make.put("energy", np.outer(order, [1.0, 10.0]), DEPEND_0="Epoch")
    data(make, "x", np.array(order, "f4"))
    data(make, "flux", np.outer(order, [1.0, 1.0]), DEPEND_1="energy")
    file = file_of(make)
    x = file.variable("x")
    assert x.values.tolist() == [0, 1, 2, 3]
    assert (np.diff(x.time_ns) > 0).all()
    assert x.meta["time_repairs"]
    assert x.dtype == np.float32
    flux = file.variable("flux")
    assert flux.axes[0].values[:, 1].tolist() == [0, 10, 20, 30]
    assert flux.values[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("when", ["1800-01-01", "1677-10-01", "NaT"])
def test_single_record_before_1900_is_no_data(when: str) -> None:
    make = Maker().put("Epoch", np.array([when], "M8[ns]"))
    variable = file_of(data(make, "b", np.ones((1, 3), "f4"), UNITS="nT")).variable("b")
    assert (len(variable), variable.shape, variable.unit) == (0, (0, 3), "nT")


def test_one_column_is_squeezed() -> None:
    assert file_of(data(maker(), "x", np.ones((N, 1)))).variable("x").shape == (N,)


@pytest.mark.parametrize(("fill", "want"), [("-1e31", -1e31), (" -9999 ", -9999.0)])
def test_fill_value_written_as_text(fill: str, want: float) -> None:
    assert file_of(data(maker(), "x", np.ones(N), FILLVAL=fill)).variable("x").fill_value == want


def test_fill_value_that_is_no_number_warns() -> None:
    file = file_of(data(maker(), "x", np.ones(N), FILLVAL="n/a"))
    with pytest.warns(SpeasyWarning, match="fill value"):
        assert file.variable("x").fill_value is None


def test_attribute_names_match_in_any_case() -> None:
    make = maker().put("x", np.ones(N), Var_Type="data", Depend_0="Epoch", Units="nT")
    file = file_of(make)
    assert file.variables() == ["x"]
    assert file.variable("x").unit == "nT"


def test_records_and_times_that_differ_keep_the_data_with_a_warning() -> None:
    file = file_of(data(maker(), "x", np.arange(4.0)))
    with pytest.warns(SpeasyWarning, match="4 records and 6 times"):
        assert file.variable("x").values.tolist() == [0, 1, 2, 3]


def test_variables_without_depend_0_use_the_one_time_there_is() -> None:
    make = (
        Maker().put("t", times(N)).put("other", times(N + 1)).put("x", np.ones(N), VAR_TYPE="data")
    )
    assert len(file_of(make).variable("x")) == N


def test_no_time_axis_and_virtual_variables_are_clear_errors() -> None:
    make = maker().put("lost", np.ones(N), VAR_TYPE="data", DEPEND_0="nowhere")
    data(make, "made", np.zeros(0), VIRTUAL="TRUE")
    data(make, "ok", np.ones(N))
    file = file_of(make)
    with pytest.raises(VariableError, match="no time axis: nowhere"):
        file.variable("lost")
    with pytest.raises(VariableError, match="computed by the archive"):
        file.variable("made")
    with pytest.warns(SpeasyWarning, match="left out: lost"):
        assert list(read(make.bytes(), source="x.cdf")) == ["ok"]


def test_unknown_variable_names_the_close_ones() -> None:
    with pytest.raises(UnknownProduct, match="BGSEc") as caught:
        file_of(data(maker(), "BGSEc", np.ones(N))).variable("BGSE")
    assert caught.value.source == "data.cdf"


def test_times_in_attributes_are_text() -> None:
    make = Maker(Generated=times(1)).put("x", np.ones(1), VALIDMIN=times(1))
    file = file_of(make)
    assert file.attributes("x")["VALIDMIN"].startswith("2020-01-01T00:00:00")
    assert str(file.global_attributes["Generated"]).startswith("2020-01-01T00:00:00")


def test_only_what_is_asked_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from speasy_core.codecs import _cdf_values

    seen: list[str] = []
    original = _cdf_values.read
    monkeypatch.setattr(
        _cdf_values, "read", lambda layout, v: seen.append(v.name) or original(layout, v)
    )
    make = data(data(maker(), "a", np.ones(N)), "b", np.ones(N))
    file = file_of(make)
    assert file.variables() == ["a", "b"]
    assert seen == []
    file.variable("a")
    assert sorted(seen) == ["Epoch", "a"]
