"""`@pytest.mark.jevons_verdict`: a parametrised test or a class is judged as a whole, from as few items as needed."""

from __future__ import annotations

import re
import signal
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import jevons

NAMES = [f"test_it.py::test_y[{at}]" for at in range(200)]
MANY = """
import pathlib, pytest
@pytest.fixture(scope="module")
def shared():
    pathlib.Path("shared.txt").open("a").write("set up ")
    yield
    pathlib.Path("shared.txt").open("a").write("torn down ")
@pytest.mark.jevons_verdict(pass_rate={rate}, confidence=0.95)
@pytest.mark.parametrize("at", range(200))
def test_y(at, shared, request):
    pathlib.Path("ran.txt").open("a").write(request.node.nodeid + "\\n")
    assert at % 10 != 3, "wrong article"
def test_plain(shared): pass
"""


def judged(rate: float, names: list[str] = NAMES, **more: object) -> jevons.verdict:  # type: ignore[valid-type]
    """The same by the loop."""
    made = jevons.verdict(names, pass_rate=rate, **more)  # type: ignore[arg-type]
    for name in made:
        made.record(name, int(re.search(r"\d+", name)[0]) % 10 != 3)  # type: ignore[index]
    return made


def ran(suite) -> list[str]:
    return (suite.path / "ran.txt").read_text().split()


def text(done: pytest.RunResult) -> str:
    return " ".join(done.stdout.str().split())


def test_a_verdict_that_passes_forgives_items_that_fail(suite) -> None:
    expected = judged(0.8)
    done = suite.run("-rsx", "--junitxml=out.xml", test_it=MANY.format(rate=0.8))
    used = expected.used
    assert 20 < used < 150
    failed = sum(int(name[19:-1]) % 10 == 3 for name in expected.sequence.entered)
    assert failed > 0
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=used - failed + 1, xfailed=failed, skipped=200 - used)
    assert ran(suite) == expected.sequence.entered == expected.sequence.order[:used]
    assert (suite.path / "shared.txt").read_text() == "set up torn down "
    done.stdout.fnmatch_lines(
        [
            "verdict on test_it.py::test_y: 200 items, order drawn with seed 0: *",
            f"SKIPPED [[]{200 - used}] test_it.py:7: not needed: verdict settled",
            "FAILED ITEM test_it.py::test_y* - failed item of a verdict: AssertionError: wrong article",
        ]
    )
    assert str(expected) in text(done)
    assert f"used: {used - failed} passed, {failed} failed" in text(done)
    cases = ET.parse(suite.path / "out.xml").getroot().iter("testcase")
    said = [case.find("skipped") for case in cases]
    messages = [one.get("message") for one in said if one is not None]
    assert messages.count("not needed: verdict settled") == 200 - used
    assert messages.count("failed item of a verdict: AssertionError: wrong article") == failed
    properties = ET.parse(suite.path / "out.xml").getroot().iter("property")
    assert ("jevons.verdict", f"test_it.py::test_y: {expected}") in [
        (p.get("name"), p.get("value")) for p in properties
    ]


def test_a_verdict_that_fails_is_one_failure(suite) -> None:
    expected = judged(0.97, seed=5)
    done = suite.run("--jevons-verdict-seed=5", "--junitxml=out.xml", test_it=MANY.format(rate=0.97))
    used = expected.used
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    failed = sum(int(name[19:-1]) % 10 == 3 for name in expected.sequence.entered)
    done.assert_outcomes(failed=1, passed=used - failed + 1, xfailed=failed, skipped=200 - used)
    assert ran(suite) == expected.sequence.entered
    done.stdout.fnmatch_lines(
        [
            f"verdict fail: one complete run of these 200 items would pass less than 97 % *; {used} of 200 *",
            f"{failed} failed items (--xfail-tb prints their tracebacks):",
            "  test_it.py::test_y*: AssertionError: wrong article",
            "FAILED test_it.py::test_y - verdict fail: *",
        ]
    )
    root = ET.parse(suite.path / "out.xml").getroot()
    failures = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert [case.get("name") for case in failures] == ["test_y"]


@pytest.mark.slow
def test_all_items_run_when_asked(suite) -> None:
    done = suite.run("--jevons-verdict=full", test_it=MANY.format(rate=0.8))
    assert done.ret == 0
    done.assert_outcomes(passed=181, xfailed=20)
    assert ran(suite) == judged(0.8).sequence.order
    assert "all items run. pass: of the complete run, 180 of 200 items passed" in text(done)
    assert f"stopped early, it would have been: {judged(0.8)}" in text(done)
    (suite.path / "ran.txt").unlink()
    done = suite.run("--jevons-verdict=off")
    done.assert_outcomes(passed=181, failed=20)
    assert ran(suite) == NAMES
    assert "off: all items run, and each decides by itself. pass: of the complete run, 180 of 200 " in text(done)
    assert f"stopped early, it would have been: {judged(0.8)}" in text(done)


