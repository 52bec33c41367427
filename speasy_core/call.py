"""One piece of a `get_data` call: a product over a range, and errors that explain."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from speasy_core.variable import Gap, SpeasyVariable, merge

from . import inputs
from .batch import Batch, plan
from .config import Settings
from .errors import (
    InvalidRequest,
    OfflineError,
    ServerError,
    SpeasyError,
    UnknownOption,
    UnknownProduct,
    UnknownProvider,
    warn,
)
from .events import Catalog, TimeTable
from .http import Deadline
from .product import ProductRef
from .provider import (
    ChecksOptions,
    Fetched,
    KnowsDatasets,
    KnowsEvents,
    Provider,
    TakesOptionsEach,
)
from .timerange import TimeRange, to_ns

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory
    from .kept_events import KeptEvents

__all__ = ["Call", "OnError"]

OnError = Literal["raise", "gaps", "collect"]

_LISTED = 8  # names in one message


class State(Protocol):
    """What a call needs of its session."""

    @property
    def providers(self) -> Mapping[str, Provider]: ...
    @property
    def cache(self) -> Cache: ...
    @property
    def inventory(self) -> Inventory: ...
    @property
    def kept_events(self) -> KeptEvents: ...
    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True, slots=True)
class Call:
    """What all pieces of one `get_data` call share."""

    state: State
    deadline: Deadline
    offline: bool
    refresh: bool
    prefer_cache: bool
    on_error: OnError
    options: Mapping[str, Any]

    def provider(self, ref: ProductRef, *, for_data: bool = True) -> Provider:
        """Return the provider of `ref`, or say what is wrong with the request.

        `for_data` is False for what only gives time ranges: the options are not meant for it.
        """
        provider = self.state.providers.get(ref.provider)
        if provider is None:
            raise UnknownProvider(
                f"there is no provider {ref.provider!r}",
                product=str(ref),
                hint=f"providers: {', '.join(self.state.providers)}",
            )
        taken = provider.options
        if isinstance(provider, TakesOptionsEach):
            taken = provider.options_of(ref)
        unknown = sorted(set(self.options) - taken) if for_data else []
        if unknown:
            known = ", ".join(sorted(taken)) or "none"
            raise UnknownOption(
                f"{ref.provider if taken is provider.options else ref} does not take the option "
                f"{', '.join(unknown)}",
                product=str(ref),
                hint=f"its options: {known}",
            )
        if for_data:
            self._plain_options(provider, ref)
        return provider

    def _plain_options(self, provider: Provider, ref: ProductRef) -> Mapping[str, Any]:
        """Return the options in the one form that the provider gives them."""
        if not self.options or not isinstance(provider, ChecksOptions):
            return self.options
        try:
            return provider.check_options(self.options)
        except SpeasyError as error:
            raise error.locate(product=str(ref)) from error.__cause__

    def events(self, ref: ProductRef) -> TimeTable | Catalog:
        """Return a time table or a catalogue that an archive holds."""
        provider = self.provider(ref, for_data=False)
        if not isinstance(provider, KnowsEvents):
            raise InvalidRequest(
                f"{ref} needs a time range: {provider.title} has no time tables or catalogues",
                product=str(ref),
                hint="get_data(product, start, stop)",
            )
        source = str(getattr(provider, "source", ""))
        if self.offline:
            kept = self._kept_events(source, ref, "offline")
            if kept is None:
                raise OfflineError("offline, and it was never received", product=str(ref))
            return kept
        try:
            table = provider.events(ref, deadline=self.deadline)
        except ServerError as error:
            kept = self._kept_events(source, ref, error.message)
            if kept is None:
                raise error.locate(product=str(ref)) from error.__cause__
            return kept
        except SpeasyError as error:
            raise error.locate(product=str(ref)) from error.__cause__
        self.state.kept_events.keep(source, str(ref), table)
        return table

    def _kept_events(self, source: str, ref: ProductRef, why: str) -> TimeTable | Catalog | None:
        """Return a table as it was when last received, and say how old it is."""
        found = self.state.kept_events.find(source, str(ref))
        if found is None:
            return None
        table, received = found
        table.meta["received"] = received
        warn(f"{ref} is as received on {received}: {why}")
        return table

    def batches(
        self, jobs: Sequence[tuple[ProductRef, TimeRange]]
    ) -> Mapping[tuple[ProductRef, TimeRange], Batch]:
        """Return which jobs share their requests."""
        if self.offline:
            return {}
        return plan(self.state.providers, jobs, deadline=self.deadline.work(), options=self.options)

    def members(self, ref: ProductRef) -> Sequence[ProductRef] | None:
        """Return the variables of a data set that can be asked for whole, else None."""
        provider = self.provider(ref)
        if not isinstance(provider, KnowsDatasets):
            return None
        if not self.offline:
            return provider.dataset(ref, deadline=self.deadline)
        try:
            return provider.dataset(ref, deadline=None)
        except UnknownProduct:  # what came with a bundle may be of servers that are not set up here
            return None

    def is_at_hand(self, ref: ProductRef, span: TimeRange) -> bool:
        """Whether the cache answers at once, without asking an archive."""
        provider = self.provider(ref)
        if self.refresh or not provider.cachable or "if_newer_than" in self.options:
            return False
        return self.state.cache.is_at_hand(self._key(ref, provider), span)

    def answer(
        self, ref: ProductRef, span: TimeRange, batch: Batch | None = None
    ) -> SpeasyVariable | None:
        """Return one product over one range; what `batch` brings of it is not asked for alone.

        None only where the option `if_newer_than` is given, and nothing is newer.
        """
        try:
            return self._answer(ref, span, batch)
        finally:
            if batch is not None:
                batch.leave(ref)

    def _answer(
        self, ref: ProductRef, span: TimeRange, batch: Batch | None
    ) -> SpeasyVariable | None:
        provider = self.provider(ref)

        def fetch(part: TimeRange, since: str | None) -> Fetched:
            shared = batch.fetch(ref, part, since) if batch is not None else None
            if shared is not None:
                return shared
            return provider.fetch(
                ref, part, deadline=self.deadline.work(), since=since, options=self.options
            )

        try:
            if self.options.get("if_newer_than") is not None:
                return self._if_newer(span, fetch, provider)
            if provider.cachable:
                variable = self._from_cache(ref, span, fetch, provider)
            else:
                variable = _present(fetch(span, None), ref)
        except UnknownProduct as error:
            error.hint = error.hint or self._suggest(ref)
            raise error.locate(product=str(ref), range=span) from error.__cause__
        except InvalidRequest as error:
            inside = self._list_inside(ref)
            if inside and inside not in (error.hint or ""):
                error.hint = f"{error.hint}; {inside}" if error.hint else inside
            raise error.locate(product=str(ref), range=span) from error.__cause__
        except SpeasyError as error:
            raise error.locate(product=str(ref), range=span) from error.__cause__
        if provider.cachable and not len(variable) and not variable.gaps:
            unit = self._explain_empty(ref, span)
            variable = variable if variable.unit else variable.with_unit(unit)
        if inputs.current() is not None and not isinstance(provider, TakesOptionsEach):
            self._note(ref, span, variable, provider)
        return variable

    def _note(
        self, ref: ProductRef, span: TimeRange, variable: SpeasyVariable, provider: Provider
    ) -> None:
        """Tell the function that asks what it was given, and of which version that is."""
        key = self._key(ref, provider)
        version = None
        if provider.cachable and not variable.gaps:
            version = self.state.cache.results.state(key, span)
        inputs.note(key, span, variable, version)

    def _key(self, ref: ProductRef, provider: Provider) -> str:
        """Return the name of a product with its options, as the cache has it."""
        options = self._plain_options(provider, ref)
        if not options:
            return str(ref)
        return f"{ref}?" + json.dumps(dict(options), sort_keys=True, default=str)

    def _if_newer(
        self,
        span: TimeRange,
        fetch: Callable[[TimeRange, str | None], Fetched],
        provider: Provider,
    ) -> SpeasyVariable | None:
        """Return what the server has, past the cache; None when none of it is newer."""
        if self.offline:
            raise OfflineError("whether there is something newer only the server knows")
        since = formatdate(to_ns(self.options["if_newer_than"]) // 10**9, usegmt=True)
        longest = provider.max_request_ns or span.duration_ns
        parts = span.split(np.timedelta64(longest, "ns"))
        answers = [fetch(part, since).variable for part in parts]
        if all(variable is None for variable in answers):
            return None
        return merge(
            variable if variable is not None else _present(fetch(part, None), part)
            for part, variable in zip(parts, answers, strict=True)
        )

    def _from_cache(
        self,
        ref: ProductRef,
        span: TimeRange,
        fetch: Callable[[TimeRange, str | None], Fetched],
        provider: Provider,
    ) -> SpeasyVariable:
        key = self._key(ref, provider)

        def ask(offline: bool) -> SpeasyVariable:
            return self.state.cache.get(
                key,
                span,
                fetch,
                deadline=self.deadline,
                max_request_ns=provider.max_request_ns,
                offline=offline,
                refresh=self.refresh,
                on_error="gaps" if offline or self.on_error == "gaps" else "raise",
            )

        if self.prefer_cache and not self.offline:
            try:
                kept = ask(offline=True)
            except OfflineError:
                return ask(offline=False)
            if not kept.gaps:
                return kept
        try:
            found = ask(offline=self.offline)
        except OfflineError:
            if self.on_error != "gaps":
                raise
            found = SpeasyVariable([], [], name=ref.path.rpartition("/")[2])
            found = found.copy(gaps=(Gap(span, "offline"),))
        # a view says so in its picture, and moves on
        if self.offline and found.gaps and self.deadline.priority == 0:
            first = found.gaps[0].range
            warn(
                f"{ref}: offline, and not all of the range is in the cache, see v.gaps; "
                f"the first: {first}"
            )
        return found

    def _explain_empty(self, ref: ProductRef, span: TimeRange) -> str:
        """Say why there is nothing, where the inventory knows; return the unit it would have."""
        info = self.state.inventory.info(ref)
        state = self.state.inventory.states().get(ref.provider)
        if info is None:
            provider = self.state.providers.get(ref.provider)
            # a provider may list only part of what it has; it then says itself what is unknown
            complete = getattr(provider, "lists_all", True)
            if state is not None and state.loaded and complete:
                raise UnknownProduct(
                    f"{ref.provider} has no product {ref.path!r}",
                    product=str(ref),
                    hint=self._suggest(ref),
                )
        elif info.coverage is not None and not info.coverage.overlaps(span):
            warn(
                f"{ref} has data from {info.coverage.start} to {info.coverage.stop} only, "
                f"none in {span}"
            )
        return "" if info is None else info.unit

    def _list_inside(self, ref: ProductRef) -> str:
        """Return the products of a data set that was asked for whole, empty when none is known."""
        inventory = self.state.inventory
        node = inventory.node(ProductRef(ref.provider, ref.path.strip("/")))
        if node is None:
            return ""
        children, total = inventory.children(node.id, limit=_LISTED)
        names = [str(child.ref) for child in children if child.ref is not None]
        more = ", ..." if total > len(names) else ""
        return f"its variables: {', '.join(names)}{more}" if names else ""

    def _suggest(self, ref: ProductRef) -> str:
        """Return the nearest names, those of the same data set first."""
        inventory = self.state.inventory
        parent, _, name = ref.path.rpartition("/")
        node = inventory.node(ProductRef(ref.provider, parent)) if parent else None
        if node is not None:
            siblings, _ = inventory.children(node.id)
            near = get_close_matches(name, [sibling.name for sibling in siblings], 3, 0.5)
            if near:
                names = [f"{ref.provider}/{parent}/{found}" for found in near]
                return f"did you mean {', '.join(names)}?"
            if siblings:
                return self._list_inside(ProductRef(ref.provider, parent))
        words = ref.path.replace("/", " ").replace("_", " ")
        shorter = [name[:-cut] for cut in (1, 2) if len(name) - cut > 2]  # a letter too many
        for query in (name, words, *shorter, words.partition(" ")[0]):
            try:
                hits = inventory.find(query, provider=ref.provider, limit=3)
            except InvalidRequest:
                continue
            names = [str(hit.ref) for hit in hits if hit.ref is not None and hit.ref != ref]
            if names:
                return f"did you mean {', '.join(names)}?"
        return "find_product('words') searches all inventories"


def _present(answer: Fetched, what: ProductRef | TimeRange) -> SpeasyVariable:
    if answer.variable is None:
        message = "the provider said 'not changed' though nothing was kept"
        raise SpeasyError(f"{what}: {message}")
    return answer.variable
