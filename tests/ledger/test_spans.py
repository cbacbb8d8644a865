"""Spans: every way to name runs, and what is said where a name could mean more."""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.days import DAY_US
from jevons.ledger.home import Home
from jevons.ledger.read import Reading, read, runs
from jevons.ledger.spans import Span, SpanError, of_span, period, pick, started
from jevons.ledger.spool import Spool
from jevons.record import Call, Machine, Metered, Run, TestResult

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def us(text: str) -> int:
    """Microseconds since 1970 of a UTC time as ISO text, by the calendar module."""
    return calendar.timegm(dt.datetime.fromisoformat(text).timetuple()) * 1_000_000


def run(stamp: str, tail: str = "abcdef", **facts: object) -> Run:
    moment = dt.datetime.fromisoformat(stamp)
    begun = us(stamp)
    facts = {"started_us": begun, "ended_us": begun + 60_000_000, "project": "shop", **facts}
    return Run(id=f"{moment:%Y%m%dT%H%M%S}-{tail}", **facts)  # type: ignore[arg-type]


NOW = us("2026-11-25T12:00:00")
A = run("2026-07-01T00:00:00", branch="main", commit="2026aa11" + "0" * 32)
B = run("2026-11-01T00:00:00", branch="main", commit="beef1234" + "0" * 32)
C = run("2026-11-15T23:59:59", branch="feature/x", commit="beef5678" + "0" * 32)
D = run("2026-11-24T09:00:00", branch="main", commit="beef1234" + "0" * 32, ended_us=None)
OTHER = run("2026-11-24T10:00:00", project="api", branch="trunk")
SCAN1 = run("2026-11-20T08:00:00", "ab12-scan-0123456789ab")
SCAN2 = run("2026-11-25T08:00:00", "cd34-scan-0123456789ab")
ALL = [SCAN2, D, A, C, OTHER, SCAN1, B]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (B.id, [B]),
        ("20261101", [B]),
        ("latest", [SCAN2]),
        ("previous", [SCAN1]),
        ("main", [A, B, D]),
        ("feature/x", [C]),
        ("beef1234", [B, D]),
        ("BEEF5", [C]),
        ("2026-11-24", [D, OTHER]),
        ("2026-11", [B, C, D, OTHER, SCAN2]),
        ("2026Q3", [A]),
        ("2026-q4", [B, C, D, OTHER, SCAN2]),
        ("2026", [A, B, C, D, OTHER, SCAN2]),
        ("2026-11-01..2026-11-15", [B, C]),
        ("2026-07..2026-11-01", [A, B]),
        ("last 7 days", [D, OTHER, SCAN2]),
        ("7d", [D, OTHER, SCAN2]),
        (" 1 day ", [SCAN2]),
    ],
)
def test_a_text_names_runs(text: str, expected: list[Run]) -> None:
    # A day before noon of the 25th began at noon of the 24th, after D and OTHER.
    assert pick(ALL, text, NOW).runs == expected


def test_a_date_begins_and_ends_as_named_and_other_spans_as_their_runs() -> None:
    span = pick(ALL, "2026Q4", NOW)
    assert (span.starts, span.ends + 1) == (us("2026-10-01"), us("2027-01-01"))
    assert (span.name, span.superseded, span.unfinished, span.modes) == ("2026Q4", 1, 1, ("live", "recorded"))
    span = pick(ALL, "main", NOW)
    assert (span.starts, span.ends) == (us("2026-07-01"), us("2026-11-24T09:00:00"))
    assert (span.superseded, span.unfinished, span.modes) == (0, 1, ("live",))
    assert pick(ALL, SCAN1.id).runs == [SCAN1]


def test_previous_is_of_the_same_project_and_kind() -> None:
    last = run("2026-11-25T09:00:00", branch="main")
    assert pick([A, B, SCAN1, OTHER, SCAN2, last], "previous").runs == [B]
    with pytest.raises(SpanError, match="No run of the same project and kind"):
        pick([A, B, OTHER], "previous")


def test_measurements_are_no_runs_and_come_with_those_that_they_are_of() -> None:
    command = run("2026-11-24T08:59:00", "00000c", source="command", machine=Machine(cpu_us=1), branch="main")
    within = run("2026-11-24T09:30:00", "00000d", command=command.id, branch="main")
    bill = run("2026-11-25T09:00:00", "00000e", source="codecarbon", metered=Metered(5))
    recorded = run("2026-11-24T11:00:00", "00000f", machine=Machine(cpu_us=2))  # it has calls of its own, too
    known = [*ALL, command, within, bill, recorded]
    latest = pick([command, within, bill], "latest", NOW)
    assert (latest.runs, latest.measurements) == ([within], [command])
    assert pick([command, within, bill], within.id, NOW).measurements == [command]
    day = pick(known, "2026-11-24..2026-11-25", NOW)
    assert (day.runs, day.measurements) == ([D, within, OTHER, recorded, SCAN2], [command, bill])
    assert day.superseded == 0
    assert pick(known, "main", NOW).measurements == [command]
    alone = pick(known, bill.id, NOW)
    assert (alone.runs, alone.measurements) == ([bill], [bill])  # where nothing else goes by the name


