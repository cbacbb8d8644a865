"""One call's price from coefficients against the account of the very same call."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cut.prices import FIGURES, Prices
from jevons.footprint import account
from jevons.ledger.cells import cells
from jevons.record import Call

NOVEMBER_US = 1_795_000_000_000_000
TOKENS = st.integers(0, 200_000)
PRICES = Prices("DE")
"""One for all examples: coefficients of an earlier call must be right for a later one."""


@st.composite
def calls(draw: Any) -> Call:
    made = Call(id="1", run="r", started_us=NOVEMBER_US)
    made.provider, made.model = draw(
        st.sampled_from([("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"), ("ollama", "llama3.1:8b")])
    )
    made.kind = draw(st.sampled_from(["chat", "embeddings", "image"]))
    made.host_class = draw(st.sampled_from(["cloud", "private", "loopback", "process"]))
    made.usage = draw(st.sampled_from(["reported", "estimated", "unknown"]))
    if made.usage != "unknown":
        made.input_tokens, made.output_tokens = draw(TOKENS), draw(TOKENS)
        made.cached_tokens = draw(st.integers(0, made.input_tokens))
    made.status = draw(st.sampled_from([200, 429, 500]))
    if made.host_class in ("loopback", "process"):
        made.measured_mj, made.cpu_us = draw(st.none() | TOKENS), draw(st.none() | TOKENS)
    return made


@given(calls())
def test_a_price_is_the_accounts_central_figure(call: Call) -> None:
    (made,) = account(cells([call]), place="DE", timings={})
    # Rates are differences of figures a million units apart: what is left below 1e-12 is rounding.
    expected = [pytest.approx(made.figures.amount(name), rel=1e-6, abs=1e-12) for name in FIGURES]
    assert list(PRICES(call)) == expected
