"""One call of the cache: from what is kept and what is fetched to one variable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from speasy_core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    OfflineError,
    SpeasyError,
    UnexpectedContent,
    warn,
)
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import Gap, Provenance, SpeasyVariable, merge

from . import fragments as frag
from .flights import Flight, Flights, Part, outdated, run_parallel
from .gaps import gap_for, joined_gaps
from .keeper import Keeper, part_of
from .salvage import ADVICE, Damage, is_data_bound, salvage
from .slab import rejoin

__all__ = ["Ask", "Gather"]

Fetch = Callable[[TimeRange, str | None], Fetched]
Wanted = list[tuple[TimeRange, str | None]]

# with old data at hand a server gets this long to say whether it still holds
REVALIDATE_SECONDS = 2.0
# what runs out of time together with its caller gets this long to say where it was
GRACE = 0.1
# flights that their owner gave up are taken over at most so often
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller wants; see Cache.get."""

    key: str
    range: TimeRange
    fetch: Fetch
    deadline: Deadline
    longest: int | None = None
    refresh: bool = False
    lenient: bool = False
    started: float = field(default_factory=lambda: time.time())


class Gather:
    """Collects parts, gaps and errors until they make up the range.

    Parameters
    ----------
    ask : Ask
    keeper : Keeper
    flights : Flights
        Shared by all calls.
    damage : Damage
        Shared by all calls.
    """

    def __init__(self, ask: Ask, keeper: Keeper, flights: Flights, damage: Damage) -> None:
        self._ask, self._keeper = ask, keeper
        self._flights, self._damage = flights, damage
        self._parts: list[Part] = []
        self._old: list[Part] = []
        self._gaps: list[Gap] = []
        self._errors: list[tuple[TimeRange, SpeasyError]] = []
        self._unsure: list[SpeasyError] = []
        self._kept: SpeasyVariable | None = None
        self._failed = False
        self.asked = False

    # -- what is kept -----------------------------------------------------------------------
    def read_kept(self) -> None:
        """Take from the store what it has; what is past its lifetime is to be asked again."""
        ask = self._ask
        wanted = frag.overlapping(self._keeper.fragments(ask.key), ask.range)
        found, self._kept = self._keeper.read_many(ask.key, wanted)
        for fragment, variable in found:
            if frag.expired(fragment, ask.started):
                self._old.append(part_of(fragment, variable, "stale"))
            else:
                self._parts.append(part_of(fragment, variable, "cached"))

    def offline(self) -> SpeasyVariable:
        """Return what is kept; OfflineError when that is nothing."""
        ask = self._ask
        self._parts += self._old
        if not self._parts:
            raise OfflineError(
                "offline, and nothing of this range is in the cache",
                product=ask.key,
                range=ask.range,
                hint="ask for it once while online",
            )
        self._gaps += [Gap(span, "offline") for span in self._open()]
        _, old = outdated(self._parts)
        if old:
            self._parts = [replace(p, state="stale") if p in old else p for p in self._parts]
            warn(
                f"{ask.key}: offline, and the cache has parts of it in older versions: v.provenance"
            )
        return self.assemble()

    def _open(self) -> list[TimeRange]:
        """Return the ranges for which there is neither an answer nor an error yet."""
        known = [part.range for part in self._parts]
        known += [gap.range for gap in self._gaps] + [span for span, _ in self._errors]
        return self._ask.range.subtract(known)

    # -- fetching ---------------------------------------------------------------------------
    def fetch(self) -> None:
        """Fetch what is missing, and ask whether what is old still holds."""
        soft = self._launch(self._conditional()) if self._old else []
        for _ in range(ROUNDS):
            held = [part.range for part in self._old]
            missing = [rest for span in self._open() for rest in span.subtract(held)]
            if not missing:
                break
            self._collect(self._launch([(s, None) for s in self._cut(missing)]))
        self._settle(soft, Deadline(min(REVALIDATE_SECONDS, self._ask.deadline.left())))

    def one_version(self) -> None:
        """Ask again for parts that are older than the newest version in the result."""
        for _ in range(2):
            newest, self._old = outdated(self._parts)
            if not self._old:
                return
            self._parts = [part for part in self._parts if part not in self._old]
            self._settle(self._launch(self._conditional()), self._ask.deadline, newest)

    def _conditional(self) -> Wanted:
        """Return one request for each run of old parts of one version."""
        wanted: Wanted = []
        ordered = sorted(self._old, key=lambda part: part.range)
        for version, group in groupby(ordered, key=lambda part: part.version):
            spans: list[TimeRange] = []
            for part in group:
                if spans and spans[-1].stop_ns == part.range.start_ns:
                    spans[-1] = TimeRange.from_ns(spans[-1].start_ns, part.range.stop_ns)
                else:
                    spans.append(part.range)
            wanted += [(span, version) for span in self._cut(spans)]
        return wanted

    def _cut(self, spans: Sequence[TimeRange]) -> list[TimeRange]:
        longest = self._ask.longest
        if longest is None:
            return list(spans)
        step = np.timedelta64(longest, "ns")
        return [piece for span in spans for piece in span.split(step)]

    def _recall(self, wanted: Wanted) -> Wanted:
        """Return what is worth asking for: the rest failed a moment ago."""
        ask = self._ask
        failed = [] if ask.refresh else self._keeper.failures.recall(ask.key, ask.range)
        worth: Wanted = []
        for span, since in wanted:
            worth += [(rest, since) for rest in span.subtract([f.range for f in failed])]
            for failure in failed:
                common = failure.range.intersect(span)
                if common is None:
                    continue
                if since is None and ask.deadline.priority == 0 and not failure.believed:
                    worth.append((common, since))
                elif since is None:
                    self._errors.append((common, failure.error()))
                else:
                    self._unsure.append(failure.error())
        return worth

    def _launch(self, wanted: Wanted) -> list[tuple[Flight, bool]]:
        """Start what nobody is fetching yet; returns all flights, and which are ours."""
        wanted = self._recall(wanted)
        if not wanted:
            return []
        self.asked = True
        self._ask.deadline.check(f"asking for {self._ask.key}")
        mine, others = self._flights.claim(self._ask.key, wanted, self._ask.deadline)
        run_parallel([lambda f=flight: self._fly(f) for flight in mine], "speasy-fetch")  # type: ignore[misc]
        return [(f, True) for f in mine] + [(f, False) for f in others]

    def _fly(self, flight: Flight) -> None:
        """Make one flight; runs in a thread of its own."""
        ask = self._ask
        try:
            self._check_worth(flight)
            with self._keeper.store.lock(ask.key, flight.range, ask.deadline.work()):
                flight.parts = self._from_elsewhere(flight)
                if not flight.parts:
                    self._request_or_salvage(flight)
            if flight.parts:
                self._keeper.compact(ask.key)
        except SpeasyError as error:
            flight.error, self._failed = error, True
            lost = flight.range.subtract([part.range for part in flight.parts])
            self._keeper.failures.note(ask.key, lost, error)
        except BaseException as error:  # noqa: BLE001 - raised in the threads that wait for it
            wrapped = SpeasyError(
                f"the provider failed: {type(error).__name__}: {error}",
                hint="this is a fault in the provider, not in the call",
            )
            wrapped.__cause__ = error
            flight.error, self._failed = wrapped, True
        finally:
            self._flights.land(ask.key, flight)

    def _check_worth(self, flight: Flight) -> None:
        if self._failed and not self._ask.lenient:
            raise Cancelled("not asked for, since another part of the range failed")
        if not flight.wanted:
            self._ask.deadline.check(f"asking for {self._ask.key}")
        self._ask.deadline.work().check(f"asking for {self._ask.key}")

    def _from_elsewhere(self, flight: Flight) -> list[Part]:
        """Return what another process has stored while this one waited for the lock."""
        ask, found = self._ask, []
        again = ask.refresh or flight.since is not None
        for fragment in frag.overlapping(self._keeper.fragments(ask.key), flight.range):
            if frag.expired(fragment, ask.started) or (again and fragment.checked < flight.born):
                return []
            variable = self._keeper.read(ask.key, fragment)
            if variable is not None:
                found.append(part_of(fragment, variable, "fresh"))
        return [] if flight.range.subtract([part.range for part in found]) else found

    def _request_or_salvage(self, flight: Flight) -> None:
        """Ask for the whole range; where it is damaged and the caller takes gaps, for its parts."""
        ask = self._ask
        try:
            self._request(flight, flight.range)
        except SpeasyError as error:
            # what is old is at hand, and serves where the new is damaged
            if not ask.lenient or flight.since is not None or not is_data_bound(error):
                raise
            if self._damage.covers(ask.key, flight.range) and not ask.refresh:
                flight.lost = [(flight.range, error)]
                return
            flight.lost = salvage(flight.range, error, lambda part: self._request(flight, part))
            self._damage.note(ask.key, flight.lost)

    def _request(self, flight: Flight, span: TimeRange) -> None:
        """Ask for a range of a flight, and keep what comes."""
        ask = self._ask
        self._check_worth(flight)
        fetched = ask.fetch(span, flight.since)
        self._keeper.failures.forget(ask.key, span)
        if fetched.variable is not None:
            inside = ((gap, gap.range.intersect(span)) for gap in fetched.variable.gaps)
            gaps = [replace(gap, range=common) for gap, common in inside if common is not None]
            flight.parts = [*flight.parts, *self._keeper.keep(ask.key, span, fetched)]
            flight.gaps = [*flight.gaps, *gaps]
        elif flight.since is None:
            raise UnexpectedContent("the provider said 'not changed' to a request for the data")
        else:
            self._keeper.confirm(ask.key, span, flight.since, fetched.version)
            flight.unchanged = True

    # -- taking in --------------------------------------------------------------------------
    def _collect(self, flights: Sequence[tuple[Flight, bool]]) -> None:
        """Wait for flights to the end of time, and take in what they bring."""
        for flight, mine in flights:
            try:
                self._ask.deadline.wait_for(flight.done, f"fetching {self._ask.key}")
            except DeadlineExceeded as late:
                # what ran out of the same time knows where it was
                known = flight.error if flight.done.wait(GRACE) else None
                told = known if isinstance(known, DeadlineExceeded) else late
                self._take(flight)  # a search through a damaged piece may have found some
                self._errors += [(span, told) for span in self._inside(flight.range)]
                continue
            self._take(flight)
            for lost, why in flight.lost:
                self._errors += [(span, why) for span in self._inside(lost)]
            error = flight.error
            if error is not None and (mine or not self._may_do_better(flight)):
                self._errors += [(span, error) for span in self._inside(flight.range)]

    def _may_do_better(self, flight: Flight) -> bool:
        """Whether a flight of somebody else failed for a reason that need not be ours."""
        # one who takes no gaps does not look for what is sound in a damaged piece
        return flight.withdrawn or (self._ask.lenient and is_data_bound(flight.error))

    def _settle(
        self,
        flights: Sequence[tuple[Flight, bool]],
        patience: Deadline,
        newest: str | None = None,
    ) -> None:
        """Wait for what can be done without; where it does not come, old parts stand in."""
        unsure, self._unsure = self._unsure, []
        for flight, _ in flights:
            while not flight.done.wait(min(patience.left(), 0.05)) and patience.left() > 0:
                if self._ask.deadline.cancelled:
                    self._ask.deadline.check(f"asking for {self._ask.key}")
            if flight.done.is_set():
                self._take(flight, newest)
            unsure += [why for _, why in flight.lost]
            if flight.error is not None:
                unsure.append(flight.error)
        stale = [replace(p, range=s, variable=p.variable[s], state="stale")
                 for p in self._old for s in self._inside(p.range)]  # fmt: skip
        self._parts += stale
        self._old = []
        if stale:
            when = frag.iso(min(part.received for part in stale))
            why = unsure[0].message if unsure else "the server did not answer in time"
            warn(f"{self._ask.key}: data received {when} or later may be out of date ({why})")

    def _take(self, flight: Flight, newest: str | None = None) -> None:
        """Take in what a flight brought, as far as it is still wanted."""
        for part in flight.parts:
            self._parts += [
                replace(part, range=span, variable=part.variable[span])
                for span in self._inside(part.range)
            ]
        for gap in flight.gaps:
            self._gaps += [replace(gap, range=span) for span in self._inside(gap.range)]
        if flight.unchanged:
            self._parts += [
                replace(
                    part,
                    range=span,
                    variable=part.variable[span],
                    state="cached" if part.state == "stale" else part.state,
                    agrees=newest or part.agrees,
                )
                for part in self._old
                if part.version == flight.since
                for common in [part.range.intersect(flight.range)]
                if common is not None
                for span in self._inside(common)
            ]
            if newest is not None:
                self._keeper.confirm(self._ask.key, flight.range, flight.since, newest)

    def _inside(self, span: TimeRange) -> list[TimeRange]:
        """Return the parts of a range that are still open."""
        common = (piece.intersect(span) for piece in self._open())
        return [piece for piece in common if piece is not None]

    # -- the result -------------------------------------------------------------------------
    def judge(self) -> None:
        """Make gaps of what failed, or raise it.

        Raises
        ------
        SpeasyError
            The most telling error of the parts that failed.
        """
        ask = self._ask
        for span in self._open():  # others gave up each time we relied on them
            self._errors.append((span, DeadlineExceeded(f"no answer for {ask.key}")))
        self._errors.sort(key=lambda item: (isinstance(item[1], Cancelled), item[0]))
        for _, error in self._errors:
            partial = is_data_bound(error)
            wrong = isinstance(error, (Cancelled, InvalidRequest)) and not partial
            if not ask.lenient or wrong:
                if partial and ADVICE not in (error.hint or ""):
                    error.hint = f"{error.hint}; {ADVICE}" if error.hint else ADVICE
                raise error
        failed = joined_gaps(gap_for(span, error) for span, error in self._errors)
        self._gaps += failed
        if failed:
            parts = "one part" if len(failed) == 1 else f"{len(failed)} parts"
            warn(
                f"{ask.key}: {parts} of the range could not be fetched, see v.gaps; "
                f"the first: {failed[0].reason}"
            )

    def assemble(self) -> SpeasyVariable:
        """Return the variable; VariableError when its parts do not fit together."""
        ask = self._ask
        parts = sorted(self._parts, key=lambda part: part.range)
        if parts:
            variables = [part.variable for part in parts]
            rejoined = rejoin(self._kept, variables)
            whole = merge(variables) if rejoined is None else rejoined
        else:
            name = ask.key.partition("?")[0].rpartition("/")[2]
            whole = SpeasyVariable(np.zeros(0, np.int64), np.zeros(0), name=name)
        server = ask.key.partition("/")[0]
        origin = dict.fromkeys(
            Provenance(server, part.request, part.state, part.version, frag.iso(part.received))
            for part in parts
        )
        return whole.copy(gaps=tuple(joined_gaps(self._gaps)), provenance=tuple(origin))
