"""Verdicts under pytest-xdist: whoever finishes first, the verdict is that of the drawn order; and workers that die."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jevons

pytestmark = pytest.mark.slow
NAMES = [f"test_it.py::test_y[{at}]" for at in range(100)]
LATE = """
import os, pathlib, pytest, time
@pytest.mark.jevons_verdict(pass_rate={rate})
@pytest.mark.parametrize("at", range(100))
def test_y(at, request):
    with pathlib.Path("ran.txt").open("a") as file: file.write(request.node.nodeid + "\\n")
    {dies}
    if at % 5 == 3:
        time.sleep(0.15)  # what fails comes late
        assert False, "wrong article"
"""


def judged(rate: float, unknown: str = "") -> jevons.verdict:  # type: ignore[valid-type]
    made = jevons.verdict(NAMES, pass_rate=rate)
    for name in made:
        made.record(name, None if name == unknown else int(name[19:-1]) % 5 != 3)
    return made


def text(done: pytest.RunResult) -> str:
    return " ".join(done.stdout.str().split())


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadscope", "loadfile"])
def test_the_verdict_is_that_of_the_drawn_order_though_failures_come_late(
    suite, dist: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # of its own: other tests that run now make and remove folders, too
    expected = judged(0.6)
    assert 10 < expected.used < 80
    done = suite.run("-n2", f"--dist={dist}", test_it=LATE.format(rate=0.6, dies=""))
    assert done.ret == 0
    assert str(expected) in text(done)
    ran = (suite.path / "ran.txt").read_text().split()
    assert set(expected.sequence.entered) <= set(ran)
    unused = len(ran) - expected.used
    counts = done.parseoutcomes()
    assert counts["passed"] + counts["xfailed"] == len(ran)
    assert counts["skipped"] == 100 - len(ran)
    assert (f"ran, not used: {unused} (test_it.py::test_y[" in text(done)) == (unused > 0)
    assert expected.used < 100
    assert len(ran) < 100  # workers hear of one another
    assert not list(tmp_path.glob("jevons-verdict-*"))


@pytest.mark.parametrize("dist", ["load", "worksteal"])
def test_workers_come_to_items_in_turns(suite, dist: str) -> None:
    """Of the drawn order one begins with the first item and the third, the other with those between."""
    lines = LATE.format(rate=0.6, dies="").replace("ran.txt", "ran-{os.environ['PYTEST_XDIST_WORKER']}.txt")
    suite.run("-n2", f"--dist={dist}", test_it=lines.replace('pathlib.Path("', 'pathlib.Path(f"'))
    begun = [(suite.path / f"ran-gw{worker}.txt").read_text().split()[:2] for worker in range(2)]
    order = judged(0.6).sequence.order
    assert sorted(begun) == sorted([[order[0], order[2]], [order[1], order[3]]])


def test_one_failure_for_all_workers_and_x_stops_them(suite) -> None:
    expected = judged(0.95)
    done = suite.run("-n2", "-x", test_it=LATE.format(rate=0.95, dies=""), test_jt="def test_later(): pass\n")
    assert str(expected) in text(done)
    assert [line[:26] for line in done.outlines if line.startswith("FAILED ")] == ["FAILED test_it.py::test_y "]
    assert done.parseoutcomes()["failed"] == 1
    assert "stopping after 1 failures" in text(done)
    assert done.ret != 0


def test_each_worker_has_its_own_verdict_where_each_runs_all(suite) -> None:
    done = suite.run("--dist=each", "--tx=2*popen", test_it=LATE.format(rate=0.6, dies=""))
    assert done.ret == 0
    shown, expected = text(done), judged(0.6)
    assert f"test_it.py::test_y (gw0) {expected}" in shown
    assert f"test_it.py::test_y (gw1) {expected}" in shown
    assert done.parseoutcomes()["skipped"] == 2 * (100 - expected.used)


@pytest.mark.parametrize("how", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_an_item_that_kills_its_worker_has_no_outcome_and_the_rest_goes_on(suite, how: str) -> None:
    if "kill" in how and not hasattr(__import__("signal"), "SIGKILL"):
        pytest.skip("SIGKILL is POSIX")
    third = judged(0.6).sequence.order[2]
    expected = judged(0.6, unknown=third)
    dies = f"if request.node.nodeid == {third!r}: {how}"
    done = suite.run("-n2", test_it=LATE.format(rate=0.6, dies=dies))
    assert done.ret == pytest.ExitCode.TESTS_FAILED  # xdist's own failure stands
    assert re.search(rf"worker 'gw\d' crashed while running '{re.escape(third)}'", done.stdout.str())
    assert str(expected) in text(done)
    assert "1 without outcome, so it holds whatever that would have been" in text(done)
    assert done.parseoutcomes()["failed"] == 1
    assert done.parseoutcomes()["skipped"] > 0  # how many, is a matter of how far ahead the other was


def test_workers_that_are_gone_leave_it_open(suite) -> None:
    dies = f"if request.node.nodeid == {judged(0.6).sequence.order[2]!r}: os._exit(3)"
    done = suite.run("-n1", "--max-worker-restart=0", test_it=LATE.format(rate=0.6, dies=dies))
    assert done.ret != 0
    assert re.search("no verdict, the session was stopped|verdict not settled: whether one complete run", text(done))
    assert "pass: one complete run" not in text(done)


RERUN = LATE.replace('assert False, "wrong article"', "assert request.node.execution_count > 1")


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_only_the_last_of_reruns_counts(suite, workers: str) -> None:
    """Each item passes at the second try; half of a fifth would be too few."""
    pytest.importorskip("pytest_rerunfailures")
    done = suite.run("--reruns=2", workers, test_it=RERUN.format(rate=0.95, dies=""))
    assert done.ret == 0
    names = jevons.verdict(NAMES, pass_rate=0.95)
    for name in names:
        names.record(name, True)
    assert str(names) in text(done)
    assert done.parseoutcomes()["rerun"] > 3
    assert "xfailed" not in done.parseoutcomes()
