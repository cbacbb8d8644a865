"""Spans: sets of runs, as people name them.

A text is read as the first of these that finds a run:

1. a run id, or a beginning of it that only one run has (more than a year: ``2026`` is a date);
2. ``latest``; ``previous``: the newest run before it of the same project and kind (a suite's run, or the same scan);
3. a branch;
4. a commit, or its beginning of at least four hex digits (a year needs a fifth);
5. a date, by when runs started (UTC): a day ``2026-11-25``, month ``2026-11``, quarter ``2026Q4`` or ``2026-Q4``, year
   ``2026``, interval ``2026-11-01..2026-11-15`` of any of these (both ends are in), or the ``last 7 days`` (``7d``);
6. the path of another ledger or spool file, or its URL (see `jevons.ledger.remote`); ``PATH:TEXT`` with any of the
   above for its runs.

What else the text could have meant is said in the span's name.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from jevons.ledger import compacted
from jevons.ledger.days import DAY_US, UNKNOWN, day
from jevons.ledger.home import Home
from jevons.ledger.read import NoLedgerError, Reading, each, events, identity, locate, named_run, run_of, runs, settle
from jevons.ledger.remote import SIGN, RemoteError, place
from jevons.record import Run

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?|-?[Qq]([1-4]))?")
_LAST = re.compile(r"(?:last\s+)?([0-9]{1,5})\s*(?:d|days?)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_HEX = re.compile(r"[0-9a-fA-F]{4,64}")
_STAMP = re.compile(r"([0-9]{8}T[0-9]{6})-.*")
_SCAN = re.compile(r".*-(scan-[0-9a-f]+)")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_EPOCH = dt.date(1970, 1, 1)
_MOST = 10
_FORMS = (
    "name a run id, latest, previous, a branch, a commit, a date (2026-11-25, 2026-11, 2026Q4, 2026, "
    "2026-11-01..2026-11-15, 7d), or a ledger's path"
)


class SpanError(ValueError):
    """A text that names no run: says what there is."""


class Span(msgspec.Struct, frozen=True):
    """A set of runs under a name."""

    name: str
    """What the text was read as, and what else it could have meant."""
    runs: list[Run]
    """By start, oldest first. One that never ended (killed, or still running) is among them."""
    starts: int
    """Microseconds since 1970 UTC: the first instant of a date as named, else the start of the first run; 0 where no
    run tells."""
    ends: int
    """The last instant of a date as named, else the latest end (or start) of a run; 0 where no run tells."""
    ledger: str = ""
    """Path of the ledger or spool file where the runs are; empty for the ledger at hand."""
    superseded: int = 0
    """Earlier scans of what a later scan in the span counts again; they are not in `runs`."""
    measurements: list[Run] = []
    """Of machines over that time, or over the commands that made the runs. None of them is in `runs`, unless nothing
    else goes by the name."""
    dated: bool = False
    """Whether it was named by a date, so that it is a period with its first and last instant."""

    @property
    def unfinished(self) -> int:
        """Runs without an end: killed, still running, or of whose record nothing is kept."""
        return sum(run.ended_us is None for run in self.runs)

    @property
    def modes(self) -> tuple[str, ...]:
        """``recorded`` where scans are among the runs, ``live`` where suites are; a suite may replay and mock too."""
        return tuple(sorted({"recorded" if scan_of(run) else "live" for run in self.runs}))


class _Found(msgspec.Struct):
    kind: str
    name: str
    runs: list[Run]
    otherwise: str = ""
    """How to say this one where another meaning comes first; empty where it cannot be said."""
    bounds: tuple[int, int] | None = None


def pick(recorded: Reading | Iterable[Run], text: str, now_us: int | None = None) -> Span:
    """The span that `text` names among recorded runs, or in the ledger whose path it names. Raises SpanError."""
    known = _ordered(_known(recorded) if isinstance(recorded, Reading) else recorded)
    text = text.strip()
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    span = _inside(known, text, now_us)
    if span is not None:
        return span
    why = ""
    for named, rest in _paths(text):
        try:
            path = place(named)
            there = _ordered(runs(locate(path).files))
        except (NoLedgerError, RemoteError) as error:
            why = str(error)
            continue
        whole = [_Found("path", "all runs", there)]
        span = _inside(there, rest, now_us) if rest else _span(whole, there) if there else None
        if span is None:
            raise SpanError(f"{path}: {_nothing(there, rest)}")
        return msgspec.structs.replace(span, name=f"{path}: {span.name}", ledger=str(path))
    raise SpanError(why if SIGN in text else "; ".join(filter(None, [_nothing(known, text), why])))


def previous(recorded: Iterable[Run], run: Run) -> Span | None:
    """The newest run before `run` of the same project and kind; None where there is none."""
    known = _ordered(recorded)
    at = next((at for at, one in enumerate(known) if one.id == run.id), len(known))
    before = [one for one in known[:at] if _alike(one) == _alike(run)][-1:]
    return _span([_Found("the previous run", f"run {before[0].id}", before)], known) if before else None


def files_of(homes: Home | Iterable[Home], span: Span) -> list[Path]:
    """The files that may hold events of a span's runs."""
    if span.ledger:
        return locate(place(span.ledger)).files
    files: list[Path] = []
    for home in [homes] if isinstance(homes, Home) else homes:
        settle(home)
        files += compacted.files(home)
    return files


