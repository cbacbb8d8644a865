"""`jevons` alone: where you are and the next step."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click
import msgspec

from jevons.cli.project import find

_SDKS = (
    "openai|anthropic|google\\.genai|google\\.generativeai|mistralai|cohere|groq|together|ollama|litellm|langchain\\w*|"
    "llama_index|pydantic_ai|instructor|huggingface_hub|transformers|sentence_transformers|llama_cpp|deepeval|ragas|"
    "inspect_ai|dspy|crewai|autogen|haystack|vertexai|boto3"
)
_IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({_SDKS})\b".encode(), re.MULTILINE)
_SKIP = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv"})
_RECORDINGS = frozenset({"cassettes", "recordings", "fixtures_vcr", "vcr_cassettes"})
_LIMIT_S = 2.0


class Look(msgspec.Struct):
    """What a quick look around found."""

    test_files: int = 0
    with_ai: int = 0
    packages: dict[str, int] = {}
    """Package -> Python files that import it."""
    recordings: int = 0
    whole: bool = True
    """False where the time for looking ran out."""


def look(root: Path, limit_s: float = _LIMIT_S) -> Look:
    """Look for AI in the Python files below `root`, for at most `limit_s` seconds. Follows no links."""
    found = Look()
    until = time.monotonic() + limit_s
    folders = [root]
    while folders:
        if time.monotonic() > until:
            found.whole = False
            break
        try:
            entries = sorted(folders.pop().iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.is_symlink() or entry.name.startswith(".") or entry.name in _SKIP:
                continue
            if entry.is_dir():
                if not (entry / "pyvenv.cfg").exists():
                    folders.append(entry)
            elif entry.suffix == ".py":
                _file(entry, found)
            elif entry.name.endswith((".yaml", ".yml", ".yaml.gz", ".json")) and not _RECORDINGS.isdisjoint(
                entry.relative_to(root).parts
            ):
                found.recordings += 1
    return found


def _file(path: Path, found: Look) -> None:
    is_test = path.name.startswith("test_") or path.name.endswith("_test.py") or path.name == "conftest.py"
    found.test_files += is_test
    try:
        names = {match.decode().split(".")[0] for match in _IMPORT.findall(path.read_bytes())}
    except OSError:
        return
    found.with_ai += bool(names) and is_test
    for name in names:
        found.packages[name] = found.packages.get(name, 0) + 1


def begin() -> None:
    """Print where the project stands and what to do next."""
    from jevons.ledger.read import read

    root, settings, home = find()
    click.echo(f"jevons in {root}")
    seen = look(root)
    click.echo("\nAI in these tests")
    if seen.packages:
        top = sorted(seen.packages.items(), key=lambda pair: (-pair[1], pair[0]))[:6]
        names = ", ".join(f"{name} ({count} file{'s' * (count != 1)})" for name, count in top)
        click.echo(f"  imported: {names}")
        click.echo(f"  {seen.with_ai} of {seen.test_files} test files import an AI package themselves")
    else:
        click.echo(f"  none found in {seen.test_files} test files (calls by other means may still be there)")
    if seen.recordings:
        click.echo(f"  {seen.recordings} recorded conversations (cassettes): jevons scan counts the calls in them")
    if not seen.whole:
        click.echo(f"  (looked for {_LIMIT_S:g} s only: there is more)")
    reading = read(home)
    click.echo("\nRecorded")
    if reading.calls:
        last = max(reading.runs.values(), key=lambda run: run.started_us, default=None)
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last.started_us / 1e6)) if last else "unknown"
        click.echo(f"  {len(reading.calls):,} calls in {len(reading.runs)} runs, the last on {when}")
    else:
        click.echo(f"  {len(reading.runs)} runs, no call" if reading.runs else "  nothing yet")
    click.echo("\nNext step")
    if reading.calls:
        click.echo("  jevons report                 what the latest run cost, test by test")
        click.echo("  jevons report --by model      the same by model (or provider, role, file, day)")
    else:
        if seen.recordings:
            click.echo("  jevons scan                   count the calls that are recorded already: runs no test")
        click.echo("  pytest --jevons               count a real run: adds no calls, changes no test")
    click.echo("  jevons doctor                 what is not seen, and why")
    files, size = home.size()
    click.echo("\nKept")
    if files:
        click.echo(f"  {files} files, {size / 1e6:.2f} MB in {home.path}, on this machine only")
    else:
        click.echo(f"  nothing; records would go to {home.path}, on this machine only")
    click.echo("  facts only (tokens, times, models, tests), never prompts, answers or keys")
    if files:
        click.echo("  jevons purge                  delete it")
    if settings.enabled:
        click.echo("  recording is switched on by settings")
