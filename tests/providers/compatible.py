"""Mistral, Groq, Together and Azure AI: OpenAI's formats under other paths, each with ways of its own to tell usage.

Their hosts tell them apart in life; here the first part of the path does.
"""

from __future__ import annotations

import json

from providers import openai
from providers.answer import JSON, Answer, Event, sse

_SERVICES = {
    "/mistral/v1/": "last",  # docs.mistral.ai: usage in the chunk that has the finish reason
    "/together/v1/": "last",
    "/openai/v1/": "groq",  # console.groq.com: usage under x_groq in that chunk
    "/models/": "asked",  # GitHub Models and Azure AI Foundry, as OpenAI
    "/": "asked",  # Azure AI endpoints: no version in the path
}
_ENDS = ("chat/completions", "completions", "embeddings")


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    start = next((start for start in _SERVICES if path.startswith(start) and path.removeprefix(start) in _ENDS), "")
    if not start:
        return None
    end, tells = path.removeprefix(start), _SERVICES[start]
    streams = bool(body.get("stream")) and tells != "asked"
    result = openai.answer(
        method, f"/v1/{end}", body | ({"stream_options": {"include_usage": True}} if streams else {})
    )
    if result is not None and result.events is not None and streams:
        result.events = _told_last(result.events, tells)
    if result is not None and start.startswith("/mistral"):
        _as_mistral(result)
    return result


def _as_mistral(result: Answer) -> None:
    """Everything has an id, and a stream calls a tool in one piece."""
    if result.body is not None:
        result.body.setdefault("id", "emb-fake")
        return
    events: list[Event] = []
    named: JSON = {}
    arguments, tokens = "", 0
    for event in result.events or []:
        chunk = json.loads(event.data[6:]) if b"tool_calls" in event.data else {}
        calls = chunk["choices"][0]["delta"].get("tool_calls") if chunk else None
        if calls:
            named = chunk if "name" in calls[0]["function"] else named
            arguments, tokens = arguments + calls[0]["function"]["arguments"], tokens + event.tokens
            continue
        if arguments:
            named["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"] = arguments
            events.append(Event(sse(named), tokens))
            arguments = ""
        events.append(event)
    result.events = events


def _told_last(events: list[Event], tells: str) -> list[Event]:
    """The same stream with its usage in the chunk that ends the text instead of in one more."""
    *others, ending, extra, done = events
    chunk, usage = (json.loads(event.data.partition(b"data: ")[2]) for event in (ending, extra))
    told = {"usage": usage["usage"]} if tells == "last" else {"x_groq": {"id": "req_fake", "usage": usage["usage"]}}
    return [*others, Event(sse(chunk | told), ending.tokens, told=True), done]
