"""Compaction: nothing lost, nothing doubled, whatever happens on the way; every reader sees what the spool held."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger.test_combine import POSIX, _die_before
from ledger.test_daily import DAY_US, histories, ledger, one_run
from ledger.test_recorded import MIDNIGHT_US, Made

from jevons.ledger.combine import BusyError, alone, combine
from jevons.ledger.compacted import FOLDER, files, manifest
from jevons.ledger.home import Home
from jevons.ledger.read import Reading, identity, locate, read, runs
from jevons.ledger.recorded import recorded
from jevons.record import Call, Run, TestResult, encode
from jevons.report.build import build

duckdb = pytest.importorskip("duckdb", reason="Parquet needs the extra report")

from jevons.ledger import parquet  # noqa: E402
from jevons.ledger.compact import compact, forget  # noqa: E402
from jevons.ledger.rewrite import Compacted  # noqa: E402


def now(home: Home, **how: Any) -> Compacted:
    """Compact all that is there, and delete what that replaces at once."""
    return compact(home, **{"quiet_s": 0, "grace_s": 0, **how})


def held(reading: Reading) -> dict[tuple[str | int, ...], bytes]:
    """All events, each of which must be there once."""
    events = [*reading.calls, *reading.tests, *reading.runs.values(), *reading.kept.values()]
    found = {identity(event): encode(event) for event in events}
    assert len(found) == len(events)
    return found


def named(history: list[Made], project: str) -> list[Made]:
    """Runs of a project whose calls have ids."""
    return [
        (
            msgspec.structs.replace(run, project=project, ended_us=run.started_us + 1),
            [msgspec.structs.replace(call, id=f"{number}") for number, call in enumerate(calls)],
            list({identity(result): result for result in results}.values()),
        )
        for run, calls, results in history
    ]


@settings(max_examples=5)
@given(histories(), st.sampled_from(["", "a/b", "..", "C:\\x", "q'uo te", "ü" * 90, "x%2F="]), st.data())
def test_readers_see_the_same_before_and_after(made: list[Made], project: str, data: st.DataObject) -> None:
    """In one step or two, each run whole or in halves; a second compaction adds nothing."""
    made = named(made, project)
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place) / ".jevons", made))
        before, documents = read(home), build(recorded(read(home)), name="x")
        if data.draw(st.booleans()):
            later = data.draw(st.sampled_from(home.spools()))
            shutil.move(later, Path(place) / later.name)
            now(home)
            shutil.move(Path(place) / later.name, later)
        now(home)
        assert held(read(home)) == held(before)
        assert build(recorded(read(home)), name="x") == documents
        assert {run.id: run for run in runs(home)} == before.runs
        assert home.spools() == []
        again = now(home)
        assert (again.spools, again.events, again.files) == (0, 0, 0)
        assert Path(os.path.commonpath([*files(home), home.path])) == home.path  # no name leads out of the ledger


@st.composite
def any_call(draw: Any) -> Call:
    """Facts of any kind: text with quotes and zeros, numbers as large as JSON has them."""
    number, text = st.integers(-(2**70), 2**70), st.text(max_size=5)
    floats = st.floats(allow_nan=False, allow_infinity=False)
    return Call(
        id="c", run="r", model=draw(text), temperature=draw(st.none() | floats), seed=draw(st.none() | number),
        input_tokens=draw(st.none() | number), line=draw(number),
        prefixes=draw(st.lists(st.tuples(text, number), max_size=2)),
        streamed=draw(st.booleans()), error=draw(text),
    )  # fmt: skip


@settings(max_examples=10)
@given(any_call(), st.booleans())
def test_any_call_comes_back_as_it_was(call: Call, newer: bool) -> None:
    line = encode(call)[:-1] + (b',"of_a_newer_version":[1]}' if newer else b"}")
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place))
        home.make()
        (home.spool / "r-1.jsonl").write_bytes(line + b"\n")
        now(home)
        assert read(home).calls == [call]
        if newer:
            raw = duckdb.execute("SELECT raw FROM read_parquet(?)", [str(files(home)[0])]).fetchall()
            assert raw == [(line.decode(),)]


def test_who_reads_the_parquet_alone_finds_the_facts_of_each_record(tmp_path: Path) -> None:
    """Under their own names and types, whatever compaction made of them on the way."""
    run, calls, results = one_run(1)
    home = Home(ledger(tmp_path, [(run, calls, results)]))
    now(home)
    with parquet.connect() as con:
        files_read = f"read_parquet('{tmp_path.as_posix()}/parquet/**/*.parquet', hive_partitioning = false)"
        types = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {files_read}").fetchall()}
        asked = {"call": "id, test, role, file, mode, input_tokens, started_us", "test": "test, outcome, started_us"}
        found = {
            event: sorted(con.execute(f"SELECT {names} FROM {files_read} WHERE event = '{event}'").fetchall())
            for event, names in asked.items()
        }
    wanted = {name: kind for name, (kind, _) in parquet.COLUMNS.items()} | parquet.OTHERS
    assert types.items() >= {name: kind for name, kind in wanted.items() if name != "cell"}.items()
    for event, events in (("call", calls), ("test", results)):
        assert found[event] == sorted(tuple(getattr(one, name) for name in asked[event].split(", ")) for one in events)


def test_a_call_without_a_record_of_its_run_finds_it_later(tmp_path: Path) -> None:
    """A run moves to its project's folder as soon as that is known, with all that it had."""
    home, (run, calls, _) = Home(tmp_path), one_run(1)
    home.make()
    (home.spool / f"{run.id}-1.jsonl").write_bytes(encode(calls[0]) + b"\n")
    now(home)
    run = msgspec.structs.replace(run, project="shop")
    (home.spool / f"{run.id}-2.jsonl").write_bytes(b"".join(encode(one) + b"\n" for one in (run, calls[0], calls[1])))
    assert now(home).events == 1
    assert [file.parts[-3:-1] for file in files(home)] == [("project=shop", "day=2026-11-19")]
    assert read(home).calls == calls


