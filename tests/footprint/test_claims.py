"""The checker of claims: published contradictions are found, consistent figures are not, rounding decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint.claims import Quantity, check, printed, read
from jevons.footprint.units import convert


def rules(*quantities):
    return [finding.rule for finding in check(quantities)]


def exact(kind, value, unit="", **more):
    return Quantity(kind=kind, value=value, unit=unit, **more)


# -- published figures that contradict themselves ---------------------------------------------------------------


def test_bloom_api_day():
    """Luccioni et al. 2023 (JMLR 24(253)), section 4.4: 914 kWh, 340 kg, 394 g/kWh."""
    (finding,) = check(read("914 kWh and 340 kg at 394 g/kWh"))
    assert finding.rule == "carbon = energy x intensity"
    assert finding.ratio == pytest.approx(340 / 360.1, rel=1e-3)
    assert finding.apart > 10
    assert not check(read("864.25 kWh and 340.5 kg at 394 g/kWh"))


def test_llama_3_3_against_3_1():
    """Meta, model cards: 12.9 t and 2,040 t for 7.0M H100-hours at 700 W."""
    card = [printed("power", "700", "W")]
    for model, tonnes in (("3.3 70B", "12.9"), ("3.1 70B", "2040")):
        card += [printed("hours", "7.0e6", "h", of=model), printed("carbon", tonnes, "t", of=model)]
    (finding,) = check(card)
    assert finding.rule == "one source, one intensity"
    assert finding.ratio == pytest.approx(2040 / 12.9)


def test_llama_2_total():
    """Meta, Llama 2 model card: the rows of 7B, 13B and 70B, and the total, which has a 34B in it."""
    rows = [printed("carbon", tonnes, "t", of=model, role="row")
            for model, tonnes in (("7B", "31.22"), ("13B", "62.44"), ("70B", "291.42"))]  # fmt: skip
    total = printed("carbon", "539.00", "t", role="total")
    assert rules(*rows, total) == ["rows sum to total"]
    assert not check([*rows, printed("carbon", "153.90", "t", of="34B", role="row"), total])


def test_olmo_2_13b_has_pue_twice():
    """Morrison et al. 2025 (ICLR), table 2: 230 MWh, PUE 1.12, 101 t, 892 kL."""
    table = [
        printed("energy", "230", "MWh", scope="it"), printed("pue", "1.12"), printed("intensity", "0.351", "kg/kWh"),
        printed("wue", "3.10", "L/kWh"), printed("carbon", "101", "t"), printed("water", "892", "kL"),
    ]  # fmt: skip
    found = check(table)
    assert [finding.note for finding in found] == ["PUE applied twice"] * 2
    assert "90." in found[0].follows
    assert "798" in found[1].follows
    once = [printed("carbon", "90.4", "t"), printed("water", "798.6", "kL")]
    assert not check([*table[:4], *once])


def test_morrison_caption_against_rows():
    """Morrison et al. 2025 (ICLR), table 3: the caption's PUE 1.2 and WUE 1.29; 0.049 kWh, 16.3 g, 0.073 L."""
    row = [printed("energy", "0.049", "kWh", scope="it"), printed("intensity", "0.332", "kg/kWh"),
           printed("carbon", "16.3", "g"), printed("water", "0.073", "L")]  # fmt: skip
    found = check([*row, printed("pue", "1.2"), printed("wue", "1.29")])
    assert (found[0].rule, found[0].note) == ("carbon = energy x intensity", "PUE not applied")
    assert "one quantity, one value" in rules(*row, printed("wue", "1.29"), printed("wue", "1.49"))
    assert not check([*row, printed("wue", "1.49")])


