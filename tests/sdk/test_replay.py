"""A cassette replays whichever stack the SDK talks through."""

from __future__ import annotations

from pathlib import Path

import pytest
from providers import provider

from jevons import capture
from jevons.record import Call

openai = pytest.importorskip("openai")
vcr = pytest.importorskip("vcr")


@pytest.mark.parametrize("streamed", [False, True])
def test_what_a_cassette_answers_is_replayed(tmp_path: Path, streamed: bool) -> None:
    calls: list[Call] = []
    handle = capture.install(calls.append, run="r", root=tmp_path, secret=b"0" * 16)
    try:
        with provider() as server, openai.OpenAI(base_url=server.url + "/v1", api_key="not-a-key") as client:
            for mode in ("once", "none"):
                with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode=mode):
                    told = client.chat.completions.create(
                        model="fake-1",
                        messages=[{"role": "user", "content": "keep me"}],
                        **({"stream": True, "stream_options": {"include_usage": True}} if streamed else {}),
                    )
                    if streamed:
                        assert list(told)
            assert len(server.asked) == 1
    finally:
        handle.uninstall()
    live, replayed = calls
    assert (live.mode, replayed.mode) == ("live", "replayed")
    assert live.source == replayed.source
    assert live.input_tokens
    assert live.output_tokens
    assert (live.input_tokens, live.output_tokens, live.request_hash, live.model_answered) == (
        replayed.input_tokens,
        replayed.output_tokens,
        replayed.request_hash,
        replayed.model_answered,
    )
