"""Names of models to sizes."""

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.factors import look_up
from jevons.factors.models import normalise

SUITES = Path(__file__).parents[3] / "shared" / "data" / "suites" / "index.csv.gz"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("openai/gpt-4o-2024-08-06", "gpt-4o"),
        ("models/gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("claude-3-5-haiku@20241022", "claude-3-5-haiku"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("qwen3:latest", "qwen3"),
        ("llama3.2:1b", "llama3.2:1b"),
        ("GPT-4o-Mini", "gpt-4o-mini"),
        ("deepseek-v3", "deepseek-v3"),
    ],
)
def test_normalise(name, short):
    assert normalise(name) == short


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        ("llama3.2:1b", 1, 1),
        ("llama-3.3-70b-versatile", 70, 70),
        ("meta.llama3-1-70b-instruct-v1:0", 70, 70),
        ("mistral:7b", 7.2, 7.2),
        ("mixtral-8x7b-instruct-v0.1", 46.7, 12.9),
        ("someone/new-8x7b", 45.9, 12.7),
        ("qwen3-30b-a3b-instruct-2507", 30.5, 3.3),
        ("someone/new-80b-a3b", 80, 3),
        ("deepseek-r1:14b", 14, 14),
        ("deepseek-r1:671b", 671, 37),
        ("deepseek-ai/DeepSeek-R1", 671, 37),
        ("meta-llama/llama-4-maverick-17b-128e-instruct", 400, 17),
        ("smollm2:135m", 0.135, 0.135),
        ("mistral.mistral-large-3-675b-instruct", 675, 41),
        ("qwen3-coder:30b", 30.5, 3.3),
        ("gpt-oss:20b", 20.9, 3.6),
        ("all-MiniLM-L6-v2", 0.0227, 0.0227),
        ("nomic-embed-text:latest", 0.137, 0.137),
    ],
)
def test_parameters(name, total, active):
    model = look_up(name)
    assert model.total_b.value == pytest.approx(total, rel=0.01)
    assert model.active_b.value == pytest.approx(active, rel=0.01)
    assert model.knowledge in ("known", "name")
    assert model.steps


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("gpt-4o", "large"),
        ("gpt-4o-mini", "small"),
        ("gpt-4-0125-preview", "large"),
        ("gpt-4", "extra large"),
        ("gpt-5.4-mini", "medium"),
        ("gpt-5.1-codex-mini", "medium"),
        ("gpt-5.6-sol", "large"),
        ("o3-mini-2025-01-31", "medium"),
        ("claude-3-haiku-20240307", "small"),
        ("claude-3.5-haiku", "medium"),
        ("claude-opus-4-1-20250805", "extra large"),
        ("claude-3-7-sonnet:thinking", "large"),
        ("gemini-2.5-flash-lite", "small"),
        ("gemini-2.5-flash", "medium"),
        ("amazon.nova-micro-v1:0", "small"),
        ("text-embedding-3-small", "embedding"),
        ("mistral-medium-latest", "medium"),
        ("grok-4", "large"),
    ],
)
def test_closed_models_have_a_tier(name, tier):
    model = look_up(name)
    assert model.knowledge == "tier"
    assert model.tier == tier


def test_nothing_known_is_said_and_is_widest():
    model = look_up("this-model-does-not-exist")
    assert model.knowledge == "unknown"
    assert "nothing known" in model.steps[0]
    for tier in ("gpt-4o", "gpt-4", "gpt-4o-mini", "gemini-2.5-flash"):
        other = look_up(tier)
        assert model.total_b.low <= other.total_b.low
        assert model.total_b.high >= other.total_b.high
    assert look_up("", "embeddings").kind == "embeddings"


@given(st.text(max_size=60))
def test_any_name_gives_ordered_positive_sizes(name):
    model = look_up(name)
    for size in (model.total_b, model.active_b):
        assert 0 < size.low <= size.value <= size.high
    assert model.active_b.value <= model.total_b.value


@given(st.integers(1, 2000), st.sampled_from(["-", ":", "/x-", "_"]))
def test_size_in_a_name_is_read(billions, mark):
    assert look_up(f"someone{mark}{billions}b").total_b.value == billions


@pytest.mark.skipif(not SUITES.is_file(), reason="../shared/data/suites is not here")
def test_most_calls_of_real_suites_have_a_known_model():
    calls = told = 0
    with gzip.open(SUITES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["is_inference"] == "1" and row["model"]:
                calls += 1
                told += look_up(row["resp_model"] or row["model"]).knowledge != "unknown"
    assert told / calls > 0.97
