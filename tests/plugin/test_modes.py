"""Live, replayed and mocked are told apart."""

from __future__ import annotations

import pytest

CASSETTE = """
import os, openai, pytest
vcr = pytest.importorskip("vcr")
BODY = dict(model="fake-1", messages=[{"role": "user", "content": "keep me"}])

def client(): return openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key", max_retries=0)

def test_records(tmp_path_factory):
    with vcr.use_cassette("tape.yaml", record_mode="new_episodes"):
        client().chat.completions.create(**BODY)

def test_replays():
    with vcr.use_cassette("tape.yaml", record_mode="none"):
        client().chat.completions.create(**BODY)

def test_miss_goes_out():
    with vcr.use_cassette("tape.yaml", record_mode="new_episodes", match_on=["uri", "body"]):
        client().chat.completions.create(**{**BODY, "model": "fake-2"})

def test_miss_is_refused():
    with vcr.use_cassette("tape.yaml", record_mode="none", match_on=["uri", "body"]):
        with pytest.raises(openai.APIConnectionError):
            client().chat.completions.create(**{**BODY, "model": "fake-3"})

def test_replays_a_stream():
    with vcr.use_cassette("stream.yaml", record_mode="once"):
        list(client().chat.completions.create(**BODY, stream=True))
    with vcr.use_cassette("stream.yaml", record_mode="none"):
        list(client().chat.completions.create(**BODY, stream=True))

@pytest.mark.asyncio
async def test_replays_async():
    with vcr.use_cassette("tape.yaml", record_mode="none"):
        async with openai.AsyncOpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key") as made:
            await made.chat.completions.create(**BODY)
"""


def modes(suite) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for call in suite.reading.calls:
        found.setdefault(call.test.partition("::")[2], []).append(call.mode)
    return found


def test_a_cassette_replays_a_miss_is_live_a_refusal_never_happened(suite) -> None:
    suite.measured(test_it=CASSETTE).assert_outcomes(passed=6)
    assert modes(suite) == {
        "test_records": ["live"],
        "test_replays": ["replayed"],
        "test_miss_goes_out": ["live"],
        "test_miss_is_refused": ["mocked"],
        "test_replays_a_stream": ["live", "replayed"],
        "test_replays_async": ["replayed"],
    }
    live, replayed, *_ = suite.reading.calls
    assert (replayed.input_tokens, replayed.output_tokens) == (live.input_tokens, live.output_tokens)
    assert replayed.request_hash == live.request_hash


def test_a_replay_costs_about_nothing_and_shows_what_it_avoided(suite, by_name) -> None:
    suite.measured(test_it=CASSETTE)
    done = suite.measured()
    done.stdout.fnmatch_lines(["avoided*by * replayed calls:*"])
    rows = by_name(suite.document)
    assert rows["test_replays"]["level"]["energy_wh"] == {"low": 0, "mid": 0, "high": 0}
    assert rows["test_miss_is_refused"]["level"]["energy_wh"]["high"] == 0
    assert suite.document["avoided"]["energy_wh"]["mid"] > 0


RECORDING = """
import os, openai, pytest
@pytest.mark.vcr
def test_it(ask): ask("for the tape")
@pytest.mark.vcr
def test_blocked(ask):
    with pytest.raises(Exception): ask("not on any tape")
"""


def test_pytest_recording(suite) -> None:
    suite.plugins = ("recording",)
    suite.run("--record-mode=once", "--no-jevons", "-k", "test_it and not blocked", test_it=RECORDING)
    suite.measured("--record-mode=none", test_it=RECORDING)
    assert modes(suite) == {"test_it": ["replayed"], "test_blocked": ["mocked"]}


