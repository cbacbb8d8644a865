"""Snowflake Cortex's own REST routes (docs.snowflake.com/en/developer-guide/snowflake-rest-api, Cortex Inference).

They speak OpenAI's formats with few differences: a stream's deltas are typed, and an embedding's texts are ``text``.
``/api/v2/cortex/v1`` is OpenAI's and Anthropic's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from jevons.wire import openai_chat, openai_embeddings
from jevons.wire.base import Answered, Event


def stream(events: Sequence[Event]) -> Answered:
    """No event marks the end: a stream that came to show its usage is taken to be whole."""
    found = openai_chat.stream(events)
    found.ended = found.ended or found.usage is not None
    return found


READERS = (
    openai_chat.READERS[0]._replace(api="snowflake.complete", paths=("/cortex/*:complete",), stream=stream),
    openai_embeddings.READERS[0]._replace(api="snowflake.embed", paths=("/cortex/*:embed",), items="text"),
)
