"""Dollars of cells against list prices call by call, at every threshold and change of price there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jevons.cut.caps import MONEY, use
from jevons.ledger.recorded import CONTEXTS, kept, of_calls, opened
from jevons.record import Call, Run

genai_prices = pytest.importorskip("genai_prices", "0.0.50", "list prices, by the length of the whole prompt")
from genai_prices import data  # noqa: E402
from genai_prices.types import ModelPrice, TieredPrices, TimeOfDateConstraint  # noqa: E402

from jevons.cut.money import Dollars  # noqa: E402

DOLLARS = Dollars()
NOON = dt.datetime(2026, 10, 19, tzinfo=dt.UTC)  # a day on which many prices change, in the middle of a month
HOUR_US = 3_600_000_000


def starts(model: Any) -> Iterator[int]:
    """Where tiers of a model's prices start, variants included."""
    dated = [] if isinstance(model.prices, ModelPrice) else [one.prices for one in model.prices]
    variants = [one.prices for one in getattr(model, "price_variants", None) or ()]
    for prices in (*(dated if dated else [model.prices]), *variants):
        for price in vars(prices).values():
            if isinstance(price, TieredPrices):
                yield from (tier.start for tier in price.tiers)


def conditions(model: Any) -> list[Any]:
    return [] if isinstance(model.prices, ModelPrice) else [one.constraint for one in model.prices]


def listed(provider: str, model: str, tokens: tuple[int, int, int, int], when: dt.datetime) -> Decimal:
    usage = genai_prices.Usage(
        **dict(zip(("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"), tokens, strict=True))
    )
    made = genai_prices.calc_price(usage, model, provider_id=provider, genai_request_timestamp=when)
    return Decimal(made.total_price)


def is_found(provider: str, model: str) -> bool:
    try:
        return listed(provider, model, (1, 0, 0, 0), NOON) >= 0
    except LookupError:  # not every model is found by the name that it is listed under
        return False


SOLD = [(provider.id, model) for provider in data.providers for model in provider.models]
TIERED = [(provider, model.id) for provider, model in SOLD if any(starts(model)) and is_found(provider, model.id)]
DATED = [
    (provider, model.id)
    for provider, model in SOLD
    if any(conditions(model))
    and is_found(provider, model.id)
    # Two old tariffs change at half past: theirs is that of the hour's beginning.
    and not any(isinstance(one, TimeOfDateConstraint) and one.start_time.minute for one in conditions(model))
]


@st.composite
def tokens(draw: Any) -> tuple[int, int, int, int]:
    whole = draw(
        st.sampled_from(CONTEXTS).flatmap(lambda start: st.integers(start - 1, start + 1)) | st.integers(0, 1_000_000)
    )
    cached = draw(st.integers(0, whole))
    written = draw(st.sampled_from([0, whole - cached]) | st.integers(0, whole - cached))
    return whole, cached, written, draw(st.integers(0, 100_000))


made = st.lists(
    st.tuples(tokens(), st.sampled_from([-HOUR_US, -1, 0, HOUR_US // 2, 5 * HOUR_US])), min_size=1, max_size=25
)
AT_START = [((128_000, 0, 0, 7), 0)] * 75
CACHED = [((10, 3, 7, 1), 0)] * 40 + [((11, 3, 8, 1), 0)]
"""Means that floats would make a little too large: of prompts at a threshold; of parts of a prompt."""


@given(st.sampled_from(TIERED) | st.sampled_from(DATED), made)
@example(("google", "gemini-1.5-pro"), AT_START)
@example(("anthropic", "claude-sonnet-4-5"), CACHED)
def test_cells_cost_what_their_calls_cost_one_by_one(
    sold: tuple[str, str], counted: list[tuple[tuple[int, int, int, int], int]]
) -> None:
    provider, model = sold
    calls = [
        Call(id=str(number), run="r", provider=provider, model=model, usage="reported", status=200, test="t",
             input_tokens=one[0], cached_tokens=one[1], cache_write_tokens=one[2], output_tokens=one[3],
             started_us=int(NOON.timestamp()) * 1_000_000 + later)
        for number, (one, later) in enumerate(counted)
    ]  # fmt: skip
    expected = sum(listed(provider, model, one, NOON + dt.timedelta(microseconds=later)) for one, later in counted)
    run = of_calls(Run(id="r"), calls)
    exactly = pytest.approx(float(expected), rel=1e-9, abs=1e-15)
    assert sum(DOLLARS(cell) or 0.0 for cell in run.cells) == exactly
    for of in (run, opened(kept(run)), opened(kept(run, with_tests=False))):
        used = use([of], price=DOLLARS)
        assert used.amounts[MONEY] == exactly
        assert used.coverage(MONEY) == 1.0


def test_what_nobody_sells_or_counted_has_no_price() -> None:
    calls = [
        Call(id="1", run="r", provider="openai", model="nobody-sells-this", usage="reported", input_tokens=9),
        Call(id="2", run="r", provider="openai", model="gpt-4o"),
        Call(id="3", run="r", provider="openai", usage="reported", input_tokens=9),
    ]
    assert [DOLLARS(cell) for cell in of_calls(Run(id="r"), calls).cells] == [None, None, None]


def test_every_length_at_which_a_price_changes_is_told_apart() -> None:
    missing = {start for _, model in SOLD for start in starts(model)} - set(CONTEXTS)
    assert not missing, (
        f"genai-prices changes prices above {sorted(missing)} tokens: add them to CONTEXTS in "
        "src/jevons/ledger/recorded.py (of cells kept before, the mean prompt tells)"
    )
    assert list(CONTEXTS) == sorted(set(CONTEXTS))
