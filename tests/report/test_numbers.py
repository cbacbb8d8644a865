"""Numbers as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.report.document import Range
from jevons.report.numbers import between, digits, percent


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.01234, "0.012"), (1234, "1,200"), (9.96, "10"), (0.5, "0.50"), (12.3, "12"), (99.6, "100")],
)
def test_two_digits_without_exponent(value: float, shown: str) -> None:
    assert digits(value) == shown


@given(st.floats(1e-9, 1e9))
def test_what_is_shown_is_within_half_a_unit_of_the_second_digit(value: float) -> None:
    shown = float(digits(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(
    ("figure", "unit", "shown"),
    [
        (Range(0.0004, 0.001, 0.0021), "Wh", "0.40–2.1 mWh"),
        (Range(0, 0, 0), "g", "0 g"),
        (Range(2, 5, 3000), "g", "0.0020–3.0 kg"),
        (Range(0.5, 0.5, 0.5), "L", "500 mL"),
        (Range(0, 1, 2), "Wh", "0–2.0 Wh"),
    ],
)
def test_both_ends_have_one_prefix(figure: Range, unit: str, shown: str) -> None:
    assert between(figure, unit) == shown


def test_rows_of_a_column_share_a_prefix() -> None:
    assert between(Range(0.0001, 0.0002, 0.0003), "Wh", largest=0.01) == "0.10–0.30 mWh"


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_none_or_all(share: float) -> None:
    shown = percent(share)
    assert re.fullmatch(r"[<>]?\d+ %", shown)
    assert (shown == "0 %") == (share == 0)
    assert (shown == "100 %") == (share == 1)
