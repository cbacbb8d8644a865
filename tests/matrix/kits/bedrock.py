"""boto3's bedrock-runtime, on botocore's urllib3: converse and invoke, plain and as binary event streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from matrix.kits import PARAMETERS, TEXTS, Kit


@contextmanager
def client(url: str, timeout: float | None = None, retries: int = 0) -> Iterator[Any]:
    import boto3
    from botocore.config import Config

    made = boto3.Session(aws_access_key_id="NOTAKEY", aws_secret_access_key="not-a-secret").client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="eu-west-1",
        config=Config(
            retries={"total_max_attempts": retries + 1, "mode": "standard"},
            read_timeout=timeout or 20,
            connect_timeout=timeout or 20,
        ),
    )
    yield made
    made.close()


def _asked(model: str, prompt: str, tools: bool) -> dict[str, Any]:
    spec = {"name": "weather", "description": "The weather of a city", "inputSchema": {"json": PARAMETERS}}
    given = {"toolConfig": {"tools": [{"toolSpec": spec}]}} if tools else {}
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    return {"modelId": model, "messages": messages, "inferenceConfig": {"temperature": 0.5, "maxTokens": 500}} | given


def converse(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.converse(**_asked(model, prompt, tools))


def converse_stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.converse_stream(**_asked(model, prompt, tools))["stream"]


def _anthropic(prompt: str) -> str:
    messages = [{"role": "user", "content": prompt}]
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500, "messages": messages})


def _llama(prompt: str) -> str:
    return json.dumps({"prompt": prompt, "max_gen_len": 500})


def invoke(body: Any, client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    made = client.invoke_model(modelId=model, body=body(prompt))
    return made | {"body": made["body"].read()}


def invoke_stream(body: Any, client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.invoke_model_with_response_stream(modelId=model, body=body(prompt))["body"]


def embed(client: Any, model: str) -> Any:
    made = client.invoke_model(modelId=model, body=json.dumps({"inputText": TEXTS[0]}))
    return json.loads(made["body"].read())


_ALL: dict[str, Any] = {
    "package": "boto3",
    "host": "bedrock-runtime.eu-west-1.amazonaws.com",
    "provider": "aws.bedrock",
    "client": client,
    "told": True,
    "sources": ("urllib3",),
}
_ALL |= {"retries": (0, 1, 2)}
KITS = [
    Kit("bedrock converse", chat=converse, stream=converse_stream, tools=True, **_ALL),
    Kit("bedrock invoke, Anthropic", chat=partial(invoke, _anthropic), stream=partial(invoke_stream, _anthropic),
        model="anthropic.fake-1", **_ALL),
    Kit("bedrock invoke, Llama", chat=partial(invoke, _llama), stream=partial(invoke_stream, _llama),
        model="meta.fake-1", **_ALL),
    Kit("bedrock invoke, Titan", chat=lambda client, model, *_: embed(client, model), embed=embed,
        model="amazon.titan-embed-fake", **_ALL),
]  # fmt: skip
