"""`jevons rebound` as people use it: processes of their own, over daily cells."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from command import jevons

from jevons.cli import cli

pytest.importorskip("scipy", reason="series need numpy and scipy: extra report")

from weigh.suites import FIRST, kept, verdicts

from jevons.record import encode

AT = FIRST + dt.timedelta(56)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    spool = folder / ".jevons" / "spool"
    spool.mkdir(parents=True)
    both = kept(verdicts(112, 56, 4.0), 56) + kept(verdicts(112, 56, 1.0, seed=2), 56, project="web", tokens=(9, 9))
    (spool / f"{FIRST}-cells.jsonl").write_bytes(b"".join(encode(one) + b"\n" for one in both))
    return folder


def test_text_and_json_say_the_same(project):
    asked = ("rebound", "--at", str(AT), "--control", "web/github", "--figure", "energy")
    done = jevons(project, *asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("rebound?   effect, beside the control: backfire")
    assert "not observed" in done.stdout
    assert "live calls a day" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    made = json.loads(jevons(project, *asked, "--format", "json").stdout)
    assert made["schema"] == "jevons.rebound/1"
    assert made["method"]
    assert (made["verdict"], made["controls"], made["groups"]) == ("backfire", ["web/github"], ["shop/github"])
    assert f"{made['rebound']['mid']:.0%}".replace("%", " %") in " ".join(done.stdout.split())


def test_scenarios_are_no_prediction(project):
    done = jevons(project, "rebound", "--gain", "50")
    assert done.returncode == 0, done.stderr
    assert "no prediction" in done.stdout
    assert "100 %: verdicts x 2.0" in done.stdout


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "--at DATE"),
        (("--at", "2026-13-01"), "a day as 2026-09-01"),
        (("--at", str(AT), "--control", "wbe/github"), "one of shop/github, web/github"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(project, asked, said):
    done = jevons(project, "rebound", *asked)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


BEFORE, AFTER = f"{FIRST}..{AT - dt.timedelta(1)}", f"{AT}..2026-12-31"


@pytest.fixture
def inside(project, monkeypatch):
    monkeypatch.chdir(project)


def run(*arguments):
    return CliRunner().invoke(cli, arguments)


def test_a_comparison_says_rebound_where_it_is_asked_and_only_as_the_series_does(inside):
    """Its drivers are an identity (LMDI): the word never rests on them, whatever they add up to."""
    asked = ("compare", BEFORE, AFTER, "--figure", "energy")
    plain, why = run(*asked).output, run(*asked, "--why").output
    assert "\nwhy " in plain
    for word in ("rebound", "backfire", "taken back"):
        assert word not in plain
    assert why == plain + "\n" + run("rebound", "--at", str(AT), "--figure", "energy").output
    assert "rebound?   association, for there is no control: backfire" in why
    made = json.loads(run(*asked, "--why", "--format", "json").output)
    assert (made["rebound"]["schema"], made["rebound"]["at"]) == ("jevons.rebound/1", str(AT))
    assert "rebound" not in json.dumps([made[name] for name in ("drivers", "per_run", "total", "moved", "notes")])
    assert json.loads(run(*asked, "--format", "json").output)["rebound"] is None
    page = run(*asked, "--why", "--format", "markdown").output
    assert "- **rebound?** association, for there is no control: backfire" in page


def test_few_days_are_not_shown_with_the_weeks_that_are_missing(inside):
    """A week of the ledger after the change: the days before it are enough, three more weeks are needed."""
    last = AT + dt.timedelta(55)
    done = run("compare", f"{last - dt.timedelta(13)}..{last - dt.timedelta(7)}",
                  f"{last - dt.timedelta(6)}..{last}", "--why")  # fmt: skip
    said = " ".join(done.output.split())
    assert "rebound? not shown: 28 days before and after are needed; 3 weeks more would do" in said, said


@pytest.mark.parametrize(
    ("before", "after"),
    [("previous", "latest"), (BEFORE, f"{AT + dt.timedelta(9)}..2026-12-31"), (AFTER, BEFORE)],
    ids=["runs", "apart", "backwards"],
)
def test_where_it_cannot_be_asked_a_line_says_so(inside, before, after):
    said = run("compare", before, after, "--why")
    assert said.exit_code == 0, said.output
    last = said.output.split("\n\n")[-1]
    assert " ".join(last.split()).startswith("rebound? not asked: it needs two periods of this ledger")
    assert "rebound" not in said.output.removesuffix(last)
    assert json.loads(run("compare", before, after, "--why", "--format", "json").output)["rebound"] is None


def test_a_page_of_two_periods_shows_it_apart_from_the_drivers(inside):
    pytest.importorskip("jinja2", reason="pages need jinja2: extra report")
    asked = ("report", "--run", AFTER, "--against", BEFORE, "--format")
    page = run(*asked, "html").output
    drivers, _, rebound = page.partition("<h3>What more use took back</h3>")
    assert "association, for there is no control: backfire" in rebound
    assert "backfire" not in drivers
    assert json.loads(run(*asked, "json").output)["change"]["rebound"]["verdict"] == "backfire"


def test_a_comparison_fits_80_columns(inside):
    said = run("compare", BEFORE, AFTER, "--why").output.splitlines()
    assert max(map(len, said)) <= 80
    assert len(said) > 20
