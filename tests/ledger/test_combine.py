"""Merging ledgers: the algebra of sets, under kills."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jevons.ledger.combine import BusyError, Merged, combine, identity, secrets
from jevons.ledger.home import Home
from jevons.ledger.read import NoLedgerError, locate, read, run_of, runs
from jevons.ledger.recorded import kept as cells_of
from jevons.ledger.recorded import of_calls, opened, recorded
from jevons.ledger.spans import of_span, pick
from jevons.record import Call, Event, Kept, Run, TestResult, decode, encode

POSIX = pytest.mark.skipif(os.name != "posix", reason="kills and forks are POSIX")
RUNS = [f"2026112{number}T101500-abcde{number}" for number in range(3)]
SCAN = "20261125T101500-abcd-scan-0123456789ab"

texts = st.sampled_from(["", "a", "b"])
small = st.integers(0, 3)
ids = st.sampled_from([f"c{number}" for number in range(6)])
calls = st.builds(
    Call,
    id=ids,
    run=st.sampled_from([*RUNS, SCAN]),
    model=texts,
    started_us=small,
    index=small,
    input_tokens=st.none() | small,
)
tests = st.builds(TestResult, run=st.sampled_from(RUNS), test=texts, attempt=st.integers(1, 2), worker=texts,
                  started_us=small, outcome=texts, fixtures=st.lists(texts, max_size=2))  # fmt: skip
run_records = st.builds(Run, id=st.sampled_from(RUNS), project=texts, ended_us=st.none() | st.integers(5, 8))
cells = st.builds(
    Kept,
    of=st.builds(Run, id=st.sampled_from(RUNS[:2]), ended_us=st.sampled_from([None, None, 5])),
    tests=small,
    rows=st.lists(
        st.builds(lambda calls, model: {"model": model, "calls": calls}, st.integers(1, 3), texts), max_size=3
    ),
)
COARSE = Kept(of=Run(id=RUNS[0]), rows=[{"model": "b", "calls": 2}])
FINE = Kept(of=Run(id=RUNS[0]), rows=[{"model": "a", "calls": 1}, {"model": "b", "calls": 1}])
few = settings(max_examples=30)  # every merge waits for the disk
events = st.lists(st.one_of(calls, tests, run_records), max_size=25)


def once(made: Iterable[Event]) -> list[Event]:
    """The first event of each identity."""
    found: dict[object, Event] = {}
    for event in made:
        found.setdefault(identity(event), event)
    return list(found.values())


def ledger(folder: Path, made: Iterable[Event]) -> Path:
    """A ledger with one file per run, the events in the order given."""
    home = Home(folder)
    home.make()
    for event in made:
        with (home.spool / f"{run_of(event)}-1a2b.jsonl").open("ab") as file:
            file.write(encode(event) + b"\n")
    return folder


def merge(target: Path, *sources: Path) -> Merged:
    return combine(Home(target), [locate(source) for source in sources])


def kept(folder: Path) -> dict[tuple[str | int, ...], bytes]:
    """What a ledger reads as, event by event; fails on an event that is there twice."""
    reading = read(Home(folder))
    assert not reading.torn
    listed = [*reading.calls, *reading.tests, *reading.runs.values()]
    found = {identity(event): encode(event) for event in listed}
    assert len(found) == len(listed)
    return found


def as_bytes(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Home(folder).spools()}


@few
@given(events, st.data())
def test_any_order_and_repetition_give_the_union(made: list[Event], data: st.DataObject) -> None:
    """Events shared out over four ledgers at will, merged one by one and again, read as one ledger of them would."""
    pool = once(made)
    parts = [data.draw(st.lists(st.sampled_from(pool), unique_by=identity)) if pool else [] for _ in range(3)]
    parts.append([event for event in pool if not any(event in part for part in parts)])
    order = data.draw(st.lists(st.sampled_from(range(4)), max_size=4)) + data.draw(st.permutations(range(4)))
    with tempfile.TemporaryDirectory() as place:
        folders = [ledger(Path(place) / f"part{number}", part) for number, part in enumerate(parts)]
        target = Path(place) / "target"
        for number in order:
            before = kept(target)
            merged = merge(target, folders[number])
            after = kept(target)
            assert not merged.conflicts
            assert before.items() <= after.items()
            assert merged.calls + merged.tests == sum("run" not in key[:1] for key in after.keys() - before.keys())
        assert kept(target) == {identity(event): encode(event) for event in pool}
        at_once = Path(place) / "at once"
        merge(at_once, *(folders[number] for number in order))
        assert kept(at_once) == kept(target)
        # Associative: a merge of merges.
        left, right = Path(place) / "left", Path(place) / "right"
        merge(left, folders[order[-1]], folders[order[-2]])
        merge(right, folders[order[-3]], folders[order[-4]])
        merge(right, left)
        assert kept(right) == kept(target)
        frozen = as_bytes(target)
        again = merge(target, *folders, right, at_once)
        assert again == Merged(known=again.known)
        assert as_bytes(target) == frozen


@few
@given(events, events, events, st.permutations(range(3)))
@example([Run(id=RUNS[0])], [Run(id=RUNS[0], project="a")], [Run(id=RUNS[0], ended_us=5)], [0, 2, 1])
def test_sources_in_any_order_give_the_same_bytes_even_where_they_conflict(
    one: list[Event], two: list[Event], three: list[Event], order: list[int]
) -> None:
    made = [one, two, three]
    with tempfile.TemporaryDirectory() as place:
        folders = [ledger(Path(place) / f"part{number}", part) for number, part in enumerate(made)]
        straight = merge(Path(place) / "straight", *folders)
        shuffled = merge(Path(place) / "shuffled", *(folders[number] for number in order))
        assert as_bytes(Path(place) / "straight") == as_bytes(Path(place) / "shuffled")
        assert straight.conflicts.keys() == shuffled.conflicts.keys()
        assert kept(Path(place) / "straight").keys() == {identity(event) for part in made for event in part}


@few
@given(
    st.lists(st.lists(st.one_of(cells, calls), max_size=8), min_size=3, max_size=3),
    st.permutations(range(3)),
    st.lists(st.sampled_from(range(3)), max_size=3),
)
@example([[COARSE], [FINE], []], [0, 1, 2], [])
@example([[COARSE], [FINE], []], [1, 0, 2], [])
def test_of_a_runs_cells_the_fullest_stay_whatever_the_order(
    parts: list[list[Event]], order: list[int], more: list[int]
) -> None:
    pool = [event for part in parts for event in part]
    order = [*order, *more]

    def fullness(one: Kept) -> tuple[int, int, int, bytes]:
        """The later record, then more calls, then told apart more finely; else one of them, always the same."""
        return one.of.ended_us or 0, sum(row["calls"] for row in one.rows), len(one.rows), encode(one)  # type: ignore[misc]

    best: dict[str, Kept] = {}
    for one in sorted((event for event in pool if isinstance(event, Kept)), key=fullness):
        best[one.of.id] = one
    with tempfile.TemporaryDirectory() as place:
        folders = [ledger(Path(place) / f"part{number}", part) for number, part in enumerate(parts)]
        target, at_once = Path(place) / "target", Path(place) / "at once"
        added = sum(merge(target, folders[number]).kept for number in order)
        assert added >= len(best)
        merge(at_once, *folders)
        for folder in (target, at_once):
            reading = read(Home(folder))
            assert reading.kept == best
            assert {identity(call) for call in reading.calls} == {identity(e) for e in pool if isinstance(e, Call)}
            # Calls that are there are never replaced by cells, and never counted beside them.
            for one in recorded(reading):
                if any(call.run == one.run.id for call in reading.calls):
                    assert sum(cell.sums.calls for cell in one.cells) == sum(c.run == one.run.id for c in reading.calls)
                else:
                    assert one == opened(decode(encode(best[one.run.id])))  # type: ignore[arg-type]
        frozen = as_bytes(target)
        again = merge(target, *folders, at_once)
        assert again == Merged(known=again.known, conflicts=again.conflicts)
        assert as_bytes(target) == frozen


def test_a_ledger_that_holds_calls_and_cells_of_a_run_counts_the_calls_once(tmp_path: Path) -> None:
    """In one ledger or in two, beside runs of which only cells are left."""
    made = {
        run: [Call(id=f"c{n}", run=run, test="t", request_hash="x", usage="reported", input_tokens=n) for n in range(4)]
        for run in RUNS
    }
    whole = [of_calls(Run(id=run, ended_us=9, branch="main"), of_run) for run, of_run in made.items()]
    by_calls = ledger(tmp_path / "calls", [event for one in whole[:2] for event in (one.run, *made[one.run.id])])
    by_cells = ledger(tmp_path / "cells", [cells_of(one) for one in whole])
    half = ledger(tmp_path / "half", [cells_of(of_calls(Run(id=RUNS[2], branch="main"), made[RUNS[2]][:2]))])
    for target, sources in (("a", (by_calls, by_cells)), ("b", (by_cells, by_calls))):
        merged = merge(tmp_path / target, *sources)
        assert (merged.calls, merged.kept, merged.runs, merged.conflicts) == (8, 3, 3, {})
    for folders in ([tmp_path / "a"], [tmp_path / "b"], [half, by_cells, by_calls], [by_calls, by_cells, half]):
        homes = [Home(folder) for folder in folders]
        every = list({run.id: run for home in homes for run in runs(home)}.values())
        assert sorted(recorded(of_span(homes, pick(every, "main"))), key=lambda one: one.run.id) == whole
        (last,) = recorded(of_span(homes, pick(every, RUNS[2])))
        assert last == whole[2]


@few
@given(events, events)
def test_what_the_target_holds_stays_and_conflicts_are_named(held: list[Event], given_: list[Event]) -> None:
    held = [event for event in once(held) if not isinstance(event, Run)]
    given_ = [event for event in once(given_) if not isinstance(event, Run)]
    theirs = {identity(event): event for event in given_}
    with tempfile.TemporaryDirectory() as place:
        target = ledger(Path(place) / "target", held)
        before = kept(target)
        merged = merge(target, ledger(Path(place) / "source", given_))
        assert before.items() <= kept(target).items()
        differing = [event for event in held if theirs.get(identity(event), event) != event]
        assert len(merged.conflicts) <= len(differing)  # tests that differ in attempt or worker share a name
        assert bool(merged.conflicts) == bool(differing)


def test_of_a_run_the_later_record_wins_wherever_it_lies(tmp_path: Path) -> None:
    begun, ended = Run(id=RUNS[0], project="api"), Run(id=RUNS[0], project="api", ended_us=7, workers=3)
    first, last = ledger(tmp_path / "first", [begun]), ledger(tmp_path / "last", [begun, ended])
    for target, sources in (("a", (first, last)), ("b", (last, first))):
        for source in sources:
            assert not merge(tmp_path / target, source).conflicts
        assert read(Home(tmp_path / target)).runs == {RUNS[0]: ended}
        assert runs(Home(tmp_path / target).spools()) == [ended]


def test_fields_of_a_newer_version_survive_and_what_is_no_record_is_named(tmp_path: Path) -> None:
    source = ledger(tmp_path / "source", [Call(id="c1", run=RUNS[0])])
    (file,) = Home(source).spools()
    newer = b'{"event":"call","id":"c2","run":"%s","colour":"green"}' % RUNS[0].encode()
    file.write_bytes(newer + b'\n\n{"event":"call","id":"c3","ru\n\xff\xfe\n{"event":"verdict","run":"r"}\n')
    merged = merge(tmp_path / "target", source)
    assert merged.torn == [(str(file), 3), (str(file), 4), (str(file), 5)]
    assert [path.read_bytes() for path in Home(tmp_path / "target").spools()] == [newer + b"\n"]


@pytest.mark.parametrize("run", ["../../outside", "/tmp/outside", "..", "", "a/b", "a\\b", "a\nb", "x" * 300])
def test_a_run_id_that_leads_elsewhere_is_not_followed(tmp_path: Path, run: str) -> None:
    (tmp_path / "bad.jsonl").write_bytes(encode(Call(id="c", run=run)) + b"\n")
    merged = merge(tmp_path / "deep" / "target", tmp_path / "bad.jsonl")
    assert merged.torn == [(str(tmp_path / "bad.jsonl"), 1)]
    assert not Home(tmp_path / "deep" / "target").spools()
    assert {path.name for path in tmp_path.iterdir()} == {"bad.jsonl", "deep"}


def test_one_file_of_several_runs_is_told_apart(tmp_path: Path) -> None:
    made = [Call(id=f"c{number}", run=RUNS[number % 3]) for number in range(9)]
    (tmp_path / "all.jsonl").write_bytes(b"".join(encode(call) + b"\n" for call in made))
    merge(tmp_path / "target", tmp_path / "all.jsonl")
    assert [run.id for run in runs(Home(tmp_path / "target"))] == RUNS
    assert len(read(Home(tmp_path / "target"), RUNS[1]).calls) == 3


def test_each_worker_has_its_own_result_of_a_test(tmp_path: Path) -> None:
    """pytest-xdist's ``--dist each`` runs every test once per worker."""
    made = [TestResult(run=RUNS[0], test="t", outcome="passed", worker=worker) for worker in ("gw0", "gw1")]
    merged = merge(tmp_path / "target", ledger(tmp_path / "source", made))
    assert (merged.tests, merged.conflicts) == (2, {})