def test_what_comes_first_is_said_with_what_else_it_could_be() -> None:
    month = run("2026-03-01T00:00:00", "a", branch="2026-11")
    span = pick([*ALL, month], "2026-11", NOW)
    assert (span.runs, span.name) == ([month], "branch 2026-11 (also a date: say 2026-11-01..2026-11-30)")
    assert pick([*ALL, month], "2026-11-01..2026-11-30", NOW).runs == [B, C, D, OTHER, SCAN2]

    hexed = run("2026-03-02T00:00:00", "b", commit="20261101" + "f" * 32)
    span = pick([*ALL, hexed], "20261101", NOW)
    assert (span.runs, span.name) == ([B], f"run {B.id} (also a commit: say {hexed.commit})")

    branch = run("2026-03-03T00:00:00", "c", branch="latest")
    assert pick([branch, A], "latest").name == f"latest, run {A.id} (also a branch)"

    face = run("2026-03-04T00:00:00", "d", branch="beef5678")
    assert pick([*ALL, face], "beef5678").runs == [face]
    assert C.commit in pick([*ALL, face], "beef5678").name


def test_a_year_is_no_beginning_of_an_id_or_a_commit() -> None:
    """Else the first run of a year, or a commit by chance, would stand for the year."""
    assert pick([A], "2026").name == "2026"
    assert pick([A, B], "2026").runs == [A, B]
    assert pick([A, B], "2026a").runs == [A]


def test_what_is_not_there_is_told_with_what_is() -> None:
    for text in ("nonsense", "2025-01", "2026-02-30", "2026-13", "2026Q5", "2026-11-15..2026-11-01", "bee", ""):
        with pytest.raises(SpanError) as error:
            pick(ALL, text, NOW)
        said = str(error.value)
        assert SCAN2.id in said
        assert A.id not in said  # the last five runs alone
        assert "feature/x, main, trunk" in said
        assert "2026-07-01 to 2026-11-25" in said
    with pytest.raises(SpanError, match="2 commits begin with 'beef'"):
        pick(ALL, "beef")
    with pytest.raises(SpanError, match="5 run ids begin with '2026112'"):
        pick([*ALL, run("2026-11-24T11:00:00")], "2026112")
    with pytest.raises(SpanError, match="record a run with `pytest --jevons`"):
        pick([], "latest")


def test_a_run_without_a_record_started_when_its_id_says() -> None:
    bare = Run(id="20261124T101500-abcdef")
    assert started(bare) == us("2026-11-24T10:15:00")
    assert started(Run(id="20261399T000000-abcdef")) == started(Run(id="r")) == 0
    reading = Reading(calls=[Call(id="c", run=bare.id)])
    span = pick(reading, "2026-11-24")
    assert (span.runs, span.unfinished) == ([bare], 1)


# -- dates, against the calendar of the standard library ---------------------

days = st.dates(dt.date(1970, 1, 1), dt.date(2105, 12, 31))


@given(days, days)
def test_a_date_holds_the_days_that_the_calendar_gives_it(one: dt.date, other: dt.date) -> None:
    first, last = min(one, other), max(one, other)
    quarter = (first.month - 1) // 3 + 1
    forms = {
        f"{first}": lambda day: day == first,
        f"{first:%Y-%m}": lambda day: (day.year, day.month) == (first.year, first.month),
        f"{first.year}Q{quarter}": lambda day: (day.year, (day.month - 1) // 3 + 1) == (first.year, quarter),
        f"{first.year}": lambda day: day.year == first.year,
        f"{first}..{last}": lambda day: first <= day <= last,
        f"{first:%Y-%m}..{last.year}": lambda day: (
            (first.year, first.month) <= (day.year, day.month) and day.year <= last.year
        ),
    }
    for text, holds in forms.items():
        bounds = period(text, NOW)
        assert bounds is not None
        begin, end = (EPOCH + dt.timedelta(microseconds=bound) for bound in bounds)
        assert begin.timetz() == dt.time(0, tzinfo=dt.UTC)
        assert (end + dt.timedelta(microseconds=1)).timetz() == dt.time(0, tzinfo=dt.UTC)
        assert holds(begin.date())
        assert holds(end.date())
        assert not holds((end + dt.timedelta(microseconds=1)).date())
        assert begin.date() == dt.date(1970, 1, 1) or not holds(begin.date() - dt.timedelta(1))


@given(st.integers(0, 99_999))
def test_the_last_days_end_now(count: int) -> None:
    assert period(f"last {count} days", NOW) == period(f"{count}d", NOW) == (max(NOW - count * DAY_US, 0), NOW)


@given(st.text(st.sampled_from("0123456789-.Qqd \u0664aTZ:/\\"), max_size=24) | st.text(max_size=12))
def test_any_text_is_a_span_or_an_error_that_says_what_there_is(text: str) -> None:
    said = ""
    with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):  # "." is a path
        try:
            span = pick(ALL, text, NOW)
        except SpanError as error:
            said = str(error)
    assert f"The last runs: {C.id}" in said if said else set(map(id, span.runs)) <= set(map(id, ALL))


