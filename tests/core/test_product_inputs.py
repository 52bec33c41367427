"""What can be chosen of a product beside its range."""

from __future__ import annotations

import pytest

from speasy_core import Session
from speasy_core.demo import LocalArchive
from speasy_core.errors import UnknownProvider
from speasy_core.providers._amda_template import inputs_of, resolve


@pytest.fixture(scope="module")
def session():
    with LocalArchive() as archive, Session(archive.settings()) as found:
        yield found


def test_orbits_have_a_coordinate_system(session):
    [choice] = session.product_inputs("sscweb/mms1")
    assert (choice.name, choice.kind, choice.default) == ("coordinate_system", "choice", "gse")
    values = [value for value, _ in choice.choices]
    assert values[0] == "geo"
    for value in values:
        v = session.get_data("ssc/mms1", "2019-01-02", "2019-01-03", coordinate_system=value)
        assert len(v) > 0


def test_3dview_says_which_frames_it_has(session):
    frame, sampling = session.product_inputs("cdpp3dview/MMS1")
    assert (frame.name, frame.default) == ("coordinate_frame", "J2000")
    assert {"J2000", "GSE"} <= {value for value, _ in frame.choices}
    assert (sampling.name, sampling.kind, sampling.low) == ("sampling", "int", 1)


def test_arguments_of_a_templated_parameter():
    arguments = [
        {"key": "side", "name": "Side", "type": "generated-list", "minkey": "0", "maxkey": "3",
         "default": "1"},
        {"key": "mode", "name": "", "type": "list", "items": {"0": "fast", "1": ""}},
        {"key": "on", "name": "On", "type": "bool", "default": "1"},
        {"key": "low", "name": "Low", "type": "float", "default": "0.5"},
        {"key": "n", "name": "N", "type": "int", "default": "2"},
        {"key": "odd", "name": "Odd"},
    ]  # fmt: skip
    template = "x_##side##_##mode##"
    found = inputs_of("x", template, arguments)
    assert [one.kind for one in found] == ["int", "choice", "bool", "float", "int", "text"]
    assert [one.name for one in found][:2] == ["product_inputs.side", "product_inputs.mode"]
    assert (found[0].low, found[0].high, found[0].default) == (0.0, 3.0, "1")
    assert (found[1].label, found[1].choices) == ("mode", (("0", "fast"), ("1", "1")))
    # what a form offers is taken
    for value, _ in found[1].choices:
        assert resolve("x", template, arguments, {"mode": value})[1]["mode"] == value


def test_nothing_to_choose_and_nobody_to_ask(session):
    assert session.product_inputs("cda/AC_H0_MFI/BGSEc") == []
    with pytest.raises(UnknownProvider):
        session.product_inputs("nobody/x")