MOCKS = """
import json, os, httpx, openai, pytest
ANSWER = {"id": "x", "object": "chat.completion", "created": 1, "model": "m",
          "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
          "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}}
URL = "https://api.openai.com/v1"

def ask(client): return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "q"}])
def new(**more): return openai.OpenAI(api_key="not-a-key", base_url=URL, max_retries=0, **more)

def test_respx(respx_mock):
    respx_mock.post(URL + "/chat/completions").mock(return_value=httpx.Response(200, json=ANSWER))
    ask(new())

def test_respx_error(respx_mock):
    respx_mock.post(URL + "/chat/completions").mock(side_effect=httpx.ConnectError)
    with pytest.raises(openai.APIConnectionError): ask(new())

def test_respx_lets_through(respx_mock):
    respx_mock.route(host="127.0.0.1").pass_through()
    ask(openai.OpenAI(api_key="not-a-key", base_url=os.environ["PROVIDER"] + "/v1"))

def test_pytest_httpx(httpx_mock):
    httpx_mock.add_response(json=ANSWER)
    ask(new())

def test_mock_transport():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=ANSWER))
    ask(new(http_client=httpx.Client(transport=transport)))

def test_mock_transport_stream():
    def lines():
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
                 "choices": [{"index": 0, "delta": {"content": "hi"}}]}
        yield b'data: ' + json.dumps(chunk).encode() + b'\\n\\n'
        yield b'data: [DONE]\\n\\n'
    kind = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=kind, content=lines()))
    client = new(http_client=httpx.Client(transport=transport))
    list(client.chat.completions.create(model="m", stream=True, messages=[{"role": "user", "content": "q"}]))

@pytest.mark.asyncio
async def test_respx_async(respx_mock):
    respx_mock.post(URL + "/chat/completions").mock(return_value=httpx.Response(200, json=ANSWER))
    async with openai.AsyncOpenAI(api_key="not-a-key", base_url=URL) as client:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "q"}])
"""


def test_mocks_are_zero_and_avoid_nothing(suite) -> None:
    suite.plugins = ("respx", "pytest_httpx")
    suite.measured(test_it=MOCKS).assert_outcomes(passed=7)
    live = modes(suite).pop("test_respx_lets_through")
    assert live == ["live"]
    assert {mode for test, made in modes(suite).items() if test != "test_respx_lets_through" for mode in made} == {
        "mocked"
    }
    assert len(suite.reading.calls) == 7
    document = suite.document
    assert document["counts"]["mocked"] == 6
    assert document["avoided"] is None
    mocked = [row for row in document["rows"] if not row["name"].endswith("lets_through")]
    assert {row["level"]["energy_wh"]["high"] for row in mocked} == {0}


LIVE = """
import os, openai, pytest, socket
def test_refused():
    free = socket.socket(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]; free.close()
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="not-a-key", max_retries=1)
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": "x"}])
def test_other_traffic():
    import httpx
    httpx.get(os.environ["PROVIDER"] + "/v1/models")
def test_left_open():
    client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")
    test_left_open.stream = client.chat.completions.create(
        model="fake-1", messages=[{"role": "user", "content": "x"}], stream=True)
def test_next(): pass
"""


def test_a_failed_connection_is_a_call_and_a_stream_nobody_reads_too(suite) -> None:
    suite.measured(test_it=LIVE).assert_outcomes(passed=4)
    first, again, left = suite.reading.calls
    assert (first.error, first.status, first.mode, first.retry) == ("ConnectError", None, "live", 0)
    assert (again.retry, again.input_tokens) == (1, 0)
    assert left.test.endswith("test_left_open")
    assert left.streamed
    assert suite.document["counts"]["failed"] >= 2


@pytest.mark.parametrize("place", ["", "DE"])
def test_a_loopback_servers_energy_is_this_machines(suite, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEVONS_PLACE", place)
    suite.measured(test_it="def test_one(ask):\n    [ask(str(n)) for n in range(30)]\n").assert_outcomes(passed=1)
    calls = suite.reading.calls
    assert {call.host_class for call in calls} == {"loopback"}
    assert any(call.cpu_us or call.measured_mj for call in calls) or all(
        call.cpu_us is None and call.measured_mj is None for call in calls
    )
