"""The world in which faults are made: a local archive, sessions on it, and canaries."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import speasy_core as spz
from speasy_core.demo import Fault, LocalArchive

__all__ = ["CDA", "START", "STOP", "Asked", "Listed", "Outcome", "Truths", "World"]

CDA = "cda/AC_H0_MFI/BGSEc"
START, STOP = "2019-01-02T15:00", "2019-01-02T16:00"
SECRET = "canary-of-the-password"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Asked:
    """A question for samples and what came.

    Parameters
    ----------
    product, start, stop : str
        What was asked for.
    timeout : float
        Seconds that it might take.
    seconds : float
        What it took.
    truth : SpeasyVariable
        The answer without the fault.
    result : object
        What came.
    error : BaseException, str or None
        What was raised; its text when it was another process.
    warned : list of str
        Warnings of the call.
    lost : tuple of str, optional
        What a partial answer may lack at most; nothing else.
    memory : int
        Most bytes that the asking process held; 0 when not measured.
    """

    product: str
    start: str
    stop: str
    timeout: float
    seconds: float = 0.0
    truth: Any = None
    result: Any = None
    error: BaseException | None = None
    warned: list[str] = field(default_factory=list)
    lost: tuple[str, str] | None = None
    memory: int = 0
    died: str = ""


@dataclass
class Listed:
    """A question to the inventory and what came.

    Parameters
    ----------
    found, truth : frozenset of str
        Products, with the fault and without.
    flagged : str
        What the states of the inventories say is wrong.
    old : bool
        Whether what was found comes from an earlier load.
    """

    found: frozenset[str]
    truth: frozenset[str]
    timeout: float
    seconds: float = 0.0
    flagged: str = ""
    old: bool = False
    error: BaseException | None = None


Outcome = Asked | Listed


class Truths:
    """Answers without faults, asked once each."""

    def __init__(self, archive: LocalArchive, folder: Path) -> None:
        self._session = spz.Session(archive.settings(folder))
        self._faults = archive.faults
        self._known: dict[tuple[str, ...], Any] = {}

    def get(self, product: str, start: str, stop: str) -> Any:
        key = (product, start, stop)
        if key not in self._known:
            with self._faults.off():
                self._known[key] = self._session.get_data(product, start, stop)
        return self._known[key]

    def listing(self, query: str) -> frozenset[str]:
        with self._faults.off():
            return _ids(self._session, query)

    def close(self) -> None:
        self._session.close()


class World:
    """What one case needs; everything it leaves is in `folder`."""

    def __init__(self, archive: LocalArchive, truths: Truths, folder: Path) -> None:
        self.archive, self.truths, self.folder = archive, truths, folder
        self.cache = folder / "cache"
        self.canary = folder / "canary"
        self.settings = archive.settings(self.cache).with_(
            amda_user="canary", amda_password=SECRET, archive_dirs=()
        )
        self._sessions: list[spz.Session] = []
        self._mended: list[Callable[[], None]] = []
        self.said = io.StringIO()
        self._log = logging.StreamHandler(self.said)
        self._level = logging.getLogger().level
        logging.getLogger().addHandler(self._log)
        logging.getLogger().setLevel(logging.DEBUG)

    def close(self) -> None:
        logging.getLogger().removeHandler(self._log)
        logging.getLogger().setLevel(self._level)
        self.archive.faults.clear()
        for session in self._sessions:
            session.close()
        for mend in reversed(self._mended):
            mend()

    def finally_(self, mend: Callable[[], None]) -> None:
        """Do something when the case is over."""
        self._mended.append(mend)

    # -- sessions and faults -----------------------------------------------------------------
    def session(self, **settings: Any) -> spz.Session:
        """Return a new session on the case's cache."""
        made = spz.Session(self.settings.with_(**settings))
        self._sessions.append(made)
        return made

    def fault(self, **options: Any) -> Fault:
        """Switch a fault on until the case is over."""
        return self.archive.faults.add(**options)

    def mend(self) -> None:
        """Switch all faults off."""
        self.archive.faults.clear()

    def warm(self, product: str = CDA, start: str = START, stop: str = STOP) -> None:
        """Put an answer into the cache, and close it."""
        session = self.session()
        session.get_data(product, start, stop)
        session.close()

    # -- questions ---------------------------------------------------------------------------
    def ask(
        self,
        product: str = CDA,
        start: str = START,
        stop: str = STOP,
        *,
        timeout: float = 4.0,
        session: spz.Session | None = None,
        truth: Any = None,
        lost: tuple[str, str] | None = None,
        **options: Any,
    ) -> Asked:
        """Ask for samples through `Session.get_data`."""
        asked = Asked(product, start, stop, timeout, lost=lost)
        asker = session or self.session()
        # the inventory, as after the first minute of use; the question is about the data
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            began = time.monotonic()
            try:
                asked.result = asker.get_data(product, start, stop, timeout=timeout, **options)
            except Exception as error:  # noqa: BLE001 - it is what is judged
                asked.error = error
            asked.seconds = time.monotonic() - began
        asked.warned = [str(w.message) for w in caught]
        self.mend()
        asked.truth = self.truths.get(product, start, stop) if truth is None else truth
        return asked

    def find(self, query: str, *, timeout: float, truth: frozenset[str], **kw: Any) -> Listed:
        """Ask the inventory through `Session.find_product`."""
        assert truth, f"nothing is called {query!r}"
        session = kw.pop("session", None) or self.session(timeout=timeout)
        listed = Listed(frozenset(), truth, timeout, old=kw.pop("old", False))
        began = time.monotonic()
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")  # what was not searched is said, too
            try:
                listed.found = _ids(session, query)
            except Exception as error:  # noqa: BLE001 - it is what is judged
                listed.error = error
        listed.seconds = time.monotonic() - began
        states = session.inventory.states().items()
        listed.flagged = "; ".join(f"{n}: {s.error or s.warnings}" for n, s in states
                                   if s.error or s.warnings or not s.loaded)  # fmt: skip
        return listed

    # -- other processes ---------------------------------------------------------------------
    def start(self, job: Mapping[str, Any], **options: Any) -> subprocess.Popen[str]:
        """Start a process that asks; see child.py."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("SPZ_", "XDG_"))}
        environ |= self.settings.to_env() | {"PYTHONPATH": str(REPOSITORY)}
        for name, value in options.pop("environ", {}).items():
            environ.pop(name, None)
            if value is not None:
                environ[name] = value
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("child.py")), json.dumps(job)],
            env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        self._mended.append(lambda: _end(child))
        return child

    def ask_elsewhere(
        self, product: str = CDA, start: str = START, stop: str = STOP, *, timeout: float = 6.0,
        job: Mapping[str, Any] | None = None, truth: Any = None, **options: Any,
    ) -> Asked:  # fmt: skip
        """Ask in a process of its own, whose death and memory are seen."""
        work = {"product": product, "start": start, "stop": stop, "timeout": timeout}
        child = self.start(work | dict(job or {}), **options)
        return self.finish(child, Asked(product, start, stop, timeout), truth)

    def finish(self, child: subprocess.Popen[str], asked: Asked, truth: Any = None) -> Asked:
        """Take the answer of a process."""
        try:
            out, err = child.communicate(timeout=asked.timeout + 20)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            asked.seconds = asked.timeout + 20
        if child.returncode:
            asked.died = f"exit status {child.returncode}: {err[-500:]}"
        else:
            from .child import unpack

            unpack(json.loads(out.splitlines()[-1]), asked)
        self.said.write(out + err)
        self.mend()
        known = self.truths.get
        asked.truth = truth or known(asked.product, asked.start, asked.stop)
        return asked


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()
    child.communicate()


def _ids(session: spz.Session, query: str) -> frozenset[str]:
    return frozenset(str(node.ref) for node in session.find_product(query, limit=1000))
