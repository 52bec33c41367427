"""Patience: what a page shows is waited for, never read once after an action.

With ``E2E_LAG=300`` in the environment every frame, every answer of the server and every message
of a kernel comes so many milliseconds late. A story that waits is only longer then; one that reads
the page too early fails, as it would now and then on a busy machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

__all__ = ["PATIENCE", "frames", "new_context", "until"]

#: Seconds that anything may take: a busy machine is many times slower than the one at one's desk.
PATIENCE = 30.0

_LATE = """(lag => {
  const {requestAnimationFrame: frame, cancelAnimationFrame: cancel, fetch: ask} = window;
  const due = new Map();
  let last = 0;
  window.requestAnimationFrame = run => {
    const id = ++last;
    due.set(id, {timer: setTimeout(() => {
      due.get(id).frame = frame.call(window, now => { due.delete(id); run(now); });
    }, lag)});
    return id;
  };
  window.cancelAnimationFrame = id => {
    const {timer, frame: waiting} = due.get(id) ?? {};
    clearTimeout(timer);
    if (waiting !== undefined) cancel.call(window, waiting);
    due.delete(id);
  };
  window.fetch = async (...args) => {
    const answer = await ask.call(window, ...args);
    await new Promise(go => setTimeout(go, lag));
    return answer;
  };
  const {set} = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {get() { return this.taker; }, set(take) {
    this.taker = take;  // whoever takes when it comes: nobody, once the page is done with it
    set.call(this, event => setTimeout(() => this.taker?.(event), lag));
  }});
})(%d)"""


def new_context(browser: Any, **options: Any) -> Any:
    """Open a window; its own waits are as patient as `until`."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE * 1000)
    lag = int(os.environ.get("E2E_LAG", "0"))
    if lag > 0:
        context.add_init_script(_LATE % lag)
    return context


def frames(page: Any, count: int = 2) -> None:
    """Wait until the page has painted: by the second frame all that an event changed is shown."""
    page.evaluate(
        "async count => { while (count--) await new Promise(requestAnimationFrame); }", count
    )


def until(
    page: Any, check: Callable[[], Any], timeout: float = PATIENCE, what: str = "it is so"
) -> Any:
    """Wait until `check` gives something true, and return that."""
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s in vain until {what}")
        page.wait_for_timeout(50)
