"""All pieces of one `get_data` call: at once, in order, with a bar, and with errors in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from typing import Any, TypeAlias

from speasy_core.variable import SpeasyVariable

from .call import Call
from .errors import Cancelled, SpeasyError
from .events import Dataset
from .product import ProductRef
from .request import Request
from .sizes import Ask, check_sizes
from .timerange import TimeRange

__all__ = ["run_request"]

_PARALLEL_JOBS, _MOST_JOBS = 8, 40
_REFRESH_SECONDS = 0.2

Job: TypeAlias = tuple[ProductRef, TimeRange]
# None: "not newer", for those who ask so
Found: TypeAlias = "SpeasyVariable | SpeasyError | None"


def run_request(call: Call, request: Request, progress: bool) -> Any:
    """Answer a request: variables, data sets, or the time tables and catalogues themselves."""
    collect = call.on_error == "collect" and (request.many_products or request.many_ranges)
    wrong: dict[ProductRef, SpeasyError] = {}
    for ref in dict.fromkeys(request.products):  # a mistake is said before anything is fetched
        with _noted(wrong, ref, collect):
            call.provider(ref)
    if request.table is not None:
        call.provider(request.table, for_data=False)
    if request.is_for_tables:
        return request.nest(_tables(call, request, wrong, collect))
    if request.table is not None:
        request = request.over(call.events(request.table))
    members: dict[ProductRef, Sequence[ProductRef] | None] = {}
    for ref in dict.fromkeys(request.products):
        if ref not in wrong:
            with _noted(wrong, ref, collect):
                members[ref] = call.members(ref)
    jobs: list[Job] = []
    for ref, span in request.jobs():
        if ref not in wrong:
            inside = members[ref]
            jobs += [(ref, span)] if inside is None else [(part, span) for part in inside]
    found = iter(_run_all(call, jobs, progress, collect))
    results: list[Found | Dataset] = []
    for ref, _ in request.jobs():
        if ref in wrong:
            results.append(wrong[ref])
        elif (inside := members[ref]) is None:
            results.append(next(found))
        else:
            results.append(_as_dataset(call, ref, inside, [next(found) for _ in inside]))
    return request.nest(results)


@contextmanager
def _noted(wrong: dict[ProductRef, SpeasyError], ref: ProductRef, collect: bool) -> Iterator[None]:
    try:
        yield
    except Cancelled:
        raise
    except SpeasyError as error:
        if not collect:
            raise
        wrong[ref] = error


def _tables(
    call: Call, request: Request, wrong: dict[ProductRef, SpeasyError], collect: bool
) -> list[Any]:
    found: dict[ProductRef, Any] = {}
    for ref in dict.fromkeys(request.products):
        if ref not in wrong:
            with _noted(wrong, ref, collect):
                found[ref] = call.events(ref)
    # each entry is its own, to be changed at will
    return [wrong[ref] if ref in wrong else found[ref][:] for ref in request.products]


def _as_dataset(
    call: Call, ref: ProductRef, inside: Sequence[ProductRef], found: Sequence[Found]
) -> Dataset | SpeasyError:
    """Return a data set, or the error of the first variable that could not be had."""
    variables: dict[str, SpeasyVariable] = {}
    for part, variable in zip(inside, found, strict=True):
        if isinstance(variable, SpeasyError):
            return variable
        if variable is not None:
            variables[part.path] = variable  # by id: names for people are not unique
    info = call.state.inventory.info(ref)
    return Dataset(ref.path, variables, info.meta if info is not None else {})


def _run_all(call: Call, jobs: Sequence[Job], progress: bool, collect: bool) -> list[Found]:
    """Run all jobs in parallel and return their results in order."""
    if not jobs:  # an empty list of ranges, as a catalogue without events is
        return []
    check_sizes(call.state, jobs, _sampler(call))
    return _run_jobs(call, jobs, progress, collect)


def _sampler(call: Call) -> Ask | None:
    """Return what fetches a few samples ahead; None where that would not be what is wanted."""
    if call.offline or "if_newer_than" in call.options:
        return None
    one = replace(call, refresh=False, on_error="raise")

    def ask(pieces: Sequence[Job]) -> Sequence[Found]:
        kept = [call.provider(ref).cachable for ref, _ in pieces]
        jobs = [job for job, cachable in zip(pieces, kept, strict=True) if cachable]
        found = iter(_run_jobs(one, jobs, False, True) if jobs else ())
        return [next(found) if cachable else None for cachable in kept]

    return ask


def _run_jobs(call: Call, jobs: Sequence[Job], progress: bool, collect: bool) -> list[Found]:
    if not progress and (len(jobs) == 1 or all(call.is_at_hand(*job) for job in jobs)):
        # threads would cost more than what they do, and wait for each other's turn in Python
        return [_answer(call, job, None, collect) for job in jobs]
    batches = call.batches(jobs)
    # those that share a request wait for each other, and need places of their own for that
    parallel = min(_PARALLEL_JOBS + len(batches), _MOST_JOBS, len(jobs))
    with ThreadPoolExecutor(parallel, "get_data") as pool:
        # each in the caller's context, so that a virtual product that asks for itself is seen
        futures = [
            pool.submit(copy_context().run, _answer, call, job, batches.get(job), collect)
            for job in jobs
        ]
        try:
            if progress:
                _show(call, futures)
            return [future.result() for future in futures]
        except BaseException:
            # the rest is of no use any more: not even what is under way
            call.deadline.cancel()
            for future in futures:
                future.cancel()
            raise


def _answer(call: Call, job: Job, batch: Any, collect: bool) -> Found:
    try:
        return call.answer(*job, batch)
    except Cancelled:
        raise
    except SpeasyError as error:
        if not collect:
            raise
        return error


def _show(call: Call, futures: Sequence[Future[Found]]) -> None:
    """Show bytes, their rate and the pieces that are there, until all are or one has failed."""
    from tqdm.auto import tqdm

    before = call.deadline.received  # of a caller that uses it again
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024) as bar:
        waiting: Iterable[Future[Found]] = futures
        while waiting:
            bar.set_description_str(f"{sum(map(Future.done, futures))} of {len(futures)}")
            done, waiting = wait(waiting, _REFRESH_SECONDS, FIRST_COMPLETED)
            bar.update(call.deadline.received - before - bar.n)
            if any(future.exception() is not None for future in done):
                break
        bar.set_description_str(f"{sum(map(Future.done, futures))} of {len(futures)}")
