"""Each call reaches the test that made it."""

from __future__ import annotations

import pytest

THREADS = """
import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
import pytest
pool = ThreadPoolExecutor(2)
late = threading.Event()
left_behind = []

def test_plain(ask): ask("plain")

def test_thread(ask):
    thread = threading.Thread(target=ask, args=("thread",)); thread.start(); thread.join()

def test_pool_first(ask): pool.submit(ask, "pool").result()
def test_pool_again(ask): list(pool.map(ask, ["pool 2", "pool 3"]))

def test_to_thread(ask): asyncio.run(asyncio.to_thread(ask, "to_thread"))

@pytest.fixture(scope="module")
def own_client():
    import openai, os
    return openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")

def test_leaves_work_behind(own_client):
    def work():
        late.wait(10)
        own_client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": "late"}])
    left_behind.append(threading.Thread(target=work)); left_behind[0].start()

def test_during_which_it_happens(ask):
    late.set(); left_behind[0].join()
    ask("own")
"""


def test_threads_pools_and_work_left_behind(suite) -> None:
    suite.measured(test_it=THREADS).assert_outcomes(passed=7)
    assert suite.calls_of() == {
        "test_plain": 1,
        "test_thread": 1,
        "test_pool_first": 1,
        "test_pool_again": 2,
        "test_to_thread": 1,
        "test_leaves_work_behind": 1,
        "test_during_which_it_happens": 1,
    }


ASYNC = """
import asyncio, os
import openai, pytest, pytest_asyncio

def new(): return openai.AsyncOpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")

async def ask(client, text):
    await client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": text}])

@pytest.mark.asyncio
async def test_gathers():
    async with new() as client:
        await asyncio.gather(ask(client, "1"), ask(client, "2"), asyncio.create_task(ask(client, "3")))

@pytest.mark.asyncio(loop_scope="module")
async def test_shared_loop_first():
    async with new() as client: await ask(client, "4")

@pytest.mark.asyncio(loop_scope="module")
async def test_shared_loop_again():
    async with new() as client: await ask(client, "5")

@pytest.fixture
def anyio_backend(): return "asyncio"

@pytest.mark.anyio
async def test_anyio_first(anyio_backend):
    async with new() as client: await ask(client, "6")

@pytest.fixture(scope="module")
async def warm(anyio_backend_module): ...

@pytest.mark.anyio
async def test_anyio_again(anyio_backend):
    async with new() as client: await ask(client, "7")

@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def indexed():
    async with new() as client: await ask(client, "8")
    yield

@pytest.mark.asyncio(loop_scope="module")
async def test_after_async_fixture(indexed): pass
"""


def test_async_tests_and_fixtures(suite) -> None:
    suite.measured(test_it=ASYNC).assert_outcomes(passed=6)
    assert suite.calls_of() == {
        "test_gathers": 3,
        "test_shared_loop_first": 1,
        "test_shared_loop_again": 1,
        "test_anyio_first": 1,
        "test_anyio_again": 1,
        "test_after_async_fixture": 1,
    }
    (fixture,) = {call.fixture for call in suite.reading.calls if call.fixture}
    assert fixture.startswith("indexed@")


FIXTURES = """
import pytest
@pytest.fixture(scope="session")
def index():
    import openai, os
    client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")
    client.embeddings.create(model="fake-embed", input=["one", "two"])
    return client
@pytest.fixture(scope="session")
def derived(index): return index
@pytest.fixture
def own(ask): ask("set up")

def test_first(index): pass
def test_second(derived, ask): ask("mine")
def test_third(index): pass
def test_fourth(index): pytest.skip("used it and gave up")
@pytest.mark.skip
def test_skipped(index): pass
def test_stranger(): pass
def test_own_fixture(own): pass
class TestUnit(__import__("unittest").TestCase):
    @classmethod
    def setUpClass(cls):
        import openai, os
        cls.client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")
        cls.client.embeddings.create(model="fake-embed", input="three")
    def test_a(self): self.client.embeddings.create(model="fake-embed", input="four")
    def test_b(self): pass
"""


