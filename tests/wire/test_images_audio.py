"""Images, sound and moderation, in the shapes of platform.openai.com/docs/api-reference and docs.mistral.ai/api."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

OPENAI = "api.openai.com"
IMAGES = (OPENAI, "/v1/images/generations")
SPEECH = (OPENAI, "/v1/audio/speech")
HEARING = (OPENAI, "/v1/audio/transcriptions")
IMAGE_USAGE = {
    "input_tokens": 50,
    "output_tokens": 4160,
    "total_tokens": 4210,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}
FORM = (
    b'--x7\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--x7\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF....\r\n--x7--\r\n'
)


def test_images_with_and_without_tokens() -> None:
    asked = {"model": "gpt-image-1", "prompt": "An otter", "n": 2}
    call = sent(IMAGES, asked, {"data": [{"b64_json": "aGk="}, {"b64_json": "aGk="}], "usage": IMAGE_USAGE})
    assert (call.api, call.kind, call.images) == ("openai.images", "image", 2)
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 50, 4160)
    call = sent(IMAGES, {"model": "dall-e-3", "prompt": "An otter"}, {"data": [{"url": "https://x.example/1"}]})
    assert (call.usage, call.images, call.characters, call.input_tokens) == ("unknown", 1, len("An otter"), None)


def test_vector_graphics_are_written_by_a_second_model() -> None:
    svg = {"model": "w", "input_tokens": 5, "output_tokens": 100, "reasoning_tokens": 30, "total_tokens": 105}
    call = sent(IMAGES, {"prompt": "p"}, {"data": [{}], "usage": IMAGE_USAGE, "svg_usage": svg})
    assert (call.input_tokens, call.output_tokens, call.reasoning_tokens) == (55, 4260, 30)


def test_a_stream_of_drafts_is_one_image() -> None:
    parts = events(
        {"type": "image_generation.partial_image", "b64_json": "aA==", "partial_image_index": 0},
        {"type": "image_generation.partial_image", "b64_json": "aB==", "partial_image_index": 1},
        {"type": "image_generation.completed", "b64_json": "aC==", "usage": IMAGE_USAGE},
        names=True,
    )
    call = sent(IMAGES, {"prompt": "An otter", "stream": True, "partial_images": 2}, pieces=each(parts))
    assert (call.images, call.usage, call.output_tokens, call.error) == (1, "reported", 4160, "")
    call = sent(IMAGES, {"prompt": "An otter", "stream": True}, pieces=each(parts[:2]))
    assert (call.images, call.usage, call.error) == (0, "unknown", "cut")


def test_an_edit_sent_as_a_form() -> None:
    call = sent((OPENAI, "/v1/images/edits"), FORM.replace(b"whisper-1", b"gpt-image-1"), {"data": [{}]})
    assert (call.kind, call.model, call.images) == ("image", "gpt-image-1", 1)


@pytest.mark.parametrize(
    ("answer", "usage", "tokens", "audio_ms"),
    [
        ({"text": "Hello", "usage": {"type": "duration", "seconds": 7}}, "unknown", None, 7000),
        ({"text": "Hello", "duration": 8.47, "language": "english"}, "unknown", None, 8470),
        ({"text": "Hello", "duration": "8.47"}, "unknown", None, 8470),
        (
            {"text": "Hello", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19}},
            "reported",
            14,
            0,
        ),
        (  # Mistral counts both
            {"text": "Hello", "usage": {"prompt_audio_seconds": 203, "prompt_tokens": 4, "completion_tokens": 635}},
            "reported",
            4,
            203_000,
        ),
        ({"text": "Hello", "duration": -1}, "unknown", None, 0),
        (b"1\n00:00:00,000 --> 00:00:01,000\nHello\n", "unknown", None, 0),  # subtitles
    ],
)
def test_transcriptions(answer: Any, usage: str, tokens: int | None, audio_ms: int) -> None:
    call = sent(HEARING, FORM, answer)
    assert (call.api, call.kind, call.model) == ("openai.audio", "audio", "whisper-1")
    assert (call.usage, call.input_tokens, call.audio_ms) == (usage, tokens, audio_ms)


@pytest.mark.parametrize("names", [("transcript.text.delta", "transcript.text.done"),
                                   ("transcription.text.delta", "transcription.done")])  # fmt: skip
def test_a_streamed_transcription(names: tuple[str, str]) -> None:
    usage = {"prompt_tokens": 14, "completion_tokens": 3, "total_tokens": 17, "prompt_audio_seconds": 5}
    parts = events(
        {"type": names[0], "delta": "I "}, {"type": names[0], "delta": "see"}, {"type": names[1], "usage": usage}
    )
    call = sent(HEARING, FORM, pieces=each(parts))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 14, 3)
    assert (call.audio_ms, call.chunks, call.error) == (5000, 2, "")


def test_speech_counts_the_characters_it_reads() -> None:
    call = sent(SPEECH, {"model": "tts-1", "voice": "alloy", "input": "Read me aloud"}, b"\xff\xf3\x44\xc4" * 99)
    assert (call.kind, call.usage, call.characters) == ("audio", "unknown", len("Read me aloud"))


def test_speech_as_events_shows_tokens() -> None:
    usage = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    parts = events({"type": "speech.audio.delta", "audio": "aGk="}, {"type": "speech.audio.done", "usage": usage})
    asked = {"model": "gpt-4o-mini-tts", "input": "x", "stream_format": "sse"}
    call = sent(SPEECH, asked, pieces=each(parts))
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 14, 101)


@pytest.mark.parametrize(
    "where",
    [(OPENAI, "/v1/moderations"), ("api.mistral.ai", "/v1/moderations"), ("api.mistral.ai", "/v1/chat/moderations")],
)
def test_moderation(where: tuple[str, str]) -> None:
    answer = {"id": "modr-1", "model": "omni-moderation-latest", "results": [{"flagged": False}]}
    call = sent(where, {"model": "omni-moderation-latest", "input": "I like you"}, answer)
    assert (call.kind, call.usage, call.characters) == ("moderation", "unknown", len("I like you"))
    call = sent(where, {"input": "I like you"}, {**answer, "usage": {"prompt_tokens": 4, "total_tokens": 4}})
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 4, 0)
