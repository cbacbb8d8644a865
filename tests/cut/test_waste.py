"""Waste found in small ledgers made by hand; each number is counted by hand beside the ledger that it is of."""

from __future__ import annotations

from hashlib import blake2b
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb", reason="the finder needs duckdb, numpy and scipy: extra report")
pytest.importorskip("scipy", reason="the finder needs duckdb, numpy and scipy: extra report")

from jevons.cut.waste import Plan, Store, plan, slices
from jevons.cut.waste.kinds import BIT, RISKS, up_to
from jevons.cut.waste.prefixes import least
from jevons.footprint.account import account
from jevons.ledger.cells import Cell, cells, fold
from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.repeats import exact
from jevons.ledger.spans import pick
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult
from jevons.report.waste import markdown, text
from jevons.wire.chain import ENDS, link

START = 1_794_000_000_000_000
DAY = 86_400_000_000
LARGE, SMALL = "llama-3.1-70b", "llama-3.1-8b"


class Ledger:
    """A ledger of runs a day apart, the latest last."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / ".jevons")
        self._ids = count()

    def run(self, number: int, calls: list[dict[str, object]], results: list[TestResult] = (), **more: object) -> Run:  # type: ignore[assignment]
        """A run of calls, one a second, each of half a second; `more` of its record."""
        begun = START + number * DAY
        of = Run(**{"id": f"2026110{number}T000000-{number:04x}", "project": "desk", "started_us": begun,
                    "ended_us": begun + 100_000_000, **more})  # type: ignore[arg-type]  # fmt: skip
        spool = Spool(self.home, of.id)
        spool(of)
        for at, call in enumerate(calls):
            spool(self.call(of.id, at, begun, call))
        for result in results:
            spool(result)
        spool.close()
        return of

    def call(self, run: str, at: int, begun: int, facts: dict[str, object]) -> Call:
        asked = str(facts.get("asked", f"only {next(self._ids)}"))
        base = {"id": f"{run}-{at}", "run": run, "index": at, "source": "httpx", "provider": "groq", "model": LARGE,
                "usage": "reported", "status": 200, "input_tokens": 100, "output_tokens": 10, "test": "t.py::test_a",
                "started_us": begun + at * 1_000_000, "duration_us": 500_000, "file": "app.py", "line": 7,
                "api": "openai.chat", "request_hash": asked, "meaning_hash": asked.partition("/")[0]}  # fmt: skip
        return Call(**{**base, **{name: fact for name, fact in facts.items() if name != "asked"}})  # type: ignore[arg-type]

    def store(self, asked: str = "latest", **more: object) -> Store:
        known = runs(self.home)
        return Store([self.home], pick(known, asked), known, **more)  # type: ignore[arg-type]

    def plan(self, asked: str = "latest") -> Plan:
        with self.store(asked) as store:
            return plan(store, name=asked)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def passed(run: str, *tests: str, outcome: str = "passed", attempt: int = 1) -> list[TestResult]:
    return [TestResult(run=run, test=test, outcome=outcome, attempt=attempt) for test in tests]


def of(made: Plan, kind: str):
    found = [one for one in made.findings if one.kind == kind]
    assert len(found) == 1, [one.kind for one in made.findings]
    return found[0]


def kinds(made: Plan) -> set[str]:
    return {one.kind for one in made.findings}


def test_exact_repeats_by_the_same_test_another_test_and_an_earlier_run(ledger: Ledger) -> None:
    """Latest: a, a again in test_a; a in test_b; b, known from yesterday; c, new; a failed, which is no repeat."""
    ledger.run(1, [{"asked": "b"}])
    ledger.run(2, [
        {"asked": "a"}, {"asked": "a"}, {"asked": "a", "test": "t.py::test_b"}, {"asked": "b"}, {"asked": "c"},
        {"asked": "a", "status": 500, "error": "http_500"},
    ])  # fmt: skip
    made = ledger.plan()
    found = of(made, "exact")
    assert "1 by the same test, 1 by another test, 1 in an earlier run" in found.what
    assert (found.saves.calls, found.saves.tokens_in, found.saves.tokens_out) == (3, 300, 30)
    assert [(one.name, one.calls) for one in found.tests] == [("t.py::test_a", 2), ("t.py::test_b", 1)]
    assert [(one.name, one.calls) for one in found.sites] == [("app.py:7", 3)]
    assert found.risk == "check"
    assert (made.calls, made.repeats) == (6, 2)  # repeats within the run, as `jevons report` has them


def test_embeddings_are_neutral_and_need_no_mark(ledger: Ledger) -> None:
    ledger.run(1, [{"asked": "a", "kind": "embeddings", "output_tokens": 0}] * 3 + [{"asked": "b"}] * 2)
    made = ledger.plan()
    found = of(made, "exact-neutral")
    assert (found.saves.calls, found.risk, found.do) == (2, "neutral", ["pytest --jevons-replay=new_episodes"])
    assert of(made, "exact").saves.calls == 1
    assert [(one.risk, one.saves.calls) for one in made.together] == [("neutral", 2), ("check", 3)]


def test_same_meaning_beyond_exact(ledger: Ledger) -> None:
    """Meanings a a a b: of the three a, one is exact, one has another transport."""
    ledger.run(1, [{"asked": "a/1"}, {"asked": "a/1"}, {"asked": "a/2"}, {"asked": "b/1"}])
    made = ledger.plan()
    assert of(made, "exact").saves.calls == 1
    assert of(made, "same-meaning").saves.calls == 1
    assert made.same_meaning == 2


def test_prefixes_net_of_what_was_cached(ledger: Ledger) -> None:
    """Second call: 2,000 of its 3,000 tokens were sent before, 500 were served. Third: too short. Fourth: too late.
    Fifth: the whole of the first again, which is a repeat."""
    first = [("p", 2_000), ("q", 2_500)]
    ledger.run(1, [
        {"input_tokens": 2_500, "prefixes": first},
        {"input_tokens": 3_000, "cached_tokens": 500, "prefixes": [("p", 2_000), ("r", 3_000)]},
        {"input_tokens": 900, "prefixes": [("p", 600), ("s", 900)]},
        {"input_tokens": 3_000, "prefixes": [("p", 2_000), ("t", 3_000)], "started_us": START + DAY + 400_000_000},
        {"input_tokens": 2_500, "prefixes": first, "max_tokens": 5, "started_us": START + DAY + 10_000_000},
    ])  # fmt: skip
    made = ledger.plan()
    found = of(made, "prefixes")
    assert (found.calls, found.saves.calls, found.saves.tokens_cached) == (1, 0, 1_500)
    assert found.saves.carbon.mid > 0


def chained(*parts: str) -> dict[str, object]:
    """A call whose prompt is these parts, a token each 4 bytes."""
    prompt = "".join(part * 4_000 for part in parts).encode()
    chain, _ = link(blake2b(key=b"secret", digest_size=16), prompt)
    return {"prompt_chain": chain, "prompt_bytes": len(prompt), "input_tokens": len(prompt) // 4}


def test_chains_net_of_what_was_cached(ledger: Ledger) -> None:
    """Second call: 2,000 of its 3,000 tokens were sent before, as far as the last cut tells (7,872 of 8,000 bytes), 500
    were served. Third: too short. Fourth: too late. Fifth: the whole of the first again, which is a repeat. Sixth: all
    of the second, with more behind."""
    ledger.run(1, [
        chained("a", "b", "c"),
        {**chained("a", "b", "d"), "cached_tokens": 500},
        chained("a"),
        {**chained("a", "b", "e"), "started_us": START + DAY + 400_000_000},
        {**chained("a", "b", "c"), "max_tokens": 5, "started_us": START + DAY + 10_000_000},
        {**chained("a", "b", "d", "f"), "started_us": START + DAY + 20_000_000},
    ])  # fmt: skip
    assert [end for end in ENDS if end <= 8_000][-1] == 7_872
    assert [end for end in ENDS if end <= 12_000][-1] == 10_624
    found = of(ledger.plan(), "prefixes")
    assert (found.calls, found.saves.calls) == (2, 0)
    assert found.saves.tokens_cached == 7_872 // 4 - 500 + 10_624 // 4


def test_chains_and_older_records_beside_each_other(ledger: Ledger) -> None:
    """Each is compared with its own kind."""
    old = {"input_tokens": 2_500, "prefixes": [("p", 2_000), ("q", 2_500)]}
    ledger.run(1, [
        old, {**old, "input_tokens": 3_000, "prefixes": [("p", 2_000), ("r", 3_000)]},
        chained("a", "b", "c"), chained("a", "b", "d"),
    ])  # fmt: skip
    found = of(ledger.plan(), "prefixes")
    assert (found.calls, found.saves.tokens_cached) == (2, 2_000 + 7_872 // 4)


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("gpt-4o", 1_024), ("claude-sonnet-4-5", 1_024), ("us.anthropic.claude-haiku-4-5-v1:0", 4_096),
     ("claude-3-5-haiku-latest", 2_048), ("claude-opus-5", 512), ("gemini-2.5-flash", 2_048), ("gemini-3-pro", 4_096)],
)  # fmt: skip
def test_a_cache_has_a_minimum(model: str, tokens: int) -> None:
    assert least(model) == tokens


def test_fixtures_of_function_scope(ledger: Ledger) -> None:
    """Three tests whose set-up asks the same: two are waste. A shared fixture's call is not, nor one that a test's own
    set-up had made before it."""
    setup = {"asked": "index", "phase": "setup", "role": "set-up", "file": "tests/conftest.py", "line": 12}
    ledger.run(1, [{**setup, "test": f"tests/m.py::test_{name}"} for name in "abc"] + [
        {**setup, "test": "tests/m.py::test_d", "fixture": "desk@1", "asked": "other"},
        {**setup, "test": "tests/m.py::test_c"},
    ])  # fmt: skip
    found = of(ledger.plan(), "fixtures")
    assert found.saves.calls == 2
    assert found.do == ['@pytest.fixture(scope="module") on the fixture that calls at tests/conftest.py:12']


def test_retries_and_reruns(ledger: Ledger) -> None:
    """One failed try that was tried again (one that was not is its test's business); a rerun's two calls."""
    run = "20261101T000000-0001"
    busy = {"status": 429, "error": "http_429", "usage": "unknown", "input_tokens": None, "output_tokens": None}
    ledger.run(1, [
        {"asked": "a", **busy}, {"asked": "a", "retry": 1}, {"asked": "b", **busy}, {"attempt": 2}, {"attempt": 2},
    ], passed(run, "t.py::test_a", outcome="failed") + passed(run, "t.py::test_a", attempt=2))  # fmt: skip
    made = ledger.plan()
    assert (of(made, "retries").saves.calls, of(made, "retries").risk) == (1, "neutral")
    assert "1 http_429" in of(made, "retries").what
    assert (of(made, "reruns").saves.calls, of(made, "reruns").risk) == (2, "changes the test")
    assert "1 tests, of which 1 passed" in of(made, "reruns").what


def test_judges_that_cost_more_than_what_they_judge(ledger: Ledger) -> None:
    """In test_a the large judge reads more than the small model writes; in test_b it does not."""
    small = {"model": SMALL, "output_tokens": 50}
    judge = {"role": "judge", "input_tokens": 2_000}
    ledger.run(1, [
        small, judge,
        {"test": "t.py::test_b", "output_tokens": 5_000}, {"test": "t.py::test_b", "role": "judge"},
    ])  # fmt: skip
    made = ledger.plan()
    found = of(made, "judges")
    assert (found.calls, [one.name for one in found.tests]) == (1, ["t.py::test_a"])
    assert SMALL in found.do[0]
    assert found.saves.calls == 0
    assert found.saves.carbon.mid > 0.01
    assert found.saves.carbon_g[1] == pytest.approx(found.saves.carbon.mid * made.carbon_g[1])


@pytest.mark.parametrize(("outcome", "found"), [("passed", True), ("failed", False)])
def test_a_smaller_model_that_passed_the_same_test(ledger: Ledger, outcome: str, found: bool) -> None:
    ledger.run(1, [{"model": SMALL}], passed("20261101T000000-0001", "t.py::test_a", outcome=outcome))
    ledger.run(2, [{"model": LARGE}], passed("20261102T000000-0002", "t.py::test_a"))
    made = ledger.plan()
    assert ("models" in kinds(made)) is found
    if found:
        one = of(made, "models")
        assert one.do[0].startswith("jevons cut --models ")
        assert one.do[0].endswith(f" --in-use {LARGE} --try {SMALL} --margin 0.02")
        assert one.do[1:] == [f'model="{SMALL}" in place of "{LARGE}"']
        assert (one.calls, one.saves.calls) == (1, 0)
        assert one.saves.carbon.mid > 0.5
        assert "serving" in one.saves.carbon.remains  # another model, another serving: it does not cancel


def test_no_larger_model_is_advised(ledger: Ledger) -> None:
    ledger.run(1, [{"model": LARGE}], passed("20261101T000000-0001", "t.py::test_a"))
    ledger.run(2, [{"model": SMALL}], passed("20261102T000000-0002", "t.py::test_a"))
    assert "models" not in kinds(ledger.plan())


def test_reasoning_of_tests_that_always_pass(ledger: Ledger) -> None:
    thinks = {"output_tokens": 100, "reasoning_tokens": 80, "test": "t.py::test_thinks"}
    for number in (1, 2):
        run = f"2026110{number}T000000-{number:04x}"
        ledger.run(number, [
            thinks, {**thinks, "effort": "low"}, {**thinks, "test": "t.py::test_fails"}, {"output_tokens": 100},
        ], passed(run, "t.py::test_thinks", "t.py::test_a")
            + passed(run, "t.py::test_fails", outcome="failed" if number == 1 else "passed"))  # fmt: skip
    found = of(ledger.plan(), "effort")
    assert (found.calls, found.saves.tokens_out, found.at_most) == (1, 80, True)
    assert found.do == ['reasoning_effort="low"']
    assert "at most 80 tokens" in text(ledger.plan())


def test_asked_live_although_recorded(ledger: Ledger) -> None:
    scan = Run(id="20261101T000000-0001-scan-0123456789ab", started_us=START, ended_us=START + 1)
    spool = Spool(ledger.home, scan.id)
    spool(scan)
    spool(ledger.call(scan.id, 0, 0, {"asked": "a", "mode": "recorded", "source": "a.yaml"}))
    spool.close()
    ledger.run(2, [{"asked": "a"}, {"asked": "b"}])
    found = of(ledger.plan(), "recorded")
    assert (found.saves.calls, found.risk) == (1, "check")


def test_evals_of_many_items_claim_no_saving(ledger: Ledger) -> None:
    tests = [f"t.py::test_eval[{number}]" for number in range(60)]
    ledger.run(1, [{"test": test} for test in tests], passed("20261101T000000-0001", *tests))
    found = of(ledger.plan(), "evals")
    assert "passed all 60 items" in found.what
    assert "95.1%" in found.what  # 0.05 ** (1 / 60)
    assert found.do[0].startswith("jevons plan")
    assert (found.calls, found.saves.calls, found.saves.carbon.mid) == (60, 0, 0)


def test_recordings_that_hold_the_same(ledger: Ledger) -> None:
    scan = Run(id="20261101T000000-0001-scan-0123456789ab", started_us=START, ended_us=START + 1)
    spool = Spool(ledger.home, scan.id)
    spool(scan)
    for at, source in enumerate(("a.yaml", "a.yaml", "b.yaml")):
        spool(ledger.call(scan.id, at, 0, {"asked": "a", "mode": "recorded", "source": source, "index": at}))
    spool.close()
    made = ledger.plan()
    assert made.mode == "recorded"
    assert made.job is None
    assert "1 in the same recording, 1 in another recording" in of(made, "exact").what


def test_the_share_of_the_job_counts_overlapping_calls_once(ledger: Ledger) -> None:
    """Calls at 0 to 2 s, 1 to 3 s and 10 to 11 s of a run of 100 s: 4 s; one that ends after the run is cut."""
    begun = START + DAY
    times = [(0, 2), (1, 2), (10, 1), (99, 50)]
    ledger.run(1, [{"started_us": begun + at * 1_000_000, "duration_us": took * 1_000_000} for at, took in times])
    job = ledger.plan().job
    assert job is not None
    assert (job.wall_s, job.ai_s, job.share) == (100, 5, 0.05)
    assert 0 < job.machine_wh[0] < job.machine_wh[1] < job.machine_wh[2]


def test_trivial_ai_is_called_so(ledger: Ledger) -> None:
    ledger.run(1, [{"model": SMALL, "input_tokens": 1, "output_tokens": 1}], ended_us=START + 30 * DAY)
    made = ledger.plan()
    assert made.job.verdict == "trivial"
    assert "trivial" in text(made)


def test_a_torn_line_is_told_and_costs_nothing_else(ledger: Ledger) -> None:
    ledger.run(1, [{"asked": "a"}, {"asked": "a"}])
    (file,) = ledger.home.spools()
    file.write_bytes(file.read_bytes() + b'{"event":"call","id":"torn","ru')
    made = ledger.plan()
    assert of(made, "exact").saves.calls == 1
    assert any(note.startswith("1 torn line") for note in made.notes)


def test_a_ledger_in_parquet_gives_the_same_plan(ledger: Ledger) -> None:
    """What a spool says and what Parquet says of the same calls, alone and both at once (each call counts once)."""
    import duckdb

    ledger.run(1, [{"asked": name, "prefixes": [("p", 2_000), (name, 3_000)], "input_tokens": 3_000} for name in "aab"])
    from_spool = ledger.plan()
    (file,) = ledger.home.spools()
    (ledger.home.path / "parquet").mkdir()
    with ledger.store() as store:
        target = ledger.home.path / "parquet" / "calls.parquet"
        store.con.execute(f"COPY (SELECT * EXCLUDE n FROM events WHERE event = 'call') TO '{target}' (FORMAT parquet)")
    both = ledger.plan()
    file.write_bytes(b"".join(line for line in file.read_bytes().splitlines(True) if b'"event":"run"' in line))
    alone = ledger.plan()
    assert duckdb.sql(f"SELECT count(*) FROM '{target}'").fetchall() == [(3,)]
    assert of(from_spool, "prefixes").saves.tokens_cached == 2_000
    assert from_spool == both == alone


def test_jevons_is_a_scenario(ledger: Ledger) -> None:
    """Half of four equal calls goes: twice as many calls would eat that; the change is exact, as all is shared."""
    ledger.run(1, [{"asked": "a"}, {"asked": "a"}, {"asked": "b"}, {"asked": "b"}])
    saved = of(ledger.plan(), "exact").saves
    assert saved.carbon.mid == pytest.approx(0.5)
    assert (saved.carbon.low, saved.carbon.high) == pytest.approx((0.5, 0.5), abs=1e-4)
    assert saved.eaten_by == pytest.approx(2.0)
    assert "2.00 times as much AI would eat the saving" in text(ledger.plan())


def test_renderings_hold_what_names_hold(ledger: Ledger) -> None:
    odd = "t.py::test_<b>|`x`"
    ledger.run(1, [{"asked": "a", "test": odd}, {"asked": "a", "test": odd + "\x1b[2J" + "x" * 200}])
    made = ledger.plan()
    assert "\x1b" not in text(made) + markdown(made)
    assert "<b>" not in markdown(made)
    assert max(map(len, text(made).splitlines())) <= 80


CALLS = st.lists(
    st.fixed_dictionaries({
        "asked": st.sampled_from(["a/1", "a/2", "b/1", "c/1", "d/1"]),
        "test": st.sampled_from(["t.py::test_a", "t.py::test_b", ""]),
        "kind": st.sampled_from(["chat", "embeddings"]),
        "model": st.sampled_from([LARGE, SMALL, "nobody-knows-this"]),
        "role": st.sampled_from(["product", "judge", "set-up"]),
        "phase": st.sampled_from(["setup", "call"]),
        "status": st.sampled_from([200, 200, 200, 429]),
        "usage": st.sampled_from(["reported", "reported", "unknown"]),
        "retry": st.sampled_from([0, 0, 1]),
        "attempt": st.sampled_from([1, 1, 2]),
        "mode": st.sampled_from(["live", "live", "replayed"]),
        "input_tokens": st.integers(0, 5_000),
        "cached_tokens": st.sampled_from([None, 0, 7]),
        "output_tokens": st.integers(0, 500),
        "reasoning_tokens": st.sampled_from([None, 0, 3]),
        "measured_mj": st.sampled_from([None, 5]),
        "prefixes": st.sampled_from([[], [("p", 1_500)], [("p", 1_500), ("q", 2_000)]]),
        "started_us": st.integers(START, START + 3 * DAY),
    }),
    max_size=14,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40)
@given(CALLS, CALLS)
def test_all_together_is_what_python_counts_and_never_more_than_the_whole(tmp_path_factory, before, latest) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    ledger.run(1, before)
    run = ledger.run(2, latest)
    calls = [ledger.call(run.id, at, START + 2 * DAY, one) for at, one in enumerate(latest)]
    earlier = [ledger.call("1", at, START + DAY, one) for at, one in enumerate(before)]
    with ledger.store(run.id) as store:
        made = plan(store)
        bits = dict(store.rows("SELECT id, bits FROM bits JOIN target USING (n)"))
        of_sql = [one.cell(0, []) for one in slices_again(store)]
    live = sorted((one for one in calls if one.mode == "live"), key=lambda one: (one.started_us, one.index))
    if store.mode != "live" or not live:
        return
    # The whole: the same integers as the engine in Python.
    assert sorted(map(str, fold([Cell(one.key, (), one.sums) for one in of_sql if one]))) == sorted(
        map(str, cells(live))
    )
    # Exact repeats, by their one definition, and those that an earlier run had asked.
    repeats = {one.id for one in exact(live)}
    known = {one.request_hash for one in earlier if one.mode == "live" and not one.failed}
    asked_before = repeats | {one.id for one in live if not one.failed and one.request_hash in known}
    both = BIT["exact"] | BIT["exact-neutral"]
    assert made.repeats == len(repeats)
    assert {name for name, marked in bits.items() if marked & both} == asked_before
    # Together: each call once, never more than there is.
    removing = BIT["exact"] | BIT["exact-neutral"] | BIT["recorded"] | BIT["same-meaning"] | BIT["fixtures"]
    removing |= BIT["retries"] | BIT["reruns"]
    for level in made.together:
        chosen = up_to(level.risk)
        gone = [one for one in live if bits.get(one.id, 0) & chosen & removing]
        assert level.saves.calls == len(gone) <= made.calls
        assert level.saves.tokens_in == sum(one.input_tokens or 0 for one in gone)
        assert level.saves.calls <= sum(one.saves.calls for one in made.findings if one.risk in RISKS)
        if level.saves.carbon is not None:
            assert level.saves.carbon.mid <= 1 + 1e-6
        if not {"prefixes", "judges", "models", "effort"} & kinds(made):
            stays = [one for one in live if one not in gone]
            whole, left = (central(part) for part in (live, stays))
            if whole:
                assert level.saves.carbon.mid == pytest.approx(1 - left / whole, abs=1e-5)


def slices_again(store: Store) -> list[slices.Slice]:
    store.con.execute("DROP TABLE bits; DROP VIEW marked")
    return slices.find(store)


def central(calls: list[Call]) -> float:
    return sum(one.figures.amount("carbon_g") for one in account(cells(calls), timings={}, held=True))
