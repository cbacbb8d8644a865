"""`jevons shelf`: what a user does with it, end to end."""

import json

import pytest
import yaml
from click.testing import CliRunner

from jevons.cli.shelf import command
from jevons.footprint import METHOD_VERSION
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run

README = """---
license: mit
pipeline_tag: text-generation
base_model: meta-llama/Llama-3.2-1B
co2_eq_emissions:
  emissions: 1710
  source: CodeCarbon
  hardware_used: NVIDIA A100-SXM4-40GB
---
# My judge
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pytest.ini").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, code=0):
    made = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert made.exit_code == code, made.output
    return made


def as_json(*arguments, code=0):
    return json.loads(run(*arguments, "--format", "json", code=code).stdout)


def test_bloom_end_to_end(project):
    text = run("show", "bloom").stdout
    for figure in ("433.2 MWh", "24.69 t", "50.53 t", "18.92 kg", "3.57", "7.31", "23.4", "394 g/kWh", "57 g/kWh"):
        assert figure in text
    assert "carbon = energy x intensity: stated use 340.514 kg" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    made = as_json("show", "bloom")
    assert (made["schema"], made["method"]) == ("jevons.shelf.show/1", METHOD_VERSION)
    years = [round(one["count"], 1) for one in made["break_evens"]]
    assert years[:3] == [3.6, 7.3, 23.4]


def test_every_card_that_ships_reads_well_in_80_columns(project):
    for line in as_json("list")["cards"]:
        text = run("show", line["id"], "--calls-a-day", 1000).stdout
        assert all(len(row) <= 80 or "://" in row for row in text.splitlines()), line["id"]
    assert all(len(row) <= 80 for row in run("list").stdout.splitlines())


def test_a_readme_is_put_on_the_shelf_found_and_given_back(project):
    (project / "README.md").write_text(README, encoding="utf-8")
    made = as_json("add", "README.md", "--name", "org/judge", "--eval", "MMLU=61")
    assert (made["schema"], made["read"], made["footprints"]) == ("jevons.shelf.add/1", 1, 1)
    assert made["written"] == [str(project / "jevons-shelf" / "org--judge.json")]
    shown = as_json("show", "judge")
    assert shown["bases"] == ["llama-3.2-1b", "llama-3.1-8b", "llama-3.1-70b"]
    own, (base1, base8, base70) = 1710, (107e6, 420e6, 2040e6)
    assert shown["with_bases"]["carbon"]["mid"] == pytest.approx(own + base1 + base8 + base70)
    ranked = as_json("find", "--task", "text-generation", "--eval", "MMLU>=60")["ranked"]
    assert "llama-3.1-8b" in [one["card"]["id"] for one in ranked]
    metadata = yaml.safe_load(run("export", "judge", "--format", "huggingface").stdout.strip().strip("-"))
    assert metadata["co2_eq_emissions"]["emissions"] == 1710
    (project / "README.md").write_text(run("export", "judge", "--format", "huggingface").stdout, encoding="utf-8")
    run("add", "README.md", "--replace")
    assert as_json("show", "judge")["card"] == shown["card"]


def test_cyclonedx_there_and_back(project):
    run("add", "my-judge", "--hours", 40, "--hardware", "A100", "--place", "FR", "--base", "llama-3.1-8b")
    before = as_json("show", "my-judge")["card"]
    run("export", "my-judge", "--format", "cyclonedx", "--spec", "1.6", "-o", "bom.json")
    assert json.loads((project / "bom.json").read_text(encoding="utf-8"))["specVersion"] == "1.6"
    run("add", "bom.json", "--replace")
    after = as_json("show", "my-judge")["card"]
    after.pop("kept")
    assert after == before


def test_by_hours_flops_and_parameters(project):
    run("add", "a", "--hours", 1_082_990, "--hardware", "A100", "--power", 400, "--grid", 57, "--scope", "gpu")
    made = as_json("show", "a")
    assert made["totals"]["energy"]["mid"] == pytest.approx(433_196, abs=1)
    assert made["totals"]["carbon"]["mid"] == pytest.approx(24.69e6, abs=5e3)
    run("add", "b", "--flops", 6e19, "--hardware", "A100", "--place", "SE")
    run("add", "c", "--parameters", 1e9, "--tokens", 1e10, "--hardware", "A100", "--place", "SE")
    b, c = (as_json("show", name)["totals"] for name in "bc")
    assert b == c


def test_codecarbon(project):
    (project / "emissions.csv").write_text(
        "timestamp,project_name,duration,emissions,energy_consumed\n2026-01-01T00:00:00,judge,60,0.001,0.01\n",
        encoding="utf-8",
    )
    run("add", "emissions.csv")
    assert as_json("show", "judge")["totals"]["carbon"]["mid"] == 1.0


def test_the_same_training_twice_needs_replace(project):
    arguments = ("add", "a", "--hours", 1, "--hardware", "A100", "--place", "SE")
    run(*arguments)
    assert "--replace" in run(*arguments, code=2).output
    run(*arguments, "--replace")


def test_strict_keeps_off_what_cannot_be_right(project):
    (project / "README.md").write_text("---\nco2_eq_emissions: 0\n---\n", encoding="utf-8")
    made = run("add", "README.md", "--name", "a", "--strict", code=1)
    assert "exactly 0" in made.stdout
    assert not (project / "jevons-shelf").exists()
    run("add", "README.md", "--name", "a")
    assert "exactly 0" in run("show", "a").stdout


def write(path, **card):
    text = json.dumps({"schema": "jevons.card/1", "id": path.stem, "name": path.stem, **card}, indent=1)
    path.write_text(text.replace('"ENDLESS"', "1e999"))
    return path


@pytest.mark.parametrize(
    ("card", "line", "says"),
    [
        ({"training": [{"machine_hours": -3}]}, 7, "0 at least"),
        ({"training": [{"machine_hours": 3, "hardware": "Frobnicator", "place": "FR"}]}, 8, "not known"),
        ({"training": [{"machine_hours": 3, "hardware": "A100"}]}, 6, "where?"),
        ({"note": "x"}, 1, "no energy and no carbon"),
        ({"base": ["own"], "training": [{"carbon": {"value": 1, "unit": "kg"}}]}, 5, "circle"),
        ({"evals": [{"name": "MMLU", "value": "ENDLESS"}]}, 8, "no finite number"),
        ({"note": "x" * 10_000_000}, 1, "10.0 MB"),
    ],
)
def test_what_cannot_be_read_has_file_and_line_and_nothing_is_written(project, card, line, says):
    write(project / "own.json", **card)
    for more in ((), ("--dry-run",)):
        made = run("add", "own.json", *more, code=2)
        assert f"own.json:{line}: " in made.output
        assert says in made.output
    assert not (project / "jevons-shelf").exists()


def test_a_result_that_is_no_number_is_not_written(project):
    made = run("add", "a", "--hours", 1, "--hardware", "A100", "--place", "SE", "--eval", "MMLU=nan", code=2)
    assert "evals.0.value: no finite number" in made.output
    assert not (project / "jevons-shelf").exists()


def test_a_shelf_with_a_bad_card_says_which(project):
    (project / "jevons-shelf").mkdir()
    write(project / "jevons-shelf" / "bad.json", calls=-1)
    made = CliRunner().invoke(command, ["list"])
    assert made.exit_code == 2
    assert "bad.json:5: calls: a number, 0 at least" in made.output


def test_models_that_the_ledger_saw_are_there_on_day_one(project):
    spool = Spool(Home(project / ".jevons"), "20260921T000000-000001")
    start = 1_790_000_000_000_000
    spool(Run(id=spool.run, project="helpdesk", started_us=start))
    for number in range(3):
        spool(
            Call(
                id=str(number), run=spool.run, kind="chat", provider="openai", host_class="cloud", model="gpt-4o-mini",
                usage="reported", status=200, input_tokens=100, output_tokens=10, started_us=start + number,
            )
        )  # fmt: skip
    spool.close()
    (line,) = as_json("list", "--own")["cards"]
    assert (line["id"], line["where"], line["calls"], line["users"]) == (
        "gpt-4o-mini",
        "seen by the ledger",
        3,
        ["helpdesk"],
    )
    made = as_json("show", "gpt-4o-mini")
    assert (made["each"]["how"], made["totals"]) == ("ledger", {})
    # Its training once somebody knows it: calls are joined to the card.
    run("add", "gpt-4o-mini", "--hours", 3, "--hardware", "H100", "--place", "SE")
    made = as_json("show", "gpt-4o-mini")
    assert made["card"]["calls"] == 3
    assert made["life"]["served_each"]["mid"] == pytest.approx(made["totals"]["carbon"]["mid"] / 3)


def test_markdown_holds_boundaries_and_doubts(project):
    text = run("export", "bloom", "--format", "markdown").stdout
    assert "| 7.31 years | carbon | 50.53 t | dynamic, idle and embodied | Orsay, France, 57 g/kWh |" in text
    assert "cannot be right" in text


def test_nothing_good_enough_is_exit_1(project):
    assert (
        "nothing that is known to be good enough"
        in run("find", "--task", "text-generation", "--eval", "MMLU>=99.9", code=1).stdout
    )
    run("find", "--eval", "MMLU", code=2)
    assert "shelf list" in run("show", "no such model", code=2).output


def test_a_shared_shelf_at_a_url(project):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    url = f"memory://{project.name}"
    run("add", "a", "--hours", 1, "--hardware", "A100", "--place", "SE", "--shelf", url)
    assert [line["id"] for line in as_json("list", "--own", "--shelf", url)["cards"]] == ["a"]
    assert not (project / "jevons-shelf").exists()
    run("add", f"{url}/a.json")
    assert (project / "jevons-shelf" / "a.json").exists()


@pytest.mark.parametrize("name", ["list", "show", "find", "add", "export"])
def test_help_has_examples(name):
    assert "Show this message" in run(name, "--help").stdout
    assert "Examples:" in run("--help").stdout


def test_1419_cards_as_a_command(project, shared_data):
    made = run("add", shared_data / "formats" / "hf_co2" / "HFCO2.csv.gz", "--dry-run")
    assert "with a footprint 1,419, without 0" in made.stdout
    assert "cannot be right:" in made.stdout
    assert "kg in place of g" in made.stdout
    assert all(len(line) <= 80 or "/" in line for line in made.stdout.splitlines())
    assert not (project / "jevons-shelf").exists()
