"""Recorded suites of others, read here and by an independent parser: the same tokens on every row.

The parser's own rules are in ../shared/data/README.md. It leaves the output of embeddings
empty where this package says 0.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from wire.suites import as_call, exchanges, index, unpack

SHAPES = {"openai.chat", "openai.responses", "anthropic", "gemini"}


REPOS = ["simonw/llm", "simonw/llm-anthropic", "simonw/llm-gemini", "mlco2/ecologits"]


def suite(repo: str, data: Path, into: Path) -> Path:
    """A suite unpacked; skips where it is missing."""
    name = repo.replace("/", "+")
    archive = data / "suites" / f"{name}.tar.zst"
    if not archive.exists():
        pytest.skip(f"{archive} is not here")
    return unpack(archive, into) / name


@pytest.mark.parametrize("repo", REPOS)
def test_tokens_equal_the_oracle(repo: str, shared_data: Path, tmp_path: Path) -> None:
    root = suite(repo, shared_data, tmp_path)
    rows = [row for row in index(shared_data, repo) if row["usage_shape"] in SHAPES]
    assert len(rows) > 10
    differ = []
    for row in rows:
        call = as_call(list(exchanges(root / row["cassette"]))[int(row["idx"])])
        assert call is not None, row["path"]
        found = (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens or 0, call.reasoning_tokens or 0)
        expected = (
            "reported",
            int(row["otel_input_tokens"]),
            int(row["otel_output_tokens"] or 0),
            int(row["cached_tokens"] or 0),
            int(row["reasoning_tokens"] or 0),
        )
        if found != expected or call.streamed != (row["stream"] == "1") or call.model_answered != row["resp_model"]:
            differ.append((row["cassette"], row["idx"], found, expected))
    assert differ == []


@pytest.mark.parametrize("repo", REPOS)
def test_hashes_group_as_the_oracle(repo: str, shared_data: Path, tmp_path: Path) -> None:
    """Two requests have one hash here exactly where they have one there."""
    root = suite(repo, shared_data, tmp_path)
    pairs = set()
    for row in index(shared_data, repo):
        call = as_call(list(exchanges(root / row["cassette"]))[int(row["idx"])])
        if call is not None:
            pairs.add(("exact", row["exact_hash"], call.request_hash))
            pairs.add(("meaning", row["content_hash"], call.meaning_hash))
    assert len(pairs) > 20
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({(pair[0], pair[2]) for pair in pairs})
