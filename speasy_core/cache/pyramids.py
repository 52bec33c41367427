"""Level of detail of what is kept: made when samples are stored, read in place of them.

Each blob of samples has a pyramid, a blob of its own under the key ``#lod <product>``; the top
levels of all of them are joined in one overview per product. A blob never changes, so a pyramid
holds for as long as a fragment names the blob it is of: a new version, a repair or a joined
fragment has another blob, and what no fragment names is deleted. A pyramid that is missing or
damaged is made again from the samples.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from speasy_core.errors import CorruptFile, SpeasyWarning, VariableError
from speasy_core.lod import Cells, kind_of, reduce_rows
from speasy_core.store import Entry
from speasy_core.timerange import TimeRange
from speasy_core.variable import Provenance, SpeasyVariable

from . import fragments as frag
from .fragments import Fragment
from .keeper import Keeper
from .overview import join_tops, worth_joining
from .serial import head, read_rows
from .shelf import OVERVIEW, Overview, Shelf, pyramid_key, window_of
from .slab import Window
from .stacks import MemoryArrays, Stack, build, pack, read_stack

__all__ = ["EAGER", "GoneError", "Pyramids"]

# a smaller blob is reduced in less time than a pyramid of it takes to open
EAGER = 1 << 20
_KEPT, _SHELVES = 512, 64
_TRIES = 16  # blobs that are opened to find labels
_DAMAGE = (CorruptFile, OSError, LookupError, TypeError, ValueError)


class GoneError(Exception):
    """Samples that were kept a moment ago are there no more; they have to be asked for again."""


class Pyramids:
    """Pyramids of everything that a keeper keeps; thread-safe.

    Parameters
    ----------
    keeper : Keeper
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper, self._store = keeper, keeper.store
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._shelves: OrderedDict[str, Shelf] = OrderedDict()
        self._stacks: OrderedDict[str, Stack | None] = OrderedDict()

    # -- asking -----------------------------------------------------------------------------
    def shelf(self, key: str) -> Shelf:
        """Return what is known of a product."""
        entries, notes = self._store.entries(key), self._store.entries(pyramid_key(key))
        with self._lock:
            shelf = self._shelves.get(key)
        if shelf is not None and shelf.holds(entries, notes):
            return shelf
        shelf = Shelf(entries, notes, self._read_overview(notes))
        with self._lock:
            self._shelves[key] = shelf
            self._shelves.move_to_end(key)
            while len(self._shelves) > _SHELVES:
                self._shelves.popitem(last=False)
        return shelf

    def cells(self, key: str, start_ns: int, stop_ns: int, level: int) -> Cells | None:
        """Return what is kept of a range, folded to a level; None when there is no row.

        Raises
        ------
        GoneError
            Samples that a pyramid has to be made of are there no more.
        VariableError
            The samples do not fit together, or there are no cells of their kind.
        """
        shelf = self.shelf(key)
        parts: list[Any] = []
        for first, last, joined in shelf.runs(start_ns, stop_ns):
            run = shelf.data[first:last]
            low, high = max(start_ns, run[0].start), min(stop_ns, run[-1].stop)
            overview = shelf.overview
            if joined and overview is not None and overview.level <= level:
                raw = self._finer(key, shelf, level)
                parts += self._from_overview(key, overview, low, high, level, raw)
            else:
                for fragment in run:
                    low, high = max(start_ns, fragment.start), min(stop_ns, fragment.stop)
                    parts += self._of_fragment(key, shelf, fragment, low, high, level)
        if not parts:
            return None
        if len({type(part) for part in parts}) > 1:
            raise VariableError(f"{key}: spectra and other samples cannot be joined")
        return parts[0].join(parts[1:]).fold(level)  # type: ignore[no-any-return]

    def settled_head(self, key: str, range: TimeRange) -> SpeasyVariable | None:
        """Return a variable without rows where nobody has to be asked about a range, else None."""
        shelf = self.shelf(key)
        if not shelf.settled(range, time.time()):
            return None
        labels = self.head(key)
        if labels is None:
            return None
        first = shelf.fragments[0]
        received = min(f.received for f in (first, shelf.fragments[-1]))
        origin = Provenance(key.partition("/")[0], "", "cached", first.version, frag.iso(received))
        return labels.copy(gaps=(), provenance=(origin,))

    def head(self, key: str) -> SpeasyVariable | None:
        """Return a variable without rows, and with the labels of what is kept; None if nothing."""
        shelf = self.shelf(key)
        for fragment in (*shelf.data[:_TRIES], *shelf.fragments[:_TRIES]):
            stored = self._store.open(fragment.blob)
            if stored is not None:
                try:
                    return head(stored)
                except _DAMAGE:
                    continue
        return None

    def edge(self, key: str, ns: int, way: int, level: int) -> Cells | None:
        """Return the sample next to a time, before (-1) or from it on (+1), as a cell."""
        for number, fragment in enumerate(self.shelf(key).neighbour(ns, way)):
            if number == 4:
                return None
            low, high = (fragment.start, ns) if way < 0 else (ns, fragment.stop)
            low, high = max(low, fragment.start), min(high, fragment.stop)
            try:
                stored = self._store.open(fragment.blob)
                if stored is None:
                    continue
                window = Window.between(stored, low, high)
                if len(window):
                    row = window.last - 1 if way < 0 else window.first
                    one = reduce_rows(read_rows(stored, row, row + 1), level)
                    return one.fold(level)
            except _DAMAGE:
                continue
        return None

    def samples(self, key: str, start_ns: int, stop_ns: int) -> list[SpeasyVariable]:
        """Return the samples of a range, piece by piece; GoneError when some are no more."""
        found = []
        shelf = self.shelf(key)
        for first, last, _ in shelf.runs(start_ns, stop_ns):
            wanted = [f.cut(start_ns, stop_ns) for f in shelf.data[first:last]]
            fragments = [f for f in wanted if f is not None]
            read, _ = self._keeper.read_many(key, fragments)
            if len(read) < len(fragments):
                raise GoneError(key)
            found += [variable for _, variable in read]
        return found

    def _from_overview(
        self, key: str, overview: Overview, low: int, high: int, level: int, raw: Any
    ) -> list[Cells]:
        try:
            return overview.stack.part(low, high, level, raw)
        except _DAMAGE:
            self._drop(key, OVERVIEW)
            return [cells for cells in (raw(low, high),) if cells is not None]

    def _finer(self, key: str, shelf: Shelf, level: int) -> Callable[[int, int], Cells | None]:
        """Return what answers where the overview is too coarse: the fragments themselves."""

        def ask(low: int, high: int) -> Cells | None:
            parts: list[Any] = []
            for first, last, _ in shelf.runs(low, high):
                for fragment in shelf.data[first:last]:
                    a, b = max(low, fragment.start), min(high, fragment.stop)
                    parts += self._of_fragment(key, shelf, fragment, a, b, level)
            return parts[0].join(parts[1:]) if parts else None

        return ask

    def _of_fragment(
        self, key: str, shelf: Shelf, fragment: Fragment, low: int, high: int, level: int
    ) -> list[Cells]:
        def raw(start_ns: int, stop_ns: int) -> Cells | None:
            cut = fragment.cut(start_ns, stop_ns)
            found = None if cut is None else self._keeper.read(key, cut)
            if cut is not None and found is None:
                raise GoneError(key)
            return reduce_rows(found, level) if found is not None and len(found) else None

        for _ in range(2):
            stack = self.stack(key, shelf, fragment)
            try:
                return stack.part(low, high, level, raw)
            except _DAMAGE:  # of the pyramid, as damaged samples are a GoneError
                with self._lock:
                    self._stacks.pop(fragment.blob, None)
                self._drop(key, fragment.blob)
                shelf = self.shelf(key)
        raise GoneError(key)

    # -- making -----------------------------------------------------------------------------
    def stack(self, key: str, shelf: Shelf, fragment: Fragment) -> Stack:
        """Return the pyramid of a fragment's blob, which is made where there is none.

        Raises
        ------
        GoneError, VariableError
            As `cells`.
        """
        with self._lock:
            if fragment.blob in self._stacks:
                self._stacks.move_to_end(fragment.blob)
            known = self._stacks.get(fragment.blob)
        if known is not None:
            return known
        name = shelf.pyramids.get(fragment.blob)
        made = read_stack(self._store.open(name)) if name is not None else None
        if made is None:
            with self._building:
                made = self._make(key, fragment)
        if made is None:
            raise VariableError(f"{key}: these samples have no minimum and maximum to show")
        with self._lock:
            self._stacks[fragment.blob] = made
            while len(self._stacks) > _KEPT:
                self._stacks.popitem(last=False)
        return made

    def _make(
        self, key: str, fragment: Fragment, go_on: Callable[[], bool] = lambda: True
    ) -> Stack | None:
        """Make the pyramid of a blob, and keep it if it is worth that."""
        stored = self._store.open(fragment.blob)
        try:
            if stored is None:
                raise CorruptFile("it is gone")
            levels = build(stored, go_on)
        except _DAMAGE as error:
            if self._keeper.read(key, fragment) is not None:
                raise VariableError(f"{key}: {error}") from error
            raise GoneError(key) from error
        if levels is None:
            return None
        note, arrays = pack(levels)
        if stored.nbytes < EAGER:
            return Stack(MemoryArrays({"stack": note}, arrays))  # type: ignore[arg-type]
        name = self._keep(key, fragment.blob, note, arrays)
        return read_stack(self._store.open(name))

    def _keep(self, key: str, of: str, note: dict[str, Any], arrays: Any, **more: Any) -> str:
        place = pyramid_key(key)
        meta = {"key": place, "entries": [{"of": of}], "stack": note, **more}
        name = self._store.write(meta, arrays)
        old: list[str] = []

        def change(entries: list[Entry]) -> list[Entry]:
            old[:] = [str(e.get("blob")) for e in entries if e.get("of") == of]
            return [*(e for e in entries if e.get("of") != of), {"of": of, "blob": name}]

        self._store.update(place, change)
        for blob in old:
            self._store.discard(blob)
        return name

    def _drop(self, key: str, of: str) -> None:
        """Forget a pyramid that is damaged."""
        self._forget(key, lambda entry: entry.get("of") == of)

    def _forget(self, key: str, which: Callable[[Entry], bool]) -> None:
        gone: list[str] = []

        def change(entries: list[Entry]) -> list[Entry]:
            gone[:] = [str(e.get("blob")) for e in entries if which(e)]
            return [e for e in entries if not which(e)]

        if any(which(entry) for entry in self._store.entries(pyramid_key(key))):
            self._store.update(pyramid_key(key), change)
        for blob in gone:
            self._store.discard(blob)

    def _read_overview(self, notes: list[Entry]) -> Overview | None:
        for note in notes:
            if note.get("of") != OVERVIEW:
                continue
            stored = self._store.open(str(note.get("blob")))
            stack = read_stack(stored)
            if stored is None or stack is None:
                return None
            try:
                windows = frozenset((str(b), int(s), int(e)) for b, s, e in stored.meta["windows"])
            except (LookupError, TypeError, ValueError):
                return None
            return Overview(stack, windows)
        return None

    # -- in the background ------------------------------------------------------------------
    def renew(self, key: str, go_on: Callable[[], bool] = lambda: True) -> None:
        """Make the pyramids that are missing, delete those of no use, and join their tops.

        Parameters
        ----------
        key : str
        go_on : callable
            False ends the work.
        """
        shelf = self.shelf(key)
        named = {fragment.blob for fragment in shelf.fragments}
        if shelf.data:
            named.add(OVERVIEW)
        self._forget(key, lambda e: e.get("of") not in named)
        probe = self.head(key)
        if probe is None or kind_of(probe) is None:
            return
        try:
            for blob, fragment in {f.blob: f for f in shelf.data}.items():
                if not go_on():
                    return
                if fragment.size >= EAGER and blob not in shelf.pyramids:
                    with self._building:
                        self._make(key, fragment, go_on)
            shelf = self.shelf(key)
            if worth_joining(shelf):
                tops = join_tops(shelf, lambda f: self.stack(key, shelf, f), self._raw(key), go_on)
                if tops is not None:
                    windows = [list(window_of(f)) for f in shelf.data]
                    self._keep(key, OVERVIEW, *pack(tops), windows=windows)
        except (GoneError, VariableError, SpeasyWarning):
            return  # whoever asks for the samples is told

    def _raw(self, key: str) -> Callable[[Fragment, int], Cells | None]:
        def read(fragment: Fragment, level: int) -> Cells | None:
            found = self._keeper.read(key, fragment)
            if found is None:
                raise GoneError(key)
            return reduce_rows(found, level) if len(found) else None

        return read

    def forget_all(self) -> None:
        """Drop what is held in memory."""
        with self._lock:
            self._shelves.clear()
            self._stacks.clear()
