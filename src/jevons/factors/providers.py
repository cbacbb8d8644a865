"""Who answers calls: the fleet of data centres behind a provider, and the country of those that serve from one."""

from __future__ import annotations

FLEETS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "github": "azure",
    "aws.bedrock": "aws",
    "gcp.gemini": "gcp",
    "gcp.vertex_ai": "gcp",
    "gcp.gen_ai": "gcp",
    "alibaba": "alibaba",
}
"""OTel ``gen_ai.provider.name`` to a fleet of ``datacentre.csv``."""

COUNTRIES = {"deepseek": "CHN", "alibaba": "CHN", "moonshot_ai": "CHN", "zai": "CHN", "stepfun": "CHN"}
"""Country of providers that serve from one country, as far as known; others: see `places.CLOUD`."""

PROVIDERS = frozenset({
    *FLEETS, *FLEETS.values(), *COUNTRIES,
    "ai21", "baseten", "cerebras", "cloudflare", "cohere", "crusoe", "databricks", "deepinfra", "digitalocean",
    "featherless", "fireworks", "friendli", "groq", "helicone", "heroku", "huggingface", "hyperbolic", "ibm.watsonx.ai",
    "inception", "jina", "lambda", "lm_studio", "minimax", "mistral_ai", "morph", "nebius", "novita", "nvidia",
    "ollama", "openrouter", "ovhcloud", "perplexity", "portkey", "replicate", "requesty", "sambanova", "scaleway",
    "siliconflow", "snowflake", "together", "upstage", "venice", "vercel", "volcengine", "voyage", "x_ai",
})  # fmt: skip
"""Providers and fleets that a user's file may name."""
