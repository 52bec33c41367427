"""Pictures that a page draws and the kernel writes."""

from __future__ import annotations

import pytest

from sciqlop_lab.export import Exports
from sciqlop_lab.protocol import ProtocolError
from speasy_core.errors import InvalidRequest


def test_the_first_answer_is_written_and_later_ones_are_not(tmp_path):
    exports = Exports()
    asked = exports.ask(tmp_path / "b.svg")
    assert asked["format"] == "svg"
    answer = {"type": "exported", "id": asked["id"]}
    assert exports.take(answer, [memoryview(b"<svg>1</svg>")]) == tmp_path / "b.svg"
    assert exports.take(answer, [memoryview(b"<svg>2</svg>")]) is None
    assert (tmp_path / "b.svg").read_bytes() == b"<svg>1</svg>"
    assert [path.name for path in tmp_path.iterdir()] == ["b.svg"]


def test_what_is_no_picture_is_not_written(tmp_path):
    exports = Exports()
    asked = exports.ask(tmp_path / "b", format="PNG")
    with pytest.raises(ProtocolError, match="no PNG for b"):
        exports.take({"id": asked["id"]}, [b"<html>"])
    assert exports.take({"id": "never asked"}, [b"<svg/>"]) is None
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_ending_or_folder_is_said_at_once(tmp_path):
    with pytest.raises(InvalidRequest, match="'bmp' is not a format"):
        Exports().ask(tmp_path / "b.bmp")
    with pytest.raises(InvalidRequest, match="no folder"):
        Exports().ask(tmp_path / "nowhere" / "b.svg")