def of_span(
    homes: Home | Iterable[Home], span: Span, files: Iterable[Path] | None = None, only: Collection[str] | None = None
) -> Reading:
    """Calls and tests of a span's runs (or of some of them), each once; only the files that may hold them are read."""
    wanted = {run.id for run in span.runs} if only is None else only
    reading = Reading()
    listed = list(files_of(homes, span) if files is None else files)
    held = {file: {run.id for run in runs} for file, runs in compacted.held(listed).items()}
    needed = [file for file in listed if not {*wanted, ""}.isdisjoint(held.get(file) or {named_run(file)})]
    for event in each(event for event in events(needed, reading.torn, runs=wanted) if run_of(event) in wanted):
        reading.add(event)
    _count_once(reading)
    return reading


def _count_once(reading: Reading) -> None:
    """Leave out the imported calls that taps saw too. An import does so by itself; this is for taps' records that came
    to the ledger after it (`combine`)."""
    imported = {run.id for run in reading.runs.values() if run.source}
    if not imported:
        return
    tapped = {call.answer_hash for call in reading.calls if call.run not in imported and call.mode != "recorded"}
    twice = [call for call in reading.calls if call.run in imported and call.answer_hash in tapped - {""}]
    again = {identity(call) for call in twice}
    if again:
        reading.calls = [call for call in reading.calls if identity(call) not in again]
    for call in twice:
        reading.runs[call.run].merged += 1


def counted(runs: Sequence[Run]) -> list[Run]:
    """Runs without the earlier scans of what a later one of them counts again; oldest first, as given."""
    last = {scan_of(run): run.id for run in runs}
    return [run for run in runs if not scan_of(run) or last[scan_of(run)] == run.id]


def started(run: Run) -> int:
    """When a run started, microseconds since 1970 UTC: as recorded, else by its id; 0 where neither tells."""
    if run.started_us > 0:
        return run.started_us
    match = _STAMP.fullmatch(run.id)
    try:
        return calendar.timegm(time.strptime(match[1], "%Y%m%dT%H%M%S")) * 1_000_000 if match else 0
    except ValueError:
        return 0


def period(text: str, now_us: int) -> tuple[int, int] | None:
    """First and last microsecond (UTC) of a date as in this module's docstring; None for any other text."""
    last = _LAST.fullmatch(text)
    if last:
        return max(now_us - int(last[1]) * DAY_US, 0), now_us
    begin, dots, end = text.partition("..")
    first, second = _bounds(begin), _bounds(end if dots else begin)
    if first is None or second is None or first[0] > second[1]:
        return None
    return first[0], second[1]


def _bounds(text: str) -> tuple[int, int] | None:
    match = _DATE.fullmatch(text.strip())
    if not match:
        return None
    year, month, day_, quarter = (int(part) if part else 0 for part in match.groups())
    months = 3 if quarter else 1 if month else 12
    month = 3 * quarter - 2 if quarter else month or 1
    try:
        start = dt.date(year, month, day_ or 1)
        next_month = month + months
        after = start + dt.timedelta(1) if day_ else dt.date(year + (next_month > 12), (next_month - 1) % 12 + 1, 1)
    except (ValueError, OverflowError):
        return None
    if start < _EPOCH:
        return None
    return (start - _EPOCH).days * DAY_US, (after - _EPOCH).days * DAY_US - 1


def _inside(known: list[Run], text: str, now_us: int) -> Span | None:
    found = [one for one in _meanings(known, text, now_us) if one.runs]
    return _span(found, known) if found else None


def _meanings(known: list[Run], text: str, now_us: int) -> Iterator[_Found]:
    """All that the text can mean among these runs, in order of precedence."""
    year = bool(_YEAR.fullmatch(text))
    same = [run for run in known if run.id == text]
    begun = [] if year or not text else [run for run in known if run.id.startswith(text)]
    if same or len(begun) == 1:
        run = (same or begun)[0]
        yield _Found("a run", f"run {run.id}", [run], run.id)
    suites = [run for run in known if not run.measures_only] or known
    if text in ("latest", "previous") and suites:
        last = suites[-1]
        before = [run for run in suites[:-1] if _alike(run) == _alike(last)]
        asked = [last] if text == "latest" else before[-1:]
        for run in asked:
            yield _Found(f"the {text} run", f"{text}, run {run.id}", asked, run.id)
    yield _Found("a branch", f"branch {text}", [run for run in known if text and run.branch == text])
    commits = [] if year else _commits(known, text)
    if len(commits) == 1:
        of_commit = [run for run in known if run.commit == commits[0]]
        yield _Found("a commit", f"commit {commits[0][:12]}", of_commit, commits[0])
    bounds = period(text, now_us)
    if bounds is not None:
        within = [run for run in known if bounds[0] <= started(run) <= bounds[1]]
        yield _Found("a date", _date_name(text, bounds), within, f"{_day(bounds[0])}..{_day(bounds[1])}", bounds)


