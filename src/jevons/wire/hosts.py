"""What an address tells: provider, host class and cloud region.

Providers are OpenTelemetry's `gen_ai.provider.name` values where one exists (v1.41), else the
service's own name. Add a provider by adding its domain to `PROVIDERS`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

PROVIDERS = {
    "openai.com": "openai",
    "anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "openai.azure.com": "azure.ai.openai",
    "cognitive.microsoft.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "openai.azure.us": "azure.ai.openai",
    "openai.azure.cn": "azure.ai.openai",
    "models.inference.ai.azure.com": "github",
    "inference.ai.azure.com": "azure.ai.inference",
    "models.ai.azure.com": "azure.ai.inference",
    "inference.ml.azure.com": "azure.ai.inference",
    "services.ai.azure.com": "azure.ai.inference",
    "models.github.ai": "github",
    "githubcopilot.com": "github",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "wxai.ibm.com": "ibm.watsonx.ai",
    "mistral.ai": "mistral_ai",
    "groq.com": "groq",
    "together.ai": "together",
    "together.xyz": "together",
    "openrouter.ai": "openrouter",
    "deepseek.com": "deepseek",
    "x.ai": "x_ai",
    "cohere.com": "cohere",
    "cohere.ai": "cohere",
    "perplexity.ai": "perplexity",
    "fireworks.ai": "fireworks",
    "cerebras.ai": "cerebras",
    "sambanova.ai": "sambanova",
    "moonshot.ai": "moonshot_ai",
    "moonshot.cn": "moonshot_ai",
    "dashscope.aliyuncs.com": "alibaba",
    "dashscope-intl.aliyuncs.com": "alibaba",
    "z.ai": "zai",
    "bigmodel.cn": "zai",
    "minimax.io": "minimax",
    "huggingface.co": "huggingface",
    "endpoints.huggingface.cloud": "huggingface",
    "nvidia.com": "nvidia",
    "deepinfra.com": "deepinfra",
    "hyperbolic.xyz": "hyperbolic",
    "baseten.co": "baseten",
    "replicate.com": "replicate",
    "novita.ai": "novita",
    "nebius.com": "nebius",
    "studio.nebius.ai": "nebius",
    "scaleway.ai": "scaleway",
    "endpoints.kepler.ai.cloud.ovh.net": "ovhcloud",
    "crusoecloud.com": "crusoe",
    "inference.heroku.com": "heroku",
    "snowflakecomputing.com": "snowflake",
    "voyageai.com": "voyage",
    "jina.ai": "jina",
    "ai21.com": "ai21",
    "upstage.ai": "upstage",
    "stepfun.com": "stepfun",
    "venice.ai": "venice",
    "ollama.com": "ollama",
    "portkey.ai": "portkey",
    "helicone.ai": "helicone",
    "oai.helicone.ai": "openai",
    "anthropic.helicone.ai": "anthropic",
    "ai-gateway.vercel.sh": "vercel",
    "requesty.ai": "requesty",
    "gateway.ai.cloudflare.com": "cloudflare",
    "api.cloudflare.com": "cloudflare",
    "databricks.com": "databricks",
    "azuredatabricks.net": "databricks",
    "digitalocean.com": "digitalocean",
    "siliconflow.com": "siliconflow",
    "siliconflow.cn": "siliconflow",
    "volces.com": "volcengine",
    "friendli.ai": "friendli",
    "featherless.ai": "featherless",
    "lambda.ai": "lambda",
    "inception-ai.com": "inception",
    "inceptionlabs.ai": "inception",
    "api.morphllm.com": "morph",
}

_PORTS = {"11434": "ollama", "1234": "lm_studio"}  # default ports that no other AI server uses

_REGIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"^([a-z0-9-]+)-aiplatform\.googleapis\.com$",
        r"^aiplatform\.([a-z0-9-]+)\.rep\.googleapis\.com$",
        r"\.([a-z]+[0-9]?-[a-z]+[0-9]+)\.run\.app$",
        r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:[a-z0-9-]+\.)*(?:amazonaws\.com|api\.aws)$",
        r"\.([a-z]{2}-[a-z]+-\d)\.aws\.endpoints\.huggingface\.cloud$",
        r"\.([a-z0-9]+)\.(?:inference\.ai\.azure\.com|models\.ai\.azure\.com|inference\.ml\.azure\.com)$",
        r"\.([a-z0-9]+)\.azurecontainer(?:apps)?\.io$",
        r"^([a-z0-9]+)\.api\.cognitive\.microsoft\.com$",
        r"\b([a-z]+-[a-z]+)\.ml\.cloud\.ibm\.com$",
        r"\b([a-z]{2}-[a-z]+-\d)\.aws\.wxai\.ibm\.com$",
        r"^(eu|us|au|in|jp)\.(?:api\.openai|inference\.heroku)\.com$",  # OpenAI: hosts that process in a region
    )
)
_VERTEX_AREA = re.compile(r"aiplatform\.[a-z0-9-]+\.rep\.googleapis\.com$")  # ``us``, ``eu``
_LOCATION = re.compile(r"/locations/([a-z0-9-]+)/")


class Address(NamedTuple):
    """What a host tells."""

    provider: str
    host_class: str
    region: str


@lru_cache(maxsize=512)
def look_up(host: str) -> Address:
    """Provider, host class and region of a host, which may carry a port; `unknown` where it tells nothing."""
    name, port = _split(host.lower())
    kind = _host_class(name)
    if kind != "cloud":
        return Address(_PORTS.get(port, "ollama" if "ollama" in name else "unknown"), kind, "")
    provider = _PORTS.get(port, "unknown")
    labels = name.split(".")
    for start in range(len(labels) - 1):
        found = PROVIDERS.get(".".join(labels[start:]))
        if found:
            provider = found
            break
    else:
        if name.endswith("-aiplatform.googleapis.com") or _VERTEX_AREA.match(name):
            provider = "gcp.vertex_ai"
        elif "bedrock" in name and name.endswith((".amazonaws.com", ".api.aws")):
            provider = "aws.bedrock"
    region = ""
    for pattern in _REGIONS:
        match = pattern.search(name)
        if match:
            region = match[1]
            break
    return Address(provider, kind, region)


def path_region(path: str) -> str:
    """Region that a Vertex AI path names (``/locations/europe-west4/``); empty for ``global``."""
    match = _LOCATION.search(path)
    return match[1] if match and match[1] != "global" else ""


def _split(host: str) -> tuple[str, str]:
    """Name and port of ``name``, ``name:port``, ``[v6]:port`` or a bare IPv6 address."""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        return name, port.lstrip(":")
    if host.count(":") == 1:
        name, _, port = host.partition(":")
        return name.rstrip("."), port
    return host.rstrip("."), ""


def _host_class(name: str) -> str:
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    if name.endswith((".local", ".internal", ".lan", ".home.arpa")) or ("." not in name and ":" not in name):
        return "private"  # a bare name is one of a local network, such as a compose service
    if ":" in name or name[-1:].isdigit():
        import ipaddress  # only addresses need it

        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return "cloud"
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_unspecified:
            return "loopback"
        return "private" if address.is_private else "cloud"
    return "cloud"
