"""The public HAPI servers that are known, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from speasy_core.config import Settings

__all__ = ["PUBLIC", "Server", "chosen_servers", "part_id"]


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    Attributes
    ----------
    name : str
        As it stands in product ids.
    url : str
        Its root, which ends in ``/hapi``.
    title : str
        For people.
    contact : str
        Whom to tell when it fails.
    """

    name: str
    url: str
    title: str
    contact: str = ""


# as the registry of HAPI servers lists them
_KNOWN = (
    Server("CDAWeb", "https://cdaweb.gsfc.nasa.gov/hapi", "CDAWeb", "Robert Candey"),
    Server("SSCWeb", "http://hapi-server.org/servers/SSCWeb/hapi", "SSCWeb", "Bob Weigel"),
    Server("AMDA", "https://amda.irap.omp.eu/service/hapi", "AMDA", "amda@irap.omp.eu"),
    Server("CSA", "https://csatools.esac.esa.int/HapiServer/hapi", "Cluster Science Archive",
           "https://www.cosmos.esa.int/web/csa/cluster-helpdesk"),
    Server("CCMC_ISWA", "https://iswa.gsfc.nasa.gov/hapi", "CCMC ISWA", "Rick Mullinix"),
    Server("VirES-for-Swarm", "https://vires.services/hapi", "VirES for Swarm",
           "feedback@vires.services"),
    Server("INTERMAGNET", "https://imag-data.bgs.ac.uk/GIN_V1/hapi", "INTERMAGNET",
           "e_ginman@bgs.ac.uk"),
    Server("UCalgary_SRS", "https://api.phys.ucalgary.ca/hapi", "UCalgary Space Remote Sensing",
           "Darren Chaddock"),
    Server("WDC", "https://wdcapi.bgs.ac.uk/hapi", "World Data Centre for Geomagnetism, Edinburgh",
           "wdcgeomag@bgs.ac.uk"),
    Server("LISIRD", "http://lasp.colorado.edu/lisird/hapi", "LISIRD", "Doug Lindholm"),
    Server("KNMI", "https://hapi.spaceweather.knmi.nl/hapi", "KNMI space weather timeline",
           "Eelco Doornbos"),
    Server("Helioviewer", "https://api.helioviewer.org/hapi/Helioviewer/hapi", "Helioviewer",
           "Daniel Garcia Briseno"),
    Server("DAS2", "https://planet.physics.uiowa.edu/das/das2Server/hapi", "Iowa das2",
           "Jeremy Faden"),
)  # fmt: skip

PUBLIC: Mapping[str, Server] = MappingProxyType({server.name: server for server in _KNOWN})


def chosen_servers(settings: Settings) -> dict[str, Server]:
    """Return the servers in use by lower-case name: the user's own, then the public ones.

    A slash in a name becomes an underscore, since ids part at slashes.

    Examples
    --------
    >>> list(chosen_servers(Settings(hapi_servers={"Mine": "http://h/hapi"}, hapi_public=False)))
    ['mine']
    """
    chosen = {}
    for name, url in settings.hapi_servers.items():
        plain = name.strip().replace("/", "_")
        root = url if url.endswith("/hapi") else f"{url}/hapi"
        chosen[plain.lower()] = Server(plain, root, plain)
    if settings.hapi_public:
        for name, server in PUBLIC.items():
            chosen.setdefault(name.lower(), server)
    return chosen


def part_id(parts: list[str], known: Callable[[str], bool]) -> tuple[str, str]:
    """Part an id into data set and parameter: the longest known data set, else the last slash.

    Examples
    --------
    >>> part_id(["a", "b", "c"], lambda name: False)
    ('a/b', 'c')
    >>> part_id(["a", "b", "c"], lambda name: name == "a")
    ('a', 'b/c')
    """
    for count in range(len(parts) - 1, 0, -1):
        if known("/".join(parts[:count])):
            return "/".join(parts[:count]), "/".join(parts[count:])
    if len(parts) == 1 or known("/".join(parts)):
        return "/".join(parts), ""
    return "/".join(parts[:-1]), parts[-1]
