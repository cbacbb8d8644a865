"""Cohere: chat, embed and rerank, versions 1 and 2 (docs.cohere.com/reference)."""

from __future__ import annotations

import json
from typing import Any

from providers import text
from providers.answer import JSON, Answer, Event, Usage, sse


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    maker = _MAKERS.get(path) if method == "POST" else None
    return None if maker is None else maker(body, body.get("model", ""))


def _units(usage: Usage) -> JSON:
    """What is billed leaves out what Cohere's own templates add."""
    billed = {"input_tokens": max(usage.input - 3, 0), "output_tokens": usage.output}
    return {"billed_units": billed, "tokens": {"input_tokens": usage.input, "output_tokens": usage.output}}


def _flat(content: Any) -> str:
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content or [])


# -- version 1 ----------------------------------------------------------------------------------------


def _chat_1(body: JSON, model: str) -> Answer:
    prompt, tools = body["message"], body.get("tools") or []
    before = [turn.get("message", "") for turn in body.get("chat_history") or []]
    usage = Usage(input=3 + sum(map(text.count, [prompt, body.get("preamble") or "", *before])))
    usage.input += text.count(json.dumps(tools)) if tools else 0
    said, calls = text.answer(prompt), []
    if tools and "use the tool" in prompt:
        said = "I will ask the tool."
        calls = [{"name": tools[-1]["name"], "parameters": {"city": "Lisboa"}}]
    usage.output = text.count(said) + sum(text.count(json.dumps(call)) for call in calls)
    number = f"{text.seed(prompt):x}"
    whole: JSON = {"response_id": number, "generation_id": number, "text": said, "finish_reason": "COMPLETE"}
    whole |= {"chat_history": [{"role": "USER", "message": prompt}, {"role": "CHATBOT", "message": said}]}
    whole |= {"tool_calls": calls} if calls else {}
    whole["meta"] = {"api_version": {"version": "1"}} | _units(usage)
    result = Answer("cohere.chat_v1", "chat", model, "", usage)
    if not body.get("stream"):
        result.body = whole
        return result
    result.media = "application/stream+json"
    result.failure = _line(event_type="stream-end", finish_reason="ERROR", response={}, is_finished=True)
    events = [Event(_line(event_type="stream-start", generation_id=number, is_finished=False))]
    for piece, size in text.grouped(said):
        events.append(Event(_line(event_type="text-generation", text=piece, is_finished=False), size))
    if calls:
        size = usage.output - text.count(said)
        events.append(Event(_line(event_type="tool-calls-generation", tool_calls=calls, is_finished=False), size))
    end = _line(event_type="stream-end", finish_reason="COMPLETE", response=whole, is_finished=True)
    result.events = [*events, Event(end, told=True)]
    return result


def _line(**fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


# -- version 2 ----------------------------------------------------------------------------------------


def _chat_2(body: JSON, model: str) -> Answer:
    messages, tools = body["messages"], body.get("tools") or []
    prompt = next((_flat(one["content"]) for one in reversed(messages) if one["role"] == "user"), "")
    usage = Usage(input=3 + sum(3 + text.count(_flat(one.get("content"))) for one in messages))
    usage.input += sum(text.count(json.dumps(one["tool_calls"])) for one in messages if one.get("tool_calls"))
    usage.input += text.count(json.dumps(tools)) if tools else 0
    number = f"{text.seed(prompt):x}"
    said, call = text.answer(prompt), None
    if tools and "use the tool" in prompt and messages[-1]["role"] != "tool":
        function = tools[-1]["function"]
        call = {"name": function["name"], "arguments": json.dumps(text.example(function.get("parameters") or {}))}
        usage.output = text.count(call["name"]) + text.count(call["arguments"])
    else:
        usage.output = text.count(said)
    result = Answer("cohere.chat", "chat", model, "", usage)
    finish = "TOOL_CALL" if call else "COMPLETE"
    if not body.get("stream"):
        message: JSON = {"role": "assistant", "content": [{"type": "text", "text": said}]}
        if call:
            tool = {"id": f"call_{number}", "type": "function", "function": call}
            message = {"role": "assistant", "tool_calls": [tool]}
        result.body = {"id": number, "finish_reason": finish, "message": message, "usage": _units(usage)}
        return result
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    events = [_event("message-start", id=number, delta={"message": empty})]
    if call:
        begun = {"id": f"call_{number}", "type": "function", "function": {"name": call["name"], "arguments": ""}}
        size = text.count(call["name"])
        events.append(_event("tool-call-start", size, index=0, delta={"message": {"tool_calls": begun}}))
        for piece, size in text.grouped(call["arguments"]):
            more = {"tool_calls": {"function": {"arguments": piece}}}
            events.append(_event("tool-call-delta", size, index=0, delta={"message": more}))
        events.append(_event("tool-call-end", index=0))
    else:
        events.append(_event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}}))
        for piece, size in text.grouped(said):
            events.append(_event("content-delta", size, index=0, delta={"message": {"content": {"text": piece}}}))
        events.append(_event("content-end", index=0))
    delta = {"finish_reason": finish, "usage": _units(usage)}
    result.events = [*events, _event("message-end", told=True, delta=delta)]
    failed = {"finish_reason": "ERROR", "error": "fake overload"}
    result.failure = _event("message-end", delta=failed).data
    return result


def _event(kind: str, tokens: int = 0, told: bool = False, **fields: Any) -> Event:
    return Event(sse({"type": kind} | fields, event=kind), tokens, told)


# -- embed and rerank ---------------------------------------------------------------------------------


def _embed(body: JSON, model: str, version: int) -> Answer:
    texts = body.get("texts") or []
    usage = Usage(input=sum(map(text.count, texts)))
    vectors: Any = [text.vector(one, body.get("output_dimension") or 16) for one in texts]
    kinds = body.get("embedding_types") or (["float"] if version == 2 else None)
    meta = {"api_version": {"version": str(version)}, "billed_units": {"input_tokens": usage.input}}
    made = {"id": "fake", "texts": texts, "embeddings": {"float": vectors} if kinds else vectors, "meta": meta}
    made["response_type"] = "embeddings_by_type" if kinds else "embeddings_floats"
    api = "cohere.embed" if version == 2 else "cohere.embed_v1"
    return Answer(api, "embeddings", model, "", usage, body=made)


def _rerank(body: JSON, model: str, version: int) -> Answer:
    results = [{"index": n, "relevance_score": 1 / (n + 2)} for n in range(len(body["documents"]))]
    meta = {"api_version": {"version": str(version)}, "billed_units": {"search_units": 1}}
    made = {"id": "fake", "results": results, "meta": meta}
    return Answer("rerank", "rerank", model, "", body=made, told=False)


_MAKERS = {
    "/v1/chat": _chat_1,
    "/v2/chat": _chat_2,
    "/v1/embed": lambda body, model: _embed(body, model, 1),
    "/v2/embed": lambda body, model: _embed(body, model, 2),
    "/v1/rerank": lambda body, model: _rerank(body, model, 1),
    "/v2/rerank": lambda body, model: _rerank(body, model, 2),
}
