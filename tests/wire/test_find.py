"""Which requests are AI calls, and what their address tells."""

from __future__ import annotations

import pytest

from jevons.wire import find
from jevons.wire.hosts import look_up

AI = [
    ("api.openai.com", "/v1/chat/completions", "openai.chat", "openai"),
    ("api.openai.com", "/v1/responses", "openai.responses", "openai"),
    ("api.openai.com", "/v1/embeddings", "openai.embeddings", "openai"),
    ("api.openai.com", "/v1/completions", "openai.completions", "openai"),
    ("api.openai.com", "/v1/images/generations", "openai.images", "openai"),
    ("api.openai.com", "/v1/audio/transcriptions", "openai.audio", "openai"),
    ("api.openai.com", "/v1/moderations", "openai.moderations", "openai"),
    (
        "acme.openai.azure.com",
        "/openai/deployments/gpt4/chat/completions?api-version=2024-06-01",
        "openai.chat",
        "azure.ai.openai",
    ),
    ("acme.openai.azure.com", "/openai/responses?api-version=preview", "openai.responses", "azure.ai.openai"),
    ("api.groq.com", "/openai/v1/chat/completions", "openai.chat", "groq"),
    ("api.deepseek.com", "/chat/completions", "openai.chat", "deepseek"),
    ("api.deepseek.com", "/anthropic/v1/messages", "anthropic.messages", "deepseek"),
    ("api.x.ai", "/v1/chat/completions", "openai.chat", "x_ai"),
    ("api.mistral.ai", "/v1/fim/completions", "openai.completions", "mistral_ai"),
    ("openrouter.ai", "/api/v1/chat/completions", "openai.chat", "openrouter"),
    ("API.Anthropic.com:443", "/v1/messages?beta=true", "anthropic.messages", "anthropic"),
    (
        "generativelanguage.googleapis.com",
        "/v1beta/models/gemini-2.5-flash:generateContent?key=k",
        "gemini.generate",
        "gcp.gemini",
    ),
    (
        "generativelanguage.googleapis.com",
        "/v1beta/models/e:batchEmbedContents",
        "gemini.batch_embed",
        "gcp.gemini",
    ),
    (
        "europe-west4-aiplatform.googleapis.com",
        "/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-pro:streamGenerateContent",
        "gemini.generate",
        "gcp.vertex_ai",
    ),
    (
        "us-east5-aiplatform.googleapis.com",
        "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4:streamRawPredict",
        "anthropic.messages",
        "gcp.vertex_ai",
    ),
    ("localhost:8000", "/v1/chat/completions", "openai.chat", "unknown"),
    ("127.0.0.1:11434", "/v1/chat/completions", "openai.chat", "ollama"),
    ("llm.example.com", "/chat/completions", "openai.chat", "unknown"),
    ("llm.example.com", "/api/v1/embeddings/", "openai.embeddings", "unknown"),
]


@pytest.mark.parametrize(("host", "path", "reader", "provider"), AI)
def test_ai_calls_are_found(host: str, path: str, reader: str, provider: str) -> None:
    match = find("POST", host, path)
    assert match is not None
    assert (match.reader, match.provider) == (reader, provider)


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("GET", "api.openai.com", "/v1/chat/completions"),  # lists stored completions
        ("GET", "api.openai.com", "/v1/responses/resp_1"),
        ("POST", "api.openai.com", "/v1/files"),
        ("POST", "api.openai.com", "/v1/threads/t/messages"),
        ("POST", "api.openai.com", "/v1/chat/completions/c/cancel"),
        ("POST", "api.anthropic.com", "/v1/messages/count_tokens"),
        ("POST", "generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:countTokens"),
        ("POST", "us-aiplatform.googleapis.com", "/v1/publishers/anthropic/models/count-tokens:rawPredict"),
        ("POST", "us-aiplatform.googleapis.com", "/v1/publishers/other/models/m:rawPredict"),
        ("POST", "shop.example.com", "/forms/7/responses"),
        ("POST", "shop.example.com", "/"),
        ("POST", "shop.example.com", ""),
        ("POST", "example.com", "/tasks/7:generateContent"),
    ],
)
def test_other_traffic_is_not(method: str, host: str, path: str) -> None:
    assert find(method, host, path) is None


@pytest.mark.parametrize(
    ("host", "host_class"),
    [
        ("localhost", "loopback"),
        ("LOCALHOST:1234", "loopback"),
        ("app.localhost:80", "loopback"),
        ("127.0.0.1", "loopback"),
        ("127.8.9.10:8000", "loopback"),
        ("0.0.0.0:11434", "loopback"),
        ("::1", "loopback"),
        ("[::1]:8080", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1:8000", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.5", "private"),
        ("[fd00::1]:80", "private"),
        ("gpu.local", "private"),
        ("llm.corp.internal:8000", "private"),
        ("vllm", "private"),
        ("172.32.0.1", "cloud"),
        ("8.8.8.8", "cloud"),
        ("[2001:4860:4860::8888]:443", "cloud"),
        ("api.openai.com", "cloud"),
        ("local.example.com", "cloud"),
        ("999.1.1.1", "cloud"),
    ],
)
def test_host_class(host: str, host_class: str) -> None:
    assert look_up(host).host_class == host_class


@pytest.mark.parametrize(
    ("host", "provider", "region"),
    [
        ("europe-west4-aiplatform.googleapis.com", "gcp.vertex_ai", "europe-west4"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock", "eu-west-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com:443", "aws.bedrock", "us-gov-west-1"),
        ("bedrock-mantle.us-east-2.api.aws", "aws.bedrock", "us-east-2"),
        ("acme.swedencentral.inference.ai.azure.com", "azure.ai.inference", "swedencentral"),
        ("swedencentral.api.cognitive.microsoft.com", "azure.ai.openai", "swedencentral"),
        ("us-south.ml.cloud.ibm.com", "ibm.watsonx.ai", "us-south"),
        ("abc.us-east-1.aws.endpoints.huggingface.cloud", "huggingface", "us-east-1"),
        ("eu.api.openai.com", "openai", "eu"),
        ("jp.api.openai.com", "openai", "jp"),
        ("vllm-1.eu-central-1.elb.amazonaws.com", "unknown", "eu-central-1"),  # somebody's own server
        ("acme.openai.azure.com", "azure.ai.openai", ""),
        ("aiplatform.googleapis.com", "gcp.vertex_ai", ""),
        ("notopenai.com", "unknown", ""),
        ("api.openai.com.evil.example", "unknown", ""),
    ],
)
def test_provider_and_region(host: str, provider: str, region: str) -> None:
    address = look_up(host)
    assert (address.provider, address.region) == (provider, region)


def test_region_in_a_path() -> None:
    path = "/v1/projects/p/locations/{}/publishers/google/models/gemini-2.5-pro:generateContent"
    near = find("POST", "aiplatform.googleapis.com", path.format("asia-east1"))
    anywhere = find("POST", "aiplatform.googleapis.com", path.format("global"))
    assert near is not None
    assert anywhere is not None
    assert (near.region, anywhere.region) == ("asia-east1", "")
