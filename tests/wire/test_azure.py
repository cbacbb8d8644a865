"""Azure OpenAI and Azure AI (learn.microsoft.com/azure/ai-foundry/openai/reference and .../model-inference)."""

from __future__ import annotations

import pytest
from wire.exchange import sent

from jevons.wire import find

CHAT = {"messages": [{"role": "user", "content": "Hello"}]}
ANSWER = {
    "model": "gpt-4o-2024-11-20",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
}
RESOURCE = "contoso.openai.azure.com"
DEPLOYED = "/openai/deployments/our-4o"
VERSION = "?api-version=2024-10-21"
FOUNDRY = "contoso.services.ai.azure.com"


@pytest.mark.parametrize(
    ("host", "path", "provider", "reader"),
    [
        (RESOURCE, DEPLOYED + "/chat/completions", "azure.ai.openai", "openai.chat"),
        (RESOURCE, DEPLOYED + "/extensions/chat/completions", "azure.ai.openai", "openai.chat"),
        (RESOURCE, DEPLOYED + "/completions", "azure.ai.openai", "openai.completions"),
        (RESOURCE, DEPLOYED + "/embeddings", "azure.ai.openai", "openai.embeddings"),
        (RESOURCE, DEPLOYED + "/images/generations", "azure.ai.openai", "openai.images"),
        (RESOURCE, DEPLOYED + "/audio/transcriptions", "azure.ai.openai", "openai.audio"),
        (RESOURCE, "/openai/responses", "azure.ai.openai", "openai.responses"),
        (RESOURCE, "/openai/v1/responses", "azure.ai.openai", "openai.responses"),
        (RESOURCE, "/openai/v1/chat/completions", "azure.ai.openai", "openai.chat"),
        (RESOURCE, "/openai/threads/thread_1/runs", "azure.ai.openai", "openai.runs"),
        (RESOURCE, "/openai/batches", "azure.ai.openai", "jobs"),
        ("contoso.openai.azure.us", DEPLOYED + "/chat/completions", "azure.ai.openai", "openai.chat"),
        ("eastus.api.cognitive.microsoft.com", DEPLOYED + "/chat/completions", "azure.ai.openai", "openai.chat"),
        (FOUNDRY, "/models/chat/completions", "azure.ai.inference", "openai.chat"),
        (FOUNDRY, "/models/embeddings", "azure.ai.inference", "openai.embeddings"),
        (FOUNDRY, "/anthropic/v1/messages", "azure.ai.inference", "anthropic.messages"),
        (FOUNDRY, "/providers/mistral/azure/ocr", "azure.ai.inference", "mistral.ocr"),
        ("phi.eastus2.models.ai.azure.com", "/v1/chat/completions", "azure.ai.inference", "openai.chat"),
        ("ours.eastus2.inference.ml.azure.com", "/v1/chat/completions", "azure.ai.inference", "openai.chat"),
        ("models.inference.ai.azure.com", "/chat/completions", "github", "openai.chat"),
        ("models.github.ai", "/inference/chat/completions", "github", "openai.chat"),
        ("models.github.ai", "/inference/embeddings", "github", "openai.embeddings"),
    ],
)
def test_addresses(host: str, path: str, provider: str, reader: str) -> None:
    match = find("POST", host, path + VERSION)
    assert match is not None
    assert (match.provider, match.reader) == (provider, reader)


def test_the_deployment_stands_where_no_model_is_named() -> None:
    where = (RESOURCE, DEPLOYED + "/chat/completions" + VERSION)
    call = sent(where, CHAT, ANSWER)
    assert (call.model, call.model_answered) == ("our-4o", "gpt-4o-2024-11-20")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 8, 2)
    assert sent(where, {**CHAT, "model": "gpt-4o"}, ANSWER).model == "gpt-4o"
    assert sent((FOUNDRY, "/models/chat/completions" + VERSION), CHAT, ANSWER).model == ""


def test_region_of_a_serverless_deployment() -> None:
    match = find("POST", "phi.eastus2.models.ai.azure.com", "/v1/chat/completions")
    assert match is not None
    assert match.region == "eastus2"


def test_a_filtered_prompt_is_an_error_that_computes_nothing() -> None:
    body = {"error": {"code": "content_filter", "message": "...", "status": 400}}
    call = sent((RESOURCE, DEPLOYED + "/chat/completions" + VERSION), CHAT, body, status=400)
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 0, 0)
