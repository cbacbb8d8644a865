"""Benefits, predicted and real, and the gap between them."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import faults, scenario, weighed

from jevons.report.scenario import text as page
from jevons.weigh.scenario.price import PriceError

JUNIT = """<testsuites><testsuite name="s">
<testcase name="a"/><testcase name="b"><failure>x</failure></testcase><testcase name="c"><error/></testcase>
<testcase name="d"><skipped/></testcase></testsuite></testsuites>"""


def of(real: str, predicted: str = "defects_found = {low = 4, mid = 8, high = 16}"):
    text = scenario("what = 'laptop'; time_h = 1", "", top="place = 'DE'")
    return text + f"[alternatives.a.benefits]\n{predicted}\n[alternatives.a.real]\n{real}\n"


def test_real_ones_stand_beside_the_prediction_with_the_gap(tmp_path):
    (made,) = weighed(of("defects_found = 5")).benefits
    assert made.predicted.low == pytest.approx(4, rel=0.05)
    assert made.predicted.mid == pytest.approx(8, rel=0.02)
    assert (made.real, made.gap) == (5, pytest.approx(-3, abs=0.2))
    assert "real 5.00, 3.0 fewer than predicted [the file]" in " ".join(page(weighed(of("defects_found = 5"))).split())


def test_hours_and_defects_of_a_csv_are_summed_and_divided_by_the_units(tmp_path):
    (tmp_path / "real.csv").write_text("benefit,value\nhours_saved,3\ndefects_found,4\nhours_saved,5\n")
    made = weighed(of("csv = 'real.csv'\nunits = 2"), root=tmp_path).benefits
    assert {one.benefit: one.real for one in made} == {"defects_found": 2, "hours_saved": 4}
    assert {one.benefit: one.gap is None for one in made} == {"defects_found": False, "hours_saved": True}


def test_failures_of_a_junit_file_are_counted_and_called_what_they_are(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    (made,) = weighed(of("junit = 'junit.xml'"), root=tmp_path).benefits
    assert made.real == 2
    assert made.source == "2 of 4 tests failed (JUnit): a failure is no proven defect"


def test_failures_of_the_ledger(tmp_path):
    (made,) = weighed(of("run = 'latest'"), failures=lambda asked: {"latest": 3}[asked]).benefits
    assert made.real == 3
    with pytest.raises(PriceError, match=r"line \d+: there is no ledger here"):
        weighed(of("run = 'latest'"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("junit = 'x'", None, "No such file"),
        ("junit = 'x'", "<a><b></a>", "no JUnit file"),
        ("junit = 'x'", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ("csv = 'x'", "a,b\n", "row 1: columns benefit and value are needed"),
        ("csv = 'x'", "benefit,value\nluck,3\n", "row 2: 'luck' is no benefit"),
        ("csv = 'x'", "benefit,value\nhours_saved,much\n", "row 2: 'much' is no number"),
        ("csv = 'x'", "benefit,value\nhours_saved,-1\n", "row 2: -1: a number of 0 or more"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_it(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / "x").write_text(content)
    with pytest.raises(PriceError, match=says):
        weighed(of(name), root=tmp_path)


def test_what_is_real_is_no_distribution():
    named = 'unit = "one"\n[inputs]\nn = {value = 3, unit = "defects"}'
    text = of("defects_found = 'n'").replace("place = 'DE'\n", "").replace('unit = "one"', named)
    assert any("what is real is a number" in fault for _, fault in faults(text))
