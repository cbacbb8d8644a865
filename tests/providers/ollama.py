"""Ollama: chat, generate, embed and the older embeddings (github.com/ollama/ollama, docs/api.md)."""

from __future__ import annotations

import json
from typing import Any

from providers import text
from providers.answer import JSON, Answer, Event, Usage

_CREATED = "2025-10-09T08:53:20.000000Z"


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    maker = _MAKERS.get(path) if method == "POST" else None
    model = body.get("model", "")
    return None if maker is None else maker(body, model, model.split("+")[0])


def _told(usage: Usage) -> JSON:
    """Counts, and durations in nanoseconds."""
    times = {"total_duration": 5_000_000, "load_duration": 1_000_000}
    times |= {"prompt_eval_duration": 1_000_000, "eval_duration": 3_000_000}
    return times | {"prompt_eval_count": usage.input, "eval_count": usage.output}


def _talk(body: JSON, result: Answer, pieces: list[tuple[JSON, int]], whole: JSON) -> Answer:
    """A body, or lines of JSON: streaming is on unless it is refused."""
    head = {"model": result.answered, "created_at": _CREATED}
    end = {"done": True, "done_reason": "stop"} | _told(result.usage)
    if body.get("stream", True) is False:
        result.body = head | whole | end
        return result
    result.media = "application/x-ndjson"
    result.failure = _line({"error": "fake overload"})
    result.events = [Event(_line(head | piece | {"done": False}), size) for piece, size in pieces]
    result.events.append(Event(_line(head | _empty(whole) | end), told=True))
    return result


def _line(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _empty(whole: JSON) -> JSON:
    return {"response": ""} if "response" in whole else {"message": {"role": "assistant", "content": ""}}


def _chat(body: JSON, model: str, answered: str) -> Answer:
    messages, tools = body["messages"], body.get("tools") or []
    prompt = next((one["content"] for one in reversed(messages) if one["role"] == "user"), "")
    usage = Usage(input=3 + sum(3 + text.count(one.get("content") or "") for one in messages))
    usage.input += sum(85 * len(one.get("images") or []) for one in messages)
    usage.input += text.count(json.dumps(tools)) if tools else 0
    result = Answer("ollama.chat", "chat", model, answered, usage)
    if tools and "use the tool" in prompt and messages[-1]["role"] != "tool":
        function = tools[-1]["function"]
        call = {"name": function["name"], "arguments": text.example(function.get("parameters") or {})}
        message: JSON = {"role": "assistant", "content": "", "tool_calls": [{"function": call}]}
        usage.output = text.count(json.dumps(call))
        return _talk(body, result, [({"message": message}, usage.output)], {"message": message})
    said = json.dumps(text.example(body["format"])) if isinstance(body.get("format"), dict) else text.answer(prompt)
    pieces: list[tuple[JSON, int]] = []
    if body.get("think"):
        thought = "First I count what is there, then I add it up."
        pieces += [({"message": _says("", thinking=piece)}, size) for piece, size in text.grouped(thought)]
        usage.output += text.count(thought)
    pieces += [({"message": _says(piece)}, size) for piece, size in text.grouped(said)]
    usage.output += text.count(said)
    whole = _says(said, thinking=thought) if body.get("think") else _says(said)
    return _talk(body, result, pieces, {"message": whole})


def _says(content: str, **more: Any) -> JSON:
    return {"role": "assistant", "content": content} | more


def _generate(body: JSON, model: str, answered: str) -> Answer:
    prompt = body.get("prompt") or ""
    usage = Usage(input=3 + text.count(prompt) + text.count(body.get("system") or ""))
    said = text.answer(prompt)
    usage.output = text.count(said)
    pieces: list[tuple[JSON, int]] = [({"response": piece}, size) for piece, size in text.grouped(said)]
    result = Answer("ollama.generate", "completion", model, answered, usage)
    return _talk(body, result, pieces, {"response": said})


def _embed(body: JSON, model: str, answered: str) -> Answer:
    given = body["input"]
    inputs = [given] if isinstance(given, str) else given
    usage = Usage(input=sum(map(text.count, inputs)))
    made: JSON = {"model": answered, "embeddings": [text.vector(one, 16) for one in inputs]}
    made |= {"total_duration": 5_000_000, "load_duration": 1_000_000, "prompt_eval_count": usage.input}
    return Answer("ollama.embed", "embeddings", model, answered, usage, body=made)


def _embeddings(body: JSON, model: str, answered: str) -> Answer:
    """The older one tells neither usage nor model."""
    usage = Usage(input=text.count(body["prompt"]))
    made = {"embedding": text.vector(body["prompt"], 16)}
    return Answer("ollama.embeddings", "embeddings", model, "", usage, body=made, told=False)


_MAKERS = {"/api/chat": _chat, "/api/generate": _generate, "/api/embed": _embed, "/api/embeddings": _embeddings}
