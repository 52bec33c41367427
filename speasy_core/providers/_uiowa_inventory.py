"""What Iowa's ephemeris tool can tell: its bodies, their codes, radii and windows of time.

The tool has no list of its own; this one has been fixed for years. Codes are four characters, with
blanks in front where the name is shorter.
"""

from __future__ import annotations

from dataclasses import dataclass

from speasy_core.product import ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

__all__ = ["COORDINATES", "Trajectory", "all_trajectories", "find"]

#: name of a coordinate system to its code
COORDINATES = {
    "Ecliptic": "ecli",
    "Equatorial": "equa",
    "Geographic": "geog",
    "KSM": "khsm",
    "Co-rotational": "crot",
}

_ALWAYS = TimeRange("1958-01-01", "2094-01-01")
_SPACECRAFT = {
    "Cassini": ("cass", TimeRange("1997-10-15T09:26:10", "2017-09-15T10:32:49")),
    "Galileo": ("gali", TimeRange("1989-10-19T01:28:38", "2003-09-30T11:58:55")),
    "Ulysses": ("ulys", TimeRange("1990-10-06T20:26:01", "2050-01-01T11:58:49")),
    "Voyager 1": ("voy1", TimeRange("1977-09-05T14:07:00", "2030-12-31T23:58:49")),
    "Voyager 2": ("voy2", TimeRange("1977-08-20T15:40:09", "2025-12-31T23:58:49")),
}
# code and radius in km; the Sun's is the astronomical unit
_BODIES = {
    "Sun": (" sun", 149_597_871.0),
    "Venus": ("venu", 6051.8),
    "Earth": ("eart", 6378.14),
    "Jupiter": ("jupi", 71_492.0),
    "Io": ("  io", 1824.4),
    "Europa": ("euro", 1562.8),
    "Ganymede": ("gany", 2631.2),
    "Callisto": ("call", 2410.3),
    # spelled as the tool spells it
    "Saturn baricentric": ("sat1", 60_268.0),
    "Saturn geocentric": ("sat2", 60_268.0),
    "Mimas": ("mima", 202.1),
    "Enceladus": ("ence", 254.0),
    "Tethys": ("teth", 535.8),
    "Dione": ("dion", 562.4),
    "Rhea": ("rhea", 764.8),
    "Titan": ("tita", 2575.0),
    # three characters, the only such code
    "Hyperion": ("hyp", 147.0),
    "Iapetus": ("iape", 747.4),
    "Phoebe": ("phoe", 112.0),
    "Methone": ("meth", 10.0),
    "Anthe": ("anth", 1.0),
    "Pallene": ("pall", 10.0),
    "Telesto": ("tele", 12.0),
    "Helene": ("hele", 16.0),
}
_JOVIAN = ("Io", "Europa", "Ganymede", "Callisto")
_KRONIAN = (
    "Mimas", "Enceladus", "Tethys", "Dione", "Rhea", "Titan", "Hyperion", "Iapetus", "Phoebe",
    "Methone", "Anthe", "Pallene", "Telesto", "Helene",
)  # fmt: skip
_SATURN = ("Saturn baricentric", "Saturn geocentric")
_VOYAGERS = ("Voyager 1", "Voyager 2")
_OBSERVERS = {
    "Sun": ("Venus", "Earth", "Jupiter", *_SATURN, *_VOYAGERS, "Galileo", "Ulysses", "Cassini"),
    "Venus": ("Galileo", "Cassini"),
    "Earth": (*_VOYAGERS, "Galileo", "Ulysses", "Cassini"),
    "Jupiter": (*_JOVIAN, *_VOYAGERS, "Galileo", "Ulysses", "Cassini"),
    **dict.fromkeys(_JOVIAN, ("Jupiter", *_VOYAGERS, "Galileo", "Cassini")),
    **dict.fromkeys(_SATURN, (*_KRONIAN, *_VOYAGERS, "Ulysses", "Cassini")),
    **dict.fromkeys(_KRONIAN, (*_VOYAGERS, "Cassini")),
}


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Where `observer` is as seen from `origin`."""

    origin: str
    observer: str
    coordinates: str

    @property
    def id(self) -> str:
        """``Origin_Observer_Coordinates``."""
        return f"{self.origin}_{self.observer}_{self.coordinates}"

    @property
    def radius(self) -> float:
        """Of the origin, km: the unit of length."""
        return _BODIES[self.origin][1]

    @property
    def codes(self) -> tuple[str, str, str]:
        """Codes of origin, observer and coordinates."""
        return _BODIES[self.origin][0], _observer(self.observer)[0], COORDINATES[self.coordinates]

    @property
    def coverage(self) -> TimeRange:
        """When the observer's place is known."""
        return _observer(self.observer)[1]

    @property
    def title(self) -> str:
        """One line for people."""
        return f"Trajectory of {self.observer} in {self.coordinates} coordinates of {self.origin}"

    @property
    def info(self) -> ProductInfo:
        """What the inventory keeps of it."""
        geographic = self.coordinates == "Geographic"
        return ProductInfo(
            ("Trajectories", self.origin, self.coordinates, self.observer),
            ProductRef("uiowaephtool", self.id),
            "multicomponent" if geographic else "vector",
            self.title,
            "",
            self.coverage,
            60.0,
            {
                "ORIGIN": self.origin,
                "OBSERVER": self.observer,
                "COORDINATE_SYSTEM": self.coordinates,
                "ORIGIN_RADIUS": f"{self.radius} km",
            },
        )


def _observer(name: str) -> tuple[str, TimeRange]:
    return _SPACECRAFT[name] if name in _SPACECRAFT else (_BODIES[name][0], _ALWAYS)


def _systems(origin: str) -> tuple[str, ...]:
    if origin == "Sun":
        return ("Ecliptic", "Equatorial")
    if origin in _SATURN:
        return ("Geographic", "Ecliptic", "Equatorial", "KSM")
    if origin in _JOVIAN or origin in _KRONIAN:
        return ("Geographic", "Ecliptic", "Equatorial", "Co-rotational")
    return ("Geographic", "Ecliptic", "Equatorial")


def all_trajectories() -> list[Trajectory]:
    """Return all that can be asked for, in the order of the tree.

    Examples
    --------
    >>> len({trajectory.origin for trajectory in all_trajectories()})
    24
    """
    return [
        Trajectory(origin, observer, system)
        for origin, observers in _OBSERVERS.items()
        for system in _systems(origin)
        for observer in observers
    ]


def find(product: str) -> Trajectory | None:
    """Return the trajectory of an id, in any case; None when there is none.

    Examples
    --------
    >>> find("io_galileo_geographic").codes
    ('  io', 'gali', 'geog')
    """
    wanted = product.strip("/").casefold()
    return next((t for t in all_trajectories() if t.id.casefold() == wanted), None)
