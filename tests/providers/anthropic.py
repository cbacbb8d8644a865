"""Anthropic: messages and count_tokens."""

from __future__ import annotations

import json
from typing import Any

from providers import text
from providers.answer import JSON, Answer, Event, Usage, sse


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    if method != "POST" or path not in ("/v1/messages", "/v1/messages/count_tokens"):
        return None
    prompt, usage, after_tool = _count(body)
    model = body["model"]
    if path.endswith("count_tokens"):
        counted = {"input_tokens": usage.input}
        return Answer("anthropic.messages", "other", model, "", body=counted, told=False, ai=False)
    return _messages(body, model, f"{model.split('+')[0]}-20250801", prompt, usage, after_tool)


def _blocks(content: Any) -> list[JSON]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _count(body: JSON) -> tuple[str, Usage, bool]:
    """The last user prompt, the true input, and whether the last message gives a tool's result."""
    total, prompt, after_tool = 5, "", False
    blocks = _blocks(body.get("system"))
    for message in body["messages"]:
        inner = _blocks(message["content"])
        blocks = blocks + inner
        total += 3
        if message["role"] == "user":
            after_tool = any(block["type"] == "tool_result" for block in inner)
            prompt = " ".join(block["text"] for block in inner if block["type"] == "text") or prompt
    for block in blocks:
        kind = block["type"]
        words = block.get("text", "") if kind == "text" else json.dumps(block.get("content") or block.get("input"))
        total += 85 if kind == "image" else text.count(words)
    for extra in ("tools", "output_config"):
        total += text.count(json.dumps(body[extra])) if body.get(extra) else 0
    marked = any("cache_control" in block for block in blocks)
    return prompt, Usage(input=total, cached=total // 2 * marked, cache_write=total // 4 * marked), after_tool


def _messages(body: JSON, model: str, answered: str, prompt: str, usage: Usage, after_tool: bool) -> Answer:
    tools, choice = body.get("tools") or [], (body.get("tool_choice") or {}).get("type", "auto")
    number = f"{text.seed(prompt):x}"
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    blocks: list[JSON] = []
    if (body.get("thinking") or {}).get("type") == "enabled":
        thought = "First I count what is there, then I add it up."
        blocks.append({"type": "thinking", "thinking": thought, "signature": "fake"})
    if tools and (choice in ("any", "tool") or ("use the tool" in prompt and not after_tool)):
        named = (body.get("tool_choice") or {}).get("name")
        tool = next((tool for tool in tools if tool["name"] == named), tools[-1])
        value = text.example(tool.get("input_schema") or {}, len(body["messages"]))
        blocks.append({"type": "tool_use", "id": f"toolu_{number}", "name": tool["name"], "input": value})
    else:
        said = json.dumps(text.example(schema, len(body["messages"]))) if schema else text.answer(prompt)
        blocks.append({"type": "text", "text": said})
    usage.output = sum(_size(block) for block in blocks)
    told = {
        "input_tokens": usage.input - usage.cached - usage.cache_write,  # without what the cache held or took
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "service_tier": "standard",
    }
    stop = {"stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn", "stop_sequence": None}
    head = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": answered}
    result = Answer("anthropic.messages", "chat", model, answered, usage)
    if not body.get("stream"):
        result.body = head | {"content": blocks, "usage": told} | stop
        return result
    begun = head | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": told | {"output_tokens": 1}}
    events = [_event("message_start", message=begun), _event("ping")]
    for index, block in enumerate(blocks):
        events += _stream_block(index, block)
    events.append(_event("message_delta", told=True, delta=stop, usage={"output_tokens": usage.output}))
    events.append(_event("message_stop"))
    result.events = events
    return result


def _size(block: JSON) -> int:
    if block["type"] == "tool_use":
        return text.count(block["name"]) + text.count(json.dumps(block["input"]))
    return text.count(block["thinking"] if block["type"] == "thinking" else block["text"])


def _event(kind: str, tokens: int = 0, told: bool = False, **fields: Any) -> Event:
    return Event(sse({"type": kind} | fields, event=kind), tokens, told)


def _stream_block(index: int, block: JSON) -> list[Event]:
    kind = block["type"]
    field, words, empty = {
        "text": ("text", block.get("text"), {"text": ""}),
        "thinking": ("thinking", block.get("thinking"), {"thinking": "", "signature": ""}),
        "tool_use": ("partial_json", json.dumps(block.get("input")), {"input": {}}),
    }[kind]
    delta = {"text": "text_delta", "thinking": "thinking_delta", "tool_use": "input_json_delta"}[kind]
    named = text.count(block["name"]) if kind == "tool_use" else 0
    events = [_event("content_block_start", named, index=index, content_block=block | empty)]
    for piece, size in text.grouped(words or ""):
        events.append(_event("content_block_delta", size, index=index, delta={"type": delta, field: piece}))
    if kind == "thinking":
        events.append(
            _event("content_block_delta", index=index, delta={"type": "signature_delta", "signature": "fake"})
        )
    return [*events, _event("content_block_stop", index=index)]
