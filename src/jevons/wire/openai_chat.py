"""OpenAI chat completions, and the many servers that speak it (platform.openai.com/docs/api-reference/chat)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, asked, openai_usage, part, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS
from jevons.wire.llama_cpp import timed_usage


class Delta(msgspec.Struct, gc=False):
    content: Any = None
    tool_calls: Any = None
    function_call: Any = None
    refusal: Any = None
    reasoning_content: Any = None  # DeepSeek, vLLM, xAI
    reasoning: Any = None  # OpenRouter, Groq, Ollama


class Choice(msgspec.Struct, gc=False):
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: Any = None


class Chat(msgspec.Struct, gc=False):
    model: Any = ""
    choices: list[Choice] | None = None
    usage: Any = None
    x_groq: Any = None
    timings: Any = None  # llama.cpp


decode = msgspec.json.Decoder(Chat).decode


def path_model(path: str) -> str:
    """The model where only the path names it.

    Azure: ``/openai/deployments/NAME/chat/completions``; Hugging Face: ``/models/ORG/NAME/v1/chat/completions``;
    Databricks: ``/serving-endpoints/NAME/invocations``.
    """
    for marker in ("/deployments/", "/serving-endpoints/"):
        if marker in path:
            return path.partition(marker)[2].partition("/")[0]
    return path.partition("/models/")[2].rpartition("/v1/")[0]


def ask(body: Body, path: str) -> Asked:
    found = asked(body)
    if not found.model:
        found.model = text(path_model(path))
    return found


def written(message: Delta) -> list[Any]:
    """Everything in a message that the model wrote."""
    parts = (
        message.content,
        message.tool_calls,
        message.function_call,
        message.refusal,
        message.reasoning_content or message.reasoning,
    )
    return [value for value in parts if value]


def answer(data: bytes) -> Answered:
    chat = decode(data)
    found = Answered(text(chat.model), openai_usage(chat.usage))
    if found.usage is None:
        found.usage = timed_usage(chat.timings)
        found.pending = chat.choices is None  # a job accepted (Perplexity's async), or no such answer
        found.texts = [value for choice in chat.choices or () if choice.message for value in written(choice.message)]
    return found


def visible(delta: Delta) -> bool:
    """Whether a delta shows something: content, a refusal, a tool call; not a role, not reasoning."""
    content = delta.content
    if type(content) is list:  # Mistral's reasoning models send parts
        return any(part(item).get("type") == "text" for item in content)
    return bool(content or delta.tool_calls or delta.function_call or delta.refusal)


_CONTENT = b'"content":"'
_TAIL = 4
"""Events at the end of a stream among which usage and the end marks come."""


def shows_text(data: bytes) -> bool:
    """Whether an event surely holds visible text, by its bytes: a quote inside a JSON string is escaped."""
    start = data.find(_CONTENT) + len(_CONTENT)
    return start >= len(_CONTENT) and data[start : start + 1] != b'"'


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    usage: Any = None
    timings: Any = None
    texts, seen = found.texts, found.seen
    # Where the end tells the usage nobody needs the text in between, only when it came.
    told = any(b'"usage":{' in data for _, data in events[-_TAIL:])
    between = range(1, len(events) - _TAIL) if told else range(0)
    for index, (piece, data) in enumerate(events):
        if index in between and shows_text(data):
            seen.append(piece)
            continue
        try:
            chat = decode(data)
        except UNREADABLE:
            if data == b"[DONE]":
                found.ended = True
            continue
        if chat.usage:
            usage = chat.usage
        elif chat.x_groq:
            usage = part(chat.x_groq).get("usage", usage)
        elif chat.timings:
            timings = chat.timings
        if not found.model:
            found.model = text(chat.model)
        for choice in chat.choices or ():
            if choice.finish_reason:
                found.ended = True
            delta = choice.delta
            if delta is None:
                continue
            content = delta.content
            if type(content) is str and content:  # by far the most frequent event
                texts.append(content)
                seen.append(piece)
            else:
                texts += written(delta)
                if visible(delta):
                    seen.append(piece)
    found.usage = openai_usage(usage) or timed_usage(timings)
    return found


READERS = (
    Reader(
        api="openai.chat",
        kind="chat",
        paths=("/chat/completions", "/agents/completions", "/serving-endpoints/*/invocations"),
        items="messages",
        head=frozenset({"tools", "functions", "response_format", "system"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