def test_scans_of_the_same_recordings_keep_their_calls_apart(tmp_path: Path) -> None:
    later_scan = SCAN.replace("25T", "26T")
    sources = [ledger(tmp_path / run, [Call(id="scan-1", run=run, mode="recorded")]) for run in (SCAN, later_scan)]
    assert merge(tmp_path / "target", *sources).calls == 2


def test_paths_that_name_a_ledger(tmp_path: Path) -> None:
    project = tmp_path / "project"
    folder = ledger(project / ".jevons", [Call(id="c", run=RUNS[0])])
    (file,) = Home(folder).spools()
    for path, there in ((project, folder), (folder, folder), (folder / "spool", folder), (file, folder)):
        found = locate(path)
        assert (found.files, found.folder) == ([file], there)
    loose = tmp_path / "loose" / file.name
    loose.parent.mkdir()
    loose.write_bytes(file.read_bytes())
    assert (locate(loose).files, locate(loose).folder) == ([loose], None)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    for path in (tmp_path / "empty", tmp_path / "notes.txt", tmp_path / "nowhere"):
        with pytest.raises(NoLedgerError, match=f"{path.name}.*name a"):
            locate(path)


def test_secrets_are_compared(tmp_path: Path) -> None:
    one = ledger(tmp_path / "one", [Call(id="c", run=RUNS[0])])
    two = ledger(tmp_path / "two", [Call(id="d", run=RUNS[1])])
    assert secrets(Home(one), [locate(two)]) == (0, 2)
    Home(one).secret()
    assert secrets(Home(one), [locate(two)]) == (1, 1)
    (two / "secret").write_bytes((one / "secret").read_bytes())
    assert secrets(Home(one), [locate(two)]) == (1, 0)
    (two / "secret").write_bytes(b"other")
    assert secrets(Home(one), [locate(two), locate(one)]) == (2, 0)


