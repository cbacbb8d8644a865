"""Tokens estimated from text, for answers that show no usage.

Rule: (3 x UTF-8 bytes - characters) / 8. For ASCII this is characters / 4, OpenAI's rule of
thumb for English (help.openai.com/en/articles/4936856, "What are tokens and how to count
them"); three-byte scripts (Chinese, Japanese, Korean) come to one token a character, two-byte
scripts to 5/8. An OpenAI chat message adds 4 for its role and delimiters and a prompt of messages 3 for
the start of the answer (cookbook.openai.com, "How to count tokens with tiktoken"). Seen in
recorded suites (see tests/wire): the median estimate is within 10 % of what chat servers
report for prompts of text; what a server adds unseen (files, search results, images by
their size, hidden tool prompts) is not in it.
Nothing here keeps text: a `Tally` holds counts only.
"""

from __future__ import annotations

from typing import Any

import msgspec

CHAT_MESSAGE_TOKENS = 4
CHAT_ANSWER_TOKENS = 3
IMAGE_TOKENS = 258
"""Tokens of one image tile (ai.google.dev/gemini-api/docs/tokens); sizes are not decoded."""

_IMAGES = frozenset({"image", "image_url", "input_image", "computer_screenshot"})
_OPAQUE = frozenset({"input_audio", "audio", "file", "input_file", "redacted_thinking", "image_generation_call"})
_NO_TEXT = frozenset(
    {"type", "role", "id", "call_id", "tool_call_id", "tool_use_id", "file_id", "model", "taskType", "status", "index"}
    | {"signature", "thoughtSignature", "thought_signature", "encrypted_content", "cache_control"}
    | {"mimeType", "mime_type", "media_type", "url", "fileUri", "data", "file_data"}
    | {"toolUseId", "redactedContent", "bytes", "uri", "bucketOwner"}  # Bedrock Converse
)
_FREE = frozenset({"input", "args", "arguments", "response", "parameters", "json"})  # objects a model reads as JSON

_encode = msgspec.json.encode


class Tally:
    """Running counts over text: characters, eighths of tokens, images."""

    __slots__ = ("characters", "eighths", "images")

    def __init__(self) -> None:
        self.characters = 0
        self.eighths = 0
        self.images = 0

    def add_text(self, value: str) -> None:
        """Count a string; data URLs are not text."""
        length = len(value)
        if value.isascii():
            if length > 64 and value.startswith("data:"):
                self.images += value.startswith("data:image/")
                return
            self.eighths += 2 * length
        else:
            self.eighths += 3 * len(value.encode("utf-8", "surrogatepass")) - length
        self.characters += length

    def add_json(self, length: int) -> None:
        """Count a JSON text that a model reads as such (tool definitions, schemas), by its length in bytes."""
        self.characters += length
        self.eighths += 2 * length

    def add(self, value: Any) -> None:
        """Count the text and the images in a message, a part, a list of them, or a string."""
        kind = type(value)
        if kind is str:
            self.add_text(value)
        elif kind is dict:
            self._add_object(value)
        elif kind is list:
            if value and type(value[0]) is int:
                self.eighths += 8 * len(value)  # token ids
            else:
                for item in value:
                    self.add(item)

    def _add_object(self, value: dict[str, Any]) -> None:
        label = value.get("type")
        if type(label) is str:
            if label in _IMAGES:
                self.images += 1
                return
            if label in _OPAQUE:
                return
        data = value.get("data", value.get("fileUri", value.get("file_uri")))
        if type(data) is str:
            mime = value.get("mimeType", value.get("mime_type", value.get("media_type")))
            if type(mime) is str and mime.startswith("image/"):
                self.images += 1
            elif label == "text":
                self.add_text(data)
            return
        for key, item in value.items():
            if type(item) is str:
                if key not in _NO_TEXT:
                    self.add_text(item)
            elif key in _FREE and type(item) is dict:
                self.add_json(len(_encode(item)))
            elif key == "image" and type(item) is dict:
                self.images += 1
            elif key not in _NO_TEXT:
                self.add(item)

    @property
    def tokens(self) -> int:
        """Estimated tokens so far, without the overhead of messages."""
        return (self.eighths >> 3) + IMAGE_TOKENS * self.images


def tokens(value: str) -> int:
    """Estimated tokens of a text; 0 only for an empty one."""
    tally = Tally()
    tally.add_text(value)
    return max(tally.tokens, 1) if value else 0
