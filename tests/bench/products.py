"""Products that look like CDAWeb's: ids, titles and attributes of real length."""

from __future__ import annotations

import random
from collections.abc import Iterator

from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

_MISSIONS = (
    *((f"MMS{i}", "MMS", "Magnetospheric Multiscale") for i in range(1, 5)),
    *((f"TH{c}", "THEMIS", "Time History of Events and Macroscale Interactions") for c in "ABCDE"),
    *((f"C{i}", "Cluster", "Cluster II") for i in range(1, 5)),
    *((f"RBSP{c}", "Van Allen Probes", "Van Allen Probes (RBSP)") for c in "AB"),
    ("AC", "ACE", "Advanced Composition Explorer"), ("WI", "Wind", "Comprehensive Solar Wind"),
    ("PSP", "Parker Solar Probe", "Parker Solar Probe"), ("SOLO", "Solar Orbiter", "Solar Orbiter"),
    ("GE", "Geotail", "Geotail"), ("PO", "Polar", "Polar"), ("STA", "STEREO", "STEREO Ahead"),
    *((f"GOES{i}", "GOES", "Geostationary Operational Environmental Satellite") for i in (8, 16)),
)  # fmt: skip
_INSTRUMENTS = (
    ("FGM", "Fluxgate Magnetometer"), ("FPI", "Fast Plasma Investigation"), ("EDP", "Electric Field"
    " Double Probes"), ("SWE", "Solar Wind Experiment"), ("MFI", "Magnetic Fields Investigation"),
    ("EPD", "Energetic Particle Detector"), ("ESA", "Electrostatic Analyzer"), ("SCM", "Search-Coil"
    " Magnetometer"), ("HPCA", "Hot Plasma Composition Analyzer"), ("SWA", "Solar Wind Analyser"),
)  # fmt: skip
_MODES = ("SRVY_L2", "BRST_L2", "FAST_L2", "H0", "H1", "K0", "L2-1MIN", "L3")
_WHAT: tuple[tuple[str, Kind, str, str], ...] = (
    ("B", "vector", "nT", "Magnetic field vector"), ("E", "vector", "mV/m", "Electric field"),
    ("bulkV", "vector", "km/s", "Bulk velocity of the ions"), ("heatQ", "vector", "mW/m^2", "Heat"
    " flux"), ("numberDensity", "scalar", "cm^-3", "Number density, ground moments"),
    ("tempPara", "scalar", "eV", "Temperature along the field"), ("presTensor", "multicomponent",
    "nPa", "Pressure tensor"), ("energySpectr_omni", "spectrogram", "keV/(cm^2 s sr keV)",
    "Omni-directional energy flux spectrogram"), ("Flux", "spectrogram", "1/(cm2-ster-eV-sec)",
    "Particle flux as a function of energy"), ("quality_flag", "scalar", "", "Quality flags"),
)  # fmt: skip
_FRAMES = ("GSE", "GSM", "RTN", "DBCS", "SC", "GEO")
_TEXT = (
    "These data are calibrated and despun as described by the instrument team; time tags give the"
    " centre of the accumulation interval. Users are advised to consult the principal investigator"
    " before publication. "
)


def products(datasets: int = 4_000, variables: int = 25) -> Iterator[ProductInfo]:
    """Yield data sets and their variables, the same ones every time."""
    chance = random.Random(1)
    for number in range(datasets):
        craft, group, long_name = chance.choice(_MISSIONS)
        tool, tool_name = chance.choice(_INSTRUMENTS)
        mode = chance.choice(_MODES)
        name = f"{craft}_{tool}_{mode}_{number:X}"
        start = f"{chance.randint(1995, 2020)}-{chance.randint(1, 12):02d}-01"
        span = TimeRange(start, "2024-06-01")
        path = (group, craft, tool, name)
        title = f"{long_name}, {tool_name}, {mode.replace('_', ' ')} - {craft} team (version 2)"
        meta = {
            "TEXT": _TEXT * chance.randint(2, 10), "TITLE": title, "Project": "ISTP>International",
            "PI_name": f"P. Investigator {number}", "Descriptor": f"{tool}>{tool_name}",
            "Acknowledgement": f"Thanks to {long_name} and {tool_name}, {number}.",
        }  # fmt: skip
        ref = ProductRef("cda", name)
        cadence = chance.choice((0.0625, 4.5, 16.0, 60.0))
        yield ProductInfo(path, ref, "dataset", title, "", span, cadence, meta)
        for k in range(variables):
            yield _variable(chance, craft, tool, path, k, span, cadence)


def _variable(
    chance: random.Random, craft: str, tool: str, path: tuple[str, ...], k: int, span: TimeRange,
    cadence: float,
) -> ProductInfo:  # fmt: skip
    what, kind, unit, about = chance.choice(_WHAT)
    frame = chance.choice(_FRAMES)
    name = f"{craft}_{tool}_{what}_{frame}_{k}"
    if chance.random() < 0.5:
        name = name.lower()
    title = f"{about}, {frame} coordinates, sensor {k}"
    meta = {
        "CATDESC": title, "FIELDNAM": f"{what} {frame}", "UNITS": unit, "DISPLAY_TYPE": "time_serie"
        "s", "LABLAXIS": f"{what}>{frame}", "FILLVAL": -1e31, "VALIDMIN": -65534.0 + k, "VALIDMAX":
        65534.0, "SCALETYP": "linear", "DEPEND_0": "Epoch", "DEPEND_1": f"{what}_{k}_energy",
        "COORDINATE_SYSTEM": frame, "SI_CONVERSION": "1.0e-9>T", "VAR_NOTES": f"{about}. See TEXT.",
        "CDF_TYPE": "CDF_REAL4", "SHAPE": [3], "LABELS": [f"{what} {axis}" for axis in "xyz"],
    }  # fmt: skip
    ref = ProductRef("cda", f"{path[-1]}/{name}")
    return ProductInfo((*path, name), ref, kind, title, unit, span, cadence, meta)
