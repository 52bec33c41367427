"""AMDA: parameters, data sets, time tables, catalogues, and what is a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from speasy_core.credentials import login_for
from speasy_core.errors import (
    InvalidRequest,
    InvalidTime,
    MissingCredentials,
    SpeasyError,
    UnknownProduct,
)
from speasy_core.events import Catalog, Dataset, TimeTable
from speasy_core.http import Deadline
from speasy_core.inventory import Node
from speasy_core.providers._amda_service import login_hint
from speasy_core.providers.amda import AmdaProvider
from speasy_core.timerange import TimeRange, to_ns

from .base import Archive, is_parameter

__all__ = ["Amda", "ProductType"]

_UP_SECONDS = 5.0
# branches of the tree that hold what is a user's own
_OWN_PARAMETERS, _PRIVATE = "DerivedParameters", "PrivateParameters"
_OWN_TABLES, _OWN_CATALOGS = "MyTimeTables", "MyCatalogs"


class ProductType(Enum):
    """What a product of AMDA is."""

    UNKNOWN = "unknown"
    DATASET = "dataset"
    PARAMETER = "parameter"
    COMPONENT = "component"
    TIMETABLE = "timetable"
    CATALOG = "catalog"


class Amda(Archive):
    """AMDA; ids are those of its tree: ``imf``, ``imf(0)``, ``ace-imf-all``, ``sharedtimeTable_0``.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.amda.get_parameter("imf", "2023-01-02", "2023-01-03").columns  # doctest: +SKIP
    ['bx', 'by', 'bz']
    >>> spz.amda.list_parameters("ace-imf-all")  # doctest: +SKIP
    """

    # -- data ------------------------------------------------------------------------------------

    def get_parameter(self, product: Any, start_time: Any, stop_time: Any, **options: Any) -> Any:
        """Return the samples of a parameter or of one of its components.

        Parameters
        ----------
        product : str or Node
        start_time, stop_time : time
            Half-open, UTC.
        **options
            `product_inputs`, `output_format`, and those of the session's `get_data`.

        Returns
        -------
        SpeasyVariable
        """
        return self.get_data(product, start_time, stop_time, **options)

    def get_dataset(self, dataset_id: Any, start: Any, stop: Any, **options: Any) -> Dataset:
        """Return all parameters of a data set, by their ids.

        Raises
        ------
        InvalidRequest
            Not a data set.
        """
        found = self.get_data(dataset_id, start, stop, **options)
        if not isinstance(found, Dataset):
            ref = self._ref(dataset_id)
            raise InvalidRequest(f"{ref} is not a data set", product=str(ref))
        return found

    def get_timetable(self, timetable_id: Any, **options: Any) -> TimeTable:
        """Return a time table.

        Raises
        ------
        InvalidRequest
            Not a time table.
        """
        found = self.get_data(timetable_id, **options)
        if not isinstance(found, TimeTable):
            ref = self._ref(timetable_id)
            raise InvalidRequest(f"{ref} is a catalogue, not a time table", product=str(ref))
        return found

    def get_catalog(self, catalog_id: Any, **options: Any) -> Catalog:
        """Return a catalogue.

        Raises
        ------
        InvalidRequest
            Not a catalogue.
        """
        found = self.get_data(catalog_id, **options)
        if not isinstance(found, Catalog):
            ref = self._ref(catalog_id)
            raise InvalidRequest(f"{ref} is a time table, not a catalogue", product=str(ref))
        return found

    def get_user_parameter(
        self, parameter_id: Any, start_time: Any, stop_time: Any, **options: Any
    ) -> Any:
        """Return the samples of a parameter of the user's own, as ``ws_0``.

        Raises
        ------
        MissingCredentials
            Neither `amda_user` nor `amda_password` is set.
        """
        self._need_credentials()
        return self.get_data(parameter_id, start_time, stop_time, **options)

    def get_user_timetable(self, timetable_id: Any, **options: Any) -> TimeTable:
        """Return a time table of the user's own, as ``tt_0``; errors as `get_user_parameter`."""
        self._need_credentials()
        return self.get_timetable(timetable_id, **options)

    def get_user_catalog(self, catalog_id: Any, **options: Any) -> Catalog:
        """Return a catalogue of the user's own, as ``cat_0``; errors as `get_user_parameter`."""
        self._need_credentials()
        return self.get_catalog(catalog_id, **options)

    # -- lists -----------------------------------------------------------------------------------

    def list_timetables(self) -> list[Node]:
        """Return all time tables, the user's own too where credentials are set."""
        return [node for node in self._nodes() if node.kind == "timetable"]

    def list_catalogs(self) -> list[Node]:
        """Return all catalogues, the user's own too where credentials are set."""
        return [node for node in self._nodes() if node.kind == "catalog"]

    def list_user_parameters(self) -> list[Node]:
        """Return the parameters that the user has made.

        Raises
        ------
        MissingCredentials
            Neither `amda_user` nor `amda_password` is set.
        """
        self._need_credentials()
        return [node for node in self.list_parameters() if _is_in(_OWN_PARAMETERS, node)]

    def list_user_timetables(self) -> list[Node]:
        """Return the user's own time tables; errors as `list_user_parameters`."""
        self._need_credentials()
        return [node for node in self.list_timetables() if _is_in(_OWN_TABLES, node)]

    def list_user_catalogs(self) -> list[Node]:
        """Return the user's own catalogues; errors as `list_user_parameters`."""
        self._need_credentials()
        return [node for node in self.list_catalogs() if _is_in(_OWN_CATALOGS, node)]

    # -- one product -----------------------------------------------------------------------------

    def product_type(self, product: Any) -> ProductType:
        """Return what a product is; UNKNOWN for what the tree does not have."""
        try:
            node = self.to_index(product)
        except UnknownProduct:
            return ProductType.UNKNOWN
        if is_parameter(node):
            is_part = "component_of" in node.meta
            return ProductType.COMPONENT if is_part else ProductType.PARAMETER
        known = {kind.value: kind for kind in ProductType}
        return known.get(node.kind, ProductType.UNKNOWN)

    def find_parent_dataset(self, product: Any) -> str | None:
        """Return the id of the data set that a product is in, None for what is in none."""
        node = self.to_index(product)
        above = node if node.kind == "dataset" else self._dataset_above(node)
        return above.ref.path if above is not None and above.ref is not None else None

    def is_user_parameter(self, product: Any) -> bool:
        """Whether it is a parameter that the user has made."""
        return self._is_own(product, _OWN_PARAMETERS)

    def is_user_timetable(self, product: Any) -> bool:
        """Whether it is a time table of the user's own."""
        return self._is_own(product, _OWN_TABLES)

    def is_user_catalog(self, product: Any) -> bool:
        """Whether it is a catalogue of the user's own."""
        return self._is_own(product, _OWN_CATALOGS)

    def is_private_parameter(self, product: Any) -> bool:
        """Whether it is a parameter that only some users see."""
        return self._is_own(product, _PRIVATE)

    def has_time_restriction(self, product: Any, start_time: Any, stop_time: Any) -> bool:
        """Whether any of a range is not public (yet)."""
        after = str(self.to_index(product).meta.get("restricted_after") or "")
        span = TimeRange(start_time, stop_time)
        try:
            return bool(after) and span.stop_ns > to_ns(after)
        except InvalidTime:
            return False

    def product_version(self, product: Any) -> str:
        """Return the archive's mark of a product's data: when its data set last changed."""
        return str(self.to_index(product).meta.get("version") or "")

    def get_real_product_id(
        self, product: Any, product_inputs: Mapping[str, Any] | None = None
    ) -> str:
        """Return the id that the server knows: for a templated parameter, that with its arguments.

        Parameters
        ----------
        product : str or Node
        product_inputs : mapping, optional
            As for `get_data`; the rest have their defaults.

        Raises
        ------
        UnknownOption
            Not such an argument, or a value that it does not take.
        """
        return self._amda.real_id(self._ref(product), product_inputs, deadline=self._deadline())

    # -- the server ------------------------------------------------------------------------------

    def is_server_up(self) -> bool:
        """Whether the server says within 5 s that it is."""
        try:
            self._ask("whether it is up")
            return self._amda.is_up(deadline=Deadline(_UP_SECONDS))
        except SpeasyError:
            return False

    def credential_are_valid(self) -> bool:
        """Whether user and password are set; only a request shows what they open."""
        settings = self._session.settings
        return login_for(settings, settings.amda_url) is not None

    def reset_credentials(self, username: str = "", password: str = "") -> None:
        """Use other credentials in this session, and load the inventory that goes with them.

        Parameters
        ----------
        username, password : str
            Without them: none.
        """
        self._session.change(self.name, amda_user=username, amda_password=password)
        if not self._session.is_offline:
            self.update_inventory()

    # --------------------------------------------------------------------------------------------

    @property
    def _amda(self) -> AmdaProvider:
        provider = self._provider
        assert isinstance(provider, AmdaProvider)
        return provider

    def _need_credentials(self) -> None:
        if not self.credential_are_valid():
            raise MissingCredentials(
                "what is a user's own needs credentials of AMDA",
                hint=login_hint(has_credentials=False),
            )

    def _is_own(self, product: Any, branch: str) -> bool:
        try:
            return _is_in(branch, self.to_index(product))
        except UnknownProduct:
            return False


def _is_in(branch: str, node: Node) -> bool:
    return branch in node.path[:2]
