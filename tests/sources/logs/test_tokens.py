"""Tokens in one meaning, whatever a tool means by input and output."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.sources.logs.tokens import canonical, of_usage
from jevons.wire.base import Usage

COUNT = st.integers(0, 10**9)


@given(COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_total_tells_what_is_inside(
    fresh: int, cached: int, stored: int, said: int, thought: int,
    inside: bool, within: bool, rule_cached: bool, rule_reasoning: bool,
) -> None:  # fmt: skip
    """Whatever a format's rule is: the sums come out as the total says."""
    read, written = fresh + cached + stored, said + thought
    found = canonical(
        read if inside else fresh, written if within else said, cached, stored, thought, read + written,
        cached_inside=rule_cached, reasoning_inside=rule_reasoning,
    )  # fmt: skip
    assert found is not None
    assert found.input + found.output == read + written
    if cached + stored != thought:  # else one rule's sum equals another's
        assert (found.input, found.output) == (read, written)


@given(COUNT, COUNT, COUNT, COUNT)
def test_without_a_total_the_rule_decides(fresh: int, cached: int, stored: int, written: int) -> None:
    outside = canonical(fresh, written, cached, stored, cached_inside=False)
    inside = canonical(fresh + cached + stored, written, cached, stored, cached_inside=True)
    assert outside == inside == Usage(fresh + cached + stored, written, cached, stored, None)


@given(st.integers(0, 1000), st.integers(1, 1000), COUNT)
def test_a_cache_larger_than_the_input_lies_outside_it(fresh: int, more: int, written: int) -> None:
    found = canonical(fresh, written, fresh + more)
    assert found is not None
    assert found.input == 2 * fresh + more


@pytest.mark.parametrize(
    ("usage", "outside", "wanted"),
    [
        # OpenAI chat: cached and reasoning are details of prompt and completion.
        (
            {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130,
             "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": {"reasoning_tokens": 20}},
            False, (100, 30, 60, None, 20),
        ),
        # Anthropic: 100 + 900 + 10 = 1010.
        (
            {"input_tokens": 100, "output_tokens": 7, "cache_read_input_tokens": 900,
             "cache_creation_input_tokens": 10},
            True, (1010, 7, 900, 10, None),
        ),
        # LiteLLM of Anthropic: the prompt holds them already, under both families' names.
        (
            {"prompt_tokens": 1010, "completion_tokens": 7, "total_tokens": 1017, "cache_read_input_tokens": 900,
             "cache_creation_input_tokens": 10, "prompt_tokens_details": {"cached_tokens": 900}},
            False, (1010, 7, 900, 10, None),
        ),
        # xAI: total = prompt + completion + reasoning.
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 215,
             "completion_tokens_details": {"reasoning_tokens": 200}},
            False, (10, 205, None, None, 200),
        ),
    ],
)  # fmt: skip
def test_usage_of_sdks(usage: dict[str, Any], outside: bool, wanted: tuple[int | None, ...]) -> None:
    assert of_usage(usage, cached_inside=not outside) == wanted


@pytest.mark.parametrize("usage", [None, {}, [], {"total_tokens": 9}, {"input_tokens": "9", "output_tokens": -1}])
def test_what_shows_no_count_is_unknown(usage: Any) -> None:
    assert of_usage(usage) is None