def test_what_is_merged_is_as_old_as_its_run(tmp_path: Path) -> None:
    """`purge --older-than` deletes by age; a merge makes no run younger."""
    merge(tmp_path / "target", ledger(tmp_path / "source", [Call(id="c", run=RUNS[0], started_us=86_400_000_000)]))
    assert Home(tmp_path / "target").purge(older_than_days=90)[0] == 1
    assert not Home(tmp_path / "target").spools()


@POSIX
def test_an_unreadable_file_is_an_error_and_adds_nothing(tmp_path: Path) -> None:
    source = ledger(tmp_path / "source", [Call(id=f"c{number}", run=RUNS[number]) for number in range(3)])
    found = locate(source)
    found.files[-1].unlink()
    with pytest.raises(FileNotFoundError):
        combine(Home(tmp_path / "target"), [found])
    assert not kept(tmp_path / "target")
    assert sorted(path.name for path in (tmp_path / "target").iterdir()) == [".gitignore", "combine.lock", "spool"]


@POSIX
def test_a_merge_is_alone(tmp_path: Path) -> None:
    import fcntl

    source = ledger(tmp_path / "source", [Call(id="c", run=RUNS[0])])
    Home(tmp_path / "target").make()
    with (tmp_path / "target" / "combine.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="try again"):
            merge(tmp_path / "target", source)
    assert merge(tmp_path / "target", source).calls == 1


@POSIX
def test_killed_before_any_of_its_writes_a_merge_has_added_all_or_nothing(tmp_path: Path) -> None:
    """SIGKILL before the n-th change to the file system, for every n there is."""
    old = [Run(id=RUNS[0]), Call(id="old", run=RUNS[0])]
    new = [Call(id=f"c{number}", run=RUNS[number % 3]) for number in range(6)]
    source = ledger(tmp_path / "source", [*new, Run(id=RUNS[0], ended_us=5), Run(id=RUNS[1])])
    whole = ledger(tmp_path / "whole", old)
    merge(whole, source)
    deaths, seen = 0, set()
    while True:
        target = ledger(tmp_path / f"target{deaths}", old)
        before = kept(target)
        child = os.fork()
        if child == 0:
            _die_before(deaths, target)
            merge(target, source)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        listed = {run.id for run in runs(Home(target))}
        seen.add("all" if kept(target) == kept(whole) else "nothing" if kept(target) == before else "half")
        assert (len(listed) == 3) == (kept(target) == kept(whole))
        merge(target, source)  # the lock did not outlive its process, and what was left behind is taken up
        assert kept(target) == kept(whole)
        assert sorted(path.name for path in target.iterdir()) == [".gitignore", "combine.lock", "spool"]
        deaths += 1
    assert seen == {"all", "nothing"}
    assert deaths > 8


def _die_before(number: int, folder: Path) -> None:
    """Kill this process by SIGKILL before its `number`-th change of what lies in a folder."""
    changes = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax")
        if (writes or event in ("os.mkdir", "os.rename", "os.rmdir", "os.remove")) and str(folder) in str(arguments[0]):
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)
            changes += 1

    sys.addaudithook(watch)


def test_the_lines_of_a_live_run_may_grow_under_a_merge(tmp_path: Path) -> None:
    """What a suite writes while its ledger is merged into is kept: no file of the target is replaced."""
    target = ledger(tmp_path / "target", [Call(id="old", run=RUNS[0])])
    (file,) = Home(target).spools()
    with file.open("ab") as writer:
        merge(target, ledger(tmp_path / "source", [Call(id="new", run=RUNS[0]), Call(id="old", run=RUNS[0])]))
        writer.write(encode(Call(id="late", run=RUNS[0])) + b"\n")
    assert {call.id for call in read(Home(target)).calls} == {"old", "new", "late"}
