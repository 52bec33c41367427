"""The upkeep of the inventory: what is current, what is loaded, and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from speasy_core.config import Settings
from speasy_core.errors import OfflineError, SpeasyError, UnexpectedContent
from speasy_core.http import Deadline
from speasy_core.provider import AsksAgain, InventoryUpdate, Provider, TellsInParts

from .db import IndexDb
from .refresh import Refresher, refresh_lock
from .rows import TreeInfo
from .snapshot import Snapshot

__all__ = ["LIFETIME", "Keeper", "ProviderState"]

LIFETIME = 86_400.0  # seconds after which a snapshot is refreshed in the background
# seconds until a server is asked again that did not answer beside others: doubled each time
AGAIN_FIRST, AGAIN_LONGEST = 120.0, 3600.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What is known of one provider's inventory.

    Attributes
    ----------
    title : str
        For people.
    loaded : bool
        Whether there is an inventory to show.
    count : int
        Products in it.
    version : str
        The archive's own mark of freshness.
    updated : str
        When it was received, ISO 8601 UTC; empty when there is none.
    age : float or None
        Seconds since the archive last called it current.
    error : str or None
        Why the last load failed.
    loading : bool
        Whether a load is running.
    warnings : tuple of str
        What the provider left out, and why.
    """

    title: str
    loaded: bool = False
    count: int = 0
    version: str = ""
    updated: str = ""
    age: float | None = None
    error: str | None = None
    loading: bool = False
    warnings: tuple[str, ...] = ()