def test_jegham_annual_water():
    """Jegham et al. 2025 (arXiv 2505.09598): GPT-4o, 391,509 MWh and 1,334,991 kL a year; EWIF 4.35, CIF 0.35."""
    year = [printed("energy", "391509", "MWh", scope="facility"), printed("water", "1334991", "kL"),
            printed("carbon", "138125", "t"), printed("pue", "1.12"), printed("wue", "0.30", "L/kWh")]  # fmt: skip
    table = [printed("ewif", "4.35", "L/kWh"), printed("intensity", "0.35", "kg/kWh")]
    (finding,) = check([*year, *table])  # 0.3528 rounds to 0.35: carbon does not contradict
    assert finding.rule.startswith("water")
    assert 1 - finding.ratio == pytest.approx(0.26, abs=0.005)
    assert not check([*year, printed("ewif", "3.142", "L/kWh"), printed("intensity", "0.3528", "kg/kWh")])


def test_power_hungry_processing():
    """Luccioni et al. 2024 (arXiv 2311.16863): 297.6 g/kWh stated; table 3; whole study; table 5."""
    both = [("BLOOMz-7B", "0.104", "14.46", "g"), ("Flan-T5-xxl", "0.083", "11.48", "g"),
            ("study", "754.66", "178.97", "kg")]  # fmt: skip
    table = [q for of, kwh, mass, unit in both
             for q in (printed("energy", kwh, "kWh", of=of), printed("carbon", mass, unit, of=of))]  # fmt: skip
    assert rules(*table) == ["one source, one intensity"]
    assert not check(table[:4])  # 139.0 and 138.3 agree as far as they are printed
    assert rules(*table, printed("intensity", "297.6", "g/kWh")).count("carbon = energy x intensity") == 3
    row = [printed("energy", str(25634 + 3242), "kWh"), printed("count", "395602740", noun="inference")]
    each = exact("per_unit", 7.3e-5, "kWh", noun="inference")  # as the other rows' parities take it
    assert rules(*row, each) == ["per unit = total / units"]


@pytest.mark.parametrize(
    "pair",
    [
        # Luccioni et al. 2025 (Misinformation by Omission), table 1, against the models' own papers
        (printed("energy", "356", "MWh", of="Llama 7B"), printed("energy", "36", "MWh", of="Llama 7B")),
        (printed("energy", "157", "MWh", of="OLMo 2 13B"), printed("energy", "230", "MWh", of="OLMo 2 13B")),
        # SCI case study eShoppen: E in the sum, and E that the result needs
        (printed("energy", "0.02394", "kWh", of="app"), exact("energy", 0.023, "kWh", of="app")),
        # Azure's WUE: Jegham et al. 2025; EcoLogits 0.11.3
        (printed("wue", "0.30", "L/kWh", of="Azure"), printed("wue", "0.569", "L/kWh", of="Azure")),
        # H100: EcoLogits documentation (November 2025); EcoLogits 0.11.3
        (printed("carbon", "164", "kg", of="H100"), printed("carbon", "273", "kg", of="H100")),
        # notebook of BLOOM's authors: "17 days 3:40 = 434 hours"
        (exact("hours", convert(17, "day", "h") + 3 + 40 / 60, "h"), printed("hours", "434", "h")),
    ],
)
def test_one_quantity_with_two_values(pair):
    assert rules(*pair) == ["one quantity, one value"]


@pytest.mark.parametrize(("after", "claimed", "true"), [("50.1", "99", "49.9"), ("54.6", "83", "45.4")])
def test_rubei_divides_by_the_new_value(after, claimed, true):
    """Rubei et al. 2025 (arXiv 2501.05899): -99 % and -83 %; energy here relative to 100 before."""
    change = [exact("before", 100.0), printed("after", after)]
    (finding,) = check([*change, printed("percent", claimed, "%")])
    assert finding.note == "divided by the new value"
    assert not check([*change, printed("percent", true, "%")])


