"""`jevons serve`: record the AI calls of tests in any language."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jevons.cli.listen import TOKEN, json_line, socket_at, until_told
from jevons.cli.project import CouldNotError, find, new_run
from jevons.settings import REPLAY_MODES

if TYPE_CHECKING:
    from jevons.server.recording import Recording

PORT = 8318
SCHEMA = "jevons.serve/1"
BASES = {
    "OPENAI_BASE_URL": ("openai", "/v1"),
    "ANTHROPIC_BASE_URL": ("anthropic", ""),
    "GOOGLE_GEMINI_BASE_URL": ("gemini", ""),
    "GROQ_BASE_URL": ("groq", ""),
}
"""Variables that official SDKs read: upstream, and what follows it in their base URL."""


@click.command(
    "serve",
    epilog=f"""\b
Examples:
  jevons serve
  OPENAI_BASE_URL=http://127.0.0.1:{PORT}/openai/v1 npm test
  ANTHROPIC_BASE_URL=http://127.0.0.1:{PORT}/anthropic go test ./...
  OPENAI_BASE_URL=http://127.0.0.1:{PORT}/t/checkout/openai/v1 ...     names the test
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:{PORT}/v1/traces ...
  jevons serve --upstream gateway=https://llm.example.org/proxy --port 0

\b
Requests go to the upstream that the first part of the path names, over TLS, and to no other host; answers come back
as they are, piece by piece. The ledger gets the facts of each call, no text and no key. It listens on this machine
alone; elsewhere (--host) only with a token in {TOKEN}, which each request shows as the header
X-Jevons-Token or as /k/TOKEN/ before its path. Ctrl-C or SIGTERM ends it.
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: one that is free.")
@click.option("--upstream", "added", multiple=True, metavar="NAME=URL", help="A server beside the known providers.")
@click.option("--max-mb", type=click.IntRange(1, 4096), default=64, show_default=True, help="Largest body to take.")
@click.option(
    "--budget", "caps", multiple=True, metavar="UNIT=N", help="Send nothing more at this cap (calls=500, tokens=1e6)."
)
@click.option(
    "--replay", default="", type=click.Choice(["", "off", *REPLAY_MODES]), help="Answer from recordings, as vcrpy does."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    host: str, port: int, added: tuple[str, ...], max_mb: int, caps: tuple[str, ...], replay: str, form: str
) -> None:
    """Record AI calls of tests in any language: a proxy on this machine, and a receiver of OpenTelemetry traces."""
    token = os.environ.get(TOKEN, "")
    made, listener, url = prepared(host, port, added, token, max_mb=max_mb, caps=caps, replay=replay)
    with until_told() as wait:
        try:
            made.start(listener)
            if form == "json":
                json_line({"schema": SCHEMA, "state": "serving", "url": url, "run": made.run.id})
            else:
                click.echo(f"jevons: serving on {url}, run {made.run.id}; Ctrl-C ends it")
            wait(lambda: made.alive)
        finally:
            made.end()
            listener.close()
    if form == "json":
        json_line({"schema": SCHEMA, "state": "ended", "url": url, "run": made.run.id, **_counts(made)})
    else:
        click.echo("\n".join(said(made)))


def _counts(made: Recording) -> dict[str, Any]:
    return {
        "calls": made.calls,
        "requests": dict(made.app.counts),
        "spans": msgspec.structs.asdict(made.traces.tally),
        "malformed_traces": made.traces.malformed,
        "notes": made.notes,
        "failures": [*made.recorder.errors, *made.app.failures],
        "lost": made.run.lost,
    }


def prepared(
    host: str,
    port: int,
    added: Sequence[str],
    token: str,
    *,
    max_mb: int = 64,
    caps: tuple[str, ...] = (),
    replay: str = "",
) -> tuple[Recording, Any, str]:
    """(server that has not begun, its socket, its URL). Raises CouldNotError."""
    try:
        from jevons.server.recording import Asked, Recording
        from jevons.server.upstreams import UpstreamError, upstreams
    except ImportError as error:
        raise CouldNotError(f"{error.name} is not installed: pip install 'jevons[server]'") from error
    root, settings, home = find()
    try:
        of = Asked(upstreams(settings.upstreams, added), token, max_mb << 20, caps, replay)
    except UpstreamError as error:
        raise CouldNotError(str(error)) from error
    made, url = socket_at(host, port, token)
    return Recording(new_run(root, settings), Path(root), settings, home, of), made, url


@contextmanager
def recorded(added: Sequence[str], tell: Callable[[str], None]) -> Iterator[tuple[dict[str, str], Recording]]:
    """The environment of a command whose SDKs go through a server of its own, which ends with the block.

    A base URL that is set already is the upstream then. The server lets in who knows the token in the URLs alone; the
    taps of jevons are off in the command, so that no call is recorded twice. Raises CouldNotError.
    """
    token = secrets.token_urlsafe(16)
    own = {name: os.environ.get(variable, "") for variable, (name, _) in BASES.items()}
    before = [f"{name}={url}" for name, url in own.items() if url and not any(f.startswith(f"{name}=") for f in added)]
    made, listener, url = prepared("127.0.0.1", 0, [*before, *added], token)
    given = {flag.partition("=")[0] for flag in before}
    urls = {
        variable: f"{url}/k/{token}/{name}{'' if name in given else end}" for variable, (name, end) in BASES.items()
    }
    try:
        made.start(listener)
        yield {**os.environ, **urls, "JEVONS": "0"}, made
    finally:
        made.end()
        listener.close()
        for line in said(made):
            tell(line.removeprefix("jevons: "))


def said(made: Recording) -> list[str]:
    """What it did, a line each."""
    counts = made.app.counts
    lines = [f"jevons: {made.calls:,} AI calls recorded in run {made.run.id}"]
    lines += [f"  {count:>8,}  {what}" for what, count in sorted(counts.items())]
    lines += made.notes
    tally = made.traces.tally
    if tally.records or made.traces.malformed:
        lines.append(f"  {tally.records:>8,}  spans, {tally.added:,} calls added, {tally.merged:,} seen already")
    if made.traces.malformed:
        lines.append(f"  {made.traces.malformed:>8,}  requests with traces that could not be read")
    lines += [f"warning: jevons itself failed: {line}" for line in [*made.recorder.errors, *made.app.failures][:5]]
    if made.run.lost:
        lines.append(f"warning: {made.run.lost:,} events could not be written: {made.run.lost_reason}")
    return lines
