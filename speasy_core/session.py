"""The one owner of state: settings, http client, store, cache, providers and inventory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import inputs
from . import providers as provider_table
from .call import Call, OnError
from .errors import InvalidRequest, UnknownOption
from .http import Deadline, extra_headers
from .product import ALIASES, ProductInfo, ProductRef, provider_name
from .provider import ProductInput, TellsInputs
from .request import Request, between
from .resources import Resources, offline
from .run import run_request

if TYPE_CHECKING:
    from .archives import Archive
    from .archives.amda import Amda
    from .archives.files import Described, Hapi
    from .archives.inventories import Inventories
    from .archives.orbits import Cdpp3dView, Ssc
    from .archives.variables import Cda, Csa
    from .cache.picture import CachedPicture
    from .inventory import Node, ProviderState
    from .lod import Reduced
    from .variable import SpeasyVariable

__all__ = ["Session", "default_session", "offline"]

# Speasy's keywords, accepted so that its scripts run: there is no proxy to disable here
_SPEASY_OPTIONS = ("disable_proxy", "disable_cache", "prefer_cache")


class Session(Resources):
    """Everything that `get_data` needs, made when it is first used.

    Each provider is an attribute: ``session.amda.list_parameters()``; see
    :mod:`speasy_core.archives`.

    Parameters
    ----------
    settings : Settings, optional
        By default :meth:`Settings.load`.

    Examples
    --------
    >>> import tempfile
    >>> import speasy_core as spz
    >>> session = spz.Session(spz.Settings(cache_dir=tempfile.mkdtemp(), offline=True))
    >>> "cda" in session.list_providers()
    True
    >>> session.close()
    """

    @property
    def inventories(self) -> Inventories:
        """`tree`, `data_tree` and `flat_inventories`, as in Speasy."""
        from .archives.inventories import Inventories

        return Inventories(self.inventory)

    if TYPE_CHECKING:  # each is None where the settings leave the provider out
        amda: Amda
        archive: Described
        cda: Cda
        cdpp3dview: Cdpp3dView
        csa: Csa
        hapi: Hapi
        ssc: Ssc
        uiowaephtool: Archive
    else:

        def __getattr__(self, name: str) -> Archive | None:
            # only what is not found otherwise comes here
            plain = provider_name(name)
            if name.startswith("_") or plain not in provider_table.names():
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if plain not in self.providers:
                return None
            from .archives import open_archive

            return open_archive(self, plain)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *provider_table.names()]

    def list_providers(self) -> list[str]:
        """Names of the providers in use, then other names that ids may begin with."""
        names = list(self.providers)
        return names + [alias for alias, name in ALIASES.items() if name in names]

    def update_inventories(self) -> Mapping[str, ProviderState]:
        """Ask every server for its inventory now; returns what each one said."""
        return self.inventory.refresh(force=True)

    def find_product(
        self,
        query: str,
        *,
        provider: str | None = None,
        type: str | None = None,
        unit: str | None = None,
        start: Any = None,
        stop: Any = None,
        limit: int = 50,
    ) -> list[Node]:
        """Search all inventories, best match first.

        Parameters
        ----------
        query : str
            Words that must all occur; ``provider:cda type:vector after:2015`` filter.
        provider, type, unit : str, optional
            The same filters as keywords.
        start, stop : time, optional
            Only products whose coverage meets this range.
        limit : int
            At most so many.

        Returns
        -------
        list of Node
            Each can be given to `get_data`.
        """
        return self.inventory.find(
            query,
            provider=provider,
            type=type,
            unit=unit,
            start=start,
            stop=stop,
            limit=limit,
            wait=not self._is_offline(None),  # the very first search waits for an inventory
        )

    def get_data(
        self,
        *args: Any,
        progress: bool = False,
        offline: bool | None = None,
        refresh: bool = False,
        timeout: float | Deadline | None = None,
        on_error: OnError = "raise",
        extra_http_headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Any:
        """Return the samples of one or several products over one or several time ranges.

        Parameters
        ----------
        *args
            ``(product, start, stop)``, ``(product, [start, stop])``,
            ``(product, [[start, stop], ...])``, ``(product, table)`` with a TimeTable, a Catalog
            or the id of one; a list of products in place of one, nested at will. A product is an
            id (``"cda/AC_H0_MFI/BGSEc"``) or a node of the tree. Times are UTC; ranges are
            half-open; one of the two may be a duration (timedelta, ``"PT1H"``).
            ``("amda/sharedtimeTable_0",)`` alone gives the table itself.
        progress : bool
            Show a progress bar: the bytes that come, their rate, and how many pieces are there.
        offline : bool, optional
            Answer from the cache alone and declare the rest in ``v.gaps``.
        refresh : bool
            Fetch again what the cache holds, and keep the new answer.
        timeout : float, optional
            Seconds for the whole call; by default ``settings.timeout``.
        on_error : {"raise", "gaps", "collect"}
            What a failed piece does: raise, leave a declared gap in the result, or, in a list,
            stand there as the error that it is, while the others go on.
        extra_http_headers : mapping, optional
            Sent with every request of this call.
        **options
            What the provider takes, for example ``coordinate_system`` for SSCWeb.

        Returns
        -------
        SpeasyVariable, Dataset, TimeTable, Catalog, or list
            A data set of AMDA gives a Dataset. Lists of products or ranges give lists in the same
            nesting, products outermost. An empty variable says that the archive has no data there.

        Raises
        ------
        InvalidRequest
            Not a call form, an unknown product, a range that stops before it starts.
        ServerError, CorruptFile, OfflineError
            What went wrong, where, and what to do.

        Examples
        --------
        >>> import speasy_core as spz
        >>> b = spz.get_data("cda/AC_H0_MFI/BGSEc", "2023-01-02", "2023-01-03")  # doctest: +SKIP
        """
        if on_error not in ("raise", "gaps", "collect"):
            raise UnknownOption(f"on_error={on_error!r}", hint="use 'raise', 'gaps' or 'collect'")
        request = Request.parse(args, options)
        speasy = {name: options.pop(name) for name in _SPEASY_OPTIONS if name in options}
        # an archive that is asked to look anew must be asked
        refresh = refresh or bool(speasy.get("disable_cache") or options.get("force_refresh"))
        prefer_cache = bool(speasy.get("prefer_cache"))
        call = self._call(offline, refresh, timeout, on_error, options, prefer_cache)
        with extra_headers(extra_http_headers), inputs.asking():
            return run_request(call, request, progress)

    def get_lod(
        self,
        product: Any,
        start: Any,
        stop: Any,
        columns: int = 1000,
        *,
        mean: str = "linear",
        offline: bool | None = None,
        refresh: bool = False,
        timeout: float | Deadline | None = None,
        on_error: OnError = "raise",
        **options: Any,
    ) -> Reduced:
        """Return a product reduced to columns of time, without loading what the cache holds of it.

        What is missing is fetched and kept, as by `get_data`; the rest comes from the pyramids
        that the cache keeps beside the samples. A range of years costs what its columns cost.

        Parameters
        ----------
        product : str or Node
        start, stop : time
            Half-open, UTC; one of them may be a duration.
        columns : int
            At least so many, some twice as many at most. They lie on an absolute grid whose step is
            a power of two of nanoseconds, the first and the last are cut to the range.
        mean : {"linear", "log"}
            For spectrograms: of the values, or of the logarithms of the positive ones.
        offline, refresh, timeout, on_error, **options
            As for `get_data`.

        Returns
        -------
        Reduced
            ``edges`` and ``count``; ``min, max, first, last`` of each component, or ``mean`` and
            ``channels`` of a spectrogram; ``gaps`` and ``provenance``. The same numbers as
            ``get_data(product, start, stop).lod(start, stop, columns)``.

        Raises
        ------
        VariableError
            The product is text, or has more than 64 components and is no spectrogram.
        SpeasyError
            As `get_data`.

        Examples
        --------
        >>> import speasy_core as spz
        >>> year = spz.get_lod("cda/AC_H0_MFI/BGSEc", "2023", "2024", 500)  # doctest: +SKIP
        """
        from .pictures import reduced

        call = self._call(offline, refresh, timeout, on_error, options)
        return reduced(call, ProductRef.parse(product), between(start, stop), columns, mean)

    def get_picture(
        self,
        product: Any,
        start: Any,
        stop: Any,
        *,
        timeout: float | Deadline | None = None,
        on_error: OnError = "raise",
        **options: Any,
    ) -> CachedPicture | SpeasyVariable:
        """Return a product ready to be drawn at any zoom, as panels do.

        Parameters
        ----------
        product, start, stop, timeout, on_error, **options
            As for `get_data`.

        Returns
        -------
        CachedPicture
            Its samples stay in the cache. ``query(start_ns, stop_ns, columns)`` draws a part.
        SpeasyVariable
            The samples, of a provider that is not cached.
        """
        from .pictures import picture

        call = self._call(None, False, timeout, on_error, options)
        return picture(call, ProductRef.parse(product), between(start, stop))

    def _call(
        self,
        offline: bool | None,
        refresh: bool,
        timeout: float | Deadline | None,
        on_error: OnError,
        options: Mapping[str, Any],
        prefer_cache: bool = False,
    ) -> Call:
        if isinstance(timeout, Deadline):  # of a caller that may cancel it, as a panel does
            deadline = timeout
        else:
            seconds = self.settings.timeout if timeout is None else _seconds(timeout)
            deadline = Deadline(seconds, within=inputs.limit())
        return Call(
            state=self,
            deadline=deadline,
            offline=self._is_offline(offline),
            refresh=refresh,
            prefer_cache=prefer_cache,
            on_error=on_error,
            options=options,
        )

    def _is_offline(self, asked: bool | None) -> bool:
        return self.is_offline if asked is None else asked

    def info(self, what: Any) -> ProductInfo | None:
        """Return what the inventory knows of a product, without a request."""
        return self.inventory.info(ProductRef.parse(what))

    def product_inputs(self, what: Any, *, timeout: float | None = None) -> list[ProductInput]:
        """Return what can be chosen of a product beside its range: options of `get_data`.

        Parameters
        ----------
        what : str, node of the tree or ProductRef
        timeout : float, optional
            Seconds, where the server is asked.

        Returns
        -------
        list of ProductInput
            Empty where there is nothing to choose.

        Examples
        --------
        >>> from speasy_core.session import Session
        >>> Session().product_inputs("ssc/mms1")[0].name
        'coordinate_system'
        """
        ref = ProductRef.parse(what)
        call = self._call(None, False, timeout, "raise", {})
        provider = call.provider(ref)
        if not isinstance(provider, TellsInputs):
            return []
        return list(provider.inputs(ref, deadline=call.deadline.work()))


def _seconds(timeout: Any) -> float:
    is_number = isinstance(timeout, (int, float, np.integer, np.floating))
    if not is_number or isinstance(timeout, bool) or not timeout >= 0:
        raise InvalidRequest(f"timeout={timeout!r} is not a number of seconds")
    return float(timeout)


_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """Return the session that the functions of `speasy_core` use."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default
