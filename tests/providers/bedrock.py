"""Amazon Bedrock: converse and invoke, plain and as binary event streams (docs.aws.amazon.com/bedrock/latest)."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from typing import Any
from urllib.parse import unquote

from providers import anthropic, text
from providers.answer import JSON, Answer, Event, Usage, strip_usage

_PATH = re.compile(r"/model/([^/]+)/(converse|converse-stream|invoke|invoke-with-response-stream)")
_STRING = 7


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    match = _PATH.fullmatch(path)
    if method != "POST" or match is None:
        return None
    model, verb = unquote(match[1]), match[2]
    quiet = "nousage" in model.split("+")
    if verb.startswith("converse"):
        result = _converse(body, model, verb.endswith("stream"), quiet)
    elif "messages" in body:
        result = _invoke_anthropic(body, model, verb.endswith("stream"), quiet)
    elif "inputText" in body:
        result = _invoke_titan_embed(body, model, quiet)
    else:
        result = _invoke_llama(body, model, verb.endswith("stream"), quiet)
    if result.events is not None:
        result.media = "application/vnd.amazon.eventstream"
        failure = json.dumps({"message": "fake overload"}).encode()
        result.failure = message(failure, **{":message-type": "exception", ":exception-type": "throttlingException"})
    elif verb == "invoke" and not quiet:
        counts = {"input": result.usage.input, "output": result.usage.output}
        result.headers = {f"x-amzn-bedrock-{name}-token-count": str(n) for name, n in counts.items()}
    return result


def message(payload: bytes, **headers: str) -> bytes:
    """One message of an event stream (docs.aws.amazon.com/transcribe/latest/dg/event-stream.html).

    Lengths of the whole and of the headers, their CRC32, headers, payload, CRC32 of all before.
    """
    packed = b""
    for name, value in headers.items():
        packed += struct.pack(">B", len(name)) + name.encode()
        packed += struct.pack(">BH", _STRING, len(value.encode())) + value.encode()
    start = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    whole = start + struct.pack(">I", zlib.crc32(start)) + packed + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def _event(kind: str, tokens: int = 0, told: bool = False, **fields: Any) -> Event:
    payload = json.dumps(fields | {"p": "abcdefgh"[: 1 + tokens % 8]}, ensure_ascii=False).encode()
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return Event(message(payload, **names), tokens, told)


# -- converse -----------------------------------------------------------------------------------------


def _converse(body: JSON, model: str, stream: bool, quiet: bool) -> Answer:
    messages = body["messages"]
    tools = [one["toolSpec"] for one in (body.get("toolConfig") or {}).get("tools", []) if "toolSpec" in one]
    total, prompt, after_tool, cached = 3, "", False, False
    for block in body.get("system") or []:
        total += text.count(block.get("text", ""))
        cached = cached or "cachePoint" in block
    for one in messages:
        words = " ".join(block["text"] for block in one["content"] if "text" in block)
        rest = [block for block in one["content"] if "toolUse" in block or "toolResult" in block]
        total += 3 + text.count(words) + (text.count(json.dumps(rest)) if rest else 0)
        total += sum(85 for block in one["content"] if "image" in block)
        cached = cached or any("cachePoint" in block for block in one["content"])
        if one["role"] == "user":
            prompt = words or prompt
            after_tool = any("toolResult" in block for block in one["content"])
    total += text.count(json.dumps(tools)) if tools else 0
    usage = Usage(input=total, cached=total // 2 * cached, cache_write=total // 4 * cached)
    result = Answer("bedrock.converse", "chat", model, "", usage, told=not quiet)
    number = f"{text.seed(prompt):x}"
    said, call = text.answer(prompt), None
    if tools and "use the tool" in prompt and not after_tool:
        value = text.example((tools[-1].get("inputSchema") or {}).get("json") or {})
        call = {"toolUseId": f"tooluse_{number}", "name": tools[-1]["name"], "input": value}
        usage.output = text.count(call["name"]) + text.count(json.dumps(value))
    else:
        usage.output = text.count(said)
    end = {"usage": _told(usage), "metrics": {"latencyMs": 12}}
    if quiet:
        end.pop("usage")
    stop = {"stopReason": "tool_use" if call else "end_turn"}
    if not stream:
        block = {"toolUse": call} if call else {"text": said}
        result.body = {"output": {"message": {"role": "assistant", "content": [block]}}} | stop | end
        return result
    events = [_event("messageStart", role="assistant")]
    if call:
        begun = {"toolUse": {"toolUseId": call["toolUseId"], "name": call["name"]}}
        events.append(_event("contentBlockStart", text.count(call["name"]), start=begun, contentBlockIndex=0))
    for piece, size in text.grouped(json.dumps(call["input"]) if call else said):
        delta = {"toolUse": {"input": piece}} if call else {"text": piece}
        events.append(_event("contentBlockDelta", size, delta=delta, contentBlockIndex=0))
    events += [_event("contentBlockStop", contentBlockIndex=0), _event("messageStop", **stop)]
    result.events = [*events, _event("metadata", told=not quiet, **end)]
    return result


def _told(usage: Usage) -> JSON:
    """The input without what the cache held or took, as Anthropic counts it; the total has everything."""
    told = {"inputTokens": usage.input - usage.cached - usage.cache_write, "outputTokens": usage.output}
    told["totalTokens"] = usage.input + usage.output
    if usage.cached or usage.cache_write:
        told |= {"cacheReadInputTokens": usage.cached, "cacheWriteInputTokens": usage.cache_write}
    return told


# -- invoke -------------------------------------------------------------------------------------------


def _chunk(data: JSON, tokens: int = 0, told: bool = False) -> Event:
    """A model's own event, base64 within JSON within a binary message."""
    return _event("chunk", tokens, told, bytes=base64.b64encode(json.dumps(data).encode()).decode())


