"""What a function says of its result: ``-> Scalar["|B|"]``, ``-> Vector["x", "y", "z"]``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sciqlop_lab.adapt import Kind
from speasy_core.errors import InvalidRequest

__all__ = [
    "ANNOTATIONS", "MultiComponent", "ResultKind", "Scalar", "Spectrogram", "Vector",
    "check_labels", "of_annotation",
]  # fmt: skip

_COUNT: dict[str, int] = {"scalar": 1, "vector": 3}
_DEFAULT = {"vector": ("X", "Y", "Z")}


@dataclass(frozen=True, slots=True)
class ResultKind:
    """A kind of result and the labels of its components; brackets add the labels.

    Examples
    --------
    >>> Vector["bx", "by", "bz"].labels
    ('bx', 'by', 'bz')
    """

    kind: Kind
    labels: tuple[str, ...] | None = None

    def __getitem__(self, labels: str | tuple[str, ...]) -> ResultKind:
        names = tuple(labels) if isinstance(labels, (tuple, list)) else (labels,)
        check_labels(self.kind, names)
        return ResultKind(self.kind, names)

    def __call__(self) -> ResultKind:
        """Return itself: what evaluates annotations wants something that can be called."""
        return self


Scalar = ResultKind("scalar")
Vector = ResultKind("vector")
MultiComponent = ResultKind("multicomponent")
Spectrogram = ResultKind("spectrogram")
ANNOTATIONS: dict[str, ResultKind] = {
    "Scalar": Scalar,
    "Vector": Vector,
    "MultiComponent": MultiComponent,
    "Spectrogram": Spectrogram,
}


def check_labels(kind: str, labels: tuple[str, ...] | list[str] | None) -> None:
    """Refuse labels that do not go with a kind.

    Raises
    ------
    InvalidRequest
        Says how many there have to be.
    """
    if labels is None:
        return
    wanted = _COUNT.get(kind)
    if wanted is not None and len(labels) != wanted:
        plural = "label" if wanted == 1 else "labels"
        raise InvalidRequest(f"a {kind} has {wanted} {plural}, not {len(labels)}")
    if kind == "multicomponent" and not labels:
        raise InvalidRequest("a MultiComponent product needs the labels of its components")
    if not all(isinstance(label, str) for label in labels):
        raise InvalidRequest(f"labels are text, not {labels!r:.80}")


def of_annotation(function: Callable[..., Any]) -> ResultKind | None:
    """Return what a function's return annotation says; None when it says nothing of that."""
    note = getattr(function, "__annotations__", {}).get("return")
    if isinstance(note, ResultKind):
        return note
    return _of_text(note) if isinstance(note, str) else None


def _of_text(text: str) -> ResultKind | None:
    """Read an annotation that was kept as text; nothing is evaluated."""
    try:
        node = ast.parse(text.strip().strip("'\""), mode="eval").body
    except SyntaxError:
        return None
    labels: Any = None
    if isinstance(node, ast.Subscript):
        try:
            labels = ast.literal_eval(node.slice)
        except ValueError:
            return None
        node = node.value
    name = getattr(node, "id", getattr(node, "attr", None))
    kind = ANNOTATIONS.get(str(name))
    return kind if kind is None or labels is None else kind[labels]
