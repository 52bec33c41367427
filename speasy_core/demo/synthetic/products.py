"""The synthetic data sets: ids and variable names are CDAWeb's, the numbers are computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.demo.holdings import Description
from speasy_core.timerange import TimeRange

from . import magnetopause, saturn, season, solarwind, waves
from .coordinates import gse_to_gsm
from .dataset import Spec, SyntheticDataset, labels, quantity, time
from .grid import Bursts, Regular
from .noise import Floats, Times
from .positions import position

__all__ = ["datasets"]

_S = 1_000_000_000
_ACE_COVERAGE = TimeRange("1998-01-01", "2027-01-01")
_MMS_COVERAGE = TimeRange("2015-01-01", "2027-01-01")
_CASSINI_COVERAGE = TimeRange("2004-07-01", "2017-09-16")
_NOTE = (
    "Synthetic: made by speasy_core.demo, not measured. The names are those of the real data set, "
    "so that the same product ids work on the real server. "
)
_NEVER = "nobody (synthetic)"
_BOUNDARY_NOTE = (
    " In November 2017 the plasmas on both sides vary and the ions' moments are noisy; from 2020 "
    "on the shocks of AC_H0_MFI push the boundary inwards when they have run the distance."
)

Values = Mapping[str, NDArray[Any]]


def _describe(
    name: str, title: str, mission: tuple[str, str, str], tool: tuple[str, str, str], text: str,
    *, naming: bool = True,
) -> Description:  # fmt: skip
    lower = name.lower()
    return Description(
        id=name,
        title=f"{title} (synthetic)",
        group=mission[0],
        observatory=mission[1],
        observatory_title=mission[2],
        instrument=tool[0],
        instrument_title=tool[1],
        instrument_types=(tool[2],),
        pi_name=_NEVER,
        pi_affiliation="speasy_core.demo",
        notes=_NOTE + text,
        file_naming=f"{lower}_%Y%m%d_%Q.cdf" if naming else "",
        subdivided="%Y" if naming else "None",
    )


_MAGNETIC, _PLASMA = "Magnetic Fields (space)", "Plasma and Solar Wind"
_ACE = ("ACE", "AC", "Advanced Composition Explorer")
_MMS = ("MMS", "MMS1", "MMS Satellite Number 1")


def _vector(
    name: str, text: str, unit: str, limit: float, label: str, texts: tuple[str, ...], **more: Any
) -> list[Spec]:
    return [
        quantity(name, text, unit, (-limit, limit), shape=(len(texts),), label_from=label, **more),
        labels(label, texts, f"Labels of {name}"),
    ]


def _ace_mfi() -> SyntheticDataset:
    def compute(grid: str, t: Times) -> Values:
        field = solarwind.wind(t).field
        return {
            "Magnitude": np.linalg.norm(field, axis=1),
            "BGSEc": field,
            "BGSM": gse_to_gsm(t, field),
            "SC_pos_GSE": position("ace", t),
        }

    cart = ("x", "y", "z")
    variables = [
        time("Epoch", "epoch"),
        quantity("Magnitude", "B-field magnitude", "nT", (0.0, 500.0), axis="<|B|>"),
        *_vector("BGSEc", "Magnetic field vector in GSE Cartesian coordinates (16 sec)", "nT",
                 65534.0, "label_BGSE", tuple(f"B{c} GSE" for c in cart)),
        *_vector("BGSM", "Magnetic field vector in GSM coordinates (16 sec)", "nT", 65534.0,
                 "label_bgsm", tuple(f"B{c} GSM" for c in cart)),
        *_vector("SC_pos_GSE", "ACE s/c position, 3 comp. in GSE coord.", "km", 2e6,
                 "label_pos_GSE", tuple(f"ACE {c}-GSE" for c in cart)),
    ]  # fmt: skip
    about = _describe(
        "AC_H0_MFI", "H0 - ACE magnetic field 16-second level 2 data", _ACE,
        ("MAG", "ACE Magnetic Field Instrument", _MAGNETIC),
        "Parker spiral, Alfvenic fluctuations and a few interplanetary shocks, which obey the "
        "conditions of Rankine and Hugoniot with the plasma of AC_H0_SWE.",
    )  # fmt: skip
    return SyntheticDataset(
        about, variables, {"main": Regular(16 * _S, 2048)}, _ACE_COVERAGE, compute,
        attributes={"Time_resolution": "16 seconds"},
    )  # fmt: skip


def _ace_swe() -> SyntheticDataset:
    def compute(grid: str, t: Times) -> Values:
        state = solarwind.wind(t)
        return {
            "Np": state.density,
            "Vp": np.linalg.norm(state.velocity, axis=1),
            "Tpr": state.temperature,
            "V_GSE": state.velocity,
        }

    variables = [
        time("Epoch", "epoch"),
        quantity("Np", "Solar wind proton number density, scalar", "#/cc", (0.0, 200.0),
                 axis="H Density", scale="log"),
        quantity("Vp", "Solar wind proton speed, scalar", "km/s", (0.0, 2500.0), axis="H Speed"),
        quantity("Tpr", "Radial component of the proton temperature", "Kelvin", (1e2, 1e7),
                 axis="H Temp radial", scale="log"),
        *_vector("V_GSE", "Solar wind velocity in GSE coord., 3 components", "km/s", 2500.0,
                 "label_V_GSE", ("VX (GSE)", "VY (GSE)", "VZ (GSE)")),
    ]  # fmt: skip
    about = _describe(
        "AC_H0_SWE", "ACE/SWEPAM solar wind experiment 64-second level 2 data", _ACE,
        ("SWEPAM", "Solar Wind Electron Proton Alpha Monitor", _PLASMA),
        "Fast and slow streams, shocks; consistent with the field of AC_H0_MFI.",
    )  # fmt: skip
    return SyntheticDataset(
        about, variables, {"main": Regular(64 * _S, 1024)}, _ACE_COVERAGE, compute,
        attributes={"Time_resolution": "64 seconds"},
    )  # fmt: skip


def _with_magnitude(vectors: Floats, magnitude: Floats) -> Floats:
    return np.column_stack([vectors, magnitude])


def _fgm() -> SyntheticDataset:
    def compute(grid: str, t: Times) -> Values:
        if grid == "state":
            return {"mms1_fgm_r_gse_srvy_l2": position("mms1", t, with_distance=True)}
        state = magnetopause.crossing(t)
        gse = magnetopause.field(t, state)
        return {
            "mms1_fgm_b_gse_srvy_l2": _with_magnitude(gse, state.strength),
            "mms1_fgm_b_gsm_srvy_l2": _with_magnitude(gse_to_gsm(t, gse), state.strength),
            "mms1_fgm_flag_srvy_l2": np.zeros(len(t), np.uint32),
        }

    def b(system: str) -> list[Spec]:
        texts = (*(f"B{c} {system.upper()}" for c in "xyz"), "Bt")
        return _vector(
            f"mms1_fgm_b_{system}_srvy_l2",
            f"Magnetic field vector in {system.upper()} plus Bt (16 S/s)",
            "nT", 17000.0, f"label_b_{system}", texts,
        )  # fmt: skip

    variables = [
        time("Epoch"),
        *b("gse"),
        *b("gsm"),
        quantity("mms1_fgm_flag_srvy_l2", "Quality flag, 0 is good", " ", (0, 2**31), kind="u4",
                 role="support_data", axis="Flag"),
        time("Epoch_state", grid="state"),
        *_vector("mms1_fgm_r_gse_srvy_l2", "Position vector in GSE plus R (30 s)", "km", 1e6,
                 "label_r_gse", ("X GSE", "Y GSE", "Z GSE", "R"), epoch="Epoch_state",
                 grid="state"),
    ]  # fmt: skip
    about = _describe(
        "MMS1_FGM_SRVY_L2",
        "Level 2 flux gate magnetometer survey DC magnetic field for MMS 1", _MMS,
        ("FGM", "Flux Gate Magnetometer", _MAGNETIC),
        "Repeated crossings of the magnetopause; the sum of magnetic pressure and of the plasma's "
        "pressure across the field (MMS1_FPI_FAST_L2_*) is the same everywhere; trains of mirror "
        "modes in the magnetosheath." + _BOUNDARY_NOTE,
    )  # fmt: skip
    grids = {"main": Regular(62_500_000, 16384), "state": Regular(30 * _S, 512)}
    return SyntheticDataset(about, variables, grids, _MMS_COVERAGE, compute)


#: eV; the instrument steps through one table, then through the other
_TABLES = {
    "dis": np.stack([np.geomspace(10.0, 28_000.0, 32), np.geomspace(11.4, 31_900.0, 32)]),
    "des": np.stack([np.geomspace(6.5, 27_500.0, 32), np.geomspace(7.4, 31_300.0, 32)]),
}
_FPI_STEP = 4_500_000_000


def _fpi(kind: str) -> SyntheticDataset:
    species = "ion" if kind == "dis" else "electron"
    p = f"mms1_{kind}_"

    def compute(grid: str, t: Times) -> Values:
        state = magnetopause.crossing(t)
        energy = _TABLES[kind][(t // _FPI_STEP) % 2]
        moments = {
            "density": state.density,
            "velocity": state.velocity,
            "along": state.temperature(species, True),
            "across": state.temperature(species, False),
        }
        if kind == "dis":
            moments = season.noisy(moments, t, _FPI_STEP)
        return {
            f"{p}errorflags_fast": np.zeros(len(t), np.uint32),
            f"{p}energy_fast": energy,
            f"{p}energyspectr_omni_fast": magnetopause.energy_flux(state, energy, species),
            f"{p}numberdensity_fast": moments["density"],
            f"{p}bulkv_gse_fast": moments["velocity"],
            f"{p}temppara_fast": moments["along"],
            f"{p}tempperp_fast": moments["across"],
        }

    title = f"Dual {species} spectrometer".title().replace("Spectrometer", "spectrometer")
    variables = [
        time("Epoch"),
        quantity(f"{p}errorflags_fast", "Error flags", "32-bit error flags", (0, 2**32 - 2),
                 kind="u4", role="support_data", axis="errFlags"),
        quantity(f"{p}energy_fast", f"{title} energies, two tables in turn", "eV", (1.0, 4e4),
                 shape=(32,), role="support_data", axis="Energy", scale="log"),
        quantity(f"{p}energyspectr_omni_fast",
                 f"{title} sky-map instrument omni-directional energy spectrum",
                 "keV/(cm^2 s sr keV)", (0.0, 1e12), shape=(32,), axis="DEF_omni",
                 depend_1=f"{p}energy_fast", scale="log", display="spectrogram"),
        quantity(f"{p}numberdensity_fast", f"{title} number density", "cm^-3", (0.0, 1e4),
                 axis="N", scale="log"),
        *_vector(f"{p}bulkv_gse_fast", f"{title} bulk velocity in GSE", "km/s", 1e4,
                 f"{p}bulkv_gse_label_fast", ("Vx_GSE", "Vy_GSE", "Vz_GSE")),
        quantity(f"{p}temppara_fast", f"{title} temperature along the field", "eV", (0.0, 1e5),
                 axis="T_para", scale="log"),
        quantity(f"{p}tempperp_fast", f"{title} temperature across the field", "eV", (0.0, 1e5),
                 axis="T_perp", scale="log"),
    ]  # fmt: skip
    about = _describe(
        f"MMS1_FPI_FAST_L2_{kind.upper()}-MOMS",
        f"MMS 1 {title.lower()} fast survey distribution moments", _MMS,
        (kind.upper(), f"Dual {species.title()} Spectrometers", _PLASMA),
        "Magnetosheath and magnetosphere plasmas mix at the boundary; the spectrogram is that of "
        "their drifting Maxwellians, so its moments are the density and the temperature."
        + _BOUNDARY_NOTE,
    )  # fmt: skip
    grids = {"main": Regular(_FPI_STEP, 2048)}
    return SyntheticDataset(about, variables, grids, _MMS_COVERAGE, compute)


def _scm() -> SyntheticDataset:
    name = "mms1_scm_acb_gse_scb_brst_l2"

    def compute(grid: str, t: Times) -> Values:
        return {name: waves.waveform(t)}

    variables = [
        time("Epoch"),
        *_vector(name, "AC magnetic field waveform in GSE, burst (8192 S/s)", "nT", 64.0,
                 "label_acb_gse", ("Bx GSE", "By GSE", "Bz GSE")),
    ]  # fmt: skip
    about = _describe(
        "MMS1_SCM_BRST_L2_SCB",
        "Level 2 search coil magnetometer AC magnetic field burst (8192 S/s) data", _MMS,
        ("SCM", "Search Coil Magnetometer", "Radio and Plasma Waves (space)"),
        "184 s of 8192 samples a second in every half hour: 1.4 gigabytes a day.", naming=False,
    )  # fmt: skip
    grids = {"main": Bursts(8192, 65_536, 23, 1_800_000_000_000)}
    return SyntheticDataset(about, variables, grids, _MMS_COVERAGE, compute, daily_files=False)


def _cassini() -> SyntheticDataset:
    def compute(grid: str, t: Times) -> Values:
        ksm = saturn.field_ksm(t)
        return {
            "B_KSM": ksm,
            "B_RTN": saturn.ksm_to_rtn(ksm),
            "B_TOTAL": np.linalg.norm(ksm, axis=1),
        }

    variables = [
        time("Epoch"),
        *_vector("B_KSM", "Magnetic field in KSM coordinates", "nT", 1e4, "label_ksm",
                 ("Bx KSM", "By KSM", "Bz KSM")),
        *_vector("B_RTN", "Magnetic field in RTN coordinates", "nT", 1e4, "label_rtn",
                 ("BR", "BT", "BN")),
        quantity("B_TOTAL", "Magnetic field magnitude", "nT", (0.0, 1e4), axis="|B|"),
    ]  # fmt: skip
    about = _describe(
        "CO_MAG_1SEC", "Cassini-like magnetic field at 1 s near Saturn",
        ("Cassini", "Cassini", "Cassini Orbiter"), ("MAG", "Magnetometer", _MAGNETIC),
        "A mean field that turns over hours, Alfvenic turbulence and ion cyclotron packets across "
        "it, compressions along it. The real data set has another id.",
    )  # fmt: skip
    grids = {"main": Regular(_S, 16_384)}
    return SyntheticDataset(about, variables, grids, _CASSINI_COVERAGE, compute)


def datasets() -> list[SyntheticDataset]:
    """Return all synthetic data sets."""
    return [_ace_mfi(), _ace_swe(), _fgm(), _fpi("dis"), _fpi("des"), _scm(), _cassini()]
