"""YAML as PyYAML's own safe loader reads it, but nothing it can be blown up with."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.sources.exchange import UnreadableError
from jevons.sources.yaml_text import load

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary() | st.dates()
VALUES: Any = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


@settings(max_examples=200)
@given(VALUES, st.booleans(), st.sampled_from([None, '"', "'", "|", ">"]))
def test_it_reads_what_the_safe_loader_reads(value: Any, flow: bool, style: str | None) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, default_style=style, allow_unicode=True).encode()
    assert load(text) == yaml.safe_load(text)


def test_shared_values_stay_what_they_are() -> None:
    shared = {"a": [1, 2]}
    assert load(yaml.safe_dump({"x": shared, "y": shared}).encode()) == {"x": shared, "y": shared}


def test_python_tags_become_plain_values_and_run_nothing() -> None:
    # Headers as vcrpy wrote them for aiohttp.
    document = load(
        b"? !!python/object/apply:multidict._multidict.istr [Accept]\n: [x]\n"
        b"method: !!python/unicode 'POST'\n"
        b"bad: !!python/object/apply:os.system ['exit 3']\n"
        b"pair: !!python/tuple [1, 2]\n"
    )
    assert document == {"Accept": ["x"], "method": "POST", "bad": "exit 3", "pair": [1, 2]}


def bomb(levels: int, item: str) -> bytes:
    lines = [f"a0: &a0 {item}"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "text",
    [
        bomb(30, "[x]"),
        b"a: &a [*a]",
        b"a: &a {b: *a}",
    ],
)
def test_aliases_cannot_blow_up(text: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(UnreadableError, match="aliases"):
        load(text)
    assert time.monotonic() - begun < 5


def test_merge_keys_cannot_blow_up() -> None:
    text = "a0: &a0 {k: 1}\n" + "\n".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 20)
    )
    begun = time.monotonic()
    try:
        document = load(text.encode())
    except (yaml.YAMLError, UnreadableError):
        pass
    else:  # PyYAML 6.0.4 merges each key once
        assert document["a19"] == {"k": 1}
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b"{a: " * 100_000, b"- " * 100_000, b"!" * 1000, b"a: 2026-99-99", b"&"]
)
def test_what_is_no_yaml_says_so(text: bytes) -> None:
    with pytest.raises((yaml.YAMLError, ValueError, RecursionError)):
        load(text)
