"""A changed prompt never gets an old answer, and the same one always does, however it is spelt."""

from __future__ import annotations

import base64
import json
import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.cut.replay.request import Request, request

HOST, PATH = "api.openai.com", "/v1/chat/completions?api-version=1&b=2"
HEADERS = {
    "content-type": "application/json",
    "authorization": "Bearer a",
    "anthropic-beta": "tools-1",
    "accept": "*/*",
}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "required": ["a", "b"]}}}
PIXEL = base64.b64encode(bytes(range(30))).decode()
CHAT: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "temperature": 0,
    "stream": False,
    "seed": 1,
    "tools": [TOOL, {"type": "function", "function": {"name": "Weather"}}],
    "stop": ["a", "b", 1, 1.0, True, None],
    "messages": [
        {"role": "system", "content": "Answer in  one word. Straße, cafe\u0301, \u212b, I, \u0130, \U0001f600"},
        {"role": "user", "content": "Where does the river meet the sea?\n\tNear Lisboa."},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}]},
    ],
}
_CHAT = json.dumps(CHAT)
LIKE = str.maketrans("aeopcxiAEOBHK", "аеорсхіАЕОВНК")
"""Latin letters and their Cyrillic twins."""


def key(
    document: Any, method: str = "POST", host: str = HOST, port: int | None = 443, path: str = PATH, **more: str
) -> str:
    made = request(method, host, port, path, HEADERS | more, body(document))
    assert made is not None
    return made.key


