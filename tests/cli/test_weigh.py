"""`jevons weigh` as people use it: a page, a document, an error with a line; a first scenario without a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cli.test_compare import record
from click.testing import CliRunner, Result
from command import jevons, process

from jevons.cli import cli

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

EXAMPLES = Path(__file__).parents[2] / "examples" / "scenarios"
SCENARIO = """\
title = "CI or a laptop"
unit = "one run"
place = "DE"
[alternatives.ci]
[[alternatives.ci.flows]]
what = "ci"
time_min = 10
[alternatives.laptop]
[[alternatives.laptop.flows]]
what = "laptop"
time_min = {low = 1, mid = 10, high = 100}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "s.toml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["weigh", *arguments])


def test_a_page_and_a_document_say_the_same(project: Path) -> None:
    page = jevons(project, "weigh", "s.toml")
    assert page.returncode == 0, page.stderr
    assert max(map(len, page.stdout.splitlines())) <= 80
    assert "stands beside, claims nothing" in " ".join(page.stdout.split())
    made = json.loads(run("s.toml", "--format", "json").output)
    assert made["schema"] == "jevons.weigh/1"
    assert made["method"]
    assert [one["view"] for one in made["views"]] == ["short run", "long run", "attributional"]
    assert made["views"][0]["verdicts"][0]["verdict"] == "not shown"
    assert "not shown" in page.stdout
    assert made["views"][0]["verdicts"][0]["decides"][0]["what"] == "laptop, flow 1: time"


def test_it_pipes_as_plain_ascii(project: Path) -> None:
    done = process(project, "weigh", "s.toml", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_another_indicator_and_another_place(project: Path) -> None:
    (project / "s.toml").write_text(SCENARIO.replace('place = "DE"\n', ""))
    made = json.loads(run("s.toml", "--indicator", "energy", "--place", "FR", "--format", "json").output)
    assert (made["indicator"], made["measure"], made["place"]) == ("energy", "Wh", "FR")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("time_min = 10", "time = 10"), "s.toml, line 7: time has no unit"),
        (('"laptop"', '"labtop"'), "s.toml, line 10: what = 'labtop' is no kind of flow: did you mean laptop?"),
        (("title =", "titel ="), "s.toml, line 1: 'titel' is not known: did you mean title?"),
        (('"ci"\n', '"ledger"\nrun = "latest"\n#'), "s.toml, line 5: nothing is recorded yet"),
        (('"ci"\n', '"training"\ncard = "nobody"\nserves = 3\n#'), "s.toml, line 5: "),
        (("unit", "unit = = 3\nunit"), "s.toml, line 2: no valid TOML"),
    ],
)
def test_a_fault_is_an_error_with_file_line_and_remedy(project: Path, change: tuple[str, str], says: str) -> None:
    (project / "s.toml").write_text(SCENARIO.replace(*change, 1))
    done = run("s.toml")
    assert done.exit_code == 2
    assert says in done.output
    assert "Traceback" not in done.output


def test_bytes_that_are_no_text_are_refused_with_their_line(project: Path) -> None:
    (project / "s.toml").write_bytes(b"title = 't'\nunit = '\xff'\n")
    done = run("s.toml")
    assert done.exit_code == 2
    assert "s.toml, line 2: not UTF-8" in done.output


def test_calls_and_failures_of_the_ledger_are_flows_and_benefits(project: Path) -> None:
    record(project, 1, 10, judges=4)
    flows = '[[alternatives.ci.flows]]\nwhat = "ledger"\nrun = "latest"\nrole = "judge"\n'
    (project / "s.toml").write_text(SCENARIO.replace("[alternatives.laptop]", f"{flows}[alternatives.laptop]", 1)
                                    + '[alternatives.ci.real]\nrun = "latest"\n')  # fmt: skip
    made = json.loads(run("s.toml", "--format", "json").output)
    assert made["benefits"][0]["real"] == 0
    assert "0 tests failed (ledger)" in made["benefits"][0]["source"]
    assert any(one["what"] == "units of the ledger's runs" for one in made["defaults"])


