"""BLOOM from its papers' inputs, and what a year, a team and a boundary change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.shelf.card import Amount, Card, Spent, Use
from jevons.shelf.derive import figures, whole
from jevons.shelf.folder import pick, seeds
from jevons.shelf.life import break_evens, life, total
from jevons.shelf.lineage import Family
from jevons.shelf.show import OWN, listed, show

SEEDS = seeds()
FAMILY = Family(SEEDS)


def seed(name):
    return pick(SEEDS, name)


def test_bloom_from_the_inputs_of_its_paper():
    """Luccioni et al. 2023: 433,196 kWh, 24.69 t (table 1); 14.6 t, 11.2 t, 50.5 t (table 3); 19 kg a day (4.4)."""
    bloom = seed("bloom")
    dynamic, idle, embodied = map(figures, bloom.training)
    assert dynamic.energy.mid == pytest.approx(433_196, abs=1)
    assert dynamic.carbon.mid / 1e6 == pytest.approx(24.69, abs=0.005)
    assert idle.carbon.mid / 1e6 == pytest.approx(14.6, abs=0.05)
    assert embodied.carbon.mid / 1e6 == pytest.approx(11.2, abs=0.05)
    assert whole(bloom, "carbon").total.mid / 1e6 == pytest.approx(50.5, abs=0.05)
    (use,) = bloom.use
    assert use.carbon.to("kg").mid / use.days == pytest.approx(18.9, abs=0.05)
    assert use.energy.to("Wh").mid / use.calls == pytest.approx(3.96, abs=0.005)


def test_bloom_breaks_even_after_three_times_by_three_boundaries():
    """T2 of the published results: 3.57 (dynamic carbon), 7.31 (life-cycle carbon), 23.36 years (energy)."""
    made = {(one.indicator, one.training.boundary): one for one in break_evens(seed("bloom"), FAMILY)}
    assert made["carbon", "dynamic"].count == pytest.approx(3.57, abs=0.01)
    assert made["carbon", "dynamic, idle and embodied"].count == pytest.approx(7.31, abs=0.01)
    assert made["energy", "dynamic"].count == pytest.approx(23.36, abs=0.01)
    for one in made.values():
        assert one.unit == "years"
        assert "57 g/kWh" in one.training.grid
        assert "394 g/kWh" in one.use.grid
        assert "558 requests" in one.use.request_rate


@pytest.mark.parametrize(
    ("name", "expected", "rel"),
    [("bloomz-3b", 395_602_740, 2e-4), ("bloomz-1b1", 292_467_741, 1e-6), ("bloomz-560m", 204_592_592, 1e-6)],
)
def test_parity_counts_the_base_with_the_fine_tuning(name, expected, rel):
    """Luccioni et al. 2024, table 5: training of BLOOM + fine-tuning over one inference."""
    counts = [one.count for one in break_evens(seed(name), FAMILY)]
    assert counts[-1] == pytest.approx(expected, rel=rel)
    assert counts[0] < counts[-1]


def test_the_request_rate_moves_a_break_even_twenty_times():
    """Morrison et al. 2025, table 3, OLMo 2 7B: 2.09e10, 7.68e9 and 1.05e9."""
    counts = {one.use.request_rate: one.count for one in break_evens(seed("olmo-2-1124-7b"), FAMILY)}
    assert sorted(counts.values()) == pytest.approx([1.05e9, 7.68e9, 20.9e9], rel=0.012)
    assert max(counts.values()) / min(counts.values()) > 19


def test_a_break_even_survives_a_grid_of_nothing():
    clean = Card(
        schema="jevons.card/1", id="a", name="a",
        training=(Spent(energy=Amount(100, "MWh"), carbon=Amount(0, "t"), grid_g_per_kwh=0),),
        use=(Use(energy=Amount(1, "kWh"), carbon=Amount(0, "g"), calls=10, grid_g_per_kwh=0),),
    )  # fmt: skip
    counts = {one.indicator: one.count for one in break_evens(clean, Family([clean]))}
    assert counts == {"carbon": 0.0, "energy": 1_000_000}
    used = Card(
        schema="jevons.card/1", id="b", name="b", training=(Spent(carbon=Amount(1, "t")),),
        use=(Use(carbon=Amount(0, "g"), days=1),),
    )  # fmt: skip
    assert break_evens(used, Family([used]))[0].count == math.inf


@given(st.floats(1, 1e6))
def test_training_per_call_falls_as_years_and_teams_grow(calls_a_day):
    made = life(seed("bloom"), "carbon", calls_a_day, "as stated")
    by = {(one.years, one.teams): one.each.mid for one in made.shares}
    assert by[2, 1] == pytest.approx(by[1, 1] / 2)
    assert by[1, 5] == pytest.approx(by[1, 1] / 5)
    assert all(one.each.mid * one.calls == pytest.approx(made.training.mid) for one in made.shares)
    assert made.one_more_year == pytest.approx(by[1, 1] - by[2, 1])
    assert made.one_more_team == pytest.approx(by[1, 1] - by[1, 2])


def test_lineage_counts_once_however_many_descendants():
    base = Card(schema="jevons.card/1", id="base", name="base", training=(Spent(carbon=Amount(100, "t")),))
    tuned = [
        Card(schema="jevons.card/1", id=name, name=name, base=("base",), training=(Spent(carbon=Amount(1, "t")),))
        for name in "abcde"
    ]
    merged = Card(
        schema="jevons.card/1", id="m", name="m", base=tuple("abcde"), training=(Spent(carbon=Amount(0.5, "t")),)
    )
    family = Family([base, *tuned, merged])
    assert total(merged, family, "carbon")[0].mid == pytest.approx(105.5e6)
    assert total(tuned[0], family, "carbon")[0].mid == pytest.approx(101e6)
    assert listed(family, {}, "x").carbon_g.mid == pytest.approx(105.5e6)


def test_an_unknown_base_is_said_and_not_counted():
    tuned = Card(
        schema="jevons.card/1", id="a", name="a", base=("who/knows",), training=(Spent(carbon=Amount(1, "t")),)
    )
    made = show(tuned, OWN, Family([tuned]), {})
    assert made.bases_without_card == ["who/knows"]
    assert made.with_bases == {}


def test_nothing_known_is_no_zero():
    bare = Card(schema="jevons.card/1", id="a", name="nobody-knows")
    made = show(bare, OWN, Family([bare]), {}, calls_a_day=5)
    assert (made.totals, made.life, made.break_evens) == ({}, None, [])
    assert listed(Family([bare]), {}, "x").carbon_g is None
