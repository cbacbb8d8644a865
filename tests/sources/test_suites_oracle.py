"""Recorded suites of others, read here and by an independent parser: the same calls with the same tokens.

The parser's rules are in ../shared/data/README.md. Where it differs, the answer itself shows why (`reason`).
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from jevons.record import Call
from jevons.sources.archives import members
from jevons.sources.calls import Options
from jevons.sources.scan import scan
from jevons.sources.tally import Scan

pytestmark = pytest.mark.slow

REPOS = [
    "simonw/llm",
    "simonw/llm-anthropic",
    "simonw/llm-gemini",
    "mlco2/ecologits",
    "langchain-ai/langchain-aws",
    "open-telemetry/opentelemetry-python-contrib",
    "Arize-ai/openinference",
    "crewAIInc/crewAI",
    "llamastack/llama-stack",
    "pydantic/pydantic-ai",
]
Row = dict[str, str]


@cache
def index(data: Path, repo: str) -> list[Row]:
    """Rows of the independent index for one suite."""
    with gzip.open(data / "suites" / "index.csv.gz", "rt", newline="") as file:
        return [row for row in csv.DictReader(file) if row["repo"] == repo]


def place(row: Row) -> tuple[str, int]:
    """Where a row's exchange is recorded."""
    return row["cassette"], int(row["idx"])


def counted(row: Row) -> bool:
    """Whether the independent parser found usage in the answer."""
    return bool(row["otel_input_tokens"] or row["otel_output_tokens"])


def archive(data: Path, repo: str) -> Path:
    """The suite's archive; skips where it is missing."""
    path = data / "suites" / f"{repo.replace('/', '+')}.tar.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


@cache
def read(path: Path) -> tuple[dict[tuple[str, int], Call], Scan]:
    """Calls by place, and the whole scan."""
    top = path.name.removesuffix(".tar.zst") + "/"
    calls: list[Call] = []
    scanned = scan([path], Options("r", "k", b"secret", True), root=path.parent, sink=calls.append)
    return {(call.source.removeprefix(top), call.index): call for call in calls}, scanned


def answers(path: Path, wanted: set[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], str]]:
    """Recorded answers as text, read without jevons' readers."""
    top = path.name.removesuffix(".tar.zst") + "/"
    files = {file for file, _ in wanted}
    for item in members(path, 64 << 20, lambda *_: None, lambda _: None):
        name = item.source.removeprefix(top)
        if name not in files:
            continue
        data = gzip.decompress(item.data) if name.endswith(".gz") else item.data
        document: Any = json.loads(data) if name.endswith(".json") else yaml.load(data, yaml.CSafeLoader)
        for file, number in wanted:
            if file == name:
                listed = document.get("interactions", [document]) if isinstance(document, dict) else document
                one = listed[number]
                yield (file, number), msgspec.json.encode(one["response"]).decode().replace('\\"', '"')


def reason(call: Call, answer: str) -> str:
    """Why the independent parser's figure differs from the answer's own; empty where it should not."""
    spent = (call.input_tokens or 0) + (call.output_tokens or 0)
    totals = [int(found) for found in re.findall(r'"(?:totalTokenCount|total_tokens)":\s*(\d+)', answer)]
    if '"iterations"' in answer:
        return "Anthropic's compaction: what its iterations used is not in the top-level counts"
    if '"usageMetadata"' in answer and '"promptTokenCount"' not in answer:
        return "Gemini tells what it wrote and not what it read: estimated"
    if '"outputTokens"' in answer and '"inputTokens"' not in answer:
        return "Bedrock, edited by hand: tells what it wrote and not what it read"
    if call.provider.startswith("gcp.") and totals and totals[-1] == spent:
        return "Gemini: input and output add up to the total that the answer ends with (tool use, thoughts, last chunk)"
    return ""


@pytest.mark.parametrize("repo", REPOS)
def test_calls_are_found(repo: str, shared_data: Path) -> None:
    calls, scanned = read(archive(shared_data, repo))
    rows = [row for row in index(shared_data, repo) if row["is_inference"] == "1"]
    missed = [(*place(row), row["path"]) for row in rows if place(row) not in calls]
    assert len(missed) <= len(rows) * 0.01, (len(missed), len(rows), missed[:10])
    assert scanned.warned == []


