"""Gemini interactions, in the shapes of ai.google.dev/api/interactions-api."""

from __future__ import annotations

from typing import Any

from wire.exchange import GEMINI, each, events, sent

from jevons.wire import find

WHERE = ("generativelanguage.googleapis.com", "/v1beta/interactions")
ASK = {
    "model": "gemini-3-flash-preview",
    "input": "Tell me a joke about databases.",
    "system_instruction": "Be kind",
    "generation_config": {"temperature": 0.7, "seed": 3, "max_output_tokens": 500, "thinking_level": "low"},
}
USAGE = {
    "total_tokens": 180,
    "total_input_tokens": 20,
    "input_tokens_by_modality": [{"modality": "text", "tokens": 20}],
    "total_cached_tokens": 8,
    "total_output_tokens": 30,
    "total_tool_use_tokens": 10,
    "total_thought_tokens": 120,
}
STEPS = [
    {"type": "thought", "signature": "c2ln" * 400},
    {"type": "model_output", "content": [{"type": "text", "text": "Two tables walk into a bar."}]},
]


def done(**more: Any) -> dict[str, Any]:
    return {
        "id": "v1_x",
        "object": "interaction",
        "status": "completed",
        "model": "gemini-3-flash-preview",
        "steps": STEPS,
        **more,
    }


def test_thoughts_and_tool_results_are_in_the_total() -> None:
    call = sent(WHERE, ASK, done(usage=USAGE))
    assert (call.provider, call.api, call.kind) == ("gcp.gemini", "gemini.interactions", "chat")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 30, 150)
    assert call.input_tokens + call.output_tokens == USAGE["total_tokens"]
    assert (call.cached_tokens, call.reasoning_tokens) == (8, 120)
    assert (call.temperature, call.seed, call.max_tokens, call.effort) == (0.7, 3, 500, "low")


def test_an_answer_without_usage_is_estimated_without_its_signatures() -> None:
    call = sent(WHERE, ASK, done())
    assert call.usage == "estimated"
    assert 3 < (call.output_tokens or 0) < 20


def test_outputs_of_the_first_version() -> None:
    outputs = [{"type": "text", "text": "Hello there"}, {"type": "image", "mime_type": "image/png", "data": "aGk="}]
    call = sent(WHERE, ASK, {"model": "m", "status": "completed", "outputs": outputs, "usage": USAGE})
    assert (call.usage, call.images) == ("reported", 1)


def test_a_background_job_is_unknown() -> None:
    asked = {"agent": "deep-research-pro", "input": "Tell me all about water", "background": True}
    call = sent(WHERE, asked, {"id": "v1_x", "status": "in_progress", "agent": "deep-research-pro"})
    assert (call.model, call.model_answered) == ("deep-research-pro", "deep-research-pro")
    assert (call.usage, call.input_tokens, call.characters) == ("unknown", None, len("Tell me all about water"))


def typed(kind: str, **more: Any) -> dict[str, Any]:
    return {"event_type": kind, "type": kind, **more}  # `type` names the event line of the helper


STREAM = [
    typed("interaction.created", interaction={"id": "v1_x", "status": "in_progress", "model": "gemini-3-flash"}),
    typed("step.start", index=0, step={"type": "thought"}),
    typed("step.delta", index=0, delta={"type": "thought_summary", "content": {"type": "text", "text": "Hm."}}),
    typed("step.delta", index=0, delta={"type": "thought_signature", "signature": "c2ln"}),
    typed("step.delta", index=1, delta={"type": "text", "text": "Two tables "}),
    typed("step.delta", index=1, delta={"type": "text", "text": "walk into "}),
    typed("step.delta", index=1, delta={"type": "text", "text": "a bar."}),
    typed("interaction.completed", interaction={"status": "completed", "model": "gemini-3-flash", "usage": USAGE}),
]


def test_a_stream_of_steps() -> None:
    parts = [*events(*STREAM, names=True), b"event: done\ndata: [DONE]\n\n"]
    call = sent(WHERE, {**ASK, "stream": True}, pieces=each(parts))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 30, 150)
    assert (call.model_answered, call.chunks, call.timed, call.error) == ("gemini-3-flash", 3, True, "")
    assert call.first_us == 140_000


def test_a_stream_of_contents_as_the_first_version_sent_it() -> None:
    parts = events(
        {"event_type": "interaction.start", "interaction": {"status": "in_progress", "model": "m"}},
        {"event_type": "content.delta", "index": 0, "delta": {"type": "text", "text": "Hello"}},
        {"event_type": "interaction.complete", "interaction": {"status": "completed", "model": "m", "usage": USAGE}},
    )
    call = sent(WHERE, {**ASK, "stream": True}, pieces=each(parts))
    assert (call.usage, call.output_tokens, call.error) == ("reported", 150, "")


def test_a_cut_stream() -> None:
    call = sent(WHERE, {**ASK, "stream": True}, pieces=each(events(*STREAM[:6], names=True)))
    assert (call.usage, call.error) == ("estimated", "cut")


def test_other_services_have_interactions_too() -> None:
    assert find("POST", "discord.example.com", "/interactions") is None


def test_a_prompt_that_gemini_leaves_out() -> None:
    """Shown counts are kept: what the total has more is the prompt; without one only the prompt is estimated."""
    asked = {"contents": [{"role": "user", "parts": [{"text": "Describe the sea in one sentence."}]}]}
    content = {"candidates": [{"content": {"parts": [{"text": "Blue."}]}, "finishReason": "STOP"}]}
    counts = {"candidatesTokenCount": 18, "thoughtsTokenCount": 58}
    call = sent(GEMINI, asked, {**content, "usageMetadata": {**counts, "totalTokenCount": 84}})
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 8, 76)
    call = sent(GEMINI, asked, {**content, "usageMetadata": counts})
    assert (call.usage, call.output_tokens) == ("estimated", 76)
    assert 4 < (call.input_tokens or 0) < 12
