"""What cannot be right is found by rules, what is consistent is not."""

import msgspec
import pytest

from jevons.shelf import source
from jevons.shelf.card import Amount, Card, Spent, Use
from jevons.shelf.checks import across, findings
from jevons.shelf.derive import estimate
from jevons.shelf.folder import seeds
from jevons.shelf.lineage import Family


def card(*training, name="m", **more):
    return Card(schema="jevons.card/1", id=name, name=name, training=training, **more)


def rules(*training, **more):
    return [found.rule for found in findings(card(*training, **more))]


def test_published_contradictions_of_the_cards_that_ship_are_flagged_and_nothing_else():
    """914 kWh and 340 kg at 394 g/kWh (BLOOM); 12.9 t for 7.0M H100-hours (Llama 3.3); PUE twice (OLMo 2 13B)."""
    family = Family(seeds())
    found = [one for one in family.cards.values() for one in findings(one, family)] + across(family.cards.values())
    assert {(one.card, one.rule) for one in found} == {
        ("bloom", "carbon = energy x intensity"),
        ("llama-3.3-70b-instruct", "carbon over energy is a grid's"),
        ("llama-3.3-70b-instruct", "one source, one intensity"),
        ("olmo-2-1124-13b", "carbon = energy x intensity"),
    }
    assert any("PUE applied twice" in one.what for one in found)


@pytest.mark.parametrize(
    ("carbon", "unit", "flagged"), [(57, "g", True), (57, "kg", False), (57, "t", True), (0.057, "t", False)]
)
def test_units_are_sane(carbon, unit, flagged):
    """1,000 kWh are 57 kg at 57 g/kWh: no electricity has 0.057 g, or 57 kg, a kWh."""
    spent = Spent(energy=Amount(1000, "kWh"), carbon=Amount(carbon, unit))
    assert rules(spent) == (["carbon over energy is a grid's"] if flagged else [])


def test_a_prefix_is_named():
    (found,) = findings(card(Spent(hardware="P100 for about 1.5 hours", carbon=Amount(0.21, "g"))))
    assert "as kg in place of g" in found.what
    assert not findings(card(Spent(hardware="P100 for about 1.5 hours", carbon=Amount(210, "g"))))


def test_pue_counts_once():
    stated = {"scope": "gpu", "energy": Amount(1000, "kWh"), "pue": 1.2, "grid_g_per_kwh": 100}
    assert not rules(Spent(**stated, carbon=Amount(120, "kg")))
    (found,) = findings(card(Spent(**stated, carbon=Amount(144, "kg"))))
    assert "PUE applied twice" in found.what


def test_rows_sum_to_their_total():
    parts = [
        Spent(part=part, carbon=Amount(value, "t"), source="s") for part, value in (("dynamic", 24.69), ("idle", 14.6))
    ]
    assert not rules(*parts, Spent(carbon=Amount(39.29, "t"), source="s"))
    assert rules(*parts, Spent(carbon=Amount(50.5, "t"), source="s")) == ["rows sum to total"]


def test_a_training_takes_energy():
    assert rules(Spent(carbon=Amount(0, "g"))) == ["training takes energy"]
    assert not rules(Spent(energy=Amount(149, "MWh"), carbon=Amount(0, "t"), grid_g_per_kwh=0))  # hydropower, as stated


def test_no_more_than_the_hardware_draws():
    spent = {"hardware": "2 A100", "machine_hours": 10}
    assert not rules(Spent(energy=Amount(6, "kWh"), **spent))
    assert rules(Spent(energy=Amount(60, "kWh"), **spent)) == ["energy within what the hardware draws"]


def test_no_less_than_one_pass_over_the_data():
    big = {"weights_bytes": 5.6e8, "note": "NLP"}
    spent = {"data_bytes": 8e8, "hardware": "1 Tesla P100", "place": "Denmark"}
    assert rules(Spent(carbon=Amount(0.0334, "g"), **spent), **big) == ["no less than one pass over its data"]
    assert not rules(Spent(carbon=Amount(334, "g"), **spent), **big)


