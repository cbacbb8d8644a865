"""Cassettes that vcrpy itself writes, of real SDK calls to a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from providers import provider
from sources.one_exchange import found

openai = pytest.importorskip("openai")
vcr = pytest.importorskip("vcr")


@pytest.mark.parametrize("serializer", ["yaml", "json"])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+500"])
def test_what_vcrpy_recorded_is_found(tmp_path: Path, serializer: str, streamed: bool, model: str) -> None:
    if serializer == "json" and "gzip" in model:
        pytest.skip("vcrpy's JSON cannot hold compressed bytes")
    tape = tmp_path / "cassettes" / "test_chat" / f"TestIt.test_asks.{serializer}"
    with provider() as server, openai.OpenAI(base_url=server.url + "/v1", api_key="k", max_retries=0) as client:
        with vcr.use_cassette(str(tape), serializer=serializer):
            for text in ("keep me", "and me", "keep me"):
                options = {"stream": True, "stream_options": {"include_usage": True}} if streamed else {}
                try:
                    told = client.chat.completions.create(
                        model=model, messages=[{"role": "user", "content": text}], **options
                    )
                except openai.InternalServerError:
                    continue
                if streamed:
                    assert list(told)
        truth = [one.usage for one in server.asked]
    calls, scanned = found(tmp_path)
    assert scanned.warned == []
    assert [call.index for call in calls] == list(range(len(calls)))
    assert {call.test for call in calls} == {"test_chat.py::TestIt::test_asks"}
    assert {call.source for call in calls} == {f"cassettes/test_chat/TestIt.test_asks.{serializer}"}
    if "500" in model:
        assert [(call.status, call.error, call.output_tokens) for call in calls] == [(500, "http_500", 0)] * len(calls)
        assert len(calls) == len(truth)
        return
    assert len(calls) == len(truth) == 3
    assert [(call.input_tokens, call.output_tokens) for call in calls] == [(one.input, one.output) for one in truth]
    assert {(call.usage, call.streamed, call.timed) for call in calls} == {("reported", streamed, False)}