@pytest.mark.slow
def test_a_selection_is_what_is_judged_and_says_so(suite) -> None:
    some = [name for name in NAMES if "1" in name.partition("[")[2]]
    done = suite.run("-k", "1", test_it=MANY.format(rate=0.5))
    expected = judged(0.5, some)
    assert f"{expected}; on a selection: {200 - len(some)} more are deselected" in text(done)
    assert ran(suite) == expected.sequence.entered
    done = suite.run("test_it.py::test_y[4]", "test_it.py::test_y[5]")
    assert f"{judged(0.5, NAMES[4:6])}; on a selection: named one by one" in text(done)


@pytest.mark.slow
def test_lf_runs_a_list_that_is_not_passed_again_and_whole(suite) -> None:
    suite.plugins = ("cacheprovider",)
    suite.run(test_it=MANY.format(rate=0.97))
    first = ran(suite)
    done = suite.run("--lf")
    assert ran(suite) == first * 2
    assert "on a selection" not in done.stdout.str()
    suite.run("--lf", test_it=MANY.format(rate=0.8))  # passes now
    done = suite.run("--lf")
    assert "no previously failed tests" in done.stdout.str()
    suite.run("--jevons-verdict=off")
    done = suite.run("--lf")
    assert "of 20 items used" in text(done)
    assert "on a selection: --lf" in text(done)


STOPPED = """
import os, pytest, signal
@pytest.mark.jevons_verdict(pass_rate=0.5)
@pytest.mark.parametrize("at", range(20))
def test_first(at): assert False
def test_breaks(): {breaks}
@pytest.mark.jevons_verdict(pass_rate=0.5)
@pytest.mark.parametrize("at", range(20))
def test_second(at): pass
"""


@pytest.mark.slow
def test_a_session_that_is_stopped_claims_nothing(suite) -> None:
    done = suite.run("-x", test_it=STOPPED.format(breaks="pass"))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert done.parseoutcomes()["failed"] == 1
    assert "passed" not in done.parseoutcomes()
    assert "no verdict, the session was stopped (stopping after 1 failures): open: whether" in text(done)
    assert "FAILED test_it.py::test_first - verdict fail" in text(done)
    done = suite.run("-k", "not first", test_it=STOPPED.format(breaks="raise KeyboardInterrupt"))
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert "no verdict, interrupted: open: whether one complete run of these 20 items" in text(done)
    assert "failed" not in done.parseoutcomes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_in_the_midst_of_a_verdict(suite) -> None:
    interrupts = STOPPED.replace(
        "def test_second(at): pass", "def test_second(at): os.kill(os.getpid(), signal.SIGINT)"
    )
    done = suite.run("-k", "second", test_it=interrupts)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert "no verdict, interrupted: open: " in text(done)
    assert "0 of 20 items counted" in text(done)
    assert signal.getsignal(signal.SIGINT)


@pytest.mark.slow
def test_collect_only_shows_the_order_and_judges_nothing(suite) -> None:
    done = suite.run("--collect-only", "-q", test_it=MANY.format(rate=0.8))
    assert done.ret == 0
    assert [line for line in done.outlines if "test_y" in line] == judged(0.8).sequence.order
    assert "verdict" not in done.stdout.str()


KINDS = """
import pytest, unittest
@pytest.mark.jevons_verdict(pass_rate=0.8)
@pytest.mark.parametrize("at", range(10))
def test_outcomes(at, request):
    if at == 0: pytest.skip("no such model here")
    if at == 1: pytest.xfail("known")
    if at == 2: request.getfixturevalue("broken")
@pytest.fixture
def broken(): raise OSError("no server")

@pytest.mark.jevons_verdict(pass_rate=1.0)
class TestClass:
    @pytest.fixture(scope="class", autouse=True)
    def once(self):
        yield
    @pytest.mark.parametrize("at", range(3))
    def test_a(self, at): pass
    class TestInner:
        def test_b(self): pass

@pytest.mark.jevons_verdict(pass_rate=0.5)
class TestUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.ready = True
    def test_a(self): assert self.ready
    def test_b(self): self.fail("no")
    def test_d(self): pass

@pytest.mark.jevons_verdict(pass_rate=1.0)
class TestParts(unittest.TestCase):
    def test_c(self):
        for at in range(3):
            with self.subTest(at=at): self.assertNotEqual(at, 1)

@pytest.mark.jevons_verdict(pass_rate=0.5)
@pytest.mark.parametrize("at", range(3))
def test_open(at): pytest.skip("not here")

class TestPlain:
    @pytest.mark.jevons_verdict(pass_rate=0.1)
    @pytest.mark.parametrize("at", range(10))
    def test_same_name(self, at): pass
@pytest.mark.jevons_verdict(pass_rate=0.1)
@pytest.mark.parametrize("at", range(10))
def test_same_name(at): pass
"""


