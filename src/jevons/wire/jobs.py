"""Jobs that a provider runs later: batches of requests, fine-tuning, videos.

One request starts work for many, or for none yet, and its answer counts nothing: such calls are of kind ``other`` with
unknown usage, so that nobody takes their absence for zero. What a job made is in files and in later GET requests.
Batches: platform.openai.com/docs/api-reference/batch, docs.anthropic.com/en/api/creating-message-batches,
docs.mistral.ai/api (batch), ai.google.dev/api/batch-api. Fine-tuning and videos: platform.openai.com.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Asked, Body, Reader, text


class Job(msgspec.Struct, gc=False):
    model: Any = ""


decode = msgspec.json.Decoder(Job).decode


def ask(body: Body, path: str) -> Asked:
    return Asked(text(body.get("model")) or text(path.rpartition(":")[0].rpartition("/models/")[2]))


def answer(data: bytes) -> Answered:
    return Answered(text(decode(data).model), pending=True)


READERS = (
    Reader(
        api="jobs",
        kind="other",
        paths=(
            "/v1/batches",
            "/openai/batches",
            "/v1/messages/batches",
            "/v1/batch/jobs",
            ":batchGenerateContent",
            ":asyncBatchEmbedContent",
            "/v1/fine_tuning/jobs",
            "/openai/fine_tuning/jobs",
            "/v1/videos",
        ),
        items="requests",
        head=frozenset({"input_file_id", "input_files", "batch", "training_file", "prompt"}),
        ask=ask,
        answer=answer,
        own=True,
    ),
)
