"""Synthetic data under Cluster's names, for the archive of Cluster alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.demo.holdings import Description
from speasy_core.timerange import TimeRange

from . import magnetopause
from .dataset import SyntheticDataset, labels, quantity, table, time
from .grid import Regular
from .noise import Times
from .positions import position

__all__ = ["cluster_datasets"]

_S = 1_000_000_000
_COVERAGE = TimeRange("2001-01-01", "2025-01-01")
_SPIN = 4 * _S
_ENERGIES = np.geomspace(5.0, 32_000.0, 31)

Values = Mapping[str, NDArray[Any]]


def _describe(number: int, name: str, title: str, instrument: tuple[str, str, str]) -> Description:
    return Description(
        id=name,
        title=f"{title} (synthetic)",
        group="Cluster",
        observatory=f"Cluster-{number}",
        observatory_title=f"Cluster-{number}",
        instrument=f"{instrument[0]}{number}",
        instrument_title=instrument[1],
        instrument_types=(instrument[2],),
        pi_name="nobody (synthetic)",
        pi_affiliation="speasy_core.demo",
        notes="Synthetic: made by speasy_core.demo, not measured. The names are those of the real "
        "data set. The same crossings of the magnetopause as in the synthetic data of MMS, but for "
        "shocks in the wind (from 2020 on), which come to each when they have run the distance.",
    )


def _fgm(number: int) -> SyntheticDataset:
    name = f"C{number}_CP_FGM_SPIN"

    def compute(grid: str, t: Times) -> Values:
        state = magnetopause.crossing(t, f"cluster{number}")
        return {
            f"B_vec_xyz_gse__{name}": magnetopause.field(t, state),
            f"B_mag__{name}": state.strength,
            f"sc_pos_xyz_gse__{name}": position(f"cluster{number}", t),
        }

    clock = f"time_tags__{name}"
    variables = [
        time(clock),
        labels(f"label_b__{name}", ("Bx", "By", "Bz"), "Components"),
        labels(f"label_r__{name}", ("x", "y", "z"), "Components"),
        quantity(f"B_vec_xyz_gse__{name}", "Magnetic field vector, spin resolution, GSE", "nT",
                 (-1e5, 1e5), shape=(3,), epoch=clock, label_from=f"label_b__{name}"),
        quantity(f"B_mag__{name}", "Magnetic field magnitude, spin resolution", "nT",
                 (0, 1e5), epoch=clock, axis="B"),
        quantity(f"sc_pos_xyz_gse__{name}", "Position of the spacecraft in GSE", "km",
                 (-1e7, 1e7), shape=(3,), epoch=clock, label_from=f"label_r__{name}"),
    ]  # fmt: skip
    about = _describe(number, name, "Magnetic field, spin resolution",
                      ("FGM", "Fluxgate Magnetometer", "Flux_Feedback"))  # fmt: skip
    return SyntheticDataset(
        about, variables, {"main": Regular(_SPIN, 4096)}, _COVERAGE, compute,
        attributes={"Time_resolution": "4 s"}, daily_files=False,
    )  # fmt: skip


def _hia(number: int) -> SyntheticDataset:
    name = f"C{number}_CP_CIS-HIA_HS_1D_PEF"

    def compute(grid: str, t: Times) -> Values:
        state = magnetopause.crossing(t, f"cluster{number}")
        energies = np.broadcast_to(_ENERGIES, (len(t), len(_ENERGIES)))
        return {f"flux__{name}": magnetopause.energy_flux(state, energies, "ion")}

    clock, axis = f"time_tags__{name}", f"energy_table__{name}"
    variables = [
        time(clock),
        table(axis, _ENERGIES, "eV", "Energies"),
        quantity(f"flux__{name}", "Ion differential energy flux", "keV/(cm^2 s sr keV)",
                 (0, 1e12), shape=(len(_ENERGIES),), epoch=clock, depend_1=axis, scale="log",
                 display="spectrogram", axis="Flux"),
    ]  # fmt: skip
    about = _describe(number, name, "Ion energy spectra",
                      ("CIS-HIA", "Ion Spectrometry", "Electrostatic_Analyser"))  # fmt: skip
    return SyntheticDataset(
        about, variables, {"main": Regular(3 * _SPIN, 2048)}, _COVERAGE, compute,
        attributes={"Time_resolution": "12 s"}, daily_files=False,
    )  # fmt: skip


def cluster_datasets() -> list[SyntheticDataset]:
    """Return the synthetic data sets of Cluster, which only its own archive serves."""
    return [_fgm(1), _fgm(4), _hia(1)]
