"""Caps and recordings, through the proxy: what may not go out does not, and SDKs do not try again."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from providers import Provider
from server.served import started

openai = pytest.importorskip("openai")


def test_exactly_as_many_calls_go_out_as_the_cap_allows(server: Provider, tmp_path: Path) -> None:
    serving = started(tmp_path, "--upstream", f"openai={server.url}", "--budget", "calls=7")
    refused: list[Any] = []

    def ask() -> None:
        with openai.OpenAI(base_url=f"{serving.url}/openai/v1", api_key="k", max_retries=3) as client:
            for _ in range(4):
                try:
                    client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": "hi"}])
                except openai.PermissionDeniedError as error:
                    refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 7
    assert len(refused) == 9, "one was refused more than once, or not at all"
    assert refused[0].body["code"] == "jevons_budget"
    assert "7 of 7 calls used" in str(refused[0])
    assert "--budget calls=N" in str(refused[0])
    assert len(serving.calls()) == 7
    assert "7 of 7 calls used: 9 calls refused" in serving.said
    assert not list((tmp_path / ".jevons").glob("*.budget"))


def test_a_recording_answers_the_next_run(server: Provider, tmp_path: Path) -> None:
    def embedded(mode: str, text: str = "the sea") -> tuple[Any, list[str], str]:
        serving = started(tmp_path, "--upstream", f"openai={server.url}", "--replay", mode)
        before = {call.id for call in serving.ledger().calls}
        try:
            with openai.OpenAI(base_url=f"{serving.url}/openai/v1", api_key="k", max_retries=3) as client:
                made = client.embeddings.create(model="fake-1", input=text).model_dump()
        except openai.PermissionDeniedError as error:
            made = error
        modes = [call.mode for call in serving.calls() if call.id not in before]
        return made, modes, serving.said

    recorded, modes, said = embedded("new_episodes")
    assert (modes, len(server.requests)) == (["live"], 1)
    assert "1 recorded" in said
    again, modes, said = embedded("none")
    assert (modes, len(server.requests)) == (["replayed"], 1)
    assert again == recorded
    assert "1 call answered from recordings" in said
    missed, modes, said = embedded("none", "another sea")
    assert (modes, len(server.requests)) == ([], 1)
    assert missed.body["code"] == "jevons_replay"
    assert "1 not sent" in said
