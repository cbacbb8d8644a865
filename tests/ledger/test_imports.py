"""Logs into a ledger: each call once, however often, in whatever pieces and by whomever it was seen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sources.logs.read import lines
from sources.logs.spans import CALL, START_NS, TOKENS, request, span

from jevons import wire
from jevons.ledger.home import Home
from jevons.ledger.importing import Asked, Outcome, run
from jevons.ledger.read import read, runs
from jevons.ledger.spans import of_span, pick
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, encode
from jevons.sources.logs.formats import Wanted
from jevons.sources.logs.table import columns
from jevons.sources.tally import Accounted

TABLE = Wanted(columns(("model=m", "started=t", "input_tokens=in", "output_tokens=out", "provider==openai")))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEVONS_SECRET", "s")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / ".jevons")


def imported(home: Home, *paths: Path, wanted: Wanted = Wanted(), project: str = "p") -> Accounted:  # noqa: B008
    outcome: Outcome = run(home, paths, Asked(wanted, project))
    assert outcome.unread == []
    assert outcome.total.adds_up
    return outcome.total


def state(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.spools()}


def many(count: int, **attributes: Any) -> Iterator[dict[str, Any]]:
    """Requests of one call each, ten minutes apart."""
    for number in range(1, count + 1):
        answer = {"gen_ai.response.id": f"chatcmpl-{number:08d}"}
        yield request(span(number, {**CALL, **TOKENS, **answer, **attributes}, at_s=600 * number))


def test_calls_are_live_runs_of_a_day_a_project_and_a_kind_of_log(home: Home, tmp_path: Path) -> None:
    done = imported(home, lines(tmp_path / "t.jsonl", *many(200)))
    assert (done.records, done.added) == (200, 200)
    found = read(home)
    assert {(call.mode, call.source) for call in found.calls} == {("live", "t.jsonl")}
    assert len(found.calls) == len({call.id for call in found.calls}) == 200
    ordered = sorted(found.runs.values(), key=lambda one: one.id)
    assert [(one.project, one.source, one.id[:15]) for one in ordered] == [
        ("p", "otlp", "20260901T000000"), ("p", "otlp", "20260902T000000"),
    ]  # fmt: skip
    assert all((one.ended_us or 0) > one.started_us for one in ordered)


def test_a_second_import_adds_nothing(home: Home, tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", *many(50))
    imported(home, path)
    before = state(home)
    assert imported(home, path).known == 50
    copy = tmp_path / "renamed.json.log"
    copy.write_bytes(path.read_bytes().replace(b'"resource": {}, ', b""))  # the same calls, other bytes
    again = imported(home, copy)
    assert (again.added, again.known) == (0, 50)
    assert state(home) == before


def test_a_log_that_grows_adds_what_is_new(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    documents = list(many(60))
    for end, added in ((20, 20), (60, 40)):
        lines(path, *documents[:end])
        assert imported(home, path).added == added
    assert len(read(home).calls) == 60


def test_a_large_log_that_grows_is_read_from_where_it_was_left(home: Home, tmp_path: Path) -> None:
    path, documents = tmp_path / "t.jsonl", list(many(300, **{"gen_ai.prompt": "x" * 400}))
    lines(path, *documents[:200])
    assert path.stat().st_size > 1 << 17
    imported(home, path)
    with path.open("r+b") as file:  # what was read before is not looked at again
        file.seek(100_000)
        file.write(b"#" * 20)
    with path.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in documents[200:])
    done = imported(home, path)
    assert (done.added, done.known, done.records, done.skipped) == (100, 200, 300, {})


def test_a_table_that_grows_is_read_from_where_it_was_left(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    rows = [f'm,2026-09-01T10:00:{number % 60:02d}Z,{number},1,"said\n{"x" * 40}"\n' for number in range(2_000)]
    path.write_text("m,t,in,out,text\n" + "".join(rows[:1500]))
    imported(home, path, wanted=TABLE)
    with path.open("a") as file:
        file.writelines(rows[1500:])
    done = imported(home, path, wanted=TABLE)
    assert (done.added, done.known, done.records) == (500, 1500, 2000)
    assert sorted(call.input_tokens or 0 for call in read(home).calls) == list(range(2_000))


def test_rows_alike_are_calls_of_their_own_and_again_the_same(home: Home, tmp_path: Path) -> None:
    row = {"m": "e", "t": "2026-09-01T10:00:00Z", "in": 5, "out": 0}
    path = lines(tmp_path / "rows.jsonl", row, {**row, "in": 6}, row, row)
    assert imported(home, path, wanted=TABLE).added == 4
    assert imported(home, path, wanted=TABLE).added == 0
    lines(path, row, {**row, "in": 6}, row, row, row)
    assert imported(home, path, wanted=TABLE).added == 1
    copy = lines(tmp_path / "copy.jsonl", row, row, {**row, "in": 6}, row)
    assert imported(home, copy, wanted=TABLE).added == 0


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_two_instruments_on_one_call_are_one(home: Home, tmp_path: Path, order: tuple[int, int]) -> None:
    """A framework's span around an SDK's: whichever is exported first."""
    spans = {
        1: span(1, {**CALL, **TOKENS}),
        2: span(2, {**CALL, **TOKENS, "gen_ai.response.id": "chatcmpl-1"}, parent=1),
    }
    agent = span(9, {"gen_ai.operation.name": "invoke_agent", **TOKENS})
    retry = span(3, {**CALL, **TOKENS}, trace=2)
    done = imported(home, lines(tmp_path / "t.jsonl", *(request(spans[one]) for one in order), request(agent, retry)))
    assert (done.added, done.merged, done.skipped) == (2, 1, {"span of invoke_agent: no model call": 1})


def tapped(home: Home, *calls: Call) -> None:
    spool = Spool(home, "20260901T090000-suite")
    for event in (Run(id="20260901T090000-suite", project="p", started_us=START_NS // 1000), *calls):
        spool(event)
    spool.close()


def tap(number: int, answer: str = "", **facts: Any) -> Call:
    """A call as a tap saw it: its wire bytes name the answer."""
    call = Call(id=f"tap-{number}", run="20260901T090000-suite", started_us=START_NS // 1000 + 600_000_000 * number)
    named = {"id": answer} if answer else {}
    usage = {"prompt_tokens": 100, "completion_tokens": 9, "total_tokens": 109}
    match = wire.find("POST", "api.openai.com", "/v1/chat/completions")
    assert match is not None
    wire.read(
        call, match, method="POST", host="api.openai.com", path="/v1/chat/completions", pieces=None, start_ns=0,
        request=b'{"model": "gpt-4o", "messages": []}', secret=b"s",
        response=json.dumps({**named, "model": "gpt-4o", "choices": [], "usage": usage}).encode(),
    )  # fmt: skip
    for name, value in facts.items():
        setattr(call, name, value)
    return call


def test_what_a_tap_saw_too_is_counted_once_by_its_answer(home: Home, tmp_path: Path) -> None:
    tapped(home, *(tap(number, f"chatcmpl-{number:08d}", started_us=7) for number in (2, 3)))
    path = lines(tmp_path / "t.jsonl", *many(5))
    done = imported(home, path)
    assert (done.added, done.merged) == (3, 2)
    assert imported(home, path).added == 0


def test_taps_that_come_to_the_ledger_after_an_import_count_once_too(home: Home, tmp_path: Path) -> None:
    imported(home, lines(tmp_path / "t.jsonl", *many(5)))
    tapped(home, *(tap(number, f"chatcmpl-{number:08d}") for number in (2, 3)), tap(9, "chatcmpl-00000009"))
    reading = of_span(home, pick(runs(home), "2026-09-01"))
    assert sorted(call.id[:4] for call in reading.calls) == ["impo"] * 3 + ["tap-"] * 3
    assert [run.merged for run in reading.runs.values() if run.source] == [2]


def test_without_a_common_name_model_tokens_and_time_tell_one_for_one(home: Home, tmp_path: Path) -> None:
    near = [tap(1), tap(1, id="tap-1b"), tap(4), tap(5, output_tokens=8)]
    tapped(home, *near)
    spans = [span(number, {**CALL, **TOKENS}, at_s=600 * 1 + 0.4 * number) for number in (1, 2, 3)]
    later = span(4, {**CALL, **TOKENS}, at_s=600 * 4 + 2.5)
    other = span(5, {**CALL, **TOKENS}, at_s=600 * 5)
    path = lines(tmp_path / "t.jsonl", request(*spans, later, other))
    done = imported(home, path)
    assert (done.added, done.merged) == (3, 2)  # two taps take two of three; one is too late, one is of other tokens
    assert imported(home, path).added == 0


def test_answers_with_different_names_are_two_calls(home: Home, tmp_path: Path) -> None:
    tapped(home, tap(1, "chatcmpl-99999999"))
    assert imported(home, lines(tmp_path / "t.jsonl", *many(1))).added == 1


def test_a_gateway_and_a_client_are_one(home: Home, tmp_path: Path) -> None:
    spend = {
        "request_id": "chatcmpl-00000002", "call_type": "acompletion", "startTime": "2026-09-01 00:20:00.1",
        "endTime": "2026-09-01 00:20:01", "model": "gpt-4o", "custom_llm_provider": "openai", "prompt_tokens": 100,
        "completion_tokens": 9, "total_tokens": 109, "status": "success",
    }  # fmt: skip
    gateway = lines(tmp_path / "spend.jsonl", spend)
    traces = lines(tmp_path / "t.jsonl", *many(3))
    done = imported(home, gateway, traces)
    assert (done.added, done.merged) == (3, 1)


def test_the_index_is_made_anew_of_the_spool(home: Home, tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", *many(30))
    imported(home, path)
    index = home.path / "known.sqlite"
    for broken in (None, b"no database at all" * 100):
        index.unlink()
        if broken:
            index.write_bytes(broken)
        assert imported(home, path).known == 30
    # Records that were purged are gone: the log may bring them back.
    home.spools()[0].unlink()
    assert imported(home, path).added == 30


def test_nothing_that_was_said_is_kept(home: Home, tmp_path: Path) -> None:
    said = {"gen_ai.input.messages": "who is Ms Smith?", "test.case.name": "test_a[who is Ms Jones?]"}
    imported(home, lines(tmp_path / "t.jsonl", *many(3, **said)))
    kept = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert b"test_a[#" in kept
    for text in (b"Smith", b"Jones", b"chatcmpl-00000001"):
        assert text not in kept


def test_measured_energy_is_a_run_without_calls_and_the_later_row_wins(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    head = "timestamp,project_name,run_id,duration,emissions,energy_consumed,country_iso_code\n"
    rows = [
        f"2026-09-01T10:{minute}:00,train,r1,{60 * number},0.1,{number / 1000},FRA\n"
        for number, minute in ((1, 11), (2, 12))
    ]
    path.write_text(head + rows[0])
    assert imported(home, path).metered == 1
    path.write_text(head + "".join(rows))
    assert imported(home, path).metered == 1
    assert imported(home, path).metered == 0
    found = read(home)
    (one,) = found.runs.values()
    assert (found.calls, one.project, one.place, one.source) == ([], "train", "FRA", "codecarbon")
    assert one.metered is not None
    assert (one.metered.energy_mj, one.metered.scope) == (7_200_000, "server")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_killed_import_goes_on_and_nothing_is_lost_or_doubled(home: Home, tmp_path: Path) -> None:
    count = 13_000
    path = lines(tmp_path / "t.jsonl", *many(count))
    command = [sys.executable, "-m", "jevons", "import", str(path)]
    (tmp_path / "pyproject.toml").touch()
    kills = 0
    for wait in (0, 1):
        running = subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "JEVONS_SECRET": "s"}, stdout=subprocess.PIPE
        )
        size = sum(map(len, state(home).values()))
        until = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < until:
            if sum(file.stat().st_size for file in home.spools()) > size + wait * 100_000:
                break
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        kills += running.wait() == -signal.SIGKILL
        running.communicate()
    assert kills
    # A line torn by the kill, as a full disk would leave it.
    last = home.spools()[-1]
    last.write_bytes(last.read_bytes() + encode(Call(id="x", run="y"))[:20])
    done = imported(home, path, project=tmp_path.name)
    assert done.records == count
    calls = read(home).calls
    assert len(calls) == len({call.id for call in calls}) == count
    assert imported(home, path, project=tmp_path.name).added == 0
