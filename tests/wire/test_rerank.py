"""Rerankers, in the shapes of their API references (see `jevons.wire.rerank`)."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import sent

QUERY = {"model": "r-1", "query": "What is the capital?", "documents": ["Paris is.", "Rome was."]}
RESULTS = [{"index": 0, "relevance_score": 0.9}, {"index": 1, "relevance_score": 0.1}]


@pytest.mark.parametrize(
    ("host", "path", "answer", "tokens"),
    [
        ("api.jina.ai", "/v1/rerank", {"model": "r-1", "results": RESULTS, "usage": {"total_tokens": 38}}, 38),
        ("api.voyageai.com", "/v1/rerank", {"data": RESULTS, "model": "r-1", "usage": {"total_tokens": 26}}, 26),
        (
            "api.together.ai",
            "/v1/rerank",
            {"results": RESULTS, "usage": {"prompt_tokens": 30, "completion_tokens": 0, "total_tokens": 30}},
            30,
        ),
        ("localhost:8000", "/v1/rerank", {"model": "r-1", "results": RESULTS, "usage": {"total_tokens": 56}}, 56),
        ("localhost:8000", "/rerank", {"model": "r-1", "results": RESULTS, "usage": {"total_tokens": 56}}, 56),
        ("localhost:4000", "/v1/rerank", {"results": RESULTS, "meta": {"tokens": {"input_tokens": 12}}}, 12),
        ("localhost:4000", "/v1/rerank", {"results": RESULTS, "meta": {"billed_units": {"search_units": 1}}}, None),
        ("localhost:8080", "/v1/reranking", {"results": RESULTS, "usage": {"prompt_tokens": 51}}, 51),
        ("localhost:8080", "/rerank", [{"index": 0, "score": 0.9}], None),
    ],
)
def test_reranks(host: str, path: str, answer: Any, tokens: int | None) -> None:
    call = sent((host, path), QUERY, answer)
    assert (call.kind, call.model) == ("rerank", "r-1")
    assert call.input_tokens == tokens
    assert (call.usage, call.output_tokens) == (("unknown", None) if tokens is None else ("reported", 0))


def test_characters_where_tokens_are_unknown() -> None:
    """The query and every document, whatever they are called."""
    expected = len("What is the capital?") + len("Paris is.") + len("Rome was.")
    assert abs(sent(("localhost:8080", "/rerank"), QUERY, []).characters - expected) <= 2  # the quotes of the query
    texts = {"query": QUERY["query"], "texts": QUERY["documents"]}
    assert abs(sent(("localhost:8080", "/rerank"), texts, []).characters - expected) <= 2
    passages = {
        "model": "nvidia/r",
        "query": {"text": QUERY["query"]},
        "passages": [{"text": "Paris is."}, {"text": "Rome was."}],
    }
    call = sent(("ai.api.nvidia.com", "/v1/retrieval/nvidia/reranking"), passages, {"rankings": []})
    assert call.provider == "nvidia"
    assert abs(call.characters - expected) <= 12


def test_other_documents_are_another_meaning() -> None:
    one = sent(("localhost:8080", "/rerank"), QUERY, [])
    two = sent(("localhost:8080", "/rerank"), {**QUERY, "documents": ["Paris is.", "Oslo was."]}, [])
    assert one.meaning_hash != two.meaning_hash