def test_sci_for_ai_units():
    """SCI for AI specification, 9.1.3 and 9.2: 6,500 kg over 50 bn tokens; 75,000 kg over 2.5 bn parameters."""
    llm = [printed("carbon", "6500", "kg"), exact("count", 5e10, noun="token")]
    (finding,) = check([*llm, *read("0.13 g/million tokens")])
    assert "10^-3" in finding.note
    assert "130 g" in finding.follows
    assert not check([*llm, *read("130 g/million tokens, or 130 kg per billion tokens")])
    vision = [printed("carbon", "75000", "kg"), exact("count", 2.5, "billion", noun="parameter")]
    assert len(check([*vision, *read("3000 kg/billion parameters"), *read("30 kg/bn params")])) == 2
    assert not check([*vision, *read("30000 kg/billion parameters")])


def test_llama_paper_bloom_row():
    """Touvron et al. 2023 (arXiv 2302.13971), table 15: 400 W, PUE 1.1 and 0.385 kg/kWh are the authors' choice."""
    chosen = [exact("power", 400.0, "W"), exact("pue", 1.1), exact("intensity", 0.385, "kg/kWh")]

    def row(hours, mwh, tonnes):
        energy = printed("energy", mwh, "MWh", scope="facility")
        return rules(*chosen, printed("hours", hours, "h"), energy, printed("carbon", tonnes, "t"))

    assert row("1082880", "475", "183") == ["energy = hours x power x PUE"]
    assert row("1022362", "449", "173") == row("809472", "356", "137") == []  # 449.8 was cut


# -- consistent figures -----------------------------------------------------------------------------------------


def test_bloom_training_is_consistent():
    """Luccioni et al. 2023, table 1."""
    assert not check([printed("hours", "1082990", "h"), printed("power", "0.4", "kW"),
                      printed("energy", "433196", "kWh"),
                      printed("intensity", "57", "g/kWh"), printed("carbon", "24.69", "t")])  # fmt: skip


@pytest.mark.parametrize(("hours", "tonnes"), [("184320", "31.22"), ("368640", "62.44"), ("1720320", "291.42")])
def test_llama_2_rows_are_consistent(hours, tonnes):
    """Meta, Llama 2 model card; PUE and intensity of the LLaMA paper."""
    chosen = [exact("power", 400.0, "W"), exact("pue", 1.1), exact("intensity", 0.385, "kg/kWh")]
    assert not check([*chosen, printed("hours", hours, "h"), printed("carbon", tonnes, "t")])
    assert rules(*chosen, printed("hours", hours, "h"), printed("carbon", str(float(tonnes) * 1.1), "t"))


@pytest.mark.parametrize(
    ("chips", "watts", "days", "pue", "mwh", "grid", "tonnes"),
    [(200, "208", 6.8, "1.10", "7.5", "0.431", "3.2"), (1024, "289", 30, "1.09", "232", "0.415", "96.4"),
     (10_000, "330", 14.8, "1.10", "1287", "0.429", "552.1")],
)  # fmt: skip
def test_patterson_is_consistent(chips, watts, days, pue, mwh, grid, tonnes):
    """Patterson et al. 2021 (arXiv 2104.10350), table 4: Evolved Transformer search, Meena, GPT-3."""
    chip_days = exact("hours", chips * days, "day")
    hours = Quantity(kind="hours", value=chip_days.value, unit="day", step=chips * (1.0 if days == 30 else 0.1))
    assert not check([hours, printed("power", watts, "W"), printed("pue", pue),
                      printed("energy", mwh, "MWh", scope="facility"), printed("intensity", grid, "kg/kWh"),
                      printed("carbon", tonnes, "t")])  # fmt: skip


# -- rules of arithmetic ----------------------------------------------------------------------------------------

positive = st.floats(1e-2, 1e5)
digits = st.integers(3, 8)


