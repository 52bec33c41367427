"""Every provider, fed what the local archive answered once, with one of the answers damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from speasy_core import providers
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import HttpStatusError, SpeasyError
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.product import ProductInfo
from speasy_core.provider import Provider
from speasy_core.timerange import TimeRange

from .target import Seed, Target, ToldError

__all__ = ["provider_targets"]

_DATA = ("scalar", "vector", "multicomponent", "spectrogram")
_LARGEST = 400_000
_SECONDS = 20.0


class _Hasty(Deadline):
    """Time in which waits take none, and count all the same."""

    _slept = 0.0

    def left(self) -> float:
        return max(0.0, super().left() - self._slept)

    def wait(self, seconds: float, what: str = "waiting") -> None:
        self._slept += min(seconds, self.left())
        self.check(what)


class Tape:
    """Remembers the answers of a client, and gives them again; one may be another."""

    def __init__(self, client: HttpClient | None = None) -> None:
        self._client = client
        self.kept: dict[str, Response | HttpStatusError] = {}

    def _call(self, method: str, url: str, deadline: Deadline, **rest: Any) -> Response:
        deadline.check("asking")
        key = json.dumps([method, url, rest.get("params"), rest.get("data")], default=str)
        if key not in self.kept:
            if self._client is None:
                raise HttpStatusError("not on the tape", status=404, url=url)
            try:
                self.kept[key] = getattr(self._client, method)(url, deadline=deadline, **rest)
            except HttpStatusError as error:
                self.kept[key] = error
        answer = self.kept[key]
        if isinstance(answer, HttpStatusError):
            raise HttpStatusError(answer.message, status=answer.status, body=answer.body, url=url)
        return answer

    def get(self, url: str, *, deadline: Deadline, **rest: Any) -> Response:
        return self._call("get", url, deadline, **rest)

    def head(self, url: str, *, deadline: Deadline, **rest: Any) -> Response:
        return self._call("head", url, deadline, **rest)

    def post(self, url: str, *, deadline: Deadline, **rest: Any) -> Response:
        return self._call("post", url, deadline, **rest)

    def with_(self, key: str, body: bytes, proven: bool) -> Tape:
        """Return a tape on which one answer has another body."""
        other = Tape()
        answer = self.kept[key]
        assert isinstance(answer, Response)
        other.kept = {**self.kept, key: replace(answer, body=body, proven=proven)}
        return other

    def seeds(self) -> list[Seed]:
        return [
            Seed(key, answer.body) for key, answer in self.kept.items()
            if isinstance(answer, Response) and 0 < len(answer.body) <= _LARGEST
        ]  # fmt: skip


def _load(name: str, settings: Settings, http: object) -> Provider:
    return providers.load(name, settings, http)  # type: ignore[arg-type]


def _inventory(provider: Provider) -> tuple[list[ProductInfo], tuple[str, ...]]:
    update = provider.inventory(deadline=_Hasty(_SECONDS))
    assert update is not None
    return list(update.records), update.warnings


def _small_range(product: ProductInfo) -> TimeRange:
    """Return a range with few samples in the midst of what there is."""
    coverage = product.coverage
    middle = (coverage.start_ns + coverage.stop_ns) // 2 if coverage else 0
    middle -= middle % (86_400 * 10**9)
    step = round((product.cadence or 60.0) * 1e9)
    return TimeRange.from_ns(middle, middle + max(step * 20, 10**9))


class _Recording:
    """One operation of a provider on tape."""

    def __init__(self, name: str, settings: Settings, product: ProductInfo | None) -> None:
        self.name, self.settings, self.product = name, settings, product
        self.tape = Tape()
        self.warnings: tuple[str, ...] = ()

    def record(self, client: HttpClient) -> None:
        self.tape = Tape(client)
        self.warnings = ()
        self._run(self.tape)
        self.tape._client = None

    def _run(self, http: Tape) -> object:
        provider = _load(self.name, self.settings, http)
        if self.product is None:
            records, warnings = _inventory(provider)
            if len(warnings) > len(self.warnings) and http is not self.tape:
                raise ToldError(warnings[-1], source="inventory")
            if http is self.tape:
                self.warnings = warnings
            return records
        assert self.product.ref is not None
        fetched = provider.fetch(
            self.product.ref, _small_range(self.product), deadline=_Hasty(_SECONDS)
        )
        variable = fetched.variable
        if variable is not None and variable.gaps and http is not self.tape:
            raise ToldError("with gaps", source="data")
        return variable

    def decode(self, data: bytes, seed: Seed, proven: bool) -> object:
        return self._run(self.tape.with_(seed.name, data, proven))


def _pick(records: list[ProductInfo]) -> ProductInfo | None:
    """Return the smallest product with a coverage and a reference."""
    found = [r for r in records if r.kind in _DATA and r.ref is not None and r.coverage]
    return min(found, key=lambda r: (r.kind != "vector", str(r.ref)), default=None)


def provider_targets() -> list[Target]:
    """Return two targets for each provider that asks a server: its inventory and its data."""
    found: list[Target] = []
    with LocalArchive() as archive:
        settings = archive.settings()
        client = HttpClient(settings)
        for name in providers.names():
            listing = _Recording(name, settings, None)
            listing.record(client)
            product = _pick(_inventory(_load(name, settings, client))[0])
            recordings = {"inventory": listing}
            if product is not None:
                recordings["data"] = _Recording(name, settings, product)
                try:
                    recordings["data"].record(client)
                except SpeasyError as error:
                    raise AssertionError(f"{product.ref} of the local archive: {error}") from error
            found += [
                Target(f"{name}: {what}", recording.decode, recording.tape.seeds, exhaustive=0)
                for what, recording in recordings.items() if recording.tape.seeds()
            ]  # fmt: skip
        client.close()
    return found
