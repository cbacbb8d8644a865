"""What holds of a call, whatever bytes it was read from; and the field names that readers look for."""

from __future__ import annotations

import re

from jevons.record import Call, decode, encode

_NAMES = """
model messages input prompt contents content parts role text type usage usageMetadata choices message delta
tool_calls finish_reason prompt_tokens completion_tokens input_tokens output_tokens total_tokens iterations
promptTokenCount candidatesTokenCount candidates response output generationConfig temperature seed stream max_tokens
reasoning thinking inlineData data mimeType source system tools status x_groq
"""
NAMES = _NAMES.split()


def sound(call: Call) -> None:
    assert decode(encode(call)) == call  # it can be written and read back
    assert call.usage in ("reported", "estimated", "unknown")
    for count in (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens):
        assert count is None or 0 <= count <= 2**53
    if call.usage == "reported":
        assert call.input_tokens is not None
        assert call.output_tokens is not None
        assert (call.cached_tokens or 0) + (call.cache_write_tokens or 0) <= call.input_tokens
        assert (call.reasoning_tokens or 0) <= call.output_tokens
    assert bool(call.prompt_chain) == bool(call.prompt_bytes)
    assert re.fullmatch("(([A-Za-z0-9+/]{4}){2,160})?", call.prompt_chain)
    assert not call.prefixes
    assert call.request_hash
    assert call.meaning_hash
    if call.timed:
        assert call.chunks >= 3
        assert call.decode_us
