"""`jevons explain`: derivations on a terminal and as JSON, and what to do where nothing goes by the name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.test_commands import project, recorded
from command import jevons, process

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run

__all__ = ["project", "recorded"]


def leaves(node: dict) -> list[dict]:
    children = node.get("children", [])
    return [leaf for child in children for leaf in leaves(child)] if children else [node]


@pytest.mark.slow
def test_a_total_a_test_and_a_model(recorded: Path) -> None:
    total = jevons(recorded, "explain")
    assert total.returncode == 0
    assert "joules of GPU x host x idle x PUE" in total.stdout
    for what, by in (("test_0", "test"), ("gpt-4o", "model"), ("openai", "provider"), ("total", "total")):
        made = json.loads(jevons(recorded, "explain", what, "--format", "json").stdout)
        assert (made["by"], made["schema"]) == (by, "jevons.explain/1")
        found = [leaf for tree in made["derivations"] for leaf in leaves(tree)]
        assert len(found) > 10
        assert all(leaf.get("source") for leaf in found)


def test_a_test_costs_its_part_of_the_total(recorded: Path) -> None:
    energy = {}
    for what in ("total", "test_0", "test_1"):
        made = json.loads(jevons(recorded, "explain", what, "--format", "json").stdout)
        energy[what] = made["derivations"][0]["children"][0]["figure"]["mid"]
    assert energy["test_0"] + energy["test_1"] == pytest.approx(energy["total"])


def test_a_model_that_nothing_called_yet_needs_no_ledger(project: Path) -> None:
    done = jevons(project, "explain", "llama-3.3-70b")
    assert done.returncode == 0
    assert "none is recorded" in done.stdout
    assert "billion parameters" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("what", "said"),
    [("nothing-like-this", "nor is 'nothing-like-this'"), ("test_ai", "may be"), ("2026-0", "2026-09")],
)
def test_a_name_that_is_none_or_several(recorded: Path, what: str, said: str) -> None:
    done = jevons(recorded, "explain", what)
    if what == "2026-0":
        assert done.returncode == 0  # a day, by a part of it
        return
    assert done.returncode == 2
    assert said in done.stderr


def test_plain_consoles(recorded: Path) -> None:
    done = process(recorded, "explain", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_margins_and_contracts_are_named_and_apart(recorded: Path) -> None:
    average = json.loads(jevons(recorded, "report", "--format", "json").stdout)
    margin = json.loads(jevons(recorded, "report", "--format", "json", "--grid", "operating").stdout)
    assert (average["grid"], margin["grid"]) == ("average", "operating")
    assert margin["level"]["energy_wh"] == average["level"]["energy_wh"]
    assert margin["level"]["carbon_g"] != average["level"]["carbon_g"]
    assert "operating margin: cloud" in " ".join(jevons(recorded, "report", "--grid", "operating").stdout.split())
    assert average["market_g"] is None
    (recorded / "ours.csv").write_text(
        "name,place,year,value,low,high,unit,source\ngrid_market,,,12,12,12,gCO2e/kWh,our contract\n"
    )
    (recorded / "pyproject.toml").write_text('[tool.jevons]\nfactors = ["ours.csv"]\n')
    both = json.loads(jevons(recorded, "report", "--format", "json").stdout)
    assert both["level"] == average["level"]
    energy = both["level"]["energy_wh"]["mid"]
    assert both["market_g"]["mid"] == pytest.approx(energy * 12 / 1e3)
    assert "by contracts that you state" in " ".join(jevons(recorded, "report").stdout.split())


def test_settings_of_factors_sizes_and_servings(recorded: Path) -> None:
    before = json.loads(jevons(recorded, "report", "--format", "json").stdout)
    (recorded / "ours.csv").write_text(
        "name,place,year,value,low,high,unit,source\npue,openai,,1.5,1.5,1.5,1,our measurement\n"
    )
    (recorded / "pyproject.toml").write_text(
        '[tool.jevons]\nfactors = ["ours.csv"]\n'
        "[tool.jevons.models.gpt-4o]\ntotal_params_b = 200\nactive_params_b = 50\n"
        '[tool.jevons.serving.gpt-4o]\ngpu = "H100"\nn_gpus = 8\nbatch_avg = 64\nengine = "vLLM 0.11"\n'
    )
    after = json.loads(jevons(recorded, "report", "--format", "json").stdout)
    assert after["trust"] == "serving known"
    spans = [made["level"]["energy_wh"]["high"] / made["level"]["energy_wh"]["low"] for made in (before, after)]
    assert spans[1] < spans[0] / 3
    assert any("your own factors were used: pue of" in note and "ours.csv, row 2" in note for note in after["notes"])
    assert not any("your own factors" in note for note in before["notes"])
    told = jevons(recorded, "explain", "total").stdout
    assert "our measurement" in told
    assert "8 x H100-SXM-80GB, batch 64, vLLM 0.11" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('factors = ["none.csv"]', "none.csv"),
        ('grid = "green"', "average, operating, build"),
        ("[tool.jevons.models.m]\ntotal_params_b = 1\nactive_params_b = 2", "models: m"),
        ('[tool.jevons.serving.m]\ngpu = "Abacus"', "Abacus is not known"),
        ("[tool.jevons.serving.m]\nn_gpus = 0", "above 0"),
        ("[tool.jevons.serving.m]\nn_gpu = 1", "n_gpu"),
    ],
)
def test_settings_that_cannot_be(recorded: Path, text: str, said: str) -> None:
    (recorded / "pyproject.toml").write_text(f"[tool.jevons]\n{text}\n")
    done = jevons(recorded, "report")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_signal_of_the_hour_wins_over_the_year_for_its_place_alone(recorded: Path) -> None:
    """Local calls at 14:13 and 15:13: the file says 11 and 99 g for these hours in France, and nothing of Germany."""
    spool = Spool(Home(recorded / ".jevons"), "20260102T000000-bbbbbb")
    spool(Run(id=spool.run, project="x", started_us=1_790_000_000_000_000))
    for number in range(2):
        spool(
            Call(
                id=f"d{number}", run=spool.run, provider="ollama", model="llama3.2:1b", usage="reported", status=200,
                input_tokens=100, output_tokens=10, host_class="loopback", measured_mj=3_600_000,
                started_us=(1_790_000_000 + number * 3_600) * 1_000_000, index=number,
            )
        )  # fmt: skip
    spool.close()
    (recorded / "hours.csv").write_text(
        "start,value,unit,basis,kind,estimated,zone,source\n"
        "2026-09-21T14:00:00Z,11,gCO2e/kWh,average,lifecycle,false,FR,operator\n"
        "2026-09-21T15:00:00Z,99,gCO2e/kWh,average,lifecycle,false,FR,operator\n"
    )
    (recorded / "pyproject.toml").write_text('[tool.jevons]\nsignal = "hours.csv"\n')
    carbon = {}
    for place in ("FR", "DE"):
        made = json.loads(jevons(recorded, "report", "--place", place, "--format", "json").stdout)
        carbon[place] = made["level"]["carbon_g"]["mid"] / made["level"]["energy_wh"]["mid"] * 1e3
    assert carbon["FR"] == pytest.approx((11 + 99) / 2)
    assert carbon["DE"] == pytest.approx(329.65, rel=0.01)
    done = jevons(recorded, "report", "--grid", "operating")
    assert done.returncode == 2
    assert "never mixed" in done.stderr


@pytest.mark.slow
def test_a_scanned_test_of_pydantic_ai_reaches_named_sources(tmp_path: Path, shared_data: Path) -> None:
    archive = shared_data / "suites" / "pydantic+pydantic-ai.tar.zst"
    assert jevons(tmp_path, "scan", "-q", str(archive)).returncode == 0
    rows = json.loads(jevons(tmp_path, "report", "--by", "test", "--format", "json").stdout)["rows"]
    asked = [*[row["name"] for row in rows if row["level"]["energy_wh"]["mid"] > 0][:3], rows[-1]["name"]]
    for name in asked:
        made = json.loads(jevons(tmp_path, "explain", name, "--format", "json").stdout)
        assert made["by"] == "test"
        found = [leaf for tree in made["derivations"] for leaf in leaves(tree)]
        assert found
        assert all(leaf.get("source") for leaf in found)
