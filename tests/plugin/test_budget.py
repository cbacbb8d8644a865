"""`--jevons-budget`: at a cap, no further call reaches the server, whoever makes it."""

from __future__ import annotations

import json
import os

import pytest

FIVE = """
import pytest
@pytest.mark.parametrize("n", range(5))
def test_ask(ask, n): assert ask(str(n))
"""


def settings(suite, text: str) -> None:
    (suite.path / "pyproject.toml").write_text(f"[tool.jevons]\nenabled = true\n{text}")


def test_the_call_after_the_cap_fails_its_test_and_is_not_sent(suite, server) -> None:
    done = suite.run("--jevons-budget=calls=3", "--jevons-report=term", "--jevons-report=json", test_it=FIVE)
    done.assert_outcomes(passed=3, failed=2)
    assert len(server.requests) == 3
    done.stdout.fnmatch_lines(
        [
            "*jevons.BudgetExceeded: this call was not sent: the run's budget is used up, 3 of 3 calls used, most of "
            "it by test_it.py::test_ask[[]0] (1). To allow more: --jevons-budget calls=N",
            "counted*3 calls: 3 live*",
            "note*budget: 3 of 3 calls used: 2 calls refused*",
        ]
    )
    assert suite.document["counts"]["calls"] == len(suite.reading.calls) == 3
    assert not list((suite.path / ".jevons").glob("*.budget"))


@pytest.mark.slow
def test_a_plain_number_is_calls_and_a_flag_wins_over_settings(suite, server) -> None:
    settings(suite, "[tool.jevons.budget]\nguard = true\nrun = {calls = 4}\n")
    suite.run("--jevons-budget=2", test_it=FIVE).assert_outcomes(passed=2, failed=3)
    assert len(server.requests) == 2
    done = suite.run()
    done.assert_outcomes(passed=4, failed=1)
    assert len(server.requests) == 2 + 4
    done.stdout.fnmatch_lines(["*To allow more: calls in run of *pyproject.toml*, or --jevons-budget calls=N"])


def test_caps_without_guard_stop_nothing(suite) -> None:
    settings(suite, "[tool.jevons.budget]\nrun = {calls = 1}\n")
    suite.run(test_it=FIVE).assert_outcomes(passed=5)


def test_off_is_off(suite) -> None:
    suite.run("--no-jevons", "--jevons-budget=1", test_it=FIVE).assert_outcomes(passed=5)


def test_what_cannot_be_used_is_refused(suite) -> None:
    done = suite.run("--jevons-budget=call=3", test_it=FIVE)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*jevons: --jevons-budget call=3: 'call' is no unit of a budget: use one of calls, *"])
    settings(suite, "[tool.jevons.budget]\nguard = true\nrun = {tokens = 0}\n")
    done = suite.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*jevons: *pyproject.toml, [[]tool.jevons.budget]: run: tokens = 0: a cap is a number*"])


EVERY_CLIENT = """
import asyncio, os, openai, pytest, jevons
URL = os.environ["PROVIDER"] + "/v1"
SAY = {"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}

@pytest.mark.parametrize("stream", [False, True])
def test_sync(stream):
    with openai.OpenAI(base_url=URL, api_key="no", max_retries=5) as client, pytest.raises(jevons.BudgetExceeded):
        for _ in range(9):
            done = client.chat.completions.create(**SAY, stream=stream)
            if stream: list(done)

@pytest.mark.parametrize("stream", [False, True])
def test_async(stream):
    async def run():
        async with openai.AsyncOpenAI(base_url=URL, api_key="no", max_retries=5) as client:
            done = await client.chat.completions.create(**SAY, stream=stream)
            if stream: [chunk async for chunk in done]
    async def many():
        return await asyncio.gather(*(run() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(one, jevons.BudgetExceeded) for one in asyncio.run(many()))
"""


def test_an_sdk_that_retries_tries_once(suite, server) -> None:
    """Twelve calls refused: one by `test_sync` each, five by `test_async` each; none tried again."""
    done = suite.run("--jevons-budget=calls=2", test_it=EVERY_CLIENT)
    done.assert_outcomes(passed=4)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(["note*budget: 2 of 2 calls used: 12 calls refused*"])


SHARED = """
import pytest
@pytest.fixture(scope="session")
def answers():
    import openai, os
    with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="no") as client:
        return [client.embeddings.create(model="fake-embed", input=[str(n)]) for n in range(3)]
def test_one(answers): pass
def test_two(answers): pass
def test_none(): pass
"""


def test_a_shared_fixture_that_ends_at_a_cap_ends_so_for_all_its_tests(suite, server) -> None:
    done = suite.run("--jevons-budget=2", test_it=SHARED)
    done.assert_outcomes(passed=1, errors=2)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(["*: 1 call refused", "ERROR*::test_one - jevons.Bud*", "ERROR*::test_two - jevons.Bud*"])