@pytest.mark.parametrize("repo", REPOS)
def test_tokens_equal_the_oracle(repo: str, shared_data: Path) -> None:
    path = archive(shared_data, repo)
    calls, _ = read(path)
    rows = [row for row in index(shared_data, repo) if row["is_inference"] == "1" and counted(row)]
    assert len(rows) > 10
    differ = {}
    for row in rows:
        call = calls.get(place(row))
        expected = (int(row["otel_input_tokens"] or 0), int(row["otel_output_tokens"] or 0))
        if call is not None and (call.usage, call.input_tokens, call.output_tokens) != ("reported", *expected):
            differ[place(row)] = (call.usage, call.input_tokens, call.output_tokens, expected)
    unexplained = [
        (where, *differ[where]) for where, text in answers(path, set(differ)) if not reason(calls[where], text)
    ]
    assert unexplained == []
    assert len(differ) <= len(rows) * 0.06


@pytest.mark.parametrize("repo", REPOS)
def test_usage_that_an_answer_shows_is_never_unknown(repo: str, shared_data: Path) -> None:
    calls, _ = read(archive(shared_data, repo))
    rows = [row for row in index(shared_data, repo) if row["is_inference"] == "1" and counted(row)]
    assert [place(row) for row in rows if place(row) in calls and calls[place(row)].usage == "unknown"] == []


@pytest.mark.parametrize("repo", ["simonw/llm", "simonw/llm-anthropic", "simonw/llm-gemini", "mlco2/ecologits"])
def test_hashes_group_as_the_oracle(repo: str, shared_data: Path) -> None:
    """Two requests have one hash here exactly where they have one there."""
    calls, _ = read(archive(shared_data, repo))
    pairs = set()
    for row in index(shared_data, repo):
        call = calls.get(place(row))
        if call is not None:
            pairs.add(("exact", row["exact_hash"], call.request_hash))
            pairs.add(("meaning", row["content_hash"], call.meaning_hash))
    assert len(pairs) > 20
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({(pair[0], pair[2]) for pair in pairs})


@pytest.mark.parametrize("repo", REPOS)
def test_streams_and_models_equal_the_oracle(repo: str, shared_data: Path) -> None:
    calls, _ = read(archive(shared_data, repo))
    shapes = {"openai.chat", "openai.responses", "anthropic", "gemini"}
    rows = [row for row in index(shared_data, repo) if row["usage_shape"] in shapes and place(row) in calls]
    differ = [
        (*place(row), call.streamed, call.model_answered, row["stream"], row["resp_model"])
        for row in rows
        if (call := calls[place(row)]).streamed != (row["stream"] == "1")
        or (row["resp_model"] and call.model_answered != row["resp_model"])
    ]
    assert len(differ) <= len(rows) * 0.01, differ[:10]


@pytest.mark.parametrize("repo", REPOS)
def test_cached_and_reasoning_tokens_equal_the_oracle(repo: str, shared_data: Path) -> None:
    calls, _ = read(archive(shared_data, repo))
    rows = [row for row in index(shared_data, repo) if row["usage_shape"].startswith(("openai", "anthropic"))]
    differ = [
        (*place(row), call.cached_tokens, call.reasoning_tokens, row["cached_tokens"], row["reasoning_tokens"])
        for row in rows
        if (call := calls.get(place(row))) is not None
        and (call.cached_tokens or 0, call.reasoning_tokens or 0)
        != (int(row["cached_tokens"] or 0), int(row["reasoning_tokens"] or 0))
    ]
    assert len(differ) <= len(rows) * 0.01, differ[:10]


@pytest.mark.parametrize("repo", ["pydantic/pydantic-ai", "llamastack/llama-stack", "simonw/llm"])
def test_tests_are_named_as_in_the_oracle(repo: str, shared_data: Path) -> None:
    """Where a path holds the module, or the recording the test."""
    calls, _ = read(archive(shared_data, repo))
    rows = [row for row in index(shared_data, repo) if ".py::" in row["test"] and place(row) in calls]
    same = sum(calls[place(row)].test == row["test"] for row in rows)
    assert same >= len(rows) * 0.95