def test_a_line_that_is_no_record_stays(tmp_path: Path) -> None:
    """Torn, or of a newer version, or no text at all."""
    home = Home(tmp_path)
    home.make()
    lines = [
        b'{"event":"call","id":"c","run":"r"}',
        b'{"event":"verdict","id":1}',
        b'{"event":"call","id":',
        b"\xff\xfe",
    ]
    (home.spool / "r-1.jsonl").write_bytes(b"\n".join(lines))
    assert [number for _, number in now(home).torn] == [2, 3, 4]
    assert len(read(home).torn) == 3
    now(home)
    kept = duckdb.execute("SELECT raw FROM read_parquet(?) WHERE event = ''", [str(files(home)[0])]).fetchall()
    assert {raw for (raw,) in kept} == {lines[1].decode(), lines[2].decode(), "��"}


def test_what_grew_is_read_again_and_what_is_new_waits(tmp_path: Path) -> None:
    home, (run, calls, _) = Home(tmp_path), one_run(1)
    home.make()
    spool = home.spool / f"{run.id}-1.jsonl"
    spool.write_bytes(encode(calls[0]) + b"\n")
    assert compact(home).waiting == 1
    os.utime(spool, (time.time() - 3600,) * 2)
    assert compact(home).waiting == 1  # quiet for an hour, but its run has not ended
    compact(home, quiet_s=0)
    assert spool.exists()  # whoever reads it goes on reading
    assert [call.id for call in read(home).calls] == [calls[0].id]
    with spool.open("ab") as out:
        out.write(encode(calls[1]) + b"\n")
    assert read(home).calls == calls
    assert compact(home, quiet_s=0).events == 1
    assert read(home).calls == calls
    now(home)
    assert not spool.exists()
    assert len(list(home.path.rglob("*.parquet"))) == 1
    assert read(home).calls == calls


def test_only_old_runs_are_forgotten(tmp_path: Path) -> None:
    today = int(time.time() * 1e6) // DAY_US * DAY_US
    made = named([one_run(1), one_run(2)], "p")
    old = msgspec.structs.replace(made[0][0], started_us=today - 91 * DAY_US)
    young = msgspec.structs.replace(made[1][0], started_us=today - 89 * DAY_US)
    home = Home(ledger(tmp_path, [(old, *made[0][1:]), (young, *made[1][1:])]))
    assert now(home).forgotten == 0
    assert now(home, keep_days=90).forgotten == 1
    now(home)
    assert {call.run for call in read(home).calls} == {young.id}
    assert len(list(home.path.rglob("*.parquet"))) == 1


def test_purging_by_age_deletes_days_at_once(tmp_path: Path) -> None:
    made = named([one_run(1), one_run(2)], "p")
    old = msgspec.structs.replace(made[0][0], started_us=int(time.time() * 1e6) - 3 * DAY_US)
    young = msgspec.structs.replace(made[1][0], started_us=int(time.time() * 1e6))
    home = Home(ledger(tmp_path, [(old, *made[0][1:]), (young, *made[1][1:])]))
    now(home)
    assert forget(home, 4) == 0
    assert forget(home, 1) == 1
    assert len(list(home.path.rglob("*.parquet"))) == 1
    assert {call.run for call in read(home).calls} == {young.id}


def test_one_at_a_time(tmp_path: Path) -> None:
    home = Home(ledger(tmp_path, named([one_run(1)], "")))
    with alone(home), pytest.raises(BusyError):
        now(home)
    assert home.spools()


