"""What was billed beside what was seen: never added, by provider, project, model and day."""

from __future__ import annotations

from pathlib import Path

import pytest

from jevons.ledger.billed import Amount, coverage, keep, kept, reconcile
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run
from jevons.sources.logs.entry import Billed

DAY_US = 86_400_000_000
FIRST_US = 1_788_220_800_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / ".jevons")
    for project, model, day, mode in (
        ("shop", "gpt-4o", 0, "live"), ("shop", "gpt-4o", 0, "live"), ("web", "gpt-4o", 0, "live"),
        ("web", "gpt-4o-mini", 0, "live"), ("shop", "gpt-4o", 1, "live"), ("shop", "gpt-4o", 0, "replayed"),
        ("shop", "gpt-4o", 0, "recorded"),
    ):  # fmt: skip
        number = len(made.spools())
        run = f"20260901T00000{number}-{project}"
        spool = Spool(made, run)
        spool(Run(id=run, project=project))
        call = Call(id=f"c{number}", run=run, provider="openai", model=model, mode=mode, usage="reported")
        call.started_us, call.input_tokens, call.output_tokens = FIRST_US + day * DAY_US + 5, 100, 10
        spool(call)
        spool(call)  # the same call twice, as ledgers that were put together hold it
        spool.close()
    return made


def billed(project: str = "", model: str = "", tokens: int = 1000, day: int = 0, requests: int | None = 9) -> Billed:
    told = "".join(f" {name}={value}" for name, value in (("project", project), ("model", model)) if value)
    return Billed(
        provider="openai", project=project, model=model, started_us=FIRST_US + day * DAY_US,
        bucket=f"openai {day}{told}", requests=requests, input_tokens=tokens, output_tokens=0,
    )  # fmt: skip


def test_by_project_and_model(home: Home) -> None:
    rows = [billed("shop", "gpt-4o", 500), billed("web", "gpt-4o", 110), billed("web", "gpt-4o-mini", 50)]
    made = reconcile(home, rows)
    assert [(row.project, row.model, row.billed.tokens, row.seen.tokens, row.unseen.tokens) for row in made] == [
        ("shop", "gpt-4o", 500, 220, 280), ("web", "gpt-4o", 110, 110, 0), ("web", "gpt-4o-mini", 50, 110, -60),
    ]  # fmt: skip
    assert [row.coverage for row in made] == [pytest.approx(0.44), 1.0, 1.0]
    # What was seen beyond a bill covers nothing else that was billed.
    assert coverage(made) == pytest.approx((220 + 110 + 50) / 660)


def test_a_project_of_the_provider_own_is_compared_with_all(home: Home) -> None:
    made = reconcile(home, [billed("proj_1", "gpt-4o", 300), billed("proj_2", "gpt-4o", 330)])
    assert [(row.project, row.billed, row.seen) for row in made] == [("", Amount(18, 630, 0), Amount(3, 300, 30))]


def test_without_a_model_all_are_meant_and_days_are_apart(home: Home) -> None:
    made = reconcile(home, [billed(tokens=1000), billed(tokens=110, day=1, requests=None)])
    assert [(row.day, row.seen.requests, row.seen.tokens) for row in made] == [
        ("2026-09-01", 4, 440), ("2026-09-02", 1, 110),
    ]  # fmt: skip
    assert made[1].unseen == Amount(None, 10, -10)


def test_a_coarser_report_of_the_same_adds_nothing(home: Home) -> None:
    rows = [billed(tokens=660), billed(model="gpt-4o", tokens=600), billed(model="gpt-4o-mini", tokens=60)]
    assert sum(row.billed.tokens for row in reconcile(home, rows)) == 660


def test_rows_are_kept_once_and_a_later_report_takes_their_place(home: Home) -> None:
    keep(home, [billed(model="gpt-4o", tokens=1)])
    keep(home, [billed(model="gpt-4o", tokens=2), billed(model="x", tokens=3)])
    assert [row.input_tokens for row in kept(home)] == [2, 3]


def test_where_nothing_was_billed_there_is_no_coverage(home: Home) -> None:
    assert coverage(reconcile(home, [])) is None
    assert coverage(reconcile(home, [billed(tokens=0)])) is None
