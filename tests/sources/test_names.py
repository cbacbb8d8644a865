"""Names of tests from paths of recordings."""

from __future__ import annotations

import pytest

from jevons.sources import names
from jevons.sources.names import clean, masked


@pytest.mark.parametrize(
    ("path", "test"),
    [
        # pytest-recording: https://github.com/kiwicom/pytest-recording#usage
        ("tests/cassettes/test_ai/test_asks.yaml", "tests/test_ai.py::test_asks"),
        ("tests/cassettes/test_ai/TestIt.test_asks.yaml", "tests/test_ai.py::TestIt::test_asks"),
        ("tests/cassettes/test_ai/test_asks[gpt-4.1-v1.5].yaml", "tests/test_ai.py::test_asks[gpt-4.1-v1.5]"),
        ("cassettes/test_ai/test_asks[a/b].yaml", "test_ai.py::test_asks[a/b]"),
        ("a/models/cassettes/ai_test/test_asks.yaml", "a/models/ai_test.py::test_asks"),
        ("tests/cassettes/test_asks.yaml", "tests::test_asks"),
        ("tests/cassettes/agents/TestIt.test_asks.yaml", "tests::TestIt::test_asks"),
        ("tests/cassettes/test_asks[v1].yaml.gz", "tests::test_asks[v1]"),
        ("cassettes/test_asks.yml", "test_asks"),
        ("js/test/recordings/should-work.json", "js/test::should-work"),
        ("data/something.yaml", ""),
    ],
)
def test_the_test_of_a_path(path: str, test: str) -> None:
    assert names.test_of(path) == test


def test_free_text_in_parameters_is_masked() -> None:
    name = "tests/test_ai.py::test_asks[What does Ms Smith of 12 High Street earn?-gpt-4o]"
    kept = masked(name, b"secret", full=False)
    assert kept.startswith("tests/test_ai.py::test_asks[#")
    assert "Smith" not in kept
    assert kept == masked(name, b"secret", full=False)
    assert kept != masked(name, b"other", full=False)
    assert masked(name, b"secret", full=True) == name


@pytest.mark.parametrize("parameters", ["gpt-4o", "txt=ollama/llama3.2:3b-instruct-fp16-False", "direct-url-audio", ""])
def test_names_in_parameters_stay(parameters: str) -> None:
    assert masked(f"a::test_b[{parameters}]", b"secret", full=False) == f"a::test_b[{parameters}]"


def test_names_are_fit_for_a_terminal_and_for_utf8() -> None:
    name = clean("a\x1b[2Jb\n\udce4\u202e")
    assert name.isprintable()
    assert name.encode("utf-8")