@pytest.mark.slow
def test_skipping(suite, server) -> None:
    settings(suite, "[tool.jevons.budget]\nguard = true\nrun = {calls = 3}\non_exceed = 'skip'\n")
    done = suite.run("-rs", test_it=FIVE + "def test_without(): pass\n")
    done.assert_outcomes(passed=3, skipped=3)
    assert len(server.requests) == 3
    done.stdout.fnmatch_lines(
        [
            "note*budget: 3 of 3 calls used: 3 tests skipped",
            "SKIPPED [[]3] *: jevons: the run's budget is used up, 3 of 3 calls used",
        ]
    )
    done = suite.run(test_it="def test_all(ask):\n    for n in range(5): ask(str(n))\ndef test_none(): pass\n")
    done.assert_outcomes(failed=1, skipped=1)
    done.stdout.fnmatch_lines(["note*budget: 3 of 3 calls used: 1 call refused, 1 test skipped"])


JUDGED = """
import pytest
class Judge:
    def grade(self, ask): return ask("was it good?")
@pytest.mark.parametrize("n", range(3))
def test_ask(ask, n):
    assert ask(str(n))
    assert Judge().grade(ask)
def test_after(ask): ask("no judge")
"""


def test_judges_have_a_cap_of_their_own(suite, server) -> None:
    done = suite.run("--jevons-budget=judge_calls=1", test_it=JUDGED)
    done.assert_outcomes(passed=2, failed=2)
    asked = [one.body["messages"][-1]["content"] for one in server.requests]
    assert asked == ["0", "was it good?", "1", "2", "no judge"]
    done.stdout.fnmatch_lines(["*1 of 1 judge calls used, most of it by test_it.py::test_ask[[]0] (1)*"])


SAME = """
import pytest
@pytest.mark.parametrize("n", range(5))
def test_ask(ask, n): assert ask("the same")
def test_streamed(ask): assert ask("the same", stream=True, stream_options={"include_usage": True})
"""


@pytest.mark.slow
def test_tokens_are_passed_by_one_call_at_most(suite, server) -> None:
    suite.run("--jevons-budget=6", test_it=SAME).assert_outcomes(passed=6)
    (each,) = {one.usage.input + one.usage.output for one in server.asked}
    for tokens, sent in ((2 * each, 2), (2 * each + 1, 3), (6 * each, 6)):
        server.requests.clear()
        suite.run(f"--jevons-budget=tokens={tokens}").assert_outcomes(passed=sent, failed=6 - sent)
        assert len(server.requests) == sent


CLOUD = """
import os, openai, pytest, socket
resolve = socket.getaddrinfo
@pytest.fixture(autouse=True)
def cloud(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: resolve("127.0.0.1", *rest, **more))
@pytest.mark.parametrize("n", range(5))
def test_ask(n):
    port = os.environ["PROVIDER"].rpartition(":")[2]
    with openai.OpenAI(base_url=f"http://api.openai.com:{port}/v1", api_key="no", max_retries=0) as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "the same"}])
"""


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["energy_wh", "carbon_g", "water_l"])
def test_figures_stop_where_the_report_has_them(suite, server, unit: str) -> None:
    suite.measured(test_it=CLOUD).assert_outcomes(passed=5)
    server.requests.clear()
    each = suite.document["level"][unit]["mid"] / 5
    done = suite.run(f"--jevons-budget={unit}={2.5 * each}")
    done.assert_outcomes(passed=3, failed=2)  # the third call passes the cap
    assert len(server.requests) == 3
    done.stdout.fnmatch_lines([f"note*budget: {3 * each:.3g} of {2.5 * each:.3g} * used: 2 calls refused"])


REPLAYED = """
import os, pytest, httpx, openai
vcr = pytest.importorskip("vcr")
SAY = {"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}

@pytest.mark.parametrize("n", range(5))
def test_replayed(ask, n, tmp_path_factory):
    tape = os.path.join(os.path.dirname(__file__), "tape.yaml")
    with vcr.use_cassette(tape, record_mode="once", allow_playback_repeats=True):
        assert ask("kept")

@pytest.mark.parametrize("n", range(5))
def test_mocked(n):
    mock = httpx.MockTransport(lambda request: httpx.Response(200, json={"choices": []}))
    with httpx.Client(transport=mock) as client:
        client.post("https://api.openai.com/v1/chat/completions", json=SAY).raise_for_status()

def test_respx():
    respx = pytest.importorskip("respx")
    with respx.mock:
        respx.post("https://api.openai.com/v1/chat/completions").respond(json={"choices": []})
        for _ in range(3): httpx.post("https://api.openai.com/v1/chat/completions", json=SAY).raise_for_status()

def test_respx_that_lets_through(ask):
    respx = pytest.importorskip("respx")
    with respx.mock:
        respx.route(host="127.0.0.1").pass_through()
        ask("live")
"""


