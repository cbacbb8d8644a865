"""Tokens from text."""

from __future__ import annotations

import pytest

from jevons.wire.estimate import Tally, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("x" * 400, 100),  # four characters of English a token (OpenAI)
        ("今天天气很好我们去公园", 11),  # one token a character
        ("こんにちは", 5),
        ("한국어", 3),
        ("ж" * 80, 50),  # two-byte scripts: 5/8
    ],
)
def test_rule(text: str, expected: int) -> None:
    assert tokens(text) == expected


def test_images_and_free_objects() -> None:
    tally = Tally()
    tally.add({"type": "function_call", "name": "get", "arguments": {"city": "Oslo"}})
    assert tally.characters == len("get") + len('{"city":"Oslo"}')
    tally.add([{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}, 7, None, True])
    assert tally.images == 1


def test_lone_surrogates_do_not_raise() -> None:
    assert tokens("\ud800") == 1
