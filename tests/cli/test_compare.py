"""`jevons compare` and `jevons gate` as people use them: processes of their own, over a ledger of several runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command import jevons

from jevons.cli import cli
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult

START = 1_790_000_000
DAY = 86_400


def record(
    folder: Path, number: int, calls: int, *, branch: str = "main", project: str = "x", judges: int = 0, **more: object
) -> str:
    started = (START + number * DAY) * 1_000_000
    spool = Spool(Home(folder / ".jevons"), f"2026092{number % 10}T00000{number % 10}-{number:06x}")
    run = Run(id=spool.run, project=project, branch=branch, ci="github", started_us=started, ended_us=started + 1)
    spool(run)
    for index in range(calls + judges):
        judge = index >= calls
        spool(
            Call(**{
                "id": f"{spool.run}-{index}", "run": spool.run, "provider": "openai", "model": "gpt-4o", "index": index,
                "test": f"tests/test_ai.py::test_{'judged' if judge else index % 2}", "usage": "reported",
                "status": 200, "input_tokens": 900, "output_tokens": 100, "started_us": started,
                "role": "judge" if judge else "product", **more,
            })  # type: ignore[arg-type]
        )  # fmt: skip
    for test in ("test_0", "test_1", "test_judged"):
        spool(TestResult(run=spool.run, test=f"tests/test_ai.py::{test}", outcome="passed"))
    spool.close()
    return spool.run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    for number in range(6):
        record(tmp_path, number, 10, judges=4)
    return tmp_path


def test_two_lines_answer(project: Path) -> None:
    record(project, 6, 5, judges=4, branch="less")
    done = jevons(project, "compare", "main", "less")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()[:2]
    assert first.startswith("greener?  per run: yes, 36 % less carbon")
    assert "in total: yes, 89 % less carbon" in second
    made = json.loads(jevons(project, "compare", "main", "less", "--format", "json").stdout)
    assert made["schema"] == "jevons.compare/1"
    assert made["per_run"]["ratio"] == pytest.approx(9 / 14)
    assert sum(one["effect"] for one in made["drivers"]) == pytest.approx(
        made["after"]["amount"] - made["before"]["amount"]
    )
    assert jevons(project, "compare", "main", "less", "--format", "markdown").stdout.startswith("### Greener?")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_lighter_per_run_and_heavier_in_total_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 0, 10, branch="less")
    for number in range(1, 4):
        record(tmp_path, number, 5, branch="more")
    said = run("compare", "less", "more").output.splitlines()
    assert said[0] == "greener?  lighter per run, heavier in total"
    assert said[1].startswith("          per run: yes, 50 % less carbon")
    assert said[2].startswith("          in total: no, 50 % more carbon")
    page = run("compare", "less", "more", "--format", "markdown").output
    assert "- **greener?** lighter per run, heavier in total\n- **and** per run: yes" in page
    assert "greener?  heavier per run, lighter in total" in run("compare", "more", "less").output


def test_latest_beside_the_one_before(project: Path) -> None:
    assert "the same carbon, exactly" in jevons(project, "compare").stdout


@pytest.mark.parametrize(
    ("arguments", "said"), [(("latest", "latest"), "the same runs"), (("nope",), "branches: main")]
)
def test_what_cannot_be_compared(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = jevons(project, "compare", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.replace("Branches", "branches")


def test_doubled_judge_calls_fail_with_the_reason_in_two_lines(project: Path) -> None:
    record(project, 6, 10, judges=8, branch="pr")
    done = jevons(project, "gate")
    assert done.returncode == 1
    broken, moved = done.stdout.splitlines()[:2]
    assert broken.startswith("broken   judge_calls: 8 is 2.00 times its base of 6 runs (branch main)")
    assert moved == "moved    tests/test_ai.py::test_judged: 8 judge_calls (4 before)"
    summary = jevons(project, "gate", "--format", "markdown")
    assert summary.returncode == 1
    assert summary.stdout.startswith("### AI budget: exceeded")


def test_within_noise_passes(project: Path) -> None:
    record(project, 6, 10, judges=4, branch="pr")
    done = jevons(project, "gate")
    assert done.returncode == 0
    assert done.stdout.startswith("passed")


def test_no_history_yet_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, 3, branch="pr")
    done = jevons(tmp_path, "gate")
    assert done.returncode == 0
    assert "no base" in done.stdout


def test_the_ratchet(project: Path) -> None:
    done = jevons(project, "gate", "--set")
    assert done.returncode == 0
    agreed = (project / "jevons-budget.toml").read_text()
    assert "calls = 14" in agreed
    assert jevons(project, "gate").returncode == 0
    record(project, 6, 11, judges=4, branch="pr")
    made = json.loads(jevons(project, "gate", "--format", "json").stdout)
    assert made["exit_code"] == 1
    assert made["why"][0] == "calls of this run: 15 of 14 (107%)"
    (project / "jevons-budget.toml").write_text(agreed.replace('method = "', 'method = "1999.'))
    other = jevons(project, "gate", "--run", "20260925")
    assert other.returncode == 2
    assert "its cap was set by method 1999." in other.stdout


@pytest.mark.parametrize("broken", ["[run]\ncalls = -1\n", "[moon]\ncalls = 1\n", "[run]\nbananas = 1\n", "[run\n"])
def test_a_broken_agreement_is_named(project: Path, broken: str) -> None:
    (project / "jevons-budget.toml").write_text(broken)
    done = jevons(project, "gate")
    assert done.returncode == 2
    assert "jevons-budget.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_ledger_as_the_base(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    here = tmp_path_factory.mktemp("pr")
    (here / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(here, 7, 10, judges=8, branch="pr")
    assert jevons(here, "gate", "--against", str(project / ".jevons")).returncode == 1
    assert jevons(here, "gate", "--against", "nowhere").returncode == 0  # a warning


def test_caps_of_the_settings_also_on_repeats_and_money(project: Path) -> None:
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    for caps, code in (
        ("run = {calls = 14, repeats = 0}", 0),
        ("run = {money_usd = 0.0001}", 1),
        ("month = {calls = 84}", 0),
        ("month = {calls = 83}", 1),
        ("run = {calls = 14}\ngrowth = 0.5", 0),
    ):
        (project / "pyproject.toml").write_text(f"[tool.jevons.budget]\n{caps}\n")
        done = jevons(project, "gate", "--run", "20260925")
        assert done.returncode == code, done.stdout
    (project / "pyproject.toml").write_text("[tool.jevons.budget]\nrun = {bananas = 1}\n")
    done = jevons(project, "gate")
    assert done.returncode == 2
    assert "bananas" in done.stderr
    assert "money_usd" in done.stderr


QUARTER = 91  # days


def test_a_quarter_in_which_a_team_joins_another_stops_and_the_method_changes(tmp_path: Path) -> None:
    """Neither shows up as backfire or as saving; what was published stays, and why it is another figure now is said."""
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    for number in range(5):
        record(tmp_path, number, 10)
        record(tmp_path, number + QUARTER, 10)
    for number, team in ((0, "leaver"), (QUARTER, "newcomer")):
        record(tmp_path, number + 5, 900, project=team)
    done = jevons(tmp_path, "report", "--run", "2026Q3", "--publish", "2026Q3")
    assert done.returncode == 0
    assert "commit jevons-published/2026Q3.json" in done.stderr
    path = tmp_path / "jevons-published" / "2026Q3.json"
    published = json.loads(path.read_text())
    published["method"] = "2025.1"
    published["figures"] = {name: [end / 3 for end in ends] for name, ends in published["figures"].items()}
    path.write_text(json.dumps(published))
    said = jevons(tmp_path, "compare", "2026Q3", "2026Q4").stdout
    assert said.splitlines()[0] == "greener?  per run: the same carbon, exactly"
    said = " ".join(said.split())
    assert "in total: the same carbon, exactly" in said
    assert "newcomer on github, 900 calls" in said
    assert "leaver on github, 900 calls" in said
    assert "published as" in said
    assert "(method and models +200 %)" in said
    restated = json.loads(jevons(tmp_path, "report", "--published", "2026Q3", "--format", "json").stdout)
    assert [step["what"] for step in restated["steps"]] == ["method and models"]
    record(tmp_path, 6, 1)  # a run of the quarter that arrives late
    shown = jevons(tmp_path, "report", "--published")
    assert "the ledger knows 1 more run of 2026Q3 since" in shown.stdout
    again = jevons(tmp_path, "report", "--run", "2026Q3", "--publish", "2026Q3")
    assert again.returncode == 2
    assert "published already" in again.stderr
    assert json.loads(path.read_text()) == published
