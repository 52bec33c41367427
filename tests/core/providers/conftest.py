"""A stand-in for the http client: answers from a table, and remembers what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from speasy_core.errors import HttpStatusError
from speasy_core.http import Deadline, Headers, Response

Answer = Response | Exception | Callable[[str, Mapping[str, str]], Response]


class FakeHttp:
    """Answers by the first key that the URL contains."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def set(self, key: str, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[key] = Response(status, Headers(fields), data)

    def get(
        self,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        ok: frozenset[int] = frozenset({200}),
        **_: Any,
    ) -> Response:
        return self._answer("GET", url, deadline, headers or {}, ok)

    def head(self, url: str, *, deadline: Deadline, **_: Any) -> Response:
        return self._answer("HEAD", url, deadline, {}, frozenset({200}))

    def _answer(
        self, method: str, url: str, deadline: Deadline, headers: Mapping[str, str],
        ok: frozenset[int],
    ) -> Response:  # fmt: skip
        deadline.check()
        self.asked.append((method, url, dict(headers)))
        answer = next((a for key, a in self.answers.items() if key in url), None)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            answer = Response(404, Headers(), b"<html><title>404 Not Found</title></html>")
        if callable(answer):
            answer = answer(url, headers)
        answer = Response(answer.status, answer.headers, answer.body, url)
        if answer.status not in ok:
            raise HttpStatusError(
                f"status {answer.status}", status=answer.status, body=answer.body, url=url
            )
        return answer


@pytest.fixture
def http() -> FakeHttp:
    """A client that answers what the test sets."""
    return FakeHttp()
