"""Several products of one call in one request, where their archive takes that."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .errors import Cancelled, DeadlineExceeded, HttpStatusError, ServerUnreachable, SpeasyError
from .http import Deadline
from .product import ProductRef
from .provider import Fetched, FetchesMany, Provider
from .timerange import TimeRange

__all__ = ["Batch", "plan"]

_log = logging.getLogger(__name__)

# seconds that a request waits for siblings that have not asked for anything yet, and for those
# that have, but for something else so far
WINDOW, GRACE = 0.1, 0.02
# with these answers the server has said nothing about the products
_DOWN = frozenset({429, 502, 503, 504})

Job = tuple[ProductRef, TimeRange]
AnyError = TypeVar("AnyError", bound=SpeasyError)


class _Slot:
    """One request to be: who takes part in it, and what came."""

    def __init__(self) -> None:
        self.refs: list[ProductRef] = []
        self.done = threading.Event()
        self.found: Mapping[ProductRef, Fetched] = {}
        self.error: SpeasyError | None = None


class Batch:
    """Products of one data set that one call asks for in one range.

    What the cache lacks of each is asked for in threads of their own. The first that asks for a
    range waits until its siblings ask for the same, or turn out to need nothing; then one request
    brings all of them. Where that fails for a reason that may lie in one product, each is asked
    for alone.

    Parameters
    ----------
    provider : FetchesMany
    refs : iterable of ProductRef
        Who takes part; each has to `leave` in the end.
    deadline : Deadline
        Of the call.
    options : mapping
        For the provider.
    """

    def __init__(
        self,
        provider: FetchesMany,
        refs: Iterable[ProductRef],
        *,
        deadline: Deadline,
        options: Mapping[str, Any],
    ) -> None:
        self._provider, self._deadline, self._options = provider, deadline, options
        self._present = set(refs)
        self._seen: set[ProductRef] = set()
        self._slots: dict[tuple[TimeRange, str | None], _Slot] = {}
        self._changed = threading.Condition()

    def leave(self, ref: ProductRef) -> None:
        """Note that a product needs nothing more: nobody waits for it any longer."""
        with self._changed:
            self._present.discard(ref)
            self._changed.notify_all()

    def fetch(self, ref: ProductRef, range: TimeRange, since: str | None) -> Fetched | None:
        """Return what a request for several brought of a product.

        Parameters
        ----------
        ref : ProductRef
        range : TimeRange
        since : str or None
            As for `Provider.fetch`.

        Returns
        -------
        Fetched or None
            None when it has to be asked for alone.

        Raises
        ------
        ServerError, Cancelled
            The server does not answer, or there is no time left.
        """
        key = (range, since)
        with self._changed:
            self._seen.add(ref)
            slot = self._slots.get(key)
            if slot is not None and ref in slot.refs:
                return None
            leads = slot is None
            if slot is None:
                slot = self._slots[key] = _Slot()
            slot.refs.append(ref)
            self._changed.notify_all()
        if leads:
            self._gather(slot, key)
            self._ask(slot, key)
        else:
            self._deadline.wait_for(slot.done, f"asking for {ref}")
        if slot.error is not None:
            raise _copy_of(slot.error)
        return slot.found.get(ref)

    def _gather(self, slot: _Slot, key: tuple[TimeRange, str | None]) -> None:
        """Wait for siblings, then let nobody else in."""
        end = time.monotonic() + min(WINDOW, self._deadline.left())
        with self._changed:
            try:
                while missing := self._present.difference(slot.refs):
                    now = time.monotonic()
                    if missing <= self._seen:
                        end = min(end, now + GRACE)
                    if now >= end or self._deadline.cancelled:
                        break
                    self._changed.wait(end - now)
            finally:
                del self._slots[key]

    def _ask(self, slot: _Slot, key: tuple[TimeRange, str | None]) -> None:
        span, since = key
        try:
            if len(slot.refs) > 1:
                slot.found = self._provider.fetch_many(
                    slot.refs, span, deadline=self._deadline, since=since, options=self._options
                )
        except SpeasyError as error:
            if _concerns_all(error):
                slot.error = error
            else:
                _log.info("%d products asked for one by one: %s", len(slot.refs), error.message)
        finally:
            slot.done.set()


def _concerns_all(error: SpeasyError) -> bool:
    """Whether an error has nothing to do with what was asked for."""
    if isinstance(error, HttpStatusError):
        return error.status in _DOWN
    return isinstance(error, (Cancelled, DeadlineExceeded, ServerUnreachable))


def _copy_of(error: AnyError) -> AnyError:
    """Return an error of the same content: each product notes its own name in its own."""
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__)
    copied.__cause__ = error
    return copied


def plan(
    providers: Mapping[str, Provider],
    jobs: Sequence[Job],
    *,
    deadline: Deadline,
    options: Mapping[str, Any],
) -> dict[Job, Batch]:
    """Return which jobs of a call share their requests.

    Parameters
    ----------
    providers : mapping of str to Provider
    jobs : sequence of (ProductRef, TimeRange)
    deadline : Deadline
        Of the call.
    options : mapping
        Of the call.

    Returns
    -------
    dict of job to Batch
        Only jobs that have siblings.
    """
    groups: dict[tuple[str, str, TimeRange], dict[ProductRef, None]] = {}
    for ref, span in jobs:
        provider = providers.get(ref.provider)
        name = provider.together(ref) if isinstance(provider, FetchesMany) else None
        if name is not None:
            groups.setdefault((ref.provider, name, span), {})[ref] = None
    planned: dict[Job, Batch] = {}
    for (owner, _, span), refs in groups.items():
        provider = providers[owner]
        if len(refs) > 1 and isinstance(provider, FetchesMany):
            batch = Batch(provider, refs, deadline=deadline, options=options)
            planned.update({(ref, span): batch for ref in refs})
    return planned
