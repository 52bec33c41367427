"""SSCWeb and 3DView: where spacecraft and bodies were."""

from __future__ import annotations

from typing import Any

from speasy_core.inventory import Node
from speasy_core.providers.cdpp3dview import Cdpp3dViewProvider

from .base import Archive

__all__ = ["Cdpp3dView", "Ssc"]


class Ssc(Archive):
    """SSCWeb; ids are names of spacecraft in lower case.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.ssc.get_trajectory("mms1", "2019-01-02", "2019-01-03", "gsm")  # doctest: +SKIP
    """

    def get_data(
        self,
        product: Any,
        start_time: Any = None,
        stop_time: Any = None,
        coordinate_system: str | None = None,
        **options: Any,
    ) -> Any:
        """Return positions, as the session's `get_data`; see `get_trajectory`.

        Parameters
        ----------
        product : str, Node, or a list of them
        start_time, stop_time : time
            Both, or a range (or several) as the first.
        coordinate_system : str, optional
            By default ``gse``.
        **options
            As for the session's `get_data`.
        """
        if coordinate_system is not None:
            options["coordinate_system"] = coordinate_system
        return super().get_data(product, start_time, stop_time, **options)

    def get_trajectory(
        self,
        product: Any,
        start_time: Any,
        stop_time: Any,
        coordinate_system: str = "gse",
        **options: Any,
    ) -> Any:
        """Return positions in kilometres, columns X, Y and Z.

        Parameters
        ----------
        product : str or Node
        start_time, stop_time : time
        coordinate_system : str
            ``geo``, ``gm``, ``gse``, ``gsm``, ``sm``, ``geitod`` or ``geij2000``.
        **options
            As for the session's `get_data`.
        """
        return self.get_data(
            product, start_time, stop_time, coordinate_system=coordinate_system, **options
        )

    def get_observatories(self) -> list[dict[str, Any]]:
        """Return all spacecraft.

        Returns
        -------
        list of dict
            ``Id``, ``Name``, ``Resolution`` in seconds, ``StartTime`` and ``EndTime`` as
            datetime64, ``ResourceId`` and ``GroupId`` where SSCWeb gives them.

        Raises
        ------
        ServerError, OfflineError
            Nothing is known of the archive yet, and it cannot be asked.
        """
        return [_observatory(node) for node in self.list_parameters()]


def _observatory(node: Node) -> dict[str, Any]:
    meta = node.meta
    known = {
        "Id": node.name,
        "Name": meta.get("Name", node.name),
        "Resolution": node.cadence,
        "StartTime": node.coverage.start if node.coverage is not None else None,
        "EndTime": node.coverage.stop if node.coverage is not None else None,
        "ResourceId": meta.get("ResourceId"),
        "GroupId": meta.get("GroupId"),
    }
    return {key: value for key, value in known.items() if value is not None}


class Cdpp3dView(Archive):
    """CDPP 3DView; ids are names of bodies.

    Examples
    --------
    >>> import speasy_core as spz
    >>> [frame["name"] for frame in spz.cdpp3dview.get_frames()][:1]  # doctest: +SKIP
    ['J2000']
    """

    def get_frames(self) -> list[dict[str, str]]:
        """Return the coordinate frames that the server knows.

        Returns
        -------
        list of dict
            With the keys ``name``, ``center`` and ``desc``.

        Raises
        ------
        ServerError, OfflineError
            The server cannot be asked.
        """
        deadline = self._ask("its frames")
        provider = self._provider
        assert isinstance(provider, Cdpp3dViewProvider)
        return provider.get_frames(deadline=deadline)