def _metrics(usage: Usage) -> JSON:
    counts = {"inputTokenCount": usage.input, "outputTokenCount": usage.output}
    return {"amazon-bedrock-invocationMetrics": counts | {"invocationLatency": 12, "firstByteLatency": 3}}


def _invoke_anthropic(body: JSON, model: str, stream: bool, quiet: bool) -> Answer:
    result = anthropic.answer("POST", "/v1/messages", body | {"model": model, "stream": stream})
    assert result is not None
    result.api, result.told = "bedrock.invoke", not quiet
    if result.body is not None:
        result.body = strip_usage(result.body) if quiet else result.body
    else:
        events = result.events or []
        result.events = []
        for event in events:
            data = json.loads(event.data.partition(b"data: ")[2])
            if quiet:
                data, event.told = strip_usage(data), False
            elif data["type"] == "message_stop":
                data |= _metrics(result.usage)
            result.events.append(_chunk(data, event.tokens, event.told))
    return result


def _invoke_llama(body: JSON, model: str, stream: bool, quiet: bool) -> Answer:
    said = text.answer(body["prompt"])
    usage = Usage(input=text.count(body["prompt"]), output=text.count(said))
    result = Answer("bedrock.invoke", "chat", model, "", usage, told=not quiet)
    counts = {} if quiet else {"prompt_token_count": usage.input, "generation_token_count": usage.output}
    if not stream:
        result.body = {"generation": said, "stop_reason": "stop"} | counts
        return result
    result.events, so_far = [], 0
    pieces = text.grouped(said)
    for n, (piece, size) in enumerate(pieces):
        so_far += size
        last = n == len(pieces) - 1
        data: JSON = {"generation": piece, "stop_reason": "stop" if last else None}
        if not quiet:
            data |= {"prompt_token_count": usage.input if n == 0 else None, "generation_token_count": so_far}
        metrics = _metrics(usage) if last and not quiet else {}
        result.events.append(_chunk(data | metrics, size, told=last and not quiet))
    return result


def _invoke_titan_embed(body: JSON, model: str, quiet: bool) -> Answer:
    usage = Usage(input=text.count(body["inputText"]))
    told = {} if quiet else {"inputTextTokenCount": usage.input}
    made = {"embedding": text.vector(body["inputText"], 16)} | told
    return Answer("bedrock.embed", "embeddings", model, "", usage, body=made, told=not quiet)
