"""Whatever happens to jevons, the tests pass, and the report says what was not recorded."""

from __future__ import annotations

import os
import textwrap

import pytest

pytestmark = pytest.mark.slow

POSIX = pytest.mark.skipif(os.name != "posix", reason="kills, forks and file limits are POSIX")
SUITE = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_ask(ask, n):\n    assert ask(str(n))\n"


def test_a_ledger_that_cannot_be_made(suite) -> None:
    (suite.path / ".jevons").write_text("a file is in the way")
    done = suite.measured(test_it=SUITE)
    done.assert_outcomes(passed=6)
    done.stdout.fnmatch_lines(["counted*6 calls: 6 live*", "*records could not be written to the ledger*"])


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
@POSIX
def test_a_full_disk(suite, workers: tuple[str, ...]) -> None:
    """A file-size limit stands in for a full disk: the same short write, then the same refusal."""
    (suite.path / "full.py").write_text(
        textwrap.dedent(
            """
            import pytest, resource, signal
            def pytest_sessionstart():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY))
            @pytest.hookimpl(wrapper=True)
            def pytest_sessionfinish(session):
                if not hasattr(session.config, "workerinput"):
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                return (yield)
            """
        )
    )
    done = suite.measured("-p", "full", *workers, test_it=SUITE)
    done.assert_outcomes(passed=6)
    done.stdout.fnmatch_lines(["counted*6 calls: 6 live*", "*records could not be written to the ledger*"])
    assert suite.document["counts"]["calls"] == 6
    assert len(suite.reading.calls) < 6


@POSIX
def test_a_ledger_deleted_in_the_middle(suite) -> None:
    more = "\nimport shutil\ndef test_delete():\n    shutil.rmtree('.jevons')\ndef test_after(ask):\n    ask('late')\n"
    done = suite.measured(test_it=SUITE + more)
    done.assert_outcomes(passed=8)
    done.stdout.fnmatch_lines(
        ["counted*1 calls: 1 live*", "note*13 records could not be written*the ledger was deleted*"]
    )


@POSIX
def test_a_fork_in_a_test(suite) -> None:
    forking = """
    import os
    def test_fork(ask):
        ask("parent")
        child = os.fork()
        if child == 0:
            try:
                ask("child")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        ask("parent again")
    """
    done = suite.measured(test_it=forking)
    done.assert_outcomes(passed=1)
    assert suite.calls_of() == {"test_fork": 3}
    assert len({call.id for call in suite.reading.calls}) == 3
    assert suite.document["counts"]["calls"] == 3


def test_a_clock_that_jumps(suite) -> None:
    jumping = """
    import itertools, time
    def test_clock(ask, monkeypatch):
        real, jumps = time.time_ns, itertools.cycle([0, -10**18, 10**17])
        monkeypatch.setattr(time, "time_ns", lambda: real() + next(jumps))
        monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9)
        for n in range(6): ask(str(n))
    """
    done = suite.measured(test_it=jumping)
    done.assert_outcomes(passed=1)
    assert len(suite.reading.calls) == 6
    assert all(0 < call.duration_us < 60_000_000 for call in suite.reading.calls)


def test_a_jevons_that_breaks_inside_breaks_no_test(suite) -> None:
    breaking = """
    import pytest
    from jevons.capture import recorder
    from jevons import wire
    @pytest.fixture(autouse=True)
    def broken(monkeypatch):
        def fail(*a, **k): raise ZeroDivisionError("a bug in jevons")
        monkeypatch.setattr(wire, "read", fail)
    def test_plain(ask): assert ask()
    def test_stream(client):
        messages = [{"role": "user", "content": "x"}]
        assert list(client.chat.completions.create(model="fake-1", stream=True, messages=messages))
    """
    done = suite.measured(test_it=breaking)
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*calls could not be read*"])


def test_an_interrupted_run_keeps_what_it_had(suite) -> None:
    stopped = "def test_one(ask):\n    ask()\ndef test_two(ask):\n    ask('2')\n    raise KeyboardInterrupt\n"
    done = suite.measured(test_it=stopped)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert suite.calls_of() == {"test_one": 1, "test_two": 1}
    assert suite.document["counts"]["calls"] == 2


def test_outcomes_are_the_same_with_and_without(suite) -> None:
    every = """
    import pytest
    def test_pass(ask): ask()
    def test_fail(ask): assert not ask()
    @pytest.mark.skip
    def test_skip(): pass
    @pytest.mark.xfail
    def test_xfail(ask): assert not ask()
    @pytest.mark.xfail
    def test_xpass(ask): ask()
    @pytest.fixture
    def broken(): raise RuntimeError
    def test_error(broken): pass
    """
    expected = {"passed": 1, "failed": 1, "skipped": 1, "xfailed": 1, "xpassed": 1, "errors": 1}
    suite.run("--no-jevons", test_it=every).assert_outcomes(**expected)
    suite.measured().assert_outcomes(**expected)
    outcomes = {made.test.partition("::test_")[2]: made.outcome for made in suite.reading.tests}
    assert outcomes == {
        "pass": "passed", "fail": "failed", "skip": "skipped",
        "xfail": "xfailed", "xpass": "xpassed", "error": "failed",
    }  # fmt: skip
