"""`jevons doctor`: what is seen, what is not, and why."""

from __future__ import annotations

import importlib.util
import platform
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import msgspec

from jevons import __version__
from jevons.cli.project import find

SEEN = {
    "httpx": "httpx",
    "httpx2": "httpx2",
    "aiohttp": "aiohttp",
    "urllib3": "urllib3 (and requests, botocore on top of it)",
}
NOT_SEEN = {
    "grpc": ("gRPC", "a binary channel that no HTTP tap sees (Vertex AI, Gemini over gRPC)"),
    "websockets": ("WebSocket", "realtime sessions are one long socket, not requests"),
    "websocket": ("WebSocket (websocket-client)", "realtime sessions are one long socket, not requests"),
    "pycurl": ("curl (pycurl)", "it talks past Python: no tap sees it"),
    "curl_cffi": ("curl (curl_cffi)", "it talks past Python: no tap sees it"),
    "torch": ("models inside the process (torch)", "tell of them: jevons.measure(...) or jevons.record_call(...)"),
    "llama_cpp": ("models inside the process (llama-cpp)", "tell of them: jevons.measure(...) or record_call(...)"),
    "sentence_transformers": ("models inside the process (sentence-transformers)", "tell of them: jevons.measure(...)"),
}
SDKS = ("openai", "anthropic", "google-genai", "langchain-openai", "instructor", "pydantic-ai-slim", "pydantic-ai")
TOLD_APART = (
    *("vcrpy", "pytest-recording", "respx", "pytest-httpx"),
    *("aioresponses", "responses", "requests-mock"),
)


class Finding(msgspec.Struct):
    """One line of the doctor's report."""

    state: str
    """``ok``, ``note`` or ``problem``."""
    what: str
    why: str


@click.command(
    "doctor",
    epilog="""\b
Examples:
  jevons doctor
  jevons doctor --format json
""",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(form: str) -> None:
    """Say what jevons sees in this environment, what it does not, and why. Exit 1 if something is broken."""
    found = list(findings())
    if form == "json":
        document = {"schema": "jevons.doctor/1", "findings": found}
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        for finding in found:
            mark = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}[finding.state]
            click.echo(f"{mark}  {finding.what}: {finding.why}")
    if any(finding.state == "problem" for finding in found):
        sys.exit(1)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def findings() -> Iterator[Finding]:
    """Everything there is to say about this environment and this project's ledger."""
    yield Finding("ok", "jevons", f"{__version__} on Python {platform.python_version()}, {sys.platform}")
    for name in SDKS:
        if _version(name):
            yield Finding("ok", name, f"{_version(name)}: its calls over the stacks below are seen")
    for module, label in SEEN.items():
        if importlib.util.find_spec(module):
            yield Finding("ok", label, f"{_version(module)}: seen, sync, async and streamed")
    for name in TOLD_APART:
        if _version(name):
            yield Finding("ok", name, f"{_version(name)}: its answers are told from a model's")
    for module, (label, why) in NOT_SEEN.items():
        if importlib.util.find_spec(module):
            yield Finding("note", label, why)
    yield Finding("ok", "urllib.request", "of the standard library: seen")
    yield _children()
    yield from _power()
    yield from _ledger()


def _children() -> Finding:
    hook = Path(sysconfig.get_path("purelib")) / "jevons_child.pth"
    if not hook.exists():
        return Finding(
            "note", "child processes", f"{hook} is missing: Python that a test starts is not seen; reinstall"
        )
    return Finding(
        "ok",
        "child processes",
        "Python that a test starts is seen, with the same site-packages and an environment that it inherits "
        "(not env={}, python -S, or other programs)",
    )


def _power() -> Iterator[Finding]:
    from jevons.capture import meter

    packages, cards = meter.rapl(), meter.nvml()
    if packages or cards:
        yield Finding(
            "ok", "power of local models", f"measured ({len(packages)} processor, {len(cards)} graphics counters)"
        )
    elif meter.unread_card(False):
        yield Finding(
            "note", "power of local models", "a graphics card whose energy is not readable: install jevons[gpu]"
        )
    elif meter.cpu_time() is not None:
        yield Finding(
            "note", "power of local models", "no RAPL or NVML counter is readable: estimated from processor time"
        )
    else:
        yield Finding("note", "power of local models", "not measurable here: taken from the model's size")


def _ledger() -> Iterator[Finding]:
    from jevons.ledger.read import read

    _, settings, home = find()
    if settings.enabled:
        yield Finding("ok", "switched on", "by [tool.jevons] or JEVONS: plain `pytest` records")
    else:
        yield Finding("note", "switched off", "record with `pytest --jevons`, JEVONS=1 or [tool.jevons] enabled = true")
    try:
        home.make()
        probe = home.path / "probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding("problem", f"ledger {home.path}", f"cannot be written ({error.strerror}): set [tool.jevons] dir")
        return
    reading = read(home)
    _, size = home.size()
    yield Finding(
        "ok", f"ledger {home.path}", f"{len(reading.runs)} runs, {len(reading.calls)} calls, {size / 1e6:.2f} MB"
    )
    if reading.torn:
        where = ", ".join(f"{name}:{line}" for name, line in reading.torn[:5])
        yield Finding("note", "torn lines", f"{len(reading.torn)} skipped ({where}): a process died while writing")
    for run in reading.runs.values():
        if run.lost:
            yield Finding("note", f"run {run.id}", f"{run.lost} events were not recorded: {run.lost_reason}")
