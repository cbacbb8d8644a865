"""Sessions of agent programs: each answer once, whatever lines repeat it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sources.logs.read import lines, told

from jevons.sources.exchange import UnreadableError
from jevons.sources.logs.formats import Wanted
from jevons.sources.logs.opened import Log


def block(output: int, at: str, message: str = "msg_0123456789ab") -> dict[str, Any]:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 100, "output_tokens": output}
    return {
        "type": "assistant", "sessionId": "s", "requestId": "req_1", "timestamp": f"2026-01-09T10:00:{at}Z",
        "message": {"role": "assistant", "id": message, "model": "claude-x", "usage": usage},
    }  # fmt: skip


def test_claude_code_writes_an_answer_once_for_each_block(tmp_path: Path) -> None:
    tool = {"type": "user", "sessionId": "s", "message": {"role": "user", "content": "secret"}}
    path = lines(
        tmp_path / "s.jsonl", block(1, "00"), tool, block(1, "01"), block(250, "04"), block(9, "09", "msg_other")
    )
    found = told(path)
    assert [(call.input_tokens, call.output_tokens) for call in found.calls] == [(103, 250), (103, 9)]
    assert found.calls[0].duration_us == 4_000_000
    assert found.skipped.total() == 3


def test_codex_repeats_a_count_where_nothing_was_asked(tmp_path: Path) -> None:
    def count(read: int, total: int) -> dict[str, Any]:
        usage = {"input_tokens": read, "output_tokens": 10, "total_tokens": read + 10}
        whole = {"total_tokens": total}
        info = {"last_token_usage": usage, "total_token_usage": whole}
        return {
            "type": "event_msg",
            "timestamp": "2026-05-13T09:01:00Z",
            "payload": {"type": "token_count", "info": info},
        }

    meta = {"type": "session_meta", "payload": {"id": "s1", "model_provider": "azure"}}
    turn = {"type": "turn_context", "payload": {"model": "gpt-5-codex"}}
    found = told(lines(tmp_path / "s.jsonl", meta, turn, count(100, 110), count(100, 110), count(100, 220)))
    assert [(call.input_tokens, call.model, call.provider) for call in found.calls] == [
        (100, "gpt-5-codex", "azure.ai.openai")
    ] * 2
    assert [seen.ids for seen in found.seen] == [("codex:s1/1",), ("codex:s1/2",)]


def test_gemini_cli_output_excludes_thoughts_and_input_what_tools_were_asked(tmp_path: Path) -> None:
    counts = {"input": 100, "output": 10, "cached": 40, "thoughts": 25, "tool": 7, "total": 142}
    message = {
        "id": "m",
        "type": "gemini",
        "model": "gemini-2.5-pro",
        "tokens": counts,
        "timestamp": "2026-01-09T10:00:00Z",
    }
    found = told(lines(tmp_path / "s.json", {"sessionId": "s", "messages": [{"type": "user", "id": "u"}, message]}))
    (call,) = found.calls
    assert (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens) == (107, 35, 40, 25)


def test_they_are_read_only_when_asked_for(tmp_path: Path) -> None:
    path = lines(tmp_path / "s.jsonl", block(1, "00"))
    with pytest.raises(UnreadableError, match="--sessions"):
        Log(path, 1 << 20, Wanted())