def test_new_judge_asks_four_questions_at_most_and_takes_the_rest_from_the_ledger(project: Path) -> None:
    from jevons.weigh.scenario.new import COMPARE, JUDGE

    assert len(JUDGE) <= 4
    assert len(COMPARE) <= 8
    record(project, 1, 10, judges=4)
    done = run("--new", "judge", "--answer", "asked=0.85", "--answer", "place=SE")
    assert done.exit_code == 0, done.output
    assert "find out next: " in done.output
    text = (project / "judge.toml").read_text()
    made = tomllib.loads(text)
    assert made["alternatives"]["keep"]["model"] == "gpt-4o"
    assert made["inputs"]["prompt"] == {"value": 900.0, "unit": "tokens", "source": "the ledger: 4 calls by judges"}
    assert made["demand"]["calls_per_day"]["value"] == 4
    assert (made["quality"]["asked"], made["place"]) == (0.85, "SE")
    roles = {one["role"] for one in made["alternatives"].values()}
    assert roles == {"keep", "cut first", "existing small model", "fine-tune"}
    again = run("--new", "judge")
    assert again.exit_code == 2
    assert "is there already" in again.output
    assert (project / "judge.toml").read_text() == text


@pytest.mark.parametrize("other", ["scripts", "people", "crowd", "local", "nothing"])
def test_new_compare_writes_a_file_that_is_weighed_whatever_is_not_known(project: Path, other: str) -> None:
    done = run("--new", "compare", "--answer", f"other={other}", "--answer", "calls=50-200", "-o", "mine.toml")
    assert done.exit_code == 0, done.output
    made = tomllib.loads((project / "mine.toml").read_text())
    calls = made["alternatives"]["ai"]["flows"][0]["calls"]
    assert (made["inputs"][calls] if isinstance(calls, str) else calls)["mid"] == 100
    assert other in made["alternatives"]
    assert made["from"]["calls"] == "your answer"
    weighed = json.loads(run("mine.toml", "--format", "json").output)
    assert weighed["views"][0]["levels"][0]["alternative"] == "ai"
    assert all(one["source"] for one in weighed["inputs"])


def test_an_answer_that_is_known_is_not_asked_for_again(project: Path) -> None:
    done = run("--new", "compare", *(f"--answer={one}" for one in ("other=local", "calls=50", "output_tokens=90-110")))
    assert "find out next: input tokens" in " ".join(done.output.split()), done.output
    made = tomllib.loads((project / "compare.toml").read_text())
    assert made["alternatives"]["local"]["flows"][0]["host"] == "local"
    weighed = json.loads(run("compare.toml", "--indicator", "money", "--format", "json").output)
    costs = {one["alternative"]: one["figure"] for one in weighed["views"][2]["levels"]}
    assert costs["local"] is None  # nobody sells these: unknown, not what others ask for that model


def test_answers_may_stand_in_a_file(project: Path) -> None:
    (project / "answers.toml").write_text('unit = "one defect \\"found\\""\nmodel = "gpt-4o-mini"\nhours = "?"\n')
    done = run("--new", "compare", "--answers", "answers.toml")
    assert done.exit_code == 0, done.output
    assert tomllib.loads((project / "compare.toml").read_text())["unit"] == 'one defect "found"'


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("calls=many", "calls = 'many': a number (120), a range (50-200), or ? for don't know"),
        ("calls=200-50", "calls = '200-50': a number"),
        ("other=magic", "other = 'magic': one of scripts, people, crowd, local, nothing"),
        ("colour=red", "answer 'colour' is not asked for; names are unit, model"),
        ("calls", "write NAME=VALUE"),
        ("place=Nowhere", "place 'Nowhere' is not known"),
    ],
)
def test_an_answer_that_cannot_be_used_writes_nothing(project: Path, answer: str, says: str) -> None:
    done = run("--new", "compare", "--answer", answer)
    assert done.exit_code == 2
    assert says in done.output
    assert not (project / "compare.toml").exists()


def test_it_is_asked_for_one_thing_at_a_time(project: Path) -> None:
    assert run().exit_code == 2
    assert run("s.toml", "--new", "judge").exit_code == 2
    assert run("s.toml", "--answer", "a=b").exit_code == 2
    assert "examples/scenarios/judge.toml" in run("--help").output


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of one's own: Unix only")
def test_somebody_at_a_terminal_is_asked_plainly_and_may_not_know(project: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jevons", "weigh", "--new", "judge"]
    running = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.write(ours, b"gpt-4o-mini\n?\n0.8\nDE\n")
    said, _ = running.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert running.returncode == 0, said
    assert said.count("[? for don't know]") == 4
    made = tomllib.loads((project / "judge.toml").read_text())
    assert made["alternatives"]["keep"]["model"] == "gpt-4o-mini"
    assert made["demand"]["calls_per_day"]["mid"] == 2000
    assert made["from"]["model"] == "your answer"
    assert "find out next: " in said