def test_ledgers_with_parquet_merge(tmp_path: Path) -> None:
    source, target = (Home(ledger(tmp_path / name, named([one_run(number)], "p"))) for number, name in enumerate("ab"))
    whole = held(read(source)) | held(read(target))
    now(source)
    now(target)
    merged = combine(target, [locate(source.path)])
    assert (merged.calls, merged.runs, merged.torn) == (2, 1, [])
    assert held(read(target)) == whole
    assert combine(target, [locate(source.path)]).calls == 0
    now(target)
    assert held(read(target)) == whole


@POSIX
@pytest.mark.slow
def test_a_kill_anywhere_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed before each change of the ledger in turn, the second compaction of a day: then readers see the same."""
    first, second = named([one_run(1), one_run(2), one_run(3, day=1)], "p"), named([one_run(4)], "p")
    start = Home(ledger(tmp_path / "start", first))
    now(start, grace_s=600)
    ledger(start.path, second)
    whole, deaths = held(read(start)), 0
    while True:
        home = Home(tmp_path / f"{deaths}")
        shutil.copytree(start.path, home.path)
        child = os.fork()
        if child == 0:
            _die_before(deaths, home.path)
            now(home)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        assert held(read(home)) == whole
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        now(home)
        assert held(read(home)) == whole
        now(home)
        assert not list(home.path.glob("compact.*"))
        listed = {path.relative_to(home.path / FOLDER).as_posix() for path in home.path.rglob("*.parquet")}
        assert listed == {*manifest(home).files}
        deaths += 1
    assert deaths > 12


def _compact_often(place: str) -> None:
    for _ in range(15):
        try:
            compact(Home(Path(place)), quiet_s=0, grace_s=600)
        except BusyError:
            time.sleep(0.01)


@POSIX
@pytest.mark.slow
def test_compactions_readers_and_writers_at_once(tmp_path: Path) -> None:
    """Two compact, one of them is killed, while runs are written and a reader reads: it never sees fewer calls than
    were there when it began, and never one twice."""
    home = Home(tmp_path)
    home.make()
    context = multiprocessing.get_context("fork")
    at_work = [context.Process(target=_compact_often, args=(str(tmp_path),)) for _ in range(2)]
    for process in at_work:
        process.start()
    written = 0
    for number in range(60):
        run = f"20261119T0000{number:02d}-abcdef"
        calls = [Call(id=f"{run}-{n}", run=run, model="m") for n in range(5)]
        with (home.spool / f"{run}-1.jsonl").open("ab") as out:
            for call in calls:
                out.write(encode(call) + b"\n")
                out.flush()
                written += 1
        seen = read(home)
        assert not seen.torn
        assert len(held(seen)) == written
        if number == 20:
            at_work[0].kill()
    for process in at_work:
        process.join()
    now(home)
    assert len(held(read(home))) == written


@pytest.mark.slow
def test_a_thousand_spools_and_a_hundred_parquet_files(tmp_path: Path) -> None:
    """One broken, one of an older version, one torn line: reported, the rest exact, before compaction and after."""
    home = Home(tmp_path)
    home.make()
    for number in range(1000):
        run = Run(id=f"20261119T{number:06d}-abcdef", project="p", started_us=MIDNIGHT_US, ended_us=MIDNIGHT_US + 1)
        calls = [Call(id=f"{number}-{n}", run=run.id, input_tokens=n, usage="reported") for n in range(3)]
        result = TestResult(run=run.id, test="t.py::a", outcome="passed")
        torn = b'{"event":"call","id":"tor' if number == 7 else b""
        lines = b"".join(encode(event) + b"\n" for event in (run, *calls, result))
        (home.spool / f"{run.id}-1.jsonl").write_bytes(lines + torn)
    folder = home.path / FOLDER
    folder.mkdir()
    for number in range(100):
        old = number == 3  # a version that knew neither errors nor regions
        columns = "id, run, input_tokens" if old else "id, run, input_tokens, 'eu-west-1' AS region, 'call' AS event"
        duckdb.execute(
            f"COPY (SELECT {columns} FROM (SELECT 'x{number}-' || i AS id, '20261120T{number:06d}-abcdef' AS run, "
            f"i AS input_tokens FROM range(10) t(i))) TO '{folder / f'{number}.parquet'}' (FORMAT parquet)"
        )
    whole = (folder / "42.parquet").read_bytes()
    (folder / "42.parquet").write_bytes(whole[: len(whole) // 2])

    def check() -> None:
        reading = read(home)
        assert len(reading.torn) == 2
        assert ("42.parquet", 0) in reading.torn
        assert len(held(reading)) == 1000 * 3 + 99 * 10 + 1000 + 1000
        assert sum(call.input_tokens or 0 for call in reading.calls) == 1000 * 3 + 99 * 45
        assert {call.region for call in reading.calls if call.run == "20261120T000003-abcdef"} == {""}
        assert len(runs(home)) == 1099

    check()
    made = now(home)
    assert (made.spools, made.events, made.files) == (1000, 4000, 1)
    assert (len(made.torn), [Path(name).name for name in made.corrupt]) == (1, ["42.parquet"])
    check()
