"""Names of models to sizes."""

import csv
import gzip
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.factors import look_up, table
from jevons.factors.models import TIER_BELOW_USD, tier_of

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
SUITES = SHARED / "suites" / "index.csv.gz"
MEASUREMENTS = SHARED / "energy" / "measurements.csv"

SAY_NOTHING = {
    # made up, to see an error
    "does-not-exist", "invalid-model-id", "invalid-streaming-model-id", "non-existent", "non-existent-model",
    "nonexistent", "nonexistent-model", "nonexistent-model:latest", "this-model-does-not-exist",
    "us.does-not-exist-model-v1:0",
    # ids that an account gave
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/otnfa2ysixqd",
    # a server that serves one model
    "tgi",
}  # fmt: skip
ROUNDED = {
    # measurements.csv has the number in the name; the cards say 1.18, 2.51, 2.61 and 8.54
    "allenai/OLMo-1B-hf", "google/codegemma-1.1-2b", "google/codegemma-7b", "google/gemma-2-2b-it",
    "google/gemma-2b", "google/gemma-7b", "ollama:gemma:2b", "ollama:gemma:7b",
    # pictures: what the name holds is not the whole
    "Salesforce/blip2-flan-t5-xl", "segmind/SSD-1B",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        ("llama3.2:1b", 1.24, 1.24),
        ("llama3", 8.03, 8.03),
        ("llama3:instruct", 8.03, 8.03),
        ("llama3.2:3b-instruct-q4_K_M", 3.21, 3.21),
        ("llama-3.3-70b-versatile", 70.6, 70.6),
        ("meta.llama3-1-70b-instruct-v1:0", 70.6, 70.6),
        ("accounts/fireworks/models/llama-v3p1-405b-instruct", 406, 406),
        ("nousresearch/hermes-3-llama-3.1-8b", 8.03, 8.03),
        ("nvidia/Llama-3_3-Nemotron-Super-49B-v1", 49.9, 49.9),
        ("mistral:7b", 7.2, 7.2),
        ("TheBloke/Mistral-7B-Instruct-v0.2-GGUF/mistral-7b-instruct-v0.2.Q4_K_M.gguf", 7.25, 7.25),
        ("mixtral-8x7b-instruct-v0.1", 46.7, 12.9),
        ("dolphin-mixtral-8x22b", 141, 39),
        ("someone/new-8x7b", 45.9, 12.7),
        ("qwen3-30b-a3b-instruct-2507", 30.5, 3.3),
        ("Qwen/Qwen3-VL-8B-Instruct", 8.2, 8.2),
        ("someone/new-80b-a3b", 80, 3),
        ("someone/new-1t", 1000, 70),
        ("deepseek-r1:14b", 14.8, 14.8),
        ("deepseek-r1:671b", 671, 37),
        ("deepseek-ai/DeepSeek-R1", 671, 37),
        ("us.deepseek.r1-v1:0", 671, 37),
        ("meta-llama/llama-4-maverick-17b-128e-instruct", 400, 17),
        ("google/gemma-4-26b-a4b-it", 26, 4),
        ("smollm2:135m", 0.135, 0.135),
        ("mistral.mistral-large-3-675b-instruct", 675, 41),
        ("qwen3-coder:30b", 30.5, 3.3),
        ("gpt-oss:20b", 20.9, 3.6),
        ("all-MiniLM-L6-v2", 0.0227, 0.0227),
        ("nomic-embed-text:latest", 0.137, 0.137),
        ("gpt2-xl", 1.56, 1.56),
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
        ("azure/gpt-4o-prod", "large"),
        ("azure/prod-gpt-4o-mini", "small"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "small"),
        ("gpt-4-0125-preview", "extra large"),
        ("gpt-4", "extra large"),
        ("gpt-5.4-mini", "medium"),
        ("gpt-5.1-codex-mini", "medium"),
        ("gpt-9-mini", "medium"),
        ("o3-mini-2025-01-31", "medium"),
        ("claude-3-haiku-20240307", "medium"),
        ("claude-3.5-haiku", "medium"),
        ("claude-opus-4-1-20250805", "extra large"),
        ("claude-opus-99", "extra large"),
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
    assert model.maker
    assert model.lineage


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gpt-image-1", "image"),
        ("dall-e-3", "image"),
        ("imagen-4.0-generate-001", "image"),
        ("gemini-2.5-flash-image", "image"),
        ("black-forest-labs/FLUX.1-schnell", "image"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "image"),
        ("veo-3.0-generate-preview", "video"),
        ("sora-2", "video"),
        ("whisper-1", "audio"),
        ("gpt-4o-mini-tts", "audio"),
        ("gpt-4o-transcribe", "audio"),
        ("cohere.rerank-v3-5:0", "rerank"),
        ("omni-moderation-latest", "moderation"),
        ("amazon.titan-embed-image-v1", "embeddings"),
        ("text-embedding-ada-002", "embeddings"),
        ("gpt-4o-audio-preview", "chat"),
        ("gpt-4o", "chat"),
        ("imaginary", "chat"),
    ],
)
def test_what_makes_no_text_is_not_taken_for_chat(name, kind):
    assert look_up(name).kind == kind