def test_a_fixtures_calls_are_shared_out_over_the_tests_that_used_it(suite, by_name) -> None:
    suite.measured(test_it=FIXTURES).assert_outcomes(passed=7, skipped=2)
    rows = by_name(suite.document)
    assert "test_stranger" not in rows
    assert {name: (row["calls"], row["shared_calls"]) for name, row in rows.items()} == {
        "test_first": (0, 0.25),
        "test_second": (1, 0.25),
        "test_third": (0, 0.25),
        "test_fourth": (0, 0.25),
        "test_own_fixture": (1, 0),
        "TestUnit::test_a": (1, 0.5),
        "TestUnit::test_b": (0, 0.5),
    }
    # Shares lose nothing.
    whole = suite.document["level"]["energy_wh"]["mid"]
    assert sum(row["level"]["energy_wh"]["mid"] for row in rows.values()) == pytest.approx(whole, rel=1e-12)
    roles = {row["name"]: row["calls"] for row in suite.document["roles"]}
    assert roles == {"set-up": 3, "product": 2}


ROLES = """
class RubricJudge:
    def __init__(self, ask): self.ask = ask
    def score(self, answer): return self.ask("is it good? " + answer)

def test_judged(ask):
    RubricJudge(ask).score(ask("question"))

def test_judge_is_only_in_my_name(ask):
    ask("another question")

def grading_in_words(ask): return ask("set as a judge")
def test_set(ask): grading_in_words(ask)
"""


def test_judges_are_told_from_the_product(suite) -> None:
    (suite.path / "pyproject.toml").write_text("[tool.jevons]\njudges = ['test_it:grading_in_words']\n")
    suite.measured(test_it=ROLES).assert_outcomes(passed=3)
    roles = {(call.test.partition("::")[2], call.role) for call in suite.reading.calls}
    assert roles == {
        ("test_judged", "product"),
        ("test_judged", "judge"),
        ("test_judge_is_only_in_my_name", "product"),
        ("test_set", "judge"),
    }
    sites = {(call.file, call.line > 0) for call in suite.reading.calls}
    assert sites == {("conftest.py", True)}


RERUN = """
tries = []
import pytest
@pytest.mark.flaky(reruns=2)
def test_flaky(ask):
    tries.append(1); ask("try")
    assert len(tries) == 2
def test_after(ask): ask("after")
"""


@pytest.mark.parametrize(
    "workers", [pytest.param((), id="alone"), pytest.param(("-n2",), id="xdist", marks=pytest.mark.slow)]
)
def test_attempts_are_kept_apart(suite, workers: tuple[str, ...]) -> None:
    suite.measured(*workers, test_it=RERUN)
    attempts = {(call.test.partition("::")[2], call.attempt) for call in suite.reading.calls}
    assert attempts == {("test_flaky", 1), ("test_flaky", 2), ("test_after", 1)}
    outcomes = {(made.test.partition("::")[2], made.attempt): made.outcome for made in suite.reading.tests}
    assert outcomes == {("test_flaky", 1): "failed", ("test_flaky", 2): "passed", ("test_after", 1): "passed"}
    (row,) = (row for row in suite.document["rows"] if row["name"].endswith("test_flaky"))
    assert (row["calls"], row["attempts"], row["outcome"]) == (2, 2, "passed")


INSIDE = """
import jevons, pytest
def test_tells(record_property):
    jevons.record_call(model="tiny", kind="embeddings", input_tokens=12, output_tokens=0)
    with jevons.measure(model="tiny", provider="transformers") as call:
        sum(range(3_000_000))
        call.input_tokens, call.output_tokens = 5, 7
def test_wrong_counts_are_refused():
    with pytest.raises(ValueError, match="cached tokens are part"):
        jevons.record_call(model="tiny", input_tokens=1, cached_tokens=2)
    with pytest.raises(RuntimeError, match="mine"):
        with jevons.measure(model="tiny"):
            raise RuntimeError("mine")
"""


def test_models_inside_the_process_are_told_of(suite) -> None:
    suite.run(
        test_it=INSIDE.replace("ValueError", "Exception").replace("def test_wrong", "def off_wrong")
    ).assert_outcomes(passed=1)
    assert not (suite.path / ".jevons").exists()
    suite.measured(test_it=INSIDE).assert_outcomes(passed=2)
    told, measured, failed = suite.reading.calls
    assert (told.source, told.kind, told.input_tokens, told.usage) == ("record_call", "embeddings", 12, "reported")
    assert (measured.source, measured.output_tokens, measured.host_class) == ("measure", 7, "process")
    assert measured.duration_us > 1_000
    assert measured.file == "test_it.py"
    assert (failed.error, failed.usage, failed.failed) == ("RuntimeError", "unknown", True)