@pytest.mark.slow
def test_kinds_of_outcomes_and_of_tests(suite) -> None:
    done = suite.run("-rA", test_it=KINDS)
    shown = text(done)
    # 7 pass, 1 expected failure, 2 without an outcome: at 80 % either could still be
    assert "verdict not settled: whether one complete run of these 10 items would pass at least 80 %" in shown
    assert "pass: one complete run of these 4 items would pass at least 100 % (counted out)" in shown
    assert "pass: one complete run of these 3 items would pass at least 50 %" in shown
    assert "fail: one complete run of these 1 items would pass less than 100 % (counted out)" in shown
    assert "test_it.py::TestPlain::test_same_name pass: " in shown
    assert "test_it.py::test_same_name pass: " in shown
    failures = [line for line in done.outlines if line.startswith("FAILED test_it")]
    named = [line.partition(" - ")[0].removeprefix("FAILED test_it.py::") for line in failures]
    assert sorted(named) == ["TestParts", "test_open", "test_outcomes"]
    assert done.ret == 1


@pytest.mark.slow
def test_errors_in_set_up_and_teardown_stay_errors(suite) -> None:
    done = suite.run("--jevons-verdict=full", test_it=ERRORS)
    assert done.ret == 1
    done.assert_outcomes(passed=7, xfailed=1, errors=2)
    assert "pass: of the complete run, 7 of 9 items passed" in text(done)
    assert not [line for line in done.outlines if line.startswith("FAILED")]


ERRORS = """
import pytest
@pytest.fixture
def breaks(at):
    if at == 7: raise OSError("no server")
    yield
    if at == 8: raise OSError("left a mess")
@pytest.mark.jevons_verdict(pass_rate=0.5)
@pytest.mark.parametrize("at", range(9))
def test_y(at, breaks): assert at != 6
"""
SCORES = """
import pytest
@pytest.mark.jevons_verdict(mean_score=0.7)
@pytest.mark.parametrize("at", range(60))
def test_scored(at, jevons_score): jevons_score(0.9); assert at
@pytest.mark.jevons_verdict(margin=0.05, confidence=0.9, estimand="list")
@pytest.mark.parametrize("at", range(60))
def test_paired(at, jevons_score): jevons_score(1, 0.5)
@pytest.mark.jevons_verdict(pass_rate=0.5, repeats=3, rule="all", stratum="language")
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("at", range(20))
def test_tries(at, language, _jevons_try): assert language == "de" or _jevons_try != 2
@pytest.mark.jevons_verdict(pass_rate=0.2, estimand="rate", cluster="document")
@pytest.mark.parametrize("document", range(30))
@pytest.mark.parametrize("at", range(2))
def test_clusters(at, document): pass
def test_unmarked(jevons_score):
    jevons_score(0.5)
    with pytest.raises(ValueError, match="from 0 to 1"): jevons_score(2)
"""


@pytest.mark.slow
def test_scores_pairs_tries_strata_and_clusters(suite) -> None:
    done = suite.run(test_it=SCORES)
    shown = text(done)
    assert "pass: one complete run of these 60 items would score at least 0.7" in shown
    assert "the new one is not worse by more than 5 points" in shown
    assert "fail: one complete run of these 40 items would pass less than 50 %" in shown
    assert "an item passes if all 3 tries pass; in en" in shown
    assert "FAILED test_it.py::test_tries - verdict fail" in shown
    assert "pass: endlessly many such items would pass at least 20 %" in shown
    assert "30 clusters count once each" in shown
    assert re.search(r"5 verdicts?|4 verdicts: all right with a chance of at least 75 %", shown)
    assert done.parseoutcomes()["failed"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("0.9", "give the same keywords on all its items: pass_rate=0.9"),
        ("pass_rate=90", "a pass_rate of 90: give a share over 0 and up to 1, such as 0.9"),
        ("rate=0.9", "no keyword rate: use pass_rate"),
        ("pass_rate=0.9, stratum='language'", "has no parametrised argument 'language'"),
        ("pass_rate=0.9, cluster='at'", "clusters are for the true rate"),
    ],
)
def test_what_cannot_be_asked_says_so(suite, mark: str, said: str) -> None:
    done = suite.run(test_it=MANY.replace("pass_rate={rate}, confidence=0.95", mark))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"jevons: test_it.py::test_y{'' if '=' not in mark else ', @pytest.mark.jevons_verdict'}: " in (
        done.stderr.str() + done.stdout.str()
    )
    assert said in done.stderr.str() + done.stdout.str()


@pytest.mark.slow
def test_counted_calls(suite, server) -> None:
    done = suite.run(
        "--jevons",
        test_it="""
        import pytest
        @pytest.mark.jevons_verdict(pass_rate=0.5)
        @pytest.mark.parametrize("at", range(40))
        def test_asks(ask, at): assert ask() and ask()
        """,
    )
    used = len(server.requests) // 2
    assert 2 < used < 10
    assert (
        f"calls: {2 * used} counted; {40 - used} items made none (about {80 - 2 * used} calls, at the others' rate)"
        in text(done)
    )


@pytest.mark.slow
def test_the_marker_is_known(suite) -> None:
    done = suite.run("--markers", "--strict-markers", test_it="")
    done.stdout.fnmatch_lines(["@pytest.mark.jevons_verdict(pass_rate=0.9, confidence=0.95, ...): judge a *"])
    assert not Path(suite.path / ".jevons").exists()
