"""OpenAI: chat, responses, completions, embeddings."""

from __future__ import annotations

import base64
import json
import re
import struct
from typing import Any

from providers import text
from providers.answer import JSON, Answer, Event, Usage, sse

CREATED = 1_760_000_000
_AZURE = re.compile(r"^/openai/deployments/[^/]+/")
_DONE = Event(b"data: [DONE]\n\n")


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    if path == "/v1/models":
        entry = {"id": "fake-1", "object": "model", "created": CREATED, "owned_by": "nobody"}
        return Answer("", "", "", "", body={"object": "list", "data": [entry]}, told=False, ai=False)
    path = _AZURE.sub("/v1/", path)
    maker = _MAKERS.get(path) if method == "POST" else None
    if maker is None:
        return None
    model = body.get("model", "")
    return maker(body, model, f"{model.split('+')[0]}-2025-08-01")


def _flat(content: Any) -> tuple[str, int]:
    """Text of a message's content and the number of its images."""
    if not isinstance(content, list):
        return content or "", 0
    words = [part["text"] for part in content if "text" in part]
    return " ".join(words), sum("image" in part.get("type", "") for part in content)


def _count(messages: list[JSON], extra: Any) -> tuple[str, Usage]:
    """The last user prompt, and the true input of a conversation."""
    total, prompt, everything = 3, "", ""
    for message in messages:
        words, images = _flat(message.get("content", message.get("output", "")))
        calls = json.dumps(message.get("tool_calls") or message.get("arguments") or "")
        total += 3 + text.count(words) + 85 * images + (text.count(calls) if len(calls) > 2 else 0)
        prompt = words if message.get("role") == "user" else prompt
        everything += words
    total += text.count(json.dumps(extra)) if extra else 0
    return prompt, Usage(input=total, cached=total // 2 if "cached" in everything else 0)


def _call(tools: list[JSON], choice: Any, prompt: str, answered: bool, number: int) -> tuple[str, str] | None:
    """Name and arguments of the tool to call, if one is to be called."""
    if not tools or choice == "none" or (answered and not isinstance(choice, dict) and choice != "required"):
        return None
    if "use the tool" not in prompt and choice in (None, "auto"):
        return None
    named = choice.get("name") or choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    flat = [tool.get("function", tool) for tool in tools]
    tool = next((tool for tool in flat if tool["name"] == named), flat[-1])
    return tool["name"], json.dumps(text.example(tool.get("parameters") or {}, number))


# -- chat ---------------------------------------------------------------------------------------------


def _chat_usage(usage: Usage) -> JSON:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _chat(body: JSON, model: str, answered: str) -> Answer:
    messages = body["messages"]
    form = body.get("response_format") or {}
    prompt, usage = _count(messages, [body.get("tools"), form] if body.get("tools") or form else None)
    after_tool = messages[-1]["role"] == "tool"
    call = _call(body.get("tools") or [], body.get("tool_choice"), prompt, after_tool, len(messages))
    if form.get("type") == "json_schema":
        said = json.dumps(text.example(form["json_schema"]["schema"], len(messages)))
    else:
        said = text.answer(prompt)
    words = call[1] if call else said
    usage.reasoning = 64 if body.get("reasoning_effort") else 0
    usage.output = text.count(words) + usage.reasoning + (text.count(call[0]) if call else 0)
    number = f"{text.seed(prompt):x}"
    result = Answer("openai.chat", "chat", model, answered, usage)
    head = {"id": f"chatcmpl-{number}", "created": CREATED, "model": answered, "system_fingerprint": "fp_fake"}
    head["service_tier"] = "default"
    finish = "tool_calls" if call else "stop"
    tool = (
        {"id": f"call_{number}", "type": "function", "function": {"name": call[0], "arguments": ""}} if call else None
    )
    if not body.get("stream"):
        message: JSON = {"role": "assistant", "content": None if call else said, "refusal": None, "annotations": []}
        if call and tool:
            message["tool_calls"] = [tool | {"function": {"name": call[0], "arguments": call[1]}}]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        result.body = head | {"object": "chat.completion", "choices": [choice], "usage": _chat_usage(usage)}
        return result
    asked = bool((body.get("stream_options") or {}).get("include_usage"))

    def chunk(delta: JSON, tokens: int = 0, finish: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        end = {"usage": None} if asked else {}  # as the real one: null until the last chunk, absent if not asked for
        return Event(sse(head | {"object": "chat.completion.chunk", "choices": [choice]} | end), tokens)

    events = [chunk({"role": "assistant", "content": None if call else "", "refusal": None})]
    if call and tool:
        events.append(chunk({"tool_calls": [{"index": 0} | tool]}, text.count(call[0])))
    for piece, size in text.grouped(words):
        if call:
            events.append(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, size))
        else:
            events.append(chunk({"content": piece}, size))
    events.append(chunk({}, finish=finish))
    if asked:
        last = head | {"object": "chat.completion.chunk", "choices": [], "usage": _chat_usage(usage)}
        events.append(Event(sse(last), told=True))
    result.events = [*events, _DONE]
    return result


# -- responses ----------------------------------------------------------------------------------------


def _responses(body: JSON, model: str, answered: str) -> Answer:
    given = body.get("input", "")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    form = (body.get("text") or {}).get("format") or {}
    extra = [body.get(name) for name in ("instructions", "tools") if body.get(name)] + ([form] if form else [])
    prompt, usage = _count(items, extra)
    after_tool = items[-1].get("type") == "function_call_output"
    call = _call(body.get("tools") or [], body.get("tool_choice"), prompt, after_tool, len(items))
    if form.get("type") == "json_schema":
        said = json.dumps(text.example(form["schema"], len(items)))
    else:
        said = text.answer(prompt)
    words = call[1] if call else said
    usage.reasoning = 64 if (body.get("reasoning") or {}).get("effort") else 0
    usage.output = text.count(words) + usage.reasoning + (text.count(call[0]) if call else 0)
    number = f"{text.seed(prompt):x}"
    output: list[JSON] = [{"id": f"rs_{number}", "type": "reasoning", "summary": []}] if usage.reasoning else []
    status = {"status": "completed"}
    part = {"type": "output_text", "text": said, "annotations": [], "logprobs": []}
    if call:
        item = {"id": f"fc_{number}", "type": "function_call", "call_id": f"call_{number}"}
        item |= {"name": call[0], "arguments": call[1]}
    else:
        item = {"id": f"msg_{number}", "type": "message", "role": "assistant", "content": [part]}
    output.append(item | status)
    response: JSON = {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": CREATED,
        "model": answered,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "parallel_tool_calls": True,
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "temperature": 1.0,
        "top_p": 1.0,
    }
    told = {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
    complete = response | status | {"output": output, "usage": told}
    result = Answer("openai.responses", "chat", model, answered, usage)
    if not body.get("stream"):
        result.body = complete
        return result
    events: list[Event] = []

    def say(kind: str, tokens: int = 0, told: bool = False, **fields: Any) -> None:
        data = {"type": kind, "sequence_number": len(events)} | fields
        events.append(Event(sse(data, event=kind), tokens, told))

    begun = response | {"status": "in_progress", "output": [], "usage": None}
    say("response.created", response=begun)
    say("response.in_progress", response=begun)
    at = len(output) - 1
    if usage.reasoning:
        say("response.output_item.added", output_index=0, item=output[0])
        say("response.output_item.done", output_index=0, item=output[0])
    empty = {"arguments": ""} if call else {"content": []}
    say("response.output_item.added", output_index=at, item=item | empty | {"status": "in_progress"})
    place = {"item_id": item["id"], "output_index": at}
    if call:
        for piece, size in text.grouped(words):
            say("response.function_call_arguments.delta", size, delta=piece, **place)
        say("response.function_call_arguments.done", arguments=words, name=call[0], **place)
    else:
        place["content_index"] = 0
        say("response.content_part.added", part=part | {"text": ""}, **place)
        for piece, size in text.grouped(words):
            say("response.output_text.delta", size, delta=piece, logprobs=[], **place)
        say("response.output_text.done", text=words, logprobs=[], **place)
        say("response.content_part.done", part=part, **place)
    say("response.output_item.done", output_index=at, item=output[-1])
    say("response.completed", told=True, response=complete)
    result.events = events
    return result


# -- completions and embeddings -----------------------------------------------------------------------


def _completions(body: JSON, model: str, answered: str) -> Answer:
    given = body["prompt"]
    prompts = given if isinstance(given, list) else [given]
    said = [text.answer(prompt) for prompt in prompts]
    usage = Usage(input=sum(map(text.count, prompts)), output=sum(map(text.count, said)))
    told = {"prompt_tokens": usage.input, "completion_tokens": usage.output}
    told["total_tokens"] = usage.input + usage.output
    head = {"id": f"cmpl-{text.seed(prompts[0]):x}", "object": "text_completion", "created": CREATED, "model": answered}
    result = Answer("openai.completions", "completion", model, answered, usage)
    if not body.get("stream"):
        choices = [{"index": n, "text": t, "logprobs": None, "finish_reason": "stop"} for n, t in enumerate(said)]
        result.body = head | {"choices": choices, "usage": told}
        return result
    result.events = []
    for index, words in enumerate(said):
        for piece, size in [*text.grouped(words), ("", 0)]:
            choice = {"index": index, "text": piece, "logprobs": None, "finish_reason": None if size else "stop"}
            result.events.append(Event(sse(head | {"choices": [choice]}), size))
    if (body.get("stream_options") or {}).get("include_usage"):
        result.events.append(Event(sse(head | {"choices": [], "usage": told}), told=True))
    result.events.append(_DONE)
    return result


def _embeddings(body: JSON, model: str, answered: str) -> Answer:
    given = body["input"]
    inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    usage = Usage(input=sum(text.count(one) if isinstance(one, str) else len(one) for one in inputs))
    data: list[JSON] = []
    for index, one in enumerate(inputs):
        vector: Any = text.vector(str(one), body.get("dimensions") or 16)
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    told = {"prompt_tokens": usage.input, "total_tokens": usage.input}
    made = {"object": "list", "data": data, "model": answered, "usage": told}
    return Answer("openai.embeddings", "embeddings", model, answered, usage, body=made)


_MAKERS = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _responses,
    "/v1/completions": _completions,
    "/v1/embeddings": _embeddings,
}