@pytest.mark.parametrize(
    ("name", "architecture", "bits", "layers", "kv_bytes"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "dense", 16, 32, 131_072),
        ("llama-3.1-70b-instruct-fp8", "dense", 8, 80, 327_680),
        ("mistral:7b-instruct-q4_0", "dense", 4, 32, 131_072),
        ("Qwen/Qwen3-235B-A22B", "moe", 16, 94, 192_512),
        ("deepseek-v3", "moe", 8, 61, 70_272),  # one latent a layer: 61 x 576 x 2 bytes
        ("openai/gpt-oss-20b", "moe", 4.25, 24, 49_152),
        ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "hybrid", 16, 56, 16_384),
        ("google/flan-t5-xl", "encdec", 32, None, None),
        ("bge-small-en-v1.5", "embedding", 32, None, None),
        ("gpt-4o", "", None, None, None),
        ("someone/new-7b", "", None, None, None),
    ],
)
def test_shape(name, architecture, bits, layers, kv_bytes):
    model = look_up(name)
    assert (model.architecture, model.weight_bits) == (architecture, bits)
    assert (model.layers, model.kv_bytes_per_token) == (layers, kv_bytes)


def test_steps_tell_how():
    assert look_up("gpt-4o").steps == ("gpt-4o > output price of gpt-4o, $10 per million tokens > size tier large",)
    assert "holds llama-3.1*8b" in look_up("hermes-3-llama-3.1-8b").steps[0]
    assert "gpt-4o-mini" in look_up("azure/prod-gpt-4o-mini").steps[0]
    assert look_up("llama3:8b-q4_0").steps[1] == "4 bits a weight in the name"
    assert look_up("Qwen/Qwen3-32B").source_url == "https://huggingface.co/Qwen/Qwen3-32B"


def test_nothing_known_is_said_and_is_widest():
    model = look_up("this-model-does-not-exist")
    assert model.knowledge == "unknown"
    assert "nothing known, the widest tier" in model.steps[0]
    for tier in ("gpt-4o", "gpt-4", "gpt-4o-mini", "gemini-2.5-flash"):
        other = look_up(tier)
        for size in ("total_b", "active_b"):
            assert getattr(model, size).low <= getattr(other, size).low
            assert getattr(model, size).high >= getattr(other, size).high
    assert look_up("", "embeddings").kind == "embeddings"


def test_tier_follows_price():
    assert [tier_of(price) for price in (0, 1, 1.01, 6, 10, 20, 75)] == [
        "small", "small", "medium", "medium", "large", "large", "extra large",
    ]  # fmt: skip
    values = [look_up(name).total_b for name in ("gpt-4o-mini", "gemini-2.5-flash", "gpt-4o", "gpt-4")]
    assert [look_up(name).tier for name in ("gpt-4o-mini", "gemini-2.5-flash", "gpt-4o", "gpt-4")] == list(
        TIER_BELOW_USD
    )
    for bound in ("low", "value", "high"):
        figures = [getattr(size, bound) for size in values]
        assert figures == sorted(figures)


@pytest.mark.parametrize("row", table.rows("models"), ids=lambda row: row["pattern"])
def test_every_row_is_reached_by_its_own_name(row):
    if row["pattern"].startswith("tier:"):
        return
    name = row["pattern"].replace("*", "-")
    model = look_up(name.removesuffix("$") if name.endswith("$") else f"{name}-of-mine")
    assert model.lineage == row["lineage"]
    assert model.maker == row["provider"]
    if not row["tier"]:
        assert model.total_b.value == float(row["total_b"])
        assert model.architecture == row["architecture"]


@pytest.mark.parametrize("name", ["model_prices", "model_kinds"])
def test_patterns_are_there_once(name):
    patterns = [row["pattern"] for row in table.rows(name)]
    assert len(patterns) == len(set(patterns)) > 20


