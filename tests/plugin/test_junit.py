"""JUnit files say what each test's AI counted."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

SUITE = "def test_two(ask):\n    ask('a'); ask('b')\ndef test_none():\n    pass\n"


@pytest.mark.parametrize(
    "workers", [pytest.param((), id="alone"), pytest.param(("-n2",), id="xdist", marks=pytest.mark.slow)]
)
def test_properties_of_tests_and_of_the_suite(suite, workers: tuple[str, ...]) -> None:
    suite.run("--jevons", "--junitxml=out.xml", *workers, test_it=SUITE).assert_outcomes(passed=2)
    tree = ElementTree.parse(suite.path / "out.xml")
    cases = {
        case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")}
        for case in tree.iter("testcase")
    }
    calls = suite.reading.calls
    assert cases == {
        "test_two": {
            "jevons.calls": "2",
            "jevons.input_tokens": str(sum(call.input_tokens for call in calls)),
            "jevons.output_tokens": str(sum(call.output_tokens for call in calls)),
        },
        "test_none": {},
    }
    whole = {one.get("name"): one.get("value") for one in tree.findall("./testsuite/properties/property")}
    assert whole["jevons.calls"] == "2"
    assert float(whole["jevons.energy_wh_low"]) <= float(whole["jevons.energy_wh_high"])
