"""Engines make the same cells as plain Python, to the bit."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger.test_compact import named, now
from ledger.test_daily import histories, ledger, one_run
from ledger.test_recorded import Made

from jevons.ledger.cells import Cell, cells, fold
from jevons.ledger.compacted import files
from jevons.ledger.days import day
from jevons.ledger.gather import _split, gather, together
from jevons.ledger.home import Home
from jevons.ledger.read import runs as runs_of
from jevons.ledger.recorded import Recorded, in_order, kept, of_calls, recorded
from jevons.ledger.repeats import exact
from jevons.ledger.spans import Span, of_span
from jevons.record import Call, Run, encode
from jevons.report.build import build

nw: Any = pytest.importorskip("narwhals.stable.v2", reason="engines need the extra report")
duckdb = pytest.importorskip("duckdb", reason="engines need the extra report")

from jevons.ledger import columns, engine, parquet, tables  # noqa: E402

ENGINES = ["duckdb", "polars"]
MODES = ("live", "replayed", "mocked", "recorded")
DUCK = parquet.connect()  # old versions close one that nobody holds


def lazily(path: Path, name: str) -> Any:
    """The calls of a file that compaction wrote, in an engine."""
    if name == "polars":
        polars = pytest.importorskip("polars", reason="polars is a second engine where it is installed")
        return nw.from_native(polars.scan_parquet(path, hive_partitioning=False)).filter(nw.col("event") == "call")
    if not hasattr(duckdb, "SQLExpression"):
        pytest.skip("this DuckDB is too old for narwhals' windows: cells are made in Python")
    return nw.from_native(DUCK.read_parquet(str(path))).filter(nw.col("event") == "call")


def expected(made: list[Made]) -> dict[str, list[Cell]]:
    found = {run.id: of_calls(run, calls, results).cells for run, calls, results in made}
    return {run: cells for run, cells in found.items() if cells}


def of_engine(made: list[Made], name: str) -> dict[str, list[Cell]]:
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place), made))
        now(home)
        found: dict[str, list[Cell]] = {}
        for file in files(home):
            found |= engine.of_runs(lazily(file, name))
        return found


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=8)
@given(st.data())
def test_cells_of_any_calls(name: str, data: st.DataObject) -> None:
    made = named(data.draw(histories()), "p")
    assert of_engine(made, name) == expected(made)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=4)
@given(histories())
def test_cells_by_role_and_day(name: str, made: list[Made]) -> None:
    """By any column and day, with the month as period: as plain Python makes them."""
    made = named(made, "p")
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place), made))
        now(home)
        found: list[Cell] = []
        for file in files(home):
            found += engine.cells(columns.keyed(lazily(file, name)), ["role"], "day")
    called = [call for _, calls, _ in made for call in calls]
    wanted = cells(called, lambda call: (call.role, day(call.started_us)))
    assert in_order(fold(found)) == in_order(wanted)


@settings(max_examples=6)
@given(st.data())
def test_reports_on_a_compacted_ledger(data: st.DataObject) -> None:
    """The same documents to the bit: some runs in Parquet, some in the spool or in both, some kept as cells."""
    made = named(data.draw(histories()), "p")
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place), made[:2]))
        with (home.spool / "20261119T000000-abcdef-x.jsonl").open("ab") as out:
            out.write(b'{"event":"call","id":"torn\n' + encode(kept(of_calls(*made[2]))) + b"\n")
        span = Span("x", runs_of(home), 0, 0)
        reading = of_span(home, span)
        found = recorded(reading)
        if data.draw(st.booleans()):
            now(home)
            ledger(home.path, made[1:2])
        now(home)
        again, torn = gather([home], span)
        assert again == found
        assert torn == len(reading.torn) == 1
        assert build(again, name="x", torn=torn) == build(found, name="x", torn=1)
        by_file, hours = data.draw(st.booleans()), data.draw(st.booleans())
        whole, torn = together([home], span, by_file=by_file, hours=hours)
        assert {(one.run.project, one.run.place): one.cells for one in whole} == added_up(found, by_file, hours)
        assert torn == 1
        by = data.draw(st.sampled_from(["model", "role", "day", "project"]))
        apart, added = build(found, name="x", by=by), build(whole, name="x", by=by, records=span.runs)
        assert (added.counts, added.waste, added.notes) == (apart.counts, apart.waste, apart.notes)
        rows = [sorted((row.name, row.calls, row.tokens, row.failed) for row in one.rows) for one in (added, apart)]
        assert rows[0] == rows[1]
        assert added.level.energy_wh.mid == pytest.approx(apart.level.energy_wh.mid)


def added_up(found: list[Recorded], by_file: bool, hours: bool) -> dict[tuple[str, str], list[Cell]]:
    of_places: dict[tuple[str, str], list[Cell]] = {}
    for one in found:
        of_places.setdefault((one.run.project, one.run.place), []).extend(one.cells)
    return {
        place: in_order(
            fold(
                of_place,
                lambda of: of._replace(test="", fixture="", file=of.file if by_file else ""),
                lambda period: period if hours else period[:7],
            )
        )
        for place, of_place in of_places.items()
    }


@pytest.mark.parametrize(
    ("hashes", "in_spool"),
    [(("a", "b"), ""), (("", ""), ""), (("a", "a"), ""), (("a", "a"), "taps"), (("a", "a"), "imports")],
)
def test_imported_calls_are_added_up_by_the_engine_unless_a_tap_saw_one_too(
    tmp_path: Path, hashes: tuple[str, str], in_spool: str
) -> None:
    """Wherever the two lie; then as plain Python has it."""
    made: list[Made] = []
    for number, (source, answer_hash) in enumerate(zip(("", "otlp"), hashes, strict=True)):
        run = Run(id=f"20261119T00000{number}-abcdef", project="p", source=source, started_us=1, ended_us=2)
        call = Call(id="0", run=run.id, answer_hash=answer_hash, input_tokens=9, usage="reported")
        made.append((run, [call], []))
    later = {"taps": made[:1], "imports": made[1:]}.get(in_spool, [])
    home = Home(ledger(tmp_path, [one for one in made if one not in later]))
    now(home)
    if later:
        ledger(tmp_path, later)
    span = Span("x", runs_of(home), 0, 0)
    found = recorded(of_span(home, span))
    assert gather([home], span) == (found, 0)
    twice = hashes == ("a", "a")
    assert sum(one.run.merged for one in found) == twice
    assert bool(_split(list(files(home)), span).runs) != twice
    (whole,), _ = together([home], span)
    assert whole.run.merged == twice
    assert {"": whole.cells} == {"": added_up(found, by_file=False, hours=False)["p", ""]}


def test_only_the_files_that_hold_a_run_are_opened(tmp_path: Path) -> None:
    """The others may be broken; where theirs is, that is said."""
    made = named([one_run(number, day=number) for number in range(3)], "p")
    home = Home(ledger(tmp_path, made))
    now(home)
    expected_runs = sorted(runs_of(home), key=lambda run: run.id)
    assert [run.id for run in expected_runs] == sorted(run.id for run, _, _ in made)
    for file in files(home)[1:]:
        file.write_bytes(b"PAR1")
    assert sorted(runs_of(home), key=lambda run: run.id) == expected_runs
    whole, *broken = [Span("x", [run], 0, 0) for run, _, _ in made]
    (one,), torn = gather([home], whole)
    assert (one, torn) == (of_calls(*made[0]), 0)
    for span in broken:
        assert gather([home], span) == ([], 1)


def test_a_run_without_a_record_is_known_by_the_calls_it_made(tmp_path: Path) -> None:
    """And its record, where it comes later, is not lost for it."""
    (run, calls, _), home = one_run(1), Home(tmp_path)
    home.make()
    (home.spool / f"{run.id}-1.jsonl").write_bytes(encode(calls[0]) + b"\n{torn\n")
    now(home)
    assert runs_of(home) == [Run(id=run.id)]
    (home.spool / "some-notes.jsonl").write_bytes(b"{torn\n")
    (home.spool / f"{run.id}-2.jsonl").write_bytes(encode(run) + b"\n")
    now(home)
    assert runs_of(home) == [run]
    assert len(of_span(home, Span("x", [run], 0, 0)).torn) == 2


def test_an_engine_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never replaced by another in silence."""
    for name, said in (("yarn", "name duckdb, or a Spark"), ("local[2]", r"pip install 'jevons\[spark\]'")):
        monkeypatch.setitem(sys.modules, "pyspark", None)
        with pytest.raises(parquet.NoEngineError, match=said):
            gather([], Span("x", [], 0, 0), name)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=4)
