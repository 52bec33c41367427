"""Nothing waits for long, and what does not come is named."""

from __future__ import annotations

import os
import sys
import threading

from tests.e2e.labpage import LabPage

WAIT = 40  # seconds for one thing to happen in the page
_SILENCE = WAIT + 15


class NotMeasured(Exception):
    """Why there are no figures."""


class Watch:
    """Ends this process when nothing was heard for a while: a browser can hang for ever.

    Parameters
    ----------
    seconds : float, optional
        How long silence may last.
    """

    def __init__(self, seconds: float = _SILENCE) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def step(self, what: str) -> None:
        """Say what is done next."""
        self.stop()
        self._timer = threading.Timer(self._seconds, self._give_up, [what])
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Expect nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _give_up(self, what: str) -> None:
        sys.stderr.write(f"stuck for {self._seconds:.0f} s: {what}\n")
        sys.stderr.flush()
        os._exit(3)  # the page is not answering, and nothing that would tidy up is


def run_cell(lab: LabPage, index: int, seconds: float = WAIT) -> None:
    """Run a cell, and say what it raised."""
    lab.run(index, seconds)
    raised = lab.page.evaluate(
        """index => {
            const cell = window.jupyterapp.shell.currentWidget.content.widgets[index];
            const [error] = cell.model.outputs.toJSON().filter(o => o.output_type === 'error');
            return error ? `${error.ename}: ${error.evalue}` : null;
        }""",
        index,
    )
    if raised:
        raise NotMeasured(f"cell {index + 1} raised {raised}")