def test_less_than_a_start_is_hard_to_believe_and_no_more():
    (found,) = findings(card(Spent(carbon=Amount(0.0006, "g"))))
    assert (found.rule, found.impossible) == ("more than a machine's start", False)


def test_the_same_figure_digit_by_digit_is_one_training():
    twice = [card(Spent(carbon=Amount(286.4350821612984, "g")), name=name) for name in "ab"]
    assert {(one.card, one.impossible) for one in across(twice)} == {("a", True), ("b", True)}
    round_ = [card(Spent(carbon=Amount(17, "g")), name=name) for name in "ab"]
    assert not across(round_)
    hours = [card(Spent(carbon=Amount(4009.5, "g")), name=name) for name in "ab"]  # an estimate of the same hours
    assert {one.impossible for one in across(hours)} == {False}


def test_a_figure_of_the_base_told_again():
    base = card(Spent(carbon=Amount(149200, "g")), name="distil")
    tuned = card(Spent(activity="fine-tuning", carbon=Amount(149200, "g")), name="mine", base=("distil",))
    (found,) = findings(tuned, Family([base, tuned]))
    assert found.rule == "a training counts once"
    assert not findings(base, Family([base, tuned]))


def test_short_trainings_that_began_apart_may_have_taken_as_much():
    def told(began: str) -> list[str]:
        """Of a card with the base's figure, that began at 4:05:06."""
        base, tuned = (
            card(Spent(carbon=Amount(1.25e-05, "g"), how="estimated", tool="jevons", started=at), name=name, base=on)
            for name, at, on in (("first", "2026-11-26T04:05:06.000Z", ()), ("second", began, ("first",)))
        )
        return [one.rule for one in findings(tuned, Family([base, tuned]))]

    assert told("2026-11-26T04:05:07.000Z") == []
    assert told("2026-11-26T04:05:06.000Z") == told("") == ["a training counts once"]


def test_use_is_checked_too():
    use = Use(energy=Amount(914, "kWh"), carbon=Amount(340, "kg"), grid_g_per_kwh=394, days=18)
    assert [one.rule for one in findings(card(use=(use,)))] == ["carbon = energy x intensity"]


def test_our_own_estimates_do_not_contradict_themselves():
    for scope in ("gpu", "server", "facility"):
        assert not rules(estimate(hardware="A100", machine_hours=1234.5, place="FR", scope=scope))


def test_1419_cards_of_hugging_face(shared_data):
    """Every one read, each with a footprint or a reason; and what of them cannot be right."""
    read = source.contents(str(shared_data / "formats" / "hf_co2" / "HFCO2.csv.gz"))
    assert len(read.cards) + len(read.missing) == 1419
    assert all(one.training[0].carbon is not None for one in read.cards)
    assert len({one.id for one in read.cards}) == len(read.cards)
    found = [one for card in read.cards for one in findings(card)] + across(read.cards)
    wrong = {one.card for one in found if one.impossible}
    assert {"xlmindic-base-multiscript-soham", "bart-base-cnn-swe", "xlmindic-base-uniscript"} <= wrong
    assert "bloom" not in {one.card for one in found}  # 24,700,000 g, as the paper has it
    assert 15 <= len(wrong) <= 30


def test_trainings_one_after_another_are_no_rows_of_a_table():
    def stretch(hour, part, kwh):
        return Spent(
            started=f"2026-11-26T0{hour}:00:00Z", part=part, how="measured", source="a meter", energy=Amount(kwh, "kWh")
        )

    rows = [("failed", 1.0), ("failed", 2.0), ("all", 5.0)]
    assert findings(card(*(stretch(hour, *row) for hour, row in enumerate(rows)))) == []
    told = [msgspec.structs.replace(stretch(0, *row), started="") for row in rows]
    assert [found.rule for found in findings(card(*told))]  # the same as a table: 1 and 2 are not 5
