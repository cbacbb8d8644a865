"""The same exchange in every format gives the same call. Layouts: the sources that each reader names."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sources.one_exchange import ANSWERED, ASKED, CASSETTE, REQUEST, RESPONSE, URL, found, is_it, one

ENCODED = base64.b64encode(RESPONSE).decode()


def cassette(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(CASSETTE)
    for part, fields in changes.items():
        made["interactions"][0][part] = fields  # type: ignore[index]
    return made


def nock(response: Any, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "scope": "https://api.openai.com:443", "method": "POST", "path": "/v1/chat/completions", "body": ASKED,
            "status": 200, "response": response, "rawHeaders": ["Content-Type", "application/json"], **more,
        }
    ]  # fmt: skip


OK = {"code": 200, "message": "OK"}
SENT = {"method": "POST", "uri": URL, "headers": {}}
GIVEN = {"status": OK, "headers": {}}

DOCUMENTS: dict[str, tuple[str, Any]] = {
    "vcrpy": ("a.yaml", CASSETTE),
    "vcrpy json": ("a.json", CASSETTE),
    "no suffix": ("tape", CASSETTE),
    "bytes": (
        "a.yaml",
        cassette(request={**SENT, "body": REQUEST}, response={**GIVEN, "body": {"string": gzip.compress(RESPONSE)}}),
    ),
    "base64_string": ("a.json", cassette(response={**GIVEN, "body": {"base64_string": ENCODED}})),
    "parsed_body": (
        "a.yaml",
        cassette(request={**SENT, "parsed_body": ASKED}, response={**GIVEN, "parsed_body": ANSWERED}),
    ),
    "content": (
        "a.yaml",
        cassette(response={"content": RESPONSE.decode(), "http_version": "HTTP/1.1", "status_code": 200}),
    ),
    "ruby vcr": (
        "a.yml",
        {
            "http_interactions": [
                {
                    "request": {**SENT, "method": "post", "body": {"encoding": "UTF-8", "string": REQUEST.decode()}},
                    "response": {**GIVEN, "body": {"encoding": "ASCII-8BIT", "base64_string": ENCODED}},
                    "recorded_at": "Fri, 01 May 2026 12:00:00 GMT",
                }
            ],
            "recorded_with": "VCR 6.1.0",
        },
    ),
    "go-vcr": (
        "a.yaml",
        {
            "version": 2,
            "interactions": [
                {
                    "id": 0,
                    "request": {"method": "POST", "url": URL, "host": "api.openai.com", "body": REQUEST.decode()},
                    "response": {"status": "200 OK", "code": 200, "body": RESPONSE.decode(), "duration": "1.5s"},
                }
            ],
        },
    ),
    "php-vcr": (
        "a.yml",
        [
            {
                "request": {"method": "POST", "url": URL, "headers": {}, "body": REQUEST.decode()},
                "response": {"status": {"http_version": "1.1", "code": "200"}, "body": RESPONSE.decode()},
            }
        ],
    ),
    "langchain": (
        "a.yaml.gz",
        {"requests": [{**SENT, "body": REQUEST}], "responses": [{**GIVEN, "body": {"string": RESPONSE}}]},
    ),
    "nock": ("a.json", nock(ANSWERED)),
    "nock text": ("a.json", nock(RESPONSE.decode())),
    "nock hex": ("a.json", nock(RESPONSE.hex(), responseIsBinary=True)),
    "nock gzip chunks": (
        "a.json",
        nock([gzip.compress(RESPONSE)[:40].hex(), gzip.compress(RESPONSE)[40:].hex()]),
    ),
    "nock base64 chunks": ("a.json", nock([base64.b64encode(gzip.compress(RESPONSE)).decode()])),
    "ddapm": (
        "openai_chat_completions_post_0a1b2c3d.json",
        {
            "request": {"method": "POST", "url": URL, "headers": {}, "body": REQUEST.decode()},
            "response": {**GIVEN, "body": RESPONSE.decode()},
        },
    ),
    "ddapm base64": (
        "x.json",
        {
            "request": {"method": "POST", "url": URL, "headers": {}, "body": REQUEST.decode()},
            "response": {**GIVEN, "body": "base64:" + base64.b64encode(gzip.compress(RESPONSE)).decode()},
        },
    ),
    "har": (
        "a.har",
        {
            "log": {
                "version": "1.2",
                "entries": [
                    {
                        "startedDateTime": "2026-05-01T12:00:00.000Z",
                        "time": 1500.0,
                        "request": {"method": "POST", "url": URL, "postData": {"text": REQUEST.decode()}},
                        "response": {"status": 200, "headers": [], "content": {"text": ENCODED, "encoding": "base64"}},
                    }
                ],
            }
        },
    ),
    "llama-stack": (
        "a.json",
        {
            "test_id": "tests/test_x.py::test_y[gpt-4o]",
            "request": {"method": "POST", "url": URL, "endpoint": "/v1/chat/completions", "body": ASKED},
            "response": {
                "body": {"__type__": "openai.types.chat.chat_completion.ChatCompletion", "__data__": ANSWERED},
                "is_streaming": False,
            },
        },
    ),
}  # fmt: skip


def written(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    text = json.dumps(document) if name.endswith((".json", ".har")) else yaml.safe_dump(document)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("form", DOCUMENTS)
def test_one_exchange_in_every_format(form: str, tmp_path: Path) -> None:
    written(tmp_path, *DOCUMENTS[form])
    is_it(one(tmp_path))


@pytest.mark.parametrize(
    ("form", "started_us", "duration_us"),
    [
        ("vcrpy", 1_780_308_000_000_000, 0),  # the Date header
        ("ruby vcr", 1_777_636_800_000_000, 0),
        ("go-vcr", 0, 1_500_000),
        ("har", 1_777_636_800_000_000, 1_500_000),
        ("nock", 0, 0),
    ],
)
def test_times_are_kept_where_there_are_any(form: str, started_us: int, duration_us: int, tmp_path: Path) -> None:
    call = one(written(tmp_path, *DOCUMENTS[form]))
    assert (call.started_us, call.duration_us) == (started_us, duration_us)


def test_the_same_request_has_the_same_hash_however_it_was_recorded(tmp_path: Path) -> None:
    hashes = set()
    for number, form in enumerate(("vcrpy", "parsed_body", "ruby vcr", "ddapm", "har", "llama-stack")):
        folder = tmp_path / str(number)
        folder.mkdir()
        hashes.add(one(written(folder, *DOCUMENTS[form])).request_hash)
    assert len(hashes) == 1


def chunk(**delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
    return {
        "__type__": "openai.types.chat.chat_completion_chunk.ChatCompletionChunk",
        "__data__": {"id": "x", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [choice]},
    }


def llama_stack(**response: Any) -> dict[str, Any]:
    asked = {**ASKED, "stream": True}
    return {"request": {"method": "POST", "url": URL, "body": asked}, "response": {"is_streaming": True, **response}}


def test_a_stream_of_llama_stack(tmp_path: Path) -> None:
    last = chunk()
    last["__data__"]["usage"] = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    call = one(written(tmp_path, "a.json", llama_stack(body=[chunk(role="assistant", content="Gut."), last])))
    assert (call.streamed, call.error, call.input_tokens, call.output_tokens) == (True, "", 5, 2)


def test_a_failure_of_llama_stack(tmp_path: Path) -> None:
    failure = {"type": "BadRequestError", "status_code": 400, "body": {"message": "no"}, "message": "no"}
    call = one(written(tmp_path, "a.json", llama_stack(body=None, is_exception=True, exception_data=failure)))
    assert (call.status, call.error, call.output_tokens) == (400, "http_400", 0)


def test_lines_of_a_stream_of_llama_stack(tmp_path: Path) -> None:
    lines = [
        "event: message_start",
        'data: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":7,"output_tokens":0}}}',
        "",
        "event: message_delta",
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}',
        "",
        "event: message_stop",
        'data: {"type":"message_stop"}',
        "",
    ]
    document = {
        "request": {"method": "POST", "url": "https://api.anthropic.com/v1/messages", "payload": {"stream": True}},
        "response": {"body": lines, "is_streaming": True},
    }
    call = one(written(tmp_path, "a.json", document))
    assert (call.input_tokens, call.output_tokens, call.error) == (7, 4, "")


def test_googles_python_names_in_llama_stack(tmp_path: Path) -> None:
    document = {
        "request": {
            "method": "POST", "url": "vertexai:///generate_content", "endpoint": "/generate_content",
            "body": {"model": "publishers/google/models/gemini-2.0-flash", "contents": [{"parts": [{"text": "Hi"}]}]},
        },
        "response": {
            "body": {
                "candidates": [{"content": {"parts": [{"text": "Hi"}]}}], "model_version": "gemini-2.0-flash",
                "usage_metadata": {"prompt_token_count": 9, "candidates_token_count": 2, "thoughts_token_count": 3},
            },
            "is_streaming": False,
        },
    }  # fmt: skip
    call = one(written(tmp_path, "a.json", document))
    assert (call.provider, call.input_tokens, call.output_tokens) == ("gcp.vertex_ai", 9, 5)


def test_a_polly_recording_with_binary_chunks_names_its_test(tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENTS["har"][1])
    document["log"]["_recordingName"] = "suite/asks"
    document["log"]["entries"][0]["response"]["content"] = {"_isBinary": True, "text": json.dumps([RESPONSE.hex()])}
    call = one(written(tmp_path, "recording.har", document))
    is_it(call)
    assert call.test == "suite/asks"


FRAME = {"kind": "message", "direction": "sent", "data": {"type": "session.update"}}
SAMPLE = {"request_sample": {"json": {}}, "response_sample": {"json": {}}}
CONVERSATION = {"messages": [{"type": "system"}, {"type": "assistant", "message": {}}, {"type": "result"}]}


@pytest.mark.parametrize(
    ("document", "what", "count"),
    [
        ({"version": 1, "interactions": [FRAME, FRAME, {"kind": "close", "code": 1000}]}, "WebSocket frame", 2),
        ({"version": 1, "interactions": [SAMPLE, SAMPLE]}, "gRPC call", 2),
        (CONVERSATION, "agent message", 1),
    ],
)
def test_ai_that_is_not_http_is_counted(document: Any, what: str, count: int, tmp_path: Path) -> None:
    calls, scanned = found(written(tmp_path, "a.yaml", document))
    assert calls == []
    assert [(one.file, one.what, one.count) for one in scanned.not_read] == [("a.yaml", what, count)]


def test_requests_that_are_no_ai_keep_their_place(tmp_path: Path) -> None:
    document = copy.deepcopy(CASSETTE)
    other = {"request": {"method": "GET", "uri": "https://example.org/"}, "response": {"status": {"code": 200}}}
    files = {"request": {"method": "POST", "uri": "https://api.openai.com/v1/files"}, "response": GIVEN}
    document["interactions"][:0] = [other, files]  # type: ignore[index]
    calls, scanned = found(written(tmp_path, "a.yaml", document))
    assert [call.index for call in calls] == [2]
    assert scanned.others == {"openai files": 1}


def test_a_request_without_an_answer_is_a_failed_call(tmp_path: Path) -> None:
    document = {"interactions": [{"request": {**SENT, "body": REQUEST.decode()}, "response": None}]}
    call = one(written(tmp_path, "a.yaml", document))
    assert (call.usage, call.input_tokens, call.failed) == ("unknown", None, True)
