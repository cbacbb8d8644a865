"""Chains of hashes: prompts that begin alike have chains that begin alike, as far as the last cut, and no others do."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.exchange import CHAT, EMBEDDINGS, MESSAGES, RESPONSES, sent

from jevons.wire.chain import BLOCK, ENDS, GROWTH, HASH, link


def chain(prompt: bytes, key: bytes = b"secret") -> str:
    return link(blake2b(key=key, digest_size=16), prompt)[0]


def hashes(made: str) -> list[str]:
    """The hashes at the ends of blocks: all but that of the whole prompt."""
    begun = made[: -2 * HASH]
    return [begun[: 2 * HASH], *(begun[at : at + HASH] for at in range(2 * HASH, len(begun), HASH))] if begun else []


def in_common(one: str, other: str) -> int:
    """Blocks at the start that two chains share."""
    pairs = zip(hashes(one), hashes(other), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(hashes(one)), len(hashes(other))))


@given(st.binary(max_size=3_000), st.binary(max_size=3_000), st.binary(max_size=3_000))
@settings(max_examples=100)
def test_chains_share_what_prompts_share(shared: bytes, one: bytes, other: bytes) -> None:
    first, second = shared + b"a" + one, shared + b"b" + other
    assert in_common(chain(first), chain(second)) == sum(end <= len(shared) for end in ENDS)
    assert chain(first)[-2 * HASH :] != chain(second)[-2 * HASH :]


@given(st.binary(max_size=10_000))
@settings(max_examples=50)
def test_a_chain_tells_how_many_blocks_there_are_and_ends_with_the_whole(prompt: bytes) -> None:
    running = blake2b(key=b"secret", digest_size=16)
    made, digest = link(running, prompt)
    assert digest == blake2b(prompt, key=b"secret", digest_size=16).digest()
    blocks = sum(end <= len(prompt) for end in ENDS)
    assert len(hashes(made)) == blocks
    assert len(made) == 2 * HASH + (HASH * (blocks + 1) if blocks else 0)


def test_ends_are_multiples_of_a_block_and_no_block_is_long() -> None:
    assert ENDS[:3] == (BLOCK, 2 * BLOCK, 3 * BLOCK)
    for before, end in pairwise(ENDS):
        assert end % BLOCK == 0
        assert BLOCK <= end - before <= max(BLOCK, before // GROWTH)


def test_a_chain_stays_short() -> None:
    """A prompt of a million characters: some hundred hashes, not 15,625."""
    assert len(chain(b"x" * 1_000_000)) < 350


def test_a_chain_needs_the_secret() -> None:
    one, other = chain(b"x" * 500, b"a"), chain(b"x" * 500, b"b")
    assert len(one) == len(other)
    assert not set(hashes(one)) & set(hashes(other))


def talk(turns: int, **more: Any) -> dict[str, Any]:
    said = [{"role": "user" if turn % 2 == 0 else "assistant", "content": f"turn {turn} " * 9} for turn in range(turns)]
    return {"model": "m", "messages": said, **more}


def test_a_longer_conversation_begins_with_a_shorter() -> None:
    short, longer = sent(CHAT, talk(3)), sent(CHAT, talk(6))
    assert short.prompt_bytes < longer.prompt_bytes
    assert in_common(short.prompt_chain, longer.prompt_chain) == len(hashes(short.prompt_chain)) > 3
    assert short.prompt_chain[-2 * HASH :] not in longer.prompt_chain  # the whole of one is not the whole of the other


def test_what_stands_before_the_messages_changes_the_chain_from_its_start() -> None:
    plain = sent(CHAT, talk(3)).prompt_chain
    for more in ({"tools": [{"type": "function"}]}, {"response_format": {"type": "json_object"}}, {"model": "n"}):
        assert in_common(plain, sent(CHAT, talk(3, **more)).prompt_chain) == 0
    for system in ("Be kind", [{"type": "text", "text": "Be kind"}]):
        one, other = sent(MESSAGES, talk(3)), sent(MESSAGES, talk(3, system=system))
        assert in_common(one.prompt_chain, other.prompt_chain) == 0
    assert plain == sent(CHAT, talk(3, temperature=1)).prompt_chain  # it does not change what is read


@pytest.mark.parametrize("where", [CHAT, MESSAGES, RESPONSES])
def test_a_change_in_the_middle_is_seen_from_there_on(where: tuple[str, str]) -> None:
    name = "input" if where == RESPONSES else "messages"
    messages = talk(20)["messages"]
    changed = [*messages[:10], {"role": "user", "content": "something else"}, *messages[11:]]
    one, other = (sent(where, {"model": "m", name: said}) for said in (messages, changed))
    both = in_common(one.prompt_chain, other.prompt_chain)
    assert 0.8 * 10 / 20 < ENDS[both - 1] / one.prompt_bytes < 10.5 / 20
    assert hashes(one.prompt_chain)[both:] != hashes(other.prompt_chain)[both:]


def test_only_prompts_that_text_is_written_after_have_chains() -> None:
    call = sent(EMBEDDINGS, {"model": "m", "input": "The food was delicious " * 50})
    assert (call.prompt_chain, call.prompt_bytes) == ("", 0)
    assert call.request_hash