def _commits(known: list[Run], text: str) -> list[str]:
    if not _HEX.fullmatch(text):
        return []
    return sorted({run.commit for run in known if run.commit.lower().startswith(text.lower())})


def _date_name(text: str, bounds: tuple[int, int]) -> str:
    last = _LAST.fullmatch(text)
    return f"the last {last[1]} days to {_day(bounds[1])}" if last else text.replace("q", "Q")


def _day(time_us: int) -> str:
    return (_EPOCH + dt.timedelta(time_us // DAY_US)).isoformat()


def _span(found: list[_Found], known: list[Run]) -> Span:
    """The span of the first meaning, which says the others."""
    first, *others = found
    latest = counted(first.runs)
    chosen = [run for run in latest if not run.measures_only] or latest
    around = {run.command for run in chosen if run.command}
    measured = [run for run in known if run.measures_only and (run in latest or run.id in around)]
    starts, ends = first.bounds or (
        min((started(run) for run in chosen if started(run)), default=0),
        max(max(started(run), run.ended_us or 0) for run in chosen),
    )
    also = [one.kind + (f": say {one.otherwise}" if one.otherwise else "") for one in others if one.runs != first.runs]
    name = first.name + (f" (also {'; '.join(also)})" if also else "")
    return Span(
        name, chosen, starts, ends, superseded=len(first.runs) - len(latest), measurements=measured,
        dated=first.bounds is not None,
    )  # fmt: skip


def _alike(run: Run) -> tuple[str, str, str]:
    """What runs have in common that follow each other: project, what was scanned, what saw the calls."""
    return run.project, scan_of(run), run.source


def scan_of(run: Run) -> str:
    """What a scan scanned, by its id; empty for a suite's run."""
    match = _SCAN.fullmatch(run.id)
    return match[1] if match else ""


def _known(reading: Reading) -> list[Run]:
    """Its runs; a bare one for calls and tests without a record of their run."""
    found = dict(reading.runs)
    for run in dict.fromkeys([*(call.run for call in reading.calls), *(test.run for test in reading.tests)]):
        found.setdefault(run, Run(id=run))
    return list(found.values())


def _ordered(known: Iterable[Run]) -> list[Run]:
    return sorted(known, key=lambda run: (started(run), run.id))


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """(existing path or URL, the text for its runs) as which `text` can be read: ``PATH``, then ``PATH:TEXT``."""
    if SIGN in text:
        url, colon, rest = text.rpartition(":")
        named = colon and not rest.startswith("//")
        if named and "/" not in rest:
            yield url, rest.strip()
        yield text, ""
        if named and "/" in rest:  # a branch; or a port
            yield url, rest.strip()
        return
    cuts = [place for place, sign in enumerate(text) if sign == ":"]
    for cut in [len(text), *reversed(cuts)]:
        if _DRIVE.match(text) and cut == 1:  # C:\suites is not the runs \suites of C
            continue
        path, rest = text[:cut], text[cut + 1 :].strip()
        if path and (rest or cut == len(text)):
            try:
                exists = Path(path).exists()
            except (OSError, ValueError):  # no path on this system
                exists = False
            if exists:
                yield path, rest


def _nothing(known: list[Run], text: str) -> str:
    """That nothing was found, and what there is."""
    if not known:
        return "nothing is recorded yet: record a run with `pytest --jevons`, or add others' with `jevons combine`"
    begun, commits = [run.id for run in known if text and run.id.startswith(text)], _commits(known, text)
    if text == "previous":
        why = f"no run of the same project and kind came before the latest, {known[-1].id}"
    elif len(begun) > 1 or len(commits) > 1:
        several = begun if len(begun) > 1 else commits
        kind = "run ids" if several is begun else "commits"
        why = f"{len(several)} {kind} begin with {text!r} ({', '.join(several[-3:])}): name more of it"
    elif period(text, time.time_ns() // 1000) is not None:
        why = f"no run started in {text!r} (UTC)"
    else:
        why = f"no run is named by {text!r}"
    branches = sorted({run.branch for run in known if run.branch})
    days = sorted({day(started(run)) for run in known} - {UNKNOWN})
    more = f" and {len(branches) - _MOST} more" if len(branches) > _MOST else ""
    parts = [
        why,
        f"the last runs: {', '.join(run.id for run in known[-5:])}",
        f"branches: {', '.join(branches[:_MOST])}{more}" if branches else "no branch is known",
        f"dates: {days[0]} to {days[-1]}" if days else "no date is known",
        _FORMS,
    ]
    return ". ".join(part[0].upper() + part[1:] for part in parts)