@given(histories())
def test_repeats_and_quantiles_of_any_calls(name: str, made: list[Made]) -> None:
    made = named(made, "p")
    asked = {mode: [call for _, calls, _ in made for call in calls if call.mode == mode] for mode in MODES}
    again = [call for mode in ("live", "recorded") for call in exact(asked[mode], mode)]
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place), made))
        now(home)
        frames = [columns.keyed(lazily(file, name)) for file in files(home)]
        repeats = tables.repeats(frames, ["mode"])
        found = [tables.quantiles(frame, "first_us", ["mode", "role"], [0, 50, 95, 100]) for frame in frames]
    assert sum(repeated for _, repeated in repeats.values()) == len(again)
    assert sum(count for count, _ in repeats.values()) == sum(
        not call.failed and call.request_hash != "" for mode in ("live", "recorded") for call in asked[mode]
    )
    if len(frames) == 1:
        numbers: dict[tuple[str, str], list[int]] = {}
        for call in (call for calls in asked.values() for call in calls if call.first_us is not None):
            numbers.setdefault((call.mode, call.role), []).append(call.first_us)
        ranked = {group: sorted(of_group) for group, of_group in numbers.items()}
        assert found[0] == {
            group: tuple(of_group[max(-(-len(of_group) * percent // 100), 1) - 1] for percent in (0, 50, 95, 100))
            for group, of_group in ranked.items()
        }


def test_what_columns_cannot_hold_is_folded_in_python(tmp_path: Path) -> None:
    for number, tokens in enumerate((2**33, 2**70)):
        run = Run(id=f"20261119T00000{number}-abcdef", started_us=1, ended_us=2)
        call = Call(id="0", run=run.id, input_tokens=tokens, output_tokens=tokens)
        home = Home(ledger(tmp_path / str(number), [(run, [call], [])]))
        now(home)
        (one,), torn = gather([home], Span("x", [run], 0, 0))
        assert one == of_calls(run, [call])
        assert torn == 0


def test_an_engine_that_would_overflow_refuses(tmp_path: Path) -> None:
    for name in ENGINES[:1]:
        for tokens in (2**33, 2**62):
            run = Run(id="20261119T000001-abcdef", started_us=1, ended_us=2)
            made = [(run, [Call(id="0", run=run.id, input_tokens=tokens, output_tokens=tokens)], [])]
            with pytest.raises(engine.TooLargeError):
                of_engine(made, name)