@given(positive, positive, st.floats(1, 2), st.floats(0.01, 1), digits)
def test_rounding_is_never_a_contradiction(hours, watts, pue, grid, figures):
    def shown(kind, value, unit, **more):
        return printed(kind, f"{value:.{figures}e}", unit, **more)

    it_kwh = hours * watts / 1e3
    stated = [shown("hours", hours, "h"), shown("power", watts, "W"), shown("pue", pue, ""),
              shown("intensity", grid, "kg/kWh"), shown("energy", it_kwh * pue, "kWh", scope="facility"),
              shown("carbon", it_kwh * pue * grid, "kg")]  # fmt: skip
    assert not check(stated)


@given(positive, st.floats(0.01, 1), st.one_of(st.floats(1.05, 100), st.floats(0.01, 0.95)))
def test_what_rounding_does_not_explain_is_a_contradiction(kwh, grid, off):
    stated = [printed("energy", f"{kwh:.3e}", "kWh"), printed("intensity", f"{grid:.3e}", "kg/kWh")]
    (finding,) = check([*stated, printed("carbon", f"{kwh * grid * off:.3e}", "kg")])
    assert finding.apart > 1
    assert finding.ratio == pytest.approx(off, rel=0.01)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.integers(1, 5))
def test_rows_and_total(hundredths, units):
    def table(total):
        rows = [printed("energy", f"{one / 100:.2f}", "kWh", role="row") for one in hundredths]
        return rules(*rows, printed("energy", f"{total / 100:.2f}", "kWh", role="total"))

    assert table(sum(hundredths)) == []
    assert table(sum(hundredths) + 100 * units * len(hundredths)) == ["rows sum to total"]


def test_water_of_a_scope():
    factors = [printed("pue", "1.2"), printed("wue", "0.50", "L/kWh"), printed("ewif", "2.00", "L/kWh")]

    def litres(scope, text):
        return rules(*factors, exact("energy", 1200.0, "kWh", scope=scope), printed("water", text, "L"))

    assert litres("facility", "2900") == []  # 1000 x 0.5 + 1200 x 2
    assert litres("it", "3480") == []  # 1200 x 0.5 + 1440 x 2
    assert litres("it", "2900") == litres("facility", "3480") == ["water = energy x (WUE + PUE x EWIF)"]


def test_nothing_to_compare_is_no_finding():
    assert check([]) == []
    assert check([printed("carbon", "3", "t")]) == []
    assert check([printed("intensity", "0", "g/kWh"), printed("energy", "5", "kWh"), printed("carbon", "0", "t")]) == []


@pytest.mark.parametrize(
    ("kind", "text", "unit"),
    [("energy", "-1", "kWh"), ("energy", "nan", "kWh"), ("energy", "many", "kWh"), ("energy", "1", "kg"),
     ("joy", "1", ""), ("energy", "1", "stone")],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(kind, text, unit):
    with pytest.raises(ValueError, match=r"number|could not|measures|kind|unit"):
        printed(kind, text, unit)


# -- figures in a sentence --------------------------------------------------------------------------------------


def test_read():
    found = read("PUE of 1.2, WUE 1.49; 1,082,990 GPU-hours at 400 W used 433 MWh: 24.69 tonnes CO2e at 57 gCO2e/kWh, "
                 "12.5 kL of water, 0.13 g per million tokens. Section 4.2, 18 days, 6 %.")  # fmt: skip
    assert [(q.kind, q.value, q.unit, q.noun, q.per) for q in found] == [
        ("pue", 1.2, "", "", 1), ("wue", 1.49, "", "", 1), ("hours", 1082990, "h", "", 1), ("power", 400, "W", "", 1),
        ("energy", 433, "MWh", "", 1), ("carbon", 24.69, "t", "", 1), ("intensity", 57, "g/kWh", "", 1),
        ("water", 12.5, "kL", "", 1), ("per_unit", 0.13, "g", "token", 1e6),
    ]  # fmt: skip
    assert [q.step for q in found[:4]] == [0.1, 0.01, 1, 1]


@given(st.text(max_size=80))
def test_any_text_is_read(text):
    check(read(text))
