"""Decoration of names: what providers, routers, local servers and files put around a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.factors.names import normalise, parameters, spelling, weight_bits


@pytest.mark.parametrize(
    ("name", "short"),
    [
        # dates and versions
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-3-5-haiku@20241022", "claude-3-5-haiku"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview"),
        ("command-r7b-12-2024", "command-r7b"),
        ("davinci-002", "davinci-002"),
        ("deepseek-v3", "deepseek-v3"),
        ("mistral-large-latest", "mistral-large"),
        # Azure
        ("azure/gpt-4o", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18.ft-0123456789", "gpt-4o-mini"),
        # Bedrock
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("regional.openai.gpt-5.6-luna", "gpt-5.6-luna"),
        ("us.amazon.nova-micro-v1:O", "nova-micro"),
        ("amazon.titan-embed-text-v2:0", "titan-embed-text"),
        ("amazon.nova-pro-v1:0:300k", "nova-pro"),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"),
        ("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0", "nova-lite"),
        # Vertex and Gemini
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("projects/p/locations/us-central1/publishers/meta/models/llama-3.3-70b-instruct-maas",
         "llama-3.3-70b-instruct-maas"),
        ("publishers/google/models/gemini-2.0-flash:streamGenerateContent", "gemini-2.0-flash"),
        # routers
        ("openai/gpt-4o:free", "gpt-4o"),
        ("meta-llama/llama-3.1-70b-instruct:nitro", "llama-3.1-70b-instruct"),
        ("~anthropic/claude-sonnet-latest", "claude-sonnet"),
        ("openai/gpt-oss-120b:fireworks-ai", "gpt-oss-120b"),
        ("bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"),
        ("vertex_ai/gemini-1.5-pro-002", "gemini-1.5-pro"),
        ("together_ai/mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b-instruct-v0.1"),
        ("accounts/fireworks/models/llama-v3p1-70b-instruct", "llama-v3p1-70b-instruct"),
        ("accounts/me/models/mine#accounts/me/deployments/1", "mine"),
        ("@cf/meta/llama-3-8b-instruct-awq", "llama-3-8b-instruct-awq"),
        ("databricks-meta-llama-3-1-8b-instruct", "llama-3-1-8b-instruct"),
        ("openai:gpt-4o", "gpt-4o"),
        # fine-tunes
        ("ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o-mini"),
        ("curie:ft-org-2023-01-02-03-04-05", "curie"),
        # local
        ("qwen3:latest", "qwen3"),
        ("llama3.2:1b", "llama3.2:1b"),
        ("ollama:gemma:2b", "gemma:2b"),
        ("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M", "llama-3.2-3b-instruct-gguf:q4_k_m"),
        ("/models/llama-2-7b.Q4_K_M.gguf", "llama-2-7b.q4_k_m"),
        ("C:\\models\\Phi-3-mini-4k-instruct-q4.gguf", "phi-3-mini-4k-instruct-q4"),
        ("Llama-3.1-70B-Q8_0-00001-of-00002.gguf", "llama-3.1-70b-q8_0"),
        ("models--meta-llama--Llama-3.1-8B", "llama-3.1-8b"),
        ("GPT-4o-Mini", "gpt-4o-mini"),
        ("", ""),
    ],
)  # fmt: skip
def test_normalise(name, short):
    assert normalise(name) == short


@pytest.mark.parametrize(
    ("names", "one"),
    [
        (["llama3.1:8b", "Llama-3_1-8B", "llama-v3p1-8b", "llama3-1-8b"], "llama-3.1-8b"),
        (["claude-3-5-haiku", "claude-3.5-haiku"], "claude-3.5-haiku"),
        (["qwen2.5-coder:7b", "Qwen2p5-Coder-7B"], "qwen-2.5-coder-7b"),
        (["llama3:8b", "llama-3-8b"], "llama-3-8b"),
        (["deepseek.r1", "deepseek-r1"], "deepseek-r1"),
        (["gpt4o", "gpt-4o"], "gpt-4o"),
        (["qwen3-embedding-0-6b", "qwen3-embedding:0.6b"], "qwen-3-embedding-0.6b"),
        (["o3-mini"], "o3-mini"),
        (["mixtral-8x7b-instruct-v0.1"], "mixtral-8x7b-instruct-v0.1"),
    ],
)
def test_one_spelling(names, one):
    assert {spelling(normalise(name)) for name in names} == {one}


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("llama-3.1-70b", (70, None)),
        ("smollm-2-135m", (0.135, None)),
        ("qwen-3-30b-a3b", (30, 3)),
        ("granite-3.1-1b-a400m", (1, 0.4)),
        ("qwen-3.8-2.4t-a95b", (2400, 95)),
        ("bloomz-7b1", (7.1, None)),
        ("mixtral-8x7b", (pytest.approx(45.92), pytest.approx(12.72, rel=0.01))),
        ("moonshot-v1-128k", None),
        ("gpt-4o", None),
        ("phi-3-mini-4k", None),
        ("x-0b", None),
    ],
)
def test_parameters_in_a_name(name, sizes):
    assert parameters(name) == sizes


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("llama3.2:3b-instruct-q4_K_M", 4),
        ("Qwen3-235B-A22B-Instruct-2507-FP8", 8),
        ("llama-2-7b.Q8_0.gguf", 8),
        ("TheBloke/Mistral-7B-Instruct-v0.2-AWQ", 4),
        ("Qwen2.5-7B-Instruct-GPTQ-Int8", 8),
        ("gemma-2-9b-bnb-4bit", 4),
        ("llama3.2:3b-instruct-fp16", 16),
        ("llama-3.1-8b-instruct-w8a8", 8),
        ("glm-5.3-flash-nvfp4", 4),
        ("gpt-4-32k", None),
        ("gpt-4o", None),
    ],
)
def test_bits_in_a_name(name, bits):
    assert weight_bits(spelling(normalise(name))) == bits


NAMES = st.one_of(
    st.text(max_size=80),
    st.text("abgmoqt0123456789.:-_/@#~x ", max_size=40),
    st.from_regex(r"\A[a-z]{1,8}[-:.]\d+[bmt]\Z"),
)


@given(NAMES)
def test_a_second_time_changes_nothing(name):
    short = normalise(name)
    assert normalise(short) == short
    key = spelling(short)
    assert spelling(key) == key
    assert parameters(key) is None or parameters(key)[0] > 0


def test_a_name_of_a_million_characters_is_cut():
    assert len(normalise("us." * 400_000)) <= 512
    assert parameters(spelling("9" * 5_000 + "x7b")) is None
