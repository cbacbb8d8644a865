"""Gemini: generateContent, streamGenerateContent, embedContent, batchEmbedContents."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from providers import text
from providers.answer import JSON, Answer, Event, Usage, sse

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(\w+)")


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    match = _PATH.fullmatch(unquote(path))
    if method != "POST" or match is None:
        return None
    model, verb = match.groups()
    body = _camel(body)
    if verb in ("generateContent", "streamGenerateContent"):
        return _generate(body, model, f"{model.split('+')[0]}-001", verb.startswith("stream"))
    if verb in ("embedContent", "batchEmbedContents"):
        return _embed(body, model, verb)
    if verb == "countTokens":
        counted = {"totalTokens": _count(body)[1].input}
        return Answer("gemini.generate", "other", model, "", body=counted, told=False, ai=False)
    return None


def _camel(value: Any) -> Any:
    """Names as the documentation spells them: the real service takes both, and the SDK sends a mixture."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): inner for name, inner in value.items()}
    theirs = ("args", "response", "properties")  # names in there are the user's
    return {name: inner if name in theirs else _camel(inner) for name, inner in made.items()}


def _words(content: JSON | None) -> str:
    return " ".join(part["text"] for part in (content or {}).get("parts", []) if "text" in part)


def _count(body: JSON) -> tuple[str, Usage, bool]:
    contents = body.get("contents", [])
    total, prompt, after_tool = text.count(_words(body.get("systemInstruction"))), "", False
    for content in contents:
        words = _words(content)
        total += text.count(words)
        for part in content.get("parts", []):
            total += 258 if "inlineData" in part else 0
            held = part.get("functionCall") or part.get("functionResponse")
            total += text.count(json.dumps(held)) if held else 0
        if content.get("role", "user") == "user":
            prompt = words or prompt
            after_tool = any("functionResponse" in part for part in content.get("parts", []))
    total += text.count(json.dumps(body["tools"])) if body.get("tools") else 0
    return prompt, Usage(input=total, cached=total // 2 if "cached" in prompt else 0), after_tool


def _told(usage: Usage, visible: int) -> JSON:
    """Usage as of `visible` tokens of the answer; thoughts are counted apart from candidates."""
    told = {"promptTokenCount": usage.input, "candidatesTokenCount": visible}
    told["totalTokenCount"] = usage.input + visible + usage.reasoning
    if usage.reasoning:
        told["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        told["cachedContentTokenCount"] = usage.cached
    details = [{"modality": "TEXT", "tokenCount": usage.input}]
    return told | {"promptTokensDetails": details}


def _generate(body: JSON, model: str, answered: str, stream: bool) -> Answer:
    prompt, usage, after_tool = _count(body)
    config = body.get("generationConfig") or {}
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    declared = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations", [])]
    tool = declared[-1] if declared and "use the tool" in prompt and not after_tool else None
    said = json.dumps(text.example(schema)) if schema else text.answer(prompt)
    usage.reasoning = 64 if (config.get("thinkingConfig") or {}).get("thinkingBudget") else 0
    visible = text.count(said)
    pieces: list[tuple[JSON, int]] = [({"text": piece}, size) for piece, size in text.grouped(said, 6)]
    if tool is not None:
        schema = tool.get("parameters") or tool.get("parametersJsonSchema") or {}
        call = {"name": tool["name"], "args": text.example(schema)}
        visible = text.count(json.dumps(call))
        pieces = [({"functionCall": call}, visible)]
    usage.output = visible + usage.reasoning
    head = {"modelVersion": answered, "responseId": f"{text.seed(prompt):x}"}

    def candidate(parts: list[JSON], finish: str | None) -> JSON:
        end = {"finishReason": finish} if finish else {}
        return {"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0} | end]}

    result = Answer("gemini.generate", "chat", model, answered, usage)
    if not stream:
        parts = [pieces[0][0]] if tool else [{"text": said}]
        result.body = candidate(parts, "STOP") | {"usageMetadata": _told(usage, visible)} | head
        return result
    result.events, so_far = [], 0
    for n, (part, size) in enumerate(pieces):
        so_far += size
        last = n == len(pieces) - 1
        chunk: JSON = candidate([part], "STOP" if last else None) | {"usageMetadata": _told(usage, so_far)} | head
        result.events.append(Event(sse(chunk, end="\r\n\r\n"), size, told=last))
    return result


def _embed(body: JSON, model: str, verb: str) -> Answer:
    requests: list[Any] = body["requests"] if verb == "batchEmbedContents" else [body]
    inputs = [_words(one["content"]) for one in requests]
    size = requests[0].get("outputDimensionality") or 16
    values = [{"values": text.vector(one, size)} for one in inputs]
    made: JSON = {"embeddings": values} if verb == "batchEmbedContents" else {"embedding": values[0]}
    usage = Usage(input=sum(map(text.count, inputs)))
    # The real one tells no usage for embeddings.
    api = "gemini.batch_embed" if verb == "batchEmbedContents" else "gemini.embed"
    return Answer(api, "embeddings", model, "", usage, body=made, told=False)