@pytest.mark.slow
def test_what_a_recording_or_a_mock_answers_is_neither_counted_nor_stopped(suite, server) -> None:
    """The cassette's first call is live, and all of the cap."""
    done = suite.run("--jevons-budget=1", test_it=REPLAYED)
    done.assert_outcomes(passed=11, failed=1)
    assert len(server.requests) == 1
    done.stdout.fnmatch_lines(["FAILED*test_respx_that_lets_through*", "*"])
    assert sorted(call.mode for call in suite.reading.calls) == ["live"] + ["mocked"] * 8 + ["replayed"] * 4
    server.requests.clear()
    done = suite.run("--jevons-budget=1")
    done.assert_outcomes(passed=12)
    assert len(server.requests) == 1


EIGHT = """
import pytest
@pytest.mark.parametrize("n", range(8))
def test_ask(ask, n):
    for number in range(30): ask(f"{n} {number}")
"""


@pytest.mark.slow
def test_eight_workers_share_a_cap(suite, server) -> None:
    done = suite.run("-n8", "--jevons-budget=100", test_it=EIGHT)
    assert len(server.requests) == 100
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["counted*100 calls: 100 live*", "note*budget: 100 of 100 calls used: * refused"])
    assert not list((suite.path / ".jevons").glob("*.budget"))


DYING = """
import os, signal, pytest
@pytest.fixture
def dying(monkeypatch):
    from jevons.cut.shared_count import SharedCount
    monkeypatch.setattr(SharedCount, "_write", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
@pytest.mark.parametrize("n", range(6))
def test_ask(ask, n): ask(str(n))
def test_die(dying, ask): ask("with the lock held")
@pytest.mark.parametrize("n", range(6))
def test_then(ask, n): ask(f"then {n}")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_worker_killed_with_the_lock_in_its_hand(suite, server) -> None:
    done = suite.run("-n2", "--max-worker-restart=1", "--jevons-budget=8", test_it=DYING)
    done.stdout.fnmatch_lines(["*worker*crashed*", "note*budget: 8 of 8 calls used: 4 calls refused"])
    assert len(server.requests) == 8
    assert not list((suite.path / ".jevons").glob("*.budget"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n2", "--dist=load")], ids=["alone", "xdist"])
def test_a_ledger_that_cannot_be_made(suite, server, workers: tuple[str, ...]) -> None:
    (suite.path / ".jevons").write_text("a file is in the way")
    done = suite.run("--jevons-budget=20", *workers, test_it=FIVE)
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["*budget: the count could not be shared (*"])
    done = suite.run("--jevons-budget=1", *workers)
    assert len(server.requests) == 5 + max(2 * bool(workers), 1)
    done.stdout.fnmatch_lines(["*budget: * of 1 calls used: * refused"])


@pytest.mark.slow
def test_a_count_scribbled_over_in_the_middle(suite, server) -> None:
    scribble = "def test_b():\n    import pathlib\n    (f,) = pathlib.Path('.jevons').glob('*.budget')\n"
    scribble += "    f.write_bytes(b'no count')\n"
    ask = "def test_{0}(ask):\n    ask('{0}')\n"
    done = suite.run("--jevons-budget=2", test_it=ask.format("a") + scribble + ask.format("c") + ask.format("d"))
    done.assert_outcomes(passed=3, failed=1)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(["*budget: the count could not be shared (it holds no count):*"])


@pytest.mark.slow
def test_a_ledger_deleted_in_the_middle(suite, server) -> None:
    delete = "def test_b():\n    import shutil\n    shutil.rmtree('.jevons')\n"
    ask = "def test_{0}(ask):\n    ask('{0}')\n"
    done = suite.run("--jevons-budget=2", test_it=ask.format("a") + delete + ask.format("c") + ask.format("d"))
    done.assert_outcomes(passed=3, failed=1)
    assert len(server.requests) == 2


@pytest.mark.slow
def test_a_process_that_a_test_starts_has_the_same_cap(suite, server, monkeypatch) -> None:
    child = """
    import os, sys
    from jevons import child
    child.start()
    import openai, jevons
    with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="no") as client:
        for n in range(3):
            try:
                client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": str(n)}])
            except jevons.BudgetExceeded as error:
                print(error)
    """
    tests = """
    import subprocess, sys
    def test_child(ask):
        ask("mine")
        said = subprocess.run([sys.executable, "asks.py"], capture_output=True, text=True, check=True).stdout
        assert said.count("3 of 3 calls used") == 1
    """
    done = suite.run("--jevons-budget=3", asks=child, test_it=tests)
    done.assert_outcomes(passed=1)
    assert len(server.requests) == 3
    done.stdout.fnmatch_lines(["note*budget: 3 of 3 calls used: 1 call refused"])
    assert json.dumps([call.test for call in suite.reading.calls]).count("test_child") == 3
