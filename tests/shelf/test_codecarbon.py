"""CodeCarbon's emissions.csv: cumulative rows once, what cannot be with its line."""

import pytest

from jevons.shelf import codecarbon
from jevons.shelf.text import CardError

HEAD = (
    "timestamp,project_name,run_id,duration,emissions,energy_consumed,cpu_energy,gpu_energy,ram_energy,gpu_count,pue\n"
)


def rows(*lines):
    return HEAD + "\n".join(lines)


def test_rows_of_one_run_are_cumulative_and_count_once():
    made = codecarbon.read(
        rows(
            "2026-01-01T10:00:00,p,a,100,0.1,1,0.5,0.25,0.25,2,1.0",
            "2026-01-01T11:00:00,p,a,3600,0.4,4,2,1,1,2,1.0",
            "2026-01-02T10:00:00,p,b,1800,0.2,2,1,0.5,0.5,2,1.0",
            "2026-01-03T10:00:00,p,,1800,0.3,3,1.5,1,0.5,2,1.0",
        ),
        "f",
    )
    assert made.spent.energy.to("kWh").mid == pytest.approx(4 + 2 + 3)
    assert made.spent.carbon.to("kg").mid == pytest.approx(0.9)
    assert made.spent.machine_hours == pytest.approx(2 * 2)
    assert (made.first, made.last) == ("2026-01-01", "2026-01-03")
    assert (made.spent.how, made.spent.scope) == ("measured", "server")


def test_pue_is_in_its_energies_and_never_applied_again():
    made = codecarbon.read(rows("2026-01-01,p,a,3600,0.5,5,5,0,0,0,1.5"), "f")
    assert made.spent.energy.value == 5
    assert (made.spent.scope, made.spent.pue) == ("facility", 1.5)


def test_parts_that_do_not_add_up_are_said():
    made = codecarbon.read(rows("2026-01-01,p,a,3600,0.5,5,1,1,1,0,1.0"), "f")
    assert any("rows sum to total" in note and note.startswith("f:2") for note in made.notes)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a,b\n1,2\n", 1, "no column duration"),
        (rows("2026,p,a,-1,0.5,5,,,,,"), 2, "duration -1"),
        (rows("2026,p,a,1,0.5,5,,,,,", "2026,p,b,1,x,5,,,,,"), 3, "x"),
        (rows("2026,p,a,1,0.5,inf,,,,,"), 2, "energy_consumed inf"),
        (rows("2026,p,a,1,0.5,5,,,,,0.5"), 2, "pue 0.5"),
        (rows("2026,p,a,1,,,,,,,"), 2, "no run"),
    ],
)
def test_a_fault_has_its_line(text, line, says):
    with pytest.raises(CardError, match=says) as raised:
        codecarbon.read(text, "f")
    assert raised.value.faults[0].line == line


def test_the_samples(shared_data):
    folder = shared_data / "formats" / "codecarbon"
    made = codecarbon.read((folder / "emissions.csv").read_text(encoding="utf-8"), "emissions.csv")
    assert made.spent.source == "CodeCarbon, 19 runs"
    assert made.spent.place == "FRA"
    assert len(made.notes) == 2  # two rows hold no emissions
    made = codecarbon.read((folder / "emissions_valid_headers.csv").read_text(encoding="utf-8"), "v.csv")
    assert made.spent.energy.value == 0.00057442898176
    assert made.spent.water.value == 0.1
