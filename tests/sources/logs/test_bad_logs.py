"""Logs that are torn, twisted or of something else: never a crash, and every record is accounted for."""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources.logs.read import told
from sources.logs.spans import CALL, TOKENS, request, span

from jevons.sources.exchange import UnreadableError

USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
SOUND: list[Any] = [
    request(span(1, {**CALL, **TOKENS}, parent=2)),
    {"eval": {"task": "t"}, "samples": [{"id": 1, "events": [{"event": "model", "output": {"usage": USAGE}}]}]},
    {"eval": {"task": "t"}, "stats": {"model_usage": {"a/b": USAGE}}, "results": {"completed_samples": 2}},
    {"request_id": "r", "call_type": "completion", "startTime": "2026-01-24", "metadata": "{}", **USAGE},
    {"batch": [{"type": "generation-create", "body": {"id": "g", "traceId": "t", "usage": {"input": 1, "output": 1}}}]},
    {"evalId": "e", "results": {"results": [{"response": {"tokenUsage": {"prompt": 1, "completion": 2}},
                                             "gradingResult": {"componentResults": [{"tokensUsed": {"prompt": 1}}]}}]}},
    {"evalId": "e", "results": {"prompts": [{"metrics": {"tokenUsage": {"prompt": 1, "numRequests": 3}}}]}},
    {"llmSpans": [{"uuid": "u", "inputTokenCount": 1.0}], "testCases": [{"metricsData": [{"evaluationModel": "m"}]}]},
    {"sessionId": "s", "type": "assistant", "message": {"id": "m", "usage": USAGE}},
    {"type": "event_msg", "payload": {"type": "token_count", "info": {"last_token_usage": USAGE}}},
    {"sessionId": "s", "messages": [{"type": "gemini", "tokens": {"input": 1, "output": 2, "total": 3}}]},
    {"method": "generateContent", "response": {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2}}},
    {"object": "page", "data": [{"object": "bucket", "start_time": 1, "results": [
        {"object": "organization.usage.completions.result", "input_tokens": 1}]}]},
    {"data": [{"starting_at": "2026-01-01", "results": [{"output_tokens": 1, "cache_creation": {"a": 1}}]}]},
    {"data": [{"object": "trace.span", "id": "s", "span_data": {"type": "response", "response_id": "r"}}]},
    {"label": "TOTAL", "energy_joules": 5, "power_avg_watts": 2},
]  # fmt: skip
JUNK = st.sampled_from([None, -1, 10**30, 1.5, True, "", "x", [], [[]], {}, {"a": 1}, [None], "\ud800"])


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, one in inner for place in places(one, (*here, key))]


def twisted(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    made = json.loads(json.dumps(value))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return made


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_any_value_may_be_any_other(data: st.DataObject) -> None:
    sound = data.draw(st.sampled_from(SOUND))
    made = twisted(sound, data.draw(st.sampled_from(places(sound))), data.draw(JUNK))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in (sound, made, sound)))
        alone = Path(folder) / "sound.jsonl"
        alone.write_text(json.dumps(sound) + "\n")
        found, of_sound = told(path), told(alone)
    # The sound documents around it are read, whatever it is.
    entries = [*found.seen, *found.metered, *found.billed]
    assert len(entries) >= len([*of_sound.seen, *of_sound.metered, *of_sound.billed])
    for call in found.calls:
        assert (call.usage == "reported") == (call.input_tokens is not None)
        assert (call.cached_tokens or 0) + (call.cache_write_tokens or 0) <= (call.input_tokens or 0)
        assert (call.reasoning_tokens or 0) <= (call.output_tokens or 0)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for start in (b"", b"\n\x08", b"\x1f\x8b", b"PK\x03\x04", b"{", b"emissions,energy_consumed,duration\n"):
            path = Path(folder) / "log"
            path.write_bytes(start + data)
            with suppress(UnreadableError):
                told(path)


def test_what_breaks_off_gives_what_precedes(tmp_path: Path) -> None:
    lines = "".join(json.dumps(request(span(number, {**CALL, **TOKENS}))) + "\n" for number in range(1, 400))
    whole = gzip.compress(lines.encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(UnreadableError, match="what precedes"):
        told(tmp_path / "cut.jsonl.gz")


def test_a_zip_that_is_no_log_and_a_sample_that_is_broken(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as opened:
        opened.writestr("readme.txt", "x")
    with pytest.raises(UnreadableError, match="unpack it"):
        told(tmp_path / "a.eval")
    sample = {"id": 1, "epoch": 1, "events": [{"event": "model", "model": "openai/x", "output": {"usage": USAGE}}]}
    with zipfile.ZipFile(tmp_path / "b.eval", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("_journal/start.json", json.dumps({"eval": {"task": "t"}}))  # cut off: no header.json
        opened.writestr("samples/1_epoch_1.json", json.dumps(sample))
        opened.writestr("samples/2_epoch_1.json", "{")
    found = told(tmp_path / "b.eval")
    assert (found.sums(), found.skipped.total()) == ((3, 4), 1)


def test_samples_compressed_with_zstd(tmp_path: Path) -> None:
    """As inspect_ai writes them now: stdlib's zipfile knows the method from Python 3.14 on."""
    zstandard = pytest.importorskip("zstandard", reason="needs the extra scan")
    sample = {"id": 1, "epoch": 1, "events": [{"event": "model", "model": "openai/x", "output": {"usage": USAGE}}]}
    path = tmp_path / "z.eval"
    with zipfile.ZipFile(path, "w") as opened:
        for name, document in (("header.json", {"eval": {"task": "t"}}), ("samples/1.json", sample)):
            data = json.dumps(document).encode()
            packed = zstandard.compress(data)
            info = zipfile.ZipInfo(name)
            opened.writestr(info, packed)
            info.compress_type, info.file_size, info.CRC = 93, len(data), __import__("zlib").crc32(data)
    assert told(path).sums() == (3, 4)
