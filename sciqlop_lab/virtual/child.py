"""The child's half of `processes`: reads a call, makes it, writes what came; until its input ends.

``python -m sciqlop_lab.virtual.child``
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from sciqlop_lab.usercode import captured_output, describe_error
from speasy_core import inputs
from speasy_core.errors import SpeasyError, VirtualProductError
from speasy_core.timerange import TimeRange

from .product import VirtualProduct
from .sending import unpack
from .wires import read_message, variable_parts, write_message

__all__ = ["main"]


def _call(content: Mapping[str, Any], code: bytes) -> tuple[dict[str, Any], list[Any]]:
    """Make one call; returns the answer and its arrays."""
    sys.path[:] = content["sys_path"]
    try:
        function = unpack(code)
    except Exception as error:  # noqa: BLE001 - whatever a module of the user does when imported
        return {**_described(error), "ok": False, "printed": "", "warned": [], "inputs": []}, []
    product = VirtualProduct(content["path"], function, **content["options"])
    span = TimeRange.from_ns(*content["range"])
    with captured_output() as output, inputs.computing(str(product.ref)) as work:
        try:
            returned = product.call(span, content["knobs"], content["told"], None, work)
            labels, arrays = variable_parts(product.adapt(returned, work))
            answer = {"ok": True, **labels}
        except (SpeasyError, TypeError, ValueError) as error:
            arrays, answer = [], {"ok": False, **_described(error)}
    rows = [
        [
            i.key,
            None if i.range is None else [i.range.start_ns, i.range.stop_ns],
            i.version,
            i.samples,
        ]
        for i in work.inputs
    ]
    warned = [str(warning) for warning in output.warnings]
    return {**answer, "printed": output.text, "warned": warned, "inputs": rows}, arrays


def _described(error: BaseException) -> dict[str, Any]:
    shown = describe_error(error)
    ours = error.message if isinstance(error, SpeasyError) else str(error)
    own = isinstance(error, VirtualProductError) and error.cause is None
    return {"message": ours, "shown": shown, "own": own}


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there are no more requests."""
    while True:
        try:
            content, (code,) = read_message(requests)
        except EOFError:
            return
        answer, arrays = _call(content, code)
        write_message(answers, answer, arrays)


if __name__ == "__main__":
    # what the function writes to its standard output must not come between the answers
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    main(sys.stdin.buffer, channel)