class Keeper:
    """Reads trees and keeps them current.

    Parameters
    ----------
    snapshot : Snapshot
        Where trees are kept.
    providers : mapping of str to Provider
        Whom to ask.
    settings : Settings
        `offline` and `timeout`.
    lifetime : float
        Seconds after which a tree is old.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        providers: Mapping[str, Provider],
        settings: Settings,
        lifetime: float,
    ) -> None:
        self._snapshot = snapshot
        self._providers = providers
        self._settings = settings
        self._lifetime = lifetime
        self._refresher = Refresher(self._load)
        self._asked_again: dict[str, tuple[int, float]] = {}  # how often in a row, and when last

    def close(self) -> None:
        """Withdraw running loads and close the snapshot."""
        self._refresher.close()
        self._snapshot.close()

    def wait(self, name: str, end: threading.Event, deadline: Deadline) -> None:
        """Wait for a load; raises at the caller's limit, and the load goes on."""
        self._refresher.wait(name, end, deadline)

    def read(self, name: str, ask: Callable[[IndexDb, TreeInfo], _T]) -> _T | None:
        """Return what `ask` finds in a provider's tree, None when there is no tree."""
        provider = self._providers[name]
        source = _source(provider)
        if _is_live(provider):
            tree = self._snapshot.read(name, source, lambda _, tree: tree)
            since = tree.version if tree is not None else None
            update = provider.inventory(deadline=Deadline(self._settings.timeout), since=since)
            if update is not None:
                self._snapshot.keep_in_memory(name, source, update)
        return self._snapshot.read(name, source, ask)

    def tree(self, name: str) -> TreeInfo | None:
        """Return what is stored of a provider."""
        return self.read(name, lambda _, tree: tree)

    def _is_fresh(self, tree: TreeInfo | None) -> bool:
        # a date in the future is a clock that was wrong once: not a reason to wait for it
        return tree is not None and abs(time.time() - tree.checked) < self._lifetime

    def _is_due(self, name: str, tree: TreeInfo | None) -> bool:
        """Whether a tree is old, or lacks what did not answer some minutes ago."""
        if tree is None or not self._is_fresh(tree):
            return True
        if not tree.missing or not isinstance(self._providers[name], AsksAgain):
            return False
        count, last = self._asked_again.get(name, (0, 0.0))
        wait = min(AGAIN_FIRST * 2.0**count, AGAIN_LONGEST)
        return time.time() >= max(last, tree.checked) + wait

    def keep_fresh(self, name: str) -> None:
        """Start a refresh behind the caller's back when the tree is missing or old."""
        self.start([name], force=False, again=False)

    def start(
        self, names: Iterable[str], *, force: bool, again: bool
    ) -> dict[str, threading.Event]:
        """Start the loads that are due; returns the end of each."""
        events: dict[str, threading.Event] = {}
        for name in names:
            if self._settings.offline or _is_live(self._providers[name]):
                continue
            if force or self._is_due(name, self.tree(name)):
                event = self._refresher.start(name, force=force, again=again)
                if event is not None:
                    events[name] = event
        return events

    def ensure(self, name: str) -> None:
        """Wait for a provider's first load; raise when there is nothing to show."""
        if self.tree(name) is not None:
            self.keep_fresh(name)
            return
        if self._settings.offline:
            raise OfflineError(
                f"offline, and there is no snapshot of the inventory of {name}",
                hint="ids given directly work for what the cache holds",
            )
        if self._refresher.start(name, again=False) is not None:
            self._refresher.wait_for_first(name, Deadline(self._settings.timeout))
        error = self._refresher.error(name)
        if error is not None and self.tree(name) is None:
            raise error.with_traceback(None)

    def load_first(self, names: Iterable[str]) -> None:
        """Load what is missing and wait, but for no server that has fallen silent."""
        missing = [name for name in names if self.tree(name) is None]
        self.start(missing, force=False, again=False)
        self._refresher.wait_for_moving(missing, Deadline(self._settings.timeout))

    def _load(self, name: str, force: bool, deadline: Deadline) -> None:
        """Ask the server and keep the answer; runs in the refresher's thread."""
        provider = self._providers[name]
        source = _source(provider)
        with refresh_lock(self._snapshot.lock_file(name), deadline):
            tree = self.tree(name)
            if not force and not self._is_due(name, tree):
                return  # another process did it while this one waited for its turn
            if not force and tree is not None and self._is_fresh(tree):
                self._ask_again(name, source, tree, deadline)
                return
            self._asked_again.pop(name, None)
            since = tree.version if tree is not None else None
            if tree is None and isinstance(provider, TellsInParts):
                for part in provider.inventory_parts(deadline=deadline):
                    self._snapshot.store(name, source, self._completed(name, source, part))
                    self._refresher.show(name)
                return
            update = provider.inventory(deadline=deadline, since=since)
            if update is None:
                if tree is None:
                    raise SpeasyError(f"{name} said 'not changed' though nothing was kept")
                self._snapshot.confirm(name, source)
            elif not update.records and tree is not None and tree.count:
                raise UnexpectedContent(f"{name} sent an empty inventory; the one before is kept")
            else:
                self._snapshot.store(name, source, self._completed(name, source, update))

    def _ask_again(self, name: str, source: str, tree: TreeInfo, deadline: Deadline) -> None:
        """Ask for what is missing from a tree that is young."""
        provider = self._providers[name]
        assert isinstance(provider, AsksAgain), "of others nothing is due"
        count, _ = self._asked_again.get(name, (0, 0.0))
        self._asked_again[name] = (count + 1, time.time())
        update = provider.inventory_again(tree.missing, deadline=deadline, since=tree.version)
        if update is None:
            return
        # what was said of those that are asked is said anew
        heads = tuple(f"{'/'.join(path)}{end}" for path in tree.missing for end in " :")
        remarks = [text for text in tree.warnings if not text.startswith(heads)]
        update = replace(update, warnings=(*remarks, *update.warnings))
        missing = [path for path in tree.missing if path in update.kept]
        self._snapshot.store(name, source, self._completed(name, source, update, missing))

    def _completed(
        self,
        name: str,
        source: str,
        update: InventoryUpdate,
        missing: Sequence[tuple[str, ...]] | None = None,
    ) -> InventoryUpdate:
        """Return an update with what stays of the tree before, and how old that is.

        All that is kept is `missing`, unless that is given.
        """
        missing = update.kept if missing is None else missing
        records, remarks = list(update.records), list(update.warnings)
        for path in update.kept:
            kept = self._snapshot.read(name, source, partial(IndexDb.records, path=path))
            if not kept:
                continue
            records += kept
            if path not in missing:
                continue
            received = kept[0].meta.get("received")
            when = f"as received on {received}" if received else "as it was before"
            remarks.append(f"{'/'.join(path)} is shown {when}")
        return replace(update, records=records, warnings=tuple(remarks), kept=tuple(missing))

    def state(self, name: str) -> ProviderState:
        """Return the state of a provider's inventory; asks no server."""
        error = self._refresher.error(name)
        state = ProviderState(
            title=self._providers[name].title,
            error=None if error is None else str(error),
            loading=self._refresher.loading(name),
        )
        tree = self.tree(name)
        if tree is None:
            return state
        updated = datetime.fromtimestamp(tree.updated, UTC).isoformat(timespec="seconds")
        return replace(
            state,
            loaded=True,
            count=tree.count,
            version=tree.version,
            updated=updated.replace("+00:00", "Z"),
            age=max(0.0, time.time() - tree.checked),
            warnings=tree.warnings,
        )

    def describe(self, name: str) -> str:
        """Return one line on a provider and its inventory."""
        state = self.state(name)
        head = f"{name}: {state.title}"
        failure = self._refresher.error(name)
        reason = "" if failure is None else failure.message  # without the advice: a line is short
        error = f"; the last refresh failed: {reason}" if reason else ""
        if state.loaded:
            return f"{head}, {state.count:,} products{_age_text(state.age)}{error}"
        ids = "ids given directly work all the same"
        if state.loading:
            return f"{head}, not loaded: loading now; {ids}"
        if reason:
            return f"{head}, not loaded: {reason}; {ids}"
        if self._settings.offline:
            return f"{head}, not loaded: offline, and no snapshot of it is on disk; {ids}"
        return f"{head}, not loaded yet: its first use loads it"


def _source(provider: Provider) -> str:
    """Return which server's tree this is, so that a copy of a server never shows as the server."""
    return str(getattr(provider, "source", ""))


def _is_live(provider: Provider) -> bool:
    """Whether the inventory is this process's own and changes at any moment."""
    return bool(getattr(provider, "live", False))


def _age_text(age: float | None) -> str:
    if age is None or age < 2 * LIFETIME:
        return ""
    return f" as of {age / 86_400:.0f} days ago"
