"""Published figures as checks: each is compared within its own boundary, or left out with a reason."""

import csv

import pytest
import scripts

from jevons import factors


@pytest.fixture(scope="module")
def checks():
    return scripts.module("disclosures")


@pytest.fixture(scope="module")
def file(shared_data):
    return shared_data / "energy" / "disclosures.csv"


def changed(file, tmp_path, actor, **figures):
    """The file with other figures of one actor."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows:
        if row["actor"].startswith(actor):
            row.update(figures)
    made = tmp_path / "changed.csv"
    with made.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return made


def lines(text, actor):
    return [line for line in text.splitlines() if line.startswith(f"| {actor}")]


def test_boundaries_differ_by_their_factors_alone(checks):
    claim = checks.Claim(("", ""), "", checks.FACILITY, "openai", "gpt-4o")
    gpu, running, facility = (
        checks.says(claim._replace(boundary=boundary)) for boundary in (checks.GPU, checks.RUNNING, checks.FACILITY)
    )
    host, idle, pue = factors.host().value, factors.idle().value, factors.pue("openai").value
    assert facility.mid / gpu.mid == pytest.approx(host * idle * pue)
    assert facility.mid / running.mid == pytest.approx(idle)
    widths = [said.high / said.low for said in (gpu, running, facility)]
    assert widths == sorted(widths)  # each factor brings its own doubt


def test_more_output_costs_more(checks):
    claim = checks.CLAIMS[0]
    half, said, twice = (checks.says(claim, times) for times in (0.5, 1.0, 2.0))
    assert half.mid < said.mid < twice.mid < 2.01 * said.mid


def test_every_figure_is_compared_or_left_out_with_a_reason(checks, file):
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert checks.unaccounted(rows) == []
    new = dict.fromkeys(rows[0], "") | {"actor": "Somebody", "model_or_service": "x", "energy_wh": "1"}
    assert checks.unaccounted([*rows, new]) == [("Somebody", "x", "energy_wh")]


def test_verdicts_follow_the_figures(checks, file, tmp_path):
    text = checks.section(file)
    assert len(lines(text, "")) == len(checks.CLAIMS) + 2  # head and rule
    for figure, word in (("1000", "above"), ("0.000001", "below")):
        text = checks.section(changed(file, tmp_path, "OpenAI", energy_wh=figure))
        (line,) = lines(text, "OpenAI")
        assert f"| {word} |" in line
    with pytest.raises(ValueError, match="OpenAI"):
        checks.section(changed(file, tmp_path, "OpenAI", energy_wh=""))


def test_other_scopes_are_not_compared(checks):
    compared = {(claim.row[0], claim.of) for claim in checks.CLAIMS}
    assert ("Google", "co2e_g") not in compared  # market-based
    assert ("Mistral", "water_ml") not in compared  # making of the hardware
    water = next(claim for claim in checks.CLAIMS if claim.of == "water_ml")
    site = checks.says(water)
    whole = checks.account(checks.cells([checks.Call(
        id="1", run="r", provider=water.provider, model=water.model, usage="reported", status=200,
        input_tokens=checks.CHAT[0], output_tokens=checks.CHAT[1],
    )]))[0].figures.water_l  # fmt: skip
    assert site.mid < whole.mid * 1_000
