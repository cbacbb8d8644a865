"""Tokens of logs brought to one meaning: input includes cached and cache-written tokens, output includes reasoning.

Tools differ in whether their input includes what a cache answered, and their output what a model thought; some changed
it between versions. Where a record prints a total, the total decides: it is the sum of what is counted once. Where it
prints none, the format's own rule does. OpenTelemetry's rule (semantic conventions v1.41.1,
``gen_ai.usage.input_tokens``: "SHOULD include all types of input tokens, including cached tokens") is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from jevons.record import Call
from jevons.wire.base import Usage, checked, part, whole

Names = tuple[str, ...]
_INPUT: Names = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens")
_OUTPUT: Names = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens")
_TOTAL: Names = ("total_tokens", "totalTokens", "total")
_READ: Names = ("cache_read_input_tokens", "input_tokens_cache_read", "cached_input_tokens", "cache_read_tokens")
_WRITE: Names = ("cache_creation_input_tokens", "input_tokens_cache_write", "cache_write_tokens")
_REASONING: Names = ("reasoning_tokens", "reasoning_output_tokens")


def canonical(
    read: int | None,
    written: int | None,
    cached: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
    total: int | None = None,
    *,
    cached_inside: bool = True,
    reasoning_inside: bool = True,
) -> Usage | None:
    """Usage in our meaning of counts as printed; `cached_inside` and `reasoning_inside` say what the format means by
    its input and output where no total tells. None where neither side is known."""
    if read is None and written is None:
        return None
    if read is None:
        read = max((total or 0) - (written or 0), 0)
    if written is None:
        written = max((total or 0) - read, 0)
    beside, thought = (cached or 0) + (cache_write or 0), reasoning or 0
    rules = [
        (cached_inside != flip_cached, reasoning_inside != flip_thought)
        for flip_cached, flip_thought in product((False, True), repeat=2)
    ]
    sums = [(read + beside * (not inside), written + thought * (not within)) for inside, within in rules]
    fits = [(whole, out) for whole, out in sums if beside <= whole and thought <= out]
    chosen = next((pair for pair in fits if sum(pair) == total), (fits or sums[-1:])[0])
    return checked(Usage(*chosen, cached, cache_write, reasoning))


def first(usage: Mapping[str, Any], names: Names) -> int | None:
    """The first of some fields that holds a count."""
    for name in names:  # on the path of every record
        value = usage.get(name)
        if value is not None and (found := whole(value)) is not None:
            return found
    return None


def of_usage(usage: object, *, cached_inside: bool = True, reasoning_inside: bool = True) -> Usage | None:
    """Usage of an object in the names that SDKs and gateways use: OpenAI's with its details, Anthropic's, and mixtures
    of both (LiteLLM)."""
    of = part(usage)
    inner, outer = (
        part(of.get(names[0]) or of.get(names[1]))
        for names in (
            ("prompt_tokens_details", "input_tokens_details"),
            ("completion_tokens_details", "output_tokens_details"),
        )
    )
    cached, reasoning = first(of, _READ), first(of, _REASONING)
    return canonical(
        first(of, _INPUT),
        first(of, _OUTPUT),
        whole(inner.get("cached_tokens")) if cached is None else cached,
        first(of, _WRITE) if first(of, _WRITE) is not None else first(inner, ("cache_write_tokens",)),
        whole(outer.get("reasoning_tokens")) if reasoning is None else reasoning,
        first(of, _TOTAL),
        cached_inside=cached_inside,
        reasoning_inside=reasoning_inside,
    )


def fill(call: Call, usage: Usage | None) -> None:
    """Put usage into a call: reported, or unknown where there is none."""
    if usage is None:
        call.usage = "unknown"
        return
    call.usage = "reported"
    call.input_tokens, call.output_tokens = usage.input, usage.output
    call.cached_tokens, call.cache_write_tokens, call.reasoning_tokens = usage[2:]
