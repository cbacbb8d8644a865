"""Names of models: what is decoration, what is the model, and what the name says of its size.

Providers, routers and local servers each decorate a name in their own way; every function here is pure text.
"""

from __future__ import annotations

import re

_PROVIDER = re.compile(
    r"^(?:openai|azure|azure_ai|anthropic|google-gla|google-vertex|google|gemini|vertex_ai|bedrock(?:_converse)?|aws"
    r"|mistral|cohere|groq|ollama(?:_chat)?|openrouter|together|fireworks|huggingface|deepseek|xai|grok|perplexity"
    r"|cerebras|litellm|chat|completion|embedding|responses|messages|converse):(?![\d.]+b|latest|instruct|text|v\d)(?=.)"
)
_ROUTE = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|ca|sa|me|af|global|regional)\.(?=.)")
_MAKER = re.compile(
    r"^(?:(?:anthropic|amazon|meta|mistral|cohere|openai|qwen|ai21|google|nvidia|minimax|moonshot|moonshotai"
    r"|zai|writer|stability|luma|twelvelabs|openai-compatible)\.|(?:openai|anthropic|google|meta|mistralai|zai|xai"
    r"|amazon|databricks|nvidia|azure)-)(?=.)"
)
_SUFFIX = (
    r"latest|free|nitro|floor|online|thinking|extended|beta|batch|exacto|default|cheapest|fastest|self-moderated"
    r"|fireworks-ai|together|novita|nebius|groq|cerebras|sambanova|hyperbolic|nscale"
)
_TAIL = re.compile(
    rf"(?:-v\d+)?:[\do](?:\d*k)?$|:(?:{_SUFFIX})$|:[a-z]*(?:content|predict|counttokens)$|-latest$"
    r"|(?<!davinci)(?<!babbage)-00\d$|@.*$|-\d{5}-of-\d{5}$|\.(?:gguf|safetensors|bin|onnx)$|-gguf$"
)
_DATE = re.compile(r"[-@](?:20\d{2}-?[01]\d-?[0-3]\d|[01]\d-20\d{2}|\d{4}|\d{6})(?=$|[-:@.])|[-@][01]\d-[0-3]\d(?=$|:)")
_MIX = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])")
_SIZE = re.compile(r"(?<![0-9.a-z])(\d+(?:\.\d+)?)([tbm])(\d?)(?![a-z0-9])")
_ACTIVE = re.compile(r"(?<![a-z0-9])a(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")
_BITS = re.compile(
    r"(?<![a-z0-9])(?:(?:i?q|int|fp|nvfp|mxfp|w|f|bf)(2|3|4|5|6|8|16|32)(?:a\d+)?(?!\d)|([2-8])-?bits?(?![a-z]))"
)
_FOUR = re.compile(r"(?<![a-z0-9])(?:awq|gptq|bnb|exl2)(?![a-z])")

LONGEST = 512
"""Characters of a name that are read."""
MIXTURE_TOTAL = 0.82
"""Parameters of an NxS mixture over N x S, as experts share attention: 46.7 / 56 and 141 / 176 in Mixtral."""
MIXTURE_ACTIVE = 0.277
"""Active over total parameters of a mixture with two experts of eight: 12.9 / 46.7 and 39 / 141 in Mixtral."""

BILLIONS = {"t": 1e3, "b": 1.0, "m": 1e-3}
SMALLEST_B, LARGEST_B = 1e-6, 1e5
"""A number outside these is no size of a model."""


def normalise(name: str) -> str:
    """A model's name without provider, route, date, version and file ending, in lower case.

    ``us.anthropic.claude-3-5-haiku-20241022-v1:0`` is ``claude-3-5-haiku``; ``ft:gpt-4o-mini:org::id`` is
    ``gpt-4o-mini``. Nothing is put in the place of what goes, so a second time changes nothing.
    """
    short = name.strip().lower()[:LONGEST]
    while True:
        shorter = _step(short)
        if shorter == short or not shorter:
            return short
        short = shorter


def _step(short: str) -> str:
    short = short.replace("\\", "/").removeprefix("~").split("#")[0].strip().rstrip("/")
    if short.startswith("models--"):
        short = short.replace("--", "/")
    if short.startswith("ft:"):  # OpenAI: ft:base:organisation:suffix:id
        return short.split(":")[1]
    short = re.split(r":ft-|\.ft-", short)[0] or short  # curie:ft-organisation, Azure's base.ft-id
    short = short.rpartition("/")[2]
    short = _MAKER.sub("", _ROUTE.sub("", _PROVIDER.sub("", short)))
    short = _TAIL.sub("", short) or short
    return (_DATE.sub("", short) or short).strip()


def spelling(name: str) -> str:
    """One spelling of a normalised name: ``llama3.1:8b``, ``llama-3_1-8b``, ``llama-v3p1-8b``: ``llama-3.1-8b``."""
    short = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    short = re.sub(r"(\d)p(?=\d)", r"\1.", short)
    short = re.sub(r"(?<=[a-z])\.|\.(?=[a-z])|\.$", "-", short)
    short = re.sub(r"(?<![a-z0-9])(?!(?:nvfp|mxfp|int)\d)([a-z]{3,})(?=\d)", r"\1-", short)
    short = re.sub(r"(llama|qwen|gemma|glm|claude)-v(?=\d)", r"\1-", short)
    short = re.sub(r"(?<![\d.q])(\d)-(\d)(?=$|-)", r"\1.\2", short)
    short = re.sub(r"(?<![\d.])0-(?=\d+b)", "0.", short)
    return re.sub(r"-{2,}", "-", short).strip("-.")


def parameters(name: str) -> tuple[float, float | None] | None:
    """Total and active parameters in billions, read from a spelled name; active None where it does not say.

    ``70b``, ``135m``, ``2.4t-a95b``, ``8x7b``, ``7b1``.
    """
    total, used = 0.0, None
    if mixture := _MIX.search(name):
        total = float(mixture[1]) * float(mixture[2]) * MIXTURE_TOTAL
        used = total * MIXTURE_ACTIVE
    elif size := _SIZE.search(name):
        number = size[1] + (f".{size[3]}" if size[3] and "." not in size[1] else "")
        total = float(number) * BILLIONS[size[2]]
        if active := _ACTIVE.search(name):
            used = min(float(active[1]) * BILLIONS[active[2]], total) or None
    return (total, used) if SMALLEST_B < total < LARGEST_B else None


def weight_bits(name: str) -> float | None:
    """Bits of a weight that a spelled name states: ``q4-k-m`` 4, ``fp8`` 8, ``awq`` 4; None where it does not."""
    found = _BITS.search(name)
    if not found:
        return 4.0 if _FOUR.search(name) else None
    return float(found[1] or found[2])