def body(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()


# -- changes that are changes -------------------------------------------------------------------------


def _somewhere(document: Any, pick: random.Random) -> tuple[Any, Any]:
    """A list or object within, and an index or name in it."""
    holder: Any = None
    name: Any = None
    inner = document
    while isinstance(inner, (list, dict)) and inner and (holder is None or pick.random() < 0.75):
        holder, name = inner, pick.choice(list(inner)) if isinstance(inner, dict) else pick.randrange(len(inner))
        inner = holder[name]
    return holder, name


def _text(text: str, pick: random.Random) -> str:
    at = pick.randrange(len(text) + 1)
    ways: list[Callable[[], str]] = [
        lambda: text[:at] + pick.choice(' \n\t\u00a0\u200b\ufeff.a\\"\u0301\x00') + text[at:],
        lambda: text[: at - 1] + text[at:],
        lambda: text.swapcase(),
        lambda: text.translate(LIKE),
        lambda: unicodedata.normalize(pick.choice(["NFC", "NFD", "NFKC", "NFKD"]), text),
        lambda: text.strip() + " " if text == text.strip() else text.strip(),
        lambda: " ".join(text.split()),
        lambda: text.replace("\n", "\r\n"),
        lambda: text.replace("a", chr(ord("a") ^ 1), 1),
        lambda: text.casefold(),
        lambda: text[::-1],
        lambda: text + text,
        lambda: json.dumps(text),
        lambda: text.encode("unicode_escape").decode(),
    ]
    return pick.choice(ways)()


def _other(value: Any, pick: random.Random) -> Any:
    """A value like this one."""
    if isinstance(value, str):
        if value.endswith(PIXEL) and pick.random() < 0.5:
            bits = bytearray(base64.b64decode(value.partition(",")[2]))
            bits[pick.randrange(len(bits))] ^= 1 << pick.randrange(8)
            return "data:image/png;base64," + base64.b64encode(bits).decode()
        return _text(value, pick)
    if isinstance(value, list):
        made = list(value)
        pick.shuffle(made)
        return pick.choice(
            [made, [*value, None], value[1:], [value], {str(n): one for n, one in enumerate(value)}, value + value]
        )
    if isinstance(value, dict):
        return pick.choice(
            [[value], list(value.items()), {}, value | {"": None}, {k: v for k, v in value.items() if k > "f"}]
        )
    return pick.choice([0, 1, 1.0, -0.0, 0.0, True, False, None, "1", "true", "", [], {}, 2**53, 2.0**53, 1e-9, "null"])


def mutated(pick: random.Random) -> Any:
    """The chat with one to three changes, some of which may change nothing, or undo one another."""
    made = json.loads(_CHAT)
    for _ in range(pick.choice([1, 1, 1, 2, 3])):
        holder, name = _somewhere(made, pick)
        if holder is None:
            break
        way = pick.random()
        if way < 0.6:
            holder[name] = _other(holder[name], pick)
        elif isinstance(holder, list):
            pick.choice([holder.pop, lambda n, h=holder: h.insert(n, h[n]), lambda n, h=holder: h.reverse()])(name)
        elif way < 0.8:
            del holder[name]
        elif way < 0.9:
            holder[_text(name, pick)] = holder.pop(name)
        else:
            holder[pick.choice(["n", "user", "effort", name + " ", "\u0000"])] = pick.choice(
                [1, "x", None, holder[name]]
            )
    return made


def strictly(value: Any) -> Any:
    """A value by which two JSON documents are the same or not: an oracle that writes nothing down.

    Types count (1, 1.0, True), and so do the code points of a text and the sign of zero; the order of fields does not.
    """
    if isinstance(value, dict):
        return "object", frozenset((strictly(str(name)), strictly(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return "array", tuple(map(strictly, value))
    if isinstance(value, str):
        return "text", value
    return type(value).__name__, repr(value)


@pytest.mark.parametrize("mutants", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_mutated_request_is_taken_for_another(mutants: int) -> None:
    """Two have one key exactly if they are the same document."""
    pick = random.Random(6)
    keys: dict[str, Any] = {key(CHAT): strictly(CHAT)}
    meanings = {strictly(CHAT)}
    hits = 0
    for _ in range(mutants):
        made = mutated(pick)
        meaning = strictly(made)
        found = key(made)
        if found in keys:
            hits += 1
            assert keys[found] == meaning, "a false hit"
        else:
            assert meaning not in meanings, "a false miss"
        keys[found] = meaning
        meanings.add(meaning)
    assert len(keys) > mutants / 5
    assert hits > mutants / 100


def test_what_is_asked_of_whom_and_how_counts() -> None:
    others = [
        key(CHAT, method="PUT"),
        key(CHAT, host="api.openai.com.evil.example"),
        key(CHAT, host="eu.api.openai.com"),
        key(CHAT, port=8443),
        *(key(CHAT, path=PATH + more) for more in ("&c=3", "&b=3", "%20", "/", "&b")),
        key(CHAT, path="/v1/chat/completions"),
        key(CHAT, path="/v1/responses?api-version=1&b=2"),
        *(key(CHAT, **{"anthropic-beta": value}) for value in ("tools-2", "tools-1,other", "")),
        *(key(CHAT, **{name: "on"}) for name in (
            "anthropic-version", "openai-beta", "x-amzn-bedrock-guardrailidentifier", "x-goog-feature", "prefer",
            "x-use-cache", "extra-parameters", "azureml-model-deployment", "x-portkey-config", "accept",
        )),
        key(CHAT, **{"content-type": "text/plain"}),
    ]  # fmt: skip
    assert len({key(CHAT), *others}) == 1 + len(others)


def test_who_asks_and_on_which_errand_does_not_count() -> None:
    for name in ("authorization", "x-api-key", "x-goog-api-key", "user-agent", "idempotency-key", "traceparent",
                 "x-stainless-retry-count", "x-request-id", "amz-sdk-invocation-id", "x-amz-date"):  # fmt: skip
        assert key(CHAT, **{name: "another"}) == key(CHAT), name
    assert key(CHAT, **{"content-type": "application/json; charset=utf-8"}) == key(CHAT)
    assert request("POST", HOST, 443, PATH, {"accept": "*/*"}, b"{}") == request("POST", HOST, 443, PATH, {}, b"{}")
    assert key(CHAT, path="/v1/chat/completions?b=2&api-version=1&key=SECRET&api_key=x") == key(CHAT)
    assert key(CHAT, host="API.openai.com", port=None) == key(CHAT)


def test_values_of_one_parameter_keep_their_order() -> None:
    assert key(CHAT, path="/v1/chat/completions?a=1&a=2") != key(CHAT, path="/v1/chat/completions?a=2&a=1")


def test_a_free_port_of_this_machine_names_nobody_and_any_other_does() -> None:
    ports = [("127.0.0.1", 40_001), ("localhost", 50_002), ("::1", 60_003)]
    assert len({key(CHAT, host=host, port=port) for host, port in ports}) == 1
    own = [
        ("127.0.0.1", 11_434),
        ("127.0.0.1", 8_000),
        ("127.0.0.1", 40_001),
        ("127.0.0.1", None),
        ("10.0.0.1", 40_001),
    ]
    assert len({key(CHAT, host=host, port=port) for host, port in [*own, ("10.0.0.1", 40_002)]}) == 6


def test_json_that_can_be_read_in_two_ways_counts_as_it_was_sent() -> None:
    ways = [
        b'{"a": 1, "a": 2}', b'{"a": 2, "a": 1}', b'{"a": 2}', b'{"a": 1}', b'{"a": 1, "a": 1}', b'{"a":1, "a": 2}',
        b'{"a": NaN}', b'{"a": null}', b'{"a": Infinity}', b'{"a": 1e999}', b'{"a": 1e9999}', b'{"a": 1} ',
        b'{"a": "\\ud800"}',
        b'{"a": "\\ufffd"}', b'{"a": "\xff"}', b'{"a": "\xef\xbf\xbd"}x', b"[" * 100_000, b"[" * 100_001,
    ]  # fmt: skip
    same = {b'{"a": 1} ': b'{"a": 1}'}
    assert len({key(way) for way in ways}) == len(ways) - len(same)


def test_a_form_is_the_same_whatever_parts_it() -> None:
    def form(boundary: str, word: str) -> Request | None:
        data = f'--{boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\n{word}\r\n--{boundary}--\r\n'
        kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
        return request("POST", HOST, 443, "/v1/audio/transcriptions", kind, data.encode())

    first, again, other = form("aaaa1111", "whisper-1"), form("bbbb2222", "whisper-1"), form("aaaa1111", "whisper-2")
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.key == again.key != other.key


def test_a_body_that_nobody_has_seen_is_no_request() -> None:
    assert request("POST", HOST, 443, PATH, HEADERS, b"") is None


# -- changes that are none ----------------------------------------------------------------------------

_TEXT = st.text(max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


def respelt(value: Any, pick: random.Random) -> str:
    """The same JSON in another spelling: order of fields, white space, escapes."""
    space = lambda: pick.choice(["", " ", "\n", "\t ", "\r\n"])  # noqa: E731
    if isinstance(value, dict):
        items = list(value.items())
        pick.shuffle(items)
        inner = ",".join(f"{space()}{respelt(k, pick)}{space()}:{space()}{respelt(v, pick)}{space()}" for k, v in items)
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(space() + respelt(one, pick) + space() for one in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(_escaped(one, pick) for one in value) + '"'
    return json.dumps(value)


def _escaped(one: str, pick: random.Random) -> str:
    plain = json.dumps(one, ensure_ascii=False)[1:-1]
    units = one.encode("utf-16-be")
    coded = "".join(f"\\u{int.from_bytes(units[n : n + 2]):04x}" for n in range(0, len(units), 2))
    return pick.choice([plain, plain, coded, coded.replace("\\u", "\\U").upper().replace("\\U", "\\u")])


@given(DOCUMENTS, st.randoms(use_true_random=False))
@settings(max_examples=500)
def test_another_spelling_is_a_hit(document: Any, pick: random.Random) -> None:
    assert key(respelt(document, pick).encode()) == key(document)


@given(DOCUMENTS, DOCUMENTS)
@settings(max_examples=1_000)
def test_documents_have_one_key_exactly_if_they_are_one(one: Any, other: Any) -> None:
    assert (key(one) == key(other)) == (strictly(one) == strictly(other))
