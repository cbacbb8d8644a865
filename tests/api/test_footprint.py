"""`jevons.footprint`: what a call takes by the account of the reports; unknown is no zero."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import jevons
from jevons.footprint import account
from jevons.footprint.rates import FIGURES
from jevons.ledger.cells import cells
from jevons.record import Call

TOLD = {"model": "gpt-4o", "input_tokens": 900, "output_tokens": 100}


def test_a_described_call_takes_what_the_same_call_takes_in_a_ledger() -> None:
    call = Call(id="", run="", provider="openai", usage="reported", status=200, region="eu-west-1", **TOLD)
    (same,) = account(cells([call]))
    made = jevons.footprint(**TOLD, place="eu-west-1")
    for name in FIGURES:
        assert getattr(made, name) == same.figures.interval(name)
    assert made.place == "Ireland"
    assert jevons.footprint(call).energy_wh == jevons.footprint([call]).energy_wh == made.energy_wh
    assert jevons.footprint(cells([call])).energy_wh == made.energy_wh
    assert {"grid", "pue"} <= {one.name for one in made.sources}
    assert all(one.source and one.source_url and one.licence for one in made.sources)
    assert "900 input tokens read" in made.explain()


def test_many_times_are_as_many_calls() -> None:
    once, often = jevons.footprint(**TOLD), jevons.footprint(**TOLD, times=1_000_000)
    assert often.calls == 1_000_000
    assert often.energy_wh.ends == pytest.approx([1e6 * end for end in once.energy_wh.ends])
    if once.usd is not None:
        assert once.usd == pytest.approx((900 * 2.5 + 100 * 10) / 1e6)
        assert often.usd == pytest.approx(1e6 * once.usd)


def test_place_grid_and_host_decide() -> None:
    sweden, poland = (jevons.footprint(**TOLD, place=place) for place in ("SE", "PL"))
    assert sweden.energy_wh.mid == poland.energy_wh.mid
    assert sweden.carbon_g.mid < poland.carbon_g.mid / 5
    assert jevons.footprint(**TOLD, place="PL", grid="build").carbon_g != poland.carbon_g
    own = jevons.footprint(model="llama-3.1-8b", input_tokens=9, output_tokens=9, host="process", place="PL")
    assert own.place == "Poland"
    assert "pue" not in {one.name for one in own.sources}


def test_what_is_not_known_is_none_and_said() -> None:
    made = jevons.footprint(model="gpt-4o")
    assert made.energy_wh is made.carbon_g is made.water_l is made.embodied_g is made.usd is None
    assert made.coverage == 0
    assert str(made).count("unknown") == 4 + 1  # the figures, and why
    assert jevons.footprint(model="gpt-4o", input_tokens=9).energy_wh is None
    assert jevons.footprint(model="text-embedding-3-small", kind="embeddings", input_tokens=9).energy_wh.mid > 0
    part = jevons.footprint([
        Call(id="a", run="", usage="reported", status=200, **TOLD), Call(id="b", run="", model="gpt-4o", status=200)
    ])  # fmt: skip
    assert part.coverage == 0.5
    assert part.caveats[0].startswith("figures for 50 % of calls")
    assert str(part).count("at least") == 4
    guessed = jevons.footprint(model="nobodys-model", input_tokens=9, output_tokens=9)
    assert any("nobodys-model is not known" in one for one in guessed.caveats)


def test_settings_of_a_project_hold_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jevons.models.gpt-4o]\ntotal_params_b = 1\n")
    own, usual = jevons.footprint(**TOLD, project=tmp_path), jevons.footprint(**TOLD)
    assert own.energy_wh.mid < usual.energy_wh.low
    assert not any("not published" in one for one in own.caveats)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "the model of one"),
        ({**TOLD, "place": "Atlantis"}, "place 'Atlantis' is not known"),
        ({**TOLD, "host": "moon"}, "host 'moon': one of cloud"),
        ({**TOLD, "cached_tokens": 901}, "cached ones are part of input_tokens"),
        ({**TOLD, "input_tokens": -1}, "0 at least"),
        ({**TOLD, "times": 0}, "1 at least"),
        ({**TOLD, "grid": "green"}, "grid 'green'"),
        ({**TOLD, "date": "tomorrow"}, "tomorrow"),
        ({**TOLD, "calls": []}, "not both"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jevons.footprint(**asked)


def test_what_is_neither_call_nor_cell_is_refused() -> None:
    with pytest.raises(TypeError, match="not dict"):
        jevons.footprint([TOLD])


def test_names_come_on_demand_and_the_room_of_the_same_name_can_be_called() -> None:
    probe = f"""
import sys
import jevons
assert [name for name in sys.modules if name.startswith("jevons")] == ["jevons"]
first = jevons.footprint(**{TOLD!r})
import jevons.footprint
from jevons.footprint import Interval
assert jevons.footprint(**{TOLD!r}).energy_wh == first.energy_wh
assert isinstance(first.energy_wh, Interval)
assert not {{"numpy", "pandas", "duckdb", "scipy"}} & sys.modules.keys()
for name in jevons.__all__:
    assert getattr(jevons, name)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