# -- ledgers elsewhere ---------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "web" / ".jevons")
    for one in (A, D):
        spool = Spool(home, one.id)
        spool(one)
        spool(Call(id=f"{one.id}-1", run=one.id))
        spool(TestResult(run=one.id, test="t"))
        spool.close()
    return tmp_path / "web"


@pytest.mark.parametrize(
    ("text", "expected"), [("web", [A, D]), ("./web:latest", [D]), ("web/.jevons:2026Q3", [A]), ("web: main", [A, D])]
)
def test_a_path_names_the_runs_of_another_ledger(elsewhere: Path, text: str, expected: list[Run]) -> None:
    span = pick([B], text, NOW)
    assert span.runs == expected
    assert span.name.startswith(span.ledger)
    reading = of_span(Home(elsewhere / "no such ledger"), span)
    assert {call.run for call in reading.calls} == {one.id for one in expected}


def test_a_spool_file_is_a_path_too(elsewhere: Path) -> None:
    file = Home(elsewhere / ".jevons").spools()[0]
    assert pick([B], str(file)).runs == [A]
    loose = elsewhere / "a.jsonl"
    loose.write_bytes(file.read_bytes())
    span = pick([B], f"{loose}:main")
    assert [call.id for call in of_span([], span).calls] == [f"{A.id}-1"]


def test_a_branch_comes_before_a_folder_and_a_drive_is_no_path_with_a_text(elsewhere: Path, tmp_path: Path) -> None:
    branch = run("2026-03-01T00:00:00", branch="web")
    assert pick([branch], "web").runs == [branch]
    assert pick([branch], "./web").runs == [A, D]
    (elsewhere / ".jevons").rename(tmp_path / "C")
    assert pick([B], "C:latest").runs == [D]
    for text in (r"C:\suites", "C:/suites", r"C:\suites:latest"):
        with pytest.raises(SpanError, match="No run is named"):
            pick([B], text)
    if Path("C:").anchor == "":  # where a colon may be part of a name
        (tmp_path / "C").rename(tmp_path / r"c:\suites")
        assert pick([B], r"c:\suites").runs == [A, D]
        assert pick([B], r"c:\suites:latest").runs == [D]


def test_a_path_without_what_was_asked_says_what_it_holds(elsewhere: Path, tmp_path: Path) -> None:
    with pytest.raises(SpanError, match=r"web: No run is named by 'nonsense'.*Branches: main"):
        pick([B], "web:nonsense")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpanError, match="empty holds no ledger"):
        pick([B], "empty")


# -- reading -------------------------------------------------------------------


def test_only_the_files_of_the_spans_runs_are_opened(elsewhere: Path) -> None:
    home = Home(elsewhere / ".jevons")
    (home.spool / "copied-by-hand.jsonl").write_bytes(b'{"event":"call","id":"c","run":"%s"}\n' % A.id.encode())
    span = pick(runs(home), "2026-11")
    assert span.runs == [D]
    first = next(path for path in home.spools() if path.name.startswith(A.id))
    first.write_bytes(b"torn")
    reading = of_span(home, span)
    assert (list(reading.runs), [call.run for call in reading.calls], len(reading.tests)) == ([D.id], [D.id], 1)
    assert reading.torn == []  # read, the other run's file would have shown a torn line
    assert [call.id for call in of_span(home, Span("", [A], 0, 0)).calls] == ["c"]


def test_spans_share_out_a_ledger_and_a_run_in_two_ledgers_counts_once(elsewhere: Path, tmp_path: Path) -> None:
    home = Home(elsewhere / ".jevons")
    copy = Home(tmp_path / "copy")
    copy.make()
    for file in home.spools():
        (copy.spool / file.name).write_bytes(file.read_bytes())
    whole = read(home)
    parts = [of_span([home, copy], pick(whole, text)) for text in ("2026Q3", "2026Q4")]
    assert [call.id for part in parts for call in part.calls] == [call.id for call in whole.calls]
    assert sum(len(part.tests) for part in parts) == len(whole.tests)


def test_the_runs_of_a_ledger_are_known_without_its_calls(elsewhere: Path) -> None:
    home = Home(elsewhere / ".jevons")
    assert runs(home) == [A, D]
    killed = Spool(home, "20261125T000000-abcdef")
    killed(Call(id="x", run=killed.run))
    killed.close()
    assert [one.id for one in runs(home)] == [A.id, D.id, killed.run]
    assert runs(home)[-1] == Run(id=killed.run)
