"""What pages of a ledger are made of: the same sums however the ledger is kept, read and changed meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jevons.footprint import Overrides
from jevons.ledger.gather import gather
from jevons.ledger.home import Home
from jevons.ledger.spans import Span
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult
from jevons.report.document import Document
from jevons.settings import Settings

pytest.importorskip("jinja2", reason="pages need jinja2: extra report")

from jevons.server import live_ledger
from jevons.server.live_documents import Documents
from jevons.server.live_kept import KeptDays
from jevons.server.live_ledger import LiveLedger
from jevons.server.live_one_test import Given
from jevons.server.live_pages import Pages
from jevons.server.live_places import stand

DAY_US = 86_400_000_000
START_US = 1_793_923_200_000_000  # 2026-11-06


def record(home: Home, run: str, day: int, calls: int = 2, **more: Any) -> None:
    """A run of a day with calls of two tests, the first with a fixture that both use."""
    begun = START_US + day * DAY_US if day >= 0 else 0
    spool = Spool(home, run)
    facts = {"project": "x", "started_us": begun, "ended_us": begun + 1} | more
    spool(Run(id=run, **facts))  # type: ignore[arg-type]
    for number in range(calls):
        spool(
            Call(
                id=f"{run}-{number}", run=run, index=number, provider="openai", model="gpt-4o",
                test=f"t.py::{number % 2}", fixture="" if number % 3 else "s@1", file="a.py", usage="reported",
                status=200, input_tokens=500 + number, output_tokens=50, started_us=begun + number,
                answer_hash=f"{number:02x}",
            )
        )  # fmt: skip
    for number in range(2):
        spool(TestResult(run=run, test=f"t.py::{number}", outcome="passed", fixtures=["s@1"][: day % 2 + number]))
    spool.close()


def ledger(*homes: Home, kept: KeptDays | None = None) -> LiveLedger:
    made = LiveLedger(homes, lambda runs: gather(homes, Span("live", runs, 0, 0)), kept=kept)
    made.refresh()
    return made


def document(made: LiveLedger, path: str, root: Path) -> Document:
    at = stand(path, made.runs)
    assert at is not None, path
    found = Documents(made, Given(Settings(), root, Overrides())).of(at)
    assert found is not None, path
    return found


def told(found: Document) -> Any:
    """What a document says, but for the last bits of its sums."""
    rows = [(table.by, row.name, row.calls, row.tokens) for table in found.tables for row in table.rows]
    own = [(row.name, row.calls, round(row.shared_calls, 9)) for row in found.rows]
    return found.counts, sorted(rows), sorted(own), f"{found.level.energy_wh.mid:.9g}", found.notes


def test_what_is_not_kept_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / ".jevons")
    for number in range(6):
        record(home, f"20261106T0{number}0000-{number}", number, 5)
    whole = told(document(ledger(home), "/", tmp_path))
    monkeypatch.setattr(live_ledger, "_MOST_CELLS", 1)
    monkeypatch.setattr(live_ledger, "_RUNS", 1)
    made = ledger(home)
    for _ in range(2):
        assert told(document(made, "/", tmp_path)) == whole
    assert whole[0].calls == 30


def test_days_that_are_over_are_read_once_for_all_starts(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    for number in range(4):
        record(home, f"20261106T0{number}0000-{number}", number, 5)
    read: list[str] = []

    def started(version: str) -> LiveLedger:
        made = ledger(home, kept=KeptDays(home, version))
        inner = made._read
        made._read = lambda runs: read.extend(run.id for run in runs) or inner(runs)  # type: ignore[func-returns-value]
        return made

    def shown(version: str = "1") -> tuple[Any, list[str]]:
        read.clear()
        return told(document(started(version), "/", tmp_path)), sorted(run[-1] for run in read)

    whole = shown()
    assert whole[1] == ["0", "1", "2", "3"]
    assert shown() == (whole[0], ["3"]), "the last day may go on"
    assert shown("another version")[1] == ["0", "1", "2", "3"]
    file = home.path / "pages" / "2026-11-07.cells"
    file.write_bytes(b"torn")
    assert shown("another version") == (whole[0], ["1", "3"])
    next(iter(home.spools("20261106T010000-1"))).unlink()
    assert shown("another version")[0][0].calls == 15
    assert not file.exists()
    home.purge(older_than_days=1)
    assert not file.parent.exists()


def test_a_ledger_that_is_compacted_meanwhile_stays_the_same(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="compaction needs duckdb: extra report")
    from jevons.ledger.compact import compact
    from jevons.ledger.compacted import files

    home = Home(tmp_path / ".jevons")
    for number in range(4):
        record(home, f"20261106T0{number}0000-{number}", number, 5)
    made = ledger(home)
    paths = ("/", "/p/x/2026-11-07", "/r/20261106T010000-1")
    before = [told(document(made, path, tmp_path)) for path in paths]
    compact(home, quiet_s=0, grace_s=0)
    assert {path.suffix for path in files(home)} == {".parquet"}
    made.refresh()
    assert [told(document(made, path, tmp_path)) for path in paths] == before
    assert [told(document(ledger(home), path, tmp_path)) for path in paths] == before


def test_a_call_that_two_tools_saw_counts_once(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0, 3)
    record(home, "20261106T000000-import-otlp-1", 0, 4, source="otlp")
    made = ledger(home)
    assert document(made, "/p/x/2026-11-06", tmp_path).counts.calls == 4
    assert document(made, "/r/20261106T000000-import-otlp-1", tmp_path).counts.calls == 1


def test_of_two_scans_of_the_same_the_last_counts(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-scan-abc", 0)
    record(home, "20261107T000000-scan-abc", 1, 3)
    record(home, "20261107T000000-1", 1, 4)
    assert document(ledger(home), "/", tmp_path).counts.calls == 7


def test_a_run_that_two_ledgers_hold_counts_once(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "a" / ".jevons"), Home(tmp_path / "b" / ".jevons")
    record(one, "20261106T000000-1", 0)
    record(other, "20261106T000000-1", 0)
    record(other, "20261107T000000-2", 1)
    assert document(ledger(one, other), "/", tmp_path).counts.calls == 4


def test_torn_lines_are_told_where_they_are(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0)
    record(home, "20261107T000000-2", 1)
    next(iter(home.spools("20261107T000000-2"))).open("ab").write(b'{"event":"call","id')
    made = ledger(home)
    torn = "1 torn lines"
    assert any(note.startswith(torn) for note in document(made, "/", tmp_path).notes)
    assert any(note.startswith(torn) for note in document(made, "/p/x/2026-11-07", tmp_path).notes)
    assert not any(note.startswith(torn) for note in document(made, "/p/x/2026-11-06", tmp_path).notes)


def test_runs_of_which_nobody_knows_when_they_were(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "nightly-1", -1, ended_us=None)
    record(home, "20261107T000000-2", 1)
    made = ledger(home)
    assert {row.name for row in document(made, "/", tmp_path).rows} == {"unknown", "2026Q4"}
    assert [row.name for row in document(made, "/p/x/unknown", tmp_path).rows] == ["nightly-1"]
    assert document(made, "/r/nightly-1", tmp_path).counts.calls == 2


def test_a_run_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0, ended_us=None)
    record(home, "20261106T000000-2", 0)
    made = ledger(home)
    assert [made.goes_on(run) for run in made.runs.values()] == [True, False], "silence of a second is none"
    for file in home.spool.iterdir():
        os.utime(file, (1e9, 1e9))
    made.refresh()
    assert [made.goes_on(run) for run in made.runs.values()] == [False, False]
    assert document(made, "/", tmp_path).counts.calls == 4


def test_a_run_after_one_without_calls(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="what changed needs the extra report")
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0, 0)
    record(home, "20261107T000000-2", 1)
    made = ledger(home)
    assert document(made, "/r/20261107T000000-2", tmp_path).counts.calls == 2
    assert document(made, "/p/x/2026-11-07", tmp_path).left_out["change"] == "2026-11-06 holds no AI call"


def test_only_what_changed_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0)
    record(home, "20261107T000000-2", 40)
    made = ledger(home)
    pages = Pages(made, Given(Settings(), tmp_path, Overrides()))
    monkeypatch.setattr(pages._looking, "ask", lambda stamp, look: [])
    read: list[list[str]] = []
    inner = made._read
    made._read = lambda runs: read.append([run.id for run in runs]) or inner(runs)  # type: ignore[func-returns-value]
    before = {path: pages.page(path) for path in ("/p/x/2026-11", "/p/x/2026-12", "/")}
    assert sum(map(len, read)) == 2
    record(home, "20261217T000000-3", 41)
    made.refresh()
    after = {path: pages.page(path, tags=[page.tag]) for path, page in before.items()}
    assert [page.status for page in after.values()] == [304, 200, 200]
    assert read[-1] == ["20261217T000000-3"]
    assert pages.page("/p/x/2026-12").tag == after["/p/x/2026-12"].tag


def test_a_ledger_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    record(home, "20261106T000000-1", 0)
    (home.path / "parquet").mkdir()
    (home.path / "parquet" / "manifest.json").write_text("{")
    page = Pages(LiveLedger([home], lambda runs: ([], 0)), Given(Settings(), tmp_path, Overrides())).page("/")
    assert page.status == 500
    assert b"manifest.json is broken, or of a newer jevons" in page.body