@given(st.text(max_size=60), st.sampled_from(["chat", "embeddings"]))
def test_any_name_gives_ordered_positive_sizes(name, kind):
    model = look_up(name, kind)
    for size in (model.total_b, model.active_b):
        assert 0 < size.low <= size.value <= size.high
    assert model.active_b.value <= model.total_b.value
    assert model.steps


@given(st.integers(1, 400), st.sampled_from(["-", ":", "/x-", "_"]))
def test_size_in_a_name_is_read(billions, mark):
    assert look_up(f"someone{mark}{billions}b").total_b.value == billions


KNOWN = [
    "gpt-4o", "gpt-4o-mini", "o3-mini", "claude-sonnet-4-5", "claude-3-5-haiku", "gemini-2.5-flash", "nova-lite",
    "llama-3.1-8b-instruct", "llama3.2:3b", "qwen3:14b", "qwen2.5-coder-32b-instruct", "mixtral-8x7b-instruct",
    "mistral-small", "deepseek-r1", "deepseek-r1:7b", "gpt-oss-120b", "gemma-2-9b-it", "phi-4", "command-r-plus",
    "grok-4", "text-embedding-3-small", "bge-m3", "someone-13b",
]  # fmt: skip


@given(
    st.sampled_from(KNOWN),
    st.sampled_from(["", "azure/", "bedrock/us.", "vertex_ai/", "openrouter/someone/", "groq/", "models/", "ollama/",
                     "accounts/fireworks/models/", "projects/p/locations/l/publishers/google/models/", "~someone/"]),
    st.sampled_from(["", "-2024-08-06", "-20250929", "@20241022", "-001", "-latest", ":free", "-2024-08-06:free"]),
)  # fmt: skip
def test_decoration_changes_no_parameters(name, prefix, suffix):
    plain, decorated = look_up(name), look_up(f"{prefix}{name}{suffix}")
    for field in ("total_b", "active_b", "lineage", "maker", "kind", "knowledge", "tier", "kv_bytes_per_token"):
        assert getattr(plain, field) == getattr(decorated, field), field


def resolved(name):
    model = look_up(name)
    return model.knowledge != "unknown" or model.kind not in ("chat", "embeddings")


@pytest.mark.skipif(not SUITES.is_file(), reason="../shared/data/suites is not here")
def test_every_model_of_real_suites_is_known():
    with gzip.open(SUITES, "rt", encoding="utf-8", newline="") as file:
        names = {row[column] for row in csv.DictReader(file) for column in ("model", "resp_model")} - {""}
    assert {name for name in names if not resolved(name)} == SAY_NOTHING


@pytest.mark.skipif(not MEASUREMENTS.is_file(), reason="../shared/data/energy is not here")
def test_sizes_agree_with_those_of_measured_models():
    compared = set()
    with MEASUREMENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            model = look_up(row["model_id"])
            if not row["total_params_b"] or model.knowledge not in ("known", "name") or row["model_id"] in ROUNDED:
                continue
            if model.kind in ("chat", "embeddings"):
                compared.add(row["model_id"])
                assert model.total_b.value == pytest.approx(float(row["total_params_b"]), rel=0.15), row["model_id"]
                assert model.active_b.value == pytest.approx(float(row["active_params_b"]), rel=0.15), row["model_id"]
    assert len(compared) > 140


def test_nearly_every_model_with_a_price_is_known():
    data = pytest.importorskip("genai_prices.data", reason="genai-prices is not installed")
    names = {model.id for provider in data.providers for model in provider.models}
    assert sum(map(resolved, names)) / len(names) >= 0.97  # a newer release may list newer models


def test_tiers_hold_the_open_models_sold_at_their_price():
    pytest.importorskip("genai_prices", reason="genai-prices is not installed")
    spec = importlib.util.spec_from_file_location("derive_models", ROOT / "tools" / "derive_models.py")
    derive = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(derive)
    for own in (False, True):
        points = derive.known(derive.offers(), own)
        held = 0
        for price, total, active in points:
            row = table.index("models", "pattern")[f"tier:{tier_of(price)}"]
            held += all(
                float(row[f"{of}_low_b"]) <= size <= float(row[f"{of}_high_b"])
                for of, size in (("total", total), ("active", active))
            )
        assert held / len(points) >= 0.88  # 0.91 and 0.97 with genai-prices 0.2.3
