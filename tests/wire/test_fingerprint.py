"""Hashes: the same request always gives the same, any change another, and nobody without the secret can tell."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from wire.exchange import CHAT, GEMINI, RESPONSES, sent

from jevons.wire.fingerprint import TRANSPORT

scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
messages = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "system"]), "content": values}), max_size=4)
bodies = st.fixed_dictionaries(
    {"model": texts, "messages": messages},
    optional={
        "tools": values,
        "temperature": scalars,
        "seed": scalars,
        "metadata": values,
        "response_format": values,
        "x": values,
    },
)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same value with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


def canonical(value: Any) -> str:
    """What the value is, apart from the order of keys (JSON tells 1 from 1.0 and from true)."""
    return json.dumps(value, sort_keys=True)


@given(bodies, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_of_keys_does_not_matter(body: dict[str, Any], order: random.Random) -> None:
    one, other = sent(CHAT, body), sent(CHAT, shuffled(body, order))
    assert one.request_hash == other.request_hash
    assert one.meaning_hash == other.meaning_hash
    assert one.prompt_chain == other.prompt_chain


@given(bodies, bodies)
@settings(max_examples=150)
def test_different_bodies_never_collide(one: dict[str, Any], other: dict[str, Any]) -> None:
    assume(canonical(one) != canonical(other))
    assert sent(CHAT, one).request_hash != sent(CHAT, other).request_hash


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value, as paths."""
    found = [path] if path else []
    if isinstance(value, dict):
        inner = list(value.items())
    else:
        inner = list(enumerate(value)) if isinstance(value, list) else []
    for key, item in inner:
        found += places(item, (*path, key))
    return found


@given(bodies, values, st.data())
@settings(max_examples=200)
def test_a_change_anywhere_changes_the_hash(body: dict[str, Any], new: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(body)))
    changed = json.loads(json.dumps(body))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    assume(canonical(changed) != canonical(body))
    one, other = sent(CHAT, body), sent(CHAT, changed)
    assert one.request_hash != other.request_hash
    if path[0] not in TRANSPORT:
        assert one.meaning_hash != other.meaning_hash


BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 1}


@pytest.mark.parametrize("field", sorted(TRANSPORT - {"model"}))
def test_transport_fields_change_the_request_not_its_meaning(field: str) -> None:
    one, other = sent(CHAT, BODY), sent(CHAT, {**BODY, field: "x"})
    assert one.request_hash != other.request_hash
    assert one.meaning_hash == other.meaning_hash
    assert one.prompt_chain == other.prompt_chain


def test_the_model_is_part_of_the_meaning() -> None:
    assert sent(CHAT, BODY).meaning_hash != sent(CHAT, {**BODY, "model": "n"}).meaning_hash
    flash = {"contents": [{"parts": [{"text": "Hi"}]}]}
    pro = (GEMINI[0], GEMINI[1].replace("flash", "pro"))
    assert sent(GEMINI, flash).meaning_hash != sent(pro, flash).meaning_hash


def test_the_format_is_part_of_the_meaning() -> None:
    chat, responses = {"model": "m", "messages": ["Hi"]}, {"model": "m", "input": ["Hi"]}
    assert sent(CHAT, chat).meaning_hash != sent(RESPONSES, responses).meaning_hash


def test_the_way_to_the_model_is_no_part_of_the_meaning() -> None:
    one, other = sent(CHAT, BODY), sent(("localhost:4000", "/v1/chat/completions"), BODY)
    assert one.request_hash != other.request_hash
    assert one.meaning_hash == other.meaning_hash


def test_keys_in_a_query_are_left_out() -> None:
    hashes = {sent((GEMINI[0], GEMINI[1] + query), BODY).request_hash for query in ("", "?key=a", "?key=b")}
    assert len(hashes) == 1
    assert sent((GEMINI[0], GEMINI[1] + "?a=1"), BODY).request_hash not in hashes
    first, second = (sent((GEMINI[0], GEMINI[1] + query), BODY).request_hash for query in ("?a=1&b=2", "?b=2&a=1"))
    assert first == second


def test_a_hash_needs_the_secret() -> None:
    one, other = sent(CHAT, BODY, secret=b"a"), sent(CHAT, BODY, secret=b"b" * 100)
    assert one.request_hash != other.request_hash
    assert one.meaning_hash != other.meaning_hash
    assert (len(one.request_hash), len(one.meaning_hash)) == (32, 32)


def test_a_text_is_not_a_list_of_one_text() -> None:
    hashes = {
        sent(RESPONSES, body).meaning_hash
        for body in ({"input": "a"}, {"input": ["a"]}, {"input": [["a"]]}, {"input": None}, {"input": []}, {})
    }
    assert len(hashes) == 6


def test_bodies_that_are_no_json_object() -> None:
    one, other = sent(CHAT, b"\xff\xfe1"), sent(CHAT, b"\xff\xfe2")
    assert one.request_hash != other.request_hash
    assert sent(CHAT, b"[1, 2]").request_hash == sent(CHAT, b"[1,2]").request_hash
    speech = ("api.openai.com", "/v1/audio/transcriptions")
    form = b'--%b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--%b--\r\n'
    assert sent(speech, form % (b"aa", b"aa")).request_hash == sent(speech, form % (b"zz", b"zz")).request_hash
