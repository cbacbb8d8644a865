"""JUnit XML of our own: a report's tests with what they used, or a gate's caps as test cases.

(pytest's own file, of ``--junit-xml``, gets the same names as properties: of each test its calls and tokens, of the
suite its totals.) Of the report, readers that keep properties of test cases show them: Jenkins with "keep properties",
Allure, Testmo, scripts. GitLab and GitHub show names, outcomes and messages alone: that is what the gate's file is for.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jevons.cut.gate import UNKNOWN, Outcome
from jevons.report.document import Document, Level, Row
from jevons.report.numbers import percent
from jevons.report.text import LINE, clean, shortened

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to hold (its production 2)."""
_FAILED = ("failed", "error")
_SKIPPED = ("skipped", "xfailed")


def render(document: Document) -> str:
    """One test case a row, with properties; its outcome as the tests' own report has it.

    Rows by something else than tests are cases, too, of the class that the rows are by.
    """
    suite = _suite("jevons")
    totals = SubElement(suite, "properties")
    for name in ("calls", "live", "replayed", "mocked", "failed", "input_tokens", "output_tokens", "repeats"):
        _property(totals, name, str(getattr(document.counts, name)))
    _level(totals, document.level)
    _property(totals, "coverage", f"{document.coverage:.4g}")
    for row in document.rows:
        _row(suite, document, row)
    return _text(suite)


def gate(made: Outcome) -> str:
    """A gate's caps, and what it held against a base, as test cases: those that break it fail, and say why."""
    suite = _suite("AI budget")
    for cap in made.caps:
        named = f"the {cap.span}" if cap.span == "run" else f"{cap.span} {shortened(cap.name)}"
        case = _case(suite, "jevons.budget", f"{cap.unit} of {named}")
        said = f"{cap.used:.6g} of {cap.cap:g}"
        if cap.over:
            _fails(case, "failure", f"{said}{_moved(made)}")
        elif cap.coverage < 1:
            SubElement(case, "system-out").text = f"known for {percent(cap.coverage)} of calls: at least {said}"
    for one in made.regressions:
        case = _case(suite, "jevons.base", f"{one.unit} beside {shortened(made.base)}")
        if one.fails:
            said = f"{one.used:.6g} beside {one.base:.6g} in {one.runs} runs, {one.ratio:.2f} times"
            _fails(case, "failure", f"{said}{_moved(made)}")
    if made.exit_code == UNKNOWN:
        _fails(_case(suite, "jevons.budget", "known"), "error", "; ".join(made.why))
    if made.warnings:
        SubElement(suite, "system-out").text = "\n".join(_legal(shortened(one, LINE)) for one in made.warnings)
    return _text(suite)


def _row(suite: Element, document: Document, row: Row) -> None:
    file, colons, rest = clean(row.name).partition("::")
    owner = file.removesuffix(".py").replace("/", ".") if colons else f"jevons.{document.by}"
    case = _case(suite, shortened(owner), shortened(rest if colons else file))
    made = SubElement(case, "properties")
    _property(made, "calls", f"{row.calls + row.shared_calls:.6g}")
    _property(made, "tokens", f"{row.tokens:.6g}")
    _property(made, "failed", str(row.failed))
    _level(made, row.level)
    if row.outcome in _FAILED:
        _fails(case, "failure", f"{row.outcome}: the tests' own report says why")
    elif row.outcome in _SKIPPED:
        SubElement(case, "skipped")


def _moved(made: Outcome) -> str:
    if made.moved is None:
        return ""
    return f"; most by {shortened(made.moved.test)}: {made.moved.used:.6g} {made.moved.unit}"


def _level(properties: Element, level: Level) -> None:
    for name in ("energy_wh", "carbon_g"):
        for end in ("low", "mid", "high"):
            _property(properties, f"{name}_{end}", f"{getattr(getattr(level, name), end):.3g}")


def _suite(name: str) -> Element:
    return Element("testsuite", name=name, tests="0", failures="0", errors="0", skipped="0")


def _case(suite: Element, owner: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_legal(owner), name=_legal(name), time="0")


def _property(properties: Element, name: str, value: str) -> None:
    SubElement(properties, "property", name=f"jevons.{name}", value=value)


def _fails(case: Element, how: str, why: str) -> None:
    SubElement(case, how, message=_legal(shortened(why, LINE)))


def _legal(text: str) -> str:
    return _NO_XML.sub("?", text)


def _text(suite: Element) -> str:
    for plural, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(plural, str(sum(1 for _ in suite.iter(tag))))
    whole = Element("testsuites")
    whole.append(suite)
    indent(whole)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(whole, encoding="unicode") + "\n"
