"""One exchange with a model, to be put into every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jevons.record import Call
from jevons.sources.bodies import LIMIT
from jevons.sources.calls import Options
from jevons.sources.scan import scan
from jevons.sources.tally import Scan

URL = "https://api.openai.com/v1/chat/completions"
ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Wie geht's, größte Maschine?"}]}
ANSWERED: dict[str, Any] = {
    "id": "x",
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Gut."}}],
    "usage": {"prompt_tokens": 17, "completion_tokens": 3, "total_tokens": 20},
}
REQUEST = json.dumps(ASKED).encode()
RESPONSE = json.dumps(ANSWERED, ensure_ascii=False).encode()

CASSETTE = {
    "version": 1,
    "interactions": [
        {
            "request": {"method": "POST", "uri": URL, "headers": {}, "body": REQUEST.decode()},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Date": ["Mon, 01 Jun 2026 10:00:00 GMT"]},
                "body": {"string": RESPONSE.decode()},
            },
        }
    ],
}


def found(path: Path, *, full: bool = False, workers: int = 1, limit: int = LIMIT) -> tuple[list[Call], Scan]:
    """What a scan of a path finds."""
    calls: list[Call] = []
    options = Options("run", "scan-key", b"secret", full, limit)
    return calls, scan([path], options, root=path if path.is_dir() else path.parent, sink=calls.append, workers=workers)


def one(path: Path) -> Call:
    """The only call under a path, read without a warning."""
    calls, scanned = found(path)
    assert scanned.warned == []
    assert len(calls) == 1
    return calls[0]


def is_it(call: Call) -> None:
    """Check that a call is that of the exchange above."""
    assert (call.provider, call.model, call.model_answered) == ("openai", "gpt-4o", "gpt-4o-2024-08-06")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 17, 3)
    assert (call.mode, call.status, call.index, call.timed, call.error) == ("recorded", 200, 0, False, "")
