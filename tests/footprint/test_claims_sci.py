"""An SCI report against itself: slips that are known in public examples are found, what agrees is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint.claims.sci import check_report


def language_model(score: str, provider: str = "4 g CO₂e/10¹⁵ FLOPs") -> str:
    """The figures of SCI for AI, section 9.1 (Green Software Foundation), in words of our own."""
    return f"""
### A language model
#### What its Consumer counts
- operational carbon of the Consumer: 5,000 kg CO₂e/week
- embodied carbon of the Consumer: 1,500 kg CO₂e/week
- total tokens: 50 billion tokens/week
- score: 6,500 kg CO₂e over 50 billion tokens is 130 kg CO₂e/billion tokens
#### What its Provider counts
- operational carbon of the Provider: 180,000 kg CO₂e, embodied: see below
- embodied carbon of the Provider: 20,000 kg CO₂e
- work: 5 × 10²² FLOPs
- SCI = 200,000 kg CO₂e / (5 × 10²² FLOPs) = 4 × 10⁻¹⁸ kg CO₂e/FLOP
#### What is reported
- **Consumer**: {score}
- **Provider**: {provider}
"""


def vision(consumer: str, *provider: str) -> str:
    """The same, section 9.2."""
    lines = "\n".join(f"- Provider SCI: {one}" for one in provider)
    return f"""
### Images
- Consumer emissions: 3,200 kg CO₂e/month
- Total inferences: 40 million/month
- Consumer SCI = {consumer}
- Provider emissions: 75,000 kg CO₂e
- Total parameters: 2.5 billion
{lines}
"""


def test_the_known_slips_of_sci_for_ai_are_found_and_its_right_lines_are_not() -> None:
    right = language_model("130 g CO₂e/million tokens") + vision(
        "0.08 g CO₂e/inference", "30,000 kg CO₂e/bn parameters"
    )
    assert check_report(right) == []
    slips = language_model("0.13 g CO₂e/million tokens") + vision(
        "0.08 g CO₂e/inference", "3000 kg CO₂e/billion parameters", "30 kg CO₂e/billion parameters"
    )
    found = check_report(slips)
    assert [(one.section, round(one.finding.ratio, 6)) for one in found] == [
        ("A language model", 0.001), ("Images", 0.1), ("Images", 0.001),
    ]  # fmt: skip
    assert "0.13 g" in slips.splitlines()[found[0].line - 1]
    assert "10^-3" in found[0].finding.note
    assert [
        one.finding.ratio for one in check_report(language_model("130 g CO₂e/million tokens", "4 g CO₂e/10¹² FLOPs"))
    ] == [pytest.approx(1e3)]


def test_the_cases_that_are_kept_of_it(shared_data: Path) -> None:
    """T5 of the acceptance cases: what follows is theirs, what was printed is flagged."""
    cases = {one["id"]: one for one in json.loads((shared_data / "papers" / "cases.json").read_text(encoding="utf-8"))}
    given, follows = (cases["T5-sciai-unit-errors"][key] for key in ("inputs", "expected"))
    text = "Total carbon: {kg} kg CO2e for {tokens} tokens\n".format(**given)
    assert check_report(f"{text}SCI: {follows['g_per_million_tokens']} g CO2e per million tokens") == []
    assert len(check_report(f"{text}SCI: 0.13 g CO2e per million tokens")) == 1
    text = "Total carbon: {cv_kg} kg CO2e for {params_bn} billion parameters\n".format(**given)
    assert check_report(f"{text}SCI: {follows['kg_per_bn_params']} kg CO2e/billion parameters") == []
    assert len(check_report(f"{text}SCI: 3000 kg CO2e/billion parameters\nSCI: 30 kg CO2e/billion parameters")) == 2
    shop = cases["T5-sci-eshoppen-db"]["inputs"]
    line = "SCI = ({e} kWh * {i} gCO2e/kWh) + 5.112 gCO2e = {sci} gCO2e"
    expected = cases["T5-sci-eshoppen-db"]["expected"]
    assert check_report(line.format(e=expected["e_kwh"], i=shop["i"], sci=expected["sci"])) == []
    # The other part of the same study prints 0.02394 in a sum that needs 0.023.
    assert check_report(line.replace("5.112", "4.305").format(e="0.023", i=shop["i"], sci=shop["app"])) == []
    (found,) = check_report(line.replace("5.112", "4.305").format(e="0.02394", i=shop["i"], sci=shop["app"]))
    assert found.finding.rule == "SCI = (E x I) + M"


def test_a_total_that_is_no_sum_of_its_parts() -> None:
    right = "Operational: 5,000 kg CO2e\nEmbodied: 1,500 kg CO2e\nTotal: {} kg CO2e\n"
    assert check_report(right.format("6,500")) == []
    (found,) = check_report(right.format("6,000"))
    assert (found.line, found.finding.rule) == (3, "total = operational + embodied")
    # Without a total printed, the parts are one.
    parts = "Operational: 4 kg CO2e\nEmbodied: 1 kg CO2e\n1,000 runs\nSCI: {} g CO2e per run\n"
    assert check_report(parts.format(5)) == []
    assert len(check_report(parts.format(4))) == 0  # as far as they are printed: 3.5 + 0.5 kg round to 4 and 1
    assert len(check_report(parts.format("0.005"))) == 1


def test_two_personas_and_two_sections_are_never_mixed() -> None:
    text = "# One\nConsumer total: 10 kg CO2e, 1,000 runs\n# Two\nConsumer SCI: 3 g CO2e per run\n"
    assert check_report(text) == []
    text = "# One\nConsumer total: 10 kg CO2e, 1,000 runs\nProvider SCI: 3 g CO2e per run\n"
    assert check_report(text) == []
    text = "# One\nConsumer total: 10 kg CO2e, 1,000 runs\nConsumer SCI: 3 g CO2e per run\n"
    assert len(check_report(text)) == 1


@given(
    st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 10**6), st.sampled_from([1, 1_000, 10**6]),
    st.sampled_from(["tokens", "calls", "visits"]), st.sampled_from([0.001, 0.1, 3, 10, 1_000]),
)  # fmt: skip
def test_a_report_that_computes_is_left_alone_and_one_that_is_off_is_found(
    operational: int, embodied: int, count: int, per: int, noun: str, off: float
) -> None:
    def text(score: float) -> str:
        return (
            f"Operational carbon: {operational:,} g CO2e\nEmbodied carbon: {embodied:,} g CO2e\n"
            f"Total: {operational + embodied:,} g CO2e\nTotal {noun}: {count:,}\n"
            f"SCI: {score:.6e} g CO2e per {per:,} {noun}\n"
        )

    score = (operational + embodied) / count * per
    assert check_report(text(score)) == []
    rounding = (0.5 / (operational + embodied) + 0.5 / count) * 2
    if rounding < min(abs(off - 1), abs(1 - 1 / off)) / 2:
        assert [one.finding.ratio for one in check_report(text(score * off))] == [pytest.approx(off, rel=1e-4)]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert all(1 <= one.line <= len(text.splitlines()) for one in check_report(text))
