"""Daily cells: the same runs give the same bytes, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.test_combine import POSIX, _die_before, as_bytes, few
from ledger.test_recorded import HOUR_US, MIDNIGHT_US, Made, runs

from jevons.ledger.combine import BusyError, combine
from jevons.ledger.daily import DAYS_WITH_TESTS, Added, add
from jevons.ledger.home import Home
from jevons.ledger.read import locate, read
from jevons.ledger.recorded import Recorded, kept, of_calls, opened, recorded
from jevons.record import Call, Event, Run, TestResult, encode
from jevons.report.build import build

DAY_US = 24 * HOUR_US
DAYS = (0, 1, DAYS_WITH_TESTS, DAYS_WITH_TESTS + 1, 2 * DAYS_WITH_TESTS + 1)


def begun(made: Made) -> Made:
    """What is there of a run half-way."""
    run, of_run, results = made
    half = len(of_run) // 2
    return msgspec.structs.replace(run, ended_us=None), of_run[:half], results[: len(results) // 2]


def ledger(folder: Path, held: list[Made], seed: int = 0) -> Path:
    """A ledger of runs that two processes wrote, the one or the other each event."""
    home = Home(folder)
    home.make()
    for run, *others in held:
        events: list[Event] = [run, *(event for kind in others for event in kind)]
        for number, event in enumerate(events):
            with (home.spool / f"{run.id}-{(number * 7 + seed) % 2}.jsonl").open("ab") as file:
                file.write(encode(event) + b"\n")
    return folder


def added(target: Path, *sources: Path) -> Added:
    return add(Home(target), [locate(source) for source in sources])


def opens(folder: Path) -> dict[str, Recorded]:
    reading = read(Home(folder))
    assert (reading.calls, reading.tests, reading.torn) == ([], [], [])
    return {one.run.id: one for one in recorded(reading)}


def one_run(number: int, count: int = 2, day: int = 0, ended: bool = True) -> Made:
    name, started = f"20261119T00000{number}-abcdef", MIDNIGHT_US + day * DAY_US
    made = [Call(id=f"{name}-{n}", run=name, index=n, test="t.py::a", file="app.py", usage="reported", input_tokens=9,
                 output_tokens=1, started_us=started) for n in range(count)]  # fmt: skip
    results = [TestResult(run=name, test="t.py::a", outcome="passed")]
    return Run(id=name, started_us=started, ended_us=started + 1 if ended else None), made, results


@st.composite
def histories(draw: Any) -> list[Made]:
    return [
        draw(runs(f"20261119T00000{number}-abcdef", MIDNIGHT_US + draw(st.sampled_from(DAYS)) * DAY_US, most=6))
        for number in range(3)
    ]


@few
@given(histories(), st.data())
def test_any_order_repetition_and_split_give_the_same_bytes(made: list[Made], data: st.DataObject) -> None:
    """Each source holds each run whole, half, or not at all; what stays is the whole one where any holds it."""
    held = [[data.draw(st.sampled_from(["whole", "half", "none"])) for _ in made] for _ in range(3)]
    order = data.draw(st.permutations(range(3))) + data.draw(st.lists(st.sampled_from(range(3)), max_size=3))
    with tempfile.TemporaryDirectory() as place:
        sources = []
        for seed, source in enumerate(held):
            of_source = [
                {"whole": run, "half": begun(run), "none": None}[what] for run, what in zip(made, source, strict=True)
            ]
            sources.append(ledger(Path(place) / f"source{seed}", [run for run in of_source if run], seed))
        straight, stepwise, merged = (Path(place) / name for name in ("straight", "stepwise", "merged"))
        added(straight, *sources)
        for number in order:
            added(stepwise, sources[number])
        assert as_bytes(stepwise) == as_bytes(straight)
        combine(Home(merged), [locate(sources[number]) for number in order])
        added(stepwise, merged, *(sources[number] for number in reversed(order)))
        assert as_bytes(stepwise) == as_bytes(straight)
        again = added(straight, *reversed(sources), stepwise, straight)
        assert again == Added(known=again.known)
        assert as_bytes(stepwise) == as_bytes(straight)
        assert sorted(path.name for path in straight.iterdir()) == ["combine.lock", "spool"]
        expected = {}
        for number, run in enumerate(made):
            states = {source[number] for source in held}
            one = of_calls(*(run if "whole" in states else begun(run)))
            if states != {"none"} and (one.cells or one.tests):
                expected[one.run.id] = one
        newest = max((one.run.started_us for one in expected.values()), default=0)
        for name, one in expected.items():
            old = newest - one.run.started_us > DAYS_WITH_TESTS * DAY_US
            expected[name] = opened(kept(one, with_tests=not old))
        assert opens(straight) == expected


@few
@given(runs("20261119T000000-abcdef"))
def test_a_run_that_ages_loses_its_tests_and_no_figure(made: Made) -> None:
    young = of_calls(*made)
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "target"
        for days in (0, DAYS_WITH_TESTS, DAYS_WITH_TESTS + 1):
            added(target, ledger(Path(place) / f"source{days}", [made, one_run(1, day=days)]))
            found = opens(target).get(made[0].id, Recorded(made[0], [], {}))
            apart = {name for cell in found.cells for name in (cell.group.test, cell.group.fixture, cell.group.file)}
            assert days > DAYS_WITH_TESTS or found.cells == young.cells
        assert apart <= {""}
        assert (found.run, found.tests) == (young.run, young.tests)
    for by in ("model", "role", "day"):
        old, new = (build([one], by=by) for one in (found, young))
        assert old.counts == new.counts
        assert [row.name for row in old.rows if row.tokens] == [row.name for row in new.rows if row.tokens]
        for one, other in zip(
            sorted(old.rows, key=lambda row: row.name), sorted(new.rows, key=lambda row: row.name), strict=True
        ):
            assert (one.calls, one.failed) == (other.calls, other.failed)
            for figure in ("energy_wh", "carbon_g", "water_l", "embodied_g"):
                ends = [msgspec.structs.astuple(getattr(row.level, figure)) for row in (one, other)]
                assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-15)


def test_a_finished_run_replaces_an_unfinished_one_and_never_the_other_way_round(tmp_path: Path) -> None:
    """Even where the unfinished one has more calls, and lies at another day for want of a record."""
    finished, more = one_run(0, 2, day=1), one_run(0, 5, day=1, ended=False)
    bare = ledger(tmp_path / "bare", [(Run(id=finished[0].id), more[1], [])])
    whole, half = ledger(tmp_path / "whole", [finished]), ledger(tmp_path / "half", [more])
    for number, order in enumerate(([whole, half, bare], [bare, half, whole], [half, whole], [bare, whole, half])):
        for source in order:
            added(tmp_path / str(number), source)
        assert opens(tmp_path / str(number)) == {finished[0].id: opened(kept(of_calls(*finished)))}
        assert list(as_bytes(tmp_path / str(number))) == ["2026-11-20-cells.jsonl"]


def test_what_it_cannot_read_is_counted_and_stays_and_what_it_need_not_write_is_as_it_was(tmp_path: Path) -> None:
    source = ledger(tmp_path / "source", [one_run(0), one_run(1, day=DAYS_WITH_TESTS + 1)])
    added(tmp_path / "target", source)
    day = tmp_path / "target" / "spool" / "2026-11-19-cells.jsonl"
    newer = day.read_bytes().replace(b'"event":"cells"', b'"event":"cells","weather":"mild"')
    alien = b'{"event":"verdict","run":"r"}\n'
    day.write_bytes(newer + alien)
    with next(iter(Home(source).spools())).open("ab") as file:
        file.write(b'{"event":"call","id":')
    made = added(tmp_path / "target", source)
    assert (made.runs, made.known, made.days) == (0, 2, 0)
    assert sorted(made.torn) == sorted([(day.name, 2), (Home(source).spools()[0].name, 3)])
    added(tmp_path / "target", ledger(tmp_path / "more", [one_run(2)]))
    lines = day.read_bytes().splitlines(keepends=True)
    assert (lines[0], lines[2], len(lines)) == (newer, alien, 3)


@POSIX
def test_what_cannot_be_read_or_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "target"
    added(target, ledger(tmp_path / "source", [one_run(0)]))
    frozen = as_bytes(target)
    found = locate(ledger(tmp_path / "more", [one_run(0, 3), one_run(1, day=1), one_run(2, day=2)]))
    last = found.files[-1]
    last.rename(tmp_path / "aside")
    last.mkdir()
    with pytest.raises(IsADirectoryError):
        add(Home(target), [found])
    assert as_bytes(target) == frozen
    last.rmdir()
    (tmp_path / "aside").rename(last)
    full = iter([None, OSError(28, "No space left on device")])  # the second day does not get to the disk

    def fsync(descriptor: int) -> None:
        if error := next(full):
            raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match="No space"):
            added(target, tmp_path / "more")
    assert as_bytes(target) == frozen
    assert sorted(path.name for path in (target / "spool").iterdir()) == sorted(frozen)
    assert added(target, tmp_path / "more").days == 3


@POSIX
def test_it_is_alone(tmp_path: Path) -> None:
    import fcntl

    source = ledger(tmp_path / "source", [one_run(0)])
    (tmp_path / "target").mkdir()
    with (tmp_path / "target" / "combine.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="try again"):
            added(tmp_path / "target", source)
    assert added(tmp_path / "target", source).runs == 1


@POSIX
def test_killed_before_any_of_its_writes_it_leaves_whole_files_and_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL before the n-th change to the file system, for every n there is."""
    old = ledger(tmp_path / "old", [one_run(0, ended=False), one_run(1), one_run(2, day=1)])
    late = DAYS_WITH_TESTS + 1
    new = ledger(tmp_path / "new", [one_run(0, 4), one_run(3, day=late), one_run(4, day=late + 1)])
    added(tmp_path / "before", old)
    for source in (old, new):
        added(tmp_path / "whole", source)
    before, whole = opens(tmp_path / "before"), opens(tmp_path / "whole")
    deaths = halves = 0
    while True:
        target = tmp_path / f"target{deaths}"
        added(target, old)
        child = os.fork()
        if child == 0:
            _die_before(deaths, target)
            added(target, new)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        found = opens(target)  # no line of any file is torn
        assert before.keys() <= found.keys()
        assert all(one in (before.get(name), whole[name]) for name, one in found.items())
        halves += found not in (before, whole)
        added(target, new)
        assert as_bytes(target) == as_bytes(tmp_path / "whole")
        assert {path.name for path in (target / "spool").iterdir()} == as_bytes(target).keys()
        deaths += 1
    assert halves  # some died between two files
    assert deaths > 8
