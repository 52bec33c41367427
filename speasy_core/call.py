"""One `get_data` call: every product over every range, and errors that explain."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, Protocol

from speasy_core.variable import SpeasyVariable

from .batch import Batch, plan
from .errors import (
    InvalidRequest,
    OfflineError,
    SpeasyError,
    SpeasyWarning,
    UnknownOption,
    UnknownProduct,
    UnknownProvider,
)
from .events import Catalog, Dataset, TimeTable
from .http import Deadline
from .product import ProductRef
from .provider import ChecksOptions, Fetched, KnowsDatasets, KnowsEvents, Provider
from .request import Request
from .timerange import TimeRange

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory

__all__ = ["Call", "OnError", "run_all", "run_request"]

OnError = Literal["raise", "gaps"]

_PARALLEL_JOBS, _MOST_JOBS = 8, 40
_LISTED = 8  # names in one message


class State(Protocol):
    """What a call needs of its session."""

    @property
    def providers(self) -> Mapping[str, Provider]: ...
    @property
    def cache(self) -> Cache: ...
    @property
    def inventory(self) -> Inventory: ...


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
        unknown = sorted(set(self.options) - provider.options) if for_data else []
        if unknown:
            known = ", ".join(sorted(provider.options)) or "none"
            raise UnknownOption(
                f"{ref.provider} does not take the option {', '.join(unknown)}",
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
        if self.offline:
            raise OfflineError("time tables and catalogues are not kept", product=str(ref))
        try:
            return provider.events(ref, deadline=self.deadline)
        except SpeasyError as error:
            raise error.locate(product=str(ref)) from error.__cause__

    def batches(
        self, jobs: Sequence[tuple[ProductRef, TimeRange]]
    ) -> Mapping[tuple[ProductRef, TimeRange], Batch]:
        """Return which jobs share their requests."""
        if self.offline:
            return {}
        return plan(self.state.providers, jobs, deadline=self.deadline, options=self.options)

    def members(self, ref: ProductRef) -> Sequence[ProductRef] | None:
        """Return the variables of a data set that can be asked for whole, else None."""
        provider = self.provider(ref)
        if not isinstance(provider, KnowsDatasets):
            return None
        return provider.dataset(ref, deadline=None if self.offline else self.deadline)

    def answer(
        self, ref: ProductRef, span: TimeRange, batch: Batch | None = None
    ) -> SpeasyVariable:
        """Return one product over one range; what `batch` brings of it is not asked for alone."""
        try:
            return self._answer(ref, span, batch)
        finally:
            if batch is not None:
                batch.leave(ref)

    def _answer(self, ref: ProductRef, span: TimeRange, batch: Batch | None) -> SpeasyVariable:
        provider = self.provider(ref)

        def fetch(part: TimeRange, since: str | None) -> Fetched:
            shared = batch.fetch(ref, part, since) if batch is not None else None
            if shared is not None:
                return shared
            return provider.fetch(
                ref, part, deadline=self.deadline, since=since, options=self.options
            )

        try:
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
            self._explain_empty(ref, span)
        return variable

    def _from_cache(
        self,
        ref: ProductRef,
        span: TimeRange,
        fetch: Callable[[TimeRange, str | None], Fetched],
        provider: Provider,
    ) -> SpeasyVariable:
        key = str(ref)
        options = self._plain_options(provider, ref)
        if options:
            key += "?" + json.dumps(dict(options), sort_keys=True, default=str)

        def ask(offline: bool) -> SpeasyVariable:
            return self.state.cache.get(
                key,
                span,
                fetch,
                deadline=self.deadline,
                max_request_ns=provider.max_request_ns,
                offline=offline,
                refresh=self.refresh,
                on_error="gaps" if offline else self.on_error,
            )

        if self.prefer_cache and not self.offline:
            try:
                kept = ask(offline=True)
            except OfflineError:
                return ask(offline=False)
            if not kept.gaps:
                return kept
        return ask(offline=self.offline)

    def _explain_empty(self, ref: ProductRef, span: TimeRange) -> None:
        """Say why there is nothing, where the inventory knows."""
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
            warnings.warn(
                f"{ref} has data from {info.coverage.start} to {info.coverage.stop} only, "
                f"none in {span}",
                SpeasyWarning,
                stacklevel=5,
            )

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
        words = ref.path.replace("/", " ").replace("_", " ")
        for query in (name, words, words.partition(" ")[0]):
            try:
                hits = inventory.find(query, provider=ref.provider, limit=3)
            except InvalidRequest:
                continue
            names = [str(hit.ref) for hit in hits if hit.ref is not None and hit.ref != ref]
            if names:
                return f"did you mean {', '.join(names)}?"
        return "find_product('words') searches all inventories"


def _present(answer: Fetched, ref: ProductRef) -> SpeasyVariable:
    if answer.variable is None:
        message = "the provider said 'not changed' though nothing was kept"
        raise SpeasyError(message, product=str(ref))
    return answer.variable


def run_request(call: Call, request: Request, progress: bool) -> Any:
    """Answer a request: variables, data sets, or the time tables and catalogues themselves."""
    if request.is_for_tables:
        return request.nest([call.events(ref) for ref in request.products])
    if request.table is not None:
        request = request.over(call.events(request.table))
    members = {ref: call.members(ref) for ref in dict.fromkeys(request.products)}
    jobs: list[tuple[ProductRef, TimeRange]] = []
    for ref, span in request.jobs():
        inside = members[ref]
        jobs += [(ref, span)] if inside is None else [(part, span) for part in inside]
    found = iter(run_all(call, jobs, progress))
    results: list[SpeasyVariable | Dataset] = []
    for ref, _ in request.jobs():
        inside = members[ref]
        if inside is None:
            results.append(next(found))
            continue
        # by id: names for people are not unique in a data set
        variables = {part.path: next(found) for part in inside}
        results.append(Dataset(ref.path, variables, _dataset_meta(call, ref)))
    return request.nest(results)


def _dataset_meta(call: Call, ref: ProductRef) -> Mapping[str, Any]:
    info = call.state.inventory.info(ref)
    return info.meta if info is not None else {}


def run_all(
    call: Call, jobs: Sequence[tuple[ProductRef, TimeRange]], progress: bool
) -> list[SpeasyVariable]:
    """Run all jobs in parallel and return their results in order; the first failure raises."""
    if len(jobs) == 1 and not progress:
        return [call.answer(*jobs[0])]
    if not jobs:  # an empty list of ranges, as a catalogue without events is
        return []
    batches = call.batches(jobs)
    # those that share a request wait for each other, and need places of their own for that
    parallel = min(_PARALLEL_JOBS + len(batches), _MOST_JOBS, len(jobs))
    with ThreadPoolExecutor(parallel, "get_data") as pool:
        # each in the caller's context, so that a virtual product that asks for itself is seen
        futures = [
            pool.submit(copy_context().run, call.answer, ref, span, batches.get((ref, span)))
            for ref, span in jobs
        ]
        try:
            return [future.result() for future in _with_progress(futures, progress)]
        except BaseException:
            # the rest is of no use any more: not even what is under way
            call.deadline.cancel()
            for future in futures:
                future.cancel()
            raise


def _with_progress(
    futures: Sequence[Future[SpeasyVariable]], progress: bool
) -> Iterable[Future[SpeasyVariable]]:
    if not progress:
        return futures
    from tqdm.auto import tqdm

    return tqdm(futures, unit="piece")
