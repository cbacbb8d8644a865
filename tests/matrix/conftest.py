"""Fixtures of the matrix: a case is run without jevons and with it, or judged for the table of `verdicts.py`."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from twice import both as strict
from twice import only_loopback

__all__ = ["both", "only_loopback"]

if "MATRIX_VERDICTS" in os.environ:
    from matrix.verdicts import judged as both
else:
    both = strict


@pytest.fixture(autouse=True)
def _every_name_is_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the address may say who is asked, and nothing leaves this machine."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more))


@pytest.fixture(autouse=True)
def _calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """No telemetry, no list of prices from afar, no long waits between tries."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "CO_API_KEY", "HF_TOKEN", "MISTRAL_API_KEY", "OLLAMA_HOST", "GOOGLE_GENAI_HTTP_CLIENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _collect_between_cases() -> Iterator[None]:
    """SDKs abandon streams, and a stream that the collector closes while httpcore 1.0 holds its pool's lock, which is
    not reentrant, waits for itself for ever: with jevons or without. What the SDKs consist of is looked through once:
    it is most of what there is."""
    gc.disable()
    modules = len(sys.modules)
    yield
    gc.enable()
    gc.collect()
    if len(sys.modules) > modules:
        gc.freeze()
