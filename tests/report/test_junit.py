"""JUnit of our own, parsed: cases with what they used; what breaks a gate is a failed case, and nothing else is."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from cut.test_gate import history, recorded
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report.test_html import NASTY, STEERING

from jevons.cut.gate import gate
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run, TestResult
from jevons.report.build import build
from jevons.report.gate import markdown
from jevons.report.junit import gate as junit
from jevons.report.render import render


def cases(text: str) -> dict[str, Element]:
    suite = fromstring(text).find("testsuite")
    assert suite is not None
    found = {f"{one.get('classname')} {one.get('name')}": one for one in suite.iter("testcase")}
    for plural, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(plural) == str(len(list(suite.iter(tag))))
    return found


def properties(case: Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in case.findall("properties/property")}


def test_a_case_a_test_with_its_calls_tokens_and_energy() -> None:
    def call(number: int, test: str) -> Call:
        return Call(
            id=str(number), run="r", provider="openai", model="gpt-4o", usage="reported", status=200, test=test,
            input_tokens=900, output_tokens=100,
        )  # fmt: skip

    outcomes = {"tests/test_a.py::test_one": "passed", "tests/test_a.py::test_two[x]": "failed"}
    results = [TestResult(run="r", test=test, outcome=outcome) for test, outcome in outcomes.items()]
    made = [call(number, test) for number, test in enumerate([*outcomes, *outcomes, "tests/test_a.py::test_one", ""])]
    document = build([of_calls(Run(id="r"), made, results)])
    found = cases(render(document, "junit"))
    assert set(found) == {"tests.test_a test_one", "tests.test_a test_two[x]", "jevons.test (outside tests)"}
    one = properties(found["tests.test_a test_one"])
    assert (one["jevons.calls"], one["jevons.tokens"]) == ("3", "3000")
    assert 0 < float(one["jevons.energy_wh_low"]) < float(one["jevons.energy_wh_mid"])
    energy = [float(properties(case)["jevons.energy_wh_mid"]) for case in found.values()]
    assert sum(energy) == pytest.approx(document.level.energy_wh.mid, rel=0.01)  # three digits each
    assert [name for name, case in found.items() if case.find("failure") is not None] == ["tests.test_a test_two[x]"]


def test_what_breaks_a_gate_fails_and_says_why() -> None:
    caps = {"run": {"calls": 10, "tokens": 5_000}, "test": {"calls": 8}}
    made = gate(recorded("now", {"a": 8, "b": 2}), [], caps)
    failed = {name: case.find("failure") for name, case in cases(junit(made)).items()}
    assert {name for name, why in failed.items() if why is not None} == {"jevons.budget tokens of the run"}
    why = failed["jevons.budget tokens of the run"]
    assert why is not None
    assert why.get("message") == "10000 of 5000; most by a: 8000 tokens"
    assert set(failed) >= {"jevons.budget calls of the run", "jevons.budget calls of test a"}


def test_more_than_the_base_fails_and_what_is_not_known_is_an_error() -> None:
    same = {"a": 4}
    passed = cases(junit(gate(recorded("now", same), [], {}, base=history(6, same), base_name="branch main")))
    assert not [name for name, case in passed.items() if case.find("failure") is not None]
    made = gate(recorded("now", {"a": 8}), [], {}, base=history(6, same), base_name="branch main")
    failed = [name for name, case in cases(junit(made)).items() if case.find("failure") is not None]
    assert "jevons.base calls beside branch main" in failed
    unknown = gate(recorded("now", same, usage="unknown", input_tokens=None), [], {"run": {"tokens": 10_000}})
    error = cases(junit(unknown))["jevons.budget known"].find("error")
    assert error is not None
    assert "known for 0% of calls" in error.get("message", "")


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=60) | st.sampled_from(NASTY))
@example("\ufffe\uffff")
def test_no_name_does_anything_in_what_a_gate_says(name: str) -> None:
    made, plain = (gate(recorded(one, {one: 9}), [], {"test": {"calls": 8}}, base_name=one) for one in (name, "plain"))
    made.warnings.append(name)
    plain.warnings.append("plain")
    xml = junit(made)
    assert not STEERING.search(xml)
    assert [one.tag for one in fromstring(xml).iter()] == [one.tag for one in fromstring(junit(plain)).iter()]
    page = markdown(made)
    assert not STEERING.search(page)
    assert "<" not in page
    assert len(page.splitlines()) == len(markdown(plain).splitlines())
    assert len(xml) + len(page) < 20_000
