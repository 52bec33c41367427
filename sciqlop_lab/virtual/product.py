"""A function as a product: how it is called, kept, and its answer made a variable."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sciqlop_lab.adapt import Kind, to_variable
from speasy_core import inputs
from speasy_core.calling import TOLD, argument_form, form_named, further_parameters
from speasy_core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    VirtualProductError,
)
from speasy_core.http import Deadline
from speasy_core.inputs import Computation, Input
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import kinds
from .fingerprint import NoFingerprint, fingerprint
from .guard import stoppable
from .kept import KeptResults
from .knobs import (
    KnobSpec,
    defaults_for,
    extract_specs_from_callback,
    extract_specs_from_model,
    spec_to_dict,
    validate_dict,
)
from .locality import cut, padded, read_locality

__all__ = ["PROVIDER", "Function", "VirtualProduct"]

PROVIDER = "vp"
Function = Callable[..., Any]
_PIXELS = 2000  # that a function is told where nobody looks
_TIMEOUT = 60.0
_KINDS: tuple[Kind, ...] = ("auto", "scalar", "vector", "multicomponent", "spectrogram")


def _seconds(timeout: Any) -> float:
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool) or not timeout > 0:
        raise InvalidRequest(f"timeout={timeout!r}: give it some seconds")
    return float(timeout)


class VirtualProduct:
    """A function that takes part as a product; the function itself stays callable.

    Made by :func:`virtual_product` or :func:`create`.

    Attributes
    ----------
    ref : ProductRef
        ``vp/path``; what `get_data` and `panel.plot` take.
    function : callable
        The user's function.
    knobs : tuple of KnobSpec
        Its parameters that may be turned.
    timeout : float
        Seconds that a panel gives it.
    limit : float
        Seconds that any other caller gives it; infinite when none was set: theirs holds alone.
    """

    def __init__(
        self,
        path: str,
        function: Function,
        *,
        kind: Kind | None = None,
        labels: Sequence[str] | None = None,
        unit: str = "",
        locality: str = "range",
        margin: Any = None,
        cachable: bool = False,
        process: bool = False,
        timeout: float | None = None,
        knobs_model: Any = None,
        knobs_kwarg_name: str = "knobs",
        form: str | None = None,
        pairs: bool = False,
    ) -> None:
        path = "/".join(part.strip() for part in str(path).split("/") if part.strip())
        if not path:
            raise InvalidRequest(
                "a virtual product needs a path",
                hint='for example @virtual_product("mine/b_total")',
            )
        if not callable(function):
            raise InvalidRequest(f"virtual product {path!r}: {function!r:.60} is not a function")
        self.ref = ProductRef(PROVIDER, path)
        self.function = function
        self._set_kind(kind, labels)
        self.unit, self.cachable, self.process = unit, bool(cachable), bool(process)
        self.pairs = bool(pairs)
        self.margin_ns = read_locality(locality, margin)
        self.limit = math.inf if timeout is None else _seconds(timeout)
        self.timeout = _TIMEOUT if timeout is None else self.limit
        self._model, self._model_name = knobs_model, knobs_kwarg_name
        self._arguments = form_named(form) if form else argument_form(self._callee(), path)
        self.knobs = self._find_knobs()
        self._told = tuple(p.name for p in further_parameters(function) if p.name in TOLD)
        self.session: Any = None
        self._kept = KeptResults(str(self.ref), self._results, self._fingerprint_of)
        self._lookup: Callable[[str], VirtualProduct | None] = lambda path: None
        functools.update_wrapper(self, function, assigned=("__module__", "__doc__"), updated=())
        self.__name__ = getattr(function, "__name__", path)

    def _callee(self) -> Function:
        """Return the function as it is called: with the knobs of a model in one parameter."""
        if self._model is None:
            return self.function
        return functools.partial(self.function, **{self._model_name: self._model()})

    def _set_kind(self, kind: Kind | None, labels: Sequence[str] | None) -> None:
        said = kinds.of_annotation(self.function)
        if kind is None or kind == "auto":
            kind = "auto" if said is None else said.kind
            if labels is None and said is not None and said.labels is not None:
                labels = said.labels
        if kind not in _KINDS:
            raise InvalidRequest(f"kind={kind!r}", hint=f"one of {', '.join(_KINDS)}")
        self.kind: Kind = kind
        self.labels = None if labels is None else [str(label) for label in labels]
        kinds.check_labels(kind, self.labels)

    def _find_knobs(self) -> tuple[KnobSpec, ...]:
        if self._model is not None:
            return extract_specs_from_model(self._model)
        return extract_specs_from_callback(self.function)

    # -- what it is -------------------------------------------------------------------------
    @property
    def path(self) -> str:
        """The path below the provider ``vp``."""
        return self.ref.path

    @property
    def product_type(self) -> str:
        """What it returns: ``scalar``, ``vector``, ...; ``auto`` when it does not say."""
        return self.kind

    def describe_knobs(self) -> list[dict[str, Any]]:
        """Return its knobs as JSON types, for a page that draws them."""
        return [spec_to_dict(spec) for spec in self.knobs]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<VirtualProduct {self.ref}>"

    # -- its samples ------------------------------------------------------------------------
    def compute(
        self,
        asked: TimeRange,
        *,
        knobs: Mapping[str, Any] | None = None,
        deadline: Deadline | None = None,
        pixels: int | None = None,
    ) -> SpeasyVariable:
        """Return its samples of exactly `asked`, from the cache where it is cachable.

        Parameters
        ----------
        asked : TimeRange
        knobs : mapping, optional
            Values that differ from the defaults.
        deadline : Deadline, optional
            What ends the function.
        pixels : int, optional
            How much is worth computing, for a function that takes ``pixels`` or ``max_points``.

        Raises
        ------
        VirtualProductError
            The function raised (the error is its cause), or returned what is not data.
        """
        values = validate_dict(self.knobs, knobs or {}, where=str(self.ref))
        told = {name: (pixels or _PIXELS) * (4 if name == "max_points" else 1)
                for name in self._told}  # fmt: skip
        with inputs.computing(str(self.ref), deadline) as work:
            if not self.cachable:
                variable = self._ask(asked, values, told, deadline, work)
            else:
                variable = self._kept.answer(
                    asked,
                    {**values, **told, "as": [self.kind, self.labels, self.unit, self.margin_ns]},
                    self.margin_ns is not None,
                    lambda span: self._ask_alone(span, values, told, deadline),
                )
        self._note(work.parent, asked, variable)
        return variable

    def _ask_alone(
        self,
        span: TimeRange,
        values: Mapping[str, Any],
        told: Mapping[str, int],
        deadline: Deadline | None,
    ) -> tuple[SpeasyVariable, list[Input]]:
        """Compute a piece and tell what that piece came from."""
        with inputs.computing(str(self.ref), deadline, part=True) as work:
            return self._ask(span, values, told, deadline, work), work.inputs

    def _note(self, parent: Computation | None, asked: TimeRange, got: SpeasyVariable) -> None:
        if parent is not None:
            parent.add_grid(got.time_ns)
            version = self._fingerprint_of(str(self.ref))
            parent.add([Input(str(self.ref), None, version, len(got))])

    def _ask(
        self,
        span: TimeRange,
        values: Mapping[str, Any],
        told: Mapping[str, int],
        deadline: Deadline | None,
        work: Computation,
    ) -> SpeasyVariable:
        margin = self.margin_ns or 0
        around = padded(span, margin)
        try:
            variable = self._run(around, values, told, deadline, work)
        except VirtualProductError as error:
            raise error.locate(product=str(self.ref), range=around) from error.__cause__
        return variable if self.margin_ns is None else cut(variable, span)

    def _run(
        self,
        span: TimeRange,
        values: Mapping[str, Any],
        told: Mapping[str, int],
        deadline: Deadline | None,
        work: Computation,
    ) -> SpeasyVariable:
        if self.process:
            from .processes import run_apart

            return run_apart(self, span, values, told, deadline, work)
        return self.adapt(self.call(span, values, told, deadline, work), work)

    def measure(self, asked: TimeRange, work: Computation) -> SpeasyVariable:
        """Return its samples with knobs at their defaults, past the cache; for the test run."""
        told = dict.fromkeys(self._told, _PIXELS)
        return self._ask(asked, defaults_for(self.knobs), told, work.deadline, work)

    def call(
        self,
        span: TimeRange,
        values: Mapping[str, Any],
        told: Mapping[str, int],
        deadline: Deadline | None,
        work: Computation,
    ) -> Any:
        """Call the function in this thread and return what it returns."""
        start, stop = self._arguments(span)
        given = {spec.name: spec.given(values[spec.name]) for spec in self.knobs}
        if self._model is not None:
            given = {self._model_name: self._model(**given)}
        try:
            return stoppable(
                work,
                deadline,
                self.__name__,
                lambda: self.function(start, stop, **given, **told),
            )
        except (Cancelled, DeadlineExceeded):
            raise
        except (Exception, SystemExit) as error:  # sys.exit() must not end a worker thread
            nested = error if isinstance(error, VirtualProductError) else None
            # its place and its hint are said once, at the end
            text = str(error) if nested is None else nested.message
            raise VirtualProductError(
                f"{self.__name__} raised {type(error).__name__}: {text}",
                product=str(self.ref),
                range=span,
                hint=None if nested is None else nested.hint,
            ) from error

    def adapt(self, value: Any, work: Computation) -> SpeasyVariable:
        """Return what the function returned as a variable."""
        return to_variable(
            value, name=self.__name__, kind=self.kind, labels=self.labels, unit=self.unit,
            grid=work.grid, pairs=self.pairs,
        )  # fmt: skip

    def options_apart(self) -> dict[str, Any]:
        """Return what a child process has to know of the product besides its function."""
        if self._model is not None:
            raise InvalidRequest(
                f"{self.ref}: knobs_model and process=True do not go together",
                hint="give the function parameters with defaults",
            )
        form = self._arguments.__name__
        return {
            "kind": self.kind, "labels": self.labels, "unit": self.unit, "form": form,
            "pairs": self.pairs,
        }  # fmt: skip

    # -- the cache --------------------------------------------------------------------------
    def attached(
        self, session: Any, lookup: Callable[[str], VirtualProduct | None]
    ) -> VirtualProduct:
        """Say whose cache it uses, and how to find other products; returns itself."""
        self.session, self._lookup = session, lookup
        return self

    def _results(self) -> Any:
        return self.session.cache.results

    def _fingerprint_of(self, product: str) -> str | None:
        """Return the fingerprint of the function of a virtual product, None where it has none."""
        path = product.partition("/")[2]
        found = self if path == self.path else self._lookup(path)
        if found is None:
            return None
        try:
            return fingerprint(found.function)
        except NoFingerprint as error:
            if found is self and self.cachable:
                self._kept.say(str(error))
            return None
